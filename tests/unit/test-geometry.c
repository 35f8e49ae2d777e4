/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-tree.h"
#include "geometry.h"

struct section_row {
	const char *name, *architecture, *release;
	uint64_t block_size, section_size;
};

static const struct section_row section_rows[] = {
	{ "x86-64", "x86_64", "6.1.0", MIB(128), MIB(128) },
	{ "x86-64, 2 GiB blocks", "x86_64", "6.1.0", GIB(2), MIB(128) },
	{ "x86-64, release not known", "x86_64", NULL, MIB(128), MIB(128) },
	{ "x86-64, a block smaller than a section", "x86_64", "6.1.0", MIB(64), 0 },
	{ "arm64, 4 KiB pages", "aarch64", "6.1.0", MIB(128), MIB(128) },
	{ "arm64, 64 KiB pages", "aarch64", "6.1.0", MIB(512), MIB(512) },
	{ "arm64 up to 5.13", "aarch64", "5.10.0", GIB(1), GIB(1) },
	{ "riscv64", "riscv64", "6.1.0", MIB(128), MIB(128) },
	{ "loongarch64", "loongarch64", "6.12.0", MIB(512), MIB(512) },
	{ "ppc64le", "ppc64le", "6.1.0", MIB(256), MIB(16) },
	{ "ppc64le, the smallest block", "ppc64le", "6.1.0", MIB(16), MIB(16) },
	{ "ppc64", "ppc64", "6.1.0", MIB(256), MIB(16) },
	{ "s390x up to 6.12", "s390x", "6.12.43", MIB(256), MIB(256) },
	{ "s390x, large increments", "s390x", "5.10.0-30-s390x", GIB(1), MIB(256) },
	{ "s390x from 6.19", "s390x", "6.19.0", MIB(256), MIB(128) },
	{ "s390x 7.1", "s390x", "7.1.5", GIB(1), MIB(128) },
	{ "s390x between the two", "s390x", "6.15.1", MIB(256), 0 },
	{ "s390x, the block size settles it", "s390x", "6.15.1", MIB(128), MIB(128) },
	{ "s390x, release not known", "s390x", NULL, MIB(256), 0 },
	{ "s390x, release makes no sense", "s390x", "six", MIB(256), 0 },
	{ "not an architecture", "m68k", "6.1.0", MIB(128), 0 },
	{ "not known", NULL, "6.1.0", MIB(128), 0 },
	{ "empty", "", "", MIB(128), 0 },
};

static void test_section_size(void **state)
{
	const struct section_row *row = *state;

	assert_int_equal(geometry_section_size(row->architecture, row->release, row->block_size),
			 row->section_size);
}

struct release_row {
	const char *name;
	unsigned number;
};

static const struct release_row release_rows[] = {
	{ "6.1.0-56-amd64", 6001 },
	{ "5.10.0", 5010 },
	{ "6.19.0-rc1", 6019 },
	{ "7.3", 7003 },
	{ "4.18.0-240.el8", 4018 },
	{ "6", 0 },
	{ "6.", 0 },
	{ "6.x", 0 },
	{ "", 0 },
	{ "Linux", 0 },
	{ "6.1000", 0 },
	{ "1001.0", 0 },
	{ "6.99999999999999999999", 0 },
};

static void test_release(void **state)
{
	const struct release_row *row = *state;

	assert_int_equal(geometry_release_number(row->name), row->number);
}

static void test_no_release(void **state)
{
	(void)state;
	assert_int_equal(geometry_release_number(NULL), 0);
}

