/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "burst.h"
#include "macros.h"

void burst_done(struct burst *burst)
{
	block_set_done(&burst->blocks);
	block_set_done(&burst->coming);
}

void burst_add(struct burst *burst, uint64_t index)
{
	if (!burst->everything && block_set_add(&burst->blocks, index) < 0)
		burst->everything = true;
}

void burst_note(struct burst *burst, const char *action, uint64_t index)
{
	if (strcmp(action, "add") == 0) {
		/* Without memory for it, it isn't waited for. */
		(void)block_set_add(&burst->coming, index);
		burst->several |= burst->coming.n > 1;
		burst->everything = true;
		return;
	}
	(void)block_set_remove(&burst->coming, index);
	if (strcmp(action, "remove") == 0)
		burst->everything = true;
	else
		burst_add(burst, index);
}

void burst_was_read(struct burst *burst)
{
	block_set_done(&burst->blocks);
	burst->everything = false;
}

void burst_settled(struct burst *burst)
{
	block_set_done(&burst->coming);
	burst->several = false;
}

/* The kernel adds all blocks of a device before it, or anybody, brings the first online
 * (mm/memory_hotplug.c:add_memory_resource()): once the last one is, the device is whole. Where
 * memory comes block by block, nothing tells whether there will be another. */
bool burst_is_whole(const struct burst *burst)
{
	return burst->several && burst->coming.n == 0;
}

static uint64_t next_cost(const struct burst *burst)
{
	return burst->cost_usec[burst->everything];
}

uint64_t burst_quiet_at(const struct burst *burst)
{
	uint64_t quiet = burst_is_whole(burst) ? BURST_WHOLE_USEC : BURST_QUIET_USEC;
	uint64_t rested = burst->read_usec + next_cost(burst);

	return MAX(MAX(burst->last_usec + quiet, rested), burst->wait_usec);
}

uint64_t burst_patient_until(const struct burst *burst)
{
	return burst->told_usec + MAX(BURST_PATIENCE_USEC, BURST_PATIENCE_TIMES * next_cost(burst));
}
