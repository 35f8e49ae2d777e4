/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "block-json.h"
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

static void add_subsections(json_object *object, const struct memblock_inventory *inventory,
			    const struct memblock_block *block, int *r)
{
	_cleanup_(subsections_done) struct subsections map = {};
	json_object *list;
	int n;

	n = subsections_read(inventory, block, &map);
	if (n == -ENODATA) {
		json_add_text(object, "subsections", NULL, r);
		json_add_text(object, "subsections_source", NULL, r);
		return;
	}
	if (n < 0) {
		*r = n;
		return;
	}

	list = json_object_new_array();
	for (size_t i = 0; i < map.n_sections; i++)
		json_append(list, json_object_new_string(map.sections[i]), r);
	json_add(object, "subsections", list, r);
	json_add_text(object, "subsections_source", map.derived ? "derived" : "kernel", r);
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

static void add_removable(json_object *object, const struct memblock_block *block, int *r)
{
	enum memblock_answer removable = memblock_block_removable(block);

	if (removable == MEMBLOCK_ANSWER_UNKNOWN)
		json_add_text(object, "removable", NULL, r);
	else
		json_add(object, "removable",
			 json_object_new_boolean(removable == MEMBLOCK_ANSWER_YES), r);
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
	add_removable(object, block, r);
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
	add_subsections(object, inventory, block, r);
	add_composition(object, inventory, block, r);
	add_evidence(object, inventory, block, r);
	return object;
}
