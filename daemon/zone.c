/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>

#include "bus-signals.h"
#include "journal.h"
#include "manager.h"
#include "zone-fit.h"
#include "zone.h"

void zone_check(struct manager *manager, unsigned job, uint64_t index, enum memblock_action wanted,
		enum memblock_zone zone)
{
	const char *want = memblock_action_to_string(wanted), *got = memblock_zone_to_string(zone);

	if (zone_fits_action(zone, wanted))
		return;
	manager->zone_mismatches++;
	tell(EVENT_ZONE_MISMATCH, job, index, "memory%" PRIu64 " was to be %s, and is in zone %s",
	     index, want, got);
	bus_signal_zone_mismatch(manager, index, want, got);
}
