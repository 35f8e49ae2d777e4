/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "change-options.h"

static const struct option_spec plan_options[] = {
	OPTION_BLOCKS,
	{ 'z', "zone", "ZONE", "as of online and offline", false },
	OPTION_BEST_EFFORT,
	{},
};

static int plan_run(struct ctl *ctl, char **arguments)
{
	if (*arguments && strcmp(*arguments, "online") == 0)
		return change_verb_plan(ctl, arguments + 1, CHANGE_ONLINE);
	if (*arguments && strcmp(*arguments, "offline") == 0)
		arguments++;
	return change_verb_plan(ctl, arguments, CHANGE_OFFLINE);
}

const struct verb verb_plan = {
	.name = "plan",
	.arguments = "[online|offline] MEMORY...",
	.help = "Tell what online or offline (default) would do, and do nothing",
	.options = plan_options,
	.parse = change_parse,
	.run = plan_run,
	.max_arguments = -1,
};
