/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "composition.h"
#include "fake-tree.h"
#include "sources.h"

/* An inventory in memory: block 8, at 1024 MiB, and what a row says of it. */
struct row {
	const char *name;
	int nid; /* of the block; SEVERAL means 0 and 1 */
	enum memblock_state state;
	const char *zones;         /* valid_zones */
	struct zone_span spans[4]; /* in MiB */
	struct memblock_extent affinities[3];
	const char *composition; /* "1024-1088 ram 0 Normal, ..." */
};

#define SEVERAL MEMBLOCK_NID_SEVERAL
#define UNKNOWN MEMBLOCK_NID_UNKNOWN
#define ONLINE MEMBLOCK_STATE_ONLINE
#define OFFLINE MEMBLOCK_STATE_OFFLINE
#define NORMAL MEMBLOCK_ZONE_NORMAL
#define MOVABLE MEMBLOCK_ZONE_MOVABLE

static const struct row rows[] = {
	{ "one node, one zone",
	  0,
	  ONLINE,
	  "Normal",
	  { { 0, 2048, 0, NORMAL, 0, false } },
	  {},
	  "1024-1152 ram 0 Normal" },
	{ "no zoneinfo: the block's own link and zone",
	  0,
	  ONLINE,
	  "Normal",
	  {},
	  {},
	  "1024-1152 ram 0 Normal" },
	{ "no zoneinfo, no link: SRAT",
	  UNKNOWN,
	  ONLINE,
	  "Normal",
	  {},
	  { { .start = 0, .end = 2048, .nid = 3 } },
	  "1024-1152 ram 3 Normal" },
	{ "nothing is known", UNKNOWN, ONLINE, "", {}, {}, "1024-1152 ram -1 Unknown" },
	{ "offline memory is in no zone",
	  0,
	  OFFLINE,
	  "Normal Movable",
	  { { 0, 2048, 0, NORMAL, 0, false } },
	  {},
	  "1024-1152 ram 0 None" },
	{ "two nodes side by side",
	  SEVERAL,
	  ONLINE,
	  "none",
	  { { 0, 1088, 0, NORMAL, 0, false }, { 1088, 2048, 1, NORMAL, 0, false } },
	  {},
	  "1024-1088 ram 0 Normal, 1088-1152 ram 1 Normal" },
	{ "spans beat SRAT (numa=fake)",
	  SEVERAL,
	  ONLINE,
	  "none",
	  { { 0, 1088, 0, NORMAL, 0, false }, { 1088, 2048, 1, NORMAL, 0, false } },
	  { { .start = 0, .end = 2048, .nid = 0 } },
	  "1024-1088 ram 0 Normal, 1088-1152 ram 1 Normal" },
	{ "SRAT decides where spans overlap",
	  SEVERAL,
	  ONLINE,
	  "none",
	  { { 0, 2048, 0, NORMAL, 0, false }, { 512, 2048, 1, NORMAL, 0, false } },
	  { { .start = 0, .end = 1056, .nid = 0 }, { .start = 1056, .end = 2048, .nid = 1 } },
	  "1024-1056 ram 0 Normal, 1056-1152 ram 1 Normal" },
	{ "SRAT says a node that doesn't link the block",
	  SEVERAL,
	  ONLINE,
	  "none",
	  { { 0, 2048, 0, NORMAL, 0, false }, { 512, 2048, 1, NORMAL, 0, false } },
	  { { .start = 0, .end = 2048, .nid = 7 } },
	  "1024-1152 ram -1 None" },
	{ "spans overlap and there is no SRAT",
	  SEVERAL,
	  ONLINE,
	  "none",
	  { { 0, 2048, 0, NORMAL, 0, false }, { 512, 2048, 1, NORMAL, 0, false } },
	  {},
	  "1024-1152 ram -1 None" },
	{ "SRAT covers a part",
	  SEVERAL,
	  ONLINE,
	  "none",
	  { { 0, 2048, 0, NORMAL, 0, false }, { 512, 2048, 1, NORMAL, 0, false } },
	  { { .start = 1056, .end = 1060, .nid = 1 } },
	  "1024-1056 ram -1 None, 1056-1060 ram 1 Normal, 1060-1152 ram -1 None" },
	{ "spans overlap, but the block hangs on one node",
	  1,
	  ONLINE,
	  "Normal",
	  { { 0, 2048, 0, NORMAL, 0, false }, { 512, 2048, 1, NORMAL, 0, false } },
	  { { .start = 0, .end = 2048, .nid = 0 } },
	  "1024-1152 ram 1 Normal" },
	{ "a third node spans it, and doesn't link it",
	  SEVERAL,
	  ONLINE,
	  "none",
	  { { 0, 1088, 0, NORMAL, 0, false },
	    { 1088, 2048, 1, NORMAL, 0, false },
	    { 0, 4096, 2, NORMAL, 0, false } },
	  {},
	  "1024-1088 ram 0 Normal, 1088-1152 ram 1 Normal" },
	{ "a zone border on one node",
	  0,
	  ONLINE,
	  "none",
	  { { 0, 1100, 0, NORMAL, 0, false }, { 1100, 2048, 0, MOVABLE, 0, false } },
	  {},
	  "1024-1100 ram 0 Normal, 1100-1152 ram 0 Movable" },
	{ "zones of one node overlap, the block names one",
	  0,
	  ONLINE,
	  "Movable",
	  { { 0, 2048, 0, NORMAL, 0, false }, { 512, 2048, 0, MOVABLE, 0, false } },
	  {},
	  "1024-1152 ram 0 Movable" },
	{ "zones of one node overlap, the block names none",
	  0,
	  ONLINE,
	  "none",
	  { { 0, 2048, 0, NORMAL, 0, false }, { 1100, 2048, 0, MOVABLE, 0, false } },
	  {},
	  "1024-1100 ram 0 Normal, 1100-1152 ram 0 Unknown" },
	{ "device memory's span says nothing",
	  0,
	  ONLINE,
	  "none",
	  { { 0, 1100, 0, NORMAL, 0, false },
	    { 1024, 1152, 1, MEMBLOCK_ZONE_DEVICE, 0, false },
	    { 1024, 1152, 0, MEMBLOCK_ZONE_DEVICE, 0, false } },
	  {},
	  "1024-1100 ram 0 Normal, 1100-1152 ram 0 None" },
	{ "borders inside and outside of the block",
	  UNKNOWN,
	  ONLINE,
	  "none",
	  { { 0, 1025, 0, NORMAL, 0, false },
	    { 1025, 1030, 1, NORMAL, 0, false },
	    { 1030, 9999, 2, NORMAL, 0, false } },
	  {},
	  "1024-1025 ram 0 Normal, 1025-1030 ram 1 Normal, 1030-1152 ram 2 Normal" },
};

