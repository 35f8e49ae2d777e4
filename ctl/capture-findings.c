/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "capture-findings.h"
#include "macros.h"

int findings_of_sections(struct memblock_root *root, const struct memblock_inventory *inventory,
			 char **ret)
{
	return memblock_sections_read(root, memblock_inventory_section_size(inventory), 0,
				      UINT64_MAX, ret);
}

static int pages_text(const struct memblock_inventory *inventory, char **ret)
{
	size_t n = memblock_inventory_n_blocks(inventory), n_counted = 0;
	_cleanup_free_ struct memblock_pages *counts = calloc(n + 1, sizeof(*counts));

	if (!counts)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		n_counted += memblock_block_pages(inventory, memblock_inventory_block(inventory, i),
						  &counts[n_counted]);
	return memblock_pages_to_text(counts, n_counted, ret);
}

int findings_of_pages(struct memblock_inventory *inventory, char **ret)
{
	enum memblock_source_state state;
	int r;

	r = memblock_inventory_read_pages(inventory, NULL, 0, false);
	if (r < 0)
		return r;
	state = memblock_inventory_source(inventory, MEMBLOCK_SOURCE_PAGES, NULL);
	if (state == MEMBLOCK_SOURCE_HIDDEN || state == MEMBLOCK_SOURCE_FAILED)
		return state == MEMBLOCK_SOURCE_HIDDEN ? -EACCES : -EIO;
	return pages_text(inventory, ret);
}
