/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <string.h>

#include "geometry.h"
#include "page-flags.h"
#include "parse.h"
#include "range-list.h"
#include "sources.h"
#include "struct-page.h"

#define TEXT_PATH "memblockd/pages"
#define FLAGS_PATH "proc/kpageflags"
#define PARAMETER_PATH "sys/module/memory_hotplug/parameters/memmap_on_memory"

/* As large as struct page is where a memmap lies in its own block; no other kernel has that
 * (mm/memory_hotplug.c:mhp_supports_memmap_on_memory()). */
#define STRUCT_PAGE_SIZE 64
#define RELEASE_TELLS_MEMMAP 6001 /* as geometry_release_number() has it */
/* What Linux from 6.6 on pads such a memmap to where the parameter says "force": a pageblock. */
#define PAGEBLOCK_SIZE (UINT64_C(2) << 20)

/* A sample: pages that follow each other are often of a kind, so more places tell more than more
 * pages in one; but each place costs a system call. */
#define SAMPLE_RUN 8
#define SAMPLE_TOTAL (UINT64_C(2) << 20)
#define SAMPLE_LEAST 64
#define SAMPLE_ABOVE (UINT64_C(16) << 20)
#define GLANCE_TOTAL (UINT64_C(64) << 10)

/* Shares a total among n blocks, where they have more pages than `above` in all. */
static uint64_t share(uint64_t pages_per_block, uint64_t n, uint64_t above, uint64_t total)
{
	uint64_t all, limit;

	if (!__builtin_mul_overflow(pages_per_block, n, &all) && all <= above)
		return 0;
	limit = MAX(total / n, (uint64_t)SAMPLE_LEAST);
	return limit < pages_per_block ? limit : 0;
}

uint64_t memblock_pages_limit(uint64_t pages_per_block, uint64_t n)
{
	return share(pages_per_block, n, SAMPLE_ABOVE, SAMPLE_TOTAL);
}

uint64_t memblock_pages_glance(uint64_t pages_per_block, uint64_t n)
{
	return share(pages_per_block, n, GLANCE_TOTAL, GLANCE_TOTAL);
}

struct reader {
	int fd;
	uint64_t per_block;
	uint64_t limit; /* pages of a block, per_block at most */
	uint64_t memmap_least;
	uint64_t memmap_most;
	struct struct_pages *struct_pages; /* NULL: pages without flags stay unclear */
	bool whole;                        /* until a page could not be read */
};

static void reader_done(struct reader *reader)
{
	closep(&reader->fd);
	struct_pages_close(reader->struct_pages);
}

/* Fills the words of n pages. Returns how many there were before the file ended. */
static ssize_t read_flags(int fd, uint64_t pfn, size_t n, uint64_t *ret)
{
	uint64_t at;
	ssize_t size;

	if (__builtin_mul_overflow(pfn, sizeof(*ret), &at))
		return -EINVAL;
	size = read_up_to_at(fd, ret, n * sizeof(*ret), at);
	return size < 0 ? size : size / (ssize_t)sizeof(*ret);
}

/* A page without flags that nobody holds is free; all others are the kernel's
 * (mm/page_alloc.c:free_pages_prepare() leaves none). */
static void tell_apart(struct reader *reader, uint64_t pfn, const uint64_t *flags, size_t n,
		       struct memblock_pages *pages)
{
	uint32_t counts[STRUCT_PAGES_MAX];

	if (!reader->struct_pages ||
	    struct_pages_read_counts(reader->struct_pages, pfn, n, counts) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		if (flags[i] != 0)
			continue;
		pages->unclear--;
		if (counts[i] == 0)
			pages->free++;
		else
			pages->kernel++;
	}
}

/* Returns how many of the pages the file has, or a negative errno. */
static int count_run(struct reader *reader, struct page_counter *counter, uint64_t position,
		     size_t n)
{
	uint64_t flags[STRUCT_PAGES_MAX], unclear = counter->pages.unclear;
	uint64_t pfn = counter->pages.index * reader->per_block + position;
	ssize_t n_read = read_flags(reader->fd, pfn, n, flags);

	if (n_read < 0)
		return (int)n_read;
	for (ssize_t i = 0; i < n_read; i++)
		page_counter_add(counter, position + (uint64_t)i, flags[i]);
	if (counter->pages.unclear > unclear)
		tell_apart(reader, pfn, flags, (size_t)n_read, &counter->pages);
	if ((size_t)n_read < n)
		reader->whole = false;
	return (int)n_read;
}

