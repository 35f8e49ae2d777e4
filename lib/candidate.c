/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "candidate.h"
#include "step.h"
#include "verdict.h"

/* Memory with holes or device memory in it is refused both ways (mm/memory_hotplug.c). */
#define NEVER_ONLINE (1u << MEMBLOCK_REASON_HOLE | 1u << MEMBLOCK_REASON_MIXED_PMEM)

enum rank {
	RANK_MOVABLE, /* nothing in it that can't move */
	RANK_KERNEL,
	RANK_NO_ZONE,
	RANK_NOT_KNOWN, /* no verdict, or no state */
	RANK_SETTLED,
};

static enum memblock_refusal refusal_of(const struct memblock_block *block,
					const struct memblock_step *step)
{
	if (block->state == action_state(step->action))
		return action_excludes_zone(step->action, step->zone) ? MEMBLOCK_REFUSAL_WRONG_ZONE
								      : MEMBLOCK_REFUSAL_NONE;
	if (step->action == MEMBLOCK_ACTION_OFFLINE)
		return block->removable == MEMBLOCK_ANSWER_NO ? MEMBLOCK_REFUSAL_NOT_REMOVABLE
							      : MEMBLOCK_REFUSAL_NONE;
	return block->reasons & NEVER_ONLINE ? MEMBLOCK_REFUSAL_NOT_ONLINABLE
					     : MEMBLOCK_REFUSAL_NONE;
}

static enum rank rank_of(const struct memblock_block *block, const struct memblock_step *step)
{
	if (step->outcome != MEMBLOCK_OUTCOME_NOT_TRIED)
		return RANK_SETTLED;
	if (step->action != MEMBLOCK_ACTION_OFFLINE)
		return RANK_MOVABLE; /* all alike */
	if (block->removable == MEMBLOCK_ANSWER_UNKNOWN || block->state != MEMBLOCK_STATE_ONLINE)
		return RANK_NOT_KNOWN;
	if (step->zone == MEMBLOCK_ZONE_MOVABLE)
		return RANK_MOVABLE;
	return is_kernel_zone(step->zone) ? RANK_KERNEL : RANK_NO_ZONE;
}

struct candidate candidate_of(const struct memblock_request *request,
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

	candidate.refusal = refusal_of(block, step);
	if (candidate.refusal)
		step->outcome = MEMBLOCK_OUTCOME_LEFT_OUT;
	else if (step->state == action_state(step->action))
		step->outcome = MEMBLOCK_OUTCOME_ALREADY;
	candidate.rank = rank_of(block, step);
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

	switch (candidate->refusal) {
	case MEMBLOCK_REFUSAL_NOT_REMOVABLE:
		return refuse(plan, candidate->refusal,
			      "memory%" PRIu64 " can't be taken offline: %s%s%s", block->index,
			      reason_words(block, ~0u, words, sizeof(words)),
			      mark ? "; its mark says: " : "", mark ? mark->reason : "");
	case MEMBLOCK_REFUSAL_NOT_ONLINABLE:
		return refuse(plan, candidate->refusal,
			      "memory%" PRIu64 " can't be brought online: %s", block->index,
			      reason_words(block, NEVER_ONLINE, words, sizeof(words)));
	default:
		return refuse(plan, candidate->refusal,
			      "memory%" PRIu64 " is online in %s%s; take it offline first",
			      block->index, zone == MEMBLOCK_ZONE_NONE ? "several zones" : "zone ",
			      zone == MEMBLOCK_ZONE_NONE ? "" : memblock_zone_to_string(zone));
	}
}
