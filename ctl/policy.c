/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <string.h>

#include "log.h"
#include "policy.h"
#include "virtualization.h"

static void warn(const char *text, void *userdata __attribute__((unused)))
{
	log_line("warning: %s", text);
}

static int read_facts(const struct ctl *ctl, struct policy *policy)
{
	_cleanup_free_ char *virtualization = NULL;
	int r;

	r = config_load(ctl->root, warn, NULL, &policy->config);
	if (r >= 0)
		r = virtualization_read(policy->root, &virtualization);
	if (r >= 0)
		r = memblock_platform_read(policy->root, policy->inventory, virtualization,
					   &policy->platform);
	for (int i = 0; r >= 0 && i < KERNEL_SETTINGS; i++)
		r = kernel_setting_read(policy->root, (enum kernel_setting)i, &policy->kernel[i]);
	return r;
}

int policy_read(const struct ctl *ctl, struct policy *policy)
{
	const char *missing;
	int r;

	r = open_root(ctl, &policy->root);
	if (r >= 0)
		r = read_inventory(policy->root, &policy->inventory);
	if (r < 0)
		return r;
	missing = missing_source(policy->inventory, MEMBLOCK_SOURCE_DEVICES);
	if (missing)
		log_line("%s; what brought memory is not fully known%s", missing,
			 ctl->root ? "" : ", try as root");
	if (read_facts(ctl, policy) < 0)
		return log_oom();
	policy->rules = config_policy(&policy->config);
	return 0;
}

void policy_done(struct policy *policy)
{
	for (int i = 0; i < KERNEL_SETTINGS; i++)
		free(policy->kernel[i]);
	memblock_platform_free(policy->platform);
	config_done(&policy->config);
	memblock_inventory_unref(policy->inventory);
	memblock_root_unref(policy->root);
}

static void print_words(FILE *file, const char *key, const char *const *words)
{
	if (!words)
		return;
	fprintf(file, "%s%s=", ftell(file) > 0 ? " " : "", key);
	for (; *words; words++)
		fprintf(file, "%s%s", *words, words[1] ? " " : "");
}

static void print_nodes(FILE *file, const struct memblock_rule *rule)
{
	for (size_t i = 0; i < rule->n_nodes; i++)
		fprintf(file, "%s%d",
			i > 0             ? " "
			: ftell(file) > 0 ? " Node="
					  : "Node=",
			rule->nodes[i]);
}

static void print_ranges(FILE *file, const struct memblock_rule *rule)
{
	for (size_t i = 0; i < rule->n_ranges; i++)
		fprintf(file, "%s0x%" PRIx64 "-0x%" PRIx64,
			i > 0             ? " "
			: ftell(file) > 0 ? " Range="
					  : "Range=",
			rule->ranges[i].start, rule->ranges[i].end - 1);
}

void rule_print_conditions(const struct memblock_rule *rule, FILE *file)
{
	print_words(file, "Architecture", rule->architectures);
	print_words(file, "Virtualization", rule->virtualizations);
	print_words(file, "Provider", rule->providers);
	print_words(file, "Device", rule->devices);
	print_nodes(file, rule);
	print_ranges(file, rule);
}

void providers_print(unsigned providers, FILE *file)
{
	const char *word, *before = "";

	for (int i = 0; (word = memblock_provider_to_string((enum memblock_provider)i)); i++)
		if (providers & 1u << i) {
			fprintf(file, "%s%s", before, word);
			before = " ";
		}
}
