/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "text.h"

/* Neighbouring blocks that are told of together. */
struct row {
	size_t first; /* number of the first block in the inventory */
	size_t n;     /* how many */
};

/* What has to be alike for two neighbours to be told of together. */
enum split {
	SPLIT_STATE = 1 << 0,
	SPLIT_REMOVABLE = 1 << 1,
	SPLIT_NODE = 1 << 2,
	SPLIT_ZONES = 1 << 3,
	SPLIT_REASONS = 1 << 4,
	SPLIT_DEVICE = 1 << 5,
	SPLIT_KERNEL_REMOVABLE = 1 << 6,
	SPLIT_BUSY = 1 << 7,
	SPLIT_ALL = 1 << 8, /* a row a block */
};

/* All that a block is known by, but for what must be read: the raw attribute, and its pages. */
#define SPLIT_FACTS \
	(SPLIT_STATE | SPLIT_REMOVABLE | SPLIT_NODE | SPLIT_ZONES | SPLIT_REASONS | SPLIT_DEVICE)

/* Whether two blocks, of one inventory or of two, are alike in what a mask of enum split names. */
bool blocks_alike(const struct memblock_inventory *inventory_a, const struct memblock_block *a,
		  const struct memblock_inventory *inventory_b, const struct memblock_block *b,
		  unsigned split);

/* What is true of a whole row, even where its blocks differ: whether all of it can go, the reasons
 * of any block as a bit mask by enum memblock_reason, and every node. */
struct row_facts {
	enum memblock_answer removable;
	unsigned reasons;
	struct node_mask nodes;
};

void row_facts_of(const struct memblock_inventory *inventory, const struct row *row,
		  struct row_facts *ret);

/* The number of the first block whose index is not below. */
size_t first_block_from(const struct memblock_inventory *inventory, uint64_t index);

/* Finds the row behind one that ends before block number `first`. Returns false past the last. */
bool next_row(const struct memblock_inventory *inventory, unsigned split, size_t first,
	      struct row *ret);
