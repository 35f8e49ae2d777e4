/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>

/*
 * What helpers keep in run/memblockd below a root. A block that was added is noted before anybody
 * asks whether somebody is at work; who is, looks for notes again when done. So each note is seen,
 * however the two race.
 */
struct state {
	struct memblock_root *root;
	int folder; /* run/memblockd, made where it isn't there */
	int added;  /* run/memblockd/added: a file memoryN a note. Locked by who is at work. */
};

int state_open(struct memblock_root *root, struct state *ret);
void state_done(struct state *state);

/* Whether memblockd runs and brings memory online itself. */
bool state_daemon_is_ready(const struct memblock_root *root);
/* Whether synthetic events bring nothing online any more in this boot. */
bool state_is_coldplugged(const struct state *state);
/* From now on they don't. 1 where they may have done up to now, 0 where not: somebody said so
 * before, or the rule came into this boot too late to know what was taken offline in it. */
int state_end_coldplug(const struct state *state);

/* Notes a block; one that is noted already stays so. */
int state_note(const struct state *state, uint64_t index);
/* One that isn't noted is forgotten. */
int state_forget(const struct state *state, uint64_t index);
/* Tells memblockd, where that was there in this boot, that somebody took a block offline while it
 * was away: a file memoryN in run/memblockd/offlined, which is memblockd's own. */
int state_note_offlined(const struct state *state, uint64_t index);
/* The blocks noted, in rising order, to be freed. Returns how many. */
ssize_t state_notes(const struct state *state, uint64_t **ret);

/* 1 for who is at work from now on, 0 where somebody else is. */
int state_lock(const struct state *state);
void state_unlock(const struct state *state);
