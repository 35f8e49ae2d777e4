/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>
#include <stdbool.h>

#include "kernel-setting.h"

struct manager;

/*
 * Kernel first: where all memory that may come is treated alike, the kernel is told to bring it
 * online itself. What it said before is kept in /run/memblockd/kernel-policy, and put back when
 * the policy leaves the kernel alone, or the daemon stops for good; what somebody changed since is
 * left as it is.
 */
struct kernel_policy;

/* Reads what an earlier daemon of this boot kept. */
int kernel_policy_new(struct manager *manager, struct kernel_policy **ret);
/* Takes NULL; always returns NULL. */
struct kernel_policy *kernel_policy_free(struct kernel_policy *policy);

/* Tells the kernel what the policy says now; goes on in the event loop. */
void kernel_policy_update(struct kernel_policy *policy);
/* Whether something is being told; never for long. */
bool kernel_policy_is_busy(const struct kernel_policy *policy);
/* Puts back what was found. Whether that is done; else manager_stop() is called once it is. */
bool kernel_policy_stop(struct kernel_policy *policy);

/* What the kernel said before, and what it was told since: NULL for neither. */
const char *kernel_policy_found(const struct kernel_policy *policy, enum kernel_setting setting);
const char *kernel_policy_wrote(const struct kernel_policy *policy, enum kernel_setting setting);
