/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "change.h"
#include "config.h"
#include "failure.h"
#include "load-pages.h"
#include "log.h"

/* How often a write that is to end is sent a signal: one that comes before the kernel is at it ends
 * nothing. */
#define REMINDER_NSEC 100000000

/* A change that this process carries out. */
struct direct {
	const struct change *change;
	struct memblock_root *root;
	struct memblock_inventory *inventory;
	struct memblock_plan *plan;
	struct memblock_transition *transition;
	struct config config;
	struct progress progress;
	bool cancelled;
};

static void direct_done(struct direct *direct)
{
	config_done(&direct->config);
	memblock_transition_free(direct->transition);
	memblock_plan_free(direct->plan);
	memblock_inventory_unref(direct->inventory);
	memblock_root_unref(direct->root);
}

static void warn(const char *text, void *userdata __attribute__((unused)))
{
	log_line("warning: %s", text);
}

/* What is in the blocks that the request might mean decides which are taken first, and which can't
 * go at all. Where there is a choice, a glance leads to it. Where it can't be had, the plan does
 * without. */
static int look(struct direct *direct, const struct memblock_request *request)
{
	_cleanup_free_ struct memblock_range *ranges = NULL;
	size_t n;
	int r;

	r = memblock_request_ranges(direct->inventory, request, &ranges, &n);
	return r < 0 || n == 0 ? r
			       : memblock_inventory_read_pages(direct->inventory, ranges, n,
							       request->size > 0);
}

static int plan(struct direct *direct, const struct memblock_request *request)
{
	struct memblock_limits limits = config_limits(&direct->config);
	struct memblock_memory memory;
	/* Where it is not known, taking memory offline is refused. */
	bool known = memblock_memory_read(direct->root, &memory) >= 0;

	direct->plan = memblock_plan_free(direct->plan);
	return memblock_plan_new(direct->inventory, request, known ? &memory : NULL, &limits,
				 &direct->plan);
}

/* Where a glance led to the plan: all pages of those that it would take, and a plan by those. */
static int plan_closely(struct direct *direct, const struct memblock_request *request)
{
	_cleanup_free_ struct memblock_range *ranges = NULL;
	size_t n;
	int r;

	if (request->size == 0)
		return 0;
	r = memblock_plan_ranges(direct->plan, direct->inventory, &ranges, &n);
	if (r < 0 || n == 0)
		return r;
	r = memblock_inventory_read_pages(direct->inventory, ranges, n, false);
	return r < 0 ? r : plan(direct, request);
}

static int make_plan(struct direct *direct)
{
	const struct change *change = direct->change;
	_cleanup_free_ struct memblock_range *ranges = NULL;
	struct memblock_request request = {
		.action = change->action,
		.n_ranges = change->targets.n,
		.size = change->targets.size,
		.zone = change->zone,
		.nid = change->targets.nid,
		.device = change->targets.device,
		.best_effort = change->best_effort,
	};
	int r;

	r = change_ranges(change, memblock_inventory_block_size(direct->inventory), &ranges);
	if (r != 0)
		return r;
	request.ranges = ranges;

	r = look(direct, &request);
	if (r >= 0)
		r = plan(direct, &request);
	if (r >= 0)
		r = plan_closely(direct, &request);
	return r < 0 ? log_error(r, "No plan could be made: %m") : 0;
}

/* 0, an exit status where it is refused, or a negative errno, told. */
static int prepare(struct direct *direct, const struct change *change)
{
	enum memblock_refusal refusal;
	const char *text;
	int r;

	direct->change = change;
	r = open_root(change->ctl, &direct->root);
	if (r >= 0)
		r = read_inventory(direct->root, &direct->inventory);
	if (r < 0)
		return r;
	tell_lacks(change->ctl, direct->inventory);
	r = config_load(change->ctl->root, warn, NULL, &direct->config);
	if (r < 0)
		return log_oom();
	r = make_plan(direct);
	if (r != 0)
		return r;
	/* Where nobody can count pages the plan itself says so. */
	if (memblock_inventory_source(direct->inventory, MEMBLOCK_SOURCE_PAGES, NULL) ==
	    MEMBLOCK_SOURCE_FAILED)
		tell_pages(change->ctl, direct->inventory);

	refusal = memblock_plan_refusal(direct->plan, &text);
	return refusal ? change_refused(change, memblock_refusal_to_string(refusal), text) : 0;
}

