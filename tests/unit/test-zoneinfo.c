/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fake-tree.h"
#include "sources.h"

struct row {
	const char *name, *text, *spans; /* in pages: "0 DMA 1-4096" */
	int result;
};

#define ZONE(node, zone, spanned, present, start)                                     \
	"Node " node ", zone " zone "\n"                                              \
	"  pages free     1\n        spanned  " spanned "\n        present  " present \
	"\n        managed  " present "\n        protection: (0, 0)\n"                \
	"  start_pfn:           " start "\n"
#define UNPOPULATED(node, zone, spanned)                                         \
	"Node " node ", zone " zone "\n"                                         \
	"  pages free     0\n        spanned  " spanned "\n        present  0\n" \
	"        managed  0\n        protection: (0, 0)\n"

static const struct row rows[] = {
	{ "nothing", "", "", 0 },
	{ "one zone", ZONE("0", "     DMA", "4095", "3998", "1"), "0 DMA 1-4096", 0 },
	{ "per-node stats between",
	  "Node 0, zone      DMA\n  per-node stats\n      nr_mapped    0\n  pages free     5\n"
	  "        spanned  4095\n        present  3998\n  start_pfn:           1\n",
	  "0 DMA 1-4096", 0 },
	{ "two nodes",
	  ZONE("0", "  Normal", "100", "100", "0") ZONE("12", " Movable", "50", "50", "100"),
	  "0 Normal 0-100, 12 Movable 100-150", 0 },
	{ "an unpopulated zone",
	  UNPOPULATED("0", "Movable", "0") ZONE("1", "  Normal", "100", "90", "8"),
	  "1 Normal 8-108", 0 },
	{ "a zone of device memory spans pages, but has none and says no start",
	  UNPOPULATED("0", " Device", "4096") ZONE("1", "  Normal", "100", "90", "8"),
	  "1 Normal 8-108", 0 },
	{ "a zone never heard of", ZONE("0", "Future", "10", "10", "0"), "0 Unknown 0-10", 0 },
	{ "lines outside of any zone", "        spanned  10\n  start_pfn:           1\n", "", 0 },
	{ "a second start_pfn is not the zone's",
	  ZONE("0", "DMA", "10", "10", "1") "  start_pfn:           9\n", "0 DMA 1-11", 0 },
	{ "no node number", "Node x, zone DMA\n        spanned  10\n  start_pfn: 1\n", "", 1 },
	{ "no comma", "Node 0 zone DMA\n", "", 1 },
	{ "no zone", "Node 0, DMA\n", "", 1 },
	{ "no name", "Node 0, zone \n", "", 1 },
	{ "too large a node", "Node 99999, zone DMA\n", "", 1 },
	{ "the start overflows", ZONE("0", "DMA", "10", "10", "18446744073709551615"), "", 1 },
	{ "the length overflows", ZONE("0", "DMA", "18446744073709551615", "1", "1"), "", 1 },
	{ "the end overflows", ZONE("0", "DMA", "4503599627370495", "1", "4503599627370495"), "",
	  1 },
	/* Without its span a node would seem not to be where it overlaps another. */
	{ "torn: spanned is no number", ZONE("0", "DMA", "12x", "10", "1"), "", 1 },
	{ "torn: start_pfn is no number", ZONE("0", "DMA", "12", "10", "1x"), "", 1 },
	{ "torn: it ends before a populated zone's start",
	  "Node 0, zone DMA\n        spanned  10\n        present  10\n", "", 1 },
	{ "torn: the next zone comes first",
	  "Node 0, zone DMA\n        spanned  10\n        present  10\n" ZONE("1", "DMA", "10",
									      "10", "1"),
	  "1 DMA 1-11", 1 },
};

static void test_parse(void **state)
{
	const struct row *row = *state;
	_cleanup_free_ char *copy = strdup(row->text);
	_cleanup_notes_ struct notes notes = {};
	struct zone_spans spans = {};
	char text[512] = "";
	int r;

	assert_non_null(copy);
	r = zoneinfo_parse(&spans, copy, 4096, &notes);
	for (size_t i = 0; i < spans.n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "%s%d %s %" PRIu64 "-%" PRIu64, i ? ", " : "", spans.items[i].nid,
			 memblock_zone_to_string(spans.items[i].zone), spans.items[i].start / 4096,
			 spans.items[i].end / 4096);
	free(spans.items);

	assert_string_equal(text, row->spans);
	assert_int_equal(r, row->result);
	assert_int_equal(notes.n, row->result);
}

static void test_managed(void **state)
{
	(void)state;
	assert_int_equal(zoneinfo_managed_pages(""), 0);
	assert_int_equal(zoneinfo_managed_pages("        managed  3840\n"), 3840);
	assert_int_equal(zoneinfo_managed_pages(ZONE("0", "DMA", "9", "5", "0")
							ZONE("0", "DMA32", "9", "7", "9")),
			 12);
	assert_int_equal(zoneinfo_managed_pages("  managed  18446744073709551615\n  managed  1\n"),
			 0);
	assert_int_equal(zoneinfo_managed_pages("  managed  x\n"), 0);
}

struct source_row {
	const char *name, *architecture, *text;
	enum memblock_source_state source_state;
};

static const struct source_row source_rows[] = {
	{ "read", "x86_64", ZONE("0", "DMA", "10", "10", "1"), MEMBLOCK_SOURCE_READ },
	{ "absent", "x86_64", NULL, MEMBLOCK_SOURCE_ABSENT },
	{ "damaged", "x86_64", "Node x\n", MEMBLOCK_SOURCE_DAMAGED },
	{ "page size not known", "aarch64", ZONE("0", "DMA", "10", "10", "1"),
	  MEMBLOCK_SOURCE_FAILED },
};

static void test_source(void **state)
{
	const struct source_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	const char *text = NULL;

	write_file(tree, "proc/sys/kernel/arch", "%s\n", row->architecture);
	if (row->text)
		write_file(tree, "proc/zoneinfo", "%s", row->text);
	inventory = scan(tree);
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_ZONEINFO, &text),
			 row->source_state);
	assert_true(row->source_state == MEMBLOCK_SOURCE_READ ? !text : text && *text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_managed) };

	return RUN_ROWS(rows, test_parse) + RUN_ROWS(source_rows, test_source) + RUN_TESTS(tests);
}
