/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fake-tree.h"
#include "sources.h"

/* "40-48 ram dax0.0, 48-50 hole": in MiB, holes of no owner left out. */
static void render(const struct extents *extents, char text[1024])
{
	*text = '\0';
	for (size_t i = 0; i < extents->n; i++) {
		const struct memblock_extent *e = &extents->items[i];
		size_t length = strlen(text);

		if (e->kind == MEMBLOCK_KIND_HOLE && !e->owner)
			continue;
		assert_int_equal(e->mapped, e->kind == MEMBLOCK_KIND_RAM);
		snprintf(text + length, 1024 - length, "%s%" PRIx64 "-%" PRIx64 " %s%s%s",
			 length ? ", " : "", e->start >> 20, e->end >> 20,
			 memblock_kind_to_string(e->kind), e->owner ? " " : "",
			 e->owner ? e->owner : "");
	}
}

struct map_row {
	const char *name, *text, *map;
	int result;
};

static const struct map_row map_rows[] = {
	{ "nothing", "", "", 0 },
	{ "empty lines", "\n\n", "", 0 },
	{ "RAM", "00100000-3fffffff : System RAM\n", "1-400 ram", 0 },
	{ "the kernel's image is RAM",
	  "00100000-3fffffff : System RAM\n"
	  "  01000000-01ffffff : Kernel code\n"
	  "  02000000-02ffffff : Crash kernel\n",
	  "1-400 ram", 0 },
	{ "firmware-reserved",
	  "00000000-000fffff : Reserved\n"
	  "00100000-001fffff : ACPI Tables\n"
	  "00200000-002fffff : ACPI Non-volatile Storage\n"
	  "00300000-003fffff : Unusable memory\n"
	  "00400000-004fffff : reserved\n"
	  "00500000-005fffff : Unknown E820 type\n"
	  "00600000-006fffff : System ROM\n"
	  "00700000-007fffff : PCI Bus 0000:00\n",
	  "0-7 firmware-reserved", 0 },
	{ "reserved inside RAM is RAM (arm64)",
	  "40000000-7fffffff : System RAM\n"
	  "  50000000-50ffffff : reserved\n",
	  "400-800 ram", 0 },
	{ "legacy pmem",
	  "40000000-63ffffff : System RAM\n"
	  "64000000-67ffffff : Persistent Memory (legacy)\n"
	  "  64000000-67ffffff : namespace0.0\n"
	  "68000000-7fffffff : System RAM\n",
	  "400-640 ram, 640-680 pmem namespace0.0, 680-800 ram", 0 },
	{ "pmem without a namespace", "64000000-67ffffff : Persistent Memory\n", "640-680 pmem",
	  0 },
	{ "two namespaces",
	  "100000000-13fffffff : Persistent Memory\n"
	  "  100000000-10fffffff : namespace0.0\n"
	  "  120000000-13fffffff : namespace0.1\n",
	  "1000-1100 pmem namespace0.0, 1100-1200 pmem, 1200-1400 pmem namespace0.1", 0 },
	{ "kmem of pmem",
	  "100000000-13fffffff : Persistent Memory\n"
	  "  100000000-100ffffff : namespace0.0\n"
	  "  101000000-13fffffff : dax0.0\n"
	  "    108000000-137ffffff : System RAM (kmem)\n",
	  "1000-1010 pmem namespace0.0, 1010-1080 device-dax dax0.0, 1080-1380 ram dax0.0, "
	  "1380-1400 device-dax dax0.0",
	  0 },
	{ "kmem of soft-reserved memory",
	  "100000000-13fffffff : Soft Reserved\n"
	  "  100000000-11fffffff : dax0.0\n"
	  "    100000000-11fffffff : System RAM (kmem)\n"
	  "  120000000-13fffffff : hmem.0\n",
	  "1000-1200 ram dax0.0, 1200-1400 soft-reserved", 0 },
	{ "five levels: a CXL region",
	  "1050000000-304fffffff : CXL Window 0\n"
	  "  1050000000-105fffffff : region0\n"
	  "    1050000000-105fffffff : dax0.0\n"
	  "      1050000000-105fffffff : System RAM (kmem)\n"
	  "        1050000000-1050ffffff : inside\n",
	  "10500-10600 ram dax0.0", 0 },
	{ "deeper than five levels",
	  "00000000-0fffffff : a\n"
	  "  00000000-0fffffff : b\n"
	  "    00000000-0fffffff : c\n"
	  "      00000000-0fffffff : d\n"
	  "        00000000-0fffffff : e\n"
	  "          00000000-0fffffff : f\n"
	  "            00000000-0fffffff : System RAM\n",
	  "0-100 ram", 0 },
	{ "deeper than anything",
	  "00000000-0fffffff : System RAM\n"
	  "                                00000000-0fffffff : g\n",
	  "0-100 ram", 1 },
	{ "virtio-mem",
	  "140000000-23fffffff : virtio0\n"
	  "  140000000-147ffffff : System RAM (virtio_mem)\n"
	  "240000000-24fffffff : virtio1\n"
	  "  240000000-24fffffff : System RAM (virtio_mem)\n",
	  "1400-1480 ram virtio0, 1480-2400 hole virtio0, 2400-2500 ram virtio1", 0 },
	{ "names that only begin like owners",
	  "10000000-1fffffff : virtio-pci-legacy\n"
	  "20000000-2fffffff : daxx\n"
	  "30000000-3fffffff : dax1.\n"
	  "40000000-4fffffff : namespace\n"
	  "50000000-5fffffff : dax1.0x\n",
	  "", 0 },
	{ "unordered",
	  "40000000-7fffffff : System RAM\n"
	  "00000000-3fffffff : Persistent Memory\n",
	  "0-400 pmem, 400-800 ram", 0 },
	{ "neighbours become one",
	  "00100000-1fffffff : System RAM\n"
	  "20000000-3fffffff : System RAM\n",
	  "1-400 ram", 0 },
	{ "overlapping",
	  "00000000-3fffffff : System RAM\n"
	  "20000000-5fffffff : Persistent Memory\n",
	  "0-200 ram, 200-600 pmem", 0 },
	{ "a child larger than its parent",
	  "10000000-1fffffff : Reserved\n"
	  "  08000000-2fffffff : System RAM\n",
	  "80-100 ram, 100-200 firmware-reserved, 200-300 ram", 0 },
	{ "a level left out",
	  "10000000-1fffffff : Soft Reserved\n"
	  "    10000000-17ffffff : dax0.0\n"
	  "  18000000-1fffffff : thing\n",
	  "100-180 device-dax dax0.0, 180-200 soft-reserved", 0 },
	{ "a child before any parent", "  10000000-1fffffff : System RAM\n", "100-200 ram", 0 },
	{ "UTF-8", "10000000-1fffffff : System RAM\n  10000000-107fffff : Caf\xc3\xa9\n",
	  "100-200 ram", 0 },
	{ "not UTF-8", "10000000-1fffffff : \xff\xfe\n", "", 0 },
	{ "an empty name", "10000000-1fffffff : \n", "", 0 },
	{ "<BAD>", "10000000-1fffffff : <BAD>\n", "", 0 },
	{ "an empty resource", "10000000-0fffffff : System RAM\n20000000-2fffffff : System RAM\n",
	  "200-300 ram", 0 },
	{ "up to the end", "fffffffffff00000-ffffffffffffffff : Reserved\n",
	  "fffffffffff-fffffffffff firmware-reserved", 0 },
	{ "no name", "10000000-1fffffff\n20000000-2fffffff : System RAM\n", "200-300 ram", 1 },
	{ "no second address", "10000000\n20000000-2fffffff : System RAM\n", "200-300 ram", 1 },
	{ "cut off in the address", "20000000-2fffffff : System RAM\n30000000-", "200-300 ram", 1 },
	{ "no colon", "10000000-1fffffff System RAM\n", "", 1 },
	{ "no space", "10000000-1fffffff: System RAM\n", "", 1 },
	{ "backwards", "1fffffff-10000000 : System RAM\n", "", 1 },
	{ "too large an address", "10000000-1ffffffffffffffff : System RAM\n", "", 1 },
	{ "no digits", "xyz-1fffffff : System RAM\n", "", 1 },
	{ "odd indentation", " 10000000-1fffffff : System RAM\n", "", 1 },
	{ "a tab", "\t10000000-1fffffff : System RAM\n", "", 1 },
	{ "rubbish", "rubbish\nmore rubbish\n", "", 2 },
};

