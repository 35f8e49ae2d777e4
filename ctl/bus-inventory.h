/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "bus.h"

/* Rows of ListRanges and ListBlocks. Their texts belong to the messages that they came in. */
struct bus_row {
	struct memblock_report_range range;
	enum memblock_zone zones[MEMBLOCK_ZONES_MAX];
	enum memblock_reason reasons[32];
};

struct bus_rows {
	struct bus_row *items;
	size_t n;
	size_t capacity;
};

void bus_rows_done(struct bus_rows *rows);

/* Reads a reply's array of rows behind those that are there. 0 or a negative errno. */
int bus_rows_read(struct bus_rows *rows, sd_bus_message *message);

/* An inventory of rows alone, with the block size and nothing of the machine. 0 or a negative
 * errno. */
int bus_rows_inventory(const struct bus_rows *rows, uint64_t block_size,
		       struct memblock_inventory **ret);

/* The inventory that memblockd keeps, as if it had been read here. Untold; ret_why is set to why
 * not, to be freed. */
int bus_inventory(const struct ctl *ctl, struct memblock_inventory **ret, char **ret_why);
