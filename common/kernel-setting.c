/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel-setting.h"
#include "macros.h"
#include "read-all.h"
#include "write-all.h"

/* An unsigned int of the kernel's. */
#define DIGITS_MAX 10

static const char *const auto_online_words[] = {
	/* The policy never says that; it is what may have been found, and is put back. */
	"offline", "online", "online_kernel", "online_movable", NULL,
};
static const char *const online_policy_words[] = { "contig-zones", "auto-movable", NULL };

static const struct {
	const char *path, *name;
	const char *const *words; /* NULL: a number */
} settings[] = {
	[KERNEL_AUTO_ONLINE_BLOCKS] = { "sys/devices/system/memory/auto_online_blocks",
					"auto_online_blocks", auto_online_words },
	[KERNEL_ONLINE_POLICY] = { "sys/module/memory_hotplug/parameters/online_policy",
				   "online_policy", online_policy_words },
	[KERNEL_AUTO_MOVABLE_RATIO] = { "sys/module/memory_hotplug/parameters/auto_movable_ratio",
					"auto_movable_ratio", NULL },
};

const char *kernel_setting_name(enum kernel_setting setting)
{
	return settings[setting].name;
}

int kernel_setting_from_name(const char *name, enum kernel_setting *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (strcmp(settings[i].name, name) == 0) {
			*ret = (enum kernel_setting)i;
			return 0;
		}
	return -EINVAL;
}

const char *kernel_setting_path(enum kernel_setting setting)
{
	return settings[setting].path;
}

bool kernel_setting_takes(enum kernel_setting setting, const char *value)
{
	const char *const *word = settings[setting].words;
	size_t digits = strspn(value, "0123456789");

	if (!word)
		return digits > 0 && digits <= DIGITS_MAX && !value[digits];
	for (; *word; word++)
		if (strcmp(*word, value) == 0)
			return true;
	return false;
}

char *kernel_setting_told(const struct memblock_kernel_policy *told, enum kernel_setting setting)
{
	char *text = NULL;

	if (setting == KERNEL_AUTO_ONLINE_BLOCKS)
		return told->auto_online_blocks ? strdup(told->auto_online_blocks) : NULL;
	if (setting == KERNEL_ONLINE_POLICY)
		return told->online_policy ? strdup(told->online_policy) : NULL;
	if (told->auto_movable_ratio > 0 && asprintf(&text, "%u", told->auto_movable_ratio) < 0)
		return NULL;
	return text;
}

int kernel_setting_read(const struct memblock_root *root, enum kernel_setting setting, char **ret)
{
	char text[ATTRIBUTE_TEXT_MAX];
	int r;

	*ret = NULL;
	r = read_attribute(root, settings[setting].path, text);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

int kernel_setting_write(const struct memblock_root *root, enum kernel_setting setting,
			 const char *value)
{
	if (!kernel_setting_takes(setting, value))
		return -EINVAL;
	return write_attribute(root, settings[setting].path, value);
}
