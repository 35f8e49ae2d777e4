/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "columns.h"
#include "complete.h"

enum {
	OPT_COMPLETE = 0x200,
};

static bool arg_complete;

static const struct option_spec help_options[] = {
	{ OPT_COMPLETE, "complete", NULL, "list what the last word behind -- may become", false },
	{},
};

static void print_option(const struct option_spec *spec)
{
	char text[48];

	snprintf(text, sizeof(text), "%c%c%c --%s%s%s%s", spec->id < 256 ? '-' : ' ',
		 spec->id < 256 ? spec->id : ' ', spec->id < 256 ? ',' : ' ', spec->name,
		 !spec->argument  ? ""
		 : spec->optional ? "[="
				  : " ",
		 spec->argument ? spec->argument : "", spec->optional ? "]" : "");
	printf("  %-26s %s\n", text, spec->help);
}

static void print_options(const struct verb *verb)
{
	puts("\nSwitches:");
	for (const struct option_spec *spec = verb ? verb->options : NULL; spec && spec->id; spec++)
		print_option(spec);
	for (const struct option_spec *spec = common_options; spec->id; spec++)
		if (verb_takes(verb, spec))
			print_option(spec);
}

static void print_columns(void)
{
	puts("\nColumns:");
	for (int i = 0; i < COLUMN_COUNT; i++)
		printf("  %-18s %s\n", column_specs[i].name, column_specs[i].help);
}

/* What the words in capitals stand for that most verbs take. */
static void print_arguments(const struct verb *verb)
{
	static const struct {
		const char *word;
		const char *help;
	} words[] = {
		{ "MEMORY",
		  "a size (512M, 4G), blocks (memory32, 32-40), addresses\n"
		  "                         (0x40000000-0x47ffffff), node:N or device:NAME" },
		{ "BLOCK", "a number (8), a name (memory8) or a range of either (8-12)" },
		{ "JOB", "the number of a job, as jobs lists it" },
		{ "FILE.tar", "where to; .xz or .gz behind it says how it is compressed" },
		{ "device:NAME", "a device, as devices lists it" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(verb->arguments, words[i].word))
			printf("\nArguments:\n  %-22s %s\n", words[i].word, words[i].help);
}

static void print_verbs(void)
{
	puts("\nVerbs:");
	for (const struct verb *const *verb = verbs; *verb; verb++) {
		char text[48];

		snprintf(text, sizeof(text), "%s %s", (*verb)->name, (*verb)->arguments);
		printf("  %-22s %s\n", text, (*verb)->help);
	}
}

void print_help(const struct verb *verb)
{
	if (!verb) {
		puts("memblockctl [VERB] [SWITCH...] [ARGUMENT...]\n\n"
		     "Tells the truth about this machine's memory blocks, and takes them online "
		     "and\n"
		     "offline.");
		print_verbs();
	} else {
		printf("memblockctl %s [SWITCH...]%s%s\n\n%s.\n", verb->name,
		       *verb->arguments ? " " : "", verb->arguments, verb->help);
		print_arguments(verb);
	}
	print_options(verb);
	if (verb == &verb_list)
		print_columns();
	puts("\nSee memblockctl(1).");
}

static int help_parse(struct ctl *ctl __attribute__((unused)), int id,
		      const char *argument __attribute__((unused)))
{
	if (id != OPT_COMPLETE)
		return -ENOENT;
	arg_complete = true;
	return 0;
}

static int help_run(struct ctl *ctl, char **arguments)
{
	const struct verb *verb = *arguments ? find_verb(*arguments) : NULL;

	if (arg_complete)
		return complete(arguments);
	if (*arguments && !verb)
		return usage_error(ctl, "There is no verb \"%s\"", *arguments);
	if (*arguments && arguments[1])
		return usage_error(ctl, "\"%s\" is one word too many for help", arguments[1]);
	print_help(verb);
	return 0;
}

const struct verb verb_help = {
	.name = "help",
	.arguments = "[VERB]",
	.help = "Tell what memblockctl can do",
	.options = help_options,
	.parse = help_parse,
	.run = help_run,
	.max_arguments = -1,
};
