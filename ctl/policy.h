/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>

#include "config.h"
#include "ctl.h"
#include "kernel-setting.h"

/* All that the policy rests on, read of the files alone. */
struct policy {
	struct memblock_root *root;
	struct memblock_inventory *inventory;
	struct config config;
	struct memblock_platform *platform;
	struct memblock_policy rules;
	char *kernel[KERNEL_SETTINGS]; /* as the kernel says; NULL where it doesn't have one */
};

/* Reads it, and tells on standard error what could not be read. 0 or a negative errno, told. */
int policy_read(const struct ctl *ctl, struct policy *policy);
void policy_done(struct policy *policy);

/* Whether memory that may come here is among the providers of a default. */
static inline bool default_is_used(const struct policy *policy, const struct memblock_default *it)
{
	return policy->platform->providers & it->providers;
}

/* Adds what a rule asks of a block, as memblockd.conf has it, with a blank between two. */
void rule_print_conditions(const struct memblock_rule *rule, FILE *file);
/* The words of a set of providers, apart by blanks. */
void providers_print(unsigned providers, FILE *file);

/* Prints the whole policy as JSON. 0 or a negative errno, told. */
int policy_print_json(const struct policy *policy);
/* Prints what would be done with blocks, as a table or as JSON. 0 or a negative errno, told. */
int policy_test(const struct ctl *ctl, const struct policy *policy, char **words);
