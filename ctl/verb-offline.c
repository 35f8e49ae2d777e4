/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "change-options.h"

static const struct option_spec offline_options[] = {
	OPTION_BLOCKS,      { 'z', "zone", "ZONE", "only blocks of this zone", false },
	OPTION_BEST_EFFORT, OPTION_DRY_RUN,
	OPTION_NO_WAIT,     OPTION_TIMEOUT,
	OPTION_VERBOSE,     {},
};

static int offline_run(struct ctl *ctl, char **arguments)
{
	return change_verb_run(ctl, arguments, CHANGE_OFFLINE);
}

const struct verb verb_offline = {
	.name = "offline",
	.arguments = "MEMORY...",
	.help = "Take memory offline",
	.options = offline_options,
	.parse = change_parse,
	.run = offline_run,
	.max_arguments = -1,
};
