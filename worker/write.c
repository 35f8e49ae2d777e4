/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kernel-setting.h"
#include "macros.h"
#include "worker.h"
#include "write-all.h"

int worker_set(const struct memblock_root *root, uint32_t setting, const char *value)
{
	if (setting >= KERNEL_SETTINGS)
		return -EINVAL;
	return kernel_setting_write(root, (enum kernel_setting)setting, value);
}

int worker_change(const struct memblock_root *root, uint64_t block)
{
	char path[96];

	snprintf(path, sizeof(path), "sys/devices/system/memory/memory%" PRIu64 "/uevent", block);
	return write_attribute(root, path, "change");
}
