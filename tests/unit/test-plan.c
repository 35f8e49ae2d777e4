/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fake-tree.h"
#include "plan.h"

#define _cleanup_plan_ _cleanup_(memblock_plan_freep)

/* The borders of blocks, which are of 128 MiB here. */
#define B(n) ((uint64_t)(n) << 27)
#define RANGES_MAX 3

static const struct memblock_memory plenty = {
	.total = GIB(64),
	.available = GIB(32),
	.kernel_free = GIB(32),
};
static const struct memblock_limits no_limits = { .reserve = 1 };

/*
 *  0 mixed-zones     1 Normal, node 0    2 mixed-nodes       3, 4 Movable, node 1
 *  5 offline         6 offline, a hole   7 is not there      8, 9 Normal and Movable of a DIMM
 * 10 unknown zone   11 marked           12 its state is odd  13 going offline
 */
static struct fake_tree *tree_of_all_kinds(void)
{
	struct fake_tree *tree = fake_tree_new();

	add_block(tree, 0, "online", "none", 0);
	add_block(tree, 1, "online", "Normal", 0);
	add_block(tree, 2, "online", "none", 0, 1);
	add_block(tree, 3, "online", "Movable", 1);
	add_block(tree, 4, "online", "Movable", 1);
	add_block(tree, 5, "offline", "Movable Normal", 1);
	add_block(tree, 6, "offline", "Movable Normal", 1);
	add_block(tree, 8, "online", "Normal", 1);
	add_block(tree, 9, "online", "Movable", 1);
	add_block(tree, 10, "online", "Future", 0);
	add_block(tree, 11, "online", "Normal", 0);
	add_block(tree, 12, "melting", "Normal", 0);
	add_block(tree, 13, "going-offline", "Normal", 0);
	make_link(tree, "sys/bus/acpi/devices/PNP0C80:00/physical_node",
		  "../../../../devices/system/memory/memory8");
	make_link(tree, "sys/bus/acpi/devices/PNP0C80:00/physical_node1",
		  "../../../../devices/system/memory/memory9");
	write_file(tree, "proc/iomem",
		   "00000000-33ffffff : System RAM\n"
		   "40000000-7fffffff : System RAM\n");
	write_file(tree, "var/lib/memblockd/marks", "0x58000000-0x5fffffff - logs live here\n");
	return tree;
}

struct row {
	const char *name;
	struct memblock_request request; /* its ranges and nid stand beside it */
	struct memblock_range ranges[RANGES_MAX];
	int nid; /* one more than the number, so that 0 is any */
	enum memblock_refusal refusal;
	const char *says;  /* part of the text */
	const char *steps; /* in order; with what is settled already */
	size_t wanted;
};

#define OFF .action = MEMBLOCK_ACTION_OFFLINE
#define ON .action = MEMBLOCK_ACTION_ONLINE
#define ON_KERNEL .action = MEMBLOCK_ACTION_ONLINE_KERNEL
#define ON_MOVABLE .action = MEMBLOCK_ACTION_ONLINE_MOVABLE
#define NODE(n) ((n) + 1)
#define REFUSED(word, text) .refusal = MEMBLOCK_REFUSAL_##word, .says = (text)

