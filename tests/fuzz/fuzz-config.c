/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "config.h"
#include "fuzz.h"

/* memblockd.conf and two drop-ins, and what their rules decide about a block of each provider. */
static const char *const paths[] = {
	"etc/memblockd.conf",
	"run/memblockd.conf.d/10-first.conf",
	"usr/lib/memblockd.conf.d/20-second.conf",
};

static struct memblock_inventory *make_inventory(void)
{
	struct memblock_report_range ranges[MEMBLOCK_PROVIDER_COUNT] = {};
	struct memblock_inventory *inventory = NULL;
	static const int node = 1;

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		ranges[i] = (struct memblock_report_range){
			.range = { i * MIB(128), (i + 1) * MIB(128) },
			.state = MEMBLOCK_STATE_OFFLINE,
			.nids = &node,
			.n_nids = 1,
			.device = i > 0 ? memblock_provider_to_string((enum memblock_provider)i)
					: NULL,
			.provider = (enum memblock_provider)i,
		};
	must(memblock_inventory_new_of_report(
		     &(struct memblock_report){ .block_size = MIB(128),
						.ranges = ranges,
						.n_ranges = ARRAY_SIZE(ranges) },
		     &inventory) >= 0);
	return inventory;
}

static void decide(const struct memblock_policy *policy)
{
	const struct memblock_platform platform = {
		.architecture = "x86_64",
		.virtualization = "kvm",
		.command_line = "memhp_default_state=online_movable",
		.has_online_policy = true,
		.providers = (1u << MEMBLOCK_PROVIDER_COUNT) - 1,
	};
	_cleanup_inventory_ struct memblock_inventory *inventory = make_inventory();
	struct memblock_kernel_policy told;
	struct memblock_plan *plan;

	for (size_t i = 0; i < memblock_inventory_n_blocks(inventory); i++) {
		struct memblock_decision decision;

		memblock_policy_decide(policy, &platform, inventory,
				       memblock_inventory_block(inventory, i), &decision);
		must(memblock_treatment_to_string(decision.treatment) && decision.why);
	}
	memblock_policy_for_kernel(policy, &platform, &told);
	must(told.auto_online_blocks || told.why_not);
	must(memblock_policy_plan(policy, &platform, inventory, NULL, 0, &plan) >= 0);
	memblock_plan_free(plan);
}

static void warn(const char *text, void *userdata)
{
	(void)userdata;
	must(*text && !strchr(text, '\n'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(config_done) struct config config = {};
	static struct fake_tree *tree;
	struct input input = { data, size };
	struct memblock_policy policy;

	if (!tree)
		tree = fake_tree_empty();
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		_cleanup_free_ char *text = take_part(&input);

		write_bytes(tree, paths[i], text, strlen(text));
	}
	must(config_load(tree->path, warn, NULL, &config) >= 0);
	must(config.timeout_usec > 0);
	for (size_t i = 0; i < config.n_rules; i++)
		must(config.rules[i].name && config.rules[i].place);
	policy = config_policy(&config);
	decide(&policy);
	return 0;
}
