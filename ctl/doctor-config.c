/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fnmatch.h>
#include <string.h>

#include "doctor.h"

/* Rules of memblockd.conf that nothing is left for, since one before them takes it all. */

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

int doctor_config(struct doctor *doctor)
{
	const struct memblock_policy *policy = &doctor->policy->rules;

	for (size_t i = 1; i < policy->n_rules; i++)
		for (size_t j = 0; j < i; j++)
			if (covers_rule(&policy->rules[j], &policy->rules[i])) {
				tell_idle(&doctor->findings, &policy->rules[j], &policy->rules[i]);
				break;
			}
	return 0;
}
