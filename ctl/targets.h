/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>

/* One range as it was typed: numbers of blocks, or addresses; the last is inside. */
struct target {
	bool blocks;
	uint64_t first;
	uint64_t last;
};

/*
 * What memory words name. Ranges add up (none: all memory); a node, a device and a size each narrow
 * that down: to the blocks on it, to the blocks that it brought, to so much of them.
 */
struct targets {
	struct target *items;
	size_t n;
	uint64_t size;      /* bytes; 0: all of it */
	int nid;            /* MEMBLOCK_NID_UNKNOWN: any */
	const char *device; /* NULL: any; points into its word */
};

void targets_done(struct targets *targets);

/*
 * Reads words as chmem does, and more: a size (4G, 512 of MiB), blocks (memory32, 32-40; with
 * numbers_are_blocks also 32), an address range (0x..-0x.., the last address inside), node:N,
 * device:NAME. takes says in words which of these the verb takes. On -EINVAL ret_error is set to a
 * sentence without end that names the word and what is wrong with it, to be freed. Else 0 or
 * -ENOMEM.
 */
int targets_parse(char **words, bool numbers_are_blocks, const char *takes, struct targets *ret,
		  char **ret_error);

/* The ranges in bytes, to be freed; whether they fall on block borders is for others to say. 0,
 * -ENXIO for a block beyond all addresses (ret_error as above), -ENOMEM. */
int targets_ranges(const struct targets *targets, uint64_t block_size, struct memblock_range **ret,
		   char **ret_error);
