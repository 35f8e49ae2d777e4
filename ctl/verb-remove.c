/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "change-options.h"

static const struct option_spec remove_options[] = {
	OPTION_DRY_RUN, OPTION_NO_WAIT, OPTION_TIMEOUT, OPTION_VERBOSE, {},
};

static int remove_run(struct ctl *ctl, char **arguments)
{
	return change_verb_run(ctl, arguments, CHANGE_REMOVE);
}

const struct verb verb_remove = {
	.name = "remove",
	.arguments = "device:NAME",
	.help = "Take all memory of a device offline and let the device go",
	.options = remove_options,
	.parse = change_parse,
	.run = remove_run,
	.max_arguments = 1,
};
