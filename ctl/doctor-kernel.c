/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "links.h"

#define AUTO_ONLINE "sys/devices/system/memory/auto_online_blocks"
#define PARAMETERS "sys/module/memory_hotplug/parameters/"

/* What a module's parameter is called, and since when it is there. */
static const struct parameter {
	const char *name;
	const char *since;
} parameters[] = {
	{ "memmap_on_memory", "5.14" },
	{ "online_policy", "5.15" },
	{ "auto_movable_ratio", "5.15" },
	{ "auto_movable_numa_aware", "5.15" },
};

static bool is_state(const char *word)
{
	enum memblock_action action;

	return memblock_action_from_string(word, &action) >= 0;
}

/* The kernel takes - and _ for the same in names (lib/cmdline.c:parameq()). */
static bool begins(const char *word, const char *name, const char **ret_rest)
{
	for (; *name; word++, name++)
		if (*word != *name && !(*word == '-' && *name == '_'))
			return false;
	*ret_rest = word;
	return true;
}

static void tell_default_state(struct doctor *doctor)
{
	struct findings *findings = &doctor->findings;
	const char *state = doctor->default_state;
	bool is_new = strcmp(state, "online_kernel") == 0 || strcmp(state, "online_movable") == 0;

	if (!is_state(state)) {
		findings_add(findings, SEVERITY_WARNING, "kernel-command-line",
			     "The kernel is told a state for new memory that there isn't");
		findings_set_advice(findings, "Boot with memhp_default_state= online, offline, "
					      "online_kernel or online_movable, or without it.");
	} else if (is_new && doctor_kernel_is_older(doctor, 5, 8) && *doctor->auto_online &&
		   strcmp(doctor->auto_online, state) != 0) {
		findings_add(findings, SEVERITY_WARNING, "kernel-too-old",
			     "memhp_default_state=%s means nothing to this kernel", state);
		findings_set_advice(findings,
				    "Linux 5.8 and later know it; boot with "
				    "memhp_default_state=online, or have memblockd do it.");
	} else if (*doctor->auto_online && strcmp(doctor->auto_online, state) != 0) {
		findings_add(findings, SEVERITY_INFO, "kernel-command-line",
			     "%s changed since boot what the kernel does with new memory",
			     doctor->set_by_us ? "memblockd has" : "Somebody has");
	} else {
		findings_add(findings, SEVERITY_INFO, "kernel-command-line",
			     "The kernel command line says what is done with new memory");
	}
	findings_add_evidence(findings, "/proc/cmdline: memhp_default_state=%.80s", state);
	if (*doctor->auto_online)
		findings_add_evidence(findings, "/" AUTO_ONLINE ": %s", doctor->auto_online);
}

static void tell_movable_node(struct doctor *doctor)
{
	findings_add(
		&doctor->findings, SEVERITY_INFO, "kernel-command-line",
		"Memory that firmware calls hot-pluggable is movable from boot on, and what is "
		"added later is so where somebody says just \"online\"");
	findings_add_evidence(&doctor->findings, "/proc/cmdline: movable_node");
}

static void tell_parameter(struct doctor *doctor, const char *word, const char *name)
{
	struct findings *findings = &doctor->findings;
	size_t length = strcspn(name, "=");
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
		const struct parameter *parameter = &parameters[i];
		const char *rest;

		if (!begins(name, parameter->name, &rest) || rest != name + length)
			continue;
		snprintf(path, sizeof(path), PARAMETERS "%s", parameter->name);
		if (is_there(doctor->root, path)) {
			findings_add(findings, SEVERITY_INFO, "kernel-command-line",
				     "The kernel command line sets how new memory is treated");
		} else {
			findings_add(findings, SEVERITY_WARNING, "kernel-too-old",
				     "memory_hotplug.%s= means nothing to this kernel",
				     parameter->name);
			findings_set_advice(findings, "Linux %s and later know it; boot without.",
					    parameter->since);
		}
		findings_add_evidence(findings, "/proc/cmdline: %.80s", word);
		return;
	}
	findings_add(findings, SEVERITY_WARNING, "kernel-command-line",
		     "The kernel command line sets a parameter of memory hotplug that there isn't");
	findings_add_evidence(findings, "/proc/cmdline: %.80s", word);
	findings_set_advice(findings, "Boot without it.");
}

/* One word of the command line. The last memhp_default_state= counts. */
static int take_word(struct doctor *doctor, const char *word)
{
	const char *rest;

	if (begins(word, "memhp_default_state=", &rest)) {
		free(doctor->default_state);
		doctor->default_state = strdup(rest);
		return doctor->default_state ? 0 : -ENOMEM;
	}
	if (begins(word, "movable_node", &rest) && !*rest)
		tell_movable_node(doctor);
	else if (begins(word, "memory_hotplug.", &rest))
		tell_parameter(doctor, word, rest);
	return 0;
}

static int read_command_line(struct doctor *doctor)
{
	const char *told = doctor->policy->platform->command_line;
	_cleanup_free_ char *line = strdup(told ? told : "");
	char *text = line, *word;
	int r = line ? 0 : -ENOMEM;

	while (r >= 0 && (word = strsep(&text, " \t\n"))) {
		if (strcmp(word, "--") == 0) /* what follows is for init */
			break;
		r = take_word(doctor, word);
	}
	return r;
}

int doctor_kernel(struct doctor *doctor)
{
	const char *auto_online = doctor->policy->kernel[KERNEL_AUTO_ONLINE_BLOCKS];
	int r;

	doctor->set_by_us = is_there(doctor->root, "run/memblockd/kernel-policy");
	doctor->auto_online = auto_online && is_state(auto_online) ? auto_online : "";
	memblock_policy_for_kernel(&doctor->policy->rules, doctor->policy->platform, &doctor->told);
	r = read_command_line(doctor);
	if (r >= 0 && doctor->default_state)
		tell_default_state(doctor);
	return r;
}
