/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "inventory.h"
#include "plan.h"

/* The blocks that a request speaks of, in rising order. */
struct selection {
	const struct memblock_block **blocks;
	size_t n;
	size_t capacity;
};

void selection_done(struct selection *selection);
#define _cleanup_selection_ _cleanup_(selection_done)

/* Finds them by ranges, node, device and zone. ret must be empty. 0, 1 where the plan is refused,
 * or -ENOMEM. */
int select_blocks(struct memblock_plan *plan, const struct memblock_inventory *inventory,
		  const struct memblock_request *request, struct selection *ret);