static int parse(struct iomem *iomem, const char *text, struct notes *notes)
{
	_cleanup_free_ char *copy = strdup(text);

	assert_non_null(copy);
	return iomem_parse(iomem, copy, 4096, notes);
}

static void test_map(void **state)
{
	const struct map_row *row = *state;
	_cleanup_(iomem_done) struct iomem iomem = {};
	_cleanup_notes_ struct notes notes = {};
	char text[1024];

	assert_int_equal(parse(&iomem, row->text, &notes), row->result);
	render(&iomem.map, text);
	assert_string_equal(text, row->map);
	assert_int_equal(notes.n, row->result);
}

static void test_note_names_line(void **state)
{
	_cleanup_(iomem_done) struct iomem iomem = {};
	_cleanup_notes_ struct notes notes = {};

	(void)state;
	assert_int_equal(parse(&iomem, "0-fff : Reserved\n\ntorn\n", &notes), 1);
	assert_string_equal(notes.items[0], "/proc/iomem:3: not a resource: \"torn\"");
}

/* What the hole rule counts: whole pages of System RAM. */
struct ram_row {
	const char *name, *text;
	uint64_t page_size, bytes;
};

static const struct ram_row ram_rows[] = {
	{ "whole pages", "00000000-00000fff : System RAM\n", 4096, 4096 },
	{ "the end is rounded down", "00001000-00001bff : System RAM\n", 4096, 0 },
	{ "the start is rounded up", "00000400-00001fff : System RAM\n", 4096, 4096 },
	{ "a page that two share is lost to both",
	  "00000000-00001bff : System RAM\n00001c00-00003fff : System RAM\n", 4096, 3 * 4096 },
	{ "64 KiB pages", "00001000-0002ffff : System RAM\n", 65536, 2 * 65536 },
	{ "a child of RAM takes nothing",
	  "00000000-0000ffff : System RAM\n  00001000-00001fff : reserved\n", 4096, 65536 },
	{ "RAM inside RAM counts once",
	  "00000000-0000ffff : System RAM\n  00001000-00001fff : System RAM\n", 4096, 65536 },
	{ "RAM inside of a dax device counts",
	  "00000000-0000ffff : dax0.0\n  00001000-00001fff : System RAM (kmem)\n", 4096, 4096 },
	{ "the device doesn't", "00000000-0000ffff : dax0.0\n", 4096, 0 },
	{ "at the end of the address space", "fffffffffffffffe-ffffffffffffffff : System RAM\n",
	  4096, 0 },
};

