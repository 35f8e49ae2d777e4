/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <string.h>

#include "log.h"
#include "range.h"
#include "rows.h"
#include "select.h"

typedef int (*take_function)(const struct memblock_inventory *inventory,
			     const struct memblock_block *block, void *userdata);

/* A range may have gaps, but not be one. */
static int take_range(const struct memblock_inventory *inventory, uint64_t first, uint64_t last,
		      take_function take, void *userdata)
{
	const struct memblock_block *block;
	size_t from = first_block_from(inventory, first), i;
	int r;

	for (i = from; (block = memblock_inventory_block(inventory, i)); i++) {
		if (memblock_block_index(block) > last)
			break;
		r = take(inventory, block, userdata);
		if (r < 0)
			return r;
	}

	/* Of all blocks there may be none. */
	if (i > from || (first == 0 && last == UINT64_MAX))
		return 0;
	if (first == last)
		return log_error(-ENXIO, "There is no memory block %" PRIu64, first);
	return log_error(-ENXIO, "There is no memory block from %" PRIu64 " to %" PRIu64, first,
			 last);
}

int for_each_block(const struct ctl *ctl, const struct memblock_inventory *inventory, char **words,
		   take_function take, void *userdata)
{
	int r;

	for (; *words; words++) {
		uint64_t first = 0, last = UINT64_MAX;

		if (strcmp(*words, "all") != 0 && block_range_parse(*words, &first, &last) < 0)
			return usage_error(ctl, "\"%s\" names no memory block", *words);
		r = take_range(inventory, first, last, take, userdata);
		if (r < 0)
			return r;
	}
	return 0;
}
