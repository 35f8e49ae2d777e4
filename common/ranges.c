/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "macros.h"
#include "ranges.h"

void ranges_done(struct ranges *ranges)
{
	free(ranges->items);
	*ranges = (struct ranges){};
}

int ranges_add(struct ranges *ranges, uint64_t start, uint64_t end)
{
	if (ARRAY_GROW(ranges->items, ranges->capacity, ranges->n) < 0)
		return -ENOMEM;
	ranges->items[ranges->n++] = (struct memblock_range){ start, end };
	return 0;
}

int ranges_join(struct ranges *ranges, uint64_t start, uint64_t end)
{
	if (ranges->n == 0 || ranges->items[ranges->n - 1].end != start)
		return ranges_add(ranges, start, end);
	ranges->items[ranges->n - 1].end = end;
	return 0;
}
