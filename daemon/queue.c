/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "arrivals.h"
#include "block-set.h"
#include "bus-signals.h"
#include "guard.h"
#include "job-file.h"
#include "journal.h"
#include "manager.h"
#include "queue.h"
#include "run.h"
#include "status.h"
#include "timer.h"

/* The worker of a daemon that was killed is out of its write, or has ended itself, within half a
 * second (worker-protocol.h). Before that nobody knows what comes of the write. */
#define ORPHAN_USEC (1000 * 1000)

/* Progress is told this often at most: a block may come online in a few milliseconds, and a signal
 * for each costs the bus and all who listen. */
#define PROGRESS_USEC (UINT64_C(100) * 1000)

/* Between two changes of a job that goes on no more time passes than a write may take, and this
 * beside it: for a worker that isn't there yet, a kernel that doesn't come back, a device that
 * goes. What is done behind the job has that time too. */
#define BESIDE_WRITE_USEC (UINT64_C(150) * 1000 * 1000)

struct queue {
	struct manager *manager;
	struct job **jobs;
	size_t n;
	unsigned last_id;
	struct run *run; /* of the job that is being carried out */
	/* Of the one that comes next. */
	struct survey *survey;
	struct findings findings;
	bool is_counted;
	sd_event_source *starter;
	sd_event_source *progress; /* on for a moment after progress was told */
	const struct job *untold;  /* that went on since; NULL for none */
};

DEFINE_CLEANUP(struct queue, queue_free)
DEFINE_CLEANUP(struct job, job_free)

static bool is_over(const struct job *job)
{
	return job->state == JOB_ENDED;
}

int queue_look(struct manager *manager, const struct request *request, struct ranges *ret,
	       sd_bus_error *error)
{
	int r;

	r = manager_refresh(manager, error);
	if (r < 0)
		return r;
	r = memblock_request_ranges(manager->inventory, &request->wanted, &ret->items, &ret->n);
	if (r >= 0)
		ret->capacity = ret->n;
	return r;
}

/* Counts are of one moment, and ListRanges is not to show what they alone know. So they are part of
 * the inventory as long as this function works, and no longer. */
static int plan_with_counts(struct manager *manager, const struct memblock_request *wanted,
			    const struct findings *findings, const struct memblock_memory *memory,
			    struct memblock_plan **ret)
{
	struct memblock_limits limits = config_limits(&manager->config);
	int r = 0;

	if (findings->n_pages > 0)
		r = memblock_inventory_set_pages(manager->inventory, findings->pages,
						 findings->n_pages);
	if (r >= 0)
		r = memblock_plan_new(manager->inventory, wanted, memory, &limits, ret);
	(void)memblock_inventory_set_pages(manager->inventory, NULL, 0);
	return r;
}

int queue_plan(struct manager *manager, const struct request *request,
	       const struct findings *findings, struct memblock_plan **ret)
{
	struct memblock_request wanted = request->wanted;
	_cleanup_free_ uint64_t *avoid = NULL;
	struct memblock_memory memory;
	int r;

	if (request->by_policy)
		return standing_plan(manager, &request->ranges, ret);
	r = refusals_list(&manager->refusals, &avoid);
	if (r < 0)
		return r;
	wanted.avoid = avoid;
	wanted.n_avoid = avoid ? manager->refusals.n : 0;
	r = memblock_memory_read(manager->root, &memory);
	if (r == -ENOMEM)
		return r;
	return plan_with_counts(manager, &wanted, findings, r < 0 ? NULL : &memory, ret);
}

/* Old ones go once there are many, or what they tell is much. */
static void forget_old(struct queue *queue)
{
	size_t over = 0, blocks = 0;

	for (size_t i = 0; i < queue->n; i++) {
		over += is_over(queue->jobs[i]);
		blocks += queue->jobs[i]->n_results;
	}
	for (size_t i = 0;
	     i < queue->n && (over > JOBS_KEPT || (blocks > BLOCKS_KEPT && over > 1));) {
		if (!is_over(queue->jobs[i])) {
			i++;
			continue;
		}
		over--;
		blocks -= queue->jobs[i]->n_results;
		bus_signal_job_forgotten(queue->manager, queue->jobs[i]->id);
		job_free(queue->jobs[i]);
		memmove(&queue->jobs[i], &queue->jobs[i + 1],
			(--queue->n - i) * sizeof(struct job *));
	}
}

