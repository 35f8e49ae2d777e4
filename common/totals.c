/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "totals.h"

void totals_add(struct totals *totals, const struct memblock_block *block)
{
	enum memblock_state state = memblock_block_state(block);
	enum memblock_answer removable = memblock_block_removable(block);
	enum memblock_zone zones[MEMBLOCK_ZONES_MAX];
	bool online = state == MEMBLOCK_STATE_ONLINE || state == MEMBLOCK_STATE_GOING_OFFLINE;

	totals->blocks++;
	totals->online += online;
	totals->offline += state == MEMBLOCK_STATE_OFFLINE;
	totals->removable[removable]++;
	/* A verdict with reasons is always no. */
	for (unsigned i = 0; removable == MEMBLOCK_ANSWER_NO && i < TOTALS_REASONS; i++)
		totals->reasons[i] += memblock_block_has_reason(block, (enum memblock_reason)i);
	if (online && memblock_block_zones(block, zones) == 1 && zones[0] < TOTALS_ZONES)
		totals->zones[zones[0]]++;
}

void totals_of(const struct memblock_inventory *inventory, struct totals *ret)
{
	const struct memblock_block *block;

	*ret = (struct totals){};
	for (size_t i = 0; (block = memblock_inventory_block(inventory, i)); i++)
		totals_add(ret, block);
}
