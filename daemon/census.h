/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "macros.h"
#include "rows.h"
#include "totals.h"

/* The blocks of the whole machine, of one node, or of one device, counted. */
struct group {
	const struct memblock_inventory *inventory;
	const struct memblock_device *device; /* NULL where they are not those of one */
	struct totals totals;
	struct node_mask nodes;
};

/* An inventory, counted once: 200,000 blocks are too many to walk for each property that somebody
 * reads, or for each list of ranges. */
struct census {
	struct memblock_inventory *inventory;
	struct group all;
	struct group *nodes; /* by number */
	size_t n_nodes;
	struct group *devices; /* as memblock_inventory_device() numbers them */
	size_t n_devices;
	struct row *rows; /* neighbours that are alike in all that is told of them */
	size_t n_rows;
	size_t rows_capacity;
};

/* Takes a reference of the inventory. 0 or -ENOMEM. */
int census_new(struct memblock_inventory *inventory, struct census **ret);
/* Takes NULL; always returns NULL. */
struct census *census_free(struct census *census);
DEFINE_CLEANUP(struct census, census_free)

/* NULL where no block hangs on it. */
const struct group *census_node(const struct census *census, uint64_t nid);
/* NULL where no device has that name. */
const struct group *census_device(const struct census *census, const char *name);
/* The device of a name; NULL where there is none. */
const struct memblock_device *census_find_device(const struct memblock_inventory *inventory,
						 const char *name);
