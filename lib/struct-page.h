/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "root.h"

/*
 * The kernel's struct page of each page, read through kcore: what tells pages apart that show no
 * flag. One that nobody holds is free.
 */
struct struct_pages;

/* Errors: as kcore_open(), -ENODATA where the kernel doesn't tell where they are, -EBADMSG for
 * values that make no sense, -ENOMEM. */
int struct_pages_open(const struct memblock_root *root, uint64_t block_size, uint64_t page_size,
		      struct struct_pages **ret);
/* Takes NULL; always returns NULL. */
struct struct_pages *struct_pages_close(struct struct_pages *pages);
DEFINE_CLEANUP(struct struct_pages, struct_pages_close)

/* The most that are read at once. */
#define STRUCT_PAGES_MAX 512

/* Reads the reference counts of n pages, STRUCT_PAGES_MAX at most, from page number pfn on.
 * -ENODATA where they lie in no section that is there, and what reading gave. */
int struct_pages_read_counts(struct struct_pages *pages, uint64_t pfn, size_t n, uint32_t *ret);
