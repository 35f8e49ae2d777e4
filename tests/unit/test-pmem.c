/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fake-tree.h"

#define ND "sys/bus/nd/devices"

/* 64 MiB of pmem at 1600 MiB, inside of block 12. */
#define PLACE "0x64000000"
#define SIZE "67108864"

static struct fake_tree *tree_with_pmem(void)
{
	struct fake_tree *tree = fake_tree_new();

	add_block(tree, 12, "online", "Normal", 0);
	write_file(tree, "proc/iomem",
		   "00100000-63ffffff : System RAM\n"
		   "64000000-67ffffff : Persistent Memory\n"
		   "  64000000-67ffffff : namespace0.0\n"
		   "68000000-7fffffff : System RAM\n");
	return tree;
}

static const struct memblock_extent *extent_at(const struct memblock_inventory *inventory,
					       uint64_t address)
{
	const struct extents *map = &inventory->iomem.map;
	size_t i = extents_first(map, address);

	assert_true(i < map->n && map->items[i].start <= address);
	return &map->items[i];
}

struct mode_row {
	const char *name, *mode, *driver, *holder_driver;
	bool mapped;
};

static const struct mode_row mode_rows[] = {
	{ "legacy e820", "memory", "../../drivers/nd_pmem", NULL, true },
	{ "fsdax, held by pfn0.0", "memory", NULL, "../../drivers/nd_pmem", true },
	{ "devdax, held by dax0.0", "dax", NULL, "../../drivers/dax_pmem", true },
	{ "raw", "raw", "../../drivers/nd_pmem", NULL, false },
	{ "safe (sector)", "safe", NULL, "../../drivers/nd_pmem", false },
	{ "fsdax without a driver", "memory", NULL, NULL, false },
	{ "dax without a driver", "dax", NULL, NULL, false },
	{ "no mode", NULL, "../../drivers/nd_pmem", NULL, false },
	{ "a mode never heard of", "future", "../../drivers/nd_pmem", NULL, false },
};

static void test_mode(void **state)
{
	const struct mode_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = tree_with_pmem();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	const struct memblock_extent *extent;

	add_namespace(tree, "namespace0.0", PLACE, SIZE, row->mode, row->driver);
	write_file(tree, ND "/namespace0.0/numa_node", "3\n");
	write_file(tree, ND "/namespace0.0/holder", row->holder_driver ? "pfn0.0\n" : "\n");
	if (row->holder_driver)
		make_link(tree, ND "/pfn0.0/driver", row->holder_driver);
	inventory = scan(tree);

	extent = extent_at(inventory, 0x64000000);
	assert_int_equal(extent->kind, MEMBLOCK_KIND_PMEM);
	assert_int_equal(extent->mapped, row->mapped);
	assert_int_equal(extent->zone, row->mapped ? MEMBLOCK_ZONE_DEVICE : MEMBLOCK_ZONE_NONE);
	assert_int_equal(extent->nid, 3);
	assert_true(extent_at(inventory, 0x63ffffff)->mapped);
	assert_true(extent_at(inventory, 0x68000000)->mapped);
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_PMEM, NULL),
			 MEMBLOCK_SOURCE_READ);
	/* Whatever its mode, it is no System RAM. */
	assert_string_equal(reason_words(block_of(inventory, 12)), "hole,mixed-pmem");
}

struct namespace_row {
	const char *name, *resource, *size;
	enum memblock_source_state source_state;
};

/* A place that can't be had is damage; a namespace that has none is not. */
static const struct namespace_row namespace_rows[] = {
	{ "whole", PLACE, SIZE, MEMBLOCK_SOURCE_READ },
	{ "a seed: size 0", NULL, "0", MEMBLOCK_SOURCE_READ },
	{ "no resource", NULL, SIZE, MEMBLOCK_SOURCE_READ },
	{ "an empty resource, as a capture leaves it", "", SIZE, MEMBLOCK_SOURCE_READ },
	{ "no size", PLACE, NULL, MEMBLOCK_SOURCE_DAMAGED },
	{ "a size that is no number", PLACE, "large", MEMBLOCK_SOURCE_DAMAGED },
	{ "a resource that is no number", "there", SIZE, MEMBLOCK_SOURCE_DAMAGED },
	{ "a resource in hex without 0x", "6400f000", SIZE, MEMBLOCK_SOURCE_DAMAGED },
	{ "overflowing", "0xffffffffffff0000", SIZE, MEMBLOCK_SOURCE_DAMAGED },
};

static void test_namespace(void **state)
{
	const struct namespace_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = tree_with_pmem();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	const char *text = NULL;
	bool damaged = row->source_state == MEMBLOCK_SOURCE_DAMAGED;
	_cleanup_free_ uint64_t *words = NULL;
	enum memblock_source source;
	size_t n;

	add_namespace(tree, "namespace0.0", row->resource, row->size, "memory", "../nd_pmem");
	make_folder(tree, ND "/region0");
	inventory = scan(tree);
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_PMEM, &text),
			 row->source_state);
	assert_int_equal(text && *text, damaged);
	assert_int_equal(has_note(inventory, "namespace0.0"), damaged);
	assert_int_equal(extent_at(inventory, 0x64000000)->nid, MEMBLOCK_NID_UNKNOWN);
	/* Where its place is not known, nobody can tell whether its sub-sections have pages. */
	assert_int_equal(
		memblock_block_subsections(inventory, block_of(inventory, 12), &words, &n, &source),
		strcmp(row->name, "whole") == 0 ? 1 : -ENODATA);
}

