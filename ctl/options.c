/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bus.h"
#include "log.h"

#define OPTIONS_MAX 48

enum {
	OPT_ROOT = 0x100,
	OPT_DIRECT,
};

const struct option_spec common_options[] = {
	{ OPT_ROOT, "root", "DIR", "read the captured tree in DIR instead of this machine", false },
	{ OPT_DIRECT, "direct", NULL, "use the kernel's own files, without memblockd", false },
	{ 'H', "host", "HOST", "ask memblockd on [USER@]HOST, over ssh", false },
	{ 'J', "json", NULL, "print JSON", false },
	{ 'h', "help", NULL, "print this help", false },
	{ 'V', "version", NULL, "print the version", false },
	{},
};

/* getopt's own tables, made out of ours. */
struct getopt_tables {
	struct option longs[OPTIONS_MAX];
	char shorts[3 * OPTIONS_MAX];
	size_t n;
};

static void add_options(struct getopt_tables *tables, const struct option_spec *specs)
{
	size_t length = strlen(tables->shorts);

	for (const struct option_spec *spec = specs; spec && spec->id; spec++) {
		if (tables->n == OPTIONS_MAX - 1)
			abort();
		tables->longs[tables->n++] = (struct option){
			.name = spec->name,
			.has_arg = !spec->argument  ? no_argument
				   : spec->optional ? optional_argument
						    : required_argument,
			.val = spec->id,
		};
		if (spec->id > 255)
			continue;
		tables->shorts[length++] = (char)spec->id;
		for (int i = 0; spec->argument && i < 1 + spec->optional; i++)
			tables->shorts[length++] = ':';
	}
}

const struct verb *find_verb(const char *name)
{
	for (const struct verb *const *verb = verbs; *verb; verb++)
		if (strcmp((*verb)->name, name) == 0)
			return *verb;
	return NULL;
}

static const char *name_of(const struct getopt_tables *tables, int id)
{
	for (size_t i = 0; i < tables->n; i++)
		if (tables->longs[i].val == id)
			return tables->longs[i].name;
	return NULL;
}

/* Tells of what getopt_long(3) answered with ? or :. */
static int bad_switch(const struct ctl *ctl, const struct getopt_tables *tables, int c, char **argv)
{
	/* It leaves the id of a switch that is there, but was given an argument. */
	if (c == '?' && optopt > 0 && name_of(tables, optopt))
		return usage_error(ctl, "The switch --%s takes no argument",
				   name_of(tables, optopt));
	if (c == ':')
		return usage_error(ctl, "The switch %s wants an argument", argv[optind - 1]);
	if (optopt > 0 && optopt < 256)
		return usage_error(ctl, "There is no switch -%c %s", optopt,
				   ctl->verb ? "here" : "before a verb");
	return usage_error(ctl, "There is no switch %s %s", argv[optind - 1],
			   ctl->verb ? "here" : "before a verb");
}

/* The verb is the first word that is neither a switch nor a switch's argument. Without one it is
 * status. */
static int choose_verb(struct ctl *ctl, int argc, char **argv, int *ret_position)
{
	struct getopt_tables tables = { .shorts = "+:" };
	int c;

	/* Switches in front of the verb can only be common ones. */
	add_options(&tables, common_options);
	opterr = 0;
	optind = 1;
	while ((c = getopt_long(argc, argv, tables.shorts, tables.longs, NULL)) != -1)
		if (c == '?' || c == ':')
			break;

	ctl->verb = &verb_status;
	*ret_position = 0;
	if (c != -1) {
		ctl->verb = NULL;
		(void)bad_switch(ctl, &tables, c, argv);
		return -EUSAGE;
	}
	if (optind >= argc)
		return 0;
	ctl->verb = find_verb(argv[optind]);
	if (!ctl->verb)
		return usage_error(ctl, "There is no verb \"%s\"", argv[optind]);
	*ret_position = optind;
	return 0;
}

