/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "kernel-setting.h"

/* One setting of the kernel's own policy that was changed, or is about to be. */
struct kernel_record {
	char *found; /* what it was before the first change; NULL where there was none */
	char *wrote; /* what it was changed to; NULL where the first write is not sure to be done */
};

enum kernel_step {
	KERNEL_STEP_NONE,   /* all is as it is to be, or is left to somebody else */
	KERNEL_STEP_WRITE,  /* what it is told is to be written, and found is to be kept before */
	KERNEL_STEP_BACK,   /* what was found is to be written */
	KERNEL_STEP_FORGET, /* nothing is to be kept any more */
	KERNEL_STEP_DONE,   /* it is as it is told, by a write of ours that nobody noted */
};

void kernel_record_done(struct kernel_record *record);

/* What comes next: told is what the policy tells the kernel, NULL for nothing; now is what it says,
 * NULL where it doesn't. What somebody else changed since is left alone. A pure function. */
enum kernel_step kernel_record_next(const struct kernel_record *record, const char *told,
				    const char *now);

/* The file below run/memblockd that keeps them, whoever changed them. */
#define KERNEL_RECORD_FILE "kernel-policy"

/* All of them as text, a line each: NAME FOUND WROTE, or NAME FOUND. To be freed; NULL where there
 * is no memory. */
char *kernel_records_to_text(const struct kernel_record records[KERNEL_SETTINGS]);
/* Reads that, into empty records; the text is taken apart. 0, -EBADMSG or -ENOMEM. */
int kernel_records_from_text(char *text, struct kernel_record ret[KERNEL_SETTINGS]);
