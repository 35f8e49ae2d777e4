/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kcore.h"

/*
 * The kernel's array of struct mem_section (include/linux/mmzone.h, mm/sparse.c), read through
 * kcore: with SPARSEMEM_EXTREME in two levels, else flat. Parts of it are read as they are asked
 * for, and kept.
 */
struct mem_sections;

/* section_size: in bytes, where VMCOREINFO doesn't tell; 0 where that isn't known either. kcore
 * must outlive it. Errors: -ENODATA where VMCOREINFO lacks what is needed, -EBADMSG for values that
 * make no sense, -ENOMEM. */
int mem_sections_new(const struct kcore *kcore, uint64_t section_size, struct notes *notes,
		     struct mem_sections **ret);
struct mem_sections *mem_sections_free(struct mem_sections *sections);
DEFINE_CLEANUP(struct mem_sections, mem_sections_free)

/* The size of a section in bytes. */
uint64_t mem_sections_section_size(const struct mem_sections *sections);
/* section_mem_map of a section: its flags, and where its memmap is; 0 for one that is not there.
 * ret_usage, if not NULL, is the address of its struct mem_section_usage. -ERANGE past the last,
 * and what kcore_read() gave. */
int mem_sections_read(struct mem_sections *sections, uint64_t number, uint64_t *ret_mem_map,
		      uint64_t *ret_usage);

/* The first section from a number on that is there: 1, or 0 where none is left, or what
 * kcore_read() gave. */
int mem_sections_next(struct mem_sections *sections, uint64_t number, uint64_t *ret);

/* Where in struct mem_section its usage is, if somebody knows better than that it is behind
 * section_mem_map. -EBADMSG for an offset that lies outside. */
int mem_sections_set_usage(struct mem_sections *sections, uint64_t offset);
/* Lets go of what was read, so that it is read anew. */
void mem_sections_forget(struct mem_sections *sections);

/* The address of struct page number 0 that this section's pages count from: that of a pfn in it is
 * this plus pfn times SIZE(page). */
uint64_t mem_map_base(uint64_t mem_map);