static void make_inventory(const struct row *row, const char *iomem, struct memblock_inventory *ret,
			   struct memblock_block *block)
{
	static int nids[] = { 0, 1 };
	static struct node_set set = { nids, ARRAY_SIZE(nids) };
	_cleanup_free_ char *zones = strdup(row->zones), *text = strdup(iomem);
	const char *unknown;

	assert_non_null(zones);
	assert_non_null(text);
	*ret = (struct memblock_inventory){
		.block_size = MIB(128),
		.section_size = MIB(128),
		.node_sets = { &set, 1, 1 },
		.sources[MEMBLOCK_SOURCE_IOMEM].state = MEMBLOCK_SOURCE_READ,
	};
	*block = (struct memblock_block){
		.index = 8,
		.nid = row->nid,
		.state = (uint8_t)row->state,
		.zones = zones_parse(zones, &unknown),
	};
	assert_int_equal(iomem_parse(&ret->iomem, text, 4096, NULL), 0);
}

static void make_borders(const struct row *row, struct memblock_inventory *inventory,
			 struct zone_span spans[4])
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(row->spans) && row->spans[i].end; i++) {
		spans[n] = row->spans[i];
		spans[n].start = MIB(spans[n].start);
		spans[n++].end = MIB(row->spans[i].end);
	}
	inventory->spans = (struct zone_spans){ spans, n, n };
	if (n > 0)
		inventory->sources[MEMBLOCK_SOURCE_ZONEINFO].state = MEMBLOCK_SOURCE_READ;
	for (size_t i = 0; i < ARRAY_SIZE(row->affinities); i++) {
		struct memblock_extent extent = row->affinities[i];

		extent.start = MIB(extent.start);
		extent.end = MIB(extent.end);
		assert_int_equal(extents_append(&inventory->affinities, &extent), 0);
	}
}

