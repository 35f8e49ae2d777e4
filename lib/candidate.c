/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "candidate.h"
#include "step.h"
#include "verdict.h"

/* Three things make the rank of a block to be taken offline, the first the most. */

enum ground {
	GROUND_FIRM,
	GROUND_UNSURE, /* no verdict, or no state */
	GROUND_COUNT,
};

enum prospect {
	PROSPECT_GOOD,
	PROSPECT_UNKNOWN, /* its pages were not counted */
	PROSPECT_BAD,     /* it refused lately, or would never come back */
	PROSPECT_BUSY,
	PROSPECT_COUNT,
};

enum purpose {
	PURPOSE_MOVABLE, /* the kernel can do without it */
	PURPOSE_KERNEL,
	PURPOSE_UNKNOWN,
	PURPOSE_COUNT,
};

#define RANK_SETTLED (GROUND_COUNT * PROSPECT_COUNT * PURPOSE_COUNT)

static uint64_t poisoned_pages(const struct memblock_inventory *inventory,
			       const struct memblock_block *block)
{
	struct memblock_pages pages;

	return memblock_block_pages(inventory, block, &pages) ? pages.poisoned : 0;
}

static enum memblock_refusal refusal_of(const struct memblock_inventory *inventory,
					const struct memblock_request *request,
					const struct memblock_block *block,
					const struct memblock_step *step)
{
	if (block->state == action_state(step->action))
		return action_excludes_zone(step->action, step->zone) ? MEMBLOCK_REFUSAL_WRONG_ZONE
								      : MEMBLOCK_REFUSAL_NONE;
	if (step->action != MEMBLOCK_ACTION_OFFLINE)
		return block->reasons & NEVER_ONLINE ? MEMBLOCK_REFUSAL_NOT_ONLINABLE
						     : MEMBLOCK_REFUSAL_NONE;
	/* The kernel would tell of any other reason; of a mark nobody else knows. */
	if (block->removable == MEMBLOCK_ANSWER_NO || why_no_marks(inventory))
		return MEMBLOCK_REFUSAL_NOT_REMOVABLE;
	return !request->best_effort && poisoned_pages(inventory, block) > 0
		       ? MEMBLOCK_REFUSAL_POISONED
		       : MEMBLOCK_REFUSAL_NONE;
}

static bool is_avoided(const struct memblock_request *request, uint64_t index)
{
	return request->n_avoid > 0 && bsearch(&index, request->avoid, request->n_avoid,
					       sizeof(*request->avoid), compare_u64);
}

static enum prospect prospect_of(const struct memblock_inventory *inventory,
				 const struct memblock_request *request,
				 const struct memblock_block *block,
				 const struct memblock_step *step)
{
	if (step->busy == MEMBLOCK_ANSWER_YES)
		return PROSPECT_BUSY;
	if (is_avoided(request, block->index) || poisoned_pages(inventory, block) > 0)
		return PROSPECT_BAD;
	return step->busy == MEMBLOCK_ANSWER_NO ? PROSPECT_GOOD : PROSPECT_UNKNOWN;
}

static unsigned rank_of(const struct memblock_inventory *inventory,
			const struct memblock_request *request, const struct memblock_block *block,
			const struct memblock_step *step)
{
	enum ground ground = GROUND_FIRM;
	enum purpose purpose = PURPOSE_UNKNOWN;

	if (step->outcome != MEMBLOCK_OUTCOME_NOT_TRIED)
		return RANK_SETTLED;
	if (step->action != MEMBLOCK_ACTION_OFFLINE)
		return 0; /* all alike */

	if (block->removable == MEMBLOCK_ANSWER_UNKNOWN || block->state != MEMBLOCK_STATE_ONLINE)
		ground = GROUND_UNSURE;
	if (step->zone == MEMBLOCK_ZONE_MOVABLE)
		purpose = PURPOSE_MOVABLE;
	else if (is_kernel_zone(step->zone))
		purpose = PURPOSE_KERNEL;
	return (ground * PROSPECT_COUNT + prospect_of(inventory, request, block, step)) *
		       PURPOSE_COUNT +
	       purpose;
}

/* What lies in a block that is to be taken offline. Of a busy one what can't move counts: the less
 * that is, the sooner it may be gone. */
static uint64_t look_inside(const struct memblock_inventory *inventory,
			    const struct memblock_block *block, struct memblock_step *step)
{
	uint64_t unmovable;

	step->busy = memblock_block_busy(inventory, block);
	if (memblock_block_load(inventory, block, &unmovable, &step->to_move) < 0)
		return inventory->block_size;
	return step->busy == MEMBLOCK_ANSWER_YES ? unmovable : step->to_move;
}

