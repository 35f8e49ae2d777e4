/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-event.h>

#include "bus-job.h"
#include "change.h"
#include "log.h"

/* How waiting for a job ended. */
enum waited {
	WAITED_NOT_YET,
	WAITED_ENDED,
	WAITED_GONE, /* memblockd, or the bus */
	WAITED_LEFT, /* by somebody at the keyboard */
};

/* A job that memblockd carries out and we wait for. */
struct waiter {
	const struct change *change;
	sd_bus *bus;
	sd_event *event;
	char *path;
	uint32_t id;
	struct bus_job job;
	bool told_stuck;
	struct progress progress;
	unsigned interrupts;
	enum waited waited;
};

static void waiter_done(struct waiter *waiter)
{
	bus_job_done(&waiter->job);
	sd_event_unref(waiter->event);
	bus_release(waiter->bus);
	free(waiter->path);
}

static int append_option(sd_bus_message *call, const char *name, const char *type, ...)
{
	va_list ap;
	int r;

	r = sd_bus_message_open_container(call, 'e', "sv");
	if (r >= 0)
		r = sd_bus_message_append_basic(call, 's', name);
	if (r >= 0)
		r = sd_bus_message_open_container(call, 'v', type);
	va_start(ap, type);
	if (r >= 0)
		r = sd_bus_message_appendv(call, type, ap);
	va_end(ap);
	if (r >= 0)
		r = sd_bus_message_close_container(call);
	return r < 0 ? r : sd_bus_message_close_container(call);
}

static int append_options(sd_bus_message *call, const struct change *change)
{
	const struct targets *targets = &change->targets;
	bool removes = change->kind == CHANGE_REMOVE;
	int r;

	r = sd_bus_message_open_container(call, 'a', "{sv}");
	if (r >= 0 && targets->size)
		r = append_option(call, "size", "t", targets->size);
	if (r >= 0 && targets->nid != MEMBLOCK_NID_UNKNOWN)
		r = append_option(call, "node", "i", (int32_t)targets->nid);
	if (r >= 0 && targets->device && !removes)
		r = append_option(call, "device", "s", targets->device);
	if (r >= 0 && change->best_effort)
		r = append_option(call, "best-effort", "b", 1);
	if (r >= 0 && change->timeout_usec)
		r = append_option(call, "timeout", "t", change->timeout_usec);
	return r < 0 ? r : sd_bus_message_close_container(call);
}

/* In words of the bus: "" leaves it to the kernel, or means blocks of any zone. */
static const char *zone_word(const struct change *change)
{
	switch (change->action) {
	case MEMBLOCK_ACTION_ONLINE_KERNEL:
		return "kernel";
	case MEMBLOCK_ACTION_ONLINE_MOVABLE:
		return "movable";
	default:
		return change->zone == MEMBLOCK_ZONE_UNKNOWN
			       ? ""
			       : memblock_zone_to_string(change->zone);
	}
}

/* A call of the method that begins the change, or of the one that plans it. */
static int new_call(sd_bus *bus, const struct change *change, bool plans,
		    const struct memblock_range *ranges, sd_bus_message **ret)
{
	const struct change_words *words = &change_words[change->kind];
	_cleanup_message_ sd_bus_message *call = NULL;
	struct change as_planned = *change;
	int r;

	/* A plan takes the device by an option, and needs no time. */
	if (plans) {
		as_planned.kind = MIN(change->kind, CHANGE_OFFLINE);
		as_planned.timeout_usec = 0;
		change = &as_planned;
	}
	r = bus_new_call(bus, plans ? words->plan_method : words->method, &call);
	if (r >= 0 && change->kind == CHANGE_REMOVE)
		r = sd_bus_message_append(call, "s", change->targets.device);
	if (r >= 0 && change->kind != CHANGE_REMOVE)
		r = bus_append_ranges(call, ranges, change->targets.n);
	if (r >= 0 && change->kind != CHANGE_REMOVE)
		r = sd_bus_message_append(call, "s", zone_word(change));
	if (r >= 0)
		r = append_options(call, change);
	if (r >= 0)
		*ret = TAKE_PTR(call);
	return r;
}

