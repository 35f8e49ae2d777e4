/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "composition.h"
#include "report.h"

/* Whether a node may be that of the block's memory, as far as its links tell. */
static bool is_candidate(const struct memblock_inventory *inventory,
			 const struct memblock_block *block, int nid)
{
	return block->nid == MEMBLOCK_NID_UNKNOWN || block_hangs_on(inventory, block, nid);
}

static int affinity_at(const struct extents *affinities, uint64_t address)
{
	size_t i = extents_first(affinities, address);

	if (i == affinities->n || affinities->items[i].start > address)
		return MEMBLOCK_NID_UNKNOWN;
	return affinities->items[i].nid;
}

/* The only node whose zones span an address; SEVERAL or UNKNOWN (none) otherwise. */
static int spanning_node(const struct memblock_inventory *inventory,
			 const struct memblock_block *block, uint64_t address)
{
	const struct zone_spans *spans = &inventory->spans;
	int found = MEMBLOCK_NID_UNKNOWN;

	for (size_t i = 0; i < spans->n; i++) {
		const struct zone_span *span = &spans->items[i];

		if (address < span->start || address >= span->end ||
		    span->zone == MEMBLOCK_ZONE_DEVICE ||
		    !is_candidate(inventory, block, span->nid))
			continue;
		if (found != MEMBLOCK_NID_UNKNOWN && found != span->nid)
			return MEMBLOCK_NID_SEVERAL;
		found = span->nid;
	}
	return found;
}

static int node_at(const struct memblock_inventory *inventory, const struct memblock_block *block,
		   uint64_t address)
{
	int nid = spanning_node(inventory, block, address);

	if (nid >= 0)
		return nid;
	if (block->nid >= 0)
		return block->nid;

	nid = affinity_at(&inventory->affinities, address);
	return is_candidate(inventory, block, nid) ? nid : MEMBLOCK_NID_UNKNOWN;
}

/* The only zone of a node that spans an address. Where several do, an online block of one zone
 * settles it. */
static enum memblock_zone zone_at(const struct memblock_inventory *inventory,
				  const struct memblock_block *block, int nid, uint64_t address)
{
	enum memblock_zone zones[MEMBLOCK_ZONES_MAX], found = MEMBLOCK_ZONE_NONE;
	const struct zone_spans *spans = &inventory->spans;

	if (block->state == MEMBLOCK_STATE_OFFLINE)
		return MEMBLOCK_ZONE_NONE;
	if (memblock_block_zones(block, zones) == 1 && zones[0] != MEMBLOCK_ZONE_NONE)
		return zones[0];
	if (!inventory_has(inventory, MEMBLOCK_SOURCE_ZONEINFO))
		return MEMBLOCK_ZONE_UNKNOWN;

	for (size_t i = 0; i < spans->n; i++) {
		const struct zone_span *span = &spans->items[i];

		if (span->nid != nid || address < span->start || address >= span->end ||
		    span->zone == MEMBLOCK_ZONE_DEVICE)
			continue;
		if (found != MEMBLOCK_ZONE_NONE)
			return MEMBLOCK_ZONE_UNKNOWN;
		found = span->zone;
	}
	return found;
}

/* Where node or zone may change next behind an address: the next border of a span or of SRAT. */
static uint64_t next_border(const struct memblock_inventory *inventory, uint64_t address,
			    uint64_t end)
{
	const struct extents *affinities = &inventory->affinities;
	uint64_t border = end;

	for (size_t i = 0; i < inventory->spans.n; i++) {
		const struct zone_span *span = &inventory->spans.items[i];

		if (span->start > address)
			border = MIN(border, span->start);
		else if (span->end > address)
			border = MIN(border, span->end);
	}
	for (size_t i = extents_first(affinities, address); i < affinities->n; i++) {
		if (affinities->items[i].start > address) {
			border = MIN(border, affinities->items[i].start);
			break;
		}
		border = MIN(border, affinities->items[i].end);
	}
	return border;
}

/* Cuts one extent of RAM where its node or zone changes. */
static int append_ram(const struct memblock_inventory *inventory,
		      const struct memblock_block *block, const struct memblock_extent *ram,
		      struct extents *result)
{
	int r;

	for (uint64_t at = ram->start, next; at < ram->end; at = next) {
		struct memblock_extent part = *ram;

		next = next_border(inventory, at, ram->end);
		part.start = at;
		part.end = next;
		part.nid = node_at(inventory, block, at);
		part.zone = zone_at(inventory, block, part.nid, at);
		r = extents_append(result, &part);
		if (r < 0)
			return r;
	}
	return 0;
}

int composition_of(const struct memblock_inventory *inventory, const struct memblock_block *block,
		   struct extents *ret)
{
	_cleanup_extents_ struct extents slice = {}, result = {};
	int r;

	r = extents_slice(&inventory->iomem.map, block_start(inventory, block),
			  block_end(inventory, block), &slice);
	if (r < 0)
		return r;

	for (size_t i = 0; i < slice.n; i++) {
		if (slice.items[i].kind == MEMBLOCK_KIND_RAM)
			r = append_ram(inventory, block, &slice.items[i], &result);
		else
			r = extents_append(&result, &slice.items[i]);
		if (r < 0)
			return r;
	}
	extents_merge(&result);

