/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "fuzz.h"
#include "udev-event.h"

/* Two files of udev rules, and what doctor says that they do with events of memory blocks. */

static int attribute(const char *name, void *userdata, char **ret)
{
	(void)userdata;
	if (strlen(name) % 3 == 0)
		return -ENODATA;
	if (strlen(name) % 3 == 1)
		return 0;
	*ret = strdup(name);
	return *ret ? 1 : -ENOMEM;
}

static int effect(enum truth truth, const struct udev_rule *rule, const struct udev_token *token,
		  const struct udev_values *values, void *userdata)
{
	(void)userdata;
	must(truth <= TRUTH_YES && rule->line > 0 && *token->key);
	must(values->n <= UDEV_VALUES_MAX);
	for (size_t i = 0; i < values->n; i++)
		must(values->items[i]);
	return 0;
}

static void apply(const char *action, const struct udev_rules *files, size_t n)
{
	const struct udev_machine machine = {
		.architecture = "x86_64",
		.virtualization = "kvm",
		.attribute = attribute,
		.effect = effect,
	};
	_cleanup_(udev_event_freep) struct udev_event *event = NULL;

	must(udev_event_new(&machine, action, &event) >= 0);
	for (size_t i = 0; i < n; i++)
		must(udev_event_apply(event, &files[i]) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct udev_rules files[2] = {};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *text = take_part(&input);

		must(udev_rules_parse(text, strlen(text), &files[i]) >= 0);
	}
	apply("add", files, ARRAY_SIZE(files));
	apply("change", files, ARRAY_SIZE(files));
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		udev_rules_done(&files[i]);
	return 0;
}