/* Tells of a call that failed: memblockd refused it, or was not reached. Returns an exit status, or
 * a negative errno. */
static int refused(const struct change *change, const sd_bus_error *error, int r)
{
	_cleanup_free_ char *text = bus_error_text(error, r);

	if (!text)
		return log_oom();
	return change_refused(change, bus_error_word(error, r), text);
}

/* Asks memblockd for a change or its plan. 0, an exit status, or a negative errno, told. */
static int ask(sd_bus *bus, const struct change *change, bool plans, uint64_t *ret_block_size,
	       sd_bus_message **ret)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *call = NULL;
	_cleanup_free_ struct memblock_range *ranges = NULL;
	int r;

	r = bus_block_size(bus, ret_block_size);
	if (r < 0)
		return r;
	r = change_ranges(change, *ret_block_size, &ranges);
	if (r != 0)
		return r;
	r = new_call(bus, change, plans, ranges, &call);
	if (r >= 0)
		r = bus_call(bus, call, &error, ret);
	return r < 0 ? refused(change, &error, r) : 0;
}

/* The next step, as of one block; ret_blocks says of how many that follow each other. */
static int read_step(sd_bus_message *reply, uint64_t block_size, struct memblock_step *ret,
		     uint64_t *ret_blocks)
{
	struct memblock_step step = { .outcome = MEMBLOCK_OUTCOME_NOT_TRIED };
	const char *outcome, *busy;
	uint64_t start, size;
	int r;

	r = sd_bus_message_read(reply, MEMBLOCK_BUS_STEP, &start, &size, &outcome, &busy,
				&step.to_move);
	if (r <= 0)
		return r;
	(void)memblock_outcome_from_string(outcome, &step.outcome);
	(void)memblock_answer_from_string(busy, &step.busy);
	step.index = start / block_size;
	*ret = step;
	*ret_blocks = size / block_size;
	return r;
}

/* What has to be moved out of several blocks stands at the first, so that the sum is right. */
static int take_steps(sd_bus_message *reply, struct change_plan *plan)
{
	struct memblock_step step;
	uint64_t n;
	int r;

	r = sd_bus_message_enter_container(reply, 'a', MEMBLOCK_BUS_STEP);
	while (r >= 0 && (r = read_step(reply, plan->block_size, &step, &n)) > 0)
		for (; r >= 0 && n > 0; n--, step.index++, step.to_move = 0)
			r = change_plan_add(plan, &step);
	if (r >= 0)
		r = sd_bus_message_exit_container(reply);
	return r < 0 ? r : sd_bus_message_read_basic(reply, 't', &plan->wanted);
}

int change_bus_plan(const struct change *change, struct change_plan *ret)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_bus_ sd_bus *bus = NULL;
	int r;

	/* Like all that reads, it can do without memblockd. */
	r = bus_reach(&bus);
	if (r <= 0)
		return r < 0 ? r : change_direct_plan(change, ret);
	r = ask(bus, change, true, &ret->block_size, &reply);
	if (r != 0)
		return r;
	r = take_steps(reply, ret);
	return r < 0 ? log_error(r, "memblockd's plan makes no sense: %m") : 0;
}

/* Shows how far the job is. */
static void show_progress(struct waiter *waiter, const char *state)
{
	if (strcmp(state, "abandoned") == 0 && !waiter->told_stuck) {
		waiter->told_stuck = true;
		progress_wipe(&waiter->progress);
		log_line("The kernel does not come back from a block; waiting until it does");
	}
	if (waiter->interrupts > 0)
		state = "cancelled, ending";
	progress_draw(&waiter->progress, state, waiter->job.done, waiter->job.wanted);
}

static int on_properties(sd_bus_message *message, void *userdata,
			 sd_bus_error *error __attribute__((unused)))
{
	struct waiter *waiter = userdata;

	waiter->job.state = "running";
	if (bus_job_read_changes(message, &waiter->job) >= 0)
		show_progress(waiter, waiter->job.state);
	return 0;
}