void queue_wake(struct queue *queue)
{
	(void)sd_event_source_set_enabled(queue->starter, SD_EVENT_ONESHOT);
}

/* The blocks that it looked at: of a size that was asked for, all others were candidates. Most jobs
 * go from the highest down: to put each at its place would move all others. */
static int list_blocks(const struct job *job, struct block_set *ret)
{
	struct memblock_result result;

	for (size_t i = 0; job_result(job, i, &result); i++) {
		if (result.outcome == MEMBLOCK_OUTCOME_NOT_TRIED ||
		    result.outcome == MEMBLOCK_OUTCOME_LEFT_OUT)
			continue;
		if (block_set_append(ret, result.index) < 0)
			return -ENOMEM;
	}
	if (ret->n > 0)
		qsort(ret->items, ret->n, sizeof(*ret->items), compare_u64);
	return 0;
}

/* Whoever hears of its end finds what it did. */
static void read_results(struct manager *manager, const struct job *job)
{
	_cleanup_(block_set_done) struct block_set blocks = {};

	if (list_blocks(job, &blocks) >= 0)
		(void)manager_reread_or_refresh(manager, &blocks);
	else
		(void)manager_refresh(manager, NULL);
}

static void conclude(struct queue *queue, struct job *job)
{
	queue->untold = NULL;
	job->state = JOB_ENDED;
	queue->manager->counts.jobs[job->ending]++;
	job_close(job);
	job_file_remove(queue->manager->root, job);
	arrivals_job_ended(queue->manager->arrivals, job);
	tell(EVENT_JOB_ENDED, job->id, NO_BLOCK, "Job %u (%s): %s%s%s", job->id,
	     job_kind_to_string(job->kind), memblock_ending_to_string(job->ending),
	     job->message ? ": " : "", job->message ? job->message : "");
	/* Nobody waits for one that policy began: what it did is read once its events are over. */
	if (!job->request.by_policy)
		read_results(queue->manager, job);
	bus_signal_job_removed(queue->manager, job);
	status_changed(queue->manager->status);
	queue_wake(queue);
}

static void end_before_it_began(struct queue *queue, struct job *job)
{
	job->ending = MEMBLOCK_ENDING_FAILED;
	conclude(queue, job);
}

static void tell_progress(struct queue *queue, const struct job *job)
{
	queue->untold = NULL;
	bus_signal_job_changed(queue->manager, job);
	status_changed(queue->manager->status);
	timer_set(queue->progress, PROGRESS_USEC);
}

static int on_progress(sd_event_source *source __attribute__((unused)),
		       uint64_t usec __attribute__((unused)), void *userdata)
{
	struct queue *queue = userdata;

	if (queue->untold)
		tell_progress(queue, queue->untold);
	return 0;
}

/* At the end a job puts back, for as long as it takes: systemd is to wait as long as it goes on. */
static void ask_for_time(const struct queue *queue, const struct job *job)
{
	(void)sd_notifyf(false, "EXTEND_TIMEOUT_USEC=%" PRIu64,
			 request_time_limit(&job->request, &queue->manager->config) +
				 BESIDE_WRITE_USEC);
}

static void on_changed(struct job *job, void *userdata)
{
	struct queue *queue = userdata;

	if (queue->manager->stopping)
		ask_for_time(queue, job);
	if (timer_is_set(queue->progress))
		queue->untold = job;
	else
		tell_progress(queue, job);
	/* The end doesn't wait for it. */
	if (job->state == JOB_ABANDONED && queue->manager->stopping)
		manager_stop(queue->manager);
}

static void on_ended(struct job *job, void *userdata)
{
	struct queue *queue = userdata;

	queue->run = run_free(queue->run);
	conclude(queue, job);
}

static void forget_findings(struct queue *queue)
{
	queue->survey = survey_free(queue->survey);
	findings_done(&queue->findings);
	queue->is_counted = false;
}

