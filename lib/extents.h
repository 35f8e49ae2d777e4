/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

#include "libmemblock.h"
#include "macros.h"

/* A list of extents. Once extents_flatten() has been over it, it is sorted by start and no two of
 * them overlap, as all functions below it ask for. Owners are borrowed. */
struct extents {
	struct memblock_extent *items;
	size_t n;
	size_t capacity;
};

void extents_done(struct extents *extents);
#define _cleanup_extents_ _cleanup_(extents_done)

/* Puts an extent at the end, as it is. Empty ones are dropped. 0 or -ENOMEM. */
int extents_append(struct extents *extents, const struct memblock_extent *extent);

/* Makes the list sorted and free of overlaps: where two overlap, the one that begins later is seen
 * whole and the other around it; of two that begin together the shorter one, of equal ones the one
 * that was appended later. Nested resources come out innermost. 0 or -ENOMEM. */
int extents_flatten(struct extents *extents);

/* Joins neighbours that differ in nothing but their addresses. */
void extents_merge(struct extents *extents);

/* The first extent that ends behind an address: where a walk over a range begins. */
size_t extents_first(const struct extents *extents, uint64_t address);

/* Cuts [start, end) out, filling what no extent covers with holes, so that the result covers the
 * range without gap. ret must be empty or initialised. 0 or -ENOMEM. */
int extents_slice(const struct extents *extents, uint64_t start, uint64_t end, struct extents *ret);

/* How many bytes of [start, end) extents cover. */
uint64_t extents_covered(const struct extents *extents, uint64_t start, uint64_t end);
