/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "ctl.h"

/* A block's sub-section map as people read it. */
struct subsections {
	char **sections; /* a hex bitmap each, bit 0 the lowest sub-section */
	size_t n_sections;
	uint64_t first_section;
	bool derived; /* from iomem; else the kernel's own */
	uint64_t present;
	uint64_t all;
};

void subsections_done(struct subsections *map);

/* 0, -ENODATA where iomem could not be had, -ENOMEM. */
int subsections_read(const struct memblock_inventory *inventory, const struct memblock_block *block,
		     struct subsections *ret);
