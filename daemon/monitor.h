/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>
#include <systemd/sd-event.h>

struct monitor;

struct monitor_listener {
	/* A memory block came, went, or changed its state: add, remove, online, offline. Synthetic
	 * events (udevadm trigger) are not told of here. */
	void (*block)(const char *action, uint64_t index, void *userdata);
	/* Something else happened. */
	void (*other)(void *userdata);
	/* After each run of events, whatever they were. */
	void (*changed)(void *userdata);
	void *userdata;
};

/* Follows the kernel's uevents of memory blocks and of what their verdicts rest on (persistent
 * memory, dax). Events that got lost count as one of nobody knows what. */
int monitor_new(sd_event *event, const struct monitor_listener *listener, struct monitor **ret);
/* Takes NULL; always returns NULL. */
struct monitor *monitor_free(struct monitor *monitor);
