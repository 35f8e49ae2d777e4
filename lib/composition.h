/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "inventory.h"

/*
 * A block's slice of the resource map, with node and zone: a pure function. An extent's node is
 * the one whose zones span it; where the spans of several nodes overlap, SRAT decides among them
 * (the spans come first: numa=fake makes SRAT wrong), and where that can't, the block's own link if
 * it has one only. 0 or -ENOMEM.
 */
int composition_of(const struct memblock_inventory *inventory, const struct memblock_block *block,
		   struct extents *ret);
