/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "change.h"

enum {
	OPT_BEST_EFFORT = 0x200,
	OPT_DRY_RUN,
	OPT_NO_WAIT,
	OPT_TIMEOUT,
};

/* Switches of the verbs that change memory; a verb's table picks from them. */
#define OPTION_BLOCKS                                                            \
	{                                                                        \
		'b', "blocks", NULL, "bare numbers are blocks, not sizes", false \
	}
#define OPTION_BEST_EFFORT                                                                    \
	{                                                                                     \
		OPT_BEST_EFFORT, "best-effort", NULL, "as much as goes; nothing is put back", \
			false                                                                 \
	}
#define OPTION_DRY_RUN                                                                          \
	{                                                                                       \
		OPT_DRY_RUN, "dry-run", NULL, "print what would be done, and do nothing", false \
	}
#define OPTION_NO_WAIT                                                                            \
	{                                                                                         \
		OPT_NO_WAIT, "no-wait", NULL, "leave the job to memblockd and don't wait for it", \
			false                                                                     \
	}
#define OPTION_TIMEOUT                                                                          \
	{                                                                                       \
		OPT_TIMEOUT, "timeout", "TIME", "for one block: 90s, 5min; else as configured", \
			false                                                                   \
	}
#define OPTION_VERBOSE                                                         \
	{                                                                      \
		'v', "verbose", NULL, "print what became of each block", false \
	}

/* Takes any of them, and -z. */
int change_parse(struct ctl *ctl, int id, const char *argument);

/* Carries out a verb: the words and switches make the change, which is then done, or only planned
 * where --dry-run says so. */
int change_verb_run(struct ctl *ctl, char **words, enum change_kind kind);
/* The plan verb: always planned. */
int change_verb_plan(struct ctl *ctl, char **words, enum change_kind kind);
