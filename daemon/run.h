/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "job.h"

struct manager;

/* Carries one job out: reads each block, has a worker write it, watches the time. */
struct run;

struct run_listener {
	void (*changed)(struct job *job, void *userdata); /* its state or progress */
	void (*ended)(struct job *job, void *userdata);   /* the last call; the run may be freed */
	void *userdata;
};

int run_new(struct manager *manager, struct job *job, const struct run_listener *listener,
	    struct run **ret);
/* Takes NULL; always returns NULL. Ends the write that is under way, and nothing is put back. */
struct run *run_free(struct run *run);

/* Begins. ended() may be called before it returns. */
void run_start(struct run *run);
/* A block went online, or offline. If that wasn't our worker, and the block is of added memory in
 * the row that is being written to, the row is stopped and looked at again. */
void run_note_change(struct run *run, uint64_t index, bool online);
/* Ends the job early, for -ECANCELED; what it did is put back. -EALREADY where it is past that. */
int run_cancel(struct run *run, int error);
