/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <sys/utsname.h>

#include "geometry.h"
#include "parse.h"
#include "sources.h"

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
	uint64_t pages, kib, size;
	const char *total;
	int r;

	*ret = 0;
	r = root_read_file(root, "proc/zoneinfo", &zoneinfo, NULL);
	if (r >= 0)
		r = root_read_file(root, "proc/meminfo", &meminfo, NULL);
	if (r < 0)
		return r == -ENOMEM ? r : 0;

	pages = zoneinfo_managed_pages(zoneinfo);
	total = strstr(meminfo, "MemTotal:");
	if (!total || pages == 0)
		return 0;
	total += strlen("MemTotal:");
	total += strspn(total, " ");
	if (parse_u64_at(&total, 10, &kib) < 0 || kib > UINT64_MAX / 2048)
		return 0;

	/* Rounded: pages may be freed to the system between the two reads. */
	for (size = 4096; size <= 65536 && *ret == 0; size *= 2)
		if (kib * 1024 / pages < size + size / 2)
			*ret = size;
	return 0;
}

static int find_page_size(struct memblock_inventory *inventory)
{
	struct machine *machine = &inventory->machine;

	machine->page_size = inventory->root->live ? (uint64_t)sysconf(_SC_PAGESIZE)
						   : geometry_page_size(machine->architecture);
	return machine->page_size ? 0 : captured_page_size(inventory->root, &machine->page_size);
}

int source_machine_read(struct memblock_inventory *inventory)
{
	struct machine *machine = &inventory->machine;
	int r;

	/* The files first: what uname(2) says depends on the personality of who asks. */
	r = read_optional(inventory->root, "proc/sys/kernel/arch", &machine->architecture);
	if (r >= 0)
		r = read_optional(inventory->root, "proc/sys/kernel/osrelease", &machine->release);
	if (r >= 0 && inventory->root->live)
		r = read_uname(machine);
	if (r == -ENOMEM)
		return r;

	r = find_page_size(inventory);
	if (r < 0)
		return r;
	if (!machine->architecture)
		return inventory_set_source(inventory, MEMBLOCK_SOURCE_MACHINE,
					    MEMBLOCK_SOURCE_ABSENT,
					    "no proc/sys/kernel/arch: architecture not known");
	return inventory_set_source(inventory, MEMBLOCK_SOURCE_MACHINE, MEMBLOCK_SOURCE_READ, NULL);
}
