/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "census.h"
#include "clock.h"
#include "manager.h"
#include "queue.h"
#include "size.h"
#include "status.h"
#include "timer.h"

#define PAUSE_USEC (UINT64_C(1000) * 1000)

struct status {
	const struct manager *manager;
	sd_event_source *timer;
	uint64_t told_usec;
	char line[160]; /* what was told last */
};

DEFINE_CLEANUP(struct status, status_free)

static void write_line(const struct manager *manager, char *ret, size_t size)
{
	const struct totals *totals = &manager->census->all.totals;
	uint64_t block_size = memblock_inventory_block_size(manager->inventory);
	char online[SIZE_TEXT_MAX], stuck[SIZE_TEXT_MAX], elsewhere[64] = "";

	if (manager->zone_mismatches > 0)
		snprintf(elsewhere, sizeof(elsewhere), "; %u in another zone than wanted",
			 manager->zone_mismatches);
	snprintf(ret, size, "STATUS=%" PRIu64 " blocks, %s online, %s not removable%s%s",
		 totals->blocks, size_to_text(totals->online * block_size, online),
		 size_to_text(totals->removable[MEMBLOCK_ANSWER_NO] * block_size, stuck), elsewhere,
		 queue_is_busy(manager->queue) ? "; a job is running" : "");
}

void status_tell(struct status *status)
{
	char line[sizeof(status->line)];

	write_line(status->manager, line, sizeof(line));
	if (status->manager->stopping || strcmp(line, status->line) == 0)
		return;
	memcpy(status->line, line, sizeof(line));
	status->told_usec = monotonic_usec();
	(void)sd_notify(false, line);
}

void status_changed(struct status *status)
{
	timer_set_at(status->timer, status->told_usec + PAUSE_USEC);
}

static int on_timer(sd_event_source *source __attribute__((unused)),
		    uint64_t usec __attribute__((unused)), void *userdata)
{
	status_tell(userdata);
	return 0;
}

int status_new(struct manager *manager, struct status **ret)
{
	_cleanup_(status_freep) struct status *status = calloc(1, sizeof(*status));
	int r;

	if (!status)
		return -ENOMEM;
	status->manager = manager;

	r = timer_new(manager->event, 0, on_timer, status, &status->timer);
	if (r >= 0)
		r = sd_event_source_set_priority(status->timer, SD_EVENT_PRIORITY_IDLE);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(status);
	return 0;
}

struct status *status_free(struct status *status)
{
	if (!status)
		return NULL;

	sd_event_source_disable_unref(status->timer);
	free(status);
	return NULL;
}