static int on_job_removed(sd_bus_message *message, void *userdata,
			  sd_bus_error *error __attribute__((unused)))
{
	struct waiter *waiter = userdata;
	uint32_t id;

	if (sd_bus_message_read_basic(message, 'u', &id) > 0 && id == waiter->id)
		waiter->waited = WAITED_ENDED;
	return 0;
}

static int on_gone(sd_bus_message *message __attribute__((unused)), void *userdata,
		   sd_bus_error *error __attribute__((unused)))
{
	struct waiter *waiter = userdata;

	waiter->waited = WAITED_GONE;
	return 0;
}

/* Where it could not be cancelled, it goes on, and so does waiting. */
static int on_cancelled(sd_bus_message *reply, void *userdata,
			sd_bus_error *error __attribute__((unused)))
{
	struct waiter *waiter = userdata;
	const sd_bus_error *refusal = sd_bus_message_get_error(reply);

	if (refusal) {
		progress_wipe(&waiter->progress);
		(void)bus_tell(refusal, -sd_bus_error_get_errno(refusal));
	}
	return 0;
}

static int on_signal(sd_event_source *source __attribute__((unused)),
		     const struct signalfd_siginfo *info __attribute__((unused)), void *userdata)
{
	struct waiter *waiter = userdata;
	int r;

	if (waiter->interrupts++ > 0) {
		waiter->waited = WAITED_LEFT;
		return 0;
	}
	r = sd_bus_call_method_async(waiter->bus, NULL, MEMBLOCK_BUS_NAME, waiter->path,
				     MEMBLOCK_BUS_JOB, "Cancel", on_cancelled, waiter, NULL);
	progress_wipe(&waiter->progress);
	log_line("Cancelling job %" PRIu32 " and waiting for its end; once more leaves it",
		 waiter->id);
	return r;
}

/* Before the job is there, so that its end can't be missed. */
static int watch(struct waiter *waiter)
{
	int r;

	r = sd_event_default(&waiter->event);
	if (r >= 0)
		r = sd_bus_match_signal(waiter->bus, NULL, MEMBLOCK_BUS_NAME, MEMBLOCK_BUS_PATH,
					MEMBLOCK_BUS_MANAGER, "JobRemoved", on_job_removed, waiter);
	if (r >= 0)
		r = sd_bus_add_match(waiter->bus, NULL,
				     "type='signal',sender='org.freedesktop.DBus',"
				     "member='NameOwnerChanged',arg0='" MEMBLOCK_BUS_NAME "'",
				     on_gone, waiter);
	if (r >= 0)
		r = sd_bus_add_match(waiter->bus, NULL,
				     "type='signal',sender='org.freedesktop.DBus.Local',"
				     "member='Disconnected'",
				     on_gone, waiter);
	return r < 0 ? log_error(r, "Can't watch memblockd: %m") : 0;
}

static int attach(struct waiter *waiter)
{
	int r;

	r = bus_watch_interrupts(waiter->event, on_signal, waiter);
	if (r >= 0)
		r = sd_bus_match_signal(waiter->bus, NULL, MEMBLOCK_BUS_NAME, waiter->path,
					"org.freedesktop.DBus.Properties", "PropertiesChanged",
					on_properties, waiter);
	return r < 0 ? r : sd_bus_attach_event(waiter->bus, waiter->event, 0);
}

/* The job can't be read. Where memblockd is gone, the bus has said so by now; finish() tells it. */
static int unread(struct waiter *waiter, const sd_bus_error *error, int r)
{
	while (waiter->waited != WAITED_GONE && sd_bus_process(waiter->bus, NULL) > 0)
		;
	return waiter->waited == WAITED_GONE ? 0 : bus_tell(error, r);
}

