/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-tree.h"
#include "page-flags.h"

#define BIT(n) (UINT64_C(1) << (n))
enum {
	REFERENCED = 2,
	UPTODATE = 3,
	DIRTY = 4,
	LRU = 5,
	SLAB = 7,
	WRITEBACK = 8,
	BUDDY = 10,
	MMAP = 11,
	ANON = 12,
	SWAPCACHE = 13,
	SWAPBACKED = 14,
	HEAD = 15,
	TAIL = 16,
	HUGE = 17,
	HWPOISON = 19,
	NOPAGE = 20,
	KSM = 21,
	THP = 22,
	OFFLINE = 23,
	ZERO = 24,
	IDLE = 25,
	PGTABLE = 26,
	RESERVED = 32,
	PRIVATE = 35,
	OWNER = 37,
};

/* Words that real kernels gave, and what became of their blocks, are behind each of them. */
static const struct row {
	const char *name;
	uint64_t flags;
	const char *words;
} rows[] = {
	{ "no flag", 0, "unclear 1" },
	{ "absent, up to Linux 6.12", BIT(NOPAGE), "" },
	{ "free", BIT(BUDDY), "free 1" },
	{ "file", BIT(UPTODATE) | BIT(LRU), "movable 1" },
	{ "file, off the lists for a moment", BIT(UPTODATE) | BIT(DIRTY) | BIT(PRIVATE),
	  "movable 1" },
	{ "shared memory, off the lists", BIT(REFERENCED) | BIT(UPTODATE) | BIT(SWAPBACKED),
	  "movable 1" },
	{ "being written", BIT(WRITEBACK) | BIT(PRIVATE), "movable 1" },
	{ "anonymous", BIT(MMAP) | BIT(ANON) | BIT(SWAPBACKED), "movable 1" },
	{ "in the swap cache", BIT(SWAPCACHE), "movable 1" },
	{ "mapped and nothing else", BIT(MMAP), "movable 1" },
	{ "hugetlb", BIT(HUGE) | BIT(HEAD), "movable 1" },
	{ "hugetlb, inside", BIT(HUGE) | BIT(TAIL), "movable 1" },
	{ "transparent huge page", BIT(THP) | BIT(TAIL), "movable 1" },
	{ "huge zero page", BIT(ZERO) | BIT(THP) | BIT(HEAD), "kernel 1" },
	{ "zero page", BIT(ZERO) | BIT(RESERVED), "reserved 1" },
	{ "reserved", BIT(RESERVED), "reserved 1" },
	{ "reserved, mapped by everybody", BIT(RESERVED) | BIT(REFERENCED) | BIT(MMAP),
	  "reserved 1" },
	{ "slab", BIT(SLAB), "slab 1" },
	{ "slab, inside", BIT(SLAB) | BIT(TAIL), "slab 1" },
	{ "slab that looks like anonymous memory", BIT(SLAB) | BIT(ANON) | BIT(KSM), "slab 1" },
	{ "page table", BIT(PGTABLE), "page-table 1" },
	{ "page table with another flag", BIT(PGTABLE) | BIT(REFERENCED), "page-table 1" },
	{ "offline", BIT(OFFLINE), "offline 1" },
	{ "unplugged by virtio-mem", BIT(OFFLINE) | BIT(DIRTY), "offline 1" },
	{ "poisoned before all", BIT(HWPOISON) | BIT(RESERVED) | BIT(LRU), "poisoned 1" },
	{ "compound", BIT(HEAD), "kernel 1" },
	{ "compound, inside", BIT(TAIL), "kernel 1" },
	{ "referenced and nothing else", BIT(REFERENCED), "kernel 1" },
	{ "private and nothing else", BIT(PRIVATE), "kernel 1" },
	{ "idle and nothing else", BIT(IDLE), "kernel 1" },
	{ "a flag never heard of", BIT(63), "kernel 1" },
	{ "owner's flag, not at the start of a block", BIT(OWNER), "kernel 1" },
};

static void test_row(void **state)
{
	const struct row *row = *state;
	struct page_counter counter = { .behind_memmap = true };

	page_counter_add(&counter, 7, row->flags);
	assert_string_equal(page_words(&counter.pages), row->words);
	assert_int_equal(counter.pages.examined, row->words[0] ? 1 : 0);
}

#define OWN BIT(OWNER)
#define BOTH (BIT(OWNER) | BIT(RESERVED))
#define RES BIT(RESERVED)
#define FREE BIT(BUDDY)

static const struct memmap_row {
	const char *name;
	uint64_t least, most;
	struct {
		uint64_t position, n, flags;
	} runs[4];
	const char *words;
} memmap_rows[] = {
	{ "boot memory", 0, 0, { { 0, 8, RES }, { 8, 8, FREE } }, "reserved 8, free 8" },
	{ "6.1 and later", 0, 0, { { 0, 8, OWN }, { 8, 8, FREE } }, "memmap 8, free 8" },
	{ "6.1 to 6.8", 8, 8, { { 0, 8, BOTH }, { 8, 8, FREE } }, "memmap 8, free 8" },
	{ "of both kinds",
	  8,
	  8,
	  { { 0, 4, BOTH }, { 4, 4, RES }, { 8, 1, FREE } },
	  "memmap 8, free 1" },
	{ "5.14 to 6.0", 8, 8, { { 0, 8, RES }, { 8, 8, FREE } }, "memmap 8, free 8" },
	{ "too few for a memmap", 8, 8, { { 0, 7, RES }, { 7, 8, FREE } }, "reserved 7, free 8" },
	{ "more than a memmap",
	  8,
	  8,
	  { { 0, 9, RES }, { 9, 8, FREE } },
	  "memmap 8, reserved 1, free 8" },
	{ "padded", 8, 32, { { 0, 32, RES }, { 32, 8, FREE } }, "memmap 32, free 8" },
	{ "the parameter, and a block of boot memory",
	  8,
	  8,
	  { { 0, 1, FREE }, { 1, 8, RES } },
	  "reserved 8, free 1" },
	{ "a sample", 512, 512, { { 0, 8, RES }, { 600, 8, FREE } }, "memmap 8, free 8" },
	{ "a sample that finds no memmap",
	  512,
	  512,
	  { { 0, 8, RES }, { 256, 8, FREE }, { 600, 8, FREE } },
	  "reserved 8, free 16" },
	{ "the owner's flag on a file's page",
	  0,
	  0,
	  { { 0, 1, OWN | BIT(LRU) }, { 1, 1, OWN } },
	  "movable 1, kernel 1" },
	{ "poisoned memmap",
	  0,
	  0,
	  { { 0, 1, OWN }, { 1, 1, OWN | BIT(HWPOISON) } },
	  "poisoned 1, memmap 1" },
	{ "what is not there ends no memmap",
	  0,
	  0,
	  { { 0, 1, OWN }, { 1, 1, BIT(NOPAGE) } },
	  "memmap 1" },
};

static void test_memmap(void **state)
{
	const struct memmap_row *row = *state;
	struct page_counter counter = { .memmap_least = row->least, .memmap_most = row->most };

	for (size_t i = 0; i < ARRAY_SIZE(row->runs); i++)
		for (uint64_t k = 0; k < row->runs[i].n; k++)
			page_counter_add(&counter, row->runs[i].position + k, row->runs[i].flags);
	assert_string_equal(page_words(&counter.pages), row->words);
}

int main(void)
{
	return RUN_ROWS(rows, test_row) + RUN_ROWS(memmap_rows, test_memmap);
}