static void test_ram(void **state)
{
	const struct ram_row *row = *state;
	_cleanup_(iomem_done) struct iomem iomem = {};
	_cleanup_free_ char *copy = strdup(row->text);

	assert_non_null(copy);
	assert_int_equal(iomem_parse(&iomem, copy, row->page_size, NULL), 0);
	assert_int_equal(extents_covered(&iomem.ram, 0, UINT64_MAX), row->bytes);
}

static void test_hidden_addresses(void **state)
{
	_cleanup_(iomem_done) struct iomem iomem = {}, narrow = {};

	(void)state;
	assert_int_equal(parse(&iomem,
			       "0000000000000000-0000000000000000 : System RAM\n"
			       "  0000000000000000-0000000000000000 : Kernel code\n",
			       NULL),
			 -EACCES);
	assert_int_equal(parse(&narrow, "00000000-00000000 : System RAM\n", NULL), -EACCES);
}

static void test_owner(void **state)
{
	_cleanup_(iomem_done) struct iomem iomem = {};
	const struct owner *owner;

	(void)state;
	assert_int_equal(parse(&iomem,
			       "1050000000-304fffffff : CXL Window 0\n"
			       "  1050000000-105fffffff : region0\n"
			       "    1050000000-105fffffff : dax0.0\n"
			       "4000000000-40ffffffff : Soft Reserved\n"
			       "  4000000000-40ffffffff : dax1.0\n",
			       NULL),
			 0);
	owner = owner_of(iomem.map.items[0].owner);
	assert_non_null(owner);
	assert_string_equal(owner->name, "dax0.0");
	assert_int_equal(owner->provider, MEMBLOCK_PROVIDER_CXL);
	owner = owner_of(iomem.map.items[iomem.map.n - 1].owner);
	assert_non_null(owner);
	assert_string_equal(owner->name, "dax1.0");
	assert_int_equal(owner->provider, MEMBLOCK_PROVIDER_DAX);
	assert_null(owner_of(NULL));
}

