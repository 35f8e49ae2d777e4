/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "bus-names.h"
#include "ctl.h"

static inline void bus_error_done(sd_bus_error *error)
{
	sd_bus_error_free(error);
}

/* The connection stays, for who asks next: over ssh each may ask for a password. */
static inline void bus_release(sd_bus *bus)
{
	if (bus)
		(void)sd_bus_flush(bus);
	sd_bus_unref(bus);
}

DEFINE_CLEANUP(sd_bus, bus_release)

#define _cleanup_bus_ _cleanup_(bus_releasep)
#define _cleanup_message_ _cleanup_(sd_bus_message_unrefp)
#define _cleanup_bus_error_ _cleanup_(bus_error_done)

/* A person may be asked for a password meanwhile. */
#define BUS_PATIENCE_USEC (UINT64_C(120) * 1000000)

/* The last part of an error's name: NotRemovable. errno's name where a call gave no more than that.
 */
const char *bus_error_word(const sd_bus_error *error, int r);
/* Why a call failed, as one sentence without end. To be freed; NULL where there is no memory. */
char *bus_error_text(const sd_bus_error *error, int r);
/* Tells it in one line that begins with the word. Returns r. */
int bus_tell(const sd_bus_error *error, int r);

/* Tells that memblockd keeps to itself what lies in blocks. 0, or -ENOMEM, untold. */
int bus_tell_withheld(const sd_bus_error *error, int r);
/* The same as what became of a source of an inventory that memblockd told of, untold. */
int bus_set_withheld(struct memblock_inventory *inventory, enum memblock_source source,
		     const sd_bus_error *error, int r);

/* The machine whose system bus is meant, [USER@]HOST; NULL: this one. The caller's. */
void bus_set_host(const char *host);
bool bus_is_remote(void);
/* From here on a memblockd that doesn't run isn't started by being asked. */
void bus_leave_stopped(void);
/* Connects to the system bus and makes sure that memblockd answers there; the bus starts it where
 * it may. Untold; ret_why, if not NULL, is set to why not, to be freed. */
int bus_connect(sd_bus **ret, char **ret_why);
/* The same for what reads: 1, or what bus_fall_back() gave. */
int bus_reach(sd_bus **ret);
/* Says that memblockd can't be had, and why. 0 where the kernel is read instead; the files of
 * another machine can't be, which is the error r. */
int bus_fall_back(int r, const char *why);
/* The same for what can't do without. 0 or a negative errno, told. */
int bus_need(sd_bus **ret);
/* The size of memory blocks. 0 or a negative errno, told. */
int bus_block_size(sd_bus *bus, uint64_t *ret);

/* Lets polkit ask people for a password, at a terminal too. 0 or a negative errno. */
int bus_allow_password(sd_bus_message *call);
/* A call of a method of the Manager, to be filled, for which people may be asked. 0 or a negative
 * errno. */
int bus_new_call(sd_bus *bus, const char *method, sd_bus_message **ret);
/* Calls it. Untold. */
int bus_call(sd_bus *bus, sd_bus_message *call, sd_bus_error *error, sd_bus_message **ret);

/* Calls a method of the Manager that takes nothing. 0 or a negative errno, told. */
int bus_ask(sd_bus *bus, const char *method, sd_bus_message **ret);

/* Has SIGINT and SIGTERM handled by an event loop. 0 or a negative errno. */
int bus_watch_interrupts(sd_event *event, sd_event_signal_handler_t handler, void *userdata);

/* Appends a(tt), start and size. */
int bus_append_ranges(sd_bus_message *call, const struct memblock_range *ranges, size_t n);

/* All properties of an interface of an object. Untold. */
int bus_get_all(sd_bus *bus, const char *path, const char *interface, sd_bus_error *error,
		sd_bus_message **ret);

/* A member of a structure and the property that goes into it: type is s, t, u, i or b (an int).
 * Strings belong to the message. */
struct bus_member {
	const char *name;
	char type;
	size_t offset;
};

/* Reads a{sv} into a structure by a table that ends with a NULL name. What is not in it goes to
 * other(), which reads the variant and returns 1, or returns 0; NULL: is passed over. A member of
 * another type than its property is -EBADMSG. 0 or a negative errno. */
int bus_read_members(sd_bus_message *message, const struct bus_member *members, void *target,
		     int (*other)(const char *name, sd_bus_message *message, void *target));
