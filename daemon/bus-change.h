/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "bus-connection.h"

/* The Manager's methods that plan a change or make one. Each reads its arguments, refuses what
 * makes no sense, asks polkit, and then acts. */
int bus_plan_online(sd_bus_message *message, void *userdata, sd_bus_error *error);
int bus_plan_offline(sd_bus_message *message, void *userdata, sd_bus_error *error);
int bus_online(sd_bus_message *message, void *userdata, sd_bus_error *error);
int bus_offline(sd_bus_message *message, void *userdata, sd_bus_error *error);
int bus_remove_device(sd_bus_message *message, void *userdata, sd_bus_error *error);
int bus_mark(sd_bus_message *message, void *userdata, sd_bus_error *error);
int bus_unmark(sd_bus_message *message, void *userdata, sd_bus_error *error);