static const struct row rows[] = {
	/* Ranges. */
	{ "empty",
	  { OFF },
	  { { B(3), B(3) } },
	  REFUSED(INVALID_RANGE, "a range begins at 0x18000000 and ends before 0x18000000"),
	  .steps = "" },
	{ "reversed",
	  { OFF },
	  { { B(4), B(3) } },
	  REFUSED(INVALID_RANGE, "0x20000000"),
	  .steps = "" },
	{ "overflowing",
	  { OFF },
	  { { B(3), B(3) + UINT64_MAX } },
	  REFUSED(INVALID_RANGE, ""),
	  .steps = "" },
	{ "overlapping",
	  { OFF },
	  { { B(3), B(5) }, { B(1), B(2) }, { B(4), B(5) } },
	  REFUSED(INVALID_RANGE, "0x18000000-0x27ffffff and 0x20000000-0x27ffffff overlap"),
	  .steps = "" },
	{ "the same twice",
	  { OFF },
	  { { B(3), B(4) }, { B(3), B(4) } },
	  REFUSED(INVALID_RANGE, "overlap"),
	  .steps = "" },
	{ "begins inside of a block",
	  { OFF },
	  { { B(3) + 4096, B(4) } },
	  REFUSED(NOT_ALIGNED,
		  "0x18001000-0x1fffffff does not fall on the borders of memory blocks of 128 MiB; "
		  "those around it are 0x18000000-0x1fffffff"),
	  .steps = "" },
	{ "ends inside of a block",
	  { OFF },
	  { { B(3), B(4) + 1 } },
	  REFUSED(NOT_ALIGNED, "those around it are 0x18000000-0x27ffffff"),
	  .steps = "" },
	{ "ends at the last address",
	  { OFF },
	  { { B(3), UINT64_MAX } },
	  REFUSED(NOT_ALIGNED, "those around it are 0x18000000-0xffffffffffffffff"),
	  .steps = "" },
	{ "a block that is not there",
	  { OFF },
	  { { B(7), B(8) } },
	  REFUSED(NO_SUCH_BLOCK, "there is no memory7"),
	  .steps = "" },
	{ "one of several is not there",
	  { OFF, .best_effort = true },
	  { { B(6), B(9) } },
	  REFUSED(NO_SUCH_BLOCK, "there is no memory7"),
	  .steps = "" },
	{ "past the last block",
	  { OFF },
	  { { B(13), B(15) } },
	  REFUSED(NO_SUCH_BLOCK, "there is no memory14"),
	  .steps = "" },
	{ "far away",
	  { OFF },
	  { { B(1) << 30, B(2) << 30 } },
	  REFUSED(NO_SUCH_BLOCK, "there is no memory1073741824"),
	  .steps = "" },
	{ "with a size, gaps are none of ours",
	  { OFF, .size = B(2) },
	  { { B(4), B(10) } },
	  .steps = "9 4 8",
	  .wanted = 2 },
	{ "with a size, but no block",
	  { OFF, .size = B(1) },
	  { { B(3), B(5) }, { B(7), B(8) } },
	  REFUSED(NO_SUCH_BLOCK, "0x38000000-0x3fffffff holds no memory block"),
	  .steps = "" },
	{ "with a size, far away",
	  { OFF, .size = B(1) },
	  { { B(100), B(101) } },
	  REFUSED(NO_SUCH_BLOCK, "holds no memory block"),
	  .steps = "" },
	{ "several, in no order",
	  { OFF },
	  { { B(8), B(10) }, { B(3), B(4) }, { B(1), B(2) } },
	  .steps = "9 3 8 1",
	  .wanted = 4 },
	{ "neighbours", { OFF }, { { B(3), B(4) }, { B(4), B(5) } }, .steps = "4 3", .wanted = 2 },

	/* A size. */
	{ "a size of no whole blocks",
	  { OFF, .size = B(1) + 4096 },
	  REFUSED(NOT_ALIGNED,
		  "a size of 134221824 bytes is not made of whole memory blocks of 128 MiB"),
	  .steps = "" },
	{ "a size that may be meant for a block",
	  { OFF, .size = 4 << 20 },
	  REFUSED(NOT_ALIGNED, "a size of 4 MiB is not made of whole memory blocks of 128 MiB; "
			       "block 4 is named memory4"),
	  .steps = "" },
	{ "a size that no block has for a number",
	  { OFF, .size = 100 << 20 },
	  REFUSED(NOT_ALIGNED, "a size of 100 MiB is not made of whole memory blocks of 128 MiB"),
	  .steps = "" },
	{ "far more than there is",
	  { OFF, .size = UINT64_C(100) << 40 },
	  REFUSED(TOO_FEW_BLOCKS, "of the 100 TiB asked for, 768 MiB can be taken offline"),
	  .steps = "9 4 3 8 1 10",
	  .wanted = 819200 },
	{ "offline by size", { OFF, .size = B(3) }, .steps = "9 4 3 8 1 10", .wanted = 3 },
	{ "online by size", { ON, .size = B(1) }, .steps = "5", .wanted = 1 },
	{ "what is left out or settled doesn't count",
	  { ON_MOVABLE, .size = B(2) },
	  REFUSED(TOO_FEW_BLOCKS, "of the 256 MiB asked for, 128 MiB can be brought online"),
	  .steps = "5",
	  .wanted = 2 },
	{ "more than can go",
	  { OFF, .size = B(7) },
	  REFUSED(TOO_FEW_BLOCKS, "of the 896 MiB asked for, 768 MiB can be taken offline"),
	  .steps = "9 4 3 8 1 10",
	  .wanted = 7 },
	{ "as much as goes",
	  { OFF, .size = B(7), .best_effort = true },
	  .steps = "9 4 3 8 1 10",
	  .wanted = 7 },
	{ "none goes",
	  { OFF, .size = B(1), .best_effort = true },
	  { { B(5), B(7) } },
	  REFUSED(TOO_FEW_BLOCKS, "0 MiB can be taken offline"),
	  .steps = "",
	  .wanted = 1 },

	/* What else says where. */
	{ "a node",
	  { OFF },
	  .nid = NODE(1),
	  REFUSED(NOT_REMOVABLE, "memory2 can't be taken offline: mixed-nodes"),
	  .steps = "9 4 3 8 6=already 5=already 2=left-out",
	  .wanted = 7 },
	{ "a node by size",
	  { OFF, .size = B(4) },
	  .nid = NODE(1),
	  .steps = "9 4 3 8",
	  .wanted = 4 },
	{ "no such node",
	  { OFF },
	  .nid = NODE(2),
	  REFUSED(NO_SUCH_NODE, "no memory block hangs on node 2"),
	  .steps = "" },
	{ "a device", { OFF, .device = "PNP0C80:00" }, .steps = "9 8", .wanted = 2 },
	{ "no such device",
	  { OFF, .device = "PNP0C80:01" },
	  REFUSED(NO_SUCH_DEVICE, "no memory block belongs to the device PNP0C80:01"),
	  .steps = "" },
	{ "a device with an odd name",
	  { OFF, .device = "\033[2J" },
	  REFUSED(NO_SUCH_DEVICE, "the device ?[2J"),
	  .steps = "" },
	{ "a zone",
	  { OFF, .zone = MEMBLOCK_ZONE_MOVABLE },
	  { { B(3), B(6) } },
	  .steps = "4 3 5=already",
	  .wanted = 3 },
	{ "a zone of a device",
	  { OFF, .zone = MEMBLOCK_ZONE_MOVABLE, .device = "PNP0C80:00" },
	  .steps = "9",
	  .wanted = 1 },
	{ "a zone by size",
	  { OFF, .zone = MEMBLOCK_ZONE_NORMAL, .size = B(2) },
	  .steps = "8 1",
	  .wanted = 2 },
	{ "nothing is all of it",
	  { OFF, .device = "PNP0C80:00" },
	  { { B(3), B(5) } },
	  REFUSED(NO_SUCH_BLOCK, "no memory block fits all"),
	  .steps = "" },
	{ "nothing is in that zone",
	  { OFF, .zone = MEMBLOCK_ZONE_DMA },
	  { { B(3), B(5) } },
	  REFUSED(NO_SUCH_BLOCK, "no memory block fits all"),
	  .steps = "" },
	{ "nothing is in that zone, by size",
	  { OFF, .zone = MEMBLOCK_ZONE_DMA, .size = B(1) },
	  REFUSED(TOO_FEW_BLOCKS, "0 MiB"),
	  .steps = "",
	  .wanted = 1 },

	/* Offline. */
	{ "mixed zones",
	  { OFF },
	  { { B(0), B(2) } },
	  REFUSED(NOT_REMOVABLE, "memory0 can't be taken offline: "
				 "mixed-zones"),
	  .steps = "1 0=left-out",
	  .wanted = 2 },
	{ "left out",
	  { OFF, .best_effort = true },
	  { { B(0), B(2) } },
	  .steps = "1 0=left-out",
	  .wanted = 2 },
	{ "all would be left out",
	  { OFF, .best_effort = true },
	  { { B(0), B(1) } },
	  REFUSED(NOT_REMOVABLE, "memory0"),
	  .steps = "0=left-out",
	  .wanted = 1 },
	{ "marked",
	  { OFF },
	  { { B(10), B(12) } },
	  REFUSED(NOT_REMOVABLE,
		  "memory11 can't be taken offline: marked; its mark says: logs live here"),
	  .steps = "10 11=left-out",
	  .wanted = 2 },
	{ "offline already",
	  { OFF },
	  { { B(5), B(7) } },
	  .steps = "6=already 5=already",
	  .wanted = 2 },
	{ "what isn't known comes last",
	  { OFF },
	  { { B(8), B(11) }, { B(12), B(14) } },
	  .steps = "9 8 13 12 10",
	  .wanted = 5 },

	/* Online. */
	{ "to the kernel's default", { ON }, { { B(5), B(6) } }, .steps = "5", .wanted = 1 },
	{ "a hole",
	  { ON },
	  { { B(5), B(7) } },
	  REFUSED(NOT_ONLINABLE, "memory6 can't be brought online: hole"),
	  .steps = "5 6=left-out",
	  .wanted = 2 },
	{ "a hole, left out",
	  { ON_KERNEL, .best_effort = true },
	  { { B(5), B(7) } },
	  .steps = "5 6=left-out",
	  .wanted = 2 },
	{ "online already",
	  { ON },
	  { { B(3), B(6) } },
	  .steps = "5 3=already 4=already",
	  .wanted = 3 },
	{ "online already, whatever the verdict",
	  { ON },
	  { { B(0), B(3) } },
	  .steps = "0=already 1=already 2=already",
	  .wanted = 3 },
	{ "in that zone already",
	  { ON_MOVABLE },
	  { { B(3), B(5) } },
	  .steps = "3=already 4=already",
	  .wanted = 2 },
	{ "in the kernel's zone",
	  { ON_MOVABLE },
	  { { B(1), B(2) } },
	  REFUSED(WRONG_ZONE, "memory1 is online in zone Normal; take it offline first"),
	  .steps = "1=left-out",
	  .wanted = 1 },
	{ "in several zones",
	  { ON_MOVABLE },
	  { { B(0), B(1) } },
	  REFUSED(WRONG_ZONE, "memory0 is online in several zones; take it offline first"),
	  .steps = "0=left-out",
	  .wanted = 1 },
	{ "several zones may be the kernel's",
	  { ON_KERNEL },
	  { { B(0), B(2) } },
	  .steps = "0=already 1=already",
	  .wanted = 2 },
	{ "in the movable zone",
	  { ON_KERNEL },
	  { { B(4), B(6) } },
	  REFUSED(WRONG_ZONE, "memory4 is online in zone Movable"),
	  .steps = "5 4=left-out",
	  .wanted = 2 },
	{ "in the movable zone, left out",
	  { ON_KERNEL, .best_effort = true },
	  { { B(4), B(6) } },
	  .steps = "5 4=left-out",
	  .wanted = 2 },
	{ "in a zone that isn't known",
	  { ON_MOVABLE },
	  { { B(10), B(11) } },
	  .steps = "10=already",
	  .wanted = 1 },
	{ "states that are odd", { ON }, { { B(12), B(14) } }, .steps = "12 13", .wanted = 2 },
};

