/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "inventory.h"

struct verdict {
	uint16_t reasons; /* bit mask by enum memblock_reason */
	enum memblock_answer removable;
};

/*
 * Applies the rules to one block: a pure function over the inventory. Every rule leaves a sentence
 * in evidence, which may be NULL. 0 or -ENOMEM.
 */
int verdict_of(const struct memblock_inventory *inventory, const struct memblock_block *block,
	       struct notes *evidence, struct verdict *ret);

/* Gives a block its verdict anew. 0 or -ENOMEM. */
int judge_block(struct memblock_inventory *inventory, struct memblock_block *block);

/* What page counts say of reserved pages, as a sentence. 1 where there are any, 0 where none were
 * found or nothing was counted, or -ENOMEM. */
int find_reserved_pages(const struct memblock_inventory *inventory,
			const struct memblock_block *block, struct notes *evidence);

/* The first mark that binds a block, behind another of them (NULL: of all); NULL where there is
 * none. */
const struct mark *mark_of(const struct memblock_inventory *inventory,
			   const struct memblock_block *block, const struct mark *after);

/* Why nobody knows what is marked: the file of marks is there, but could not be read. NULL where
 * marks are known. */
const char *why_no_marks(const struct memblock_inventory *inventory);
