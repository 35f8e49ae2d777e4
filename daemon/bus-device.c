/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "bus-groups.h"
#include "bus-paths.h"

/* What the handlers of properties get for userdata is its group. */
static int find_object(sd_bus *bus __attribute__((unused)), const char *path,
		       const char *interface __attribute__((unused)), void *userdata,
		       void **ret_found, sd_bus_error *error __attribute__((unused)))
{
	_cleanup_free_ char *name = NULL;
	const struct manager *manager = userdata;
	const struct group *group;

	if (sd_bus_path_decode(path, DEVICE_PATH, &name) <= 0)
		return 0;
	group = census_device(manager->census, name);
	*ret_found = (void *)group;
	return !!group;
}

static int enumerate(sd_bus *bus __attribute__((unused)),
		     const char *prefix __attribute__((unused)), void *userdata, char ***ret_nodes,
		     sd_bus_error *error __attribute__((unused)))
{
	_cleanup_(memblock_strv_freep) char **paths = NULL;
	struct manager *manager = userdata;
	const struct memblock_device *device;
	size_t n = 0;

	for (size_t i = 0; (device = memblock_inventory_device(manager->inventory, i)); i++) {
		_cleanup_free_ char *path = NULL;

		if (device_path(memblock_device_name(device), &path) < 0 ||
		    bus_add_path(&paths, &n, path) < 0)
			return -ENOMEM;
	}
	*ret_nodes = TAKE_PTR(paths);
	return 0;
}

static int get_name(sd_bus *bus __attribute__((unused)), const char *path __attribute__((unused)),
		    const char *interface __attribute__((unused)),
		    const char *property __attribute__((unused)), sd_bus_message *reply,
		    void *userdata, sd_bus_error *error __attribute__((unused)))
{
	const struct group *group = userdata;

	return sd_bus_message_append(reply, "s", memblock_device_name(group->device));
}

static int get_provider(sd_bus *bus __attribute__((unused)),
			const char *path __attribute__((unused)),
			const char *interface __attribute__((unused)),
			const char *property __attribute__((unused)), sd_bus_message *reply,
			void *userdata, sd_bus_error *error __attribute__((unused)))
{
	const struct group *group = userdata;

	return sd_bus_message_append(
		reply, "s", memblock_provider_to_string(memblock_device_provider(group->device)));
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
	SD_BUS_PROPERTY("Name", "s", get_name, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Provider", "s", get_provider, 0, SD_BUS_VTABLE_PROPERTY_CONST),
	SD_BUS_PROPERTY("Blocks", "t", get_count, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Bytes", "t", get_count, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("OnlineBytes", "t", get_count, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("NotRemovableBytes", "t", get_count, 0,
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_PROPERTY("Nodes", "ai", get_count, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_VTABLE_END,
};

int bus_add_devices(sd_bus *connection, struct manager *manager)
{
	int r;

	r = sd_bus_add_node_enumerator(connection, NULL, DEVICE_PATH, enumerate, manager);
	return r < 0 ? r
		     : sd_bus_add_fallback_vtable(connection, NULL, DEVICE_PATH,
						  MEMBLOCK_BUS_DEVICE, vtable, find_object,
						  manager);
}
