/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>

/* A growing list of ranges. */
struct ranges {
	struct memblock_range *items;
	size_t n;
	size_t capacity;
};

void ranges_done(struct ranges *ranges);
/* Puts a range at the end. 0 or -ENOMEM. */
int ranges_add(struct ranges *ranges, uint64_t start, uint64_t end);
/* The same, but a range that begins where the last one ends makes that longer. */
int ranges_join(struct ranges *ranges, uint64_t start, uint64_t end);
