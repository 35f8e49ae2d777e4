/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>

/* What the kernel's own policy is set to. */
enum kernel_setting {
	KERNEL_AUTO_ONLINE_BLOCKS,
	KERNEL_ONLINE_POLICY,
	KERNEL_AUTO_MOVABLE_RATIO,
	KERNEL_SETTINGS,
};

/* auto_online_blocks, online_policy, auto_movable_ratio. */
const char *kernel_setting_name(enum kernel_setting setting);
/* -EINVAL for a name that is none. */
int kernel_setting_from_name(const char *name, enum kernel_setting *ret);
/* Its file, below a root. */
const char *kernel_setting_path(enum kernel_setting setting);
/* Whether that is a value of it. */
bool kernel_setting_takes(enum kernel_setting setting, const char *value);
/* What the kernel is told, as text to be freed; NULL for what is left as it is. */
char *kernel_setting_told(const struct memblock_kernel_policy *told, enum kernel_setting setting);
/* What the kernel says, to be freed; NULL where it has no such thing, or doesn't say. 0 or -ENOMEM.
 */
int kernel_setting_read(const struct memblock_root *root, enum kernel_setting setting, char **ret);
/* -EINVAL for what is no value of it, or what the kernel answers. */
int kernel_setting_write(const struct memblock_root *root, enum kernel_setting setting,
			 const char *value);
