/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "block-json.h"
#include "load-pages.h"
#include "size.h"
#include "subsections.h"
#include "text.h"

static json_object *nodes_json(const struct memblock_inventory *inventory,
			       const struct memblock_block *block, int *r)
{
	json_object *nodes = json_object_new_array();
	const int *nids;
	size_t n = memblock_block_nodes(inventory, block, &nids);

	for (size_t i = 0; i < n; i++)
		json_append(nodes, json_object_new_int(nids[i]), r);
	return nodes;
}

static json_object *reasons_json(const struct memblock_block *block, int *r)
{
	json_object *reasons = json_object_new_array();

	for (int i = 0; memblock_reason_to_string((enum memblock_reason)i); i++)
		if (memblock_block_has_reason(block, (enum memblock_reason)i))
			json_append(reasons,
				    json_object_new_string(
					    memblock_reason_to_string((enum memblock_reason)i)),
				    r);
	return reasons;
}

static json_object *extent_json(const struct memblock_extent *extent, int *r)
{
	json_object *object = json_object_new_object();
	bool in_zone = extent->zone != MEMBLOCK_ZONE_NONE && extent->zone != MEMBLOCK_ZONE_UNKNOWN;

	json_add_number(object, "start", extent->start, r);
	json_add_number(object, "size", extent->end - extent->start, r);
	json_add_text(object, "kind", memblock_kind_to_string(extent->kind), r);
	if (extent->nid >= 0)
		json_add_int(object, "node", extent->nid, r);
	else
		json_add_text(object, "node", NULL, r);
	json_add_text(object, "zone", in_zone ? memblock_zone_to_string(extent->zone) : NULL, r);
	json_add_text(object, "owner", extent->owner, r);
	return object;
}

/* null where iomem could not be had. */
static void add_composition(json_object *object, const struct memblock_inventory *inventory,
			    const struct memblock_block *block, int *r)
{
	_cleanup_free_ struct memblock_extent *extents = NULL;
	json_object *composition;
	int n;

	n = memblock_block_composition(inventory, block, &extents);
	if (n == -ENODATA) {
		json_add_text(object, "composition", NULL, r);
		return;
	}
	if (n < 0) {
		*r = n;
		return;
	}

	composition = json_object_new_array();
	for (int i = 0; i < n; i++)
		json_append(composition, extent_json(&extents[i], r), r);
	json_add(object, "composition", composition, r);
}

static void add_map(json_object *object, const char *key, const struct subsections *map, int *r)
{
	json_object *list;

	if (map->n_sections == 0) {
		json_add_text(object, key, NULL, r);
		return;
	}
	list = json_object_new_array();
	for (size_t i = 0; i < map->n_sections; i++)
		json_append(list, json_object_new_string(map->sections[i]), r);
	json_add(object, key, list, r);
}

/* The one that serves, and the derived one beside it. */
static void add_subsections(json_object *object, const struct memblock_inventory *inventory,
			    const struct memblock_block *block, int *r)
{
	_cleanup_(subsections_done) struct subsections kernel = {}, derived = {};

	if (subsections_read(inventory, block, MEMBLOCK_SOURCE_SECTIONS, &kernel) == -ENOMEM ||
	    subsections_read(inventory, block, MEMBLOCK_SOURCE_IOMEM, &derived) == -ENOMEM) {
		*r = -ENOMEM;
		return;
	}
	add_map(object, "subsections", kernel.all > 0 ? &kernel : &derived, r);
	json_add_text(object, "subsections_source",
		      kernel.all > 0    ? "kernel"
		      : derived.all > 0 ? "derived"
					: NULL,
		      r);
	add_map(object, "subsections_derived", &derived, r);
}

