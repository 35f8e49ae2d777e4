/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "libmemblock.h"
#include "notes.h"

struct memblock_plan {
	enum memblock_refusal refusal;
	struct notes text; /* why it is refused: one sentence, or none */
	struct memblock_step *steps;
	size_t n;
	size_t wanted;
	bool best_effort;
};

DEFINE_CLEANUP(struct memblock_plan, memblock_plan_free)
DEFINE_CLEANUP(struct memblock_transition, memblock_transition_free)

/* Refuses a plan, for a reason and with a sentence. 1, as every function returns that finds a plan
 * refused, or -ENOMEM. */
#define refuse(plan, why, ...)                                        \
	({                                                            \
		int refuse_r = notes_add(&(plan)->text, __VA_ARGS__); \
		(plan)->refusal = (why);                              \
		refuse_r < 0 ? refuse_r : 1;                          \
	})

/* A size in a sentence, in the largest unit of which it is a whole number, and in MiB at least:
 * nothing here is smaller than that. */
static inline unsigned size_scale(uint64_t bytes)
{
	unsigned scale = 0;

	for (uint64_t n = bytes >> 20; n > 0 && n % 1024 == 0; n /= 1024)
		scale++;
	return scale;
}

#define SIZE_FORMAT "%" PRIu64 " %ciB"
/* Two arguments for it; what it is given is looked at more than once. */
#define SIZE_ARGUMENT(bytes) ((bytes) >> (20 + 10 * size_scale(bytes))), "MGTPE"[size_scale(bytes)]
