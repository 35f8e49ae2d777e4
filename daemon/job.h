/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>
#include <stdbool.h>
#include <sys/types.h>

#include "request.h"

enum job_kind {
	JOB_ONLINE,
	JOB_OFFLINE,
	JOB_REMOVE, /* take a device's blocks offline, then have the kernel let go of it */
};

enum job_state {
	JOB_QUEUED,
	JOB_RUNNING,
	JOB_PUTTING_BACK,
	JOB_ABANDONED, /* the kernel doesn't come back from a write; once it does, the job goes on
			*/
	JOB_ENDED,
};

const char *job_kind_to_string(enum job_kind kind);
/* -EINVAL for a word that is none. */
int job_kind_from_string(const char *word, enum job_kind *ret);
const char *job_state_to_string(enum job_state state);

struct job {
	unsigned id;
	enum job_kind kind;
	enum job_state state;
	uid_t user;
	struct request request;
	/* While it runs. */
	struct memblock_plan *plan;
	struct memblock_transition *transition;
	/* Puts back what the first one did, where it was done whole and then not wanted any more: a
	 * device that could not be ejected, a job that a killed daemon left. */
	struct memblock_transition *back;
	/* While it doesn't: how many blocks are wanted and were done, and what became of each. */
	size_t wanted;
	size_t done;
	struct memblock_result *results;
	size_t n_results;
	enum memblock_ending ending;
	const char *error; /* what ended it, the last part of an error's name; NULL for none */
	char *message;     /* the same as a sentence */
	bool overtaken;    /* by one of the policy while it waited: not again */
	int journal_fd;    /* its file under /run/memblockd/jobs; negative for none, or why none */
};

int job_new(unsigned id, enum job_kind kind, uid_t user, struct job **ret);
/* Takes NULL; always returns NULL. */
struct job *job_free(struct job *job);

/* It has ended: keeps no more than what is to be told of it. */
void job_close(struct job *job);

/* The transition that is being carried out. */
struct memblock_transition *job_current(const struct job *job);
/* What became of the job's n-th block. False past the last. */
bool job_result(const struct job *job, size_t n, struct memblock_result *ret);
/* Blocks that have the wanted state, and how many are wanted. */
void job_progress(const struct job *job, size_t *ret_done, size_t *ret_wanted);

/* Sets out on the way back over all that the first transition did. 0 or -ENOMEM. */
int job_turn_back(struct job *job);

/* Says why a job ended otherwise than done, the first time: later reasons follow from it. 0 or
 * -ENOMEM. */
int job_fail(struct job *job, const char *error, const char *format, ...)
	__attribute__((__format__(printf, 3, 4)));
/* The same of one whose transition failed: the first block that did, and why. */
int job_describe_failure(struct job *job);
