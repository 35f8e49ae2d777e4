/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "verdict.h"

/*
 * What was told of a block of an inventory that somebody else read, as the functions of
 * libmemblock.h without "reported_" answer it. Evidence is added to the list.
 */
int reported_composition(const struct memblock_inventory *inventory,
			 const struct memblock_block *block, struct memblock_extent **ret);
int reported_subsections(const struct memblock_inventory *inventory,
			 const struct memblock_block *block, enum memblock_source source,
			 uint64_t **ret, size_t *ret_n);
int reported_section_flags(const struct memblock_inventory *inventory,
			   const struct memblock_block *block, uint32_t **ret);
/* What was told, and what page counts add to it. 0 or -ENOMEM. */
int reported_verdict(const struct memblock_inventory *inventory, const struct memblock_block *block,
		     struct verdict *ret);
int reported_evidence(const struct memblock_inventory *inventory,
		      const struct memblock_block *block, struct notes *evidence);
