/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fnmatch.h>
#include <string.h>

#include "doctor.h"
#include "zone-fit.h"

/* Rules of memblockd.conf that nothing is left for: one before them takes it all, or the kernel. */

static bool is_empty(const char *const *list)
{
	return !list || !*list;
}

static bool same_word(const char *one, const char *other)
{
	return strcmp(one, other) == 0;
}

static bool covers_virtualization(const char *one, const char *other)
{
	return same_word(one, other) || (strcmp(one, "vm") == 0 && strcmp(other, "none") != 0);
}

/* Of two patterns it is plain only where they are the same, or one is for all. */
static bool covers_device(const char *one, const char *other)
{
	return same_word(one, other) || strcmp(one, "*") == 0 ||
	       (!strpbrk(other, "*?[") && fnmatch(one, other, FNM_NOESCAPE) == 0);
}

/* Whether whatever fits a list fits another. One without words fits all. */
static bool covers_words(const char *const *list, const char *const *other,
			 bool (*covers)(const char *one, const char *other))
{
	if (is_empty(list))
		return true;
	if (is_empty(other))
		return false;
	for (; *other; other++) {
		const char *const *word = list;

		while (*word && !covers(*word, *other))
			word++;
		if (!*word)
			return false;
	}
	return true;
}

static bool covers_nodes(const struct memblock_rule *rule, const struct memblock_rule *other)
{
	for (size_t i = 0; rule->n_nodes > 0 && i < other->n_nodes; i++) {
		size_t j = 0;

		while (j < rule->n_nodes && rule->nodes[j] != other->nodes[i])
			j++;
		if (j == rule->n_nodes)
			return false;
	}
	return rule->n_nodes == 0 || other->n_nodes > 0;
}

static bool covers_ranges(const struct memblock_rule *rule, const struct memblock_rule *other)
{
	for (size_t i = 0; rule->n_ranges > 0 && i < other->n_ranges; i++) {
		size_t j = 0;

		while (j < rule->n_ranges && (rule->ranges[j].start > other->ranges[i].start ||
					      rule->ranges[j].end < other->ranges[i].end))
			j++;
		if (j == rule->n_ranges)
			return false;
	}
	return rule->n_ranges == 0 || other->n_ranges > 0;
}

static bool covers_rule(const struct memblock_rule *rule, const struct memblock_rule *other)
{
	return covers_words(rule->architectures, other->architectures, same_word) &&
	       covers_words(rule->virtualizations, other->virtualizations, covers_virtualization) &&
	       covers_words(rule->providers, other->providers, same_word) &&
	       covers_words(rule->devices, other->devices, covers_device) &&
	       covers_nodes(rule, other) && covers_ranges(rule, other);
}

static void tell_idle(struct findings *findings, const struct memblock_rule *rule,
		      const struct memblock_rule *idle)
{
	bool same = rule->treatment == idle->treatment;

	findings_add(findings, same ? SEVERITY_INFO : SEVERITY_WARNING, "rule-never-used",
		     "[Rule %s] is never used: [Rule %s] before it fits all that it fits%s",
		     idle->name, rule->name, same ? ", and says the same" : "");
	findings_add_evidence(findings, "%s: [Rule %s] Online=%s", rule->place, rule->name,
			      memblock_treatment_to_string(rule->treatment));
	findings_add_evidence(findings, "%s: [Rule %s] Online=%s", idle->place, idle->name,
			      memblock_treatment_to_string(idle->treatment));
	if (!same)
		findings_set_advice(findings, "Put the rule that fits less in front of the other: "
					      "the first that fits counts.");
}

/* The first of the first n rules that leaves nothing for another; NULL where none does. */
static const struct memblock_rule *rule_before(const struct memblock_policy *policy, size_t n,
					       const struct memblock_rule *rule)
{
	for (size_t i = 0; i < n; i++)
		if (covers_rule(&policy->rules[i], rule))
			return &policy->rules[i];
	return NULL;
}

/* Whether memory can't be treated so any more once the kernel has brought it online. */
static bool kernel_spoils(const struct doctor *doctor, enum memblock_treatment treatment)
{
	const char *word = memblock_action_to_string(treatment_action(treatment));

	if (treatment == MEMBLOCK_TREATMENT_DEFAULT) /* any zone will do */
		return false;
	return treatment == MEMBLOCK_TREATMENT_NO || strcmp(doctor->auto_online, word) != 0;
}

static bool is_spoiled(const struct doctor *doctor, size_t n)
{
	const struct memblock_policy *policy = &doctor->policy->rules;
	const struct memblock_rule *rule = &policy->rules[n];

	return kernel_spoils(doctor, rule->treatment) &&
	       memblock_policy_rule_holds(rule, doctor->policy->platform) &&
	       !rule_before(policy, n, rule);
}

/* The default for memory that a provider may bring here, if the kernel spoils it and rules leave
 * anything for it. */
