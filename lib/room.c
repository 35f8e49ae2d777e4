/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "room.h"

/* What the reserve is where nobody says. */
#define RESERVE_MIN (UINT64_C(256) << 20)
#define RESERVE_PERCENT 5

/* What there is, and what must be left of it. */
struct room {
	uint64_t block_size;
	const struct memblock_memory *memory;
	uint64_t reserve;
	unsigned movable_ratio;
	struct amounts online;
};

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

static uint64_t left_available(const struct room *room, struct amounts going)
{
	return less(room->memory->available, (going.movable + going.kernel) * room->block_size);
}

static uint64_t left_for_kernel(const struct room *room, struct amounts going)
{
	return less(room->memory->kernel_free, going.kernel * room->block_size);
}

static struct amounts left_online(const struct room *room, struct amounts going)
{
	return (struct amounts){ .movable = less(room->online.movable, going.movable),
				 .kernel = less(room->online.kernel, going.kernel) };
}

static bool keeps_ratio(const struct room *room, struct amounts going)
{
	struct amounts left = left_online(room, going);

	return room->movable_ratio == 0 || going.kernel == 0 ||
	       left.movable * 100 <= left.kernel * room->movable_ratio;
}

static int check_reserve(struct memblock_plan *plan, const struct room *room, struct amounts going)
{
	uint64_t all = (going.movable + going.kernel) * room->block_size;
	uint64_t kernel = going.kernel * room->block_size;

	if (left_available(room, going) < room->reserve)
		return refuse(plan, MEMBLOCK_REFUSAL_TOO_LITTLE_MEMORY,
			      "with " SIZE_FORMAT " offline, " SIZE_FORMAT " of the " SIZE_FORMAT
			      " available would be left, less than the reserve of " SIZE_FORMAT,
			      SIZE_ARGUMENT(all), SIZE_ARGUMENT(left_available(room, going)),
			      SIZE_ARGUMENT(room->memory->available), SIZE_ARGUMENT(room->reserve));
	if (left_for_kernel(room, going) < room->reserve)
		return refuse(plan, MEMBLOCK_REFUSAL_TOO_LITTLE_MEMORY,
			      "with " SIZE_FORMAT " of the kernel's zones offline, " SIZE_FORMAT
			      " of the " SIZE_FORMAT
			      " free in them would be left, less than the reserve of " SIZE_FORMAT,
			      SIZE_ARGUMENT(kernel), SIZE_ARGUMENT(left_for_kernel(room, going)),
			      SIZE_ARGUMENT(room->memory->kernel_free),
			      SIZE_ARGUMENT(room->reserve));
	return 0;
}

static int check_ratio(struct memblock_plan *plan, const struct room *room, struct amounts going)
{
	struct amounts left = left_online(room, going);

	if (keeps_ratio(room, going))
		return 0;
	return refuse(plan, MEMBLOCK_REFUSAL_MOVABLE_RATIO,
		      "with " SIZE_FORMAT " of the kernel's zones offline, " SIZE_FORMAT
		      " of them would be left beside " SIZE_FORMAT
		      " of movable memory, which may be %u %% of them",
		      SIZE_ARGUMENT(going.kernel * room->block_size),
		      SIZE_ARGUMENT(left.kernel * room->block_size),
		      SIZE_ARGUMENT(left.movable * room->block_size), room->movable_ratio);
}

static bool kernel_may_give(const struct room *room, uint64_t n)
{
	const struct amounts going = { .kernel = n };

	return left_for_kernel(room, going) >= room->reserve && keeps_ratio(room, going);
}

/* How many spares of the kernel's zones there may be at most. Each may stand in for a block of zone
 * Movable, which then stays online; where none did that could harm, their number doesn't matter. */
static uint64_t count_kernel_spares(const struct room *room, struct amounts going)
{
	uint64_t n = 0;

	while (n < going.movable && kernel_may_give(room, going.kernel + n + 1))
		n++;
	return n < going.movable ? n : UINT64_MAX;
}

static void leave_out_spares(struct memblock_plan *plan, uint64_t kernel_spares)
{
	size_t n = MIN(plan->n, plan->wanted);
	struct amounts spares = {};

	for (size_t i = n; i < plan->n; i++) {
		const struct memblock_step *step = &plan->steps[i];

		count_block(&spares, step->zone);
		if (step->zone == MEMBLOCK_ZONE_MOVABLE || spares.kernel <= kernel_spares)
			plan->steps[n++] = *step;
	}
	plan->n = n;
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
	struct room room;
	int r;

	if (going.movable + going.kernel == 0)
		return 0;
	if (!memory)
		return refuse(
			plan, MEMBLOCK_REFUSAL_NOT_KNOWN,
			"how much memory is available is not known, so none is taken offline");

	room = (struct room){ inventory->block_size, memory, reserve_of(memory, limits),
			      limits->movable_ratio, count_online(inventory) };
	r = check_reserve(plan, &room, going);
	if (r == 0)
		r = check_ratio(plan, &room, going);
	if (r == 0)
		leave_out_spares(plan, count_kernel_spares(&room, going));
	return r;
}
