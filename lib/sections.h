/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "libmemblock.h"
#include "notes.h"

/* What the kernel keeps of one section. */
struct section {
	uint64_t number;
	uint32_t flags;
	uint32_t n_words; /* of its map; 0 where the kernel keeps none */
	size_t words;     /* where they begin in sections.words */
};

/* Those of an inventory, in rising order of number. */
struct sections {
	struct section *items;
	size_t n;
	size_t capacity;
	uint64_t *words;
	size_t n_words;
	size_t words_capacity;
};

void sections_done(struct sections *sections);
#define _cleanup_sections_ _cleanup_(sections_done)
/* NULL where it is not known. */
const struct section *sections_find(const struct sections *sections, uint64_t number);

/* Reads the lines of memblock_sections_read(), behind what is there. Returns how many made no
 * sense, or -ENOMEM. */
int sections_parse(struct sections *sections, const char *text, struct notes *notes);

/* The map that the kernel keeps of a block, as memblock_block_subsections_from() gives it: 0 for
 * sections of it that are not there. */
int sections_map(const struct memblock_inventory *inventory, const struct memblock_block *block,
		 uint64_t **ret, size_t *ret_n);
