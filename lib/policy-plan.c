/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "candidate.h"
#include "plan.h"
#include "room.h"

/* Blocks that are to come online, those of one device side by side. */
struct batch {
	const struct memblock_policy *policy;
	const struct memblock_platform *platform;
	const struct memblock_inventory *inventory;
	const struct memblock_block **blocks;
	size_t n;
	struct amounts online; /* with what the steps so far bring to zone Movable */
	struct memblock_step *steps;
	size_t n_steps;
};

static void batch_done(struct batch *batch)
{
	free(batch->blocks);
	free(batch->steps);
}

static int compare_blocks(const void *a, const void *b)
{
	const struct memblock_block *x = *(const struct memblock_block *const *)a;
	const struct memblock_block *y = *(const struct memblock_block *const *)b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

/* A block that an administrator marked is left as it is found. */
static bool may_come_online(const struct memblock_block *block)
{
	return block->state == MEMBLOCK_STATE_OFFLINE &&
	       !(block->reasons & (NEVER_ONLINE | 1u << MEMBLOCK_REASON_MARKED));
}

/* n of 0: all of the inventory. */
static int find_blocks(struct batch *batch, const uint64_t *indexes, size_t n)
{
	const struct memblock_inventory *inventory = batch->inventory;

	batch->blocks = calloc(inventory->n_blocks + 1, sizeof(*batch->blocks));
	batch->steps = calloc(inventory->n_blocks + 1, sizeof(*batch->steps));
	if (!batch->blocks || !batch->steps)
		return -ENOMEM;
	for (size_t i = 0; i < inventory->n_blocks; i++) {
		const struct memblock_block *block = &inventory->blocks[i];

		if (may_come_online(block) &&
		    (n == 0 || bsearch(&block->index, indexes, n, sizeof(*indexes), compare_u64)))
			batch->blocks[batch->n++] = block;
	}
	if (batch->n > 0)
		qsort(batch->blocks, batch->n, sizeof(*batch->blocks), compare_blocks);
	return 0;
}

/* How many of the blocks from the n-th on share their fate. */
static size_t group_size(const struct batch *batch, size_t n)
{
	size_t end = n + 1;

	if (!block_has_owner(batch->inventory, batch->blocks[n]))
		return 1;
	while (end < batch->n && batch->blocks[end]->device == batch->blocks[n]->device)
		end++;
	return end - n;
}

/* Where the rest of a device is online already, unless that is in both kinds of zone. */
static enum memblock_treatment follow_device(const struct memblock_inventory *inventory,
					     const struct memblock_block *block,
					     enum memblock_treatment treatment)
{
	struct amounts there = {};

	if (treatment == MEMBLOCK_TREATMENT_NO || !block_has_owner(inventory, block))
		return treatment;
	for (size_t i = 0; i < inventory->n_blocks; i++)
		if (inventory->blocks[i].device == block->device &&
		    inventory->blocks[i].state == MEMBLOCK_STATE_ONLINE)
			count_block(&there, only_zone(inventory->blocks[i].zones));
	if ((there.movable == 0) == (there.kernel == 0))
		return treatment;
	return there.movable > 0 ? MEMBLOCK_TREATMENT_MOVABLE : MEMBLOCK_TREATMENT_KERNEL;
}

static bool is_within_ratio(const struct batch *batch, size_t more)
{
	unsigned ratio = batch->policy->movable_ratio;

	if (batch->policy->kernel_is_short)
		return false;
	return ratio == 0 || (batch->online.movable + more) * 100 <= batch->online.kernel * ratio;
}

static enum memblock_action action_of(enum memblock_treatment treatment, bool within_ratio)
{
	switch (treatment) {
	case MEMBLOCK_TREATMENT_KERNEL:
		return MEMBLOCK_ACTION_ONLINE_KERNEL;
	case MEMBLOCK_TREATMENT_MOVABLE:
		return within_ratio ? MEMBLOCK_ACTION_ONLINE_MOVABLE
				    : MEMBLOCK_ACTION_ONLINE_KERNEL;
	case MEMBLOCK_TREATMENT_DEFAULT:
	case MEMBLOCK_TREATMENT_NO:
		break;
	}
	return MEMBLOCK_ACTION_ONLINE;
}

/* Steps for n blocks that share their fate. */
static void add_group(struct batch *batch, const struct memblock_block **blocks, size_t n)
{
	struct memblock_decision decision;
	enum memblock_treatment treatment;
	bool within_ratio = is_within_ratio(batch, n);

	memblock_policy_decide(batch->policy, batch->platform, batch->inventory, blocks[0],
			       &decision);
	treatment = follow_device(batch->inventory, blocks[0], decision.treatment);
	if (treatment == MEMBLOCK_TREATMENT_NO)
		return;
	if (treatment == MEMBLOCK_TREATMENT_MOVABLE && within_ratio)
		batch->online.movable += n;
	for (size_t i = 0; i < n; i++)
		batch->steps[batch->n_steps++] = (struct memblock_step){
			.index = blocks[i]->index,
			.state = MEMBLOCK_STATE_OFFLINE,
			.action = action_of(treatment, within_ratio),
		};
}

int memblock_policy_plan(const struct memblock_policy *policy,
			 const struct memblock_platform *platform,
			 const struct memblock_inventory *inventory, const uint64_t *indexes,
			 size_t n, struct memblock_plan **ret)
{
	_cleanup_(batch_done) struct batch batch = {
		.policy = policy,
		.platform = platform,
		.inventory = inventory,
		.online = count_online(inventory),
	};
	int r;

	r = find_blocks(&batch, indexes, n);
	if (r < 0)
		return r;
	for (size_t i = 0, size; i < batch.n; i += size) {
		size = group_size(&batch, i);
		add_group(&batch, batch.blocks + i, size);
	}
	return memblock_plan_new_of_steps(batch.steps, batch.n_steps, batch.n_steps, true, ret);
}