/* Facts may have changed while it waited. Returns false where it has to end. */
static bool plan_anew(struct queue *queue, struct job *job)
{
	const char *text;
	enum memblock_refusal refusal;
	int r;

	r = queue_plan(queue->manager, &job->request, &queue->findings, &job->plan);
	if (r < 0) {
		(void)job_fail(job, "Failed", "No plan could be made: %s", strerror(-r));
		return false;
	}
	refusal = memblock_plan_refusal(job->plan, &text);
	if (refusal == MEMBLOCK_REFUSAL_NONE)
		return true;
	(void)job_fail(job, memblock_refusal_to_string(refusal), "%s", text);
	return false;
}

static bool prepare(struct queue *queue, struct job *job)
{
	int r;

	if (!job->back && !plan_anew(queue, job))
		return false;
	r = job->back ? 0 : memblock_transition_new(job->plan, &job->transition);
	/* The file of one that is put back is there from before. */
	if (r >= 0 && !job->back)
		r = job_file_create(queue->manager->root, job);
	if (r < 0) {
		(void)job_fail(job, "Failed", "The job can't be written down: %s", strerror(-r));
		return false;
	}
	return true;
}

static void tell_start(const struct job *job)
{
	if (job->request.by_policy)
		tell(EVENT_JOB_STARTED, job->id, NO_BLOCK, "Job %u (%s) by policy begins", job->id,
		     job_kind_to_string(job->kind));
	else
		tell(EVENT_JOB_STARTED, job->id, NO_BLOCK, "Job %u (%s) of user %u begins", job->id,
		     job_kind_to_string(job->kind), job->user);
}

/* Those that waited longer than one of the policy, which begins now. */
static void note_overtaken(struct queue *queue, const struct job *job)
{
	for (size_t i = 0; job->request.by_policy && queue->jobs[i] != job; i++)
		queue->jobs[i]->overtaken = true;
}

static int start(struct queue *queue, struct job *job)
{
	const struct run_listener listener = { on_changed, on_ended, queue };
	bool ready;

	tell_start(job);
	note_overtaken(queue, job);
	ready = prepare(queue, job);
	forget_findings(queue);
	if (!ready || run_new(queue->manager, job, &listener, &queue->run) < 0)
		end_before_it_began(queue, job);
	else
		run_start(queue->run);
	return 0;
}

static void on_findings(struct findings *findings, void *userdata)
{
	struct queue *queue = userdata;

	queue->survey = NULL;
	queue->findings = *findings;
	*findings = (struct findings){};
	queue->is_counted = true;
	queue_wake(queue);
}

/* Has the pages counted that the next job may move. */
static int count(struct queue *queue, struct job *job)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	struct survey_question question = {};
	int r;

	question.plan = &job->request;
	r = queue_look(queue->manager, &job->request, &question.pages, &error);
	if (r >= 0 && question.pages.n == 0)
		return start(queue, job);
	if (r >= 0)
		r = survey_new(queue->manager->surveyor, &question, on_findings, queue,
			       &queue->survey);
	if (r < 0) {
		ranges_done(&question.pages);
		(void)job_fail(job, "Failed", "No plan could be made: %s",
			       error.message ? error.message : strerror(-r));
		end_before_it_began(queue, job);
	}
	return 0;
}

/* What policy brings online was found just now, or the job that it waited for has ended just now:
 * the inventory is new. */
static bool needs_no_count(const struct queue *queue, const struct job *job)
{
	return job->back || job->request.by_policy || queue->is_counted;
}

/* What a killed daemon left half done, then memory that was added, which is wanted at once. */
static int rank(const struct job *job)
{
	return job->back ? 2 : job->request.by_policy || job->overtaken;
}

static struct job *next_job(const struct queue *queue)
{
	struct job *next = NULL;

	for (size_t i = 0; i < queue->n; i++)
		if (queue->jobs[i]->state == JOB_QUEUED &&
		    (!next || rank(queue->jobs[i]) > rank(next)))
			next = queue->jobs[i];
	return next;
}

