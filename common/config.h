/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>
#include <stdbool.h>
#include <stdint.h>

/* memblockd.conf(5): what an administrator set, or our defaults. */
struct config {
	uint64_t reserve;       /* [Offline] Reserve=, bytes; 0: the larger of 256 MiB and 5 % */
	uint64_t timeout_usec;  /* [Offline] Timeout=, of one block */
	unsigned movable_ratio; /* [Policy] MovableRatio=, percent; 0: no limit */
	bool guard;             /* [Marks] Guard= */
};

void config_set_defaults(struct config *config);

/*
 * Sets the defaults, then reads memblockd.conf and its drop-ins below a root (NULL: this machine).
 * Whatever is wrong is told to warn() as one sentence with file and line, and its default or the
 * value before it stands. 0 or -ENOMEM: a broken file keeps nobody from starting.
 */
int config_load(const char *root, void (*warn)(const char *text, void *userdata), void *userdata,
		struct config *ret);

/* The limits of taking memory offline, for memblock_plan_new(). */
static inline struct memblock_limits config_limits(const struct config *config)
{
	return (struct memblock_limits){ .reserve = config->reserve,
					 .movable_ratio = config->movable_ratio };
}
