/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "inventory.h"
#include "plan.h"

/* Numbers of blocks, by zone. Whatever isn't Movable counts as the kernel's: the worse case. */
struct amounts {
	uint64_t movable;
	uint64_t kernel;
};

void count_block(struct amounts *amounts, enum memblock_zone zone);
/* All blocks that are online. */
struct amounts count_online(const struct memblock_inventory *inventory);

/* Holds a plan that takes memory offline, its steps in order, against what must be left of memory,
 * and leaves out the spares that could take more than that. memory may be NULL. 0, 1 where the plan
 * is refused, or -ENOMEM. */
int check_room(struct memblock_plan *plan, const struct memblock_inventory *inventory,
	       const struct memblock_memory *memory, const struct memblock_limits *limits);
