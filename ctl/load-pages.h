/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "ctl.h"

/* What pages of a block can be; the one table of how they are called. */
struct page_kind {
	const char *key;  /* in JSON */
	const char *word; /* in words */
	size_t offset;    /* in struct memblock_pages */
};

extern const struct page_kind page_kinds[]; /* ends with a NULL key */

/* How many of them were counted. */
uint64_t page_count(const struct memblock_pages *pages, const struct page_kind *kind);

/* Whether they are a sample of the block. Where a hole or device memory lies in it there is no more
 * to look at. */
bool is_sample(const struct memblock_block *block, const struct memblock_pages *pages);

/* Counts the pages of online blocks in some ranges, of all where n is 0, where the inventory came
 * from: through memblockd, which may tell why not, or in the kernel's files. 0, or -ENOMEM, told.
 */
int load_pages(const struct ctl *ctl, struct memblock_inventory *inventory,
	       const struct memblock_range *ranges, size_t n);

/* Tells on standard error why pages could not be counted here, and how far counts are to be trusted
 * that are a sample. */
void tell_pages(const struct ctl *ctl, const struct memblock_inventory *inventory);

/* Reads the kernel's own table of sections into an inventory that was read here; with memblockd's
 * it comes with the details of each block. 0, or -ENOMEM, told. */
int load_sections(const struct ctl *ctl, struct memblock_inventory *inventory);
