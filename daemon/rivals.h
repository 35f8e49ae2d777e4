/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Blocks whose state others change. One that changes so often, within that time, is fought over by
 * two who undo each other: it is none of ours any more. */
#define RIVALS_CHANGES 4
#define RIVALS_USEC (UINT64_C(5) * 60 * 1000 * 1000)
/* No more blocks are kept; those that nobody fights over make room. */
#define RIVALS_MAX 4096

struct rival {
	uint64_t index;
	uint64_t since_usec; /* of the first change that counts; monotonic */
	unsigned changes;    /* by others */
	unsigned ours;       /* writes of ours whose events are to come yet */
	bool fights;
};

struct rivals {
	struct rival *items; /* in rising order of index */
	size_t n;
	size_t capacity;
};

void rivals_done(struct rivals *rivals);
/* A write of ours changed that block: one event of it tells of that. */
void rivals_expect(struct rivals *rivals, uint64_t index, uint64_t now_usec);
/* An event says that it went online or offline. Whether that shows, for the first time, that it is
 * fought over. */
bool rivals_note(struct rivals *rivals, uint64_t index, uint64_t now_usec);
bool rivals_fight_over(const struct rivals *rivals, uint64_t index);
