/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "dropins.h"

/* Nobody writes files of rules longer than this. */
#define UDEV_RULES_MAX ((size_t)4 << 20)

/* The files of udev rules that are in force, in the order in which udevd goes through them.
 * failed() is told of a folder that can't be read. 0 or -ENOMEM. */
int udev_rules_find(struct memblock_root *root,
		    void (*failed)(const char *folder, int error, void *userdata), void *userdata,
		    struct dropins *ret);