/* The steps as the table writes them. */
static const char *steps_text(const struct memblock_plan *plan)
{
	static char text[512];
	const struct memblock_step *step;

	*text = '\0';
	for (size_t i = 0; (step = memblock_plan_step(plan, i)); i++) {
		size_t length = strlen(text);

		snprintf(text + length, sizeof(text) - length, "%s%" PRIu64 "%s%s", i ? " " : "",
			 step->index, step->outcome ? "=" : "",
			 step->outcome ? memblock_outcome_to_string(step->outcome) : "");
	}
	return text;
}

static void assert_refusal(const struct memblock_plan *plan, enum memblock_refusal refusal,
			   const char *says)
{
	const char *text = "untouched";

	assert_string_equal(memblock_refusal_to_string(memblock_plan_refusal(plan, &text)),
			    memblock_refusal_to_string(refusal));
	assert_int_equal(memblock_plan_refusal(plan, NULL), refusal);
	if (!says) {
		assert_null(text);
		return;
	}
	assert_non_null(text);
	if (!strstr(text, says))
		assert_string_equal(text, says);
}

static void test_plan(void **state)
{
	const struct row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = tree_of_all_kinds();
	_cleanup_inventory_ struct memblock_inventory *inventory = scan(tree);
	_cleanup_plan_ struct memblock_plan *plan = NULL;
	struct memblock_request request = row->request;

	request.nid = row->nid - 1;
	request.ranges = row->ranges;
	while (request.n_ranges < RANGES_MAX &&
	       (row->ranges[request.n_ranges].start || row->ranges[request.n_ranges].end))
		request.n_ranges++;

	assert_int_equal(memblock_plan_new(inventory, &request, &plenty, &no_limits, &plan), 0);
	assert_refusal(plan, row->refusal, row->says);
	assert_string_equal(steps_text(plan), row->steps);
	assert_int_equal(memblock_plan_wanted(plan), row->wanted);
	assert_int_equal(memblock_plan_best_effort(plan), request.best_effort);
}

