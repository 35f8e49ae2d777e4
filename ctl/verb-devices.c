/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "groups.h"
#include "log.h"

static int add_columns(struct libscols_table *table)
{
	int r;

	r = table_add_column(table, "DEVICE", 0, true, JSON_TEXT);
	if (r >= 0)
		r = table_add_column(table, "PROVIDER", 0, true, JSON_TEXT);
	if (r >= 0)
		r = groups_add_columns(table);
	if (r >= 0)
		r = table_add_column(table, "NODES", 0, true, JSON_TEXT);
	return r;
}

static int add_device(struct libscols_table *table, const struct memblock_inventory *inventory,
		      const struct group *group)
{
	const struct memblock_device *device = (const struct memblock_device *)group->key;
	struct libscols_line *line = scols_table_new_line(table, NULL);
	char nodes[LIST_TEXT_MAX];
	int r;

	if (!line)
		return -ENOMEM;

	r = table_setf(line, 0, "%s", device ? memblock_device_name(device) : "unknown");
	if (r >= 0)
		r = table_setf(line, 1, "%s",
			       memblock_provider_to_string(device ? memblock_device_provider(device)
								  : MEMBLOCK_PROVIDER_UNKNOWN));
	if (r >= 0)
		r = groups_set_cells(line, 2, inventory, group);
	if (r < 0)
		return r;
	return table_setf(line, 8, "%s", node_mask_text(&group->nodes, nodes));
}

static int devices_run(struct ctl *ctl, char **arguments __attribute__((unused)))
{
	_cleanup_(memblock_inventory_unrefp) struct memblock_inventory *inventory = NULL;
	_cleanup_(scols_unref_tablep) struct libscols_table *table = NULL;
	_cleanup_(groups_done) struct groups groups = {};
	int r;

	r = load_inventory(ctl, &inventory);
	if (r < 0)
		return r;

	table = table_new(ctl->json ? TABLE_JSON : TABLE_PLAIN, true, "devices");
	if (!table)
		return log_oom();
	r = add_columns(table);
	if (r >= 0)
		r = groups_by_device(inventory, &groups);
	for (size_t i = 0; r >= 0 && i < groups.n; i++)
		r = add_device(table, inventory, &groups.items[i]);
	return r < 0 ? log_oom() : table_print(table);
}

const struct verb verb_devices = {
	.name = "devices",
	.arguments = "",
	.help = "List what brought the memory: blocks of one device share their fate",
	.options = groups_options,
	.parse = groups_parse,
	.run = devices_run,
	.max_arguments = 0,
};
