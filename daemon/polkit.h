/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-bus.h>

/* Asks polkit what a caller may do, without waiting for it. */
struct polkit;

int polkit_new(sd_bus *bus, struct polkit **ret);
/* Forgets what is being asked. Takes NULL; always returns NULL. */
struct polkit *polkit_free(struct polkit *polkit);

/*
 * Whether the sender of a message may do an action ("online" for org.memblockd1.online). uid 0 may
 * do anything. Returns 1 where it may; 0 where polkit is asked first: the handler returns 1 then,
 * and is called once more with the same message, when the answer is there; or a negative errno
 * with the error set, for the handler to return. A sender who leaves is forgotten.
 */
int polkit_check(struct polkit *polkit, sd_bus_message *message, const char *action,
		 sd_bus_error *error);

/* The user who sent a message. 0 or a negative errno. */
int polkit_sender(sd_bus_message *message, uid_t *ret);
