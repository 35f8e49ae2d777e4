/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <systemd/sd-daemon.h>

#include "bus-connection.h"
#include "manager.h"
#include "unit.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define OUR_UNIT SYSTEMD_PATH "/unit/memblockd_2eservice"

/* Nothing else goes on meanwhile, and what is asked is but how much is to be put back. */
#define ANSWER_USEC (UINT64_C(2) * 1000 * 1000)

/* Where it is asked. From then on no call waits longer: this is the end. */
static sd_bus *systemd_bus(struct manager *manager)
{
	sd_bus *bus =
		manager->options.root || sd_booted() <= 0 ? NULL : bus_connection(manager->bus);

	if (bus)
		(void)sd_bus_set_method_call_timeout(bus, ANSWER_USEC);
	return bus;
}

static bool property_is(sd_bus *bus, const char *path, const char *interface, const char *name,
			const char *word)
{
	_cleanup_free_ char *value = NULL;

	return sd_bus_get_property_string(bus, SYSTEMD, path, interface, name, NULL, &value) >= 0 &&
	       strcmp(value, word) == 0;
}

bool unit_is_shutting_down(struct manager *manager)
{
	sd_bus *bus = systemd_bus(manager);

	return bus && property_is(bus, SYSTEMD_PATH, SYSTEMD ".Manager", "SystemState", "stopping");
}

/* The job that stops us is the first half of one that starts us again. */
bool unit_is_restarting(struct manager *manager)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	sd_bus *bus = systemd_bus(manager);
	const char *path;
	uint32_t id;

	if (!bus ||
	    sd_bus_get_property(bus, SYSTEMD, OUR_UNIT, SYSTEMD ".Unit", "Job", NULL, &reply,
				"(uo)") < 0 ||
	    sd_bus_message_read(reply, "(uo)", &id, &path) < 0 || id == 0)
		return false;
	return property_is(bus, path, SYSTEMD ".Job", "JobType", "restart");
}
