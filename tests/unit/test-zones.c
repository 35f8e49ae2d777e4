/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "sources.h"
#include "unit.h"

struct row {
	const char *name; /* the file's text */
	const char *zones, *unknown;
};

static const struct row rows[] = {
	{ "Normal", "Normal", NULL },
	{ "none", "None", NULL },
	{ "DMA", "DMA", NULL },
	{ "DMA32", "DMA32", NULL },
	{ "HighMem", "Highmem", NULL },
	{ "Movable", "Movable", NULL },
	{ "Device", "Device", NULL },
	{ "Normal Movable", "Normal Movable", NULL },
	{ "Movable Normal", "Movable Normal", NULL },
	{ "  Normal   Movable  ", "Normal Movable", NULL },
	{ "DMA DMA32 Normal Movable", "DMA DMA32 Normal Movable", NULL },
	{ "DMA DMA32 Normal Movable Device", "DMA DMA32 Normal Movable", NULL },
	{ "", "", NULL },
	{ "   ", "", NULL },
	{ "Future", "Unknown", "Future" },
	{ "Normal Future", "Normal Unknown", "Future" },
	{ "Future Movable Other", "Unknown Movable Unknown", "Future" },
	{ "Normal\tMovable", "Unknown", "Normal\tMovable" },
};

static void test_parse(void **state)
{
	const struct row *row = *state;
	struct memblock_block block = {};
	enum memblock_zone zones[MEMBLOCK_ZONES_MAX];
	_cleanup_free_ char *copy = strdup(row->name);
	const char *unknown = "untouched";
	char text[128] = "";
	size_t n;

	assert_non_null(copy);
	block.zones = zones_parse(copy, &unknown);
	n = memblock_block_zones(&block, zones);
	for (size_t i = 0; i < n; i++) {
		strcat(text, i ? " " : "");
		strcat(text, memblock_zone_to_string(zones[i]));
	}
	assert_string_equal(text, row->zones);
	if (row->unknown)
		assert_string_equal(unknown, row->unknown);
	else
		assert_null(unknown);
}

int main(void)
{
	return RUN_ROWS(rows, test_parse);
}
