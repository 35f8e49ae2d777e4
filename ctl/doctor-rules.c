/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "udev-files.h"

#define DMI "sys/devices/virtual/dmi/id/"

static const char *const actions[OCCASION_COUNT] = {
	[OCCASION_ADD] = "add",
	[OCCASION_CHANGE] = "change",
	[OCCASION_OFFLINE] = "offline",
};

/* Which file is gone through, of which event. */
struct walk {
	struct doctor *doctor;
	const char *path;
	enum occasion occasion;
};

static int attribute_of(const char *name, void *userdata, char **ret)
{
	const struct doctor *doctor = ((struct walk *)userdata)->doctor;
	static const char dmi[] = "[dmi/id]", parent[] = "../";
	char text[ATTRIBUTE_TEXT_MAX], path[ATTRIBUTE_TEXT_MAX];
	int r;

	if (strncmp(name, parent, strlen(parent)) == 0)
		name += strlen(parent);
	if (strcmp(name, "auto_online_blocks") == 0) {
		snprintf(text, sizeof(text), "%s", doctor->auto_online);
		if (!*text)
			return -ENODATA;
	} else if (strncmp(name, dmi, strlen(dmi)) == 0) {
		name += strlen(dmi);
		if (strlen(name) > sizeof(path) - sizeof(DMI) || strchr(name, '/'))
			return -ENODATA;
		snprintf(path, sizeof(path), DMI "%s", name);
		r = read_attribute(doctor->root, path, text);
		if (r == -ENOENT && memblock_root_is_live(doctor->root))
			return 0;
		if (r < 0)
			return r == -ENOMEM ? r : -ENODATA;
	} else {
		return *name == '[' ? -ENODATA : 0;
	}
	*ret = strdup(text);
	return *ret ? 1 : -ENOMEM;
}

/* "online or online_movable"; NULL for what is no state, or no memory. */
static char *states_text(const struct udev_values *values)
{
	char text[128] = "";
	enum memblock_action action;
	size_t n = 0;

	for (size_t i = 0; i < values->n; i++) {
		if (memblock_action_from_string(values->items[i], &action) < 0 || n >= sizeof(text))
			continue;
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n > 0 ? " or " : "",
				      values->items[i]);
	}
	if (values->others && n < sizeof(text))
		snprintf(text + n, sizeof(text) - n, "%s or something else", n > 0 ? "" : "online");
	return *text ? strdup(text) : NULL;
}

static bool is_state(const struct udev_token *token)
{
	return strcmp(token->key, "ATTR") == 0 && token->attribute &&
	       strcmp(token->attribute, "state") == 0;
}

/* What a token does about memory: 1 with what it writes (NULL: a program does), 0 for nothing,
 * -ENOMEM. */
static int action_of(const struct udev_token *token, const struct udev_values *values, char **ret)
{
	const char *attribute = token->attribute ? token->attribute : "";
	const char *value = token->value;

	*ret = NULL;
	if (is_state(token)) {
		*ret = states_text(values);
		return *ret ? 1 : 0;
	}
	if (strcmp(token->key, "ATTR") == 0 && strcmp(attribute, "online") == 0 &&
	    (strcmp(value, "0") == 0 || strcmp(value, "1") == 0)) {
		*ret = strdup(*value == '1' ? "online" : "offline");
		return *ret ? 1 : -ENOMEM;
	}
	/* What a program does nobody can tell; one that is about this says so. */
	return (strcmp(token->key, "RUN") == 0 || strcmp(token->key, "PROGRAM") == 0 ||
		strcmp(token->key, "IMPORT") == 0) &&
	       strstr(value, "online") &&
	       (strstr(value, "mem") || strstr(value, "state") || strstr(value, "devpath"));
}

static bool writes_state(const struct udev_rule *rule)
{
	for (size_t i = 0; i < rule->n; i++)
		if (is_state(&rule->tokens[i]) && !udev_token_matches(&rule->tokens[i]))
			return true;
	return false;
}

/* Whatever else runs for new memory may bring it online, unless the same line does that already. */
static bool may_online(const struct walk *walk, enum truth truth, const struct udev_rule *rule,
		       const struct udev_token *token)
{
	return walk->occasion == OCCASION_ADD && strcmp(token->key, "RUN") == 0 && *token->value &&
	       (!token->attribute || strcmp(token->attribute, "builtin") != 0) &&
	       token->operator!= UDEV_REMOVE && !writes_state(rule) &&
	       (truth == TRUTH_YES || strstr(token->value, "chmem"));
}

