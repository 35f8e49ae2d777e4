/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "libmemblock.h"
#include "macros.h"

/* A growing list of ranges in rising order. */
struct range_list {
	struct memblock_range *items;
	size_t n;
	size_t capacity;
};

static inline void range_list_done(struct range_list *list)
{
	free(list->items);
}
#define _cleanup_range_list_ _cleanup_(range_list_done)

/* Adds one that lies behind the others; neighbours are joined. 0 or -ENOMEM. */
static inline int range_list_add(struct range_list *list, uint64_t start, uint64_t end)
{
	int r;

	if (list->n > 0 && list->items[list->n - 1].end == start) {
		list->items[list->n - 1].end = end;
		return 0;
	}
	r = ARRAY_GROW(list->items, list->capacity, list->n);
	if (r < 0)
		return r;
	list->items[list->n++] = (struct memblock_range){ start, end };
	return 0;
}
