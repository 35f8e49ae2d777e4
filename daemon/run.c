/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arrivals.h"
#include "clock.h"
#include "eject.h"
#include "errand.h"
#include "failure.h"
#include "job-file.h"
#include "journal.h"
#include "manager.h"
#include "run.h"
#include "timer.h"
#include "zone.h"

/* A block that somebody else is taking offline. */
#define RIVAL_PAUSE_USEC (UINT64_C(100) * 1000)
/* Where so many workers in a row died at once, the next would too. */
#define DEATHS_MAX 3

struct neighbours {
	uint64_t first;
	size_t n;
};

struct run {
	struct manager *manager;
	struct job *job;
	struct run_listener listener;
	struct errand *errand;
	struct eject *eject;    /* once its blocks are offline; or NULL */
	sd_event_source *timer; /* to look once more at what others do */
	uint64_t since_usec;    /* when that began; 0 */
	bool is_cancelled;
	bool was_undoing;
	uint64_t index; /* the block in hand */
	enum memblock_action action;
	struct neighbours writing; /* blocks that a worker writes to */
	size_t seen;               /* so many of them went online */
	bool look_again;           /* it was stopped, since somebody else did something to one */
	unsigned deaths; /* of workers in a row, with nothing done and none told to stop */
};

DEFINE_CLEANUP(struct run, run_free)

static void step(struct run *run);

static void look_in(struct run *run, uint64_t usec)
{
	timer_set(run->timer, usec);
}

static bool is_among(const struct neighbours *neighbours, uint64_t index)
{
	return index - neighbours->first < neighbours->n;
}

static uint64_t time_limit(const struct run *run)
{
	return request_time_limit(&run->job->request, &run->manager->config);
}

/* Looks once more after a pause, at most `limit` long. False where the time is over. */
static bool look_again(struct run *run, uint64_t pause, uint64_t limit)
{
	uint64_t now = monotonic_usec();

	if (run->since_usec == 0)
		run->since_usec = now;
	if (now - run->since_usec >= limit) {
		run->since_usec = 0;
		return false;
	}
	look_in(run, pause);
	return true;
}

static void set_state(struct run *run, enum job_state state)
{
	if (run->job->state == state)
		return;
	run->job->state = state;
	run->listener.changed(run->job, run->listener.userdata);
}

static bool is_undoing(const struct run *run)
{
	return run->job->back || memblock_transition_is_undoing(run->job->transition);
}

/* A job never turns back to running from putting back. */
static enum job_state state_now(const struct run *run)
{
	return is_undoing(run) || run->was_undoing ? JOB_PUTTING_BACK : JOB_RUNNING;
}

static void tell_failure(const struct run *run, int error)
{
	bool undoing = is_undoing(run);

	tell(undoing ? EVENT_NOT_PUT_BACK : EVENT_BLOCK_FAILED, run->job->id, run->index,
	     "memory%" PRIu64 ": %s failed: %s%s", run->index,
	     memblock_action_to_string(run->action), failure_text(error),
	     undoing ? "; it is not as it was found" : "");
}

static bool is_wanted(enum memblock_action action, enum memblock_state state)
{
	return state ==
	       (action == MEMBLOCK_ACTION_OFFLINE ? MEMBLOCK_STATE_OFFLINE : MEMBLOCK_STATE_ONLINE);
}

/* For the next plans: a block that is offline is forgotten with the next refresh. */
static void remember(struct run *run, int error, enum memblock_state state)
{
	bool refused = error == -EBUSY || error == -ETIMEDOUT;

	if (run->action == MEMBLOCK_ACTION_OFFLINE && refused && !is_wanted(run->action, state))
		refusals_note(&run->manager->refusals, run->index, monotonic_usec());
}

/* The state decides, not the answer: a write of the state that a block has already is -EINVAL, and
 * one that is interrupted late may have been done. */
static void settle(struct run *run, uint64_t index, int error)
{
	enum memblock_state state = MEMBLOCK_STATE_UNKNOWN;
	enum memblock_zone zone = MEMBLOCK_ZONE_UNKNOWN;
	int r;

	run->index = index;
	r = memblock_read_state(run->manager->root, index, &state, &zone);
	if (r < 0)
		error = r;
	if (state == MEMBLOCK_STATE_ONLINE)
		zone_check(run->manager, run->job->id, index, run->action, zone);
	if (!is_wanted(run->action, state))
		tell_failure(run, error < 0 ? error : -EIO);
	else if (error != -EINVAL)
		rivals_expect(&run->manager->rivals, index, monotonic_usec());
	remember(run, error, state);
	memblock_transition_report(job_current(run->job), error, state, zone);
}

