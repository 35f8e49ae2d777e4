/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "job.h"
#include "survey.h"

struct manager;

/* All jobs: one runs, others wait, the last that ended can still be read. */
struct queue;

/* Nobody has more jobs waiting at a time. */
#define JOBS_OF_ONE_MAX 32
/* How many that ended are kept for reading, and of how many blocks in all, the last one apart. */
#define JOBS_KEPT 32
#define BLOCKS_KEPT 262144

int queue_new(struct manager *manager, struct queue **ret);
/* Takes NULL; always returns NULL. */
struct queue *queue_free(struct queue *queue);

/* Takes up what a daemon that was killed left: what it changed is put back. */
int queue_recover(struct queue *queue);

/* 0, -EDQUOT where this user has too many waiting, -ESHUTDOWN where the daemon is stopping. */
int queue_has_room(const struct queue *queue, uid_t user);
/* Puts a job at the end, and takes the request over. One of the policy goes before those that wait,
 * but for what a killed daemon left, and none is overtaken twice. The job
 * begins from the event loop: the pages of its blocks are counted then, and it is planned anew. */
int queue_add(struct queue *queue, enum job_kind kind, uid_t user, struct request *request,
	      const struct memblock_plan *plan, const struct job **ret);
/* What was counted for a job's plan: taken over where it begins at once, so that nothing is counted
 * twice. */
void queue_take_findings(struct queue *queue, const struct job *job, struct findings *findings);
/* Looks whether a job can begin. */
void queue_wake(struct queue *queue);
/* The n-th job in the order of their ids; NULL past the last. */
const struct job *queue_job(const struct queue *queue, size_t n);
const struct job *queue_find(const struct queue *queue, unsigned id);
/* Whether one is being carried out. */
bool queue_is_running(const struct queue *queue);
/* Whether a job runs or waits. */
bool queue_is_busy(const struct queue *queue);

/* A block went online, or offline: run_note_change(). */
void queue_note_change(struct queue *queue, uint64_t index, bool online);
/* Ends a job early. -ENOENT where there is none, -EALREADY where it has ended or is putting back.
 */
int queue_cancel(struct queue *queue, unsigned id);
/* Drops what waits and cancels what runs; true where there was nothing, or nothing but a job that
 * the kernel doesn't come back to: its file stays for the next daemon. */
bool queue_stop(struct queue *queue);

/* The first half of a plan: reads the machine anew, and says whose pages are to be counted before
 * the second half. 0 or a negative errno, with the error set where the machine could not be read.
 */
int queue_look(struct manager *manager, const struct request *request, struct ranges *ret,
	       sd_bus_error *error);
/* The second half: makes the plan. What of the findings is missing is not known. */
int queue_plan(struct manager *manager, const struct request *request,
	       const struct findings *findings, struct memblock_plan **ret);
