/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>

/* Room for what the library's enums may yet gain. */
#define TOTALS_REASONS 32
#define TOTALS_ZONES 16

/* Blocks counted. */
struct totals {
	uint64_t blocks;
	uint64_t online; /* online and going offline */
	uint64_t offline;
	uint64_t removable[3];            /* by enum memblock_answer */
	uint64_t removable_offline[3];    /* the offline ones of those */
	uint64_t reasons[TOTALS_REASONS]; /* a block may count under several */
	uint64_t zones[TOTALS_ZONES];     /* online blocks by their zone */
};

/* Adds n blocks that are all like this one. */
void totals_add(struct totals *totals, const struct memblock_block *block, size_t n);

/* Counts all blocks of an inventory. */
void totals_of(const struct memblock_inventory *inventory, struct totals *ret);