static void test_known_architectures(void **state)
{
	static const char *const known[] = {
		"x86_64", "i686",  "aarch64", "armv8l",      "ppc64le",
		"ppc",    "s390x", "s390",    "loongarch64", "riscv64"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		assert_true(geometry_is_known(known[i]));
	/* As a torn file has it. */
	assert_false(geometry_is_known("aarch6"));
	assert_false(geometry_is_known("m68k"));
	assert_false(geometry_is_known(""));
	assert_false(geometry_is_known(NULL));
}

static void test_smallest_block(void **state)
{
	(void)state;
	assert_int_equal(geometry_block_size_min("x86_64"), MIB(128));
	assert_int_equal(geometry_block_size_min("ppc64le"), MIB(16));
	assert_int_equal(geometry_block_size_min("m68k"), 0);
}

static void test_page_size_of_architecture(void **state)
{
	(void)state;
	assert_int_equal(geometry_page_size("x86_64"), 4096);
	assert_int_equal(geometry_page_size("s390x"), 4096);
	assert_int_equal(geometry_page_size("riscv64"), 4096);
	assert_int_equal(geometry_page_size("aarch64"), 0);
	assert_int_equal(geometry_page_size("ppc64le"), 0);
	assert_int_equal(geometry_page_size("m68k"), 0);
	assert_int_equal(geometry_page_size(NULL), 0);
}

/* A page size is derived from a captured tree: MemTotal divided by the managed pages. */
struct page_row {
	const char *name, *architecture, *zoneinfo, *meminfo;
	uint64_t page_size;
};

#define MANAGED(n) "Node 0, zone   Normal\n        managed  " n "\n"
#define TWO_ZONES                 \
	"Node 0, zone      DMA\n" \
	"        managed  1000\n" \
	"Node 1, zone   Normal\n" \
	"        managed  2000\n"

static const struct page_row page_rows[] = {
	{ "x86-64 has one only", "x86_64", NULL, NULL, 4096 },
	{ "x86-64, whatever the files say", "x86_64", MANAGED("1"), "MemTotal: 64 kB\n", 4096 },
	{ "4 KiB", "aarch64", MANAGED("1000"), "MemTotal:        4000 kB\n", 4096 },
	{ "16 KiB", "aarch64", MANAGED("1000"), "MemTotal:       16000 kB\n", 16384 },
	{ "64 KiB", "ppc64le", MANAGED("1000"), "MemTotal:       64000 kB\n", 65536 },
	{ "a few pages were freed between the reads", "ppc64le", MANAGED("1000"),
	  "MemTotal:       64640 kB\n", 65536 },
	{ "a few pages were taken between the reads", "ppc64le", MANAGED("1000"),
	  "MemTotal:       63500 kB\n", 65536 },
	{ "several zones", "aarch64", TWO_ZONES, "MemTotal:       12000 kB\n", 4096 },
	{ "not the first line", "aarch64", MANAGED("1000"), "Foo: 1 kB\nMemTotal: 4000 kB\n",
	  4096 },
	{ "too large for a page", "aarch64", MANAGED("1"), "MemTotal: 4000 kB\n", 0 },
	{ "no zoneinfo", "aarch64", NULL, "MemTotal: 4000 kB\n", 0 },
	{ "no meminfo", "aarch64", MANAGED("1000"), NULL, 0 },
	{ "no MemTotal", "aarch64", MANAGED("1000"), "MemFree: 4000 kB\n", 0 },
	{ "MemTotal is no number", "aarch64", MANAGED("1000"), "MemTotal: lots\n", 0 },
	{ "MemTotal overflows", "aarch64", MANAGED("1000"), "MemTotal: 18446744073709551615 kB\n",
	  0 },
	{ "no managed pages", "aarch64", MANAGED("0"), "MemTotal: 4000 kB\n", 0 },
	{ "managed is no number", "aarch64", MANAGED("x"), "MemTotal: 4000 kB\n", 0 },
	{ "managed overflows", "aarch64", MANAGED("99999999999999999999"), "MemTotal: 4 kB\n", 0 },
	{ "architecture not known", NULL, MANAGED("1000"), "MemTotal: 4000 kB\n", 4096 },
};

static void test_page_size(void **state)
{
	const struct page_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	if (row->architecture)
		write_file(tree, "proc/sys/kernel/arch", "%s\n", row->architecture);
	else
		remove_file(tree, "proc/sys/kernel/arch");
	if (row->zoneinfo)
		write_file(tree, "proc/zoneinfo", "%s", row->zoneinfo);
	if (row->meminfo)
		write_file(tree, "proc/meminfo", "%s", row->meminfo);

	inventory = scan(tree);
	assert_int_equal(memblock_inventory_page_size(inventory), row->page_size);
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_MACHINE, NULL),
			 row->architecture ? MEMBLOCK_SOURCE_READ : MEMBLOCK_SOURCE_ABSENT);
}

static void test_machine(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = scan(tree);

	(void)state;
	assert_string_equal(memblock_inventory_architecture(inventory), "x86_64");
	assert_string_equal(memblock_inventory_release(inventory), "6.1.0-56-amd64");
	assert_int_equal(memblock_inventory_block_size(inventory), MIB(128));
	assert_int_equal(memblock_inventory_section_size(inventory), MIB(128));
}

static void test_machine_not_known(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	const char *text = NULL;

	(void)state;
	remove_file(tree, "proc/sys/kernel/arch");
	remove_file(tree, "proc/sys/kernel/osrelease");
	inventory = scan(tree);
	assert_null(memblock_inventory_architecture(inventory));
	assert_null(memblock_inventory_release(inventory));
	assert_int_equal(memblock_inventory_section_size(inventory), 0);
	assert_int_equal(memblock_inventory_page_size(inventory), 0);
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_MACHINE, &text),
			 MEMBLOCK_SOURCE_ABSENT);
	assert_non_null(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_release),
		cmocka_unit_test(test_known_architectures),
		cmocka_unit_test(test_smallest_block),
		cmocka_unit_test(test_page_size_of_architecture),
		cmocka_unit_test(test_machine),
		cmocka_unit_test(test_machine_not_known),
	};

	return RUN_ROWS(section_rows, test_section_size) + RUN_ROWS(release_rows, test_release) +
	       RUN_ROWS(page_rows, test_page_size) + RUN_TESTS(tests);
}
