/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "fake-tree.h"

/* The borders of blocks, which are of 128 MiB here. */
#define B(n) ((uint64_t)(n) << 27)
#define RANGES_MAX 2

/*
 *  1, 2 Normal, node 0      3 mixed-nodes     4 offline     5 is not there
 *  6, 7 Movable, node 1     8 marked          9 going offline
 */
static struct fake_tree *make_tree(void)
{
	struct fake_tree *tree = fake_tree_new();

	add_block(tree, 1, "online", "Normal", 0);
	add_block(tree, 2, "online", "Normal", 0);
	add_block(tree, 3, "online", "none", 0, 1);
	add_block(tree, 4, "offline", "Normal Movable", 1);
	add_block(tree, 6, "online", "Movable", 1);
	add_block(tree, 7, "online", "Movable", 1);
	add_block(tree, 8, "online", "Movable", 1);
	add_block(tree, 9, "going-offline", "Movable", 1);
	write_file(tree, "proc/iomem", "00000000-7fffffff : System RAM\n");
	write_file(tree, "var/lib/memblockd/marks", "0x40000000-0x47ffffff - logs live here\n");
	return tree;
}

struct row {
	const char *name;
	struct memblock_request request; /* its ranges and nid stand beside it */
	struct memblock_range ranges[RANGES_MAX];
	int nid; /* one more than the number, so that 0 is any */
	const char *wanted;
};

#define OFF .action = MEMBLOCK_ACTION_OFFLINE

static const struct row rows[] = {
	{ "a size", { OFF, .size = B(1) }, {}, 0, "1-2 6-7 " },
	{ "a range", { OFF }, { { B(1), B(3) } }, 0, "1-2 " },
	{ "ranges in falling order", { OFF }, { { B(7), B(8) }, { B(1), B(2) } }, 0, "1-1 7-7 " },
	{ "neighbours are one range", { OFF }, { { B(7), B(8) }, { B(6), B(7) } }, 0, "6-7 " },
	{ "what can't go is left out",
	  { OFF, .best_effort = true },
	  { { B(1), B(5) } },
	  0,
	  "1-2 " },
	{ "nothing that can go", { OFF }, { { B(3), B(5) } }, 0, "" },
	{ "a node", { OFF }, {}, 2, "6-7 " },
	{ "a zone", { OFF, .size = B(1), .zone = MEMBLOCK_ZONE_NORMAL }, {}, 0, "1-2 " },
	{ "a device", { OFF, .device = "firmware" }, {}, 0, "1-2 6-7 " },
	{ "no such device", { OFF, .device = "dax0.0" }, {}, 0, "" },
	{ "a block that isn't there", { OFF }, { { B(4), B(7) } }, 0, "" },
	{ "within it a size will do", { OFF, .size = B(1) }, { { B(4), B(7) } }, 0, "6-6 " },
	{ "not on borders", { OFF }, { { B(1) + 1, B(3) } }, 0, "" },
	{ "not to go offline",
	  { .action = MEMBLOCK_ACTION_ONLINE_MOVABLE },
	  { { B(1), B(3) } },
	  0,
	  "" },
	{ "neither size nor place", { OFF }, {}, 0, "1-2 6-7 " },
};

static void test_request_ranges(void **state)
{
	const struct row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_inventory_ struct memblock_inventory *inventory = scan(tree);
	struct memblock_request request = row->request;
	_cleanup_free_ struct memblock_range *ranges = NULL;
	char text[64] = "";
	size_t n;

	request.nid = row->nid - 1;
	request.ranges = row->ranges;
	while (request.n_ranges < RANGES_MAX && row->ranges[request.n_ranges].end > 0)
		request.n_ranges++;
	assert_int_equal(memblock_request_ranges(inventory, &request, &ranges, &n), 0);
	for (size_t i = 0; i < n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%d-%d ",
			 (int)(ranges[i].start / B(1)), (int)(ranges[i].end / B(1)) - 1);
	assert_string_equal(text, row->wanted);
	assert_int_equal(ranges == NULL, n == 0);
}

int main(void)
{
	return RUN_ROWS(rows, test_request_ranges);
}