static void add_section_flags(json_object *object, const struct memblock_inventory *inventory,
			      const struct memblock_block *block, int *r)
{
	_cleanup_free_ uint32_t *flags = NULL;
	json_object *list;
	int n;

	n = memblock_block_section_flags(inventory, block, &flags);
	if (n == -ENODATA) {
		json_add_text(object, "section_flags", NULL, r);
		return;
	}
	if (n < 0) {
		*r = n;
		return;
	}
	list = json_object_new_array();
	for (int i = 0; i < n; i++)
		json_append(list, json_object_new_int64(flags[i]), r);
	json_add(object, "section_flags", list, r);
}

/* null where they were not counted. */
static void add_pages(json_object *object, const struct memblock_inventory *inventory,
		      const struct memblock_block *block, int *r)
{
	struct memblock_pages pages;
	json_object *counts;

	if (!memblock_block_pages(inventory, block, &pages)) {
		json_add_text(object, "pages", NULL, r);
		return;
	}
	counts = json_object_new_object();
	json_add_number(counts, "all", pages.all, r);
	json_add_number(counts, "examined", pages.examined, r);
	for (const struct page_kind *kind = page_kinds; kind->key; kind++)
		json_add_number(counts, kind->key, page_count(&pages, kind), r);
	json_add(object, "pages", counts, r);
}

/* What is in the block right now. */
static void add_load(json_object *object, const struct memblock_inventory *inventory,
		     const struct memblock_block *block, int *r)
{
	uint64_t unmovable, to_move;

	json_add_answer(object, "busy", memblock_block_busy(inventory, block), r);
	if (memblock_block_load(inventory, block, &unmovable, &to_move) >= 0) {
		json_add_number(object, "unmovable", unmovable, r);
		json_add_number(object, "to_move", to_move, r);
	} else {
		json_add_text(object, "unmovable", NULL, r);
		json_add_text(object, "to_move", NULL, r);
	}
	add_pages(object, inventory, block, r);
}

static void add_evidence(json_object *object, const struct memblock_inventory *inventory,
			 const struct memblock_block *block, int *r)
{
	_cleanup_(memblock_strv_freep) char **evidence = NULL;
	json_object *list;
	int n;

	n = memblock_block_evidence(inventory, block, &evidence);
	if (n < 0) {
		*r = n;
		return;
	}

	list = json_object_new_array();
	for (int i = 0; i < n; i++)
		json_append(list, json_object_new_string(evidence[i]), r);
	json_add(object, "evidence", list, r);
}

json_object *block_json(const struct memblock_inventory *inventory,
			const struct memblock_block *block, int *r)
{
	json_object *object = json_object_new_object();
	uint64_t size = memblock_inventory_block_size(inventory);
	uint64_t section = memblock_inventory_section_size(inventory);
	uint64_t start = memblock_block_start(inventory, block);
	char text[LIST_TEXT_MAX];
	int nid = memblock_block_nid(block);

	json_add_text(object, "range", range_to_text(start, start + size, text), r);
	json_add_number(object, "start", start, r);
	json_add_number(object, "size", size, r);
	if (section)
		json_add_number(object, "section_size", section, r);
	else
		json_add_text(object, "section_size", NULL, r);
	json_add_number(object, "subsection_size", MEMBLOCK_SUBSECTION_SIZE, r);
	json_add_text(object, "state", memblock_state_to_string(memblock_block_state(block)), r);
	json_add_answer(object, "removable", memblock_block_removable(block), r);
	json_add_text(object, "block", blocks_text(memblock_block_index(block), 1, text), r);
	if (nid >= 0)
		json_add_int(object, "node", nid, r);
	else
		json_add_text(object, "node", NULL, r);
	json_add(object, "nodes", nodes_json(inventory, block, r), r);
	json_add_int(object, "nid", nid, r);
	json_add_text(object, "zones", zones_text(block, text), r);
	json_add(object, "reasons", reasons_json(block, r), r);
	json_add_text(object, "device", device_text(inventory, block), r);
	add_load(object, inventory, block, r);
	add_subsections(object, inventory, block, r);
	add_section_flags(object, inventory, block, r);
	add_composition(object, inventory, block, r);
	add_evidence(object, inventory, block, r);
	return object;
}
