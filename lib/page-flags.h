/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "libmemblock.h"

/*
 * What pages are, by their words of /proc/kpageflags (include/uapi/linux/kernel-page-flags.h,
 * fs/proc/page.c:stable_page_flags()).
 */

/*
 * Counts the pages of one block. A block that was added with its own memmap inside has that first:
 * since Linux 6.1 its pages say so, from 5.14 on they are reserved alone where the kernel's
 * parameter memmap_on_memory is set. Then memmap_least reserved pages are one, and up to
 * memmap_most (padded to a pageblock); both are 0 where it isn't set, and where pages say so.
 */
struct page_counter {
	struct memblock_pages pages;
	uint64_t memmap_least;
	uint64_t memmap_most;
	uint64_t n_reserved; /* that were taken for memmap so far */
	bool behind_memmap;
};

/* Counts a page by its position in the block; in rising order. */
void page_counter_add(struct page_counter *counter, uint64_t position, uint64_t flags);
