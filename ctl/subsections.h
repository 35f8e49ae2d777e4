/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "ctl.h"

/* A block's sub-section map as people read it. */
struct subsections {
	char **sections; /* a hex bitmap each, bit 0 the lowest sub-section */
	size_t n_sections;
	uint64_t first_section;
	uint64_t present;
	uint64_t all;
	uint64_t *words; /* as memblock_block_subsections() has them */
	size_t words_per_section;
};

void subsections_done(struct subsections *map);

/* Reads it from one source: MEMBLOCK_SOURCE_SECTIONS is the kernel's own, MEMBLOCK_SOURCE_IOMEM
 * derived. 0, -ENODATA where that source doesn't tell, -ENOMEM. */
int subsections_read(const struct memblock_inventory *inventory, const struct memblock_block *block,
		     enum memblock_source source, struct subsections *ret);

/* The next run of sub-sections from number `at` of the block on that one of two maps of a block has
 * and the other has not. False where there is none. */
bool subsections_differ(const struct subsections *map, const struct subsections *other, uint64_t at,
			uint64_t *ret_first, uint64_t *ret_n);
/* Whether a sub-section of the block is in the map. */
bool subsections_have(const struct subsections *map, uint64_t at);
