/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

/* What the daemon tells of; each has a message id of its own in the journal. */
enum event_id {
	EVENT_STARTED,
	EVENT_STOPPED,
	EVENT_CONFIGURATION, /* something in memblockd.conf is wrong */
	EVENT_SCAN_FAILED,   /* the memory blocks could not be read */
	EVENT_BUS,           /* the bus came or went */
	EVENT_JOB_STARTED,
	EVENT_JOB_ENDED,
	EVENT_BLOCK_FAILED,    /* the kernel refused a block */
	EVENT_NOT_PUT_BACK,    /* a block could not be put back */
	EVENT_JOB_STUCK,       /* the kernel doesn't come back from a write */
	EVENT_JOB_INTERRUPTED, /* found at start: a job that a killed daemon left */
	EVENT_ZONE_MISMATCH,   /* a block went online in another zone than was asked for */
	EVENT_MARKS,           /* marks set, lifted, or stale */
	EVENT_GUARD,           /* a marked block could not be guarded */
	EVENT_ARRIVALS,        /* memory that was added is not online as a rule says, and why */
	EVENT_KERNEL_POLICY,   /* the kernel's own policy was set, or put back */
	EVENT_RIVALS,          /* others take a block offline and online again and again */
};

#define NO_JOB 0
#define NO_BLOCK UINT64_MAX

/* One line: to the journal with fields of its own where standard error leads there, else to
 * standard error. job and block may be NO_JOB and NO_BLOCK. */
void tell(enum event_id event, unsigned job, uint64_t block, const char *format, ...)
	__attribute__((__format__(printf, 4, 5)));