static bool find_spoiled_default(const struct doctor *doctor, enum memblock_provider provider,
				 struct memblock_default *ret)
{
	const struct memblock_platform *platform = doctor->policy->platform;
	const struct memblock_policy *policy = &doctor->policy->rules;
	const struct memblock_rule all = {
		.architectures = (const char *const[]){ platform->architecture, NULL },
		.virtualizations = (const char *const[]){ platform->virtualization, NULL },
		.providers = (const char *const[]){ memblock_provider_to_string(provider), NULL },
	};

	if (!(platform->providers & 1u << provider))
		return false;
	for (size_t i = 0; memblock_policy_default(platform, i, ret); i++)
		if (ret->providers & 1u << provider)
			return kernel_spoils(doctor, ret->treatment) &&
			       !rule_before(policy, policy->n_rules, &all);
	return false;
}

static void add_spoiled(struct doctor *doctor)
{
	const struct memblock_policy *policy = &doctor->policy->rules;
	struct findings *findings = &doctor->findings;
	struct memblock_default it;
	const char *provider;

	findings_add_evidence(findings, "/%s: %s", kernel_setting_path(KERNEL_AUTO_ONLINE_BLOCKS),
			      doctor->auto_online);
	for (size_t i = 0; i < policy->n_rules; i++)
		if (is_spoiled(doctor, i))
			findings_add_evidence(
				findings, "%s: [Rule %s] Online=%s", policy->rules[i].place,
				policy->rules[i].name,
				memblock_treatment_to_string(policy->rules[i].treatment));
	for (int i = 0; (provider = memblock_provider_to_string((enum memblock_provider)i)); i++)
		if (find_spoiled_default(doctor, (enum memblock_provider)i, &it))
			findings_add_evidence(findings, "default for %s: %s: %s", provider,
					      memblock_treatment_to_string(it.treatment), it.why);
}

static void advise_spoiled(struct doctor *doctor)
{
	struct findings *findings = &doctor->findings;
	unsigned treatments = doctor->told.treatments;

	if (doctor->set_by_us)
		findings_set_advice(findings, "memblockd told the kernel so before its rules were "
					      "changed: run systemctl reload memblockd.");
	else if (doctor->default_state && strcmp(doctor->default_state, "offline") == 0)
		findings_set_advice(findings, "The kernel command line says offline: find out what "
					      "changes that later, and let it not.");
	else if (treatments == 1u << MEMBLOCK_TREATMENT_NO)
		findings_set_advice(findings, "Boot with memhp_default_state=offline.");
	else if (treatments == 1u << MEMBLOCK_TREATMENT_MOVABLE ||
		 treatments == 1u << MEMBLOCK_TREATMENT_KERNEL)
		findings_set_advice(
			findings,
			"Boot with memhp_default_state=%s, which Linux 5.8 and later know; or with "
			"memhp_default_state=offline, and give all memory that is to come online a "
			"rule in memblockd.conf(5): without one it then stays offline.",
			treatments == 1u << MEMBLOCK_TREATMENT_MOVABLE ? "online_movable"
								       : "online_kernel");
	else
		findings_set_advice(
			findings,
			"Let rules in memblockd.conf(5) treat all memory alike, which the kernel "
			"then does by itself; or boot with memhp_default_state=offline, and give "
			"all memory that is to come online a rule: without one it then stays "
			"offline.");
}

/* Memory that memblockd has to treat by itself comes to it when the kernel is done with it. */
static void tell_spoiled(struct doctor *doctor)
{
	const struct memblock_policy *policy = &doctor->policy->rules;
	struct memblock_default unused;
	size_t rules = 0, defaults = 0;

	if (!doctor_kernel_onlines(doctor) || !doctor->told.why_not)
		return;
	for (size_t i = 0; i < policy->n_rules; i++)
		rules += is_spoiled(doctor, i);
	for (int i = 0; memblock_provider_to_string((enum memblock_provider)i); i++)
		defaults += find_spoiled_default(doctor, (enum memblock_provider)i, &unused);
	/* Of what the command line says against the kernel's setting was told before. */
	if (rules == 0 && (defaults == 0 || doctor->default_state))
		return;
	findings_add(&doctor->findings, rules > 0 ? SEVERITY_WARNING : SEVERITY_INFO,
		     "kernel-is-first",
		     "The kernel brings new memory online before memblockd can treat it as its %s "
		     "say",
		     rules > 0 ? "rules" : "defaults");
	add_spoiled(doctor);
	advise_spoiled(doctor);
}

int doctor_config(struct doctor *doctor)
{
	const struct memblock_policy *policy = &doctor->policy->rules;

	for (size_t i = 1; i < policy->n_rules; i++) {
		const struct memblock_rule *rule = rule_before(policy, i, &policy->rules[i]);

		if (rule)
			tell_idle(&doctor->findings, rule, &policy->rules[i]);
	}
	tell_spoiled(doctor);
	return 0;
}
