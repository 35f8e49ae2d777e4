/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/kernel-page-flags.h>

#include "macros.h"
#include "page-flags.h"

/* For the kernel's hackers, says include/linux/kernel-page-flags.h, and not in the public header.
 */
#define RESERVED 32
#define OWNER_PRIVATE 37

#define BIT(n) (UINT64_C(1) << (n))

/* What tells a page of files, of anonymous memory or of huge pages. Some are off the LRU lists for
 * a moment, and stand in blocks that go all the same. */
#define MOVABLE_FLAGS                                                                        \
	(BIT(KPF_LRU) | BIT(KPF_HUGE) | BIT(KPF_THP) | BIT(KPF_ANON) | BIT(KPF_SWAPBACKED) | \
	 BIT(KPF_SWAPCACHE) | BIT(KPF_MMAP) | BIT(KPF_UPTODATE) | BIT(KPF_DIRTY) |           \
	 BIT(KPF_WRITEBACK))

/*
 * The first that holds is what the page is. A slab may show any flag beside its own: they share
 * memory in struct page. The huge zero page is a THP that can't be moved (mm/huge_memory.c:
 * get_huge_zero_page()). What shows other flags, or is compound and nothing else (HEAD, TAIL), is
 * the kernel's: a free page has none (mm/page_alloc.c:free_pages_prepare()).
 */
static const struct kind {
	uint64_t any_of;
	size_t offset;
} kinds[] = {
	{ BIT(KPF_HWPOISON), offsetof(struct memblock_pages, poisoned) },
	{ BIT(RESERVED), offsetof(struct memblock_pages, reserved) },
	{ BIT(KPF_SLAB), offsetof(struct memblock_pages, slab) },
	{ BIT(KPF_PGTABLE), offsetof(struct memblock_pages, page_table) },
	{ BIT(KPF_OFFLINE), offsetof(struct memblock_pages, offline) },
	{ BIT(KPF_BUDDY), offsetof(struct memblock_pages, free) },
	{ BIT(KPF_ZERO_PAGE), offsetof(struct memblock_pages, kernel) },
	{ MOVABLE_FLAGS, offsetof(struct memblock_pages, movable) },
	{ UINT64_MAX, offsetof(struct memblock_pages, kernel) },
};

/* The count that a page belongs to by its flags alone; NULL for a page that is not there. */
static uint64_t *count_of(struct memblock_pages *pages, uint64_t flags)
{
	/* Up to Linux 6.12: later an absent page shows no flag at all. */
	if (flags & BIT(KPF_NOPAGE))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (flags & kinds[i].any_of)
			return (void *)((char *)pages + kinds[i].offset);
	return &pages->unclear;
}

/* Of a block that was added with its own memmap in it: since Linux 6.1 the pages of that say so
 * (mm/memory_hotplug.c:mhp_init_memmap_on_memory()). */
static bool is_own_memmap(uint64_t flags)
{
	return (flags & BIT(OWNER_PRIVATE)) && !(flags & ~(BIT(OWNER_PRIVATE) | BIT(RESERVED)));
}

/* What was taken for the memmap was none where it ends too early. */
static void end_memmap(struct page_counter *counter, uint64_t position)
{
	struct memblock_pages *pages = &counter->pages;

	counter->behind_memmap = true;
	if (position >= counter->memmap_least)
		return;
	pages->memmap -= counter->n_reserved;
	pages->reserved += counter->n_reserved;
}

/* Whether it is one of the unbroken run of pages at the start of a block that are its memmap. */
static bool add_memmap(struct page_counter *counter, uint64_t position, uint64_t flags)
{
	bool reserved = (flags & BIT(RESERVED)) && position < counter->memmap_most;

	if (counter->behind_memmap)
		return false;
	if (!is_own_memmap(flags) && !reserved) {
		end_memmap(counter, position);
		return false;
	}
	counter->n_reserved += !is_own_memmap(flags);
	counter->pages.memmap++;
	return true;
}

void page_counter_add(struct page_counter *counter, uint64_t position, uint64_t flags)
{
	uint64_t *count = count_of(&counter->pages, flags);

	if (!count)
		return;
	counter->pages.examined++;
	if (!add_memmap(counter, position, flags))
		(*count)++;
}
