/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "bus-groups.h"
#include "bus-paths.h"
#include "bus-signals.h"

/* What can't be sent is lost: the bus is full or gone, and who listens reads anew then. */
static void emit_empty(sd_bus *bus, const char *member)
{
	(void)sd_bus_emit_signal(bus, MEMBLOCK_BUS_PATH, MEMBLOCK_BUS_MANAGER, member, NULL);
}

/* Of all interfaces that InterfacesAdded names: whoever keeps objects by these two signals keeps
 * one as long as an interface of it is left. Ours is found at the path no more. */
static void emit_removed(sd_bus *bus, const char *path, const char *interface)
{
	(void)sd_bus_emit_interfaces_removed(bus, path, "org.freedesktop.DBus.Peer",
					     "org.freedesktop.DBus.Introspectable",
					     "org.freedesktop.DBus.Properties", interface, NULL);
}

static int emit_ranges(sd_bus *bus, const struct ranges *ranges)
{
	_cleanup_message_ sd_bus_message *signal = NULL;
	int r;

	r = sd_bus_message_new_signal(bus, &signal, MEMBLOCK_BUS_PATH, MEMBLOCK_BUS_MANAGER,
				      "BlocksChanged");
	if (r >= 0)
		r = sd_bus_message_open_container(signal, 'a', "(tt)");
	for (size_t i = 0; r >= 0 && i < ranges->n; i++)
		r = sd_bus_message_append(signal, "(tt)", ranges->items[i].start,
					  ranges->items[i].end - ranges->items[i].start);
	if (r >= 0)
		r = sd_bus_message_close_container(signal);
	return r < 0 ? r : sd_bus_send(bus, signal, NULL);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Of those that no scan asked for, bus_signal_sources() tells. */
static bool is_asked(const struct memblock_inventory *inventory, enum memblock_source source,
		     const char **ret_text, enum memblock_source_state *ret_state)
{
	*ret_state = memblock_inventory_source(inventory, source, ret_text);
	return *ret_state != MEMBLOCK_SOURCE_UNASKED;
}

static bool same_sources(const struct memblock_inventory *a, const struct memblock_inventory *b)
{
	for (int i = 0; memblock_source_to_string((enum memblock_source)i); i++) {
		enum memblock_source_state state_a, state_b;
		const char *x, *y;

		if (is_asked(a, (enum memblock_source)i, &x, &state_a) &&
		    is_asked(b, (enum memblock_source)i, &y, &state_b) &&
		    (state_a != state_b || !same_text(x, y)))
			return false;
	}
	return true;
}

static bool same_notes(const struct memblock_inventory *a, const struct memblock_inventory *b)
{
	const char *x, *y;
	size_t i = 0;

	do {
		x = memblock_inventory_note(a, i);
		y = memblock_inventory_note(b, i);
		i++;
	} while (x && y && strcmp(x, y) == 0);
	return !x && !y;
}

/* Names the properties of the Manager that changed. */
static void emit_manager_properties(sd_bus *bus, const struct census *before,
				    const struct census *after)
{
	const struct totals *x = &before->all.totals, *y = &after->all.totals;
	const struct {
		const char *name;
		bool same;
	} properties[] = {
		{ "Blocks", x->blocks == y->blocks },
		{ "OnlineBytes", x->online == y->online },
		{ "OfflineBytes", x->offline == y->offline },
		{ "RemovableBytes",
		  x->removable[MEMBLOCK_ANSWER_YES] == y->removable[MEMBLOCK_ANSWER_YES] },
		{ "NotRemovableBytes",
		  x->removable[MEMBLOCK_ANSWER_NO] == y->removable[MEMBLOCK_ANSWER_NO] },
		{ "UnknownBytes",
		  x->removable[MEMBLOCK_ANSWER_UNKNOWN] == y->removable[MEMBLOCK_ANSWER_UNKNOWN] },
		{ "Sources", same_sources(before->inventory, after->inventory) },
		{ "Notes", same_notes(before->inventory, after->inventory) },
	};
	char *names[ARRAY_SIZE(properties) + 1];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(properties); i++)
		if (!properties[i].same)
			names[n++] = (char *)properties[i].name;
	names[n] = NULL;
	if (n > 0)
		(void)sd_bus_emit_properties_changed_strv(bus, MEMBLOCK_BUS_PATH,
							  MEMBLOCK_BUS_MANAGER, names);
}

static void emit_nodes(sd_bus *bus, const struct census *before, const struct census *after)
{
	char path[BUS_PATH_MAX];

	for (int nid = 0; nid < NODES_MAX; nid++) {
		const struct group *old = census_node(before, (uint64_t)nid);
		const struct group *new = census_node(after, (uint64_t)nid);

		if (old && new && !bus_same_group(old, new))
			(void)sd_bus_emit_properties_changed(
				bus, node_path(nid, path), MEMBLOCK_BUS_NODE, "Blocks", "Bytes",
				"OnlineBytes", "NotRemovableBytes", NULL);
		else if (new && !old)
			(void)sd_bus_emit_object_added(bus, node_path(nid, path));
		else if (old && !new)
			emit_removed(bus, node_path(nid, path), MEMBLOCK_BUS_NODE);
	}
}

