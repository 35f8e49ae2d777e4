/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "fake-tree.h"
#include "plan.h"

#define BLOCKS(n) (MIB(128) * (n))

/* Blocks 0 to 3 lie in Normal, 4 to 7 in Movable, 8 in a zone that isn't known; 9 is offline. */
static struct fake_tree *tree_of_two_zones(void)
{
	struct fake_tree *tree = fake_tree_new();

	for (uint64_t i = 0; i < 9; i++)
		add_block(tree, i, "online", i < 4 ? "Normal" : i < 8 ? "Movable" : "Future", 0);
	add_block(tree, 9, "offline", "Movable", 0);
	write_file(tree, "proc/iomem", "00000000-4fffffff : System RAM\n");
	return tree;
}

struct row {
	const char *name;
	uint64_t first, end; /* blocks; both 0 for everywhere */
	uint64_t size;       /* in blocks */
	bool best_effort;
	uint64_t total, available, kernel_free, reserve; /* in MiB */
	unsigned movable_ratio;
	enum memblock_refusal refusal;
	const char *says;
	size_t n_steps; /* of the plan, spares among them; 0 where it doesn't matter */
};

#define TOO_LITTLE .refusal = MEMBLOCK_REFUSAL_TOO_LITTLE_MEMORY
#define RATIO .refusal = MEMBLOCK_REFUSAL_MOVABLE_RATIO
#define OF_SIZE(n) .size = (n), .total = 8192, .available = 9999, .reserve = 512

