/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "bus-count.h"
#include "ranges.h"

struct counts {
	struct memblock_pages *items;
	size_t n;
	size_t capacity;
};

static void counts_done(struct counts *counts)
{
	free(counts->items);
}

static bool is_inside(uint64_t start, const struct memblock_range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (start >= ranges[i].start && start < ranges[i].end)
			return true;
	return n == 0;
}

/* The next online blocks from number *position of the inventory on, no more than fit a call. */
static int next_blocks(const struct memblock_inventory *inventory,
		       const struct memblock_range *within, size_t n_within, size_t *position,
		       struct ranges *ret)
{
	uint64_t size = memblock_inventory_block_size(inventory);
	const struct memblock_block *block;
	unsigned n = 0;

	ret->n = 0;
	while (n < MEMBLOCK_BUS_PAGES_MAX &&
	       (block = memblock_inventory_block(inventory, *position))) {
		uint64_t start = memblock_block_start(inventory, block);

		++*position;
		if (memblock_block_state(block) != MEMBLOCK_STATE_ONLINE ||
		    !is_inside(start, within, n_within))
			continue;
		if (ranges_join(ret, start, start + size) < 0)
			return -ENOMEM;
		n++;
	}
	return 0;
}

/* The first five are what memblockd makes of the counts; so does the library here. */
static int read_count(sd_bus_message *reply, uint64_t block_size, struct memblock_pages *pages)
{
	uint64_t start, size, unmovable, to_move;
	const char *busy;
	int r;

	r = sd_bus_message_read(reply, MEMBLOCK_BUS_PAGES, &start, &size, &busy, &unmovable,
				&to_move, &pages->all, &pages->examined, &pages->poisoned,
				&pages->memmap, &pages->reserved, &pages->slab, &pages->page_table,
				&pages->offline, &pages->free, &pages->movable, &pages->kernel,
				&pages->unclear);
	pages->index = r > 0 ? start / block_size : 0;
	return r;
}

static int read_counts(sd_bus_message *reply, uint64_t block_size, struct counts *counts)
{
	int r;

	r = sd_bus_message_enter_container(reply, 'a', MEMBLOCK_BUS_PAGES);
	while (r >= 0) {
		if (ARRAY_GROW(counts->items, counts->capacity, counts->n) < 0)
			return -ENOMEM;
		r = read_count(reply, block_size, &counts->items[counts->n]);
		if (r <= 0)
			break;
		counts->n++;
	}
	return r < 0 ? r : sd_bus_message_exit_container(reply);
}

static int ask(sd_bus *bus, uint64_t block_size, const struct ranges *blocks, sd_bus_error *error,
	       struct counts *ret)
{
	_cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
	int r;

	r = sd_bus_message_new_method_call(bus, &call, MEMBLOCK_BUS_NAME, MEMBLOCK_BUS_PATH,
					   MEMBLOCK_BUS_MANAGER, "CountPages");
	if (r >= 0)
		r = bus_append_ranges(call, blocks->items, blocks->n);
	/* Nobody is asked for a password for a look. */
	if (r >= 0)
		r = bus_call(bus, call, error, &reply);
	return r < 0 ? r : read_counts(reply, block_size, ret);
}

static int count(sd_bus *bus, struct memblock_inventory *inventory, const struct ranges *blocks,
		 sd_bus_error *error)
{
	_cleanup_(counts_done) struct counts counts = {};
	int r;

	r = ask(bus, memblock_inventory_block_size(inventory), blocks, error, &counts);
	/* None at all would forget what is known. */
	return r < 0 || counts.n == 0
		       ? r
		       : memblock_inventory_set_pages(inventory, counts.items, counts.n);
}

int bus_count_pages(struct memblock_inventory *inventory, const struct memblock_range *ranges,
		    size_t n)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(ranges_done) struct ranges blocks = {};
	_cleanup_bus_ sd_bus *bus = NULL;
	size_t position = 0;
	int r;

	r = bus_connect(&bus, NULL);
	while (r >= 0) {
		r = next_blocks(inventory, ranges, n, &position, &blocks);
		if (r < 0 || blocks.n == 0)
			break;
		r = count(bus, inventory, &blocks, &error);
	}
	if (r < 0)
		return bus_set_withheld(inventory, MEMBLOCK_SOURCE_PAGES, &error, r);
	return memblock_inventory_tell_source(
		inventory, MEMBLOCK_SOURCE_PAGES,
		&(struct memblock_report_source){ .state = MEMBLOCK_SOURCE_READ });
}