int change_direct_plan(const struct change *change, struct change_plan *ret)
{
	_cleanup_(direct_done) struct direct direct = {};
	const struct memblock_step *step;
	int r;

	r = prepare(&direct, change);
	if (r != 0)
		return r;

	ret->block_size = memblock_inventory_block_size(direct.inventory);
	ret->wanted = memblock_plan_wanted(direct.plan) * ret->block_size;
	for (size_t i = 0; (step = memblock_plan_step(direct.plan, i)); i++)
		if (change_plan_add(ret, step) < 0)
			return log_oom();
	return 0;
}

/* Signals end a write, since none of these handlers lets the kernel begin it anew (SA_RESTART). */
static timer_t timer;
static volatile sig_atomic_t interrupts;

static void set_timer(uint64_t first_nsec)
{
	const uint64_t second = 1000000000;
	struct itimerspec when = {
		.it_value = { (time_t)(first_nsec / second), (long)(first_nsec % second) },
		.it_interval.tv_nsec = first_nsec ? REMINDER_NSEC : 0,
	};

	(void)timer_settime(timer, 0, &when, NULL);
}

static void on_alarm(int signo __attribute__((unused)))
{
}

static void on_interrupt(int signo)
{
	int saved = errno;

	if (++interrupts > 1)
		signal(signo, SIG_DFL); /* a third one, where the kernel doesn't answer */
	else
		signal(SIGHUP, SIG_IGN); /* it comes of the shell and of its terminal */
	set_timer(REMINDER_NSEC);
	errno = saved;
}

/* As nohup(1) has it. */
static bool ignores_hangup(void)
{
	struct sigaction found;

	return sigaction(SIGHUP, NULL, &found) >= 0 && found.sa_handler == SIG_IGN;
}

static int catch_signals(void)
{
	static const int interrupting[] = { SIGINT, SIGTERM, SIGHUP };
	size_t n = ARRAY_SIZE(interrupting) - ignores_hangup();
	struct sigaction alarmed = { .sa_handler = on_alarm };
	struct sigaction interrupted = { .sa_handler = on_interrupt };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	int r = 0;

	sigfillset(&interrupted.sa_mask);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0 ||
	    sigaction(SIGALRM, &alarmed, NULL) < 0)
		r = -errno;
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = sigaction(interrupting[i], &interrupted, NULL) < 0 ? -errno : 0;
	return r < 0 ? log_error(r, "Can't catch signals: %m") : 0;
}

/* A time that nobody waits for is none. */
static uint64_t timeout_nsec(const struct direct *direct)
{
	uint64_t usec = direct->change->timeout_usec ? direct->change->timeout_usec
						     : direct->config.timeout_usec;

	return MIN(usec, UINT64_MAX / 1000) * 1000;
}

/* Of a kernel from 6.6 on a block with poisoned pages never comes back (mm/memory_hotplug.c:
 * online_pages()). Where nobody may look at them, nothing keeps it. */
static bool is_poisoned(const struct direct *direct, uint64_t index)
{
	uint64_t pages = 0;

	return memblock_read_poison(direct->root, memblock_inventory_block_size(direct->inventory),
				    memblock_inventory_page_size(direct->inventory), index,
				    &pages) >= 0 &&
	       pages > 0;
}

/* -EINTR becomes -ETIMEDOUT, unless somebody else ended it. */
static int write_state(struct direct *direct, uint64_t index, enum memblock_action action)
{
	sig_atomic_t before = interrupts;
	int r;

	if (action == MEMBLOCK_ACTION_OFFLINE && !direct->change->best_effort &&
	    is_poisoned(direct, index))
		return -EHWPOISON;
	set_timer(timeout_nsec(direct));
	r = memblock_write_state(direct->root, index, action);
	set_timer(0);
	return r == -EINTR && interrupts == before ? -ETIMEDOUT : r;
}