static int take_common(struct ctl *ctl, int id, const char *argument)
{
	switch (id) {
	case OPT_ROOT:
		ctl->root = strcmp(argument, "/") == 0 ? NULL : argument;
		return 1;
	case OPT_DIRECT:
		ctl->direct = true;
		return 1;
	case 'H':
		ctl->host = argument;
		return 1;
	case 'J':
		ctl->json = true;
		return 1;
	default:
		return 0;
	}
}

int take_option(struct ctl *ctl, int id, const char *argument)
{
	int r;

	r = ctl->verb && ctl->verb->parse ? ctl->verb->parse(ctl, id, argument) : -ENOENT;
	if (r != -ENOENT)
		return r;
	return take_common(ctl, id, argument) ? 0 : -ENOENT;
}

bool verb_takes(const struct verb *verb, const struct option_spec *common)
{
	switch (common->id) {
	case OPT_ROOT:
	case OPT_DIRECT:
		return !verb || !verb->needs_daemon;
	case 'H':
		return !verb || !verb->local;
	default:
		return true;
	}
}

/* Files of another machine can't be read, and not everything is to be had without memblockd. */
static int choose_source(const struct ctl *ctl)
{
	if (ctl->root && !*ctl->root)
		return usage_error(ctl, "Which root? The folder of a captured tree");
	if (ctl->verb->needs_daemon && (ctl->direct || ctl->root))
		return usage_error(ctl, "This is for memblockd to do: without --direct and --root");
	if (!ctl->host)
		return 0;
	if (!*ctl->host)
		return usage_error(ctl, "Which host?");
	if (ctl->direct || ctl->root)
		return usage_error(ctl, "--host asks the memblockd of another machine: without "
					"--direct and --root");
	if (ctl->verb->local)
		return usage_error(ctl, "%s reads files of this machine: without --host",
				   ctl->verb->name);
	bus_set_host(ctl->host);
	return 0;
}

/* Takes the verb out of the words, so that getopt sees switches and arguments alone. */
static int drop_word(int argc, char **argv, int position)
{
	if (position == 0)
		return argc;
	memmove(&argv[position], &argv[position + 1],
		(size_t)(argc - position) * sizeof(*argv)); /* with the NULL at the end */
	return argc - 1;
}

int parse_command_line(struct ctl *ctl, int argc, char **argv, char ***ret_arguments)
{
	struct getopt_tables tables = { .shorts = ":" };
	int r, c, position;

	r = choose_verb(ctl, argc, argv, &position);
	if (r < 0)
		return r;
	argc = drop_word(argc, argv, position);

	/* The verb's own first: it may give a letter another meaning, as lsmem's -s. */
	add_options(&tables, ctl->verb->options);
	add_options(&tables, common_options);
	optind = 0;
	while ((c = getopt_long(argc, argv, tables.shorts, tables.longs, NULL)) != -1) {
		if (c == 'h') {
			print_help(position ? ctl->verb : NULL);
			return 0;
		}
		if (c == 'V') {
			print_version();
			return 0;
		}
		r = c == '?' || c == ':' ? bad_switch(ctl, &tables, c, argv)
					 : take_option(ctl, c, optarg);
		if (r < 0)
			return r;
	}

	if (ctl->verb->max_arguments >= 0 && argc - optind > ctl->verb->max_arguments)
		return usage_error(ctl, "\"%s\" is one word too many for %s",
				   argv[optind + ctl->verb->max_arguments], ctl->verb->name);

	*ret_arguments = argv + optind;
	r = choose_source(ctl);
	return r < 0 ? r : 1;
}

int usage_error(const struct ctl *ctl, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;
	int r;

	va_start(ap, format);
	r = vasprintf(&text, format, ap);
	va_end(ap);
	if (r < 0)
		return log_oom();

	log_line("%s; see %s %s%s--help", text, program_invocation_short_name,
		 ctl->verb ? ctl->verb->name : "", ctl->verb ? " " : "");
	return -EUSAGE;
}
