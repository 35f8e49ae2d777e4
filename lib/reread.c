/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "geometry.h"
#include "sources.h"
#include "verdict.h"

/* Whether no source has to say anything of a block: else there are notes to be made, or to be taken
 * back. */
static bool is_plain(const struct memblock_inventory *inventory, const struct memblock_block *block)
{
	bool has_nodes = inventory->sources[MEMBLOCK_SOURCE_NODES].state != MEMBLOCK_SOURCE_ABSENT;
	enum memblock_zone zones[MEMBLOCK_ZONES_MAX];
	size_t n = memblock_block_zones(block, zones);

	for (size_t i = 0; i < n; i++)
		if (zones[i] == MEMBLOCK_ZONE_UNKNOWN)
			return false;
	return block->state != MEMBLOCK_STATE_UNKNOWN && (n > 0) == inventory->has_valid_zones &&
	       (block->nid != MEMBLOCK_NID_UNKNOWN || !has_nodes);
}

static bool are_plain(const struct memblock_inventory *inventory,
		      const struct memblock_inventory *blocks)
{
	for (size_t i = 0; i < blocks->n_blocks; i++)
		if (!is_plain(inventory, &blocks->blocks[i]))
			return false;
	return true;
}

/* The blocks that are to be read, as they are known: those that were named, and those that are not
 * online, of which no event tells in which zone they would come online, or that one stayed online
 * that was going offline. -ESTALE where one is not there. */
static int pick(const struct memblock_inventory *inventory, const uint64_t *indexes, size_t n,
		struct memblock_inventory *fresh)
{
	size_t max = n, named = 0;

	for (size_t i = 0; i < inventory->n_blocks; i++)
		max += inventory->blocks[i].state != MEMBLOCK_STATE_ONLINE;
	fresh->blocks = calloc(max + 1, sizeof(*fresh->blocks));
	if (!fresh->blocks)
		return -ENOMEM;

	for (size_t i = 0; i < inventory->n_blocks; i++) {
		const struct memblock_block *block = &inventory->blocks[i];
		bool is_named = named < n && indexes[named] == block->index;

		named += is_named;
		if (is_named || block->state != MEMBLOCK_STATE_ONLINE)
			fresh->blocks[fresh->n_blocks++] = *block;
	}
	return named == n && are_plain(inventory, fresh) ? 0 : -ESTALE;
}

/* An inventory of those alone, of the same machine. */
static int begin(const struct memblock_inventory *inventory, const uint64_t *indexes, size_t n,
		 struct memblock_inventory *fresh)
{
	fresh->root = memblock_root_ref(inventory->root);
	fresh->has_nodes = inventory->has_nodes;
	fresh->machine.page_size = inventory->machine.page_size;
	fresh->memory_fd = fcntl(inventory->memory_fd, F_DUPFD_CLOEXEC, 0);
	return fresh->memory_fd < 0 ? -errno : pick(inventory, indexes, n, fresh);
}

static int read_fresh(const struct memblock_inventory *inventory, struct memblock_inventory *fresh)
{
	size_t n = fresh->n_blocks;
	int r;

	/* What can't be read is not to be what it was. */
	for (size_t i = 0; i < n; i++) {
		fresh->blocks[i].state = MEMBLOCK_STATE_UNKNOWN;
		fresh->blocks[i].zones = 0;
	}
	r = source_states_read(fresh);
	if (r >= 0)
		r = source_zoneinfo_read(fresh);
	if (r < 0)
		return r;
	return fresh->n_blocks == n && are_plain(inventory, fresh) && fresh->notes.n == 0 &&
			       inventory_has_whole(fresh, MEMBLOCK_SOURCE_ZONEINFO)
		       ? 0
		       : -ESTALE;
}

/* By all that is known but counts of pages, which are of before. */
static int judge_fresh(const struct memblock_inventory *inventory, struct memblock_inventory *fresh)
{
	struct memblock_inventory known = *inventory;
	int r = 0;

	known.pages = (struct page_counts){};
	for (size_t i = 0; r >= 0 && i < fresh->n_blocks; i++)
		r = judge_block(&known, &fresh->blocks[i]);
	return r;
}

static bool differ(const struct memblock_block *a, const struct memblock_block *b)
{
	return a->state != b->state || a->zones != b->zones || a->removable != b->removable ||
	       a->reasons != b->reasons;
}

/* Returns how many blocks differ. */
static size_t take_blocks(struct memblock_inventory *inventory,
			  const struct memblock_inventory *fresh, uint64_t *changed)
{
	size_t n = 0;

	for (size_t i = 0; i < fresh->n_blocks; i++) {
		struct memblock_block *block = inventory_find(inventory, fresh->blocks[i].index);

		if (differ(block, &fresh->blocks[i]))
			changed[n++] = block->index;
		*block = fresh->blocks[i];
	}
	return n;
}

static void forget_counts(struct page_counts *counts, const struct memblock_inventory *fresh)
{
	size_t n = 0;

	for (size_t i = 0; i < counts->n; i++)
		if (!inventory_find(fresh, counts->items[i].index))
			counts->items[n++] = counts->items[i];
	counts->n = n;
}

int memblock_inventory_reread(struct memblock_inventory *inventory, const uint64_t *indexes,
			      size_t n, uint64_t **ret, size_t *ret_n)
{
	_cleanup_(memblock_inventory_unrefp) struct memblock_inventory *fresh = inventory_alloc();
	_cleanup_free_ uint64_t *changed = NULL;
	struct zone_spans spans = inventory->spans;
	int r;

	if (!fresh)
		return -ENOMEM;
	/* On s390 more of a block hangs on its state: source-devices.c:s390_provider(). */
	if (inventory->reported || geometry_is_s390(inventory->machine.architecture) ||
	    !inventory_has_whole(inventory, MEMBLOCK_SOURCE_ZONEINFO))
		return -ESTALE;
	r = begin(inventory, indexes, n, fresh);
	if (r >= 0)
		r = read_fresh(inventory, fresh);
	if (r >= 0)
		r = judge_fresh(inventory, fresh);
	if (r < 0)
		return r;
	changed = calloc(fresh->n_blocks + 1, sizeof(*changed));
	if (!changed)
		return -ENOMEM;

	/* From here on nothing fails. */
	*ret_n = take_blocks(inventory, fresh, changed);
	*ret = TAKE_PTR(changed);
	forget_counts(&inventory->pages, fresh);
	inventory->spans = fresh->spans;
	fresh->spans = spans;
	return 0;
}