static struct rival *find_rival(struct doctor *doctor, const char *file, unsigned line,
				const char *action)
{
	for (size_t i = 0; i < doctor->n_rivals; i++) {
		struct rival *rival = &doctor->rivals[i];

		if (rival->line == line && strcmp(rival->file, file) == 0 &&
		    !rival->action == !action && (!action || strcmp(rival->action, action) == 0))
			return rival;
	}
	return NULL;
}

static int effect_of(enum truth truth, const struct udev_rule *rule, const struct udev_token *token,
		     const struct udev_values *values, void *userdata)
{
	struct walk *walk = userdata;
	struct doctor *doctor = walk->doctor;
	_cleanup_free_ char *action = NULL;
	struct rival *rival;
	int r;

	r = action_of(token, values, &action);
	if (r < 0 || (r == 0 && !may_online(walk, truth, rule, token)))
		return r;
	if (r == 0)
		truth = TRUTH_MAYBE;
	rival = find_rival(doctor, walk->path, rule->line, action);
	if (!rival) {
		r = ARRAY_GROW(doctor->rivals, doctor->rivals_capacity, doctor->n_rivals);
		if (r < 0)
			return r;
		rival = &doctor->rivals[doctor->n_rivals];
		*rival = (struct rival){
			.file = strdup(walk->path),
			.line = rule->line,
			.action = TAKE_PTR(action),
			.ours = strstr(token->value, "memblockd-online"),
		};
		doctor->n_rivals++;
		if (!rival->file)
			return -ENOMEM;
	}
	rival->on[walk->occasion] = MAX(rival->on[walk->occasion], truth);
	return 0;
}

/* daxctl's rule, which starts daxdev-reconfigure@.service. */
static int look_for_daxctl(struct doctor *doctor, const char *path, const struct udev_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		for (size_t j = 0; j < rules->items[i].n; j++) {
			if (!strstr(rules->items[i].tokens[j].value, "daxdev-reconfigure"))
				continue;
			free(doctor->daxctl_rule);
			return asprintf(&doctor->daxctl_rule, "%s:%u", path, rules->items[i].line) <
					       0
				       ? -ENOMEM
				       : 0;
		}
	return 0;
}

static void tell_unknown(struct doctor *doctor)
{
	doctor_tell_unknown(doctor, "What udev rules are there");
}

static void not_read(const char *path, int error, void *userdata)
{
	struct doctor *doctor = userdata;

	tell_unknown(doctor);
	findings_add_evidence(&doctor->findings, "%s: %s", path, strerror(-error));
}

static int read_rules(struct doctor *doctor, const char *path, struct udev_rules *ret)
{
	_cleanup_free_ char *text = NULL;
	ssize_t size;

	size = read_file(doctor->root, path + 1, UDEV_RULES_MAX, &text);
	if (size == -ENOMEM)
		return -ENOMEM;
	if (size < 0 && size != -ENOENT) /* what is masked may be a link to nowhere */
		not_read(path, (int)size, doctor);
	return size <= 0 ? 0 : udev_rules_parse(text, (size_t)size, ret);
}

static int go_through(struct walk *walk, struct udev_event *const *events)
{
	_cleanup_(udev_rules_done) struct udev_rules rules = {};
	int r;

	r = read_rules(walk->doctor, walk->path, &rules);
	if (rules.refused > 0) {
		tell_unknown(walk->doctor);
		findings_add_evidence(&walk->doctor->findings, "%s:%u: the rule makes no sense",
				      walk->path, rules.refused);
	}
	if (r >= 0)
		r = look_for_daxctl(walk->doctor, walk->path, &rules);
	for (int i = 0; r >= 0 && i < OCCASION_COUNT; i++) {
		walk->occasion = (enum occasion)i;
		r = udev_event_apply(events[i], &rules);
	}
	return r;
}

int doctor_rules(struct doctor *doctor)
{
	_cleanup_(dropins_done) struct dropins files = {};
	struct walk walk = { .doctor = doctor };
	struct udev_machine machine = {
		.architecture = doctor->policy->platform->architecture,
		.virtualization = doctor->policy->platform->virtualization,
		.attribute = attribute_of,
		.effect = effect_of,
		.userdata = &walk,
	};
	struct udev_event *events[OCCASION_COUNT] = {};
	int r;

	r = udev_rules_find(doctor->root, not_read, doctor, &files);
	for (int i = 0; r >= 0 && i < OCCASION_COUNT; i++)
		r = udev_event_new(&machine, actions[i], &events[i]);
	for (size_t i = 0; r >= 0 && i < files.n; i++) {
		walk.path = files.paths[i];
		r = go_through(&walk, events);
	}
	for (int i = 0; i < OCCASION_COUNT; i++)
		udev_event_free(events[i]);
	return r;
}
