/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>

/* Whether a block in that zone is where an action, or the policy, wants it; a zone that isn't known
 * fits all. */
static inline bool zone_fits_action(enum memblock_zone zone, enum memblock_action action)
{
	if (zone == MEMBLOCK_ZONE_UNKNOWN)
		return true;
	if (action == MEMBLOCK_ACTION_ONLINE_MOVABLE)
		return zone == MEMBLOCK_ZONE_MOVABLE;
	return action != MEMBLOCK_ACTION_ONLINE_KERNEL || zone != MEMBLOCK_ZONE_MOVABLE;
}

/* Why memory that zone Movable was meant for goes elsewhere. */
#define KEPT_FROM_MOVABLE                                                                       \
	"can't go to zone Movable, which MovableRatio=, free kernel memory or the rest of its " \
	"device keeps it from"

static inline bool is_kept_from_movable(enum memblock_treatment treatment,
					enum memblock_action action)
{
	return treatment == MEMBLOCK_TREATMENT_MOVABLE && action != MEMBLOCK_ACTION_ONLINE_MOVABLE;
}

/* What a treatment writes. */
static inline enum memblock_action treatment_action(enum memblock_treatment treatment)
{
	if (treatment == MEMBLOCK_TREATMENT_MOVABLE)
		return MEMBLOCK_ACTION_ONLINE_MOVABLE;
	return treatment == MEMBLOCK_TREATMENT_KERNEL ? MEMBLOCK_ACTION_ONLINE_KERNEL
						      : MEMBLOCK_ACTION_ONLINE;
}
