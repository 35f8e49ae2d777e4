/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "inventory.h"
#include "sources.h"

int inventory_set_source(struct memblock_inventory *inventory, enum memblock_source source,
			 enum memblock_source_state state, const char *format, ...)
{
	struct source_status status = { .state = state };
	va_list ap;
	int r = 0;

	if (format) {
		va_start(ap, format);
		r = vasprintf(&status.text, format, ap);
		va_end(ap);
	}
	if (r < 0)
		return -ENOMEM;

	free(inventory->sources[source].text);
	inventory->sources[source] = status;
	return 0;
}

int inventory_set_source_error(struct memblock_inventory *inventory, enum memblock_source source,
			       const char *path, int error)
{
	if (error == -ENOMEM)
		return error;
	if (error == -ENOENT)
		return inventory_set_source(inventory, source, MEMBLOCK_SOURCE_ABSENT, "no /%s",
					    path);
	if (error == -EACCES || error == -EPERM)
		return inventory_set_source(inventory, source, MEMBLOCK_SOURCE_HIDDEN,
					    "this user may not read /%s", path);
	return inventory_set_source(inventory, source, MEMBLOCK_SOURCE_FAILED, "can't read /%s: %s",
				    path, strerror(-error));
}

bool inventory_has_whole(const struct memblock_inventory *inventory, enum memblock_source source)
{
	return inventory->sources[source].state == MEMBLOCK_SOURCE_READ;
}

bool inventory_has(const struct memblock_inventory *inventory, enum memblock_source source)
{
	return inventory_has_whole(inventory, source) ||
	       inventory->sources[source].state == MEMBLOCK_SOURCE_DAMAGED;
}

int inventory_device(struct memblock_inventory *inventory, const char *name,
		     enum memblock_provider provider)
{
	struct devices *devices = &inventory->devices;
	int r;

	/* Backwards: blocks of one device follow each other. */
	for (size_t i = devices->n; i > 1; i--)
		if (strcmp(devices->items[i - 1].name, name) == 0)
			return (int)(i - 1);

	if (devices->n > UINT16_MAX)
		return -E2BIG;
	r = ARRAY_GROW(devices->items, devices->capacity, devices->n);
	if (r < 0)
		return r;
	if (devices->n == 0)
		devices->items[devices->n++] = (struct memblock_device){};

	devices->items[devices->n] = (struct memblock_device){ strdup(name), provider };
	if (!devices->items[devices->n].name)
		return -ENOMEM;
	return (int)devices->n++;
}

int inventory_node_set(struct memblock_inventory *inventory, const int *nids, size_t n)
{
	struct node_sets *sets = &inventory->node_sets;
	struct node_set set = { .n = n };
	int r;

	for (size_t i = 0; i < sets->n; i++)
		if (sets->items[i].n == n &&
		    memcmp(sets->items[i].nids, nids, n * sizeof(*nids)) == 0)
			return (int)i;

	if (sets->n > UINT16_MAX)
		return -E2BIG;
	r = ARRAY_GROW(sets->items, sets->capacity, sets->n);
	if (r < 0)
		return r;
	set.nids = calloc(n, sizeof(*nids));
	if (!set.nids)
		return -ENOMEM;
	memcpy(set.nids, nids, n * sizeof(*nids));
	sets->items[sets->n] = set;
	return (int)sets->n++;
}

struct memblock_inventory *inventory_alloc(void)
{
	struct memblock_inventory *inventory = calloc(1, sizeof(*inventory));

	if (!inventory)
		return NULL;
	inventory->n_ref = 1;
	inventory->memory_fd = -1;
	return inventory;
}

struct memblock_inventory *memblock_inventory_ref(struct memblock_inventory *inventory)
{
	inventory->n_ref++;
	return inventory;
}

struct memblock_inventory *memblock_inventory_unref(struct memblock_inventory *inventory)
{
	if (!inventory || --inventory->n_ref > 0)
		return NULL;

	for (size_t i = 0; i < inventory->node_sets.n; i++)
		free(inventory->node_sets.items[i].nids);
	for (size_t i = 0; i < inventory->devices.n; i++)
		free(inventory->devices.items[i].name);
	for (size_t i = 0; i < MEMBLOCK_SOURCE_COUNT; i++)
		free(inventory->sources[i].text);
	free(inventory->node_sets.items);
	free(inventory->devices.items);
	free(inventory->blocks);
	machine_done(&inventory->machine);
	free(inventory->spans.items);
	iomem_done(&inventory->iomem);
	extents_done(&inventory->affinities);
	marks_done(&inventory->marks);
	sections_done(&inventory->sections);
	page_counts_done(&inventory->pages);
	notes_done(&inventory->notes);
	if (inventory->reporter.done)
		inventory->reporter.done(inventory->reporter.userdata);
	closep(&inventory->memory_fd);
	memblock_root_unref(inventory->root);
	free(inventory);
	return NULL;
}

struct memblock_block *inventory_find(const struct memblock_inventory *inventory, uint64_t index)
{
	size_t at = PLACE_OF(inventory->blocks, inventory->n_blocks, index);

	return at < inventory->n_blocks && inventory->blocks[at].index == index
		       ? &inventory->blocks[at]
		       : NULL;
}

bool block_has_owner(const struct memblock_inventory *inventory, const struct memblock_block *block)
{
	const unsigned owners = 1u << MEMBLOCK_PROVIDER_ACPI | 1u << MEMBLOCK_PROVIDER_VIRTIO_MEM |
				1u << MEMBLOCK_PROVIDER_DAX | 1u << MEMBLOCK_PROVIDER_CXL |
				1u << MEMBLOCK_PROVIDER_DRIVER;
	const struct memblock_device *device = memblock_block_device(inventory, block);

	return device && owners & 1u << device->provider;
}

bool block_hangs_on(const struct memblock_inventory *inventory, const struct memblock_block *block,
		    int nid)
{
	const int *nids;
	size_t n = memblock_block_nodes(inventory, block, &nids);

	for (size_t i = 0; i < n; i++)
		if (nids[i] == nid)
			return true;
	return false;
}

bool mark_holds(const struct memblock_inventory *inventory, const struct mark *mark,
		const struct memblock_block *block)
{
	const struct memblock_device *device;

	if (mark->end <= block_start(inventory, block) ||
	    mark->start >= block_end(inventory, block))
		return false;
	if (!mark->device)
		return true;
	device = memblock_block_device(inventory, block);
	return device && strcmp(device->name, mark->device) == 0;
}
