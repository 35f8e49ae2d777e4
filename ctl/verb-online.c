/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "change-options.h"

static const struct option_spec online_options[] = {
	OPTION_BLOCKS,      { 'z', "zone", "ZONE", "in this zone: kernel or movable", false },
	OPTION_BEST_EFFORT, OPTION_DRY_RUN,
	OPTION_NO_WAIT,     OPTION_TIMEOUT,
	OPTION_VERBOSE,     {},
};

static int online_run(struct ctl *ctl, char **arguments)
{
	return change_verb_run(ctl, arguments, CHANGE_ONLINE);
}

const struct verb verb_online = {
	.name = "online",
	.arguments = "MEMORY...",
	.help = "Bring memory online",
	.options = online_options,
	.parse = change_parse,
	.run = online_run,
	.max_arguments = -1,
};
