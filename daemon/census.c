/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "census.h"

/* The blocks of a row are alike in all that counts. */
static void count(struct group *group, const struct row *row)
{
	const struct memblock_block *block = memblock_inventory_block(group->inventory, row->first);

	totals_add(&group->totals, block, row->n);
	node_mask_add(&group->nodes, group->inventory, block);
}

/* As many as asked for, and one at least. */
static struct group *new_groups(const struct memblock_inventory *inventory, size_t n)
{
	struct group *groups = calloc(MAX(n, (size_t)1), sizeof(*groups));

	for (size_t i = 0; groups && i < n; i++)
		groups[i].inventory = inventory;
	return groups;
}

static int make_groups(struct census *census)
{
	const struct memblock_inventory *inventory = census->inventory;
	const struct node_mask *nodes = &census->all.nodes;

	census->all.inventory = inventory;
	for (size_t i = 0; i < census->n_rows; i++)
		count(&census->all, &census->rows[i]);
	for (int nid = node_mask_next(nodes, 0); nid >= 0; nid = node_mask_next(nodes, nid + 1))
		census->n_nodes = (size_t)nid + 1;
	while (memblock_inventory_device(inventory, census->n_devices))
		census->n_devices++;

	census->nodes = new_groups(inventory, census->n_nodes);
	census->devices = new_groups(inventory, census->n_devices);
	if (!census->nodes || !census->devices)
		return -ENOMEM;
	for (size_t i = 0; i < census->n_devices; i++)
		census->devices[i].device = memblock_inventory_device(inventory, i);
	return 0;
}

static void count_by_node(struct census *census, const struct row *row)
{
	const struct memblock_block *block =
		memblock_inventory_block(census->inventory, row->first);
	const int *nids;
	size_t n = memblock_block_nodes(census->inventory, block, &nids);

	for (size_t i = 0; i < n; i++)
		if ((size_t)nids[i] < census->n_nodes)
			count(&census->nodes[nids[i]], row);
}

/* Blocks of one device follow each other, so the search begins where the last one ended. */
static void count_by_device(struct census *census, const struct row *row, size_t *last)
{
	const struct memblock_device *device = memblock_block_device(
		census->inventory, memblock_inventory_block(census->inventory, row->first));

	for (size_t i = 0; device && i < census->n_devices; i++) {
		size_t n = (*last + i) % census->n_devices;

		if (census->devices[n].device != device)
			continue;
		count(&census->devices[n], row);
		*last = n;
		return;
	}
}

static int make_rows(struct census *census)
{
	struct row row = {};

	while (next_row(census->inventory, SPLIT_FACTS, row.first + row.n, &row)) {
		if (ARRAY_GROW(census->rows, census->rows_capacity, census->n_rows) < 0)
			return -ENOMEM;
		census->rows[census->n_rows++] = row;
	}
	return 0;
}

int census_new(struct memblock_inventory *inventory, struct census **ret)
{
	_cleanup_(census_freep) struct census *census = calloc(1, sizeof(*census));
	size_t last = 0;

	if (!census)
		return -ENOMEM;
	census->inventory = memblock_inventory_ref(inventory);
	if (make_rows(census) < 0 || make_groups(census) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < census->n_rows; i++) {
		count_by_node(census, &census->rows[i]);
		count_by_device(census, &census->rows[i], &last);
	}

	*ret = TAKE_PTR(census);
	return 0;
}

struct census *census_free(struct census *census)
{
	if (!census)
		return NULL;

	memblock_inventory_unref(census->inventory);
	free(census->nodes);
	free(census->devices);
	free(census->rows);
	free(census);
	return NULL;
}

const struct group *census_node(const struct census *census, uint64_t nid)
{
	return nid < census->n_nodes && census->nodes[nid].totals.blocks > 0 ? &census->nodes[nid]
									     : NULL;
}

/* Its number; that of none where there is none. */
static size_t device_number(const struct memblock_inventory *inventory, const char *name)
{
	const struct memblock_device *device;
	size_t n = 0;

	while ((device = memblock_inventory_device(inventory, n)) &&
	       strcmp(memblock_device_name(device), name) != 0)
		n++;
	return n;
}

const struct group *census_device(const struct census *census, const char *name)
{
	size_t n = device_number(census->inventory, name);

	return n < census->n_devices ? &census->devices[n] : NULL;
}

const struct memblock_device *census_find_device(const struct memblock_inventory *inventory,
						 const char *name)
{
	return memblock_inventory_device(inventory, device_number(inventory, name));
}
