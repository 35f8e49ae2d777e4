/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "udev-event.h"

/* ENV{name} */
struct variable {
	char *name;
	struct udev_values values;
};

/* What a GOTO took to a label. */
struct jump {
	const char *label;
	double share;
};

struct udev_event {
	const struct udev_machine *machine;
	const char *action;
	struct variable *variables;
	size_t n_variables, variables_capacity;
	struct udev_values result; /* of the last PROGRAM */
	struct jump *jumps;        /* of the file that is gone through */
	size_t n_jumps, jumps_capacity;
	/* How much of all ways that the event may take comes here: a GOTO that may be taken halves
	 * it, a label adds what comes from there. Halves add up to 1 exactly. */
	double share;
};

static void values_done(struct udev_values *values)
{
	for (size_t i = 0; i < values->n; i++)
		free(values->items[i]);
	*values = (struct udev_values){};
}

static int values_add(struct udev_values *values, const char *value)
{
	for (size_t i = 0; i < values->n; i++)
		if (strcmp(values->items[i], value) == 0)
			return 0;
	if (values->n == UDEV_VALUES_MAX) {
		values->others = true;
		return 0;
	}
	values->items[values->n] = strdup(value);
	if (!values->items[values->n])
		return -ENOMEM;
	values->n++;
	return 0;
}

/* One value, or none that is known. */
static int values_set(struct udev_values *values, const char *value)
{
	values_done(values);
	values->others = !value;
	return value ? values_add(values, value) : 0;
}

static int values_add_all(struct udev_values *values, const struct udev_values *more)
{
	int r = 0;

	values->others |= more->others;
	for (size_t i = 0; r >= 0 && i < more->n; i++)
		r = values_add(values, more->items[i]);
	return r;
}

static enum truth invert(enum truth truth, enum udev_operator operator)
{
	return operator== UDEV_NO_MATCH ? TRUTH_YES - truth : truth;
}

/* Whether every possible value fits, none, or some. */
static enum truth fits(const struct udev_values *values, const struct udev_token *token)
{
	size_t n = 0;

	for (size_t i = 0; i < values->n; i++)
		n += udev_pattern_fits(token->value, values->items[i]);
	if (values->others || (n > 0 && n < values->n))
		return TRUTH_MAYBE;
	return invert(n > 0 ? TRUTH_YES : TRUTH_NO, token->operator);
}

/* A text that is known, or not (NULL). */
static enum truth fits_text(const char *text, const struct udev_token *token)
{
	if (!text)
		return TRUTH_MAYBE;
	return invert(udev_pattern_fits(token->value, text) ? TRUTH_YES : TRUTH_NO,
		      token->operator);
}

/* Names of blocks, some of which the pattern may be about. */
static enum truth fits_block(const char *prefix, const struct udev_token *token)
{
	static const char *const numbers[] = { "0", "9", "32", "108", "4711" };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		char name[64];

		snprintf(name, sizeof(name), "%s%s", prefix, numbers[i]);
		n += udev_pattern_fits(token->value, name);
	}
	if (n == 0 && strstr(token->value, "memory"))
		return TRUTH_MAYBE; /* a block of another number */
	return n > 0 && n < ARRAY_SIZE(numbers)
		       ? TRUTH_MAYBE
		       : invert(n > 0 ? TRUTH_YES : TRUTH_NO, token->operator);
}

static struct variable *find_variable(const struct udev_event *event, const char *name)
{
	for (size_t i = 0; i < event->n_variables; i++)
		if (strcmp(event->variables[i].name, name) == 0)
			return &event->variables[i];
	return NULL;
}

static enum truth fits_variable(const struct udev_event *event, const struct udev_token *token)
{
	const char *name = token->attribute ? token->attribute : "";
	const struct variable *variable = find_variable(event, name);

	if (variable)
		return fits(&variable->values, token);
	if (strcmp(name, "ACTION") == 0)
		return fits_text(event->action, token);
	if (strcmp(name, "SUBSYSTEM") == 0)
		return fits_text("memory", token);
	/* No event of the kernel's has it, only those of udevadm trigger. */
	if (strcmp(name, "SYNTH_UUID") == 0)
		return fits_text("", token);
	return TRUTH_MAYBE;
}

static enum truth fits_attribute(const struct udev_event *event, const struct udev_token *token,
				 int *ret_error)
{
	const char *name = token->attribute ? token->attribute : "";
	_cleanup_free_ char *value = NULL;
	int r;

	if (strcmp(name, "state") == 0)
		return fits_text("offline", token);
	if (strcmp(name, "online") == 0)
		return fits_text("0", token);
	if (strcmp(name, "removable") == 0 || strcmp(name, "valid_zones") == 0 ||
	    strncmp(name, "phys_", strlen("phys_")) == 0)
		return TRUTH_MAYBE;

	r = event->machine->attribute(name, event->machine->userdata, &value);
	if (r == -ENOMEM)
		*ret_error = r;
	if (r > 0)
		return fits_text(value, token);
	/* What is not there matches nothing; whether it differs from something has changed from one
	 * udevd to the next. */
	return r == 0 && token->operator== UDEV_MATCH ? TRUTH_NO : TRUTH_MAYBE;
}