static void tell_progress(struct run *run)
{
	if (is_undoing(run) && !run->was_undoing)
		tell(EVENT_BLOCK_FAILED, run->job->id, NO_BLOCK,
		     "Job %u is not to be done; putting back what it did", run->job->id);
	run->was_undoing = run->was_undoing || is_undoing(run);
	run->job->state = state_now(run);
	run->listener.changed(run->job, run->listener.userdata);
}

/* How many of the blocks that a worker writes to, up to the last that has the wanted state. */
static size_t count_reached(const struct run *run)
{
	enum memblock_state state;
	enum memblock_zone zone;
	size_t n = run->writing.n;

	while (n > 0 && (memblock_read_state(run->manager->root, run->writing.first + n - 1, &state,
					     &zone) < 0 ||
			 !is_wanted(run->action, state)))
		n--;
	return n;
}

/* How many were written to without error. What one did that died is to be seen. */
static size_t count_written(const struct run *run, const struct worker_answer *answer)
{
	if (answer->result >= 0)
		return run->writing.n;
	return answer->gone ? count_reached(run) : MIN(answer->done, run->writing.n);
}

/* Whether the block at which the worker ended has failed. It is tried again where others of its row
 * took its time, and by another worker where one died that had brought others online before. */
static bool has_failed(const struct run *run, const struct worker_answer *answer, size_t n_written)
{
	bool cut_short = answer->result == -ETIMEDOUT || answer->gone;

	return !run->look_again && !(cut_short && n_written > 0);
}

/* The rest of the row comes again. */
static void withdraw(struct run *run, size_t n_settled)
{
	for (size_t i = n_settled; i < run->writing.n && !is_undoing(run); i++)
		job_file_leave(run->job, run->writing.first + i);
	memblock_transition_withdraw(job_current(run->job));
}

/* One that was told to stop has another result. */
static void count_deaths(struct run *run, const struct worker_answer *answer, size_t n_written)
{
	bool died = answer->gone && answer->result == -ECONNRESET && n_written == 0;

	run->deaths = died ? run->deaths + 1 : 0;
}

static void on_written(const struct worker_answer *answer, void *userdata)
{
	struct run *run = userdata;
	size_t n = count_written(run, answer);

	count_deaths(run, answer, n);
	for (size_t i = 0; i < n; i++)
		settle(run, run->writing.first + i, 0);
	if (n < run->writing.n && has_failed(run, answer, n)) {
		settle(run, run->writing.first + n, answer->result);
		n++;
	}
	withdraw(run, n);
	if (run->deaths >= DEATHS_MAX && !is_undoing(run))
		memblock_transition_cancel(job_current(run->job), answer->result);
	tell_progress(run);
	step(run);
}

/* What is written is on disk before; what puts back needs no note, since the first one stands. */
static int note_write(struct run *run, uint64_t index, enum memblock_state state,
		      enum memblock_zone zone)
{
	const struct memblock_step found = {
		.index = index, .state = state, .zone = zone, .action = run->action
	};

	return is_undoing(run) ? 0 : job_file_try(run->job, &found);
}

/* Once offline, memory with poisoned pages stays so. By best effort that is what was asked for, and
 * what is put back was so before. */
static bool minds_poison(const struct run *run)
{
	return run->action == MEMBLOCK_ACTION_OFFLINE && !run->job->request.wanted.best_effort &&
	       !is_undoing(run);
}

/* Memory that was added, and that somebody brought online and took offline again while the job went
 * on. */
static bool is_taken_offline(const struct run *run, uint64_t index, enum memblock_state state)
{
	return run->job->request.by_policy && state == MEMBLOCK_STATE_OFFLINE &&
	       arrivals_know(run->manager->arrivals, index);
}

/* Marked since the job was planned. What is put back was offline before. */
static bool is_marked(const struct run *run, enum memblock_state state)
{
	const struct memblock_block *block =
		memblock_inventory_find(run->manager->inventory, run->index);

	return run->action == MEMBLOCK_ACTION_OFFLINE && !is_undoing(run) &&
	       state == MEMBLOCK_STATE_ONLINE && block &&
	       memblock_block_has_reason(block, MEMBLOCK_REASON_MARKED);
}