/* Behind the end of the file there is nothing, however large a block is said to be. */
static int count_all(struct reader *reader, struct page_counter *counter)
{
	int r = 1;

	for (uint64_t at = 0, n; r > 0 && at < reader->per_block; at += n) {
		n = MIN(reader->per_block - at, (uint64_t)STRUCT_PAGES_MAX);
		r = count_run(reader, counter, at, (size_t)n);
	}
	return r;
}

/* A run of pages in each of so many equal parts of the block, now here and now there in it, so that
 * they don't fall in step with what the kernel aligns; the first at the start, for the memmap. */
static int count_sample(struct reader *reader, struct page_counter *counter)
{
	size_t run = (size_t)MIN(reader->limit, (uint64_t)SAMPLE_RUN);
	uint64_t n = reader->limit / run, room = reader->per_block / n - run + 1;
	int r = 1;

	for (uint64_t i = 0; r > 0 && i < n; i++) {
		uint32_t fraction = (uint32_t)i * UINT32_C(2654435769); /* of 2^32: golden ratio */

		r = count_run(reader, counter, reader->per_block * i / n + (fraction * room >> 32),
			      run);
	}
	return r;
}

static int count_block(struct reader *reader, uint64_t index, struct memblock_pages *ret)
{
	struct page_counter counter = {
		.pages = { .index = index, .all = reader->per_block },
		.memmap_least = reader->memmap_least,
		.memmap_most = reader->memmap_most,
	};
	int r;

	r = reader->limit < reader->per_block ? count_sample(reader, &counter)
					      : count_all(reader, &counter);
	if (r < 0)
		return r;
	*ret = counter.pages;
	return 0;
}

/* Whether the pages of a memmap that lies in its own block say so: other reserved pages at the
 * start of a block are no memmap then. */
static bool tells_memmap(const struct memblock_root *root)
{
	_cleanup_(machine_done) struct machine machine = {};

	return machine_names(root, &machine) >= 0 &&
	       geometry_release_number(machine.release) >= RELEASE_TELLS_MEMMAP;
}

/* Where the kernel may have put the memmap of a block that was added into the block itself. */
static void find_memmap(const struct memblock_root *root, struct reader *reader, uint64_t page_size)
{
	uint64_t size = reader->per_block * STRUCT_PAGE_SIZE;
	char text[ATTRIBUTE_MAX];
	bool forced;

	if (root_read_attribute(root, PARAMETER_PATH, text) < 0 || tells_memmap(root))
		return;
	forced = strcmp(text, "force") == 0;
	if (!forced && strcmp(text, "Y") != 0 && strcmp(text, "1") != 0)
		return;

	reader->memmap_least = size / page_size;
	if (forced)
		size = (size + PAGEBLOCK_SIZE - 1) & ~(PAGEBLOCK_SIZE - 1);
	reader->memmap_most = size / page_size;
}

/* What is wanted, in blocks. */
struct request {
	uint64_t block_size;
	uint64_t page_size;
	const struct memblock_range *ranges;
	size_t n_ranges;
	uint64_t limit;
};

static int check(const struct request *request, uint64_t *ret_n)
{
	uint64_t block_size = request->block_size, page_size = request->page_size, n = 0;

	if (!is_power_of_two(block_size) || !is_power_of_two(page_size) || page_size > block_size ||
	    block_size / page_size > UINT32_MAX)
		return -EINVAL;
	for (size_t i = 0; i < request->n_ranges; i++) {
		const struct memblock_range *range = &request->ranges[i];

		if (range->start >= range->end || range->start % block_size != 0 ||
		    range->end % block_size != 0 ||
		    __builtin_add_overflow(n, (range->end - range->start) / block_size, &n))
			return -EINVAL;
	}
	*ret_n = n;
	return 0;
}

