/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "job.h"

struct manager;

/* Has a worker ask the kernel to let go of a job's device, whose blocks are offline, and waits
 * until they are gone. */
struct eject;

struct eject_listener {
	/* Whether the kernel doesn't come back from it; false with each answer. */
	void (*stuck)(bool is_stuck, void *userdata);
	/* 0, or a negative errno; it may be freed in it. */
	void (*ended)(int error, void *userdata);
	void *userdata;
};

int eject_new(struct manager *manager, const struct job *job, const struct eject_listener *listener,
	      struct eject **ret);
/* Takes NULL; always returns NULL. */
struct eject *eject_free(struct eject *eject);

/* ended() may be called before it returns. */
void eject_begin(struct eject *eject);