static void render(const struct memblock_extent *extents, int n, char text[512])
{
	*text = '\0';
	for (int i = 0; i < n; i++)
		snprintf(text + strlen(text), 512 - strlen(text),
			 "%s%" PRIu64 "-%" PRIu64 " %s %d %s%s%s", i ? ", " : "",
			 extents[i].start >> 20, extents[i].end >> 20,
			 memblock_kind_to_string(extents[i].kind), extents[i].nid,
			 memblock_zone_to_string(extents[i].zone), extents[i].owner ? " " : "",
			 extents[i].owner ? extents[i].owner : "");
}

static void test_composition(void **state)
{
	const struct row *row = *state;
	struct memblock_inventory inventory;
	struct memblock_block block;
	struct zone_span spans[4];
	_cleanup_free_ struct memblock_extent *extents = NULL;
	char text[512];
	int n;

	make_inventory(row, "00100000-7fffffff : System RAM\n", &inventory, &block);
	make_borders(row, &inventory, spans);
	n = memblock_block_composition(&inventory, &block, &extents);
	extents_done(&inventory.affinities);
	render(extents, n, text);
	iomem_done(&inventory.iomem);
	assert_string_equal(text, row->composition);
}

static void test_kinds(void **state)
{
	static const struct row row = { .nid = 1, .state = ONLINE, .zones = "Normal" };
	struct memblock_inventory inventory;
	struct memblock_block block;
	_cleanup_free_ struct memblock_extent *extents = NULL;
	char text[512];
	int n;

	(void)state;
	make_inventory(&row,
		       "40000000-41ffffff : System RAM\n"
		       "42000000-43ffffff : Persistent Memory\n"
		       "  42000000-43ffffff : namespace1.0\n"
		       "44000000-44ffffff : Reserved\n"
		       "45000000-45ffffff : PCI Bus 0000:00\n"
		       "47000000-4fffffff : System RAM\n",
		       &inventory, &block);
	n = memblock_block_composition(&inventory, &block, &extents);
	render(extents, n, text);
	iomem_done(&inventory.iomem);
	assert_string_equal(text, "1024-1056 ram 1 Normal, 1056-1088 pmem -1 None namespace1.0, "
				  "1088-1104 firmware-reserved -1 None, 1104-1136 hole -1 None, "
				  "1136-1152 ram 1 Normal");
}

static void test_no_iomem(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	struct memblock_extent *extents = NULL;
	uint64_t *words = NULL;
	enum memblock_source source;
	size_t n = 0;

	(void)state;
	add_block(tree, 8, "online", "Normal", 0);
	inventory = scan(tree);
	assert_int_equal(memblock_block_composition(inventory, block_of(inventory, 8), &extents),
			 -ENODATA);
	assert_int_equal(
		memblock_block_subsections(inventory, block_of(inventory, 8), &words, &n, &source),
		-ENODATA);
	assert_null(extents);
	assert_null(words);
}

/* Sub-sections: how many words a section takes, and which bits are set. */
struct bits_row {
	const char *name, *architecture;
	const char *block_size; /* as the file has it */
	uint64_t index;
	const char *iomem;
	int words;
	size_t n;
	uint64_t expected[16];
};

#define ALL UINT64_MAX