/* 0 once there is no more to wait for, or a negative errno, told. */
static int wait_for_job(struct waiter *waiter)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	r = attach(waiter);
	if (r < 0)
		return log_error(r, "Can't wait for the job: %m");
	r = bus_job_read(waiter->bus, waiter->path, &error, &waiter->job);
	if (r < 0)
		return unread(waiter, &error, r);

	progress_begin(&waiter->progress);
	change_tell_begin(waiter->change, &waiter->progress, waiter->id, waiter->job.wanted);
	if (strcmp(waiter->job.state, "ended") == 0)
		waiter->waited = WAITED_ENDED;
	show_progress(waiter, waiter->job.state);
	/* Not sd_event_loop(): with its end the bus is closed, and there is more to ask. */
	while (r >= 0 && waiter->waited == WAITED_NOT_YET)
		r = sd_event_run(waiter->event, UINT64_MAX);
	progress_wipe(&waiter->progress);
	return r < 0 ? log_error(r, "Can't wait for the job: %m") : 0;
}

static int take_blocks(sd_bus_message *reply, struct change_result *result)
{
	const char *outcome, *error, *zone;
	uint64_t start;
	int r;

	r = sd_bus_message_enter_container(reply, 'a', "(tsss)");
	while (r >= 0 &&
	       (r = sd_bus_message_read(reply, "(tsss)", &start, &outcome, &error, &zone)) > 0) {
		enum memblock_zone which = MEMBLOCK_ZONE_UNKNOWN;
		struct change_block *block = change_result_add(result);

		if (!block)
			return -ENOMEM;
		block->index = start / result->block_size;
		block->error = change_errno(error);
		if (memblock_outcome_from_string(outcome, &block->outcome) < 0)
			return -EBADMSG;
		if (memblock_zone_from_string(zone, &which) >= 0 && which != MEMBLOCK_ZONE_UNKNOWN)
			block->zone = memblock_zone_to_string(which);
	}
	return r < 0 ? r : sd_bus_message_exit_container(reply);
}

static int copy_text(const char *text, char **ret)
{
	if (!*text)
		return 0;
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

static int take_result(struct waiter *waiter, sd_bus_error *error, struct change_result *result)
{
	_cleanup_(bus_job_done) struct bus_job job = {};
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r;

	r = bus_job_read(waiter->bus, waiter->path, error, &job);
	if (r >= 0)
		r = sd_bus_get_property(waiter->bus, MEMBLOCK_BUS_NAME, waiter->path,
					MEMBLOCK_BUS_JOB, "Results", error, &reply, "a(tsss)");
	if (r >= 0)
		r = memblock_ending_from_string(job.result, &result->ending);
	if (r >= 0)
		r = copy_text(job.error, &result->error);
	if (r >= 0)
		r = copy_text(job.text, &result->message);
	result->wanted = job.wanted;
	return r < 0 ? r : take_blocks(reply, result);
}

static int finish(struct waiter *waiter, struct change_result *result)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = 0;

	if (waiter->waited == WAITED_ENDED)
		r = take_result(waiter, &error, result);
	if (r < 0)
		r = unread(waiter, &error, r);
	if (r < 0)
		return r;
	if (waiter->waited == WAITED_GONE)
		return change_lost(waiter->change, waiter->id,
				   "memblockd is gone; what becomes of the job is not known");
	if (waiter->waited == WAITED_LEFT)
		return change_lost(waiter->change, waiter->id,
				   "Not waited for; what becomes of the job is not known");
	return 0;
}

int change_bus_run(const struct change *change, struct change_result *ret)
{
	_cleanup_(waiter_done) struct waiter waiter = { .change = change };
	_cleanup_message_ sd_bus_message *reply = NULL;
	const char *path;
	int r;

	r = bus_need(&waiter.bus);
	if (r >= 0)
		r = watch(&waiter);
	if (r < 0)
		return r;
	r = ask(waiter.bus, change, false, &ret->block_size, &reply);
	if (r != 0)
		return r;

	r = sd_bus_message_read_basic(reply, 'o', &path);
	if (r < 0)
		return log_error(r, "memblockd's answer makes no sense: %m");
	waiter.path = strdup(path);
	if (!waiter.path)
		return log_oom();
	waiter.id = ret->job = bus_job_id(path);
	if (change->no_wait)
		return 0;

	r = wait_for_job(&waiter);
	return r < 0 ? r : finish(&waiter, ret);
}
