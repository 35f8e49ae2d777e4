/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "asked.h"
#include "census.h"
#include "config.h"
#include "macros.h"
#include "refusals.h"
#include "rivals.h"
#include "standing.h"

struct block_set;

/* The command line. */
struct options {
	const char *root; /* NULL: this machine */
	const char *worker;
	bool read_only;
	bool uevents; /* follow this machine's events though the root is elsewhere */
};

/* What happened since the daemon started. */
struct counts {
	uint64_t scans;          /* of all blocks, that succeeded */
	uint64_t last_scan_usec; /* when any were read last, since 1970 */
	uint64_t block_events;
	uint64_t jobs[MEMBLOCK_ENDING_NOT_PUT_BACK + 1]; /* by how they ended */
};

/* All that the daemon holds. Its parts know each other through this structure alone. */
struct manager {
	struct options options;
	sd_event *event;
	struct memblock_root *root;
	struct census *census; /* of the newest inventory, and its owner */
	/* That one. Between two events of the loop it is replaced whole, or blocks in it change
	 * (manager_reread()): nobody keeps a pointer into it from one to the next. */
	struct memblock_inventory *inventory;
	struct config config;
	struct watch *watch;
	struct bus *bus;
	struct spare *spare; /* of workers */
	struct status *status;
	struct queue *queue;
	struct guard *guard;
	struct surveyor *surveyor; /* of the daemon itself; the bus has its own */
	struct asked_sources asked;
	struct refusals refusals;
	struct rivals rivals;
	struct standing standing;
	struct kernel_policy *kernel_policy; /* NULL where nothing is done by itself, as the next */
	struct arrivals *arrivals;
	struct marked *marked;
	struct counts counts;
	unsigned zone_mismatches; /* blocks that went online in another zone than was wanted */
	int opener_fd;       /* connection to the worker that opens files for us; -1 for none yet */
	bool opener_is_mute; /* it did not answer in this scan, and isn't waited for again in it */
	char *scan_error;    /* why the last scan failed, told; NULL where it didn't */
	int lock_fd;         /* of run/memblockd; -1 where there is none */
	bool ready;
	bool stopping;
};

/* Reads configuration and memory blocks, finds what a killed daemon left, goes on the bus. The
 * error is told. */
int manager_new(const struct options *options, sd_event *event, struct manager **ret);
/* Takes NULL; always returns NULL. */
struct manager *manager_free(struct manager *manager);

/* Reads the memory blocks anew and tells the bus of what changed. Where they can't be read, what is
 * known stays. The error is told, and set too, unless NULL. */
int manager_refresh(struct manager *manager, sd_bus_error *error);
/* The same of blocks that went online or offline, where nothing else happened: no others are read
 * but those that are not online, and of other sources zoneinfo alone. A negative errno where that
 * doesn't do or failed, after which all are to be read anew. */
int manager_reread(struct manager *manager, const struct block_set *blocks);
/* manager_reread(), or where that doesn't do, manager_refresh(). */
int manager_reread_or_refresh(struct manager *manager, const struct block_set *blocks);
/* The same where nothing was read anew, but what a worker found changed the verdict of a block. 0
 * or -ENOMEM. */
int manager_recount(struct manager *manager, const struct memblock_block *block);
/* An event of the kernel, of a block, that is not a synthetic one. */
void manager_note_block(struct manager *manager, const char *action, uint64_t index);
/* Reads the configuration anew; what is wrong in it is told and left as the defaults are. */
int manager_reload(struct manager *manager);
/* Ends the job that is under way, puts back what it did and, where it isn't started again, what the
 * kernel was told, and then ends the event loop; called again when one of them is through. At
 * shutdown it ends at once. */
void manager_stop(struct manager *manager);
/* The start is over: the name on the bus is ours, or there is no bus yet. Only the first call
 * counts. */
void manager_tell_ready(struct manager *manager);

DEFINE_CLEANUP(struct manager, manager_free)
DEFINE_CLEANUP(struct memblock_root, memblock_root_unref)
DEFINE_CLEANUP(struct memblock_inventory, memblock_inventory_unref)
DEFINE_CLEANUP(struct memblock_plan, memblock_plan_free)
DEFINE_CLEANUP(char *, memblock_strv_free)
