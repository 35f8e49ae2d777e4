/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-event.h>

struct monitor;

/* Follows the kernel's uevents of memory blocks and of what their verdicts rest on (persistent
 * memory, dax), and calls changed() for each run of them. Events that got lost count as one. */
int monitor_new(sd_event *event, void (*changed)(void *userdata), void *userdata,
		struct monitor **ret);
/* Takes NULL; always returns NULL. */
struct monitor *monitor_free(struct monitor *monitor);
