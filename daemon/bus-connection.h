/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "bus-names.h"
#include "bus-survey.h"
#include "manager.h"

/* The connection to the bus, kept up: where there is no bus yet, or it went, it is tried anew each
 * second, and the daemon goes on meanwhile. */
struct bus;

/* Where another has the name, or we may not have it, that is told, and the event loop ends. */
int bus_new(struct manager *manager, struct bus **ret);
/* Takes NULL; always returns NULL. */
struct bus *bus_free(struct bus *bus);
/* NULL while there is none. */
sd_bus *bus_connection(struct bus *bus);
/* polkit_check() of the sender of a message. */
int bus_authorize(struct manager *manager, sd_bus_message *message, const char *action,
		  sd_bus_error *error);

/* bus_surveys_begin() of this connection. */
int bus_survey(struct manager *manager, sd_bus_message *message, struct survey_question *question,
	       bus_survey_function answer, void *userdata, void (*done)(void *userdata),
	       sd_bus_error *error);

/* Adds all objects to a connection (bus-*.c). 0 or a negative errno. */
int bus_add_manager(sd_bus *connection, struct manager *manager);
int bus_add_blocks(sd_bus *connection, struct manager *manager);
int bus_add_nodes(sd_bus *connection, struct manager *manager);
int bus_add_devices(sd_bus *connection, struct manager *manager);
int bus_add_jobs(sd_bus *connection, struct manager *manager);

#define _cleanup_message_ _cleanup_(sd_bus_message_unrefp)
#define _cleanup_bus_error_ _cleanup_(sd_bus_error_free)
