/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "complete.h"
#include "log.h"

/* In any case, as names of columns and zones may be typed. */
void complete_offer(const struct typing *typing, const char *text, const char *help)
{
	if (strncasecmp(text, typing->word, strlen(typing->word)) == 0)
		printf("%.*s%s\t%s\n", (int)(typing->word - typing->last), typing->last, text,
		       help);
}

/* By its letter, or by a name that ends with the word or with =. The verb's own come first. */
static const struct option_spec *find_switch(const struct typing *typing, int letter,
					     const char *name)
{
	const struct option_spec *tables[] = {
		typing->ctl.verb ? typing->ctl.verb->options : NULL,
		common_options,
	};
	size_t length = strcspn(name, "=");

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct option_spec *spec = tables[i]; spec && spec->id; spec++)
			if (letter ? spec->id == letter
				   : strlen(spec->name) == length &&
					     strncmp(spec->name, name, length) == 0)
				return spec;
	return NULL;
}

/* What is wrong with it is told when the command is run. */
static void take_switch(struct typing *typing, const struct option_spec *spec, const char *argument)
{
	if (spec->argument && !spec->optional && !argument)
		typing->waiting = spec;
	else
		(void)take_option(&typing->ctl, spec->id, argument);
}

static void take_letters(struct typing *typing, const char *letters)
{
	const struct option_spec *spec;

	for (; *letters && (spec = find_switch(typing, *letters, "")); letters++) {
		take_switch(typing, spec, spec->argument && letters[1] ? letters + 1 : NULL);
		if (spec->argument)
			return;
	}
}

static void take_name(struct typing *typing, const char *name)
{
	const struct option_spec *spec = find_switch(typing, 0, name);
	const char *equals = strchr(name, '=');

	if (spec)
		take_switch(typing, spec, equals ? equals + 1 : NULL);
}

/* A word before the last. */
static int take_word(struct typing *typing, const char *word)
{
	const struct option_spec *waiting = TAKE_PTR(typing->waiting);

	if (waiting) {
		take_switch(typing, waiting, word);
	} else if (strncmp(word, "--", 2) == 0) {
		take_name(typing, word + 2);
	} else if (*word == '-') {
		take_letters(typing, word + 1);
	} else if (typing->ctl.verb) {
		if (typing->n_arguments++ == 0)
			typing->first = word;
	} else {
		typing->ctl.verb = find_verb(word);
		if (!typing->ctl.verb)
			return usage_error(&typing->ctl, "There is no verb \"%s\"", word);
	}
	return 0;
}

/* Arguments as --help tells of them: "[+]LIST", "BLOCK...|all". */
static int offer_alternatives(struct typing *typing, char *text)
{
	int r = 0;

	for (char *name; r >= 0 && (name = strsep(&text, "|"));) {
		name += strspn(name, "[+]");
		name[strcspn(name, ".]")] = '\0';
		if (*name)
			r = complete_argument(typing, name);
	}
	return r;
}

/* What one place of a verb's arguments may be, or the last of them, which may be repeated; and the
 * next too where that one may be left away. */
static int offer_arguments(struct typing *typing)
{
	_cleanup_free_ char *copy = strdup(typing->ctl.verb->arguments);
	char *rest = copy, *text;
	int r = 0;

	if (!copy)
		return log_oom();
	for (size_t i = 0; r >= 0 && *copy && (text = strsep(&rest, " ")); i++) {
		bool optional = *text == '[' && text[strlen(text) - 1] == ']';

		if (i < typing->n_arguments && (rest || !strstr(text, "...")))
			continue;
		r = offer_alternatives(typing, text);
		if (!optional)
			break;
	}
	return r;
}

static void offer_switches(struct typing *typing)
{
	const struct verb *verb = typing->ctl.verb;
	const struct option_spec *tables[] = { verb ? verb->options : NULL, common_options };

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		for (const struct option_spec *spec = tables[i]; spec && spec->id; spec++) {
			char text[48];

			if (tables[i] == common_options && !verb_takes(verb, spec))
				continue;
			snprintf(text, sizeof(text), "--%s", spec->name);
			complete_offer(typing, text, spec->help);
		}
}

static int offer_value(struct typing *typing, const struct option_spec *spec)
{
	_cleanup_free_ char *copy = spec && spec->argument ? strdup(spec->argument) : NULL;

	return copy ? offer_alternatives(typing, copy) : 0;
}

static int offer(struct typing *typing)
{
	const char *equals = strchr(typing->last, '=');

	typing->word = typing->last;
	if (typing->waiting)
		return offer_value(typing, typing->waiting);
	if (strncmp(typing->last, "--", 2) == 0 && equals) {
		typing->word = equals + 1;
		return offer_value(typing, find_switch(typing, 0, typing->last + 2));
	}
	if (*typing->last == '-') {
		offer_switches(typing);
		return 0;
	}
	return typing->ctl.verb ? offer_arguments(typing) : complete_argument(typing, "VERB");
}

int complete(char **words)
{
	struct typing typing = { .last = "" };
	int r;

	for (; *words && words[1]; words++) {
		r = take_word(&typing, *words);
		if (r < 0)
			return r;
	}
	if (*words)
		typing.last = *words;
	return offer(&typing);
}
