/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "inventory.h"
#include "parse.h"
#include "verdict.h"

/* Flagless pages of a kernel zone that a block may hold and still go, whatever the CPUs hold. */
#define UNCLEAR_MAX 64

/* As a line of text has them. */
static const struct field {
	const char *key;
	size_t offset;
} fields[] = {
	{ "block ", offsetof(struct memblock_pages, index) },
	{ " all ", offsetof(struct memblock_pages, all) },
	{ " examined ", offsetof(struct memblock_pages, examined) },
	{ " poisoned ", offsetof(struct memblock_pages, poisoned) },
	{ " memmap ", offsetof(struct memblock_pages, memmap) },
	{ " reserved ", offsetof(struct memblock_pages, reserved) },
	{ " slab ", offsetof(struct memblock_pages, slab) },
	{ " page-table ", offsetof(struct memblock_pages, page_table) },
	{ " offline ", offsetof(struct memblock_pages, offline) },
	{ " free ", offsetof(struct memblock_pages, free) },
	{ " movable ", offsetof(struct memblock_pages, movable) },
	{ " kernel ", offsetof(struct memblock_pages, kernel) },
	{ " unclear ", offsetof(struct memblock_pages, unclear) },
};
#define FIRST_KIND 3

static uint64_t value_of(const struct memblock_pages *pages, const struct field *field)
{
	return *(const uint64_t *)(const void *)((const char *)pages + field->offset);
}

/* Each page that was looked at is counted once. */
static bool makes_sense(const struct memblock_pages *pages)
{
	uint64_t sum = 0;

	if (pages->all == 0 || pages->all > UINT32_MAX || pages->examined > pages->all)
		return false;
	for (size_t i = FIRST_KIND; i < ARRAY_SIZE(fields); i++)
		if (__builtin_add_overflow(sum, value_of(pages, &fields[i]), &sum))
			return false;
	return sum == pages->examined;
}

int memblock_pages_to_text(const struct memblock_pages *pages, size_t n, char **ret)
{
	char *text = NULL;
	size_t size;
	FILE *stream;
	bool failed;

	stream = open_memstream(&text, &size);
	if (!stream)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(fields); k++)
			fprintf(stream, "%s%" PRIu64, fields[k].key,
				value_of(&pages[i], &fields[k]));
		fputc('\n', stream);
	}

	/* Where it has no memory left glibc's fclose() gives no text, and says nothing. */
	failed = ferror(stream);
	if (fclose(stream) != 0 || failed || !text) {
		free(text);
		return -ENOMEM;
	}
	*ret = text;
	return 0;
}

static int parse_line(const char **cursor, struct memblock_pages *ret)
{
	struct memblock_pages pages;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const struct field *field = &fields[i];
		size_t length = strlen(field->key);

		if (strncmp(*cursor, field->key, length) != 0)
			return -EBADMSG;
		*cursor += length;
		if (parse_u64_at(cursor, 10, (void *)((char *)&pages + field->offset)) < 0)
			return -EBADMSG;
	}
	/* What no line feed ends may have lost digits. */
	if (*(*cursor)++ != '\n' || !makes_sense(&pages))
		return -EBADMSG;

	*ret = pages;
	return 0;
}

int memblock_pages_from_text(const char *text, struct memblock_pages **ret, size_t *ret_n)
{
	_cleanup_(page_counts_done) struct page_counts counts = {};
	int r;

	while (*text) {
		r = ARRAY_GROW(counts.items, counts.capacity, counts.n);
		if (r >= 0)
			r = parse_line(&text, &counts.items[counts.n]);
		if (r < 0)
			return r;
		counts.n++;
	}

	*ret = TAKE_PTR(counts.items);
	*ret_n = counts.n;
	return 0;
}

void page_counts_done(struct page_counts *counts)
{
	free(counts->items);
	*counts = (struct page_counts){};
}

void page_counts_sort(struct page_counts *counts)
{
	if (counts->n > 0)
		qsort(counts->items, counts->n, sizeof(*counts->items), compare_u64);
}

const struct memblock_pages *page_counts_find(const struct page_counts *counts, uint64_t index)
{
	const struct memblock_pages key = { .index = index };

	if (counts->n == 0)
		return NULL;
	return bsearch(&key, counts->items, counts->n, sizeof(key), compare_u64);
}