struct candidate candidate_of(const struct memblock_inventory *inventory,
			      const struct memblock_request *request,
			      const struct memblock_block *block)
{
	struct candidate candidate = { .block = block };
	struct memblock_step *step = &candidate.step;

	*step = (struct memblock_step){
		.index = block->index,
		.state = (enum memblock_state)block->state,
		.action = request->action,
	};
	if (step->state == MEMBLOCK_STATE_ONLINE)
		step->zone = only_zone(block->zones);
	if (step->action == MEMBLOCK_ACTION_OFFLINE)
		candidate.cost = look_inside(inventory, block, step);

	candidate.refusal = refusal_of(inventory, request, block, step);
	if (candidate.refusal)
		step->outcome = MEMBLOCK_OUTCOME_LEFT_OUT;
	else if (step->state == action_state(step->action))
		step->outcome = MEMBLOCK_OUTCOME_ALREADY;
	candidate.rank = rank_of(inventory, request, block, step);
	return candidate;
}

bool candidate_counts(const struct candidate *candidate)
{
	bool offlining = candidate->step.action == MEMBLOCK_ACTION_OFFLINE;

	return candidate->step.outcome == MEMBLOCK_OUTCOME_NOT_TRIED &&
	       candidate->step.state ==
		       (offlining ? MEMBLOCK_STATE_ONLINE : MEMBLOCK_STATE_OFFLINE);
}

int candidate_compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	int by_address = (x->step.index > y->step.index) - (x->step.index < y->step.index);

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->turn != y->turn)
		return x->turn < y->turn ? -1 : 1;
	if (x->cost != y->cost && x->rank != RANK_SETTLED)
		return x->cost < y->cost ? -1 : 1;
	/* Memory that came last goes first, and the other way round. */
	return x->step.action == MEMBLOCK_ACTION_OFFLINE ? -by_address : by_address;
}

/* Those of a block's reasons that are in a mask, joined by commas. */
static const char *reason_words(const struct memblock_block *block, unsigned mask, char *text,
				size_t size)
{
	size_t length = 0;

	*text = '\0';
	for (unsigned i = 0; i < MEMBLOCK_REASON_COUNT; i++)
		if (block->reasons & mask & 1u << i)
			length += (size_t)snprintf(
				text + length, size - length, "%s%s", length > 0 ? ", " : "",
				memblock_reason_to_string((enum memblock_reason)i));
	return text;
}

int candidate_refuse(struct memblock_plan *plan, const struct memblock_inventory *inventory,
		     const struct candidate *candidate)
{
	const struct memblock_block *block = candidate->block;
	const struct mark *mark = mark_of(inventory, block, NULL);
	enum memblock_zone zone = candidate->step.zone;
	char words[MEMBLOCK_REASON_COUNT * 32];
	uint64_t poisoned;

	switch (candidate->refusal) {
	case MEMBLOCK_REFUSAL_NOT_REMOVABLE:
		if (!block->reasons)
			return refuse(plan, candidate->refusal,
				      "whether memory%" PRIu64 " is marked is not known: %s",
				      block->index, why_no_marks(inventory));
		return refuse(plan, candidate->refusal,
			      "memory%" PRIu64 " can't be taken offline: %s%s%s", block->index,
			      reason_words(block, ~0u, words, sizeof(words)),
			      mark ? "; its mark says: " : "", mark ? mark->reason : "");
	case MEMBLOCK_REFUSAL_NOT_ONLINABLE:
		return refuse(plan, candidate->refusal,
			      "memory%" PRIu64 " can't be brought online: %s", block->index,
			      reason_words(block, NEVER_ONLINE, words, sizeof(words)));
	case MEMBLOCK_REFUSAL_POISONED:
		poisoned = poisoned_pages(inventory, block);
		return refuse(plan, candidate->refusal,
			      "memory%" PRIu64 " holds %" PRIu64
			      " poisoned page%s: once offline, it "
			      "would stay so; only best effort takes it offline all the same",
			      block->index, poisoned, poisoned == 1 ? "" : "s");
	default:
		return refuse(plan, candidate->refusal,
			      "memory%" PRIu64 " is online in %s%s; take it offline first",
			      block->index, zone == MEMBLOCK_ZONE_NONE ? "several zones" : "zone ",
			      zone == MEMBLOCK_ZONE_NONE ? "" : memblock_zone_to_string(zone));
	}
}
