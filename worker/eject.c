/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "macros.h"
#include "worker.h"
#include "write-all.h"

#define ACPI_PREFIX "PNP0C80:"
#define PATH_SIZE 320

static int eject_acpi(const struct memblock_root *root, const char *name)
{
	const char *number = name + strlen(ACPI_PREFIX);
	char path[PATH_SIZE];

	if (strncmp(name, ACPI_PREFIX, strlen(ACPI_PREFIX)) != 0 || !*number ||
	    number[strspn(number, "0123456789abcdef")])
		return -EINVAL;

	snprintf(path, sizeof(path), "sys/bus/acpi/devices/%s/eject", name);
	return write_attribute(root, path, "1");
}

/* daxX.Y; drivers/dax/bus.c names them so. */
static bool is_dax_name(const char *name)
{
	static const char digits[] = "0123456789";
	size_t n;

	if (strncmp(name, "dax", strlen("dax")) != 0)
		return false;
	name += strlen("dax");
	n = strspn(name, digits);
	if (n == 0 || name[n] != '.')
		return false;
	name += n + 1;
	n = strspn(name, digits);
	return n > 0 && !name[n];
}

/* Kernels from late 2026 take all of a device away at once, or leave it as it is. Unbind takes it
 * away whatever became of its blocks, and one that is online is stuck until the next boot then
 * (drivers/dax/kmem.c:dev_dax_kmem_remove()). */
static int eject_kmem(const struct memblock_root *root, const char *name)
{
	char path[PATH_SIZE];
	int r;

	if (!is_dax_name(name))
		return -EINVAL;
	snprintf(path, sizeof(path), "sys/bus/dax/devices/%s/state", name);
	r = write_attribute(root, path, "unplugged");
	return r == -ENOENT ? write_attribute(root, "sys/bus/dax/drivers/kmem/unbind", name) : r;
}

int worker_eject(const struct memblock_root *root, uint32_t provider, const char *name)
{
	switch (provider) {
	case MEMBLOCK_PROVIDER_ACPI:
		return eject_acpi(root, name);
	case MEMBLOCK_PROVIDER_DAX:
	case MEMBLOCK_PROVIDER_CXL:
		return eject_kmem(root, name);
	default:
		return -EOPNOTSUPP;
	}
}
