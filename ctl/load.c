/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "bus-inventory.h"
#include "log.h"

/* A damaged file can be wrong in every line; nobody reads more of it than this. */
#define NOTES_SHOWN 8

void tell_notes(const struct memblock_inventory *inventory)
{
	const char *note;
	size_t n;

	for (n = 0; (note = memblock_inventory_note(inventory, n)); n++)
		if (n < NOTES_SHOWN)
			log_line("warning: %s", note);
	if (n > NOTES_SHOWN)
		log_line("warning: and at least %zu more like these", n - NOTES_SHOWN);
}

const char *missing_source(const struct memblock_inventory *inventory, enum memblock_source source)
{
	const char *text;
	enum memblock_source_state state = memblock_inventory_source(inventory, source, &text);

	if (state == MEMBLOCK_SOURCE_READ || state == MEMBLOCK_SOURCE_UNASKED)
		return NULL;
	if (state == MEMBLOCK_SOURCE_ABSENT && source != MEMBLOCK_SOURCE_MACHINE &&
	    source != MEMBLOCK_SOURCE_IOMEM)
		return NULL;
	return text ? text : memblock_source_to_string(source);
}

bool is_on_demand(enum memblock_source source)
{
	return source == MEMBLOCK_SOURCE_SECTIONS || source == MEMBLOCK_SOURCE_PAGES;
}

/* One line for what keeps verdicts from being known. */
static void tell_sources(const struct ctl *ctl, const struct memblock_inventory *inventory)
{
	static const enum memblock_source needed[] = {
		MEMBLOCK_SOURCE_MACHINE,
		MEMBLOCK_SOURCE_NODES,
		MEMBLOCK_SOURCE_IOMEM,
		MEMBLOCK_SOURCE_MARKS,
	};

	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		const char *text = missing_source(inventory, needed[i]);
		bool hidden = memblock_inventory_source(inventory, needed[i], NULL) ==
			      MEMBLOCK_SOURCE_HIDDEN;

		if (text)
			log_line("%s; whether memory can be removed is not fully known%s", text,
				 hidden && !ctl->root && !ctl->host ? ", try as root" : "");
	}
}

void tell_lacks(const struct ctl *ctl, const struct memblock_inventory *inventory)
{
	tell_notes(inventory);
	tell_sources(ctl, inventory);
}

static int load_direct(const struct ctl *ctl, struct memblock_inventory **ret)
{
	_cleanup_(memblock_root_unrefp) struct memblock_root *root = NULL;
	int r;

	r = open_root(ctl, &root);
	return r < 0 ? r : read_inventory(root, ret);
}

/* Of the daemon; where it can't be had, of the kernel. */
static int load_through_daemon(struct ctl *ctl, struct memblock_inventory **ret)
{
	_cleanup_free_ char *why = NULL;
	int r;

	r = bus_inventory(ctl, ret, &why);
	ctl->of_daemon = r >= 0;
	if (r >= 0)
		return 0;
	if (r == -ENOMEM)
		return log_oom();
	r = bus_fall_back(r, why);
	return r < 0 ? r : load_direct(ctl, ret);
}

int open_root(const struct ctl *ctl, struct memblock_root **ret)
{
	int r = memblock_root_new(ctl->root, ret);

	return r < 0 ? log_error(r, "Can't open %s: %m", ctl->root ? ctl->root : "/") : 0;
}

int read_inventory(struct memblock_root *root, struct memblock_inventory **ret)
{
	_cleanup_free_ char *error = NULL;
	int r;

	r = memblock_inventory_new(root, 0, ret, &error);
	if (r < 0)
		return error ? log_error(r, "%s", error)
			     : log_error(r, "Can't read the memory blocks: %m");
	return 0;
}

int load_inventory(struct ctl *ctl, struct memblock_inventory **ret)
{
	int r;

	r = ctl->root || ctl->direct ? load_direct(ctl, ret) : load_through_daemon(ctl, ret);
	if (r < 0)
		return r;

	tell_lacks(ctl, *ret);
	return 0;
}
