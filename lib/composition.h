/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "inventory.h"

/*
 * A block's slice of the resource map, with node and zone: a pure function. An extent's node is, of
 * the nodes that link the block, the one whose zones span it; where the spans of several overlap,
 * SRAT decides (the spans come first: numa=fake makes SRAT wrong). 0 or -ENOMEM.
 */
int composition_of(const struct memblock_inventory *inventory, const struct memblock_block *block,
		   struct extents *ret);

/* The first range of sub-sections in which the kernel's map of a block and the one derived from
 * iomem differ: which of them has it, 0 where they agree or one is not known, or -ENOMEM. */
enum {
	SUBSECTIONS_KERNEL_ONLY = 1,
	SUBSECTIONS_DERIVED_ONLY,
};
int subsections_difference(const struct memblock_inventory *inventory,
			   const struct memblock_block *block, struct memblock_range *ret);