static void emit_devices_after(sd_bus *bus, const struct census *before, const struct census *after)
{
	const struct memblock_device *device;

	for (size_t i = 0; (device = memblock_inventory_device(after->inventory, i)); i++) {
		const struct group *old = census_device(before, memblock_device_name(device));
		_cleanup_free_ char *path = NULL;

		if (device_path(memblock_device_name(device), &path) < 0)
			return;
		if (!old)
			(void)sd_bus_emit_object_added(bus, path);
		else if (!bus_same_group(old, &after->devices[i]))
			(void)sd_bus_emit_properties_changed(bus, path, MEMBLOCK_BUS_DEVICE,
							     "Blocks", "Bytes", "OnlineBytes",
							     "NotRemovableBytes", "Nodes", NULL);
	}
}

static void emit_devices_gone(sd_bus *bus, const struct census *before, const struct census *after)
{
	const struct memblock_device *device;

	for (size_t i = 0; (device = memblock_inventory_device(before->inventory, i)); i++) {
		_cleanup_free_ char *path = NULL;

		if (census_device(after, memblock_device_name(device)))
			continue;
		if (device_path(memblock_device_name(device), &path) < 0)
			return;
		emit_removed(bus, path, MEMBLOCK_BUS_DEVICE);
	}
}

void bus_signal_inventory(struct manager *manager, const struct census *before,
			  const struct census *after, const struct ranges *changed)
{
	sd_bus *bus = bus_connection(manager->bus);

	if (!bus)
		return;
	emit_manager_properties(bus, before, after);
	if (changed->n == 0)
		return;

	emit_nodes(bus, before, after);
	emit_devices_after(bus, before, after);
	emit_devices_gone(bus, before, after);
	(void)emit_ranges(bus, changed);
}

void bus_signal_sources(struct manager *manager)
{
	sd_bus *bus = bus_connection(manager->bus);

	if (bus)
		(void)sd_bus_emit_properties_changed(bus, MEMBLOCK_BUS_PATH, MEMBLOCK_BUS_MANAGER,
						     "Sources", "SubsectionSource", NULL);
}

void bus_signal_settled(struct manager *manager)
{
	sd_bus *bus = bus_connection(manager->bus);

	if (bus)
		emit_empty(bus, "Settled");
}

void bus_signal_configuration(struct manager *manager)
{
	sd_bus *bus = bus_connection(manager->bus);

	if (bus)
		(void)sd_bus_emit_properties_changed(bus, MEMBLOCK_BUS_PATH, MEMBLOCK_BUS_MANAGER,
						     "Reserve", "Timeout", "MovableRatio", "Guard",
						     "Policy", NULL);
}

void bus_signal_kernel_policy(struct manager *manager)
{
	sd_bus *bus = bus_connection(manager->bus);

	if (bus)
		(void)sd_bus_emit_properties_changed(bus, MEMBLOCK_BUS_PATH, MEMBLOCK_BUS_MANAGER,
						     "KernelPolicy", NULL);
}

void bus_signal_zone_mismatch(struct manager *manager, uint64_t index, const char *wanted,
			      const char *got)
{
	sd_bus *bus = bus_connection(manager->bus);

	if (bus)
		(void)sd_bus_emit_signal(
			bus, MEMBLOCK_BUS_PATH, MEMBLOCK_BUS_MANAGER, "ZoneMismatch", "tss",
			index * memblock_inventory_block_size(manager->inventory), wanted, got);
}

void bus_signal_zone_mismatches(struct manager *manager)
{
	sd_bus *bus = bus_connection(manager->bus);

	if (bus)
		(void)sd_bus_emit_properties_changed(bus, MEMBLOCK_BUS_PATH, MEMBLOCK_BUS_MANAGER,
						     "ZoneMismatches", NULL);
}

void bus_signal_job_new(struct manager *manager, const struct job *job)
{
	sd_bus *bus = bus_connection(manager->bus);
	char path[BUS_PATH_MAX];

	if (!bus)
		return;
	(void)sd_bus_emit_object_added(bus, job_object_path(job->id, path));
	(void)sd_bus_emit_signal(bus, MEMBLOCK_BUS_PATH, MEMBLOCK_BUS_MANAGER, "JobNew", "uo",
				 job->id, path);
}

void bus_signal_job_changed(struct manager *manager, const struct job *job)
{
	sd_bus *bus = bus_connection(manager->bus);
	char path[BUS_PATH_MAX];

	if (bus)
		(void)sd_bus_emit_properties_changed(bus, job_object_path(job->id, path),
						     MEMBLOCK_BUS_JOB, "State", "DoneBytes",
						     "WantedBytes", NULL);
}

void bus_signal_job_removed(struct manager *manager, const struct job *job)
{
	sd_bus *bus = bus_connection(manager->bus);
	char path[BUS_PATH_MAX];

	if (!bus)
		return;
	(void)sd_bus_emit_properties_changed(bus, job_object_path(job->id, path), MEMBLOCK_BUS_JOB,
					     "State", "Result", "Error", "Message", "DoneBytes",
					     "WantedBytes", NULL);
	(void)sd_bus_emit_signal(bus, MEMBLOCK_BUS_PATH, MEMBLOCK_BUS_MANAGER, "JobRemoved", "uos",
				 job->id, path, memblock_ending_to_string(job->ending));
}

void bus_signal_job_forgotten(struct manager *manager, unsigned id)
{
	sd_bus *bus = bus_connection(manager->bus);
	char path[BUS_PATH_MAX];

	if (bus)
		emit_removed(bus, job_object_path(id, path), MEMBLOCK_BUS_JOB);
}