struct nid_row {
	const char *name;
	int nid;
};

static const struct nid_row nid_rows[] = {
	{ "0", 0 },
	{ "2", 2 },
	{ "-1", MEMBLOCK_NID_UNKNOWN },
	{ "99999", MEMBLOCK_NID_UNKNOWN },
	{ "rubbish", MEMBLOCK_NID_UNKNOWN },
};

static void test_nid(void **state)
{
	const struct nid_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = tree_with_pmem();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	add_namespace(tree, "namespace0.0", PLACE, SIZE, "raw", NULL);
	write_file(tree, ND "/namespace0.0/numa_node", "%s\n", row->name);
	inventory = scan(tree);
	assert_int_equal(extent_at(inventory, 0x64000000)->nid, row->nid);
}

/* A namespace at 4 GiB in mode dax, whose memory a driver of the dax bus has. */
static void add_dax_namespace(struct fake_tree *tree, const char *dax_driver)
{
	add_namespace(tree, "namespace0.0", "0x100000000", "1073741824", "dax", NULL);
	write_file(tree, ND "/namespace0.0/holder", "dax0.0\n");
	make_link(tree, ND "/dax0.0/driver", "../dax_pmem");
	make_link(tree, "sys/bus/dax/devices/dax0.0/driver", dax_driver);
}

/* Of memory that went to kmem only System RAM has pages: what alignment left over has none. */
static void test_kmem(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	write_file(tree, "proc/iomem",
		   "100000000-13fffffff : Persistent Memory\n"
		   "  100000000-100ffffff : namespace0.0\n"
		   "  101000000-13fffffff : dax0.0\n"
		   "    108000000-137ffffff : System RAM (kmem)\n");
	add_dax_namespace(tree, "../../drivers/kmem");
	inventory = scan(tree);
	assert_false(extent_at(inventory, 0x100000000)->mapped);
	assert_false(extent_at(inventory, 0x101000000)->mapped);
	assert_true(extent_at(inventory, 0x108000000)->mapped);
	assert_false(extent_at(inventory, 0x138000000)->mapped);
}

static void test_device_dax_of_pmem(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	write_file(tree, "proc/iomem",
		   "00100000-3fffffff : System RAM\n"
		   "100000000-13fffffff : Persistent Memory\n"
		   "  100000000-100ffffff : namespace0.0\n"
		   "  101000000-13fffffff : dax0.0\n");
	add_dax_namespace(tree, "../../drivers/device_dax");
	write_file(tree, ND "/namespace0.0/numa_node", "1\n");
	inventory = scan(tree);
	assert_true(extent_at(inventory, 0x100000000)->mapped);
	assert_true(extent_at(inventory, 0x101000000)->mapped);
	assert_int_equal(extent_at(inventory, 0x101000000)->nid, 1);
}

static void test_two_namespaces(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	write_file(tree, "proc/iomem",
		   "00100000-3fffffff : System RAM\n"
		   "100000000-13fffffff : Persistent Memory\n"
		   "  100000000-10fffffff : namespace0.0\n"
		   "  110000000-11fffffff : namespace0.1\n");
	add_namespace(tree, "namespace0.0", "0x100000000", "268435456", "memory", "../nd_pmem");
	add_namespace(tree, "namespace0.1", "0x110000000", "268435456", "raw", "../nd_pmem");
	inventory = scan(tree);
	assert_true(extent_at(inventory, 0x100000000)->mapped);
	assert_false(extent_at(inventory, 0x110000000)->mapped);
	assert_false(extent_at(inventory, 0x120000000)->mapped);
}

static void test_absent(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = tree_with_pmem();
	_cleanup_inventory_ struct memblock_inventory *inventory = scan(tree);

	(void)state;
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_PMEM, NULL),
			 MEMBLOCK_SOURCE_ABSENT);
	assert_false(extent_at(inventory, 0x64000000)->mapped);
}

static void test_failed(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = tree_with_pmem();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	write_file(tree, ND, "no folder\n");
	inventory = scan(tree);
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_PMEM, NULL),
			 MEMBLOCK_SOURCE_FAILED);
}

/* The kernel shows a namespace's place to root alone (0400): hidden, not damaged. */
static void test_hidden(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = tree_with_pmem();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	char path[160];

	(void)state;
	add_namespace(tree, "namespace0.0", PLACE, SIZE, "memory", "../nd_pmem");
	snprintf(path, sizeof(path), "%s/" ND "/namespace0.0/resource", tree->path);
	assert_int_equal(chmod(path, 0), 0);
	if (!drop_privileges(tree))
		skip();
	inventory = scan(tree);
	regain_privileges();
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_PMEM, NULL),
			 MEMBLOCK_SOURCE_HIDDEN);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kmem),           cmocka_unit_test(test_device_dax_of_pmem),
		cmocka_unit_test(test_two_namespaces), cmocka_unit_test(test_absent),
		cmocka_unit_test(test_failed),         cmocka_unit_test(test_hidden),
	};

	return RUN_ROWS(mode_rows, test_mode) + RUN_ROWS(namespace_rows, test_namespace) +
	       RUN_ROWS(nid_rows, test_nid) + RUN_TESTS(tests);
}
