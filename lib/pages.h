/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "libmemblock.h"
#include "macros.h"

/* Page counts of an inventory's blocks, in rising order of index. */
struct page_counts {
	struct memblock_pages *items;
	size_t n;
	size_t capacity;
};

void page_counts_done(struct page_counts *counts);
/* Sorts counts that were put together in any order. */
void page_counts_sort(struct page_counts *counts);
/* NULL where the block's pages were not counted. */
const struct memblock_pages *page_counts_find(const struct page_counts *counts, uint64_t index);
