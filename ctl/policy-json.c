/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"
#include "log.h"
#include "policy.h"
#include "size.h"

static json_object *words_json(const char *const *words, int *r)
{
	json_object *list = json_object_new_array();

	for (; words && *words; words++)
		json_append(list, json_object_new_string(*words), r);
	return list;
}

static json_object *providers_json(unsigned providers, int *r)
{
	json_object *list = json_object_new_array();
	const char *word;

	for (int i = 0; (word = memblock_provider_to_string((enum memblock_provider)i)); i++)
		if (providers & 1u << i)
			json_append(list, json_object_new_string(word), r);
	return list;
}

static json_object *setting_json(const struct policy *policy, const char *name, const char *value,
				 int *r)
{
	json_object *setting = json_object_new_object();

	json_add_text(setting, "name", name, r);
	json_add_text(setting, "value", value, r);
	json_add_text(setting, "from", config_place(&policy->config, "Policy", name), r);
	return setting;
}

static json_object *settings_json(const struct policy *policy, int *r)
{
	json_object *settings = json_object_new_array();
	char ratio[16];

	snprintf(ratio, sizeof(ratio), "%u", policy->config.movable_ratio);
	json_append(settings,
		    setting_json(policy, "KernelPolicy",
				 kernel_policy_word(policy->config.leave_kernel), r),
		    r);
	json_append(settings, setting_json(policy, "MovableRatio", ratio, r), r);
	return settings;
}

static json_object *rule_json(const struct policy *policy, const struct memblock_rule *rule, int *r)
{
	json_object *object = json_object_new_object(), *nodes = json_object_new_array(),
		    *ranges = json_object_new_array();
	char text[RANGE_TEXT_MAX];

	for (size_t i = 0; i < rule->n_nodes; i++)
		json_append(nodes, json_object_new_int(rule->nodes[i]), r);
	for (size_t i = 0; i < rule->n_ranges; i++)
		json_append(ranges,
			    json_object_new_string(range_to_text(rule->ranges[i].start,
								 rule->ranges[i].end, text)),
			    r);
	json_add_text(object, "rule", rule->name, r);
	json_add_text(object, "online", memblock_treatment_to_string(rule->treatment), r);
	json_add(object, "here",
		 json_object_new_boolean(memblock_policy_rule_holds(rule, policy->platform)), r);
	json_add_text(object, "from", rule->place, r);
	json_add(object, "architectures", words_json(rule->architectures, r), r);
	json_add(object, "virtualizations", words_json(rule->virtualizations, r), r);
	json_add(object, "providers", words_json(rule->providers, r), r);
	json_add(object, "devices", words_json(rule->devices, r), r);
	json_add(object, "nodes", nodes, r);
	json_add(object, "ranges", ranges, r);
	return object;
}

static json_object *rules_json(const struct policy *policy, int *r)
{
	json_object *rules = json_object_new_array();

	for (size_t i = 0; i < policy->rules.n_rules; i++)
		json_append(rules, rule_json(policy, &policy->rules.rules[i], r), r);
	return rules;
}

static json_object *defaults_json(const struct policy *policy, int *r)
{
	json_object *defaults = json_object_new_array();
	struct memblock_default it;

	for (size_t i = 0; memblock_policy_default(policy->platform, i, &it); i++) {
		json_object *object = json_object_new_object();

		json_add_text(object, "online", memblock_treatment_to_string(it.treatment), r);
		json_add(object, "here", json_object_new_boolean(default_is_used(policy, &it)), r);
		json_add(object, "providers", providers_json(it.providers, r), r);
		json_add_text(object, "why", it.why, r);
		json_append(defaults, object, r);
	}
	return defaults;
}

static json_object *kernel_json(const struct policy *policy, int *r)
{
	json_object *kernel = json_object_new_object(), *told = json_object_new_object(),
		    *now = json_object_new_object();
	struct memblock_kernel_policy answer;

	memblock_policy_for_kernel(&policy->rules, policy->platform, &answer);
	for (int i = 0; i < KERNEL_SETTINGS; i++) {
		const char *name = kernel_setting_name((enum kernel_setting)i);
		_cleanup_free_ char *text = kernel_setting_told(&answer, (enum kernel_setting)i);

		json_add_text(told, name, text, r);
		json_add_text(now, name, policy->kernel[i], r);
	}
	json_add(kernel, "told", told, r);
	json_add_text(kernel, "why_not", answer.why_not, r);
	json_add(kernel, "now", now, r);
	return kernel;
}

int policy_print_json(const struct policy *policy)
{
	_cleanup_json_ json_object *object = json_object_new_object();
	const struct memblock_platform *platform = policy->platform;
	int r = 0;

	json_add_text(object, "architecture", platform->architecture, &r);
	json_add_text(object, "virtualization", platform->virtualization, &r);
	json_add(object, "providers", providers_json(platform->providers, &r), &r);
	json_add(object, "settings", settings_json(policy, &r), &r);
	json_add(object, "rules", rules_json(policy, &r), &r);
	json_add(object, "defaults", defaults_json(policy, &r), &r);
	json_add(object, "kernel", kernel_json(policy, &r), &r);
	return r < 0 ? log_oom() : json_print(object);
}
