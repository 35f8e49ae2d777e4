/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>

#include "findings.h"
#include "policy.h"
#include "read-all.h"
#include "udev-event.h"

/* When a line of a udev rule acts. */
enum occasion {
	OCCASION_ADD,     /* memory was added */
	OCCASION_CHANGE,  /* udevadm trigger */
	OCCASION_OFFLINE, /* somebody took it offline */
	OCCASION_COUNT,
};

/* A line of a udev rule that changes whether memory is online. */
struct rival {
	char *file;
	unsigned line;
	char *action; /* what it writes: online, "online or online_movable", offline; or NULL: it
		       * runs a program */
	bool ours;    /* memblockd's own helper */
	enum truth on[OCCASION_COUNT];
};

/* What doctor knows of a machine. */
struct doctor {
	const struct policy *policy;
	struct memblock_root *root; /* the policy's, as the next */
	const struct memblock_inventory *inventory;
	const char *auto_online;            /* auto_online_blocks; "" where not known */
	char *default_state;                /* memhp_default_state= of it */
	bool ready;                         /* memblockd runs, and does the policy */
	bool enabled;                       /* memblockd is started at boot */
	bool set_by_us;                     /* memblockd told the kernel its policy */
	struct memblock_kernel_policy told; /* what memblockd would tell it */
	bool adds_by_itself; /* memory comes in small pieces, and waits to be online */
	struct rival *rivals;
	size_t n_rivals, rivals_capacity;
	bool not_read;     /* something that matters could not be read, which is told */
	char *daxctl_rule; /* FILE:LINE of it */
	struct findings findings;
};

/* Who brings new memory online first. */
struct onliner {
	const char *agent;     /* kernel, memblockd, udev, nobody */
	const char *treatment; /* what it writes; NULL where nobody can say */
	bool sure;
	char *summary; /* a sentence */
};

/* Each looks at one matter, and adds findings. 0 or -ENOMEM. */
int doctor_kernel(struct doctor *doctor);
int doctor_rules(struct doctor *doctor);
int doctor_agents(struct doctor *doctor);
int doctor_boot(struct doctor *doctor);
int doctor_layout(struct doctor *doctor);
int doctor_devices(struct doctor *doctor);
int doctor_config(struct doctor *doctor);

/* Weighs all of those that bring memory online against each other: after the above. */
int doctor_onliner(struct doctor *doctor, struct onliner *ret);

void doctor_done(struct doctor *doctor);
void onliner_done(struct onliner *onliner);

/* Whether the kernel does it all. */
bool doctor_kernel_onlines(const struct doctor *doctor);
/* Whether the release is known and older than MAJOR.MINOR. */
bool doctor_kernel_is_older(const struct doctor *doctor, unsigned major, unsigned minor);
/* Begins a finding: "WHAT is not fully known". Why is to be added as evidence. */
void doctor_tell_unknown(struct doctor *doctor, const char *what);
/* Calls function() for each name in a folder, in the order of names, until it fails. What can't be
 * read holds nothing. 0 or what it gave. */
int doctor_for_each(struct doctor *doctor, const char *folder,
		    int (*function)(struct doctor *doctor, const char *name, void *userdata),
		    void *userdata);
