/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "print-block.h"
#include "block-json.h"
#include "bus-count.h"

/* Apart from its target, since headers of memblockctl and those inside of the library don't go
 * together. */

/* What load-pages.c has of memblockd, which is not asked here. */
int bus_count_pages(struct memblock_inventory *inventory, const struct memblock_range *ranges,
		    size_t n)
{
	(void)inventory;
	(void)ranges;
	(void)n;
	return 0;
}

bool print_block(const struct memblock_inventory *inventory, const struct memblock_block *block)
{
	_cleanup_json_ json_object *object = NULL, *again = NULL;
	int r = 0;

	object = block_json(inventory, block, &r);
	if (r >= 0)
		again = json_tokener_parse(json_object_to_json_string(object));
	return again;
}
