/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "ctl.h"
#include "json.h"

/* All that is known of a block: the members of list's JSON with the same names, but sizes are
 * numbers and lists are lists, and what show adds. Keeps the first failure in *r. */
json_object *block_json(const struct memblock_inventory *inventory,
			const struct memblock_block *block, int *r);
