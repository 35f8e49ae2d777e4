/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "libmemblock.h"

/* What one step of a plan asks for. */

/* The state that a write of this word leads to. */
enum memblock_state action_state(enum memblock_action action);

/* Whether a block that is online in a zone is not where this word would have put it: Movable is one
 * kind of zone, the kernel's are the other. Never of a zone that isn't known. */
bool action_excludes_zone(enum memblock_action action, enum memblock_zone zone);