	*ret = result;
	result = (struct extents){};
	return 0;
}

int memblock_block_composition(const struct memblock_inventory *inventory,
			       const struct memblock_block *block, struct memblock_extent **ret)
{
	struct extents composition;
	int r;

	if (inventory->reported)
		return reported_composition(inventory, block, ret);
	if (!inventory_has(inventory, MEMBLOCK_SOURCE_IOMEM))
		return -ENODATA;

	r = composition_of(inventory, block, &composition);
	if (r < 0)
		return r;
	*ret = composition.items;
	return (int)composition.n;
}

static int derived_map(const struct memblock_inventory *inventory,
		       const struct memblock_block *block, uint64_t **ret, size_t *ret_n)
{
	uint64_t section =
		inventory->section_size ? inventory->section_size : inventory->block_size;
	uint64_t start = block_start(inventory, block), end = block_end(inventory, block);
	size_t bits = section / MEMBLOCK_SUBSECTION_SIZE, words = (bits + 63) / 64;
	size_t n = words * (inventory->block_size / section);
	const struct extents *map = &inventory->iomem.map;
	_cleanup_free_ uint64_t *bitmap = NULL;

	if (!inventory_has(inventory, MEMBLOCK_SOURCE_IOMEM) ||
	    extents_covered(&inventory->iomem.unclear, start, end) > 0)
		return -ENODATA;

	bitmap = calloc(n, sizeof(*bitmap));
	if (!bitmap)
		return -ENOMEM;

	for (size_t i = extents_first(map, start); i < map->n && map->items[i].start < end; i++) {
		uint64_t first = MAX(map->items[i].start, start) - start;
		uint64_t last = MIN(map->items[i].end, end) - start - 1;

		if (!map->items[i].mapped)
			continue;
		for (uint64_t s = first / MEMBLOCK_SUBSECTION_SIZE;
		     s <= last / MEMBLOCK_SUBSECTION_SIZE; s++)
			bitmap[s / bits * words + s % bits / 64] |= UINT64_C(1) << s % bits % 64;
	}

	*ret = TAKE_PTR(bitmap);
	*ret_n = n;
	return (int)words;
}

int memblock_block_subsections_from(const struct memblock_inventory *inventory,
				    const struct memblock_block *block, enum memblock_source source,
				    uint64_t **ret, size_t *ret_n)
{
	if (source != MEMBLOCK_SOURCE_SECTIONS && source != MEMBLOCK_SOURCE_IOMEM)
		return -EINVAL;
	if (inventory->reported)
		return reported_subsections(inventory, block, source, ret, ret_n);
	if (source == MEMBLOCK_SOURCE_SECTIONS)
		return sections_map(inventory, block, ret, ret_n);
	return derived_map(inventory, block, ret, ret_n);
}

int memblock_block_subsections(const struct memblock_inventory *inventory,
			       const struct memblock_block *block, uint64_t **ret, size_t *ret_n,
			       enum memblock_source *ret_source)
{
	enum memblock_source source = MEMBLOCK_SOURCE_SECTIONS;
	int r;

	r = memblock_block_subsections_from(inventory, block, source, ret, ret_n);
	if (r == -ENODATA) {
		source = MEMBLOCK_SOURCE_IOMEM;
		r = memblock_block_subsections_from(inventory, block, source, ret, ret_n);
	}
	if (r >= 0)
		*ret_source = source;
	return r;
}

/* Whether two maps differ in a sub-section, and in which way: 1 where the first has it alone, -1
 * where the second has, 0 where they agree. */
static int difference_at(const uint64_t *a, const uint64_t *b, size_t bits, size_t words, size_t s)
{
	size_t word = s / bits * words + s % bits / 64;
	uint64_t bit = UINT64_C(1) << s % bits % 64;

	return !!(a[word] & bit) - !!(b[word] & bit);
}

int subsections_difference(const struct memblock_inventory *inventory,
			   const struct memblock_block *block, struct memblock_range *ret)
{
	_cleanup_free_ uint64_t *kernel = NULL, *derived = NULL;
	uint64_t start = block_start(inventory, block);
	size_t bits = inventory->section_size / MEMBLOCK_SUBSECTION_SIZE, n_words, s, last;
	size_t n = inventory->block_size / MEMBLOCK_SUBSECTION_SIZE;
	int words, r = 0;

	if (bits == 0) /* of an unknown size, so that none can be told to be of this block */
		return 0;
	words = sections_map(inventory, block, &kernel, &n_words);
	if (words >= 0)
		words = derived_map(inventory, block, &derived, &n_words);
	if (words < 0)
		return words == -ENODATA ? 0 : words;

	for (s = 0; s < n && r == 0; s++)
		r = difference_at(kernel, derived, bits, (size_t)words, s);
	if (r == 0)
		return 0;
	for (last = s; last < n && difference_at(kernel, derived, bits, (size_t)words, last) == r;)
		last++;
	ret->start = start + (s - 1) * MEMBLOCK_SUBSECTION_SIZE;
	ret->end = start + last * MEMBLOCK_SUBSECTION_SIZE;
	return r > 0 ? SUBSECTIONS_KERNEL_ONLY : SUBSECTIONS_DERIVED_ONLY;
}