static int on_start(sd_event_source *source __attribute__((unused)), void *userdata)
{
	struct queue *queue = userdata;
	struct job *job;

	forget_old(queue);
	/* A block whose mark was just lifted may be read-only still. */
	if (queue->run || queue->survey || guard_is_busy(queue->manager->guard))
		return 0;
	job = next_job(queue);
	if (job)
		return needs_no_count(queue, job) ? start(queue, job) : count(queue, job);
	if (queue->manager->stopping)
		manager_stop(queue->manager);
	return 0;
}

int queue_new(struct manager *manager, struct queue **ret)
{
	_cleanup_(queue_freep) struct queue *queue = calloc(1, sizeof(*queue));
	int r;

	if (!queue)
		return -ENOMEM;
	queue->manager = manager;
	r = sd_event_add_defer(manager->event, &queue->starter, on_start, queue);
	if (r >= 0)
		r = sd_event_source_set_enabled(queue->starter, SD_EVENT_OFF);
	if (r >= 0)
		r = timer_new(manager->event, 1000, on_progress, queue, &queue->progress);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(queue);
	return 0;
}

struct queue *queue_free(struct queue *queue)
{
	if (!queue)
		return NULL;

	forget_findings(queue);
	run_free(queue->run);
	for (size_t i = 0; i < queue->n; i++)
		job_free(queue->jobs[i]);
	free(queue->jobs);
	sd_event_source_disable_unref(queue->starter);
	sd_event_source_disable_unref(queue->progress);
	free(queue);
	return NULL;
}

/* Takes the job over. */
static int append(struct queue *queue, struct job **job)
{
	struct job **grown = reallocarray(queue->jobs, queue->n + 1, sizeof(struct job *));

	if (!grown)
		return -ENOMEM;
	queue->jobs = grown;
	queue->last_id = MAX(queue->last_id, (*job)->id);
	queue->jobs[queue->n++] = TAKE_PTR(*job);
	return 0;
}

static bool has_too_many(const struct queue *queue, uid_t user)
{
	unsigned waiting = 0;

	for (size_t i = 0; i < queue->n; i++)
		waiting += queue->jobs[i]->user == user && !is_over(queue->jobs[i]);
	return waiting >= JOBS_OF_ONE_MAX;
}

int queue_has_room(const struct queue *queue, uid_t user)
{
	if (queue->manager->stopping)
		return -ESHUTDOWN;
	return has_too_many(queue, user) ? -EDQUOT : 0;
}

int queue_add(struct queue *queue, enum job_kind kind, uid_t user, struct request *request,
	      const struct memblock_plan *plan, const struct job **ret)
{
	_cleanup_(job_freep) struct job *job = NULL;
	struct job *added;
	int r;

	r = job_new(queue->last_id + 1, kind, user, &job);
	if (r < 0)
		return r;
	added = job;
	r = append(queue, &job);
	if (r < 0)
		return r;
	added->request = *request;
	*request = (struct request){};
	added->wanted = memblock_plan_wanted(plan);

	/* What is being counted is for the job that was next. */
	if (added == next_job(queue))
		forget_findings(queue);
	bus_signal_job_new(queue->manager, added);
	queue_wake(queue);
	*ret = added;
	return 0;
}

void queue_take_findings(struct queue *queue, const struct job *job, struct findings *findings)
{
	if (queue->run || queue->survey || queue->is_counted || job != next_job(queue))
		return;
	queue->findings = *findings;
	*findings = (struct findings){};
	queue->is_counted = true;
}

const struct job *queue_job(const struct queue *queue, size_t n)
{
	return n < queue->n ? queue->jobs[n] : NULL;
}

static struct job *find(const struct queue *queue, unsigned id)
{
	for (size_t i = 0; i < queue->n; i++)
		if (queue->jobs[i]->id == id)
			return queue->jobs[i];
	return NULL;
}

const struct job *queue_find(const struct queue *queue, unsigned id)
{
	return find(queue, id);
}

bool queue_is_running(const struct queue *queue)
{
	return queue->run;
}

bool queue_is_busy(const struct queue *queue)
{
	for (size_t i = 0; i < queue->n; i++)
		if (!is_over(queue->jobs[i]))
			return true;
	return false;
}

void queue_note_change(struct queue *queue, uint64_t index, bool online)
{
	if (queue->run)
		run_note_change(queue->run, index, online);
}

