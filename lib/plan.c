/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "candidate.h"
#include "choice.h"
#include "range-list.h"
#include "room.h"
#include "selection.h"

struct candidates {
	struct candidate *items;
	size_t n;
	const struct candidate *left_out; /* the first that must be */
	bool all_left_out;
};

static void candidates_done(struct candidates *candidates)
{
	free(candidates->items);
}

static bool makes_sense(const struct memblock_request *request)
{
	if (!memblock_action_to_string(request->action) || !memblock_zone_to_string(request->zone))
		return false;
	if (request->action != MEMBLOCK_ACTION_OFFLINE && request->zone != MEMBLOCK_ZONE_UNKNOWN)
		return false;
	if (request->nid < MEMBLOCK_NID_UNKNOWN)
		return false;
	return request->size > 0 || request->n_ranges > 0 || request->device ||
	       request->nid != MEMBLOCK_NID_UNKNOWN;
}

/* Holds the selected blocks against the request. ret must be empty. */
static int find_candidates(const struct memblock_inventory *inventory,
			   const struct memblock_request *request,
			   const struct selection *selection, struct candidates *ret)
{
	ret->items = calloc(MAX(selection->n, (size_t)1), sizeof(*ret->items));
	if (!ret->items)
		return -ENOMEM;

	ret->all_left_out = true;
	for (size_t i = 0; i < selection->n; i++) {
		struct candidate candidate = candidate_of(inventory, request, selection->blocks[i]);

		if (request->size > 0 && !candidate_counts(&candidate))
			continue;
		ret->items[ret->n] = candidate;
		if (candidate.refusal && !ret->left_out)
			ret->left_out = &ret->items[ret->n];
		ret->all_left_out = ret->all_left_out && candidate.refusal;
		ret->n++;
	}
	return 0;
}

/* Whether as much can be had as is wanted. */
static int check_amount(struct memblock_plan *plan, const struct memblock_inventory *inventory,
			const struct memblock_request *request, const struct candidates *candidates)
{
	bool offlining = request->action == MEMBLOCK_ACTION_OFFLINE;

	if (candidates->left_out && (!plan->best_effort || candidates->all_left_out))
		return candidate_refuse(plan, inventory, candidates->left_out);
	if (candidates->n >= plan->wanted || (plan->best_effort && candidates->n > 0))
		return 0;
	return refuse(plan, MEMBLOCK_REFUSAL_TOO_FEW_BLOCKS,
		      "of the " SIZE_FORMAT " asked for, " SIZE_FORMAT " can be %s",
		      SIZE_ARGUMENT(request->size),
		      SIZE_ARGUMENT(candidates->n * inventory->block_size),
		      offlining ? "taken offline" : "brought online");
}

static int take_steps(struct memblock_plan *plan, const struct memblock_inventory *inventory,
		      struct candidates *candidates)
{
	int r;

	r = choose(inventory, candidates->items, candidates->n, plan->wanted);
	if (r < 0)
		return r;
	plan->steps = calloc(MAX(candidates->n, (size_t)1), sizeof(*plan->steps));
	if (!plan->steps)
		return -ENOMEM;

	for (size_t i = 0; i < candidates->n; i++)
		plan->steps[i] = candidates->items[i].step;
	plan->n = candidates->n;
	return 0;
}

/* 0, 1 where the plan is refused, or -ENOMEM. */
static int decide(struct memblock_plan *plan, const struct memblock_inventory *inventory,
		  const struct memblock_request *request, const struct memblock_memory *memory,
		  const struct memblock_limits *limits)
{
	_cleanup_(candidates_done) struct candidates candidates = {};
	_cleanup_selection_ struct selection selection = {};
	int r;

	r = select_blocks(plan, inventory, request, &selection);
	if (r != 0)
		return r;
	r = find_candidates(inventory, request, &selection, &candidates);
	if (r < 0)
		return r;

	plan->wanted = request->size > 0 ? request->size / inventory->block_size : candidates.n;
	r = check_amount(plan, inventory, request, &candidates);
	if (r < 0 || take_steps(plan, inventory, &candidates) < 0)
		return -ENOMEM;
	return r == 0 && request->action == MEMBLOCK_ACTION_OFFLINE
		       ? check_room(plan, inventory, memory, limits)
		       : r;
}

