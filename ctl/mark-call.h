/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "bus.h"
#include "targets.h"

/* A mark of memblockd. */
struct mark {
	uint64_t start, size;
	const char *device; /* "" for none */
	const char *reason;
	int stale; /* it fits no block */
};

/* Reads words that name blocks (8, memory8, 8-12) or addresses. 0, -EUSAGE or a negative errno,
 * told. */
int mark_call_parse(const struct ctl *ctl, char **words, struct targets *ret);
/* Calls function() for each mark that overlaps some ranges (NULL: for all), until it fails. 0 or a
 * negative errno, told. */
int mark_for_each(sd_bus *bus, const struct targets *targets,
		  int (*function)(const struct mark *mark, uint64_t block_size, void *userdata),
		  void *userdata);
/* Mark and Unmark: a call with the ranges, to be filled with what else there is. 0 or a negative
 * errno, told. */
int mark_call_new(sd_bus *bus, const char *method, const struct targets *targets,
		  sd_bus_message **ret);
/* Calls it. 0 or a negative errno, told. */
int mark_call(sd_bus *bus, sd_bus_message *call);
