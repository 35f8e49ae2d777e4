/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "listing.h"
#include "parse.h"
#include "sources.h"

#define NODE_DIR "sys/devices/system/node"

/* A block seen on a second node, third node, ...: few, on any machine. */
struct extra_link {
	struct memblock_block *block;
	int nid;
};

struct extra_links {
	struct extra_link *items;
	size_t n;
	size_t capacity;
};

static void extra_links_done(struct extra_links *links)
{
	free(links->items);
}

static int link_block(struct memblock_inventory *inventory, struct extra_links *extra,
		      uint64_t index, int nid)
{
	struct memblock_block *block = inventory_find(inventory, index);
	int r;

	if (!block)
		return 0; /* it came or went since the blocks were listed */

	if (block->nid == MEMBLOCK_NID_UNKNOWN) {
		block->nid = nid;
		return 0;
	}

	r = ARRAY_GROW(extra->items, extra->capacity, extra->n);
	if (r < 0)
		return r;
	extra->items[extra->n++] = (struct extra_link){ block, nid };
	return 0;
}

static int link_node(struct memblock_inventory *inventory, struct extra_links *extra,
		     const struct listing *node)
{
	int r = node->result == -ENOENT ? 0 : node->result;

	for (size_t i = 0; r >= 0 && i < node->n; i++)
		r = link_block(inventory, extra, node->numbers[i], node->nid);
	return r;
}

static int compare_links(const void *a, const void *b)
{
	const struct extra_link *x = a, *y = b;

	if (x->block != y->block)
		return x->block < y->block ? -1 : 1;
	return (x->nid > y->nid) - (x->nid < y->nid);
}

static int compare_nids(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The set of a block's first node and its extra ones. Returns its index. */
static int intern_set(struct memblock_inventory *inventory, int first,
		      const struct extra_link *extra, size_t n)
{
	_cleanup_free_ int *nids = calloc(n + 1, sizeof(*nids));

	if (!nids)
		return -ENOMEM;
	nids[0] = first;
	for (size_t i = 0; i < n; i++)
		nids[i + 1] = extra[i].nid;
	qsort(nids, n + 1, sizeof(*nids), compare_nids);
	return inventory_node_set(inventory, nids, n + 1);
}

static int assign_sets(struct memblock_inventory *inventory, struct extra_links *extra)
{
	if (extra->n > 0)
		qsort(extra->items, extra->n, sizeof(*extra->items), compare_links);

	for (size_t i = 0, next; i < extra->n; i = next) {
		struct memblock_block *block = extra->items[i].block;
		int set;

		for (next = i; next < extra->n && extra->items[next].block == block;)
			next++;
		set = intern_set(inventory, block->nid, &extra->items[i], next - i);
		if (set < 0)
			return set;
		block->nid = MEMBLOCK_NID_SEVERAL;
		block->nodes = (uint16_t)set;
	}
	return 0;
}

static int list_nodes(struct memblock_inventory *inventory, struct listings *listings)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int r;

	r = root_open_dir(inventory->root, NODE_DIR, &dir);
	if (r < 0)
		return r;

	for (struct dirent *entry; (errno = 0, entry = readdir(dir));) {
		uint64_t nid;

		if (parse_suffix(entry->d_name, "node", &nid) < 0 || nid > INT16_MAX)
			continue;
		inventory->has_nodes = true;
		r = listings_add(listings, (int)nid, NODE_DIR "/%s", entry->d_name);
		if (r < 0)
			return r;
	}
	return -errno;
}

int source_nodes_list(struct memblock_inventory *inventory, struct listings *listings)
{
	int r = list_nodes(inventory, listings);

	if (r < 0)
		return inventory_set_source_error(inventory, MEMBLOCK_SOURCE_NODES, NODE_DIR, r);
	return inventory_set_source(inventory, MEMBLOCK_SOURCE_NODES,
				    inventory->has_nodes ? MEMBLOCK_SOURCE_READ
							 : MEMBLOCK_SOURCE_ABSENT,
				    inventory->has_nodes ? NULL : "a kernel without NUMA");
}

/*
 * One readdir a node tells more than one readdir a block: a block that firmware put on the border
 * of two nodes is linked from both (drivers/base/node.c:register_memory_blocks_under_nodes()).
 */
int source_nodes_link(struct memblock_inventory *inventory, const struct listings *listings)
{
	_cleanup_(extra_links_done) struct extra_links extra = {};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < listings->n; i++)
		if (listings->items[i].nid != MEMBLOCK_NID_UNKNOWN)
			r = link_node(inventory, &extra, &listings->items[i]);
	if (r >= 0)
		r = assign_sets(inventory, &extra);
	return r < 0 ? inventory_set_source_error(inventory, MEMBLOCK_SOURCE_NODES, NODE_DIR, r)
		     : 0;
}
