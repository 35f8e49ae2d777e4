/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "capture.h"
#include "log.h"

/* What libarchive makes of others, a zip for one, nobody expects of a captured tree. */
static bool is_tar(const char *path)
{
	static const char *const endings[] = { ".tar", ".tar.gz", ".tar.xz" };

	for (size_t i = 0; i < ARRAY_SIZE(endings); i++) {
		size_t length = strlen(path), ending = strlen(endings[i]);

		if (length > ending && strcmp(path + length - ending, endings[i]) == 0)
			return true;
	}
	return false;
}

static int capture_run(struct ctl *ctl, char **arguments)
{
	_cleanup_(memblock_root_unrefp) struct memblock_root *root = NULL;
	int r;

	if (!*arguments)
		return usage_error(ctl, "Where to? A file name such as machine.tar.xz");

	if (!is_tar(*arguments))
		return usage_error(ctl, "%s: the name must end in .tar, .tar.gz or .tar.xz",
				   *arguments);

	r = open_root(ctl, &root);
	return r < 0 ? r : capture(root, *arguments);
}

const struct verb verb_capture = {
	.name = "capture",
	.arguments = "FILE.tar[.xz|.gz]",
	.help = "Copy what the kernel says of its memory into a file, for a bug report",
	.run = capture_run,
	.max_arguments = 1,
	.local = true,
};