/* systemd's words for architectures, which CONST{arch} has, where they differ from uname's. */
static const char *systemd_architecture(const char *architecture)
{
	static const char *const words[][2] = {
		{ "x86_64", "x86-64" }, { "i686", "x86" },         { "i386", "x86" },
		{ "aarch64", "arm64" }, { "ppc64le", "ppc64-le" },
	};

	for (size_t i = 0; architecture && i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i][0], architecture) == 0)
			return words[i][1];
	return architecture;
}

static enum truth fits_constant(const struct udev_event *event, const struct udev_token *token)
{
	if (token->attribute && strcmp(token->attribute, "arch") == 0)
		return fits_text(systemd_architecture(event->machine->architecture), token);
	if (token->attribute && strcmp(token->attribute, "virt") == 0)
		return fits_text(event->machine->virtualization, token);
	return TRUTH_MAYBE;
}

/* What a program that we know would print, and whether it would be a success. */
static enum truth run_program(struct udev_event *event, const struct udev_token *token,
			      int *ret_error)
{
	size_t path = strcspn(token->value, " ");
	const char *name = memrchr(token->value, '/', path), *output = NULL;
	enum truth truth = TRUTH_MAYBE;

	name = name ? name + 1 : token->value;
	if (strcmp(name, "uname -m") == 0 || strcmp(name, "uname -p") == 0) {
		output = event->machine->architecture;
		truth = TRUTH_YES;
	} else if (strcmp(name, "systemd-detect-virt") == 0) {
		output = event->machine->virtualization;
		/* It prints "none" and fails: some distributions' udevd doesn't care. */
		if (output && strcmp(output, "none") != 0)
			truth = TRUTH_YES;
	}
	*ret_error = values_set(&event->result, output);
	return truth;
}

static enum truth test_file(const struct udev_token *token)
{
	static const char *const files[] = { "state", "online", "phys_index", "." };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (strcmp(token->value, files[i]) == 0)
			return invert(TRUTH_YES, token->operator);
	return TRUTH_MAYBE;
}

/* Whether one condition holds; TRUTH_YES for what is none. */
static enum truth holds(struct udev_event *event, const struct udev_token *token, int *ret_error)
{
	const char *key = token->key;

	/* These are conditions whatever the operator. */
	if (strcmp(key, "PROGRAM") == 0)
		return run_program(event, token, ret_error);
	if (strcmp(key, "IMPORT") == 0)
		return TRUTH_MAYBE;
	if (!udev_token_matches(token))
		return TRUTH_YES;

	if (strcmp(key, "ACTION") == 0)
		return fits_text(event->action, token);
	if (strcmp(key, "SUBSYSTEM") == 0 || strcmp(key, "SUBSYSTEMS") == 0)
		return fits_text("memory", token);
	if (strcmp(key, "KERNEL") == 0 || strcmp(key, "KERNELS") == 0)
		return fits_block("memory", token);
	if (strcmp(key, "DEVPATH") == 0)
		return fits_block("/devices/system/memory/memory", token);
	if (strcmp(key, "DRIVER") == 0 || strcmp(key, "DRIVERS") == 0 || strcmp(key, "NAME") == 0 ||
	    strcmp(key, "SYMLINK") == 0)
		return fits_text("", token);
	if (strcmp(key, "ATTR") == 0 || strcmp(key, "ATTRS") == 0)
		return fits_attribute(event, token, ret_error);
	if (strcmp(key, "ENV") == 0)
		return fits_variable(event, token);
	if (strcmp(key, "CONST") == 0)
		return fits_constant(event, token);
	if (strcmp(key, "RESULT") == 0)
		return fits(&event->result, token);
	if (strcmp(key, "TEST") == 0)
		return test_file(token);
	return TRUTH_MAYBE;
}

/* "$env{NAME}" or "%E{NAME}": what the variable may be; anything else is as it stands. */
static int expand(const struct udev_event *event, const char *text, struct udev_values *ret)
{
	const struct variable *variable = NULL;
	size_t length = strlen(text), begin = 0;
	char name[64];

	if (strncmp(text, "$env{", 5) == 0)
		begin = 5;
	else if (strncmp(text, "%E{", 3) == 0)
		begin = 3;
	if (begin == 0 || text[length - 1] != '}' || length - begin > sizeof(name))
		return values_set(ret, text);

	memcpy(name, text + begin, length - begin - 1);
	name[length - begin - 1] = '\0';
	variable = find_variable(event, name);
	if (!variable)
		return values_set(ret, NULL);
	return values_add_all(ret, &variable->values);
}

