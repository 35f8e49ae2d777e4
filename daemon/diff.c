/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "diff.h"
#include "macros.h"
#include "ranges.h"
#include "rows.h"

int diff_inventories(const struct memblock_inventory *before,
		     const struct memblock_inventory *after, struct ranges *ret)
{
	_cleanup_(ranges_done) struct ranges ranges = {};
	uint64_t size = memblock_inventory_block_size(after);
	size_t i = 0, j = 0;

	for (;;) {
		const struct memblock_block *a = memblock_inventory_block(before, i);
		const struct memblock_block *b = memblock_inventory_block(after, j);
		uint64_t index_a = a ? memblock_block_index(a) : UINT64_MAX;
		uint64_t index_b = b ? memblock_block_index(b) : UINT64_MAX;
		uint64_t index = MIN(index_a, index_b);

		if (!a && !b)
			break;
		i += index_a == index;
		j += index_b == index;
		if (index_a == index_b && blocks_alike(before, a, after, b, SPLIT_FACTS))
			continue;
		if (ranges_join(&ranges, index * size, (index + 1) * size) < 0)
			return -ENOMEM;
	}

	*ret = ranges;
	ranges = (struct ranges){};
	return 0;
}
