/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "rows.h"

static bool same_nodes(const struct memblock_inventory *inventory_a, const struct memblock_block *a,
		       const struct memblock_inventory *inventory_b, const struct memblock_block *b)
{
	const int *x, *y;
	size_t n = memblock_block_nodes(inventory_a, a, &x);

	return n == memblock_block_nodes(inventory_b, b, &y) &&
	       (n == 0 || memcmp(x, y, n * sizeof(*x)) == 0);
}

static bool same_zones(const struct memblock_block *a, const struct memblock_block *b)
{
	enum memblock_zone x[MEMBLOCK_ZONES_MAX], y[MEMBLOCK_ZONES_MAX];
	size_t n = memblock_block_zones(a, x);

	if (n != memblock_block_zones(b, y))
		return false;
	for (size_t i = 0; i < n; i++)
		/* Two zones that nobody knows may differ. */
		if (x[i] != y[i] || x[i] == MEMBLOCK_ZONE_UNKNOWN)
			return false;
	return true;
}

static bool same_device(const struct memblock_inventory *inventory_a,
			const struct memblock_block *a,
			const struct memblock_inventory *inventory_b,
			const struct memblock_block *b)
{
	const struct memblock_device *x = memblock_block_device(inventory_a, a);
	const struct memblock_device *y = memblock_block_device(inventory_b, b);

	return x == y || (x && y && strcmp(memblock_device_name(x), memblock_device_name(y)) == 0);
}

bool blocks_alike(const struct memblock_inventory *inventory_a, const struct memblock_block *a,
		  const struct memblock_inventory *inventory_b, const struct memblock_block *b,
		  unsigned split)
{
	if (split & SPLIT_STATE && memblock_block_state(a) != memblock_block_state(b))
		return false;
	if (split & SPLIT_REMOVABLE && memblock_block_removable(a) != memblock_block_removable(b))
		return false;
	if (split & SPLIT_NODE && !same_nodes(inventory_a, a, inventory_b, b))
		return false;
	if (split & SPLIT_ZONES && !same_zones(a, b))
		return false;
	if (split & SPLIT_REASONS && block_reasons(a) != block_reasons(b))
		return false;
	if (split & SPLIT_DEVICE && !same_device(inventory_a, a, inventory_b, b))
		return false;
	return true;
}

static bool belong_together(const struct memblock_inventory *inventory, unsigned split,
			    const struct memblock_block *a, const struct memblock_block *b)
{
	if (split & SPLIT_ALL || memblock_block_index(a) + 1 != memblock_block_index(b))
		return false;
	if (!blocks_alike(inventory, a, inventory, b, split))
		return false;
	if (split & SPLIT_BUSY &&
	    memblock_block_busy(inventory, a) != memblock_block_busy(inventory, b))
		return false;
	return !(split & SPLIT_KERNEL_REMOVABLE) ||
	       memblock_block_kernel_removable(inventory, a) ==
		       memblock_block_kernel_removable(inventory, b);
}

size_t first_block_from(const struct memblock_inventory *inventory, uint64_t index)
{
	size_t low = 0, high = memblock_inventory_n_blocks(inventory);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memblock_block_index(memblock_inventory_block(inventory, middle)) < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool next_row(const struct memblock_inventory *inventory, unsigned split, size_t first,
	      struct row *ret)
{
	const struct memblock_block *last = memblock_inventory_block(inventory, first), *next;
	size_t n = 1;

	if (!last)
		return false;

	while ((next = memblock_inventory_block(inventory, first + n)) &&
	       belong_together(inventory, split, last, next)) {
		last = next;
		n++;
	}
	*ret = (struct row){ first, n };
	return true;
}

void row_facts_of(const struct memblock_inventory *inventory, const struct row *row,
		  struct row_facts *ret)
{
	*ret = (struct row_facts){ .removable = MEMBLOCK_ANSWER_YES };

	for (size_t i = 0; i < row->n; i++) {
		const struct memblock_block *block =
			memblock_inventory_block(inventory, row->first + i);
		enum memblock_answer removable = memblock_block_removable(block);

		if (removable == MEMBLOCK_ANSWER_NO ||
		    (removable == MEMBLOCK_ANSWER_UNKNOWN && ret->removable == MEMBLOCK_ANSWER_YES))
			ret->removable = removable;
		ret->reasons |= block_reasons(block);
		node_mask_add(&ret->nodes, inventory, block);
	}
}