/* A note of each line, however many. */
static void test_much_rubbish(void **state)
{
	_cleanup_(iomem_done) struct iomem iomem = {};
	_cleanup_free_ char *text = malloc(80001);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < 80000; i += 2)
		memcpy(text + i, "x\n", 3);
	assert_int_equal(iomem_parse(&iomem, text, 4096, NULL), INT16_MAX);
}

struct source_row {
	const char *name, *text;
	enum memblock_source_state source_state;
	const char *says;
};

static const struct source_row source_rows[] = {
	{ "read", "00100000-3fffffff : System RAM\n", MEMBLOCK_SOURCE_READ, NULL },
	{ "absent", NULL, MEMBLOCK_SOURCE_ABSENT, "no /proc/iomem" },
	{ "hidden", "00000000-00000000 : System RAM\n", MEMBLOCK_SOURCE_HIDDEN, "CAP_SYS_ADMIN" },
	{ "damaged", "00100000-3fffffff : System RAM\ntorn\n", MEMBLOCK_SOURCE_DAMAGED, "1 line" },
	{ "empty", "", MEMBLOCK_SOURCE_FAILED, "no System RAM" },
	{ "no RAM in it", "00100000-3fffffff : Reserved\n", MEMBLOCK_SOURCE_FAILED,
	  "no System RAM" },
	{ "rubbish alone", "rubbish\n", MEMBLOCK_SOURCE_FAILED, "no System RAM" },
	/* The kernel ends every line: without it the last may be half of one, and what it doesn't
	 * say would look like a hole. */
	{ "cut off in the last name", "00100000-3fffffff : System RAM\n40000000-7fffffff : Sys",
	  MEMBLOCK_SOURCE_DAMAGED, "1 line" },
};

static void test_source(void **state)
{
	const struct source_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	const char *text = NULL;

	if (row->text)
		write_file(tree, "proc/iomem", "%s", row->text);
	inventory = scan(tree);
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_IOMEM, &text),
			 row->source_state);
	if (!row->says) {
		assert_null(text);
		return;
	}
	assert_non_null(text);
	assert_non_null(strstr(text, row->says));
}

static void test_nul_byte(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	write_bytes(tree, "proc/iomem", "0-fff : System RAM\n\0", 20);
	inventory = scan(tree);
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_IOMEM, NULL),
			 MEMBLOCK_SOURCE_FAILED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_note_names_line), cmocka_unit_test(test_hidden_addresses),
		cmocka_unit_test(test_owner),           cmocka_unit_test(test_much_rubbish),
		cmocka_unit_test(test_nul_byte),
	};

	return RUN_ROWS(map_rows, test_map) + RUN_ROWS(ram_rows, test_ram) +
	       RUN_ROWS(source_rows, test_source) + RUN_TESTS(tests);
}