/* Gives a room for each block, which its number and its size stand in already. */
static int make_rooms(const struct request *request, struct memblock_pages **ret, size_t *ret_n)
{
	_cleanup_free_ struct memblock_pages *pages = NULL;
	uint64_t n;
	size_t filled = 0;
	int r;

	r = check(request, &n);
	if (r < 0)
		return r;
	pages = calloc(MAX(n, (uint64_t)1), sizeof(*pages));
	if (!pages)
		return -ENOMEM;

	for (size_t i = 0; i < request->n_ranges; i++)
		for (uint64_t index = request->ranges[i].start / request->block_size;
		     index < request->ranges[i].end / request->block_size; index++)
			pages[filled++] = (struct memblock_pages){
				.index = index,
				.all = request->block_size / request->page_size,
			};

	*ret = TAKE_PTR(pages);
	*ret_n = filled;
	return 0;
}

/* What a captured tree keeps. */
static int take_text(const char *text, struct memblock_pages *pages, size_t n, bool *ret_whole)
{
	_cleanup_(page_counts_done) struct page_counts told = {};
	bool whole = true;
	int r;

	r = memblock_pages_from_text(text, &told.items, &told.n);
	if (r < 0)
		return r;
	page_counts_sort(&told);
	for (size_t i = 0; i < n; i++) {
		const struct memblock_pages *found = page_counts_find(&told, pages[i].index);

		if (found && found->all != pages[i].all)
			return -EBADMSG;
		if (found)
			pages[i] = *found;
		else
			whole = false;
	}
	*ret_whole = whole;
	return 0;
}

static int take_flags(const struct memblock_root *root, const struct request *request,
		      struct memblock_pages *pages, size_t n, bool *ret_whole)
{
	_cleanup_(reader_done) struct reader reader = {
		.fd = memblock_root_open(root, FLAGS_PATH, 0),
		.per_block = request->block_size / request->page_size,
		.whole = true,
	};
	int r;

	if (reader.fd < 0)
		return reader.fd;
	reader.limit = request->limit ? MIN(request->limit, reader.per_block) : reader.per_block;
	find_memmap(root, &reader, request->page_size);
	r = struct_pages_open(root, request->block_size, request->page_size, &reader.struct_pages);
	if (r == -ENOMEM)
		return r;

	r = 0;
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = count_block(&reader, pages[i].index, &pages[i]);
	*ret_whole = reader.whole;
	return r;
}

/* ret_whole: whether all pages that were asked for could be read. */
static int read_pages(const struct memblock_root *root, const struct request *request,
		      struct memblock_pages **ret, size_t *ret_n, bool *ret_whole)
{
	_cleanup_free_ struct memblock_pages *pages = NULL;
	_cleanup_free_ char *text = NULL;
	size_t n;
	int r;

	r = make_rooms(request, &pages, &n);
	if (r < 0)
		return r;
	r = root->live ? -ENOENT : root_read_file(root, TEXT_PATH, &text, NULL);
	if (r >= 0)
		r = take_text(text, pages, n, ret_whole);
	else if (r == -ENOENT)
		r = take_flags(root, request, pages, n, ret_whole);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(pages);
	*ret_n = n;
	return 0;
}

int memblock_pages_read(struct memblock_root *root, uint64_t block_size, uint64_t page_size,
			const struct memblock_range *ranges, size_t n_ranges, uint64_t limit,
			struct memblock_pages **ret, size_t *ret_n)
{
	const struct request request = { block_size, page_size, ranges, n_ranges, limit };
	bool whole;

	return read_pages(root, &request, ret, ret_n, &whole);
}

int memblock_read_poison(struct memblock_root *root, uint64_t block_size, uint64_t page_size,
			 uint64_t index, uint64_t *ret_pages)
{
	struct memblock_range range;
	const struct request request = { block_size, page_size, &range, 1, 0 };
	_cleanup_free_ struct memblock_pages *pages = NULL;
	_cleanup_free_ char *meminfo = NULL;
	uint64_t poisoned;
	bool whole;
	size_t n;
	int r;

	r = block_range(index, block_size, &range);
	if (r >= 0)
		r = root_read_file(root, "proc/meminfo", &meminfo, NULL);
	if (r < 0)
		return r;
	/* A kernel without memory failure handling has no such line. */
	if (meminfo_value(meminfo, "HardwareCorrupted", &poisoned) < 0 || poisoned == 0) {
		*ret_pages = 0;
		return 0;
	}

	r = read_pages(root, &request, &pages, &n, &whole);
	if (r < 0)
		return r;
	if (!whole)
		return -ENODATA;
	*ret_pages = pages[0].poisoned;
	return 0;
}