/* Puts counts at the end, in place of those of the same block where they are the last. */
static int put_last(struct page_counts *counts, const struct memblock_pages *pages)
{
	int r;

	if (counts->n > 0 && counts->items[counts->n - 1].index == pages->index) {
		counts->items[counts->n - 1] = *pages;
		return 0;
	}
	r = ARRAY_GROW(counts->items, counts->capacity, counts->n);
	if (r < 0)
		return r;
	counts->items[counts->n++] = *pages;
	return 0;
}

/* Of so many pages that were found, how many the whole block would have. */
static uint64_t scale_up(const struct memblock_pages *pages, uint64_t n)
{
	return pages->examined > 0 ? n * pages->all / pages->examined : 0;
}

/* The zone in which a block lies; NULL where /proc/zoneinfo doesn't tell. */
static const struct zone_span *span_of(const struct memblock_inventory *inventory,
				       const struct memblock_block *block)
{
	for (size_t i = 0; i < inventory->spans.n; i++) {
		const struct zone_span *span = &inventory->spans.items[i];

		if (span->nid == block->nid && span->zone == only_zone(block->zones))
			return span;
	}
	return NULL;
}

/*
 * Whether pages without any flag are too many to be those on the CPUs' free lists: then some are
 * the kernel's. The kernel takes none of its own from ZONE_MOVABLE. A CPU's pages go back to the
 * buddy allocator before a block is taken offline (mm/memory_hotplug.c:offline_pages()).
 */
static enum memblock_answer unclear_is_kernel(const struct memblock_inventory *inventory,
					      const struct memblock_block *block,
					      const struct memblock_pages *pages)
{
	const struct zone_span *span = span_of(inventory, block);
	uint64_t unclear = scale_up(pages, pages->unclear);

	if (unclear <= UNCLEAR_MAX || only_zone(block->zones) == MEMBLOCK_ZONE_MOVABLE)
		return MEMBLOCK_ANSWER_NO;
	if (!span)
		return MEMBLOCK_ANSWER_UNKNOWN;
	return unclear > span->held_by_cpus ? MEMBLOCK_ANSWER_YES : MEMBLOCK_ANSWER_NO;
}

/* Settles what pages without any flag are, as far as the zone tells: who gets the counts needn't
 * know of zones. */
static void settle(const struct memblock_inventory *inventory, const struct memblock_block *block,
		   struct memblock_pages *pages)
{
	enum memblock_answer answer = unclear_is_kernel(inventory, block, pages);

	if (answer == MEMBLOCK_ANSWER_UNKNOWN)
		return;
	*(answer == MEMBLOCK_ANSWER_YES ? &pages->kernel : &pages->free) += pages->unclear;
	pages->unclear = 0;
}

/* Those of online blocks, sorted. */
static int pick(const struct memblock_inventory *inventory, const struct memblock_pages *pages,
		size_t n, struct page_counts *ret)
{
	int r;

	for (size_t i = 0; i < n; i++) {
		const struct memblock_block *block = inventory_find(inventory, pages[i].index);
		struct memblock_pages settled = pages[i];

		if (!block || block->state != MEMBLOCK_STATE_ONLINE || !makes_sense(&settled) ||
		    inventory->block_size % settled.all != 0)
			continue;
		settle(inventory, block, &settled);
		r = put_last(ret, &settled);
		if (r < 0)
			return r;
	}
	page_counts_sort(ret);
	return 0;
}

/* Of the same block, what is fresh. */
static int merge(const struct page_counts *old, const struct page_counts *fresh,
		 struct page_counts *ret)
{
	int r = 0;

	for (size_t i = 0, k = 0; r >= 0 && (i < old->n || k < fresh->n);) {
		bool older = k == fresh->n ||
			     (i < old->n && compare_u64(&old->items[i], &fresh->items[k]) <= 0);

		r = put_last(ret, older ? &old->items[i++] : &fresh->items[k++]);
	}
	return r;
}

static int judge_counted(struct memblock_inventory *inventory, const struct page_counts *counts)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < counts->n; i++)
		r = judge_block(inventory, inventory_find(inventory, counts->items[i].index));
	return r;
}

