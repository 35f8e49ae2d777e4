/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "step.h"
#include "names.h"

enum memblock_state action_state(enum memblock_action action)
{
	return action == MEMBLOCK_ACTION_OFFLINE ? MEMBLOCK_STATE_OFFLINE : MEMBLOCK_STATE_ONLINE;
}

bool action_excludes_zone(enum memblock_action action, enum memblock_zone zone)
{
	if (action == MEMBLOCK_ACTION_ONLINE_MOVABLE)
		return zone != MEMBLOCK_ZONE_MOVABLE && zone != MEMBLOCK_ZONE_UNKNOWN;
	return action == MEMBLOCK_ACTION_ONLINE_KERNEL && zone == MEMBLOCK_ZONE_MOVABLE;
}

enum memblock_action memblock_step_undo(const struct memblock_step *step)
{
	if (step->action != MEMBLOCK_ACTION_OFFLINE)
		return MEMBLOCK_ACTION_OFFLINE;
	if (step->zone == MEMBLOCK_ZONE_MOVABLE)
		return MEMBLOCK_ACTION_ONLINE_MOVABLE;
	return is_kernel_zone(step->zone) ? MEMBLOCK_ACTION_ONLINE_KERNEL : MEMBLOCK_ACTION_ONLINE;
}
