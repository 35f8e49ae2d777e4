/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bus-connection.h"
#include "journal.h"
#include "polkit.h"
#include "timer.h"

#define RETRY_USEC (UINT64_C(1000) * 1000)

/* DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER of the D-Bus specification. */
#define BUS_NAME_PRIMARY_OWNER 1

struct bus {
	struct manager *manager;
	sd_bus *connection;
	struct polkit *polkit;
	struct bus_surveys *surveys;
	sd_event_source *retry;
	bool missed; /* said that there is none */
};

DEFINE_CLEANUP(struct bus, bus_free)

static void disconnect(struct bus *bus)
{
	bus->polkit = polkit_free(bus->polkit);
	bus->surveys = bus_surveys_free(bus->surveys);
	bus->connection = sd_bus_close_unref(bus->connection);
}

static void retry_later(struct bus *bus)
{
	timer_set(bus->retry, RETRY_USEC);
}

/* The connection must not go inside of its own callback: the timer drops it. */
static int on_disconnected(sd_bus_message *message __attribute__((unused)), void *userdata,
			   sd_bus_error *error __attribute__((unused)))
{
	struct bus *bus = userdata;

	tell(EVENT_BUS, NO_JOB, NO_BLOCK, "The bus is gone; trying to come back");
	bus->missed = true;
	retry_later(bus);
	return 0;
}

static int add_objects(struct bus *bus)
{
	static int (*const adders[])(sd_bus *, struct manager *) = {
		bus_add_manager, bus_add_blocks, bus_add_nodes, bus_add_devices, bus_add_jobs,
	};
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(adders); i++) {
		r = adders[i](bus->connection, bus->manager);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Without a name there is no service, and waiting doesn't help: who has it keeps it. */
static int on_name(sd_bus_message *reply, void *userdata,
		   sd_bus_error *error __attribute__((unused)))
{
	struct bus *bus = userdata;
	const sd_bus_error *refused = sd_bus_message_get_error(reply);
	uint32_t answer = 0;

	if (!refused && sd_bus_message_read(reply, "u", &answer) >= 0 &&
	    answer == BUS_NAME_PRIMARY_OWNER) {
		if (bus->missed)
			tell(EVENT_BUS, NO_JOB, NO_BLOCK, "On the bus");
		bus->missed = false;
		manager_tell_ready(bus->manager);
		return 0;
	}

	tell(EVENT_BUS, NO_JOB, NO_BLOCK, "The name %s can't be had on the bus: %s",
	     MEMBLOCK_BUS_NAME, refused ? refused->message : "another memblockd has it");
	return sd_event_exit(bus->manager->event, refused ? -EACCES : -EEXIST);
}

/* As sd_bus_open_system(), but that the bus keeps descriptors to itself: no call takes any, and
 * those of calls that wait for polkit would be ours for as long. */
static int open_system_bus(sd_bus **ret)
{
	_cleanup_(sd_bus_unrefp) sd_bus *connection = NULL;
	const char *address = secure_getenv("DBUS_SYSTEM_BUS_ADDRESS");
	int r;

	r = sd_bus_new(&connection);
	if (r >= 0)
		r = sd_bus_set_address(connection,
				       address ?: "unix:path=/run/dbus/system_bus_socket");
	if (r >= 0)
		r = sd_bus_set_bus_client(connection, true);
	if (r >= 0)
		r = sd_bus_negotiate_fds(connection, false);
	if (r >= 0)
		r = sd_bus_start(connection);
	if (r >= 0)
		*ret = TAKE_PTR(connection);
	return r;
}

static int connect_bus(struct bus *bus)
{
	int r;

	r = open_system_bus(&bus->connection);
	if (r < 0)
		return r;
	r = polkit_new(bus->connection, &bus->polkit);
	if (r >= 0)
		r = bus_surveys_new(bus->manager, bus->connection, &bus->surveys);
	if (r >= 0)
		r = sd_bus_match_signal(bus->connection, NULL, "org.freedesktop.DBus.Local",
					"/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
					"Disconnected", on_disconnected, bus);
	if (r >= 0)
		r = add_objects(bus);
	if (r >= 0)
		r = sd_bus_attach_event(bus->connection, bus->manager->event,
					SD_EVENT_PRIORITY_NORMAL);
	/* Not waited for: a bus that hangs must not keep jobs from going on. */
	if (r >= 0)
		r = sd_bus_request_name_async(bus->connection, NULL, MEMBLOCK_BUS_NAME, 0, on_name,
					      bus);
	return r;
}

/* Only want of memory is final. */
static int try_to_connect(struct bus *bus)
{
	int r = connect_bus(bus);

	if (r >= 0)
		return 0;
	disconnect(bus);
	if (r == -ENOMEM)
		return r;
	if (!bus->missed)
		tell(EVENT_BUS, NO_JOB, NO_BLOCK, "No bus yet (%s); trying once a second",
		     strerror(-r));
	bus->missed = true;
	retry_later(bus);
	/* Jobs that were found and the guard need no bus. */
	manager_tell_ready(bus->manager);
	return 0;
}

static int on_retry(sd_event_source *source __attribute__((unused)),
		    uint64_t usec __attribute__((unused)), void *userdata)
{
	struct bus *bus = userdata;
	int r;

	disconnect(bus);
	r = try_to_connect(bus);
	return r < 0 ? sd_event_exit(bus->manager->event, r) : 0;
}

int bus_new(struct manager *manager, struct bus **ret)
{
	_cleanup_(bus_freep) struct bus *bus = calloc(1, sizeof(*bus));
	int r;

	if (!bus)
		return -ENOMEM;
	bus->manager = manager;

	r = timer_new(manager->event, 0, on_retry, bus, &bus->retry);
	if (r >= 0)
		r = try_to_connect(bus);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(bus);
	return 0;
}

struct bus *bus_free(struct bus *bus)
{
	if (!bus)
		return NULL;

	/* What was said last still goes out. */
	if (bus->connection)
		(void)sd_bus_flush(bus->connection);
	disconnect(bus);
	sd_event_source_disable_unref(bus->retry);
	free(bus);
	return NULL;
}

sd_bus *bus_connection(struct bus *bus)
{
	return bus ? bus->connection : NULL;
}

int bus_authorize(struct manager *manager, sd_bus_message *message, const char *action,
		  sd_bus_error *error)
{
	return polkit_check(manager->bus->polkit, message, action, error);
}

int bus_survey(struct manager *manager, sd_bus_message *message, struct survey_question *question,
	       bus_survey_function answer, void *userdata, void (*done)(void *userdata),
	       sd_bus_error *error)
{
	return bus_surveys_begin(manager->bus->surveys, message, question, answer, userdata, done,
				 error);
}
