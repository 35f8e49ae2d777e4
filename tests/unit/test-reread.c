/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fake-tree.h"

#define FOLDER "sys/devices/system/memory/"
#define ZONE "Node 0, zone %s\n  present 32768\n  spanned %d\n  start_pfn: %d\n"

/* A machine of four blocks: 1 is online in Normal, 2 in Movable, 3 in Normal, 4 is offline. */
static struct fake_tree *small_tree(void)
{
	struct fake_tree *tree = fake_tree_new();

	add_block(tree, 1, "online", "Normal", 0);
	add_block(tree, 2, "online", "Movable", 0);
	add_block(tree, 3, "online", "Normal", 0);
	add_block(tree, 4, "offline", "Normal Movable", 0);
	write_file(tree, "proc/iomem", "08000000-27ffffff : System RAM\n");
	write_file(tree, "proc/zoneinfo", ZONE, "Normal", 98304, 32768);
	return tree;
}

/* A file of the tree; NULL text for one that is not there. */
struct file {
	const char *path, *text;
};

static void put(struct fake_tree *tree, const struct file *file)
{
	if (file->path && file->text)
		write_file(tree, file->path, "%s", file->text);
	else if (file->path)
		remove_file(tree, file->path);
}

/* All that is told of blocks, and what zones span. */
static char *describe(const struct memblock_inventory *inventory)
{
	const struct memblock_block *block;
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	for (size_t i = 0; (block = memblock_inventory_block(inventory, i)); i++)
		fprintf(file, "%d %s %x %s %s%s, ", (int)memblock_block_index(block),
			memblock_state_to_string(memblock_block_state(block)), block->zones,
			memblock_answer_to_string(memblock_block_removable(block)),
			reason_words(block),
			memblock_block_pages(inventory, block, &(struct memblock_pages){})
				? " counted"
				: "");
	for (size_t i = 0; i < inventory->spans.n; i++)
		fprintf(file, "%s %llx-%llx, ",
			memblock_zone_to_string(inventory->spans.items[i].zone),
			(unsigned long long)inventory->spans.items[i].start,
			(unsigned long long)inventory->spans.items[i].end);
	assert_int_equal(fclose(file), 0);
	return text;
}

static void count_pages(struct memblock_inventory *inventory)
{
	static const struct memblock_pages pages[] = {
		{ .index = 1, .all = 32768, .examined = 32768, .reserved = 1, .free = 32767 },
		{ .index = 3, .all = 32768, .examined = 32768, .reserved = 1, .free = 32767 },
	};

	assert_int_equal(memblock_inventory_set_pages(inventory, pages, ARRAY_SIZE(pages)), 0);
}

struct stale_row {
	const char *name;
	struct file before, after; /* the scan; nothing where there is no path */
	uint64_t indexes[2];
	size_t n;
};

static const struct stale_row stale_rows[] = {
	{ "no such block", {}, {}, { 1, 9 }, 2 },
	{ "not in order", {}, {}, { 2, 1 }, 2 },
	{ "the same twice", {}, {}, { 1, 1 }, 2 },
	{ "a block that is gone", {}, { FOLDER "memory1/state", NULL }, { 1 }, 1 },
	{ "another that is gone, and was offline", {}, { FOLDER "memory4/state", NULL }, { 1 }, 1 },
	{ "a state that nobody knows", {}, { FOLDER "memory1/state", "melting\n" }, { 1 }, 1 },
	{ "no word of a state", {}, { FOLDER "memory1/state", "" }, { 1 }, 1 },
	{ "a zone that nobody knows", {}, { FOLDER "memory1/valid_zones", "Future\n" }, { 1 }, 1 },
	{ "zones of nothing", {}, { FOLDER "memory1/valid_zones", "" }, { 1 }, 1 },
	{ "no zones", {}, { FOLDER "memory1/valid_zones", NULL }, { 1 }, 1 },
	{ "a state that nobody knew",
	  { FOLDER "memory1/state", "melting\n" },
	  { FOLDER "memory1/state", "online\n" },
	  { 1 },
	  1 },
	{ "a zone that nobody knew",
	  { FOLDER "memory1/valid_zones", "Future\n" },
	  { FOLDER "memory1/valid_zones", "Normal\n" },
	  { 1 },
	  1 },
	{ "zones that were not there",
	  { FOLDER "memory1/valid_zones", NULL },
	  { FOLDER "memory1/valid_zones", "Normal\n" },
	  { 1 },
	  1 },
	{ "a node that is not known",
	  { "sys/devices/system/node/node0/memory1", NULL },
	  {},
	  { 1 },
	  1 },
	{ "a machine on which devices hang on states",
	  { "proc/sys/kernel/arch", "s390x\n" },
	  {},
	  { 1 },
	  1 },
	{ "spans of which nothing tells", {}, { "proc/zoneinfo", NULL }, { 1 }, 1 },
	{ "spans without sense", {}, { "proc/zoneinfo", "Node x\n" }, { 1 }, 1 },
	{ "spans of which nothing told",
	  { "proc/zoneinfo", NULL },
	  { "proc/zoneinfo", "Node 0, zone Normal\n" },
	  { 1 },
	  1 },
	{ "spans without sense before",
	  { "proc/zoneinfo", "Node x\n" },
	  { "proc/zoneinfo", "Node 0, zone Normal\n" },
	  { 1 },
	  1 },
};