int queue_cancel(struct queue *queue, unsigned id)
{
	struct job *job = find(queue, id);

	if (!job)
		return -ENOENT;
	/* What a killed daemon left half done is put back, whoever cancels it. */
	if (is_over(job) || (job->state == JOB_QUEUED && job->back))
		return -EALREADY;
	if (job->state != JOB_QUEUED)
		return run_cancel(queue->run, -ECANCELED);

	if (job == next_job(queue))
		forget_findings(queue);
	(void)job_fail(job, "Cancelled", "The job was cancelled before it began");
	end_before_it_began(queue, job);
	return 0;
}

/* Whether the kernel doesn't come back to the job that all others wait for. */
static bool is_stuck(const struct queue *queue)
{
	for (size_t i = 0; i < queue->n; i++)
		if (queue->jobs[i]->state == JOB_ABANDONED)
			return true;
	return false;
}

bool queue_stop(struct queue *queue)
{
	for (size_t i = 0; i < queue->n; i++) {
		const struct job *job = queue->jobs[i];

		if (!is_over(job))
			(void)queue_cancel(queue, job->id);
		if (!is_over(job))
			ask_for_time(queue, job);
	}
	return is_stuck(queue) || !queue_is_busy(queue);
}

/* What was tried and is not as it was found. */
static void undo_steps(const struct queue *queue, const struct saved_job *saved,
		       struct memblock_step *steps, size_t *ret_n, size_t *ret_done)
{
	*ret_n = 0;
	*ret_done = 0;
	for (size_t i = 0; i < saved->n; i++) {
		const struct memblock_step *step = &saved->steps[i];
		enum memblock_state state;
		enum memblock_zone zone;
		int r;

		r = memblock_read_state(queue->manager->root, step->index, &state, &zone);
		if (r < 0 || state == step->state)
			continue; /* gone, or as it was */
		*ret_done += state != MEMBLOCK_STATE_GOING_OFFLINE;
		steps[(*ret_n)++] = (struct memblock_step){ .index = step->index,
							    .state = state,
							    .action = memblock_step_undo(step) };
	}
}

static int recover_job(const struct saved_job *saved, void *userdata)
{
	_cleanup_free_ struct memblock_step *steps = calloc(saved->n + 1, sizeof(*steps));
	_cleanup_(job_freep) struct job *job = NULL;
	struct queue *queue = userdata;
	size_t n, done;
	int r;

	if (!steps)
		return -ENOMEM;
	if (saved->n > 0)
		(void)usleep(ORPHAN_USEC);
	undo_steps(queue, saved, steps, &n, &done);
	queue->last_id = MAX(queue->last_id, saved->id);
	if (n == 0 || saved->best_effort || (saved->kind != JOB_REMOVE && done >= saved->wanted)) {
		tell(EVENT_JOB_INTERRUPTED, saved->id, NO_BLOCK,
		     "Job %u (%s) was interrupted: %zu of %zu blocks were changed, and stay so",
		     saved->id, job_kind_to_string(saved->kind), n, saved->wanted);
		return 0;
	}

	r = job_new(saved->id, saved->kind, saved->user, &job);
	if (r >= 0)
		r = memblock_plan_new_of_steps(steps, n, n, true, &job->plan);
	if (r >= 0)
		r = memblock_transition_new(job->plan, &job->back);
	if (r >= 0)
		r = job_fail(job, "Interrupted", "memblockd was killed; what it did is put back");
	if (r >= 0 && saved->device) {
		job->request.device = strdup(saved->device);
		r = job->request.device ? 0 : -ENOMEM;
	}
	if (r < 0)
		return r;
	job->wanted = n;
	tell(EVENT_JOB_INTERRUPTED, job->id, NO_BLOCK,
	     "Job %u (%s) was interrupted: putting back %zu block%s", job->id,
	     job_kind_to_string(job->kind), n, n == 1 ? "" : "s");
	r = append(queue, &job);
	queue_wake(queue);
	return r < 0 ? r : 1;
}

int queue_recover(struct queue *queue)
{
	return saved_jobs_each(queue->manager->root, recover_job, queue);
}
