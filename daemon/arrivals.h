/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct job;
struct manager;

/*
 * Memory that was added, and what is done with it: each block once. Those that were there when the
 * daemon first started in this boot are known, and so is every block that was seen online, or was
 * handled; /run/memblockd/known-blocks keeps them over restarts. What is not known and offline is
 * new, once a burst of events is over.
 */
struct arrivals;

/* Takes up what an earlier daemon of this boot knew, by the newest inventory. */
int arrivals_new(struct manager *manager, struct arrivals **ret);
/* Takes NULL; always returns NULL. */
struct arrivals *arrivals_free(struct arrivals *arrivals);

/* An event of the kernel: a block came, went, or changed its state. Synthetic ones are none. */
void arrivals_note(struct arrivals *arrivals, const char *action, uint64_t index);
/* A run of events is over: what is known by them alone is kept. */
void arrivals_noted(struct arrivals *arrivals);
/* Whether a block was handled, or somebody did something with it. */
bool arrivals_know(const struct arrivals *arrivals, uint64_t index);
/* The inventory is new. All is quiet, or events don't end: then what came is not waited for any
 * longer, unless the kernel brings memory online by itself and may be at it. */
void arrivals_seen(struct arrivals *arrivals, bool quiet);
/* Whether memory that was added is being brought online, or a job for that waits. */
bool arrivals_have_job(const struct arrivals *arrivals);
/* A job has ended, one of ours perhaps. */
void arrivals_job_ended(struct arrivals *arrivals, const struct job *job);
