/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "state.h"

/* Tells the kernel how to find a zone where that is left to it: what the policy says of
 * online_policy and auto_movable_ratio. What was there is kept for memblockd, which puts it back
 * when it stops. 0 or a negative errno. */
int zone_policy_set(const struct state *state, const struct memblock_kernel_policy *told);