static bool is_wanted(const struct memblock_inventory *inventory,
		      const struct memblock_block *block, const struct memblock_range *ranges,
		      size_t n_ranges)
{
	uint64_t start = block_start(inventory, block);

	if (block->state != MEMBLOCK_STATE_ONLINE)
		return false;
	for (size_t i = 0; i < n_ranges; i++)
		if (start >= ranges[i].start && start < ranges[i].end)
			return true;
	return n_ranges == 0;
}

/* The ranges of the online blocks in some ranges; ret_n_blocks says how many blocks that are. */
static int find_online(const struct memblock_inventory *inventory,
		       const struct memblock_range *ranges, size_t n_ranges,
		       struct memblock_range **ret, size_t *ret_n, uint64_t *ret_n_blocks)
{
	_cleanup_range_list_ struct range_list online = {};
	uint64_t n_blocks = 0;
	int r;

	for (size_t i = 0; i < inventory->n_blocks; i++) {
		const struct memblock_block *block = &inventory->blocks[i];

		if (!is_wanted(inventory, block, ranges, n_ranges))
			continue;
		n_blocks++;
		r = range_list_add(&online, block_start(inventory, block),
				   block_end(inventory, block));
		if (r < 0)
			return r;
	}

	*ret_n = online.n;
	*ret = TAKE_PTR(online.items);
	*ret_n_blocks = n_blocks;
	return 0;
}

/* Says what was read, and how much of it. */
static int tell_read(struct memblock_inventory *inventory, uint64_t limit, uint64_t per_block,
		     bool whole)
{
	if (!whole)
		return inventory_set_source(
			inventory, MEMBLOCK_SOURCE_PAGES, MEMBLOCK_SOURCE_DAMAGED,
			"not all pages of the blocks that were asked for are in "
			"/" FLAGS_PATH);
	if (limit > 0)
		return inventory_set_source(inventory, MEMBLOCK_SOURCE_PAGES, MEMBLOCK_SOURCE_READ,
					    "a sample: %" PRIu64 " of %" PRIu64 " pages of a block "
					    "were looked at",
					    limit, per_block);
	return inventory_set_source(inventory, MEMBLOCK_SOURCE_PAGES, MEMBLOCK_SOURCE_READ, NULL);
}

int memblock_inventory_read_pages(struct memblock_inventory *inventory,
				  const struct memblock_range *ranges, size_t n_ranges, bool glance)
{
	_cleanup_free_ struct memblock_range *online = NULL;
	_cleanup_free_ struct memblock_pages *pages = NULL;
	struct request request = { .block_size = inventory->block_size,
				   .page_size = inventory->machine.page_size };
	uint64_t n_blocks;
	bool whole;
	size_t n;
	int r;

	if (inventory->reported)
		return 0;
	if (request.page_size == 0)
		return inventory_set_source(inventory, MEMBLOCK_SOURCE_PAGES,
					    MEMBLOCK_SOURCE_FAILED,
					    "page size not known: they can't be counted");
	r = find_online(inventory, ranges, n_ranges, &online, &request.n_ranges, &n_blocks);
	if (r < 0 || n_blocks == 0)
		return r;

	request.ranges = online;
	request.limit = (glance ? memblock_pages_glance : memblock_pages_limit)(
		inventory->block_size / request.page_size, n_blocks);
	r = read_pages(inventory->root, &request, &pages, &n, &whole);
	if (r < 0)
		return inventory_set_source_error(inventory, MEMBLOCK_SOURCE_PAGES, FLAGS_PATH, r);
	r = memblock_inventory_set_pages(inventory, pages, n);
	return r < 0 ? r
		     : tell_read(inventory, request.limit,
				 inventory->block_size / request.page_size, whole);
}
