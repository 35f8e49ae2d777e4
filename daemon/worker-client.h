/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "worker-protocol.h"

/* A connection to a worker of its own, which does what this process has no right to. */
struct worker;

/* What came of a request. */
struct worker_answer {
	/* 0, the worker's negative errno, or -ECONNRESET where it is gone. */
	int result;
	/* It ended before it answered, which ends the connection: what it did isn't known. */
	bool gone;
	/* Of WORKER_WRITE: how many blocks were written to. */
	size_t done;
	/* The descriptor that came along, closed after the call, or -1. */
	int fd;
};

typedef void (*worker_function)(const struct worker_answer *answer, void *userdata);

/* Connects. Errors as connect(2) gives them: -ENOENT and -ECONNREFUSED where nobody listens. */
int worker_new(sd_event *event, const char *path, struct worker **ret);
/* Closes the connection, which ends what the worker is doing. Takes NULL; always returns NULL. */
struct worker *worker_free(struct worker *worker);

/* Sends a request; reply() is called once, later. One at a time: -EBUSY. */
int worker_send(struct worker *worker, const struct worker_request *request, worker_function reply,
		void *userdata);
/* Asks it to end the write or the count that is under way. */
void worker_stop(struct worker *worker);
bool worker_is_gone(const struct worker *worker);

/* One request, and its reply waited for, at most `seconds`. ret_fd, if not NULL, takes the
 * descriptor that came along, or -1. A connection that broke since the last request is made anew.
 * Returns what the worker said. */
int worker_ask(const char *path, int *connection, const struct worker_request *request,
	       unsigned seconds, int *ret_fd);
