/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

struct manager;

/* Why we are told to stop, as systemd says. False where nobody can say: by hand, without a bus, or
 * of a captured tree. */
bool unit_is_shutting_down(struct manager *manager);
bool unit_is_restarting(struct manager *manager);
