/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells which blocks to take offline for so many MiB, the likeliest to go first. Nothing is
 * written: memblock_transition_new() is how a plan is carried out. */
#include <inttypes.h>
#include <libmemblock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Counts the pages of all blocks that might serve, and plans. */
static int make_plan(struct memblock_root *root, struct memblock_inventory *inventory,
		     const struct memblock_request *request, struct memblock_plan **ret)
{
	struct memblock_limits limits = {}; /* the default reserve */
	struct memblock_memory memory;
	struct memblock_range *ranges = NULL;
	size_t n;
	int r;

	r = memblock_request_ranges(inventory, request, &ranges, &n);
	if (r >= 0 && n > 0)
		r = memblock_inventory_read_pages(inventory, ranges, n, false);
	free(ranges);
	if (r >= 0)
		r = memblock_memory_read(root, &memory);
	return r < 0 ? r : memblock_plan_new(inventory, request, &memory, &limits, ret);
}

static int print_plan(const struct memblock_plan *plan)
{
	const struct memblock_step *step;
	const char *why;

	if (memblock_plan_refusal(plan, &why) != MEMBLOCK_REFUSAL_NONE) {
		fprintf(stderr, "%s\n", why);
		return EXIT_FAILURE;
	}
	for (size_t i = 0; (step = memblock_plan_step(plan, i)); i++)
		printf("memory%" PRIu64 ": %s, busy: %s, to be moved: %" PRIu64 " KiB\n",
		       step->index, i < memblock_plan_wanted(plan) ? "change" : "spare",
		       memblock_answer_to_string(step->busy), step->to_move >> 10);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct memblock_request request = {
		.action = MEMBLOCK_ACTION_OFFLINE,
		.size = argc > 1 ? strtoull(argv[1], NULL, 10) << 20 : 0,
		.nid = MEMBLOCK_NID_UNKNOWN,
	};
	struct memblock_root *root = NULL;
	struct memblock_inventory *inventory = NULL;
	struct memblock_plan *plan = NULL;
	int r, status = EXIT_FAILURE;

	r = memblock_root_new(argc > 2 ? argv[2] : NULL, &root);
	if (r >= 0)
		r = memblock_inventory_new(root, 0, &inventory, NULL);
	if (r >= 0)
		r = make_plan(root, inventory, &request, &plan);
	if (r >= 0)
		status = print_plan(plan);
	else
		fprintf(stderr, "%s\n", strerror(-r));

	memblock_plan_free(plan);
	memblock_inventory_unref(inventory);
	memblock_root_unref(root);
	return status;
}