int memblock_plan_new(const struct memblock_inventory *inventory,
		      const struct memblock_request *request, const struct memblock_memory *memory,
		      const struct memblock_limits *limits, struct memblock_plan **ret)
{
	_cleanup_(memblock_plan_freep) struct memblock_plan *plan = NULL;
	int r;

	if (!makes_sense(request))
		return -EINVAL;

	plan = calloc(1, sizeof(*plan));
	if (!plan)
		return -ENOMEM;
	plan->best_effort = request->best_effort;
	r = decide(plan, inventory, request, memory, limits);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(plan);
	return 0;
}

int memblock_plan_new_of_steps(const struct memblock_step *steps, size_t n, size_t wanted,
			       bool best_effort, struct memblock_plan **ret)
{
	_cleanup_(memblock_plan_freep) struct memblock_plan *plan = NULL;

	plan = calloc(1, sizeof(*plan));
	if (!plan)
		return -ENOMEM;
	plan->steps = calloc(MAX(n, (size_t)1), sizeof(*plan->steps));
	if (!plan->steps)
		return -ENOMEM;

	if (n > 0)
		memcpy(plan->steps, steps, n * sizeof(*steps));
	plan->n = n;
	plan->wanted = wanted;
	plan->best_effort = best_effort;
	*ret = TAKE_PTR(plan);
	return 0;
}

/* How many steps are turned to first: those that are wanted, and a quarter more. */
static size_t n_first(const struct memblock_plan *plan)
{
	return plan->wanted + plan->wanted / 4 + 1;
}

int memblock_plan_ranges(const struct memblock_plan *plan,
			 const struct memblock_inventory *inventory, struct memblock_range **ret,
			 size_t *ret_n)
{
	_cleanup_range_list_ struct range_list list = {};
	_cleanup_free_ uint64_t *indexes = calloc(plan->n + 1, sizeof(*indexes));
	size_t n = 0;
	int r = 0;

	if (!indexes)
		return -ENOMEM;
	for (size_t i = 0; i < plan->n && n < n_first(plan); i++)
		if (plan->steps[i].outcome == MEMBLOCK_OUTCOME_NOT_TRIED &&
		    plan->steps[i].action == MEMBLOCK_ACTION_OFFLINE)
			indexes[n++] = plan->steps[i].index;
	if (n > 0)
		qsort(indexes, n, sizeof(*indexes), compare_u64);
	for (size_t i = 0; r >= 0 && i < n; i++) {
		struct memblock_range range;

		r = block_range(indexes[i], inventory->block_size, &range);
		if (r >= 0)
			r = range_list_add(&list, range.start, range.end);
	}
	if (r < 0)
		return r;

	*ret_n = list.n;
	*ret = TAKE_PTR(list.items);
	return 0;
}

struct memblock_plan *memblock_plan_free(struct memblock_plan *plan)
{
	if (!plan)
		return NULL;

	notes_done(&plan->text);
	free(plan->steps);
	free(plan);
	return NULL;
}

enum memblock_refusal memblock_plan_refusal(const struct memblock_plan *plan, const char **ret_text)
{
	if (ret_text)
		*ret_text = plan->text.n > 0 ? plan->text.items[0] : NULL;
	return plan->refusal;
}

const struct memblock_step *memblock_plan_step(const struct memblock_plan *plan, size_t n)
{
	return n < plan->n ? &plan->steps[n] : NULL;
}

size_t memblock_plan_wanted(const struct memblock_plan *plan)
{
	return plan->wanted;
}

bool memblock_plan_best_effort(const struct memblock_plan *plan)
{
	return plan->best_effort;
}
