/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>

/* The name that stands for the negative errno of what ended a change, the last part of an error's
 * name on the bus: Busy, Refused, TimedOut, Cancelled, Vanished, Poisoned, NoWorker, Failed. */
const char *failure_name(int error);

/* The same in words for people. */
const char *failure_text(int error);

/* Why a transition ended otherwise than done, as a sentence that names the block; free() it. 0 or
 * -ENOMEM. */
int failure_describe(const struct memblock_transition *transition, char **ret);
