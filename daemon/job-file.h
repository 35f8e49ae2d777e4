/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "job.h"

/*
 * A running job's file, run/memblockd/jobs/ID: what is to be done, on disk before the first write,
 * and each block with how it was found, on disk before its write. A daemon that was killed finds
 * there what it may have changed.
 */

/* Makes the file. 0 or a negative errno. */
int job_file_create(const struct memblock_root *root, struct job *job);
/* Adds a block that is about to be written to. */
int job_file_try(struct job *job, const struct memblock_step *step);
/* It was not written to after all: what becomes of it is none of the job's doing. Where that can't
 * be told, the next block that is to be added is refused. */
void job_file_leave(struct job *job, uint64_t index);
void job_file_remove(const struct memblock_root *root, struct job *job);

/* What a job file tells. */
struct saved_job {
	unsigned id;
	enum job_kind kind;
	uid_t user;
	bool best_effort;
	size_t wanted;               /* how many blocks it was to change */
	char *device;                /* NULL for none */
	struct memblock_step *steps; /* blocks that were tried */
	size_t n;
	size_t capacity;
};

void saved_job_done(struct saved_job *saved);
/* Reads a file's text, which is cut up in place. What ends without a line feed was not written
 * whole, and what it announced not begun. 0, -EBADMSG where it makes no sense, -ENOMEM. */
int saved_job_parse(char *text, struct saved_job *ret);
/* Reads each job file there is and hands it over. take() returns 1 where it needs the file until
 * job_file_remove(); else it goes. 0, -ENOMEM, or why the folder could not be read. */
int saved_jobs_each(const struct memblock_root *root,
		    int (*take)(const struct saved_job *saved, void *userdata), void *userdata);