/* Of an inventory that somebody else read, he tells what became of its sources. */
static int set_source(struct memblock_inventory *inventory, enum memblock_source_state state)
{
	if (inventory->reported)
		return 0;
	return inventory_set_source(inventory, MEMBLOCK_SOURCE_PAGES, state, NULL);
}

static int forget(struct memblock_inventory *inventory)
{
	_cleanup_(page_counts_done) struct page_counts old = inventory->pages;
	int r;

	inventory->pages = (struct page_counts){};
	r = set_source(inventory, MEMBLOCK_SOURCE_UNASKED);
	return r < 0 ? r : judge_counted(inventory, &old);
}

int memblock_inventory_set_pages(struct memblock_inventory *inventory,
				 const struct memblock_pages *pages, size_t n)
{
	_cleanup_(page_counts_done) struct page_counts fresh = {}, merged = {};
	int r;

	if (n == 0)
		return forget(inventory);

	r = pick(inventory, pages, n, &fresh);
	if (r >= 0)
		r = merge(&inventory->pages, &fresh, &merged);
	if (r >= 0)
		r = set_source(inventory, MEMBLOCK_SOURCE_READ);
	if (r < 0)
		return r;

	page_counts_done(&inventory->pages);
	inventory->pages = merged;
	merged = (struct page_counts){};
	return judge_counted(inventory, &fresh);
}

bool memblock_block_pages(const struct memblock_inventory *inventory,
			  const struct memblock_block *block, struct memblock_pages *ret)
{
	const struct memblock_pages *pages = page_counts_find(&inventory->pages, block->index);

	if (!pages)
		return false;
	*ret = *pages;
	return true;
}

/* Pages that are surely the kernel's own. */
static uint64_t kernels_own(const struct memblock_pages *pages)
{
	return pages->reserved + pages->slab + pages->page_table + pages->kernel;
}

/* Pages that a device took away: virtio-mem lets go of them when the block goes, other balloons may
 * hold on (mm/memory_hotplug.c:scan_movable_pages()). */
static bool is_held_by_balloon(const struct memblock_inventory *inventory,
			       const struct memblock_block *block,
			       const struct memblock_pages *pages)
{
	const struct memblock_device *device = memblock_block_device(inventory, block);

	return pages->offline > 0 && (!device || device->provider != MEMBLOCK_PROVIDER_VIRTIO_MEM);
}

/* Whether a look at some of its pages tells as much as one at all: the kernel puts none of its own
 * into ZONE_MOVABLE. */
static bool is_known_by_sample(const struct memblock_block *block,
			       const struct memblock_pages *pages)
{
	return pages->examined == pages->all || only_zone(block->zones) == MEMBLOCK_ZONE_MOVABLE;
}

/* Pages that are kept for contiguous allocations (CMA) look like any others, and the kernel moves
 * none of them to take a block offline (mm/page_isolation.c:has_unmovable_pages()). Where they are
 * in a zone no file tells. */
static bool may_have_cma(const struct memblock_inventory *inventory,
			 const struct memblock_block *block)
{
	const struct zone_span *span = span_of(inventory, block);

	return span && span->has_cma;
}

enum memblock_answer memblock_block_busy(const struct memblock_inventory *inventory,
					 const struct memblock_block *block)
{
	const struct memblock_pages *pages = page_counts_find(&inventory->pages, block->index);

	if (!pages || pages->examined == 0)
		return MEMBLOCK_ANSWER_UNKNOWN;
	if (kernels_own(pages) > 0)
		return MEMBLOCK_ANSWER_YES;
	if (pages->unclear > 0 || !is_known_by_sample(block, pages) ||
	    is_held_by_balloon(inventory, block, pages) || may_have_cma(inventory, block))
		return MEMBLOCK_ANSWER_UNKNOWN;
	return MEMBLOCK_ANSWER_NO;
}

int memblock_block_load(const struct memblock_inventory *inventory,
			const struct memblock_block *block, uint64_t *ret_unmovable,
			uint64_t *ret_to_move)
{
	const struct memblock_pages *pages = page_counts_find(&inventory->pages, block->index);
	uint64_t page_size;

	if (!pages || pages->examined == 0)
		return -ENODATA;

	page_size = inventory->block_size / pages->all;
	*ret_unmovable = scale_up(pages, kernels_own(pages)) * page_size;
	*ret_to_move = scale_up(pages, pages->movable) * page_size;
	return 0;
}