static const struct bits_row bits_rows[] = {
	{ "a whole block",
	  "x86_64",
	  "8000000",
	  8,
	  "40000000-47ffffff : System RAM\n",
	  1,
	  1,
	  { ALL } },
	{ "a hole of 4 MiB",
	  "x86_64",
	  "8000000",
	  9,
	  "40000000-4affffff : System RAM\n4b400000-4fffffff : System RAM\n",
	  1,
	  1,
	  { 0xfffffffffcffffff } },
	{ "a hole of less than 2 MiB doesn't show",
	  "x86_64",
	  "8000000",
	  8,
	  "40000000-410fffff : System RAM\n41200000-47ffffff : System RAM\n",
	  1,
	  1,
	  { ALL } },
	{ "one byte is enough",
	  "x86_64",
	  "8000000",
	  8,
	  "00100000-3fffffff : System RAM\n47ffffff-47ffffff : System RAM\n",
	  1,
	  1,
	  { UINT64_C(1) << 63 } },
	{ "nothing of it",
	  "x86_64",
	  "8000000",
	  8,
	  "00000000-3fffffff : System RAM\n",
	  1,
	  1,
	  { 0 } },
	{ "raw pmem has no pages",
	  "x86_64",
	  "8000000",
	  8,
	  "40000000-43ffffff : System RAM\n44000000-47ffffff : Persistent Memory\n",
	  1,
	  1,
	  { 0xffffffff } },
	{ "ppc64: 16 MiB sections",
	  "ppc64le",
	  "1000000",
	  64,
	  "40000000-409fffff : System RAM\n",
	  1,
	  1,
	  { 0x1f } },
	{ "ppc64: 64 MiB blocks of 4 sections",
	  "ppc64le",
	  "4000000",
	  16,
	  "40000000-409fffff : System RAM\n41000000-41ffffff : System RAM\n"
	  "43e00000-43ffffff : System RAM\n",
	  1,
	  4,
	  { 0x1f, 0xff, 0, 0x80 } },
	{ "arm64: a section of 1 GiB takes eight words",
	  "aarch64",
	  "40000000",
	  1,
	  "40000000-5fffffff : System RAM\n7fe00000-7fffffff : System RAM\n",
	  8,
	  8,
	  { ALL, ALL, ALL, ALL, 0, 0, 0, UINT64_C(1) << 63 } },
	{ "x86-64: 2 GiB blocks of 16 sections",
	  "x86_64",
	  "80000000",
	  1,
	  "80000000-87ffffff : System RAM\n90000000-901fffff : System RAM\n"
	  "f8000000-ffffffff : System RAM\n",
	  1,
	  16,
	  { ALL, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ALL } },
	{ "section size not known: the block whole",
	  "m68k",
	  "10000000",
	  4,
	  "40000000-47ffffff : System RAM\n4fe00000-4fffffff : System RAM\n",
	  2,
	  2,
	  { ALL, UINT64_C(1) << 63 } },
	{ "a block of one sub-section",
	  "m68k",
	  "200000",
	  512,
	  "40000000-401fffff : System RAM\n",
	  1,
	  1,
	  { 1 } },
};

static void test_subsections(void **state)
{
	const struct bits_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	_cleanup_free_ uint64_t *words = NULL;
	enum memblock_source source;
	size_t n = 0;

	write_file(tree, "proc/sys/kernel/arch", "%s\n", row->architecture);
	write_file(tree, "sys/devices/system/memory/block_size_bytes", "%s\n", row->block_size);
	write_file(tree, "proc/iomem", "%s", row->iomem);
	add_block(tree, row->index, "online", "Normal", 0);
	inventory = scan(tree);
	assert_int_equal(memblock_block_subsections(inventory, block_of(inventory, row->index),
						    &words, &n, &source),
			 row->words);
	assert_int_equal(n, row->n);
	assert_memory_equal(words, row->expected, n * sizeof(*words));
}

static void test_mapped_pmem(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	_cleanup_free_ uint64_t *words = NULL;
	enum memblock_source source;
	size_t n = 0;

	(void)state;
	write_file(tree, "proc/iomem",
		   "40000000-43ffffff : System RAM\n"
		   "44000000-45ffffff : Persistent Memory\n"
		   "  44000000-45ffffff : namespace0.0\n");
	add_namespace(tree, "namespace0.0", "0x44000000", "33554432", "memory", "../nd_pmem");
	add_block(tree, 8, "online", "Normal", 0);
	inventory = scan(tree);
	assert_int_equal(
		memblock_block_subsections(inventory, block_of(inventory, 8), &words, &n, &source),
		1);
	assert_int_equal(words[0], 0xffffffffffff);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_no_iomem),
		cmocka_unit_test(test_mapped_pmem),
	};

	return RUN_ROWS(rows, test_composition) + RUN_ROWS(bits_rows, test_subsections) +
	       RUN_TESTS(tests);
}