/* All is as before, though a block that would be read is different by now. */
static void test_stale(void **state)
{
	const struct stale_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = small_tree();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	_cleanup_free_ char *before = NULL, *after = NULL;
	uint64_t *changed = NULL;
	size_t n = 77;

	put(tree, &row->before);
	inventory = scan(tree);
	count_pages(inventory);
	before = describe(inventory);
	write_file(tree, FOLDER "memory4/valid_zones", "Movable Normal\n");
	put(tree, &row->after);

	assert_int_equal(memblock_inventory_reread(inventory, row->indexes, row->n, &changed, &n),
			 -ESTALE);
	assert_null(changed);
	assert_int_equal(n, 77);
	after = describe(inventory);
	assert_string_equal(after, before);
}

static void test_of_somebody_else(void **state)
{
	const struct memblock_report report = { .block_size = MIB(128) };
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	uint64_t *changed;
	size_t n;

	(void)state;
	assert_int_equal(memblock_inventory_new_of_report(&report, &inventory), 0);
	assert_int_equal(memblock_inventory_reread(inventory, NULL, 0, &changed, &n), -ESTALE);
}

struct fresh_row {
	const char *name;
	uint64_t indexes[2];
	size_t n;
	const char *changed; /* numbers of blocks, as told */
	struct file files[2];
	bool is_behind; /* a scan would find more, of a block that nobody named */
};

static const struct fresh_row fresh_rows[] = {
	{ "nothing", { 1, 2 }, 2, "", {}, false },
	{ "nothing, of no block", {}, 0, "", {}, false },
	{ "one that went offline",
	  { 2 },
	  1,
	  "2 ",
	  { { FOLDER "memory2/state", "offline\n" },
	    { FOLDER "memory2/valid_zones", "Movable Normal\n" } },
	  false },
	{ "one that is going offline",
	  { 1, 2 },
	  2,
	  "2 ",
	  { { FOLDER "memory2/state", "going-offline\n" },
	    { FOLDER "memory2/valid_zones", "Movable Normal\n" } },
	  false },
	{ "one that was offline, named or not",
	  {},
	  0,
	  "4 ",
	  { { FOLDER "memory4/state", "online\n" }, { FOLDER "memory4/valid_zones", "Normal\n" } },
	  false },
	{ "the zone that an offline one would come to",
	  { 2 },
	  1,
	  "4 ",
	  { { FOLDER "memory4/valid_zones", "Movable Normal\n" } },
	  false },
	{ "a zone", { 1 }, 1, "1 ", { { FOLDER "memory1/valid_zones", "Movable\n" } }, false },
	{ "several zones, which is a reason",
	  { 2 },
	  1,
	  "2 ",
	  { { FOLDER "memory2/valid_zones", "none\n" } },
	  false },
	{ "two of three",
	  { 1, 2 },
	  2,
	  "1 2 ",
	  { { FOLDER "memory1/state", "offline\n" }, { FOLDER "memory2/state", "offline\n" } },
	  false },
	{ "another than was named",
	  { 1 },
	  1,
	  "",
	  { { FOLDER "memory2/state", "offline\n" } },
	  true },
};

/* What was read is what a scan gives, and what wasn't is as it was. */
static void test_fresh(void **state)
{
	const struct fresh_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = small_tree();
	_cleanup_inventory_ struct memblock_inventory *inventory = scan(tree), *anew = NULL;
	_cleanup_free_ char *before = describe(inventory), *after = NULL, *wanted = NULL;
	_cleanup_free_ uint64_t *changed = NULL;
	char told[32] = "";
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(row->files); i++)
		put(tree, &row->files[i]);
	assert_int_equal(memblock_inventory_reread(inventory, row->indexes, row->n, &changed, &n),
			 0);
	for (size_t i = 0; i < n; i++)
		sprintf(told + strlen(told), "%d ", (int)changed[i]);
	assert_string_equal(told, row->changed);

	after = describe(inventory);
	if (row->is_behind) {
		assert_string_equal(after, before);
		return;
	}
	anew = scan(tree);
	wanted = describe(anew);
	assert_string_equal(after, wanted);
}

/* Those of the blocks that were read are of before; the reason that they alone knew goes too. */
static void test_counts(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = small_tree();
	_cleanup_inventory_ struct memblock_inventory *inventory = scan(tree);
	_cleanup_free_ uint64_t *changed = NULL;
	struct memblock_pages pages;
	size_t n;

	(void)state;
	count_pages(inventory);
	assert_string_equal(reason_words(block_of(inventory, 1)), "reserved-pages");
	assert_int_equal(memblock_inventory_reread(inventory, (uint64_t[]){ 1 }, 1, &changed, &n),
			 0);
	assert_int_equal(n, 1);
	assert_int_equal(changed[0], 1);
	assert_false(memblock_block_pages(inventory, block_of(inventory, 1), &pages));
	assert_string_equal(reason_words(block_of(inventory, 1)), "");
	assert_true(memblock_block_pages(inventory, block_of(inventory, 3), &pages));
	assert_string_equal(reason_words(block_of(inventory, 3)), "reserved-pages");
}

/* Zones grow with what comes online; what is said of a block's zones rests on that. */
static void test_spans(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = small_tree();
	_cleanup_inventory_ struct memblock_inventory *inventory = scan(tree);
	_cleanup_free_ uint64_t *changed = NULL;
	size_t n;

	(void)state;
	assert_int_equal(inventory->spans.n, 1);
	write_file(tree, "proc/zoneinfo", ZONE ZONE, "Normal", 65536, 32768, "Movable", 65536,
		   98304);
	assert_int_equal(memblock_inventory_reread(inventory, NULL, 0, &changed, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(inventory->spans.n, 2);
	assert_int_equal(inventory->spans.items[1].zone, MEMBLOCK_ZONE_MOVABLE);
	assert_int_equal(inventory->spans.items[1].end, MIB(640));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_somebody_else),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_spans),
	};

	return RUN_ROWS(stale_rows, test_stale) + RUN_ROWS(fresh_rows, test_fresh) +
	       RUN_TESTS(tests);
}
