/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "ctl.h"

void print_version(void)
{
	puts("memblockctl " PACKAGE_VERSION);
}

static int version_run(struct ctl *ctl __attribute__((unused)),
		       char **arguments __attribute__((unused)))
{
	print_version();
	return 0;
}

const struct verb verb_version = {
	.name = "version",
	.arguments = "",
	.help = "Print the version",
	.run = version_run,
	.max_arguments = 0,
};