/* How a block was found goes with its step. */
static void test_step(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = tree_of_all_kinds();
	_cleanup_inventory_ struct memblock_inventory *inventory = scan(tree);
	_cleanup_plan_ struct memblock_plan *plan = NULL;
	const struct memblock_range range = { B(3), B(6) };
	const struct memblock_request request = { OFF, .ranges = &range, .n_ranges = 1, .nid = -1 };
	const struct memblock_step *step;

	(void)state;
	assert_int_equal(memblock_plan_new(inventory, &request, &plenty, &no_limits, &plan), 0);
	step = memblock_plan_step(plan, 0);
	assert_int_equal(step->state, MEMBLOCK_STATE_ONLINE);
	assert_int_equal(step->zone, MEMBLOCK_ZONE_MOVABLE);
	assert_int_equal(step->action, MEMBLOCK_ACTION_OFFLINE);
	step = memblock_plan_step(plan, 2);
	assert_int_equal(step->state, MEMBLOCK_STATE_OFFLINE);
	assert_int_equal(step->zone, MEMBLOCK_ZONE_UNKNOWN);
	assert_null(memblock_plan_step(plan, 3));
}

struct nonsense_row {
	const char *name;
	struct memblock_request request;
};

static const struct nonsense_row nonsense_rows[] = {
	{ "neither size nor place", { OFF, .nid = -1 } },
	{ "a zone is no place", { OFF, .nid = -1, .zone = MEMBLOCK_ZONE_MOVABLE } },
	{ "no such action", { .action = MEMBLOCK_ACTION_ONLINE_MOVABLE + 1, .nid = 0 } },
	{ "no such zone", { OFF, .zone = MEMBLOCK_ZONE_DEVICE + 1 } },
	{ "the action says the zone", { ON, .zone = MEMBLOCK_ZONE_NORMAL } },
	{ "several nodes are none", { OFF, .nid = MEMBLOCK_NID_SEVERAL } },
};

