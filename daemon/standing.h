/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>
#include <stdbool.h>

#include "ranges.h"

struct manager;

/* The policy that stands: what memblockd.conf says on this machine. */
struct standing {
	char *virtualization; /* as systemd-detect-virt says, asked once; NULL where not known */
	struct memblock_platform *platform;
};

/* Asks and reads what the policy rests on. 0 or -ENOMEM. */
int standing_read(struct manager *manager);
/* Reads the machine anew: what it has may bring other memory by now. Where that can't be, what was
 * known stays. */
void standing_refresh(struct manager *manager);
void standing_done(struct standing *standing);

/* What is to become of a block. */
void standing_decide(const struct manager *manager, const struct memblock_block *block,
		     struct memblock_decision *ret);
/* What the kernel is told. */
void standing_for_kernel(const struct manager *manager, struct memblock_kernel_policy *ret);
/* A plan for blocks that were added, given as ranges: memblock_policy_plan(), where zone Movable
 * doesn't grow as long as the kernel's own memory is short. 0 or a negative errno. */
int standing_plan(const struct manager *manager, const struct ranges *ranges,
		  struct memblock_plan **ret);
