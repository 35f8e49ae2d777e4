/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failure.h"
#include "job.h"
#include "macros.h"

DEFINE_CLEANUP(struct memblock_plan, memblock_plan_free)

static const char *const kind_names[] = {
	[JOB_ONLINE] = "online",
	[JOB_OFFLINE] = "offline",
	[JOB_REMOVE] = "remove",
};

static const char *const state_names[] = {
	[JOB_QUEUED] = "queued",
	[JOB_RUNNING] = "running",
	[JOB_PUTTING_BACK] = "putting-back",
	[JOB_ABANDONED] = "abandoned",
	[JOB_ENDED] = "ended",
};

const char *job_kind_to_string(enum job_kind kind)
{
	return (size_t)kind < ARRAY_SIZE(kind_names) ? kind_names[kind] : NULL;
}

const char *job_state_to_string(enum job_state state)
{
	return (size_t)state < ARRAY_SIZE(state_names) ? state_names[state] : NULL;
}

int job_kind_from_string(const char *word, enum job_kind *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(kind_names); i++)
		if (strcmp(kind_names[i], word) == 0) {
			*ret = (enum job_kind)i;
			return 0;
		}
	return -EINVAL;
}

int job_new(unsigned id, enum job_kind kind, uid_t user, struct job **ret)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return -ENOMEM;
	job->id = id;
	job->kind = kind;
	job->user = user;
	job->journal_fd = -1;
	*ret = job;
	return 0;
}

struct job *job_free(struct job *job)
{
	if (!job)
		return NULL;

	request_done(&job->request);
	memblock_plan_free(job->plan);
	memblock_transition_free(job->transition);
	memblock_transition_free(job->back);
	free(job->results);
	free(job->message);
	closep(&job->journal_fd);
	free(job);
	return NULL;
}

struct memblock_transition *job_current(const struct job *job)
{
	return job->back ? job->back : job->transition;
}

/* The way back has the same blocks in the same order. */
static void adjust_result(const struct job *job, size_t n, struct memblock_result *result)
{
	struct memblock_result back;
	bool went;

	if (!memblock_transition_result(job->back, n, &back) ||
	    back.outcome == MEMBLOCK_OUTCOME_LEFT_OUT)
		return;
	went = back.outcome == MEMBLOCK_OUTCOME_DONE || back.outcome == MEMBLOCK_OUTCOME_ALREADY;
	result->outcome = went ? MEMBLOCK_OUTCOME_PUT_BACK : MEMBLOCK_OUTCOME_NOT_PUT_BACK;
	result->error = back.error;
	result->zone = back.zone;
}

bool job_result(const struct job *job, size_t n, struct memblock_result *ret)
{
	const struct memblock_transition *first = job->transition ? job->transition : job->back;

	if (n < job->n_results) {
		*ret = job->results[n];
		return true;
	}
	if (!first || !memblock_transition_result(first, n, ret))
		return false;
	if (job->back)
		adjust_result(job, n, ret);
	return true;
}

void job_progress(const struct job *job, size_t *ret_done, size_t *ret_wanted)
{
	*ret_done = job->done;
	*ret_wanted = job->wanted;
	if (job->transition)
		memblock_transition_progress(job->transition, ret_done, ret_wanted);
}

static int keep_results(struct job *job)
{
	struct memblock_result result;
	size_t n = 0;

	while (job_result(job, n, &result))
		n++;
	if (n == 0)
		return 0;
	job->results = calloc(n, sizeof(*job->results));
	if (!job->results)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		job_result(job, i, &job->results[i]);
	job->n_results = n;
	return 0;
}

void job_close(struct job *job)
{
	job_progress(job, &job->done, &job->wanted);
	if (job->back)
		job->done = 0;
	/* Without the memory to keep less, all is kept. */
	if (keep_results(job) < 0)
		return;
	job->plan = memblock_plan_free(job->plan);
	job->transition = memblock_transition_free(job->transition);
	job->back = memblock_transition_free(job->back);
}

int job_fail(struct job *job, const char *error, const char *format, ...)
{
	va_list ap;
	int r;

	if (job->error)
		return 0;
	job->error = error;

	va_start(ap, format);
	r = vasprintf(&job->message, format, ap);
	va_end(ap);
	if (r < 0)
		job->message = NULL;
	return r < 0 ? -ENOMEM : 0;
}

int job_describe_failure(struct job *job)
{
	const struct memblock_transition *transition = job_current(job);
	int error = memblock_transition_error(transition);
	_cleanup_free_ char *text = NULL;

	/* Blocks were left out, and nothing failed: the results tell which. */
	if (error == 0)
		return 0;
	if (failure_describe(transition, &text) < 0)
		return -ENOMEM;
	return job_fail(job, failure_name(error), "%s", text);
}

/* The step that undoes the n-th one of the plan, left out where that was not done. */
static struct memblock_step step_back(const struct job *job, size_t n)
{
	const struct memblock_step *found = memblock_plan_step(job->plan, n);
	struct memblock_result result = {};

	memblock_transition_result(job->transition, n, &result);
	return (struct memblock_step){
		.index = found->index,
		.state = MEMBLOCK_STATE_OFFLINE,
		.action = memblock_step_undo(found),
		.outcome = result.outcome == MEMBLOCK_OUTCOME_DONE ? MEMBLOCK_OUTCOME_NOT_TRIED
								   : MEMBLOCK_OUTCOME_LEFT_OUT,
	};
}

int job_turn_back(struct job *job)
{
	_cleanup_(memblock_plan_freep) struct memblock_plan *plan = NULL;
	_cleanup_free_ struct memblock_step *steps = NULL;
	size_t n = 0, done = 0;
	int r;

	while (memblock_plan_step(job->plan, n))
		n++;
	steps = calloc(n + 1, sizeof(*steps));
	if (!steps)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		steps[i] = step_back(job, i);
		done += steps[i].outcome == MEMBLOCK_OUTCOME_NOT_TRIED;
	}

	r = memblock_plan_new_of_steps(steps, n, done, true, &plan);
	return r < 0 ? r : memblock_transition_new(plan, &job->back);
}
