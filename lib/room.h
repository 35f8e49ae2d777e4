/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "inventory.h"
#include "plan.h"

/* Holds a plan that takes memory offline, its steps in order, against what must be left of memory.
 * memory may be NULL. 0, 1 where the plan is refused, or -ENOMEM. */
int check_room(struct memblock_plan *plan, const struct memblock_inventory *inventory,
	       const struct memblock_memory *memory, const struct memblock_limits *limits);
