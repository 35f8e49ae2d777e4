/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kernel-setting.h"
#include "macros.h"
#include "worker.h"

int worker_write_text(const struct memblock_root *root, const char *path, const char *text)
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

int worker_set(const struct memblock_root *root, uint32_t setting, const char *value)
{
	if (setting >= KERNEL_SETTINGS ||
	    !kernel_setting_takes((enum kernel_setting)setting, value))
		return -EINVAL;
	return worker_write_text(root, kernel_setting_path((enum kernel_setting)setting), value);
}

int worker_change(const struct memblock_root *root, uint64_t block)
{
	char path[96];

	snprintf(path, sizeof(path), "sys/devices/system/memory/memory%" PRIu64 "/uevent", block);
	return worker_write_text(root, path, "change");
}
