/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "worker-client.h"

/* A worker that has nothing to do is kept for a while: systemd takes longer to start one than most
 * of what is asked of them takes. */
struct spare;

/* The path of the workers' socket stays the caller's. */
int spare_new(sd_event *event, const char *path, struct spare **ret);
/* Takes NULL; always returns NULL. */
struct spare *spare_free(struct spare *spare);

/* The one that is kept, or a new one. Errors as worker_new() gives them. */
int spare_take(struct spare *spare, struct worker **ret);
/* Takes over a worker of which nothing is asked. NULL is taken too. */
void spare_give(struct spare *spare, struct worker *worker);
