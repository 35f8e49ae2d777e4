/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "geometry.h"
#include "inventory.h"
#include "sources.h"
#include "verdict.h"

static int read_source(struct memblock_inventory *inventory,
		       int (*reader)(struct memblock_inventory *))
{
	int r;

	notes_begin(&inventory->notes);
	r = reader(inventory);
	return r < 0 ? r : notes_end(&inventory->notes);
}

static int read_sources(struct memblock_inventory *inventory, char **ret_error)
{
	static int (*const readers[])(struct memblock_inventory *) = {
		source_states_read, source_iomem_read,   source_zoneinfo_read, source_srat_read,
		source_pmem_read,   source_devices_read, source_marks_read,
	};
	int r;

	r = source_machine_read(inventory);
	if (r < 0)
		return r;
	notes_begin(&inventory->notes);
	r = source_blocks_read(inventory, ret_error);
	if (r >= 0)
		r = notes_end(&inventory->notes);
	if (r < 0)
		return r;

	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		r = read_source(inventory, readers[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Whether only the kernel's own table can tell what arm64 keeps for good: DIMMs, which firmware may
 * have had in the memory map, and what is of nobody that is known. All else can do without, and it
 * costs time. */
static bool needs_sections(const struct memblock_inventory *inventory)
{
	if (!geometry_is_arm64(inventory->machine.architecture))
		return false;
	for (size_t i = 0; i < inventory->n_blocks; i++) {
		const struct memblock_device *device =
			memblock_block_device(inventory, &inventory->blocks[i]);

		if (!device || device->provider == MEMBLOCK_PROVIDER_ACPI)
			return true;
	}
	return false;
}

static int judge(struct memblock_inventory *inventory)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < inventory->n_blocks; i++)
		r = judge_block(inventory, &inventory->blocks[i]);
	return r;
}

int memblock_inventory_new(struct memblock_root *root, uint64_t flags,
			   struct memblock_inventory **ret, char **ret_error)
{
	_cleanup_(memblock_inventory_unrefp) struct memblock_inventory *inventory = NULL;
	int r;

	if (ret_error)
		*ret_error = NULL;
	if (flags != 0)
		return -EINVAL;

	inventory = inventory_alloc();
	if (!inventory)
		return -ENOMEM;
	inventory->sources[MEMBLOCK_SOURCE_SECTIONS].state = MEMBLOCK_SOURCE_UNASKED;
	inventory->sources[MEMBLOCK_SOURCE_PAGES].state = MEMBLOCK_SOURCE_UNASKED;
	inventory->root = memblock_root_ref(root);

	r = read_sources(inventory, ret_error);
	if (r >= 0 && needs_sections(inventory))
		r = memblock_inventory_read_sections(inventory);
	if (r < 0)
		return r;
	r = judge(inventory);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(inventory);
	return 0;
}