static void test_nonsense(void **state)
{
	const struct nonsense_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = tree_of_all_kinds();
	_cleanup_inventory_ struct memblock_inventory *inventory = scan(tree);
	struct memblock_plan *plan = NULL;

	assert_int_equal(memblock_plan_new(inventory, &row->request, &plenty, &no_limits, &plan),
			 -EINVAL);
	assert_null(plan);
}

/* A machine without a single block. */
static void test_no_blocks(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = scan(tree);
	_cleanup_plan_ struct memblock_plan *plan = NULL;
	const struct memblock_request request = { OFF, .size = B(1), .nid = -1 };

	(void)state;
	assert_int_equal(memblock_plan_new(inventory, &request, &plenty, &no_limits, &plan), 0);
	assert_refusal(plan, MEMBLOCK_REFUSAL_TOO_FEW_BLOCKS, "0 MiB");
}

/* Some block of them may be marked, so none goes. */
static void test_unreadable_marks(void **state)
{
	static const struct memblock_range ranges[] = { { B(3), B(5) } };
	const struct memblock_request request = {
		.action = MEMBLOCK_ACTION_OFFLINE,
		.ranges = ranges,
		.n_ranges = 1,
		.nid = MEMBLOCK_NID_UNKNOWN,
		.best_effort = true,
	};
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	_cleanup_plan_ struct memblock_plan *plan = NULL;

	(void)state;
	add_block(tree, 3, "online", "Movable", 0);
	add_block(tree, 4, "online", "Movable", 0);
	write_file(tree, "proc/iomem", "00000000-7fffffff : System RAM\n");
	write_file(tree, "var/lib/memblockd/marks/folder", "\n");
	inventory = scan(tree);
	assert_int_equal(memblock_plan_new(inventory, &request, &plenty, &no_limits, &plan), 0);
	assert_refusal(plan, MEMBLOCK_REFUSAL_NOT_REMOVABLE,
		       "is marked is not known: can't read /var/lib/memblockd/marks");
}

