/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "block-set.h"

/* A burst is over when nothing has come for this long. Onlining a block takes the kernel some
 * milliseconds; under an emulator, some tens. */
#define BURST_QUIET_USEC (UINT64_C(50) * 1000)
/* And where nothing more of it is to come. */
#define BURST_WHOLE_USEC (UINT64_C(10) * 1000)
/* One that doesn't end is told of in between. */
#define BURST_PATIENCE_USEC (UINT64_C(2) * 1000 * 1000)
/* A scan of very many blocks takes longer than all that. However many events there are, refreshes
 * must not take more than a part of the time. After one there is none for as long as it took: half
 * of the time at most, while events trickle. Patience is this many times as long: a ninth of the
 * time, while they don't end. */
#define BURST_PATIENCE_TIMES 8

/* What happened since the machine was read, and when that is over: it is told and read once. Times
 * are monotonic, in microseconds. */
struct burst {
	/* What is to be read: blocks that went online or offline, or everything, where more
	 * happened than that. */
	struct block_set blocks;
	bool everything;
	/* Blocks that were added and did nothing since, and whether there was more than one at a
	 * time. */
	struct block_set coming;
	bool several;
	uint64_t last_usec;    /* when something came last */
	uint64_t told_usec;    /* when it began, or was told of last */
	uint64_t read_usec;    /* when the last refresh ended */
	uint64_t wait_usec;    /* until when somebody waits for more */
	uint64_t cost_usec[2]; /* of the last refresh of blocks, and of the last of everything */
};

void burst_done(struct burst *burst);
/* An event of one block: add, remove, online or offline. */
void burst_note(struct burst *burst, const char *action, uint64_t index);
/* That block is to be read. */
void burst_add(struct burst *burst, uint64_t index);
/* All that there was to read was. */
void burst_was_read(struct burst *burst);
/* It was told that it is over. */
void burst_settled(struct burst *burst);

/* When it is over, if nothing comes until then. */
uint64_t burst_quiet_at(const struct burst *burst);
/* When it is told of, whatever comes. */
uint64_t burst_patient_until(const struct burst *burst);
/* Whether all is there that was to come: nothing of it is waited for but what others may send. */
bool burst_is_whole(const struct burst *burst);
