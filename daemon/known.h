/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>

#include "block-set.h"

/* Below /run/memblockd. */
#define KNOWN_FILE "known-blocks"

/* The blocks that are known, and what of them the file has. All zero: none, and no file yet. */
struct known {
	struct block_set set;
	size_t n_kept; /* so many we put into the file; 0 at first */
	bool changed;  /* since then, and not by more behind them alone */
};

void known_done(struct known *known);
/* Reads the file, where nothing is known yet. -ENOENT, -EBADMSG where it makes no sense, -ENOMEM,
 * or why it can't be read. */
int known_load(struct known *known, const struct memblock_root *root);
bool known_has(const struct known *known, uint64_t index);
/* Without memory for it, it is known once it is seen again. */
void known_add(struct known *known, uint64_t index);
void known_add_all(struct known *known, const struct memblock_inventory *inventory);
/* Whether it was known. */
bool known_drop(struct known *known, uint64_t index);
/* Drops those that are not there. */
void known_retain(struct known *known, const struct memblock_inventory *inventory);
/* Writes what the file doesn't have. Where it can't, all is written the next time. */
int known_save(struct known *known, const struct memblock_root *root);
