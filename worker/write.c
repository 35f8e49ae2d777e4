/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "kernel-setting.h"
#include "worker.h"

int worker_set(const struct memblock_root *root, uint32_t setting, const char *value)
{
	if (setting >= KERNEL_SETTINGS)
		return -EINVAL;
	return kernel_setting_write(root, (enum kernel_setting)setting, value);
}
