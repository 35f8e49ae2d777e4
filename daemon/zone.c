/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "zone.h"
#include "bus-signals.h"
#include "journal.h"
#include "manager.h"
#include "text.h"
#include "zone-fit.h"

void zone_note(struct zone_mismatch *mismatch, uint64_t index, enum memblock_action wanted,
	       enum memblock_zone zone)
{
	struct manager *manager = mismatch->manager;

	if (zone_fits_action(zone, wanted))
		return;
	manager->zone_mismatches++;
	bus_signal_zone_mismatch(manager, index, memblock_action_to_string(wanted),
				 memblock_zone_to_string(zone));
	if (mismatch->first + mismatch->n != index || mismatch->wanted != wanted ||
	    mismatch->got != zone)
		zone_tell(mismatch);
	if (mismatch->n == 0) {
		mismatch->first = index;
		mismatch->wanted = wanted;
		mismatch->got = zone;
	}
	mismatch->n++;
}

void zone_tell(struct zone_mismatch *mismatch)
{
	bool many = mismatch->n > 1;
	char blocks[LIST_TEXT_MAX];

	if (mismatch->n == 0)
		return;
	tell(EVENT_ZONE_MISMATCH, mismatch->job, mismatch->first,
	     "Block%s %s %s to be %s, and %s in zone %s", many ? "s" : "",
	     blocks_text(mismatch->first, mismatch->n, blocks), many ? "were" : "was",
	     memblock_action_to_string(mismatch->wanted), many ? "are" : "is",
	     memblock_zone_to_string(mismatch->got));
	bus_signal_zone_mismatches(mismatch->manager);
	mismatch->n = 0;
}

void zone_check(struct manager *manager, unsigned job, uint64_t index, enum memblock_action wanted,
		enum memblock_zone zone)
{
	struct zone_mismatch mismatch = { .manager = manager, .job = job };

	zone_note(&mismatch, index, wanted, zone);
	zone_tell(&mismatch);
}
