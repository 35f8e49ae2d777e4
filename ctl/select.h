/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "ctl.h"

/* Finds the blocks that words name: 8, memory8, 8-12, or all. Calls `take` for each, in the order
 * of the words. 0, -EUSAGE for a word that names no block, -ENXIO for a block that is not there
 * (both told), or what take gave. */
int for_each_block(const struct ctl *ctl, const struct memblock_inventory *inventory, char **words,
		   int (*take)(const struct memblock_inventory *inventory,
			       const struct memblock_block *block, void *userdata),
		   void *userdata);
