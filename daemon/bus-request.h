/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "bus-connection.h"
#include "request.h"

/* More ranges in one call are nobody's honest wish. */
#define BUS_RANGES_MAX 65536

/* Reads a(tt), start and size. 0 or a negative errno with the error set. */
int bus_read_ranges(sd_bus_message *message, struct ranges *ret, sd_bus_error *error);
/* Reads the arguments of Online, Offline and their plans: a(tt) ranges, s zone, a{sv} options. */
int bus_read_change(sd_bus_message *message, bool online, struct request *ret, sd_bus_error *error);
/* Reads those of Remove: s device, a{sv} options. */
int bus_read_removal(sd_bus_message *message, struct request *ret, sd_bus_error *error);

/* Sets the error that a refused plan stands for. Returns its negative errno. */
int bus_set_refusal(sd_bus_error *error, enum memblock_refusal refusal, const char *text);
