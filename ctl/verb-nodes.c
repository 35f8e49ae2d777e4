/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>

#include "groups.h"
#include "log.h"
#include "topology.h"

static int add_columns(struct libscols_table *table, bool live)
{
	int r;

	r = table_add_column(table, "NODE", 0, false, JSON_NUMBER);
	if (r >= 0)
		r = groups_add_columns(table);
	if (r >= 0)
		r = table_add_column(table, "SHARED", 0, false, JSON_NUMBER);
	if (r >= 0 && live)
		r = table_add_column(table, "FREE", 0, false, groups_size_type());
	if (r >= 0 && live)
		r = table_add_column(table, "DISTANCES", 0, true, JSON_TEXT);
	return r;
}

/* What libnuma knows of a node. */
static int add_topology(struct libscols_line *line, int nid)
{
	char distances[DISTANCES_TEXT_MAX];
	long long free_bytes = topology_free(nid);
	int r = 0;

	if (free_bytes >= 0)
		r = groups_set_size(line, 8, (uint64_t)free_bytes);
	return r < 0 ? r : table_setf(line, 9, "%s", topology_distances(nid, distances));
}

static int add_node(struct libscols_table *table, const struct memblock_inventory *inventory,
		    const struct group *group, bool live)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	int r;

	if (!line)
		return -ENOMEM;

	r = table_setf(line, 0, "%d", (int)group->key);
	if (r >= 0)
		r = groups_set_cells(line, 1, inventory, group);
	if (r >= 0)
		r = table_setf(line, 7, "%" PRIu64, group->shared);
	if (r >= 0 && live)
		r = add_topology(line, (int)group->key);
	return r;
}

static int nodes_run(struct ctl *ctl, char **arguments __attribute__((unused)))
{
	_cleanup_(memblock_inventory_unrefp) struct memblock_inventory *inventory = NULL;
	_cleanup_(scols_unref_tablep) struct libscols_table *table = NULL;
	_cleanup_(groups_done) struct groups groups = {};
	bool live = !ctl->root && !ctl->host && topology_available();
	int r;

	r = load_inventory(ctl, &inventory);
	if (r < 0)
		return r;

	table = table_new(ctl->json ? TABLE_JSON : TABLE_PLAIN, true, "nodes");
	if (!table)
		return log_oom();
	r = add_columns(table, live);
	if (r >= 0)
		r = groups_by_node(inventory, &groups);
	for (size_t i = 0; r >= 0 && i < groups.n; i++)
		r = add_node(table, inventory, &groups.items[i], live);
	if (r < 0)
		return log_oom();
	if (memblock_inventory_source(inventory, MEMBLOCK_SOURCE_NODES, NULL) ==
	    MEMBLOCK_SOURCE_ABSENT)
		log_line("This kernel knows no nodes");
	return table_print(table);
}

const struct verb verb_nodes = {
	.name = "nodes",
	.arguments = "",
	.help = "List NUMA nodes with their blocks; a block on several counts for each",
	.options = groups_options,
	.parse = groups_parse,
	.run = nodes_run,
	.max_arguments = 0,
};
