/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "bus-policy.h"
#include "kernel-policy.h"
#include "manager.h"

static int append_setting(sd_bus_message *reply, const struct manager *manager, const char *name,
			  const char *value)
{
	return sd_bus_message_append(reply, "(sss)", name, value,
				     config_place(&manager->config, "Policy", name));
}

static int append_rules(sd_bus_message *reply, const struct config *config)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < config->n_rules; i++) {
		const struct memblock_rule *rule = &config->rules[i];
		_cleanup_free_ char *name = NULL;

		if (asprintf(&name, "Rule %s", rule->name) < 0) {
			name = NULL;
			return -ENOMEM;
		}
		r = sd_bus_message_append(reply, "(sss)", name,
					  memblock_treatment_to_string(rule->treatment),
					  rule->place);
	}
	return r;
}

static int append_defaults(sd_bus_message *reply, const struct memblock_platform *platform)
{
	struct memblock_default it;
	int r = 0;

	for (size_t i = 0; r >= 0 && memblock_policy_default(platform, i, &it); i++)
		r = sd_bus_message_append(reply, "(sss)", "default",
					  memblock_treatment_to_string(it.treatment), it.why);
	return r;
}

int bus_get_policy(sd_bus *bus __attribute__((unused)), const char *path __attribute__((unused)),
		   const char *interface __attribute__((unused)),
		   const char *property __attribute__((unused)), sd_bus_message *reply,
		   void *userdata, sd_bus_error *error __attribute__((unused)))
{
	struct manager *manager = userdata;
	char ratio[16];
	int r;

	snprintf(ratio, sizeof(ratio), "%u", manager->config.movable_ratio);
	r = sd_bus_message_open_container(reply, 'a', "(sss)");
	if (r >= 0)
		r = append_setting(reply, manager, "KernelPolicy",
				   kernel_policy_word(manager->config.leave_kernel));
	if (r >= 0)
		r = append_setting(reply, manager, "MovableRatio", ratio);
	if (r >= 0)
		r = append_rules(reply, &manager->config);
	if (r >= 0)
		r = append_defaults(reply, manager->standing.platform);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

int bus_get_kernel_policy(sd_bus *bus __attribute__((unused)),
			  const char *path __attribute__((unused)),
			  const char *interface __attribute__((unused)),
			  const char *property __attribute__((unused)), sd_bus_message *reply,
			  void *userdata, sd_bus_error *error __attribute__((unused)))
{
	struct manager *manager = userdata;
	int r;

	r = sd_bus_message_open_container(reply, 'a', "(sss)");
	for (int i = 0; r >= 0 && i < KERNEL_SETTINGS; i++) {
		enum kernel_setting setting = (enum kernel_setting)i;
		const char *wrote = kernel_policy_wrote(manager->kernel_policy, setting);

		if (wrote)
			r = sd_bus_message_append(
				reply, "(sss)", kernel_setting_name(setting), wrote,
				kernel_policy_found(manager->kernel_policy, setting));
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}
