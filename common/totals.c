/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "totals.h"

void totals_add(struct totals *totals, const struct memblock_block *block, size_t n)
{
	enum memblock_state state = memblock_block_state(block);
	enum memblock_answer removable = memblock_block_removable(block);
	enum memblock_zone zones[MEMBLOCK_ZONES_MAX];
	bool online = state == MEMBLOCK_STATE_ONLINE || state == MEMBLOCK_STATE_GOING_OFFLINE;

	totals->blocks += n;
	totals->online += online ? n : 0;
	totals->offline += state == MEMBLOCK_STATE_OFFLINE ? n : 0;
	totals->removable[removable] += n;
	totals->removable_offline[removable] += state == MEMBLOCK_STATE_OFFLINE ? n : 0;
	/* A verdict with reasons is always no. */
	for (unsigned i = 0; removable == MEMBLOCK_ANSWER_NO && i < TOTALS_REASONS; i++)
		if (memblock_block_has_reason(block, (enum memblock_reason)i))
			totals->reasons[i] += n;
	if (online && memblock_block_zones(block, zones) == 1 && zones[0] < TOTALS_ZONES)
		totals->zones[zones[0]] += n;
}

void totals_of(const struct memblock_inventory *inventory, struct totals *ret)
{
	const struct memblock_block *block;

	*ret = (struct totals){};
	for (size_t i = 0; (block = memblock_inventory_block(inventory, i)); i++)
		totals_add(ret, block, 1);
}