static const struct row rows[] = {
	{ "just enough", 4, 8, .total = 8192, .available = 1024, .kernel_free = 512,
	  .reserve = 512 },
	{ "too little", 4, 8, .total = 8192, .available = 1023, .kernel_free = 9999, .reserve = 512,
	  TOO_LITTLE,
	  .says = "with 512 MiB offline, 511 MiB of the 1023 MiB available would be left, less "
		  "than the reserve of 512 MiB" },
	{ "less than goes", 4, 8, .total = 8192, .available = 100, .kernel_free = 9999,
	  .reserve = 1, TOO_LITTLE, .says = "0 MiB of the 100 MiB available" },
	{ "too little all told", 4, 8, .best_effort = true, .total = 8192, .available = 1023,
	  .kernel_free = 9999, .reserve = 512, TOO_LITTLE },
	{ "just enough for the kernel", 0, 4, .total = 8192, .available = 9999, .kernel_free = 1024,
	  .reserve = 512 },
	{ "too little for the kernel", 0, 4, .total = 8192, .available = 9999, .kernel_free = 1023,
	  .reserve = 512, TOO_LITTLE,
	  .says = "with 512 MiB of the kernel's zones offline, 511 MiB of the 1023 MiB free in "
		  "them would be left, less than the reserve of 512 MiB" },
	{ "the kernel has too little already", 4, 5, .total = 8192, .available = 9999,
	  .kernel_free = 511, .reserve = 512, TOO_LITTLE, .says = "0 MiB of the kernel's zones" },
	{ "an unknown zone may be the kernel's", 8, 9, .total = 8192, .available = 9999,
	  .kernel_free = 639, .reserve = 512, TOO_LITTLE, .says = "128 MiB of the kernel's zones" },

	{ "5 % by default", 4, 5, .total = 10240, .available = 128 + 512, .kernel_free = 512 },
	{ "less than 5 %", 4, 5, .total = 10400, .available = 128 + 519, .kernel_free = 9999,
	  TOO_LITTLE, .says = "the reserve of 520 MiB" },
	{ "256 MiB by default", 4, 5, .total = 1024, .available = 128 + 256, .kernel_free = 256 },
	{ "less than 256 MiB", 4, 5, .total = 1024, .available = 128 + 255, .kernel_free = 9999,
	  TOO_LITTLE, .says = "the reserve of 256 MiB" },
	{ "a reserve said beats both", 4, 5, .total = 10240, .available = 128 + 1, .kernel_free = 1,
	  .reserve = 1 },

	/* Of all that might go, as much as is wanted counts: the movable blocks, which go first. */
	{ "a size", 0, 0, .size = 4, .total = 8192, .available = 1024, .kernel_free = 512,
	  .reserve = 512 },
	{ "a size too large", 0, 0, .size = 5, .total = 8192, .available = 1024,
	  .kernel_free = 9999, .reserve = 512, TOO_LITTLE, .says = "with 640 MiB offline" },
	{ "a size with memory of the kernel", 0, 0, .size = 6, .total = 8192, .available = 9999,
	  .kernel_free = 767, .reserve = 512, TOO_LITTLE,
	  .says = "with 256 MiB of the kernel's zones" },
	{ "a size larger than all, by best effort", 0, 0, .size = 50, .best_effort = true,
	  .total = 8192, .available = 128 * 9 + 511, .kernel_free = 9999, .reserve = 512,
	  TOO_LITTLE, .says = "with 1152 MiB offline" },
	{ "what is offline doesn't go", .first = 9, .end = 10 },
	{ "nor beside what is online", 7, 10, .total = 8192, .available = 256 + 512,
	  .kernel_free = 128 + 512, .reserve = 512 },

	/* 5 blocks count as the kernel's, 4 are movable. */
	{ "within the ratio", 0, 1, .total = 8192, .available = 9999, .kernel_free = 9999,
	  .movable_ratio = 100 },
	{ "beyond the ratio", 0, 2, .total = 8192, .available = 9999, .kernel_free = 9999,
	  .movable_ratio = 133, RATIO,
	  .says = "with 256 MiB of the kernel's zones offline, 384 MiB of them would be left "
		  "beside 512 MiB of movable memory, which may be 133 % of them" },
	{ "just within it", 0, 2, .total = 8192, .available = 9999, .kernel_free = 9999,
	  .movable_ratio = 134 },
	{ "beyond the ratio, by best effort", 0, 2, .best_effort = true, .total = 8192,
	  .available = 9999, .kernel_free = 9999, .movable_ratio = 133, RATIO },
	{ "no kernel memory goes", 4, 5, .total = 8192, .available = 9999, .kernel_free = 9999,
	  .movable_ratio = 1 },
	{ "movable memory goes too", 0, 0, .size = 8, .total = 9216, .available = 9999,
	  .kernel_free = 9999, .movable_ratio = 1 },
	{ "no ratio", 0, 4, .total = 8192, .available = 9999, .kernel_free = 9999 },

	/* No spare of the kernel's that would leave too little, should it stand in for a movable
	 * block. */
	{ "all may stand by", OF_SIZE(2), .kernel_free = 512 + 256, .n_steps = 9 },
	{ "one of the kernel's may", OF_SIZE(2), .kernel_free = 512 + 255, .n_steps = 5 },
	{ "none may", OF_SIZE(2), .kernel_free = 512 + 127, .n_steps = 4 },
	{ "one may beside what goes", OF_SIZE(6), .kernel_free = 512 + 3 * 128, .n_steps = 7 },
	{ "none may beside what goes", OF_SIZE(6), .kernel_free = 512 + 2 * 128, .n_steps = 6 },
	{ "the kernel's for each other", .first = 0, .end = 4, OF_SIZE(2),
	  .kernel_free = 512 + 2 * 128, .n_steps = 4 },
	{ "all may by the ratio", OF_SIZE(2), .kernel_free = 9999, .movable_ratio = 134,
	  .n_steps = 9 },
	{ "one may by the ratio", OF_SIZE(2), .kernel_free = 9999, .movable_ratio = 100,
	  .n_steps = 5 },
	{ "none may by the ratio", OF_SIZE(2), .kernel_free = 9999, .movable_ratio = 99,
	  .n_steps = 4 },
	{ "a ratio that is kept if movable memory goes", OF_SIZE(6), .kernel_free = 9999,
	  .movable_ratio = 10, .n_steps = 6 },
	{ "all that there is", OF_SIZE(50), .best_effort = true, .kernel_free = 512 + 5 * 128,
	  .n_steps = 9 },
	{ "all that is named", 0, 10, .total = 8192, .available = 9999, .reserve = 512,
	  .kernel_free = 512 + 5 * 128, .n_steps = 10 },
};

