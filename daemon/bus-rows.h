/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "bus-connection.h"
#include "rows.h"

/* Appends one row of ListRanges and ListBlocks, MEMBLOCK_BUS_RANGE. */
int bus_append_row(sd_bus_message *message, const struct memblock_inventory *inventory,
		   const struct row *row);

/* Facts of one block, as rows and Block properties have them. */
int bus_append_nodes(sd_bus_message *message, const struct memblock_inventory *inventory,
		     const struct memblock_block *block, const char *type);
int bus_append_zones(sd_bus_message *message, const struct memblock_block *block);
int bus_append_reasons(sd_bus_message *message, const struct memblock_block *block);
