/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "macros.h"
#include "worker.h"

#define ACPI_PREFIX "PNP0C80:"
#define PATH_SIZE 320

/* Writes to a file that is there, by way of the root. */
static int write_text(const struct memblock_root *root, const char *path, const char *text)
{
	_cleanup_close_ int place = -1, fd = -1;
	char self[32];

	place = memblock_root_open(root, path, O_PATH);
	if (place < 0)
		return place;

	/* A FIFO in a captured tree must not hang us; sysfs doesn't care. */
	snprintf(self, sizeof(self), "/proc/self/fd/%d", place);
	fd = open(self, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static int eject_acpi(const struct memblock_root *root, const char *name)
{
	const char *number = name + strlen(ACPI_PREFIX);
	char path[PATH_SIZE];

	if (strncmp(name, ACPI_PREFIX, strlen(ACPI_PREFIX)) != 0 || !*number ||
	    number[strspn(number, "0123456789abcdef")])
		return -EINVAL;

	snprintf(path, sizeof(path), "sys/bus/acpi/devices/%s/eject", name);
	return write_text(root, path, "1");
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

static int eject_kmem(const struct memblock_root *root, const char *name)
{
	if (!is_dax_name(name))
		return -EINVAL;
	return write_text(root, "sys/bus/dax/drivers/kmem/unbind", name);
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