static void assert_refused(const struct memblock_plan *plan, enum memblock_refusal refusal,
			   const char *says)
{
	const char *text;

	assert_string_equal(memblock_refusal_to_string(memblock_plan_refusal(plan, &text)),
			    memblock_refusal_to_string(refusal));
	if (says && !strstr(text, says))
		assert_string_equal(text, says);
}

static struct memblock_plan *plan_of(const struct memblock_inventory *inventory,
				     enum memblock_action action, const struct row *row,
				     const struct memblock_memory *memory)
{
	const struct memblock_range range = { BLOCKS(row->first), BLOCKS(row->end) };
	const struct memblock_request request = {
		.action = action,
		.ranges = &range,
		.n_ranges = row->end > 0,
		.size = BLOCKS(row->size),
		.nid = MEMBLOCK_NID_UNKNOWN,
		.best_effort = row->best_effort,
	};
	const struct memblock_limits limits = {
		.reserve = MIB(row->reserve),
		.movable_ratio = row->movable_ratio,
	};
	struct memblock_plan *plan = NULL;

	assert_int_equal(memblock_plan_new(inventory, &request, memory, &limits, &plan), 0);
	return plan;
}

static void test_room(void **state)
{
	const struct row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = tree_of_two_zones();
	_cleanup_inventory_ struct memblock_inventory *inventory = scan(tree);
	const struct memblock_memory memory = {
		.total = MIB(row->total),
		.available = MIB(row->available),
		.kernel_free = MIB(row->kernel_free),
	};
	_cleanup_(memblock_plan_freep) struct memblock_plan *plan =
		plan_of(inventory, MEMBLOCK_ACTION_OFFLINE, row, &memory);

	assert_refused(plan, row->refusal, row->says);
	if (row->n_steps > 0)
		assert_int_equal(plan->n, row->n_steps);
}

/* Without the figures nothing goes offline; where nothing goes anyway, nobody minds. */
static void test_not_known(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = tree_of_two_zones();
	_cleanup_inventory_ struct memblock_inventory *inventory = scan(tree);
	_cleanup_(memblock_plan_freep) struct memblock_plan *going = NULL, *gone = NULL, *on = NULL;

	(void)state;
	going = plan_of(inventory, MEMBLOCK_ACTION_OFFLINE, &(struct row){ .first = 7, .end = 10 },
			NULL);
	assert_refused(going, MEMBLOCK_REFUSAL_NOT_KNOWN, "not known");
	gone = plan_of(inventory, MEMBLOCK_ACTION_OFFLINE, &(struct row){ .first = 9, .end = 10 },
		       NULL);
	assert_refused(gone, MEMBLOCK_REFUSAL_NONE, NULL);
	on = plan_of(inventory, MEMBLOCK_ACTION_ONLINE, &(struct row){ .first = 9, .end = 10 },
		     NULL);
	assert_refused(on, MEMBLOCK_REFUSAL_NONE, NULL);
}

static void test_is_short(void **state)
{
	const struct memblock_limits limits = { .reserve = MIB(300) }, none = {};
	struct memblock_memory memory = { .total = MIB(10240), .kernel_free = MIB(299) };

	(void)state;
	assert_true(memblock_memory_is_short(&memory, &limits));
	memory.kernel_free = MIB(300);
	assert_false(memblock_memory_is_short(&memory, &limits));
	assert_true(memblock_memory_is_short(&memory, &none));
	memory.kernel_free = MIB(512);
	assert_false(memblock_memory_is_short(&memory, &none));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_known),
		cmocka_unit_test(test_is_short),
	};

	return RUN_ROWS(rows, test_room) + RUN_TESTS(tests);
}
