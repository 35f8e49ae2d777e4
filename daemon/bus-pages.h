/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "bus-connection.h"

/* The Manager's method that has the pages of blocks counted. */
int bus_count_pages(sd_bus_message *message, void *userdata, sd_bus_error *error);
