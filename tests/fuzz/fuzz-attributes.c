/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "fuzz.h"

/* A block's attributes, and the size of all blocks: state, valid_zones, removable,
 * block_size_bytes, in this order. */
static const char *const paths[] = {
	"sys/devices/system/memory/memory8/state",
	"sys/devices/system/memory/memory8/valid_zones",
	"sys/devices/system/memory/memory8/removable",
	"sys/devices/system/memory/block_size_bytes",
};

static void check_block(const struct memblock_inventory *inventory)
{
	const struct memblock_block *block = memblock_inventory_find(inventory, 8);
	enum memblock_zone zones[MEMBLOCK_ZONES_MAX];
	size_t n;

	must(memblock_inventory_n_blocks(inventory) == (block ? 1 : 0));
	if (!block)
		return;
	n = memblock_block_zones(block, zones);
	must(n <= MEMBLOCK_ZONES_MAX);
	for (size_t i = 0; i < n; i++)
		must(memblock_zone_to_string(zones[i]));
	must(memblock_state_to_string(memblock_block_state(block)));
	must(memblock_block_kernel_removable(inventory, block) <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	_cleanup_root_ struct memblock_root *root = NULL;
	static struct fake_tree *tree;
	struct input input = { data, size };
	enum memblock_state state;
	enum memblock_zone zone;

	if (!tree)
		tree = fake_tree_new();
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_free_ char *text = take_part(&input);

		write_bytes(tree, paths[i], text, strlen(text));
	}
	root = open_root(tree);
	if (memblock_inventory_new(root, 0, &inventory, NULL) >= 0)
		check_block(inventory);
	(void)memblock_read_state(root, 8, &state, &zone);
	return 0;
}
