/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* How many keys there are outside of rules. */
#define CONFIG_KEYS 5

/* memblockd.conf(5): what an administrator set, or our defaults. */
struct config {
	uint64_t reserve;       /* [Offline] Reserve=, bytes; 0: the larger of 256 MiB and 5 % */
	uint64_t timeout_usec;  /* [Offline] Timeout=, of one block */
	unsigned movable_ratio; /* [Policy] MovableRatio=, percent; 0: no limit */
	bool leave_kernel;      /* [Policy] KernelPolicy=leave */
	bool guard;             /* [Marks] Guard= */
	struct memblock_rule *rules; /* [Rule NAME], in their order */
	size_t n_rules;
	char *places[CONFIG_KEYS]; /* FILE:LINE of each key that was set */
};

void config_set_defaults(struct config *config);
/* Frees what it owns. */
void config_done(struct config *config);
/* Where a key was set, as FILE:LINE, or "default". */
const char *config_place(const struct config *config, const char *section, const char *name);

/* Where a captured tree has its configuration, below its root, for whoever reads it. */
#define CONFIG_FILE "/etc/memblockd.conf"
/* The file and the folder of drop-ins below a root: this machine's are where this build has them.
 */
void config_paths(const struct memblock_root *root, const char **ret_file, const char **ret_folder);

/*
 * Sets the defaults, then reads memblockd.conf and its drop-ins below a root (NULL: this machine).
 * Whatever is wrong is told to warn() as one sentence with file and line, and its default or the
 * value before it stands; of a rule, all of it is left out. 0 or -ENOMEM: a broken file keeps
 * nobody from starting. ret is to be ended by config_done().
 */
int config_load(const char *root, void (*warn)(const char *text, void *userdata), void *userdata,
		struct config *ret);

/* The limits of taking memory offline, for memblock_plan_new(). */
static inline struct memblock_limits config_limits(const struct config *config)
{
	return (struct memblock_limits){ .reserve = config->reserve,
					 .movable_ratio = config->movable_ratio };
}

/* A value of KernelPolicy=. */
static inline const char *kernel_policy_word(bool leave)
{
	return leave ? "leave" : "manage";
}

/* The policy, whose rules stay the configuration's. */
static inline struct memblock_policy config_policy(const struct config *config)
{
	return (struct memblock_policy){
		.rules = config->rules,
		.n_rules = config->n_rules,
		.movable_ratio = config->movable_ratio,
		.ratio_is_set =
			strcmp(config_place(config, "Policy", "MovableRatio"), "default") != 0,
		.leave_kernel = config->leave_kernel,
	};
}

/* The same for a batch that is to come online now: zone Movable doesn't grow as long as the
 * kernel's own memory is short. What isn't known isn't short: then the ratio alone counts. */
struct memblock_policy config_policy_now(const struct config *config, struct memblock_root *root);
