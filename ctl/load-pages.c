/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>

#include "bus-count.h"
#include "load-pages.h"
#include "log.h"

#define KIND(member, word)                                             \
	{                                                              \
#member, word, offsetof(struct memblock_pages, member) \
	}

const struct page_kind page_kinds[] = {
	KIND(poisoned, "poisoned"),
	KIND(memmap, "its own memmap"),
	KIND(reserved, "reserved"),
	KIND(slab, "slab"),
	KIND(page_table, "page tables"),
	KIND(offline, "not there"),
	KIND(free, "free"),
	KIND(movable, "movable"),
	KIND(kernel, "the kernel's"),
	KIND(unclear, "without a flag"),
	{},
};

uint64_t page_count(const struct memblock_pages *pages, const struct page_kind *kind)
{
	return *(const uint64_t *)(const void *)((const char *)pages + kind->offset);
}

bool is_sample(const struct memblock_block *block, const struct memblock_pages *pages)
{
	return pages->examined > 0 && pages->examined < pages->all &&
	       !memblock_block_has_reason(block, MEMBLOCK_REASON_HOLE) &&
	       !memblock_block_has_reason(block, MEMBLOCK_REASON_MIXED_PMEM);
}

/* The smallest sample; false where each block was looked at whole. */
static bool find_sample(const struct memblock_inventory *inventory, struct memblock_pages *ret)
{
	const struct memblock_block *block;
	struct memblock_pages pages;
	bool found = false;

	for (size_t i = 0; (block = memblock_inventory_block(inventory, i)); i++) {
		if (!memblock_block_pages(inventory, block, &pages) || !is_sample(block, &pages))
			continue;
		if (!found || pages.examined < ret->examined)
			*ret = pages;
		found = true;
	}
	return found;
}

/* The library's error of a sample of n pages, sqrt(8 / n) of the block. */
static void tell_sample(const struct memblock_pages *sample)
{
	uint64_t percent = 1;

	while (percent * percent * sample->examined < UINT64_C(8) * 100 * 100)
		percent++;
	log_line("1 page of %" PRIu64 " was looked at: amounts are right to %" PRIu64
		 " %% of a block's size (19 times in 20), and whether a block outside of zone "
		 "Movable is busy is not known where none of the kernel's pages was found",
		 sample->all / sample->examined, percent);
}

void tell_pages(const struct ctl *ctl, const struct memblock_inventory *inventory)
{
	const char *text;
	enum memblock_source_state state =
		memblock_inventory_source(inventory, MEMBLOCK_SOURCE_PAGES, &text);
	struct memblock_pages sample = {};
	bool sampled = find_sample(inventory, &sample);
	bool counted = state == MEMBLOCK_SOURCE_READ || state == MEMBLOCK_SOURCE_UNASKED;

	if (counted && sampled)
		tell_sample(&sample);
	/* A file that is damaged where no RAM is tells all that there is. */
	if (counted || (state == MEMBLOCK_SOURCE_DAMAGED && !sampled))
		return;
	log_line("%s; what is in blocks right now is not%s known%s",
		 text ? text : "Pages can't be counted",
		 state == MEMBLOCK_SOURCE_DAMAGED ? " fully" : "",
		 state == MEMBLOCK_SOURCE_HIDDEN && !ctl->root && !ctl->host ? ", try as root"
									     : "");
}

int load_pages(const struct ctl *ctl, struct memblock_inventory *inventory,
	       const struct memblock_range *ranges, size_t n)
{
	int r;

	if (ctl->of_daemon)
		r = bus_count_pages(inventory, ranges, n);
	else
		r = memblock_inventory_read_pages(inventory, ranges, n, false);
	return r < 0 ? log_oom() : 0;
}

int load_sections(const struct ctl *ctl, struct memblock_inventory *inventory)
{
	if (!ctl->of_daemon && memblock_inventory_read_sections(inventory) < 0)
		return log_oom();
	return 0;
}
