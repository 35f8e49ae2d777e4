/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "bus-groups.h"
#include "bus-paths.h"

/* What the handlers of properties get for userdata is its group. */
static int find_object(sd_bus *bus __attribute__((unused)), const char *path,
		       const char *interface __attribute__((unused)), void *userdata,
		       void **ret_found, sd_bus_error *error __attribute__((unused)))
{
	const struct manager *manager = userdata;
	const struct group *group;
	uint64_t nid;

	if (path_number(path, NODE_PATH "/node", &nid) < 0)
		return 0;
	group = census_node(manager->census, nid);
	*ret_found = (void *)group;
	return !!group;
}

static int enumerate(sd_bus *bus __attribute__((unused)),
		     const char *prefix __attribute__((unused)), void *userdata, char ***ret_nodes,
		     sd_bus_error *error __attribute__((unused)))
{
	_cleanup_(memblock_strv_freep) char **paths = NULL;
	struct manager *manager = userdata;
	char path[BUS_PATH_MAX];
	size_t n = 0;

	for (int nid = 0; nid < NODES_MAX; nid++)
		if (census_node(manager->census, (uint64_t)nid) &&
		    bus_add_path(&paths, &n, node_path(nid, path)) < 0)
			return -ENOMEM;
	*ret_nodes = TAKE_PTR(paths);
	return 0;
}

static int get_nid(sd_bus *bus __attribute__((unused)), const char *path,
		   const char *interface __attribute__((unused)),
		   const char *property __attribute__((unused)), sd_bus_message *reply,
		   void *userdata __attribute__((unused)),
		   sd_bus_error *error __attribute__((unused)))
{
	uint64_t nid;
	int r;

	r = path_number(path, NODE_PATH "/node", &nid);
	return r < 0 ? r : sd_bus_message_append(reply, "i", (int)nid);
}

static int get_count(sd_bus *bus __attribute__((unused)), const char *path __attribute__((unused)),
		     const char *interface __attribute__((unused)), const char *property,
		     sd_bus_message *reply, void *userdata,
		     sd_bus_error *error __attribute__((unused)))
{
	return bus_append_group(reply, userdata, property);
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_PROPERTY("Nid", "i", get_nid, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Blocks", "t", get_count, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Bytes", "t", get_count, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("OnlineBytes", "t", get_count, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("NotRemovableBytes", "t", get_count, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_VTABLE_END,
};

int bus_add_nodes(sd_bus *connection, struct manager *manager)
{
	int r;

	r = sd_bus_add_node_enumerator(connection, NULL, NODE_PATH, enumerate, manager);
	return r < 0 ? r
		     : sd_bus_add_fallback_vtable(connection, NULL, NODE_PATH, MEMBLOCK_BUS_NODE,
						  vtable, find_object, manager);
}
