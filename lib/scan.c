/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inventory.h"
#include "sources.h"
#include "verdict.h"

static int read_sources(struct memblock_inventory *inventory, char **ret_error)
{
	static int (*const readers[])(struct memblock_inventory *) = {
		source_nodes_read, source_states_read, source_iomem_read,   source_zoneinfo_read,
		source_srat_read,  source_pmem_read,   source_devices_read, source_marks_read,
	};
	int r;

	r = source_machine_read(inventory);
	if (r < 0)
		return r;
	r = source_blocks_read(inventory, ret_error);
	if (r < 0)
		return r;

	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		r = readers[i](inventory);
		if (r < 0)
			return r;
	}
	return 0;
}

static int judge(struct memblock_inventory *inventory)
{
	for (size_t i = 0; i < inventory->n_blocks; i++) {
		struct memblock_block *block = &inventory->blocks[i];
		struct verdict verdict;
		int r;

		r = verdict_of(inventory, block, NULL, &verdict);
		if (r < 0)
			return r;
		block->reasons = verdict.reasons;
		block->removable = (uint8_t)verdict.removable;
	}
	return 0;
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

	inventory = calloc(1, sizeof(*inventory));
	if (!inventory)
		return -ENOMEM;
	inventory->n_ref = 1;
	inventory->memory_fd = -1;
	inventory->root = memblock_root_ref(root);

	r = read_sources(inventory, ret_error);
	if (r < 0)
		return r;
	r = judge(inventory);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(inventory);
	return 0;
}
