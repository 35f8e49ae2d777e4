/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

struct manager;

/*
 * Guard=yes: the state and online files of every block that must not go offline are made read-only
 * for everybody, root too, by mounts that the worker asks systemd for. They are bound to our unit,
 * so that they go when it stops or is killed.
 */
struct guard;

int guard_new(struct manager *manager, struct guard **ret);
/* Takes NULL; always returns NULL. */
struct guard *guard_free(struct guard *guard);

/* Guards what is to be guarded by the newest inventory and configuration, and nothing else; goes on
 * in the event loop. While a job runs nothing changes. retry: what failed before is tried again. */
void guard_update(struct guard *guard, bool retry);
/* Whether it is not through yet. */
bool guard_is_busy(const struct guard *guard);
