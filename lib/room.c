/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "room.h"

/* What the reserve is where nobody says. */
#define RESERVE_MIN (UINT64_C(256) << 20)
#define RESERVE_PERCENT 5

void count_block(struct amounts *amounts, enum memblock_zone zone)
{
	if (zone == MEMBLOCK_ZONE_MOVABLE)
		amounts->movable++;
	else
		amounts->kernel++;
}

/* What would go if all went well. */
static struct amounts count_going(const struct memblock_plan *plan)
{
	struct amounts going = {};

	for (size_t i = 0; i < plan->n && going.movable + going.kernel < plan->wanted; i++)
		if (plan->steps[i].outcome == MEMBLOCK_OUTCOME_NOT_TRIED)
			count_block(&going, plan->steps[i].zone);
	return going;
}

struct amounts count_online(const struct memblock_inventory *inventory)
{
	struct amounts online = {};

	for (size_t i = 0; i < inventory->n_blocks; i++)
		if (inventory->blocks[i].state == MEMBLOCK_STATE_ONLINE)
			count_block(&online, only_zone(inventory->blocks[i].zones));
	return online;
}

static uint64_t less(uint64_t from, uint64_t what)
{
	return from > what ? from - what : 0;
}

static int check_reserve(struct memblock_plan *plan, uint64_t block_size, struct amounts going,
			 const struct memblock_memory *memory, uint64_t reserve)
{
	uint64_t all = (going.movable + going.kernel) * block_size;
	uint64_t kernel = going.kernel * block_size;

	if (less(memory->available, all) < reserve)
		return refuse(plan, MEMBLOCK_REFUSAL_TOO_LITTLE_MEMORY,
			      "with " SIZE_FORMAT " offline, " SIZE_FORMAT " of the " SIZE_FORMAT
			      " available would be left, less than the reserve of " SIZE_FORMAT,
			      SIZE_ARGUMENT(all), SIZE_ARGUMENT(less(memory->available, all)),
			      SIZE_ARGUMENT(memory->available), SIZE_ARGUMENT(reserve));
	if (less(memory->kernel_free, kernel) < reserve)
		return refuse(plan, MEMBLOCK_REFUSAL_TOO_LITTLE_MEMORY,
			      "with " SIZE_FORMAT " of the kernel's zones offline, " SIZE_FORMAT
			      " of the " SIZE_FORMAT
			      " free in them would be left, less than the reserve of " SIZE_FORMAT,
			      SIZE_ARGUMENT(kernel),
			      SIZE_ARGUMENT(less(memory->kernel_free, kernel)),
			      SIZE_ARGUMENT(memory->kernel_free), SIZE_ARGUMENT(reserve));
	return 0;
}

static int check_ratio(struct memblock_plan *plan, const struct memblock_inventory *inventory,
		       struct amounts going, unsigned ratio)
{
	struct amounts after = count_online(inventory);

	after.movable = less(after.movable, going.movable);
	after.kernel = less(after.kernel, going.kernel);
	if (ratio == 0 || going.kernel == 0 || after.movable * 100 <= after.kernel * ratio)
		return 0;
	return refuse(plan, MEMBLOCK_REFUSAL_MOVABLE_RATIO,
		      "with " SIZE_FORMAT " of the kernel's zones offline, " SIZE_FORMAT
		      " of them would be left beside " SIZE_FORMAT
		      " of movable memory, which may be %u %% of them",
		      SIZE_ARGUMENT(going.kernel * inventory->block_size),
		      SIZE_ARGUMENT(after.kernel * inventory->block_size),
		      SIZE_ARGUMENT(after.movable * inventory->block_size), ratio);
}

static uint64_t reserve_of(const struct memblock_memory *memory,
			   const struct memblock_limits *limits)
{
	return limits->reserve ? limits->reserve
			       : MAX(RESERVE_MIN, memory->total / 100 * RESERVE_PERCENT);
}

bool memblock_memory_is_short(const struct memblock_memory *memory,
			      const struct memblock_limits *limits)
{
	return memory->kernel_free < reserve_of(memory, limits);
}

int check_room(struct memblock_plan *plan, const struct memblock_inventory *inventory,
	       const struct memblock_memory *memory, const struct memblock_limits *limits)
{
	struct amounts going = count_going(plan);
	int r;

	if (going.movable + going.kernel == 0)
		return 0;
	if (!memory)
		return refuse(
			plan, MEMBLOCK_REFUSAL_NOT_KNOWN,
			"how much memory is available is not known, so none is taken offline");

	r = check_reserve(plan, inventory->block_size, going, memory, reserve_of(memory, limits));
	return r != 0 ? r : check_ratio(plan, inventory, going, limits->movable_ratio);
}
