/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>

/* How facts about a block read in every kind of output. Each returns text, cut where it is short.
 */
#define LIST_TEXT_MAX 5120

/* A set of nodes: the numbers below 1024, the most that Linux can have (CONFIG_NODES_SHIFT). */
#define NODES_MAX 1024
struct node_mask {
	uint64_t words[NODES_MAX / 64];
};

void node_mask_add(struct node_mask *mask, const struct memblock_inventory *inventory,
		   const struct memblock_block *block);
/* The first node of it whose number is not below; -1 where there is none. */
int node_mask_next(const struct node_mask *mask, int nid);
/* How many nodes are in it. */
unsigned node_mask_count(const struct node_mask *mask);
/* "0,1,3"; "" where it is empty. */
char *node_mask_text(const struct node_mask *mask, char text[LIST_TEXT_MAX]);

/* The reasons of a block as a bit mask by enum memblock_reason. */
unsigned block_reasons(const struct memblock_block *block);

/* "0,1"; "" where not known. */
char *nodes_text(const struct memblock_inventory *inventory, const struct memblock_block *block,
		 char text[LIST_TEXT_MAX]);
/* "Normal/Movable", as lsmem prints them. */
char *zones_text(const struct memblock_block *block, char text[LIST_TEXT_MAX]);
/* "hole,mixed-pmem". */
char *reasons_text(unsigned reasons, char text[LIST_TEXT_MAX]);
/* "4" or "4-7". */
char *blocks_text(uint64_t first, uint64_t n, char text[LIST_TEXT_MAX]);
/* "PNP0C80:00"; "" where not known. */
const char *device_text(const struct memblock_inventory *inventory,
			const struct memblock_block *block);
/* "yes", "no"; "" where not known. */
const char *answer_text(enum memblock_answer answer);
