/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>

struct manager;

/* Blocks side by side that are in a wrong zone in the same way. */
struct zone_mismatch {
	struct manager *manager;
	unsigned job; /* may be NO_JOB */
	enum memblock_action wanted;
	enum memblock_zone got;
	uint64_t first, n; /* n of 0: nothing is to be told */
};

/* Looks whether a block that is online is in the zone where an action would have it, or did. A race
 * between two that bring memory online may put it elsewhere, and there it stays: that is signalled
 * and counted at once; a line and how many there were are told by zone_tell(), or with the next
 * that is not beside it. */
void zone_note(struct zone_mismatch *mismatch, uint64_t index, enum memblock_action wanted,
	       enum memblock_zone zone);
void zone_tell(struct zone_mismatch *mismatch);

/* Both for one block. */
void zone_check(struct manager *manager, unsigned job, uint64_t index, enum memblock_action wanted,
		enum memblock_zone zone);