/* Takes the neighbour of those that are to be written to along, where it is one to be brought
 * online the same way. Taking one offline may last, and is for itself. */
static bool take_neighbour(struct run *run)
{
	struct memblock_transition *transition = job_current(run->job);
	enum memblock_action action;
	enum memblock_state state;
	enum memblock_zone zone;
	uint64_t index;

	if (run->action == MEMBLOCK_ACTION_OFFLINE || run->writing.n == WORKER_WRITE_MAX ||
	    !memblock_transition_next(transition, &index, &action) || action != run->action ||
	    index != run->writing.first + run->writing.n)
		return false;
	return memblock_read_state(run->manager->root, index, &state, &zone) >= 0 &&
	       state == MEMBLOCK_STATE_OFFLINE && !is_taken_offline(run, index, state) &&
	       note_write(run, index, state, zone) >= 0 &&
	       memblock_transition_found(transition, 0, state, zone);
}

static void begin_writing(struct run *run)
{
	const struct memblock_inventory *inventory = run->manager->inventory;
	struct worker_request request = { .verb = WORKER_WRITE,
					  .block = run->writing.first,
					  .count = run->writing.n,
					  .action = run->action };

	if (minds_poison(run)) {
		request.block_size = memblock_inventory_block_size(inventory);
		request.page_size = memblock_inventory_page_size(inventory);
	}
	errand_begin(run->errand, &request, time_limit(run));
}

/* False where it came to nothing. Else nothing is to be done here any more: it may have ended. */
static bool write_blocks(struct run *run, enum memblock_state state, enum memblock_zone zone)
{
	int r;

	r = note_write(run, run->index, state, zone);
	if (r < 0) {
		(void)job_fail(run->job, "Failed", "Can't write down what is done: %s",
			       strerror(-r));
		memblock_transition_cancel(job_current(run->job), r);
		memblock_transition_report(job_current(run->job), r, state, zone);
		return false;
	}
	run->writing = (struct neighbours){ run->index, 1 };
	while (take_neighbour(run))
		run->writing.n++;
	run->seen = 0;
	run->look_again = false;
	begin_writing(run);
	return true;
}

static void end(struct run *run, enum memblock_ending ending)
{
	struct job *job = run->job;

	job->ending = ending;
	if (ending != MEMBLOCK_ENDING_DONE)
		(void)job_describe_failure(job);
	job->state = JOB_ENDED;
	run->listener.ended(job, run->listener.userdata);
}

/* Puts back what was done whole; why is told already. */
static void turn_back(struct run *run)
{
	if (job_turn_back(run->job) < 0) {
		end(run, MEMBLOCK_ENDING_NOT_PUT_BACK);
		return;
	}
	set_state(run, JOB_PUTTING_BACK);
	step(run);
}

static void tell_stuck(struct run *run, uint64_t index, const char *what)
{
	tell(EVENT_JOB_STUCK, run->job->id, index,
	     "The kernel does not come back from %s; nothing more can be done until it does", what);
	set_state(run, JOB_ABANDONED);
}

static void on_eject_stuck(bool is_stuck, void *userdata)
{
	struct run *run = userdata;

	if (is_stuck)
		tell_stuck(run, NO_BLOCK, run->job->request.device);
	else
		set_state(run, JOB_RUNNING);
}

static void on_ejected(int error, void *userdata)
{
	struct run *run = userdata;

	run->eject = eject_free(run->eject);
	if (error >= 0) {
		end(run, MEMBLOCK_ENDING_DONE);
		return;
	}
	(void)job_fail(run->job, "NotEjected", "%s could not be ejected: %s",
		       run->job->request.device, failure_text(error));
	turn_back(run);
}

static void eject(struct run *run)
{
	const struct eject_listener listener = { on_eject_stuck, on_ejected, run };
	int r;

	r = eject_new(run->manager, run->job, &listener, &run->eject);
	if (r < 0)
		on_ejected(r, run);
	else
		eject_begin(run->eject);
}

/* Cancelled too late to end the last write, it is cancelled all the same. */
static void end_of_device(struct run *run)
{
	if (!run->is_cancelled) {
		eject(run);
		return;
	}
	(void)job_fail(run->job, "Cancelled", "The job was cancelled");
	turn_back(run);
}

