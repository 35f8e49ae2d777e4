/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "notes.h"
#include "root.h"

/* A folder with names like memory12 in it: that of memory, or of a node. */
struct listing {
	char path[64];
	int nid; /* MEMBLOCK_NID_UNKNOWN of memory's own */

	uint64_t *numbers; /* 12, in no order */
	size_t n;
	size_t capacity;
	struct notes notes; /* names whose number is none */
	int result;
};

struct listings {
	struct listing *items;
	size_t n;
	size_t capacity;
};

void listings_done(struct listings *listings);
#define _cleanup_listings_ _cleanup_(listings_done)

/* Adds a folder that is to be read. 0 or -ENOMEM. */
int listings_add(struct listings *listings, int nid, const char *format, ...) _printf_(3, 4);

/* Reads them all, where it is said at the same time. Each has its own result, 0 or a negative
 * errno.
 */
void listings_read(struct listings *listings, const struct memblock_root *root,
		   bool at_the_same_time);