static void test_of_steps(void **state)
{
	static const struct memblock_step steps[] = {
		{ .index = 7, .action = MEMBLOCK_ACTION_ONLINE_MOVABLE },
		{ .index = 3, .outcome = MEMBLOCK_OUTCOME_ALREADY },
	};
	_cleanup_plan_ struct memblock_plan *plan = NULL, *empty = NULL;

	(void)state;
	assert_int_equal(memblock_plan_new_of_steps(steps, 2, 1, true, &plan), 0);
	assert_refusal(plan, MEMBLOCK_REFUSAL_NONE, NULL);
	assert_string_equal(steps_text(plan), "7 3=already");
	assert_int_equal(memblock_plan_wanted(plan), 1);
	assert_true(memblock_plan_best_effort(plan));

	assert_int_equal(memblock_plan_new_of_steps(NULL, 0, 0, false, &empty), 0);
	assert_null(memblock_plan_step(empty, 0));
	assert_null(memblock_plan_free(NULL));
}

/* Steps of work that was begun elsewhere may be of any number. */
static void test_ranges_of_steps(void **state)
{
	static const struct memblock_step steps[] = {
		{ .index = 7, .action = MEMBLOCK_ACTION_OFFLINE },
		{ .index = 3, .action = MEMBLOCK_ACTION_OFFLINE },
		{ .index = 4, .action = MEMBLOCK_ACTION_OFFLINE },
		{ .index = (UINT64_C(1) << 37) + 5, .action = MEMBLOCK_ACTION_OFFLINE },
	};
	_cleanup_tree_ struct fake_tree *tree = tree_of_all_kinds();
	_cleanup_inventory_ struct memblock_inventory *inventory = scan(tree);
	_cleanup_plan_ struct memblock_plan *plan = NULL, *far = NULL;
	_cleanup_free_ struct memblock_range *ranges = NULL;
	struct memblock_range *none = NULL;
	size_t n;

	(void)state;
	assert_int_equal(memblock_plan_new_of_steps(steps, 3, 3, false, &plan), 0);
	assert_int_equal(memblock_plan_ranges(plan, inventory, &ranges, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(ranges[0].start, B(3));
	assert_int_equal(ranges[0].end, B(5));
	assert_int_equal(ranges[1].start, B(7));

	assert_int_equal(memblock_plan_new_of_steps(steps, 4, 4, false, &far), 0);
	assert_int_equal(memblock_plan_ranges(far, inventory, &none, &n), -EINVAL);
	assert_null(none);
}

struct undo_row {
	const char *name;
	struct memblock_step step;
	enum memblock_action undo;
};

static const struct undo_row undo_rows[] = {
	{ "Movable", { OFF, .zone = MEMBLOCK_ZONE_MOVABLE }, MEMBLOCK_ACTION_ONLINE_MOVABLE },
	{ "DMA", { OFF, .zone = MEMBLOCK_ZONE_DMA }, MEMBLOCK_ACTION_ONLINE_KERNEL },
	{ "DMA32", { OFF, .zone = MEMBLOCK_ZONE_DMA32 }, MEMBLOCK_ACTION_ONLINE_KERNEL },
	{ "Normal", { OFF, .zone = MEMBLOCK_ZONE_NORMAL }, MEMBLOCK_ACTION_ONLINE_KERNEL },
	{ "Highmem", { OFF, .zone = MEMBLOCK_ZONE_HIGHMEM }, MEMBLOCK_ACTION_ONLINE_KERNEL },
	{ "Unknown", { OFF, .zone = MEMBLOCK_ZONE_UNKNOWN }, MEMBLOCK_ACTION_ONLINE },
	{ "None", { OFF, .zone = MEMBLOCK_ZONE_NONE }, MEMBLOCK_ACTION_ONLINE },
	{ "Device", { OFF, .zone = MEMBLOCK_ZONE_DEVICE }, MEMBLOCK_ACTION_ONLINE },
	{ "online", { ON }, MEMBLOCK_ACTION_OFFLINE },
	{ "online_kernel", { ON_KERNEL }, MEMBLOCK_ACTION_OFFLINE },
	{ "online_movable", { ON_MOVABLE }, MEMBLOCK_ACTION_OFFLINE },
};

static void test_undo(void **state)
{
	const struct undo_row *row = *state;

	assert_int_equal(memblock_step_undo(&row->step), row->undo);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_step),
		cmocka_unit_test(test_no_blocks),
		cmocka_unit_test(test_unreadable_marks),
		cmocka_unit_test(test_of_steps),
		cmocka_unit_test(test_ranges_of_steps),
	};

	return RUN_ROWS(rows, test_plan) + RUN_ROWS(nonsense_rows, test_nonsense) +
	       RUN_ROWS(undo_rows, test_undo) + RUN_TESTS(tests);
}
