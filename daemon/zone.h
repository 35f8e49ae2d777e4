/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>

struct manager;

/* Looks whether a block that is online is in the zone where an action would have it, or did. A race
 * between two that bring memory online may put it elsewhere, and there it stays: that is told,
 * signalled and counted. job may be NO_JOB. */
void zone_check(struct manager *manager, unsigned job, uint64_t index, enum memblock_action wanted,
		enum memblock_zone zone);
