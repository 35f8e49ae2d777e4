/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "diff.h"
#include "fake-tree.h"

#define BLOCK MIB(128)

/* Blocks are named by letters: n online in Normal, m in Movable, o offline, d in two nodes; a space
 * for none. */
static struct memblock_inventory *make(const char *blocks)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();

	for (uint64_t i = 0; blocks[i]; i++) {
		if (blocks[i] == 'n')
			add_block(tree, i, "online", "Normal", 0);
		else if (blocks[i] == 'm')
			add_block(tree, i, "online", "Movable", 0);
		else if (blocks[i] == 'o')
			add_block(tree, i, "offline", "Normal Movable", 0);
		else if (blocks[i] == 'd')
			add_block(tree, i, "online", "none", 0, 1);
	}
	return scan(tree);
}

struct row {
	const char *name;
	const char *before, *after;
	const char *differ; /* first-last of each range, by block */
};

static const struct row rows[] = {
	{ "nothing differs", "nnmoo d", "nnmoo d", "" },
	{ "the first", "nmm", "omm", "0-0 " },
	{ "the last", "nmm", "nmo", "2-2 " },
	{ "all", "nnn", "ooo", "0-2 " },
	{ "neighbours are joined, others not", "nnnnnn", "oonnoo", "0-1 4-5 " },
	{ "neighbours that differ otherwise", "nmon", "ondn", "0-2 " },
	{ "the zone", "nmn", "nnn", "1-1 " },
	{ "the nodes", "nnn", "ndn", "1-1 " },
	{ "it came at the end", "n", "nn", "1-1 " },
	{ "it came in the middle", "n n", "nnn", "1-1 " },
	{ "it came in front", "  n", "n n", "0-0 " },
	{ "it went", "nnn", "n n", "1-1 " },
	{ "the last went", "nnn", "n", "1-2 " },
	{ "one came, another went", "n nn", "nn n", "1-2 " },
	{ "a hole between two that differ", "n n", "o o", "0-0 2-2 " },
	{ "nothing is where it was", "nn  ", "  nn", "0-3 " },
};

static void test_diff(void **state)
{
	const struct row *row = *state;
	_cleanup_inventory_ struct memblock_inventory *before = make(row->before);
	_cleanup_inventory_ struct memblock_inventory *after = make(row->after);
	_cleanup_(ranges_done) struct ranges ranges = {};
	char text[256] = "";

	assert_int_equal(diff_inventories(before, after, &ranges), 0);
	for (size_t i = 0; i < ranges.n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%d-%d ",
			 (int)(ranges.items[i].start / BLOCK),
			 (int)(ranges.items[i].end / BLOCK) - 1);
	assert_string_equal(text, row->differ);
}

static void test_ranges(void **state)
{
	_cleanup_(ranges_done) struct ranges ranges = {};

	(void)state;
	for (uint64_t i = 0; i < 1000; i++)
		assert_int_equal(ranges_add(&ranges, i, i + 1), 0);
	assert_int_equal(ranges.n, 1000);
	for (uint64_t i = 0; i < 1000; i++) {
		assert_int_equal(ranges.items[i].start, i);
		assert_int_equal(ranges.items[i].end, i + 1);
	}
	ranges_done(&ranges);
	assert_int_equal(ranges.n, 0);
	assert_null(ranges.items);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_ranges) };

	return RUN_ROWS(rows, test_diff) + RUN_TESTS(tests);
}
