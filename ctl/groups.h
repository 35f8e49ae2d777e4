/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "table.h"
#include "totals.h"

/* The blocks of one node or one device, counted. */
struct group {
	intptr_t key; /* nid, or the device's address */
	struct totals totals;
	uint64_t shared; /* blocks that hang on further nodes too */
	struct node_mask nodes;
};

struct groups {
	struct group *items;
	size_t n;
};

void groups_done(struct groups *groups);

/* Counts all blocks: by node, in rising order (a block on several counts for each), or by device
 * (key 0 where not known). 0 or -ENOMEM. */
int groups_by_node(const struct memblock_inventory *inventory, struct groups *groups);
int groups_by_device(const struct memblock_inventory *inventory, struct groups *groups);

/* Tables of groups print sizes as people read them, or with --bytes as numbers. */
extern const struct option_spec groups_options[];
int groups_parse(struct ctl *ctl, int id, const char *argument);

/* Sets the cells SIZE, BLOCKS, ONLINE, OFFLINE, NOT-REMOVABLE and ZONES that every such table has,
 * from a column on. 0 or -ENOMEM. */
int groups_add_columns(struct libscols_table *table);
int groups_set_cells(struct libscols_line *line, size_t column,
		     const struct memblock_inventory *inventory, const struct group *group);

/* The type of a column of sizes, and such a cell. 0 or -ENOMEM. */
enum json_form groups_size_type(void);
int groups_set_size(struct libscols_line *line, size_t column, uint64_t bytes);
