/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "inventory.h"
#include "parse.h"

/* What libmemblock.h lets others see of an inventory. */

uint64_t memblock_inventory_block_size(const struct memblock_inventory *inventory)
{
	return inventory->block_size;
}

uint64_t memblock_inventory_section_size(const struct memblock_inventory *inventory)
{
	return inventory->section_size;
}

uint64_t memblock_inventory_page_size(const struct memblock_inventory *inventory)
{
	return inventory->machine.page_size;
}

const char *memblock_inventory_architecture(const struct memblock_inventory *inventory)
{
	return inventory->machine.architecture;
}

const char *memblock_inventory_release(const struct memblock_inventory *inventory)
{
	return inventory->machine.release;
}

enum memblock_source_state memblock_inventory_source(const struct memblock_inventory *inventory,
						     enum memblock_source source,
						     const char **ret_text)
{
	bool known = (size_t)source < ARRAY_SIZE(inventory->sources);

	if (ret_text)
		*ret_text = known ? inventory->sources[source].text : NULL;
	return known ? inventory->sources[source].state : MEMBLOCK_SOURCE_ABSENT;
}

const char *memblock_inventory_note(const struct memblock_inventory *inventory, size_t n)
{
	return n < inventory->notes.n ? inventory->notes.items[n] : NULL;
}

static bool is_stale(const struct memblock_inventory *inventory, const struct mark *mark)
{
	size_t i = PLACE_OF(inventory->blocks, inventory->n_blocks,
			    mark->start / inventory->block_size);

	for (; i < inventory->n_blocks; i++) {
		const struct memblock_block *block = &inventory->blocks[i];

		if (block_start(inventory, block) >= mark->end)
			break;
		if (mark_holds(inventory, mark, block))
			return false;
	}
	return true;
}

bool memblock_inventory_mark(const struct memblock_inventory *inventory, size_t n,
			     struct memblock_mark *ret)
{
	const struct mark *mark;

	if (n >= inventory->marks.n)
		return false;
	mark = &inventory->marks.items[n];
	*ret = (struct memblock_mark){ mark->start, mark->end, mark->device, mark->reason,
				       is_stale(inventory, mark) };
	return true;
}

size_t memblock_inventory_n_blocks(const struct memblock_inventory *inventory)
{
	return inventory->n_blocks;
}

const struct memblock_block *memblock_inventory_block(const struct memblock_inventory *inventory,
						      size_t n)
{
	return n < inventory->n_blocks ? &inventory->blocks[n] : NULL;
}

const struct memblock_block *memblock_inventory_find(const struct memblock_inventory *inventory,
						     uint64_t index)
{
	return inventory_find(inventory, index);
}

const struct memblock_block *memblock_inventory_find_address(
	const struct memblock_inventory *inventory, uint64_t address)
{
	return inventory_find(inventory, address / inventory->block_size);
}

const struct memblock_device *memblock_inventory_device(const struct memblock_inventory *inventory,
							size_t n)
{
	return n + 1 < inventory->devices.n ? &inventory->devices.items[n + 1] : NULL;
}

const char *memblock_device_name(const struct memblock_device *device)
{
	return device->name;
}

enum memblock_provider memblock_device_provider(const struct memblock_device *device)
{
	return device->provider;
}

uint64_t memblock_block_index(const struct memblock_block *block)
{
	return block->index;
}

uint64_t memblock_block_start(const struct memblock_inventory *inventory,
			      const struct memblock_block *block)
{
	return block_start(inventory, block);
}

enum memblock_state memblock_block_state(const struct memblock_block *block)
{
	return (enum memblock_state)block->state;
}

int memblock_block_nid(const struct memblock_block *block)
{
	return block->nid;
}

size_t memblock_block_nodes(const struct memblock_inventory *inventory,
			    const struct memblock_block *block, const int **ret_nids)
{
	if (block->nid == MEMBLOCK_NID_UNKNOWN)
		return 0;
	if (block->nid != MEMBLOCK_NID_SEVERAL) {
		*ret_nids = &block->nid;
		return 1;
	}
	*ret_nids = inventory->node_sets.items[block->nodes].nids;
	return inventory->node_sets.items[block->nodes].n;
}

size_t memblock_block_zones(const struct memblock_block *block,
			    enum memblock_zone ret_zones[MEMBLOCK_ZONES_MAX])
{
	size_t n = 0;

	for (zone_list left = block->zones; left; left >>= 4)
		ret_zones[n++] = (enum memblock_zone)((left & 0xf) - 1);
	return n;
}

const struct memblock_device *memblock_block_device(const struct memblock_inventory *inventory,
						    const struct memblock_block *block)
{
	return block->device ? &inventory->devices.items[block->device] : NULL;
}

enum memblock_answer memblock_block_removable(const struct memblock_block *block)
{
	return (enum memblock_answer)block->removable;
}

bool memblock_block_has_reason(const struct memblock_block *block, enum memblock_reason reason)
{
	return (unsigned)reason < MEMBLOCK_REASON_COUNT && block->reasons & 1u << reason;
}

int memblock_block_kernel_removable(const struct memblock_inventory *inventory,
				    const struct memblock_block *block)
{
	char path[64], text[ATTRIBUTE_MAX];
	uint64_t value;
	int r;

	if (inventory->memory_fd < 0)
		return -ENODATA;
	snprintf(path, sizeof(path), "memory%" PRIu64 "/removable", block->index);
	r = root_read_attribute_at(inventory->root, inventory->memory_fd, path, text);
	if (r < 0)
		return r;
	r = parse_u64(text, 10, &value);
	if (r < 0)
		return r;
	return value <= 1 ? (int)value : -ERANGE;
}
