/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "log.h"
#include "policy.h"
#include "table.h"

/* Text that grows by printing. */
struct growing {
	char *text;
	size_t size;
	FILE *file;
};

/* NULL where there is no memory. */
static FILE *growing_begin(struct growing *growing)
{
	growing->file = open_memstream(&growing->text, &growing->size);
	return growing->file;
}

/* The text, to be freed; NULL where there was no memory for it. */
static char *growing_end(struct growing *growing)
{
	if (!growing->file || fclose(growing->file) != 0) {
		free(growing->text);
		return NULL;
	}
	return growing->text;
}

static char *conditions_text(const struct memblock_rule *rule)
{
	struct growing growing = {};

	if (growing_begin(&growing))
		rule_print_conditions(rule, growing.file);
	return growing_end(&growing);
}

static char *providers_text(unsigned providers)
{
	struct growing growing = {};

	if (growing_begin(&growing)) {
		fputs("Provider=", growing.file);
		providers_print(providers, growing.file);
	}
	return growing_end(&growing);
}

static int add_line(struct libscols_table *table, enum memblock_treatment treatment, bool here,
		    char *conditions, struct libscols_line **ret)
{
	_cleanup_free_ char *text = conditions;
	struct libscols_line *line = scols_table_new_line(table, NULL);
	int r;

	if (!line || !text)
		return -ENOMEM;
	r = table_setf(line, 0, "%s", memblock_treatment_to_string(treatment));
	if (r >= 0)
		r = table_setf(line, 1, "%s", here ? "yes" : "no");
	if (r >= 0)
		r = table_setf(line, 2, "%s", *text ? text : "all");
	*ret = line;
	return r;
}

static int add_rules(struct libscols_table *table, const struct policy *policy)
{
	struct libscols_line *line;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < policy->rules.n_rules; i++) {
		const struct memblock_rule *rule = &policy->rules.rules[i];

		r = add_line(table, rule->treatment,
			     memblock_policy_rule_holds(rule, policy->platform),
			     conditions_text(rule), &line);
		if (r >= 0)
			r = table_setf(line, 3, "%s [Rule %s]", rule->place, rule->name);
	}
	return r;
}

static bool is_for_all(const struct policy *policy, size_t n)
{
	struct memblock_default next;

	return !memblock_policy_default(policy->platform, n + 1, &next);
}

static int add_defaults(struct libscols_table *table, const struct policy *policy)
{
	struct memblock_default it;
	struct libscols_line *line;
	int r = 0;

	for (size_t i = 0; r >= 0 && memblock_policy_default(policy->platform, i, &it); i++) {
		r = add_line(table, it.treatment, default_is_used(policy, &it),
			     is_for_all(policy, i) ? strdup("") : providers_text(it.providers),
			     &line);
		if (r >= 0)
			r = table_setf(line, 3, "default: %s", it.why);
	}
	return r;
}

static int print_rules(const struct policy *policy)
{
	static const char *const names[] = { "ONLINE", "HERE", "FITS", "FROM" };
	_cleanup_(scols_unref_tablep) struct libscols_table *table = NULL;
	int r = 0;

	table = table_new(TABLE_PLAIN, true, "rules");
	if (!table)
		return log_oom();
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(names); i++)
		r = table_add_column(table, names[i], 0, true, JSON_TEXT);
	if (r >= 0)
		r = add_rules(table, policy);
	if (r >= 0)
		r = add_defaults(table, policy);
	return r < 0 ? log_oom() : table_print(table);
}

static void print_setting(const struct policy *policy, const char *name, const char *value)
{
	printf("%14s: %s (%s)\n", name, value, config_place(&policy->config, "Policy", name));
}

static void print_head(const struct policy *policy)
{
	const struct memblock_platform *platform = policy->platform;
	char ratio[16];

	printf("%14s: %s, virtualization %s\n", "Machine",
	       platform->architecture ? platform->architecture : "architecture not known",
	       platform->virtualization ? platform->virtualization : "not known");
	printf("%14s: ", "May come here");
	providers_print(platform->providers, stdout);
	puts(platform->providers ? "" : "nothing that is known");
	print_setting(policy, "KernelPolicy", kernel_policy_word(policy->config.leave_kernel));
	snprintf(ratio, sizeof(ratio), "%u", policy->config.movable_ratio);
	print_setting(policy, "MovableRatio", ratio);
}

static void print_kernel(const struct policy *policy)
{
	struct memblock_kernel_policy told;
	bool any = false;

	memblock_policy_for_kernel(&policy->rules, policy->platform, &told);
	printf("%14s:", "Kernel is told");
	for (int i = 0; i < KERNEL_SETTINGS; i++) {
		_cleanup_free_ char *text = kernel_setting_told(&told, (enum kernel_setting)i);

		if (text)
			printf(" %s=%s", kernel_setting_name((enum kernel_setting)i), text);
		any |= text != NULL;
	}
	puts(any ? "" : " nothing");
	if (told.why_not)
		printf("%14s: %s\n", "Not by itself", told.why_not);
	printf("%14s:", "Kernel has");
	for (int i = 0; i < KERNEL_SETTINGS; i++)
		if (policy->kernel[i])
			printf(" %s=%s", kernel_setting_name((enum kernel_setting)i),
			       policy->kernel[i]);
	putchar('\n');
}

static int print_policy(const struct policy *policy)
{
	int r;

	print_head(policy);
	putchar('\n');
	r = print_rules(policy);
	if (r < 0)
		return r;
	putchar('\n');
	print_kernel(policy);
	return 0;
}

static int policy_run(struct ctl *ctl, char **arguments)
{
	_cleanup_(policy_done) struct policy policy = {};
	bool test = *arguments && strcmp(*arguments, "test") == 0;
	int r;

	if (*arguments && !test)
		return usage_error(ctl, "\"%s\" is nothing to do with the policy: that is test",
				   *arguments);
	if (test && !arguments[1])
		return usage_error(ctl, "Which block? Numbers, ranges like 8-12, or all");

	r = policy_read(ctl, &policy);
	if (r < 0)
		return r;
	if (test)
		return policy_test(ctl, &policy, arguments + 1);
	return ctl->json ? policy_print_json(&policy) : print_policy(&policy);
}

const struct verb verb_policy = {
	.name = "policy",
	.arguments = "[test BLOCK...]",
	.help = "Tell what is done with memory that is added, and what says so",
	.run = policy_run,
	.max_arguments = -1,
	.local = true,
};
