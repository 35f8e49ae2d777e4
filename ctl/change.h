/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "ctl.h"
#include "progress.h"
#include "targets.h"

enum change_kind {
	CHANGE_ONLINE,
	CHANGE_OFFLINE,
	CHANGE_REMOVE, /* a device: its blocks offline, then the device itself away */
	CHANGE_COUNT,
};

/* One table of how a change is spoken of. */
struct change_words {
	const char *word;   /* the verb, and the kind of its jobs */
	const char *begins; /* with the amount between this and ends */
	const char *ends;
	const char *state; /* what blocks are when it is done */
	const char *method;
	const char *plan_method;
};
extern const struct change_words change_words[CHANGE_COUNT];

/* What is to be changed, and how. */
struct change {
	const struct ctl *ctl;
	enum change_kind kind;
	enum memblock_action action; /* CHANGE_ONLINE: in which zone */
	enum memblock_zone zone;     /* else: of which zone alone; UNKNOWN: of any */
	struct targets targets;
	bool best_effort;
	bool no_wait;
	bool verbose;
	uint64_t timeout_usec; /* of one block; 0: as configured */
};

/* What became of one block. */
struct change_block {
	uint64_t index;
	enum memblock_outcome outcome;
	int error;        /* a negative errno; 0 for none */
	const char *zone; /* where it is online now; NULL where offline or not known */
};

/* What became of a change, whoever carried it out. */
struct change_result {
	unsigned job; /* 0: none */
	enum memblock_ending ending;
	char *error;   /* Busy; NULL for none */
	char *message; /* the same as a sentence */
	struct change_block *blocks;
	size_t n;
	uint64_t block_size;
	uint64_t wanted; /* bytes */
};

void change_result_done(struct change_result *result);
/* Makes room for one more block; NULL where there is no memory. */
struct change_block *change_result_add(struct change_result *result);

/* The negative errno of a name like EBUSY; 0 for a word that is none. */
int change_errno(const char *word);

/* What a plan would do. */
struct change_plan {
	struct memblock_step *steps; /* index, outcome, busy and to_move alone */
	size_t n;
	uint64_t block_size;
	uint64_t wanted; /* bytes */
};

void change_plan_done(struct change_plan *plan);
int change_plan_add(struct change_plan *plan, const struct memblock_step *step);

/*
 * Plans it and prints the plan, or does it and prints what came of it: through memblockd, or with
 * the library alone (--direct). Exit status, or a negative errno, told.
 */
int change_plan_run(const struct change *change);
int change_run(const struct change *change);

/* The two ways, which fill in what is printed. 0, an exit status above 0 where nothing more is to
 * be printed, or a negative errno, told. */
int change_bus_plan(const struct change *change, struct change_plan *ret);
int change_bus_run(const struct change *change, struct change_result *ret);
int change_direct_plan(const struct change *change, struct change_plan *ret);
int change_direct_run(const struct change *change, struct change_result *ret);

/* The object that --json prints of a change; takes blocks over. *r is kept where it is negative. */
struct json_object *change_new_json(unsigned job, const char *result, const char *error,
				    const char *message, struct json_object *blocks, int *r);

/* Tells that it was refused, by the error's name and a sentence; with --json as an object too.
 * Returns STATUS_NOTHING_DONE. */
int change_refused(const struct change *change, const char *error, const char *text);

/* Tells that nobody waits for a job any more, likewise. Returns STATUS_PARTLY: some of it may be
 * done. */
int change_lost(const struct change *change, unsigned job, const char *text);

/* The ranges that were asked for, to be freed. 0 or a negative errno, told. */
int change_ranges(const struct change *change, uint64_t block_size, struct memblock_range **ret);

/* The line that says what begins, where there is no progress bar to say it. */
void change_tell_begin(const struct change *change, const struct progress *progress, unsigned job,
		       uint64_t wanted);
