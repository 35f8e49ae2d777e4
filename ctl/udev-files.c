/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "udev-files.h"
#include "macros.h"

/* Where udevd looks for rules, systemd's CONF_PATHS("udev/rules.d"); the last is the one before it
 * on a merged /usr. */
static const char *const folders[] = {
	"/etc/udev/rules.d",     "/run/udev/rules.d", "/usr/local/lib/udev/rules.d",
	"/usr/lib/udev/rules.d", "/lib/udev/rules.d",
};

int udev_rules_find(struct memblock_root *root,
		    void (*failed)(const char *folder, int error, void *userdata), void *userdata,
		    struct dropins *ret)
{
	return dropins_find(root, folders, ARRAY_SIZE(folders), ".rules", failed, userdata, ret);
}
