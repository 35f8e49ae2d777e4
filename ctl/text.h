/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "ctl.h"

/* How facts about a block read in every kind of output. Each returns text, cut where it is short.
 */
#define LIST_TEXT_MAX 160

/* "0,1"; "" where not known. */
char *nodes_text(const struct memblock_inventory *inventory, const struct memblock_block *block,
		 char text[LIST_TEXT_MAX]);
/* "Normal/Movable", as lsmem prints them. */
char *zones_text(const struct memblock_block *block, char text[LIST_TEXT_MAX]);
/* "hole,mixed-pmem". */
char *reasons_text(const struct memblock_block *block, char text[LIST_TEXT_MAX]);
/* "4" or "4-7". */
char *blocks_text(uint64_t first, uint64_t n, char text[LIST_TEXT_MAX]);
/* "PNP0C80:00"; "" where not known. */
const char *device_text(const struct memblock_inventory *inventory,
			const struct memblock_block *block);
/* "yes", "no"; "" where not known. */
const char *removable_text(const struct memblock_block *block);
