/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "udev-rule.h"

/*
 * What udev rules would do with an event of a memory block that is offline. The event and the block
 * are imagined, and not all is known of the machine, so that each answer has three values. No file
 * is opened here.
 */

enum truth {
	TRUTH_NO,
	TRUTH_MAYBE,
	TRUTH_YES,
};

/* What a variable, an attribute or a program's output may be. */
#define UDEV_VALUES_MAX 4
struct udev_values {
	char *items[UDEV_VALUES_MAX];
	size_t n;
	bool others; /* and something else */
};

struct udev_machine {
	const char *architecture;   /* as uname -m says; NULL where not known, as the next */
	const char *virtualization; /* as systemd-detect-virt says; "none" on bare metal */
	/* An attribute of something else than the block: "auto_online_blocks" of its parent,
	 * "[dmi/id]sys_vendor". 1 with a text to be freed, 0 where there is none such, -ENODATA
	 * where that is not known, -ENOMEM. */
	int (*attribute)(const char *name, void *userdata, char **ret);
	/* Told of what a rule assigns, runs or asks a program: whether it does, the token, and what
	 * values it may give. 0 or -ENOMEM. */
	int (*effect)(enum truth truth, const struct udev_rule *rule,
		      const struct udev_token *token, const struct udev_values *values,
		      void *userdata);
	void *userdata;
};

struct udev_event;

/* An event: add, change, offline, ... 0 or -ENOMEM. */
int udev_event_new(const struct udev_machine *machine, const char *action, struct udev_event **ret);
struct udev_event *udev_event_free(struct udev_event *event);
DEFINE_CLEANUP(struct udev_event, udev_event_free)

/* Goes through the rules of the next file. 0 or -ENOMEM. */
int udev_event_apply(struct udev_event *event, const struct udev_rules *rules);
