/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "inventory.h"
#include "plan.h"

/* Memory with holes or device memory in it is refused both ways (mm/memory_hotplug.c). */
#define NEVER_ONLINE (1u << MEMBLOCK_REASON_HOLE | 1u << MEMBLOCK_REASON_MIXED_PMEM)

/* One block, held against a request. */
struct candidate {
	const struct memblock_block *block;
	struct memblock_step step;
	unsigned rank;                 /* the lower, the likelier to go */
	uint64_t turn;                 /* among those of its rank; 0 where nobody chose */
	uint64_t cost;                 /* bytes in the way, all of them where not known */
	enum memblock_refusal refusal; /* why it must be left out; NONE where it needn't */
};

struct candidate candidate_of(const struct memblock_inventory *inventory,
			      const struct memblock_request *request,
			      const struct memblock_block *block);

/* Whether it counts towards a size: of memory that has the other state now, and may change it. */
bool candidate_counts(const struct candidate *candidate);

/* For qsort: the order in which they are tried, by rank, turn, cost and address. */
int candidate_compare(const void *a, const void *b);

/* Refuses a plan for a candidate that must be left out. 1 or -ENOMEM. */
int candidate_refuse(struct memblock_plan *plan, const struct memblock_inventory *inventory,
		     const struct candidate *candidate);