static int set_variable(struct udev_event *event, enum truth truth, const char *name,
			const struct udev_values *values)
{
	struct variable *variable = find_variable(event, name);
	int r;

	if (!variable) {
		r = ARRAY_GROW(event->variables, event->variables_capacity, event->n_variables);
		if (r < 0)
			return r;
		variable = &event->variables[event->n_variables];
		*variable = (struct variable){ .name = strdup(name) };
		if (!variable->name)
			return -ENOMEM;
		event->n_variables++;
		/* If this rule doesn't set it, it is whatever it was. */
		variable->values.others = truth != TRUTH_YES;
	}
	if (truth == TRUTH_YES)
		values_done(&variable->values);
	return values_add_all(&variable->values, values);
}

static bool is_effect(const struct udev_token *token)
{
	return strcmp(token->key, "PROGRAM") == 0 || strcmp(token->key, "IMPORT") == 0 ||
	       (!udev_token_matches(token) && strcmp(token->key, "GOTO") != 0 &&
		strcmp(token->key, "LABEL") != 0);
}

static int take_effect(struct udev_event *event, enum truth truth, const struct udev_rule *rule,
		       const struct udev_token *token)
{
	_cleanup_(values_done) struct udev_values values = {};
	int r;

	r = expand(event, token->value, &values);
	if (r >= 0 && strcmp(token->key, "ENV") == 0 && token->attribute)
		r = set_variable(event, truth, token->attribute, &values);
	if (r >= 0)
		r = event->machine->effect(truth, rule, token, &values, event->machine->userdata);
	return r;
}

static struct jump *find_jump(const struct udev_event *event, const char *label)
{
	for (size_t i = 0; i < event->n_jumps; i++)
		if (strcmp(event->jumps[i].label, label) == 0)
			return &event->jumps[i];
	return NULL;
}

/* A GOTO leads forward alone, and counts for nothing where the label isn't there. */
static bool has_label(const struct udev_rules *rules, size_t from, const char *label)
{
	for (size_t i = from; i < rules->n; i++)
		for (size_t j = 0; j < rules->items[i].n; j++) {
			const struct udev_token *token = &rules->items[i].tokens[j];

			if (strcmp(token->key, "LABEL") == 0 && strcmp(token->value, label) == 0)
				return true;
		}
	return false;
}

static int jump_away(struct udev_event *event, enum truth truth, const char *label)
{
	struct jump *jump = find_jump(event, label);
	double share = truth == TRUTH_YES ? event->share : event->share / 2;
	int r;

	if (!jump) {
		r = ARRAY_GROW(event->jumps, event->jumps_capacity, event->n_jumps);
		if (r < 0)
			return r;
		jump = &event->jumps[event->n_jumps++];
		*jump = (struct jump){ .label = label };
	}
	jump->share += share;
	event->share -= share;
	return 0;
}

static void arrive(struct udev_event *event, const struct udev_rule *rule)
{
	for (size_t i = 0; i < rule->n; i++) {
		struct jump *jump = strcmp(rule->tokens[i].key, "LABEL") == 0
					    ? find_jump(event, rule->tokens[i].value)
					    : NULL;

		if (!jump)
			continue;
		event->share += jump->share;
		jump->share = 0;
	}
}

static int apply_rule(struct udev_event *event, const struct udev_rules *rules, size_t n)
{
	const struct udev_rule *rule = &rules->items[n];
	enum truth truth = TRUTH_YES;
	int r = 0;

	arrive(event, rule);
	if (event->share == 0)
		return 0;

	for (size_t i = 0; r >= 0 && truth != TRUTH_NO && i < rule->n; i++) {
		enum truth one = holds(event, &rule->tokens[i], &r);

		truth = MIN(truth, one);
	}
	if (r < 0 || truth == TRUTH_NO)
		return r;

	for (size_t i = 0; r >= 0 && i < rule->n; i++)
		if (is_effect(&rule->tokens[i]))
			r = take_effect(event, event->share < 1 ? TRUTH_MAYBE : truth, rule,
					&rule->tokens[i]);
	for (size_t i = 0; r >= 0 && i < rule->n; i++)
		if (strcmp(rule->tokens[i].key, "GOTO") == 0 &&
		    has_label(rules, n + 1, rule->tokens[i].value))
			r = jump_away(event, truth, rule->tokens[i].value);
	return r;
}

int udev_event_apply(struct udev_event *event, const struct udev_rules *rules)
{
	int r = 0;

	event->share = 1;
	event->n_jumps = 0;
	for (size_t i = 0; r >= 0 && i < rules->n; i++)
		r = apply_rule(event, rules, i);
	return r;
}

int udev_event_new(const struct udev_machine *machine, const char *action, struct udev_event **ret)
{
	struct udev_event *event = calloc(1, sizeof(*event));

	if (!event)
		return -ENOMEM;
	event->machine = machine;
	event->action = action;
	*ret = event;
	return 0;
}

struct udev_event *udev_event_free(struct udev_event *event)
{
	if (!event)
		return NULL;
	for (size_t i = 0; i < event->n_variables; i++) {
		free(event->variables[i].name);
		values_done(&event->variables[i].values);
	}
	free(event->variables);
	values_done(&event->result);
	free(event->jumps);
	free(event);
	return NULL;
}
