/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "bus.h"

/* Asks memblockd for what it tells of one block at a time; for struct memblock_report. What can't
 * be had is told once, and is then not known of any block. */
struct bus_details;

/* Takes the connection over. NULL where there is no memory. */
struct bus_details *bus_details_new(sd_bus **bus);
void bus_details_free(void *details);
int bus_details_tell(uint64_t index, void *details, struct memblock_report_details *ret);
