/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fake-tree.h"

#define NODE "sys/devices/system/node"

static void nodes_text(const struct memblock_inventory *inventory, uint64_t index, char text[64])
{
	const struct memblock_block *block = block_of(inventory, index);
	const int *nids = NULL;
	size_t n = memblock_block_nodes(inventory, block, &nids);

	*text = '\0';
	for (size_t i = 0; i < n; i++)
		snprintf(text + strlen(text), 64 - strlen(text), "%s%d", i ? "," : "", nids[i]);
}

struct row {
	const char *name;
	int links[5]; /* in the order in which they are made, -1 at the end */
	const char *nodes;
	int nid;
};

static const struct row rows[] = {
	{ "node 0", { 0, -1 }, "0", 0 },
	{ "node 3", { 3, -1 }, "3", 3 },
	{ "no node", { -1 }, "", MEMBLOCK_NID_UNKNOWN },
	{ "two nodes", { 0, 1, -1 }, "0,1", MEMBLOCK_NID_SEVERAL },
	{ "two nodes, the other way round", { 1, 0, -1 }, "0,1", MEMBLOCK_NID_SEVERAL },
	{ "three nodes", { 10, 2, 1, -1 }, "1,2,10", MEMBLOCK_NID_SEVERAL },
	{ "four nodes", { 3, 1, 0, 2, -1 }, "0,1,2,3", MEMBLOCK_NID_SEVERAL },
	{ "the last node there may be", { 32767, -1 }, "32767", 32767 },
};

static void test_links(void **state)
{
	const struct row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	char text[64];

	add_block_on(tree, 8, "online", "Normal", row->links);
	inventory = scan(tree);
	nodes_text(inventory, 8, text);
	assert_string_equal(text, row->nodes);
	assert_int_equal(memblock_block_nid(block_of(inventory, 8)), row->nid);
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_NODES, NULL),
			 MEMBLOCK_SOURCE_READ);
}

/* Blocks on the same nodes share a set; others don't. */
static void test_sets(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	char text[64];

	(void)state;
	add_block(tree, 1, "online", "none", 0, 1);
	add_block(tree, 2, "online", "none", 1, 2);
	add_block(tree, 3, "online", "none", 1, 0);
	add_block(tree, 4, "online", "none", 0, 1, 2);
	add_block(tree, 5, "online", "Normal", 2);
	inventory = scan(tree);
	nodes_text(inventory, 1, text);
	assert_string_equal(text, "0,1");
	nodes_text(inventory, 2, text);
	assert_string_equal(text, "1,2");
	nodes_text(inventory, 3, text);
	assert_string_equal(text, "0,1");
	nodes_text(inventory, 4, text);
	assert_string_equal(text, "0,1,2");
	nodes_text(inventory, 5, text);
	assert_string_equal(text, "2");
	assert_int_equal(inventory->node_sets.n, 3);
}

static void test_other_entries(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	char text[64];

	(void)state;
	add_block(tree, 8, "online", "Normal", 0);
	make_link(tree, NODE "/node0/memory9", "../../memory/memory9");
	make_link(tree, NODE "/node0/memory_failure", "../../memory");
	write_file(tree, NODE "/node0/meminfo", "text\n");
	write_file(tree, NODE "/has_cpu", "0\n");
	make_link(tree, NODE "/node07/memory8", "../../memory/memory8");
	make_link(tree, NODE "/node99999/memory8", "../../memory/memory8");
	make_link(tree, NODE "/nodes/memory8", "../../memory/memory8");
	inventory = scan(tree);
	nodes_text(inventory, 8, text);
	assert_string_equal(text, "0");
	assert_int_equal(memblock_inventory_n_blocks(inventory), 1);
}

static void assert_source(struct memblock_inventory *inventory, enum memblock_source_state expected)
{
	const char *text = NULL;

	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_NODES, &text),
			 expected);
	assert_true(expected == MEMBLOCK_SOURCE_READ ? !text : text && *text);
}

/* A kernel without NUMA has one node, whatever it doesn't show: blocks can go. */
static void test_no_numa(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	const struct memblock_block *block;
	const int *nids;

	(void)state;
	remove_file(tree, NODE "/node0");
	remove_file(tree, NODE);
	add_block(tree, 8, "online", "Normal", NO_NODE);
	add_block(tree, 9, "online", "none", NO_NODE);
	write_file(tree, "proc/iomem", "40000000-4fffffff : System RAM\n");
	inventory = scan(tree);
	assert_source(inventory, MEMBLOCK_SOURCE_ABSENT);
	block = block_of(inventory, 8);
	assert_int_equal(memblock_block_nid(block), MEMBLOCK_NID_UNKNOWN);
	assert_int_equal(memblock_block_nodes(inventory, block, &nids), 0);
	assert_int_equal(memblock_block_removable(block), MEMBLOCK_ANSWER_YES);
	assert_string_equal(reason_words(block_of(inventory, 9)), "mixed-zones");
}

static void test_no_node_folders(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	remove_file(tree, NODE "/node0");
	inventory = scan(tree);
	assert_source(inventory, MEMBLOCK_SOURCE_ABSENT);
}

/* Where there are nodes, a block that none of them links is not known to be on one. */
static void test_linked_from_nowhere(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	const struct memblock_block *block;

	(void)state;
	add_block(tree, 8, "online", "Normal", NO_NODE);
	write_file(tree, "proc/iomem", "40000000-47ffffff : System RAM\n");
	inventory = scan(tree);
	block = block_of(inventory, 8);
	assert_source(inventory, MEMBLOCK_SOURCE_READ);
	assert_int_equal(memblock_block_removable(block), MEMBLOCK_ANSWER_UNKNOWN);
	assert_true(has_evidence(inventory, block, "no node links memory8"));
}

/* What was found holds; what wasn't is not known. */
static void test_failed(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	add_block(tree, 8, "online", "Normal", 0);
	write_file(tree, "proc/iomem", "40000000-47ffffff : System RAM\n");
	write_file(tree, NODE "/node1", "not a folder\n");
	inventory = scan(tree);
	assert_source(inventory, MEMBLOCK_SOURCE_FAILED);
	assert_int_equal(memblock_block_removable(block_of(inventory, 8)), MEMBLOCK_ANSWER_UNKNOWN);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_other_entries),
		cmocka_unit_test(test_no_numa),
		cmocka_unit_test(test_no_node_folders),
		cmocka_unit_test(test_linked_from_nowhere),
		cmocka_unit_test(test_failed),
	};

	return RUN_ROWS(rows, test_links) + RUN_TESTS(tests);
}