static void end_of_blocks(struct run *run)
{
	struct job *job = run->job;
	enum memblock_ending ending = memblock_transition_ending(job_current(job));

	if (job->back)
		end(run, ending == MEMBLOCK_ENDING_DONE ? MEMBLOCK_ENDING_FAILED
							: MEMBLOCK_ENDING_NOT_PUT_BACK);
	else if (job->kind == JOB_REMOVE && ending == MEMBLOCK_ENDING_DONE)
		end_of_device(run);
	else
		end(run, ending);
}

/* Goes on until something has to be waited for. */
static void step(struct run *run)
{
	struct memblock_transition *transition = job_current(run->job);
	enum memblock_state state = MEMBLOCK_STATE_UNKNOWN;
	enum memblock_zone zone = MEMBLOCK_ZONE_UNKNOWN;
	int r;

	while (memblock_transition_next(transition, &run->index, &run->action)) {
		r = memblock_read_state(run->manager->root, run->index, &state, &zone);
		if (r >= 0 && state == MEMBLOCK_STATE_GOING_OFFLINE) {
			if (look_again(run, RIVAL_PAUSE_USEC, time_limit(run)))
				return;
			/* A write of ours would but wait behind that of somebody else. */
			r = -ETIMEDOUT;
		}
		if (r >= 0 && is_taken_offline(run, run->index, state))
			r = -ESTALE;
		else if (r >= 0 && is_marked(run, state))
			r = -EROFS;
		run->since_usec = 0;
		if (memblock_transition_found(transition, r, state, zone)) {
			if (write_blocks(run, state, zone))
				return;
		} else if (r >= 0 && state == MEMBLOCK_STATE_ONLINE) {
			/* Somebody else was faster. */
			zone_check(run->manager, run->job->id, run->index, run->action, zone);
		}
		set_state(run, state_now(run));
	}
	end_of_blocks(run);
}

/* Nothing can be written at all: what is done stays done. */
static void on_no_worker(int error, void *userdata)
{
	struct run *run = userdata;

	(void)job_fail(run->job, "NoWorker", "No worker at %s: %s", run->manager->options.worker,
		       strerror(-error));
	withdraw(run, 0);
	memblock_transition_abandon(job_current(run->job), error);
	step(run);
}

/* What comes after would wait for the same lock of the kernel. */
static void on_stuck(void *userdata)
{
	struct run *run = userdata;
	char block[32];

	run->index = run->writing.first + MIN(count_reached(run), run->writing.n - 1);
	snprintf(block, sizeof(block), "memory%" PRIu64, run->index);
	tell_stuck(run, run->index, block);
}

static int on_timer(sd_event_source *source __attribute__((unused)),
		    uint64_t usec __attribute__((unused)), void *userdata)
{
	step(userdata);
	return 0;
}

int run_new(struct manager *manager, struct job *job, const struct run_listener *listener,
	    struct run **ret)
{
	_cleanup_(run_freep) struct run *run = calloc(1, sizeof(*run));
	const struct errand_listener errand = { on_written, on_no_worker, on_stuck, run };
	int r;

	if (!run)
		return -ENOMEM;
	run->manager = manager;
	run->job = job;
	run->listener = *listener;

	r = timer_new(manager->event, 1000, on_timer, run, &run->timer);
	if (r >= 0)
		r = errand_new(manager->event, manager->spare, ERRAND_TRIES, &errand, &run->errand);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(run);
	return 0;
}

struct run *run_free(struct run *run)
{
	if (!run)
		return NULL;

	errand_free(run->errand);
	eject_free(run->eject);
	sd_event_source_disable_unref(run->timer);
	free(run);
	return NULL;
}

void run_start(struct run *run)
{
	set_state(run, state_now(run));
	step(run);
}

void run_note_change(struct run *run, uint64_t index, bool online)
{
	if (!run->job->request.by_policy || !errand_is_busy(run->errand) ||
	    !is_among(&run->writing, index))
		return;
	/* The worker brings online one after the other. */
	if (online && index == run->writing.first + run->seen) {
		run->seen++;
		return;
	}
	run->look_again = true;
	errand_stop(run->errand, -EINTR);
}

int run_cancel(struct run *run, int error)
{
	if (run->eject || is_undoing(run))
		return -EALREADY;

	run->is_cancelled = true;
	memblock_transition_cancel(job_current(run->job), error);
	if (errand_is_busy(run->errand))
		errand_stop(run->errand, error);
	else
		look_in(run, 0); /* between two writes it waits for a rival */
	return 0;
}