static void heed_interrupts(struct direct *direct)
{
	if (interrupts > 1) {
		memblock_transition_abandon(direct->transition, -ECANCELED);
	} else if (interrupts > 0 && !direct->cancelled) {
		direct->cancelled = true;
		memblock_transition_cancel(direct->transition, -ECANCELED);
		progress_wipe(&direct->progress);
		log_line("Cancelled; what was done is put back, once more leaves it as it is");
	}
}

static void show_progress(struct direct *direct)
{
	uint64_t size = memblock_inventory_block_size(direct->inventory);
	size_t done, wanted;

	memblock_transition_progress(direct->transition, &done, &wanted);
	progress_draw(&direct->progress,
		      memblock_transition_is_undoing(direct->transition) ? "putting back"
									 : "running",
		      done * size, wanted * size);
}

/* One block, of which the transition says what to do. */
static void do_step(struct direct *direct, uint64_t index, enum memblock_action action)
{
	enum memblock_state state = MEMBLOCK_STATE_UNKNOWN;
	enum memblock_zone zone = MEMBLOCK_ZONE_UNKNOWN;
	int r;

	r = memblock_read_state(direct->root, index, &state, &zone);
	if (!memblock_transition_found(direct->transition, r, state, zone))
		return;

	r = write_state(direct, index, action);
	heed_interrupts(direct);
	if (memblock_read_state(direct->root, index, &state, &zone) < 0) {
		state = MEMBLOCK_STATE_UNKNOWN;
		zone = MEMBLOCK_ZONE_UNKNOWN;
	}
	memblock_transition_report(direct->transition, r, state, zone);
}

static int explain(const struct direct *direct, struct change_result *result)
{
	int error = memblock_transition_error(direct->transition), r;

	if (error == 0)
		return 0;
	result->error = strdup(failure_name(error));
	r = failure_describe(direct->transition, &result->message);
	return r < 0 || !result->error ? -ENOMEM : 0;
}

static int take_results(const struct direct *direct, struct change_result *result)
{
	struct memblock_result block;
	size_t done, wanted;

	memblock_transition_progress(direct->transition, &done, &wanted);
	result->ending = memblock_transition_ending(direct->transition);
	result->block_size = memblock_inventory_block_size(direct->inventory);
	result->wanted = wanted * result->block_size;
	for (size_t i = 0; memblock_transition_result(direct->transition, i, &block); i++) {
		struct change_block *added = change_result_add(result);

		if (!added)
			return -ENOMEM;
		*added = (struct change_block){
			.index = block.index,
			.outcome = block.outcome,
			.error = block.error,
			.zone = block.zone == MEMBLOCK_ZONE_UNKNOWN
					? NULL
					: memblock_zone_to_string(block.zone),
		};
	}
	return explain(direct, result);
}

static int carry_out(struct direct *direct)
{
	enum memblock_action action;
	uint64_t index;
	int r;

	r = memblock_transition_new(direct->plan, &direct->transition);
	if (r < 0)
		return log_oom();
	r = catch_signals();
	if (r < 0)
		return r;

	progress_begin(&direct->progress);
	change_tell_begin(direct->change, &direct->progress, 0,
			  memblock_plan_wanted(direct->plan) *
				  memblock_inventory_block_size(direct->inventory));
	while (memblock_transition_next(direct->transition, &index, &action)) {
		show_progress(direct);
		do_step(direct, index, action);
		heed_interrupts(direct);
	}
	progress_wipe(&direct->progress);
	return 0;
}

int change_direct_run(const struct change *change, struct change_result *ret)
{
	_cleanup_(direct_done) struct direct direct = {};
	int r;

	r = prepare(&direct, change);
	if (r != 0)
		return r;
	/* Not one line for each block that could have served. */
	if (memblock_root_is_live(direct.root) && geteuid() != 0)
		return change_refused(change, "AccessDenied",
				      "without memblockd, root alone changes memory");
	r = carry_out(&direct);
	if (r < 0)
		return r;
	if (take_results(&direct, ret) < 0) {
		(void)log_oom();
		return STATUS_PARTLY; /* something was done, and nobody can tell what */
	}
	return 0;
}
