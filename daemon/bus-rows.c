/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bus-rows.h"

/* Node numbers are never negative here, so one list serves au and ai. */
int bus_append_nodes(sd_bus_message *message, const struct memblock_inventory *inventory,
		     const struct memblock_block *block, const char *type)
{
	const int *nids = NULL;
	size_t n = memblock_block_nodes(inventory, block, &nids);

	return sd_bus_message_append_array(message, *type, nids, n * sizeof(*nids));
}

int bus_append_zones(sd_bus_message *message, const struct memblock_block *block)
{
	enum memblock_zone zones[MEMBLOCK_ZONES_MAX];
	size_t n = memblock_block_zones(block, zones);
	int r;

	r = sd_bus_message_open_container(message, 'a', "s");
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = sd_bus_message_append(message, "s", memblock_zone_to_string(zones[i]));
	return r < 0 ? r : sd_bus_message_close_container(message);
}

int bus_append_reasons(sd_bus_message *message, const struct memblock_block *block)
{
	const char *word;
	int r;

	r = sd_bus_message_open_container(message, 'a', "s");
	for (int i = 0; r >= 0 && (word = memblock_reason_to_string((enum memblock_reason)i)); i++)
		if (memblock_block_has_reason(block, (enum memblock_reason)i))
			r = sd_bus_message_append(message, "s", word);
	return r < 0 ? r : sd_bus_message_close_container(message);
}

int bus_append_row(sd_bus_message *message, const struct memblock_inventory *inventory,
		   const struct row *row)
{
	const struct memblock_block *block = memblock_inventory_block(inventory, row->first);
	uint64_t size = memblock_inventory_block_size(inventory);
	int r;

	r = sd_bus_message_open_container(message, 'r', "ttsiauassass");
	if (r >= 0)
		r = sd_bus_message_append(message, "ttsi", memblock_block_start(inventory, block),
					  row->n * size,
					  memblock_state_to_string(memblock_block_state(block)),
					  memblock_block_nid(block));
	if (r >= 0)
		r = bus_append_nodes(message, inventory, block, "u");
	if (r >= 0)
		r = bus_append_zones(message, block);
	if (r >= 0)
		r = sd_bus_message_append(
			message, "s", memblock_answer_to_string(memblock_block_removable(block)));
	if (r >= 0)
		r = bus_append_reasons(message, block);
	if (r >= 0)
		r = sd_bus_message_append(message, "s", device_text(inventory, block));
	return r < 0 ? r : sd_bus_message_close_container(message);
}
