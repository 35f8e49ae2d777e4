/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "ranges.h"

struct manager;

/*
 * The marks that an administrator sets, kept in var/lib/memblockd/marks. The file is written whole
 * or not at all; where lines of it make no sense it is not touched, since they would be lost.
 */

/* What can be told of a mark before anybody is asked whether it may be set: how many ranges there
 * are, and the words. 0, or a negative errno with the error set. */
int marks_check(const struct ranges *ranges, const char *device, const char *reason,
		sd_bus_error *error);
/* Marks ranges, which passed that, and must fall on block borders and hold a block each. device ""
 * is any. 0, or a negative errno with the error set. */
int marks_set(struct manager *manager, const struct ranges *ranges, const char *device,
	      const char *reason, sd_bus_error *error);
/* Lifts every mark that overlaps a range. */
int marks_lift(struct manager *manager, const struct ranges *ranges, sd_bus_error *error);
/* Tells once of the marks that fit nothing here. */
void marks_tell_stale(const struct memblock_inventory *inventory);
