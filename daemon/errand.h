/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "worker-client.h"

/* One request to a worker after the other: waits for the worker to be there, for its answer, and
 * for the kernel where that doesn't come back from what the worker asked of it. */
struct errand;
struct spare;

/* systemd may be slow to start a worker: ten seconds are waited where nothing can be done without.
 */
#define ERRAND_TRIES 20

/* Each may be called before errand_begin() or errand_stop() returns, and the errand may be freed in
 * it. */
struct errand_listener {
	/* An error where errand_stop() was called is the reason that was given there. */
	void (*ended)(const struct worker_answer *answer, void *userdata);
	/* No worker could be had, and why; nothing was asked of any. */
	void (*no_worker)(int error, void *userdata);
	/* Neither an answer nor the worker's end came after a stop. ended() still will, some day.
	 */
	void (*stuck)(void *userdata);
	void *userdata;
};

/* tries: how often a worker is looked for, twice a second. */
int errand_new(sd_event *event, struct spare *spare, unsigned tries,
	       const struct errand_listener *listener, struct errand **ret);
/* Ends what the worker is doing. Takes NULL; always returns NULL. */
struct errand *errand_free(struct errand *errand);

/* Where none is under way. It is stopped with -ETIMEDOUT once it takes longer than that. */
void errand_begin(struct errand *errand, const struct worker_request *request, uint64_t limit_usec);
/* Ends it early, for a negative errno; the first reason stands. */
void errand_stop(struct errand *errand, int reason);
bool errand_is_busy(const struct errand *errand);
