/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "capture.h"
#include "log.h"

static int capture_run(struct ctl *ctl, char **arguments)
{
	_cleanup_(memblock_root_unrefp) struct memblock_root *root = NULL;
	int r;

	if (!*arguments)
		return usage_error(ctl, "Where to? A file name such as machine.tar.xz");

	r = memblock_root_new(ctl->root, &root);
	if (r < 0)
		return log_error(r, "Can't open %s: %m", ctl->root ? ctl->root : "/");
	return capture(root, *arguments);
}

const struct verb verb_capture = {
	.name = "capture",
	.arguments = "FILE.tar[.xz|.gz]",
	.help = "Copy what the kernel says of its memory into a file, for a bug report",
	.run = capture_run,
	.max_arguments = 1,
};
