/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "dropins.h"

/* The files by which a machine is told what to do while it boots: lines of tmpfiles.d(5), services
 * and rc.local. Only those in force are found; paths are absolute, below the root. failed() is told
 * of a folder that can't be read. */

/* What those that change which memory is online speak of. */
#define BOOT_POLICY "auto_online_blocks"
#define BOOT_BLOCKS "devices/system/memory/memory"

struct boot_service {
	const char *name;
	const char *path; /* NULL where it has drop-ins alone, or is another one's alias */
	struct dropins dropins;
};

/* 0 or -ENOMEM. */
int boot_tmpfiles_find(struct memblock_root *root,
		       void (*failed)(const char *path, int error, void *userdata), void *userdata,
		       struct dropins *ret);
/* Calls function() for each service that isn't masked. 0, -ENOMEM, or what that failed with. */
int boot_for_each_service(struct memblock_root *root,
			  void (*failed)(const char *path, int error, void *userdata),
			  int (*function)(const struct boot_service *service, void *userdata),
			  void *userdata);
/* Where it is if there is one. */
const char *boot_rc_local(const struct memblock_root *root);

/* Whether systemd starts a unit with another one, and so at boot. 0 or -ENOMEM. */
int boot_unit_is_enabled(struct memblock_root *root, const char *unit, bool *ret);
/* Calls function() for each link that has it started, or that leads to null and keeps it from that.
 * 0, -ENOMEM, or what that failed with. */
int boot_for_each_link(struct memblock_root *root, const char *unit,
		       int (*function)(const char *path, void *userdata), void *userdata);
