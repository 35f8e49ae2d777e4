/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <sys/utsname.h>

#include "geometry.h"
#include "sources.h"

void machine_done(struct machine *machine)
{
	free(machine->architecture);
	free(machine->release);
}

/* A missing attribute is NULL, not an error. */
static int read_optional(const struct memblock_root *root, const char *path, char **ret)
{
	char text[ATTRIBUTE_MAX];
	int r;

	r = root_read_attribute(root, path, text);
	if (r < 0)
		return r == -ENOMEM ? r : 0;

	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

/* Fills what no file told: kernels before 6.1 have no file of the architecture. */
static int read_uname(struct machine *machine)
{
	struct utsname name;

	if (uname(&name) < 0)
		return -errno;
	if (!machine->architecture)
		machine->architecture = strdup(name.machine);
	if (!machine->release)
		machine->release = strdup(name.release);
	return machine->architecture && machine->release ? 0 : -ENOMEM;
}

/* MemTotal is the managed pages of all zones (mm/page_alloc.c:si_meminfo()), so the two files tell
 * how large a page is on the machine that a tree was captured from. */
static int captured_page_size(const struct memblock_root *root, uint64_t *ret)
{
	_cleanup_free_ char *zoneinfo = NULL, *meminfo = NULL;
	uint64_t pages, total;
	int r;

	r = root_read_file(root, "proc/zoneinfo", &zoneinfo, NULL);
	if (r >= 0)
		r = root_read_file(root, "proc/meminfo", &meminfo, NULL);
	if (r < 0)
		return r == -ENOMEM ? r : 0;

	pages = zoneinfo_managed_pages(zoneinfo);
	if (pages == 0 || meminfo_value(meminfo, "MemTotal", &total) < 0)
		return 0;

	/* Rounded: pages may be freed to the system between the two reads. */
	for (uint64_t size = 4096; size <= PAGE_SIZE_MAX && *ret == 0; size *= 2)
		if (total / pages < size + size / 2)
			*ret = size;
	return 0;
}

int machine_page_size(const struct memblock_root *root, const char *architecture, uint64_t *ret)
{
	*ret = root->live ? (uint64_t)sysconf(_SC_PAGESIZE) : geometry_page_size(architecture);
	return *ret ? 0 : captured_page_size(root, ret);
}

int machine_names(const struct memblock_root *root, struct machine *machine)
{
	int r;

	/* The files first: what uname(2) says depends on the personality of who asks. */
	r = read_optional(root, ARCHITECTURE_PATH, &machine->architecture);
	if (r >= 0)
		r = read_optional(root, "proc/sys/kernel/osrelease", &machine->release);
	if (r >= 0 && root->live)
		r = read_uname(machine);
	return r == -ENOMEM ? r : 0;
}

int source_machine_read(struct memblock_inventory *inventory)
{
	struct machine *machine = &inventory->machine;
	int r;

	r = machine_names(inventory->root, machine);
	if (r < 0)
		return r;

	r = machine_page_size(inventory->root, machine->architecture, &machine->page_size);
	if (r < 0)
		return r;
	if (!machine->architecture)
		return inventory_set_source(inventory, MEMBLOCK_SOURCE_MACHINE,
					    MEMBLOCK_SOURCE_ABSENT,
					    "no " ARCHITECTURE_PATH ": architecture not known");
	return inventory_set_source(inventory, MEMBLOCK_SOURCE_MACHINE, MEMBLOCK_SOURCE_READ, NULL);
}
