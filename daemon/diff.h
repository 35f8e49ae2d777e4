/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "ranges.h"

/* Finds what differs between two inventories of one machine: blocks that came, went or changed, as
 * ranges in rising order, neighbours joined. 0 or -ENOMEM. */
int diff_inventories(const struct memblock_inventory *before,
		     const struct memblock_inventory *after, struct ranges *ret);
