/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "bus.h"

/* Has memblockd count the pages of the online blocks in some ranges, of all where n is 0, and adds
 * the counts to the inventory that it told of. What became of it is in
 * memblock_inventory_source(). 0, or -ENOMEM, untold. */
int bus_count_pages(struct memblock_inventory *inventory, const struct memblock_range *ranges,
		    size_t n);
