/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "state.h"

/* Brings blocks that were noted online as the policy says, until none is left, unless somebody else
 * is at work. Told what failed; what was noted stays noted then. */
int onliner_run(const struct state *state);
