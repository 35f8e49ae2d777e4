/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "macros.h"
#include "worker.h"

/* All that memblockd reads and may not open itself. */
static const char *const allowed[] = {
	"proc/iomem", /* its addresses are for who may see them when it is opened */
	"sys/bus/nd/devices/*/resource",
	"sys/firmware/acpi/tables/SRAT",
};

int worker_open(struct memblock_root *root, const char *path)
{
	/* Not a file of this machine's, but what takes the place of /proc/kcore. */
	if (strcmp(path, "memblockd/sections") == 0)
		return worker_read_all_sections(root);
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		/* A star is for one name, and for none that begins with a dot. */
		if (fnmatch(allowed[i], path, FNM_PATHNAME | FNM_PERIOD | FNM_NOESCAPE) == 0)
			return memblock_root_open(root, path, 0);
	return -EACCES;
}
