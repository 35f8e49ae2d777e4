/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "json-rows.h"
#include "load-pages.h"
#include "log.h"
#include "size.h"
#include "table.h"
#include "totals.h"

enum {
	OPT_OUTPUT_ALL = 0x200,
	OPT_SUMMARY,
};

enum summary {
	SUMMARY_ALWAYS,
	SUMMARY_NEVER,
	SUMMARY_ONLY,
};

static bool arg_all, arg_bytes, arg_noheadings, arg_output_all;
static bool arg_summary_given;
static char *arg_output, *arg_split;
static enum summary arg_summary = SUMMARY_ALWAYS;
static enum table_format arg_format = TABLE_PLAIN;

static const struct option_spec list_options[] = {
	{ 'a', "all", NULL, "a row for each block", false },
	{ 'b', "bytes", NULL, "print sizes in bytes", false },
	{ 'n', "noheadings", NULL, "print no headings", false },
	{ 'o', "output", "[+]LIST", "print these columns, or these too", false },
	{ OPT_OUTPUT_ALL, "output-all", NULL, "print every column", false },
	{ 'P', "pairs", NULL, "print NAME=\"value\" pairs", false },
	{ 'r', "raw", NULL, "print columns apart by single spaces", false },
	{ 'S', "split", "LIST|none", "split ranges by these columns", false },
	{ 's', "sysroot", "DIR", "the same as --root", false },
	{ OPT_SUMMARY, "summary", "WHEN", "print the totals: always, never, or only them", true },
	{},
};

static int parse_summary(struct ctl *ctl, const char *when)
{
	static const char *const words[] = {
		[SUMMARY_ALWAYS] = "always",
		[SUMMARY_NEVER] = "never",
		[SUMMARY_ONLY] = "only",
	};

	arg_summary_given = true;
	arg_summary = SUMMARY_ONLY;
	for (size_t i = 0; when && i < ARRAY_SIZE(words); i++)
		if (strcmp(words[i], when) == 0) {
			arg_summary = (enum summary)i;
			return 0;
		}
	return when ? usage_error(ctl, "--summary is always, never or only, not \"%s\"", when) : 0;
}

static int set_format(struct ctl *ctl, enum table_format format)
{
	if (arg_format != TABLE_PLAIN && arg_format != format)
		return usage_error(ctl, "--pairs and --raw exclude each other");
	arg_format = format;
	return 0;
}

static int list_parse(struct ctl *ctl, int id, const char *argument)
{
	switch (id) {
	case 'a':
		arg_all = true;
		return 0;
	case 'b':
		arg_bytes = true;
		return 0;
	case 'n':
		arg_noheadings = true;
		return 0;
	case 'o':
		arg_output = (char *)argument;
		return 0;
	case OPT_OUTPUT_ALL:
		arg_output_all = true;
		return 0;
	case 'P':
		return set_format(ctl, TABLE_PAIRS);
	case 'r':
		return set_format(ctl, TABLE_RAW);
	case 'S':
		arg_split = (char *)argument;
		return 0;
	case 's':
		ctl->root = strcmp(argument, "/") == 0 ? NULL : argument;
		return 0;
	case OPT_SUMMARY:
		return parse_summary(ctl, argument);
	default:
		return -ENOENT;
	}
}

static void default_columns(struct columns *columns, unsigned shown)
{
	for (int i = 0; i < COLUMN_COUNT; i++)
		if (arg_output_all || column_specs[i].shown & shown)
			columns->items[columns->n++] = (enum column)i;
}

static int choose_columns(const struct ctl *ctl, struct columns *ret)
{
	const char *bad;

	*ret = (struct columns){};
	default_columns(ret, ctl->json ? SHOWN_JSON : SHOWN_TABLE);
	if (arg_output && columns_parse(ret, arg_output, &bad) < 0)
		return usage_error(ctl, "There is no column \"%s\"", bad);
	return 0;
}

static int choose_split(const struct ctl *ctl, const struct columns *columns, unsigned *ret)
{
	struct columns split = {};
	const char *bad;

	if (arg_all) {
		*ret = SPLIT_ALL;
		return 0;
	}
	if (!arg_split) {
		*ret = columns_split(columns);
		return 0;
	}
	if (strcasecmp(arg_split, "none") != 0 && columns_parse(&split, arg_split, &bad) < 0)
		return usage_error(ctl, "There is no column \"%s\" to split by", bad);
	*ret = columns_split(&split);
	return 0;
}

static int check_switches(const struct ctl *ctl)
{
	if (ctl->json && arg_format != TABLE_PLAIN)
		return usage_error(ctl, "--json excludes --pairs and --raw");
	if (arg_all && arg_split)
		return usage_error(ctl, "--all and --split exclude each other");
	if (arg_summary_given && arg_summary == SUMMARY_ONLY &&
	    (ctl->json || arg_format != TABLE_PLAIN))
		return usage_error(ctl, "--summary=only excludes --json, --pairs and --raw");
	return 0;
}

static enum json_form form_of(const struct column_spec *spec)
{
	if (spec->json == JSON_NUMBER_IF_BYTES)
		return arg_bytes ? JSON_NUMBER : JSON_TEXT;
	return spec->json;
}

static int add_columns(struct libscols_table *table, const struct columns *columns)
{
	int r;

	for (size_t i = 0; i < columns->n; i++) {
		const struct column_spec *spec = &column_specs[columns->items[i]];

		/* lsmem's hint to libsmartcols, which makes SIZE a column wider beside 128M. */
		r = table_add_column(table, spec->name, columns->items[i] == COLUMN_SIZE ? 5 : 0,
				     spec->left, form_of(spec));
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_row(const struct cell_context *context, const struct columns *columns,
		   void *userdata)
{
	struct libscols_line *line = scols_table_new_line(userdata, NULL);
	int r;

	if (!line)
		return -ENOMEM;

	for (size_t i = 0; i < columns->n; i++) {
		char *text;

		r = column_specs[columns->items[i]].print(context, &text);
		if (r < 0)
			return r;
		r = table_set(line, i, text);
		if (r < 0)
			return r;
	}
	return 0;
}

static int print_json_row(const struct cell_context *context, const struct columns *columns,
			  void *userdata)
{
	int r;

	json_rows_next(userdata);
	for (size_t i = 0; i < columns->n; i++) {
		const struct column_spec *spec = &column_specs[columns->items[i]];
		_cleanup_free_ char *text = NULL;

		r = spec->print(context, &text);
		if (r < 0)
			return r;
		json_rows_cell(userdata, spec->name, form_of(spec), text);
	}
	return 0;
}

static int for_each_row(const struct ctl *ctl, const struct memblock_inventory *inventory,
			const struct columns *columns, unsigned split,
			int (*do_row)(const struct cell_context *context,
				      const struct columns *columns, void *userdata),
			void *userdata)
{
	struct row row = {};
	struct row_facts facts;
	struct cell_context context = { inventory, &row, &facts, arg_bytes, ctl->json };
	int r = 0;

	while (r >= 0 && next_row(inventory, split, row.first + row.n, &row)) {
		row_facts_of(inventory, &row, &facts);
		r = do_row(&context, columns, userdata);
	}
	return r < 0 ? log_oom() : 0;
}

static int print_json(const struct ctl *ctl, const struct memblock_inventory *inventory,
		      const struct columns *columns, unsigned split)
{
	struct json_rows rows;
	int r;

	json_rows_begin(&rows, "memory");
	r = for_each_row(ctl, inventory, columns, split, print_json_row, &rows);
	json_rows_end(&rows);
	return r;
}

static int print_table(const struct ctl *ctl, const struct memblock_inventory *inventory,
		       const struct columns *columns, unsigned split)
{
	_cleanup_(scols_unref_tablep) struct libscols_table *table = NULL;
	int r;

	table = table_new(arg_format, !arg_noheadings, "memory");
	if (!table || add_columns(table, columns) < 0)
		return log_oom();
	r = for_each_row(ctl, inventory, columns, split, add_row, table);
	return r < 0 ? r : table_print(table);
}

static void print_summary_line(const char *what, uint64_t bytes)
{
	char text[SIZE_TEXT_MAX];

	if (arg_bytes)
		printf("%-32s %15" PRIu64 "\n", what, bytes);
	else
		printf("%-32s %5s\n", what, size_to_text(bytes, text));
}

static void print_summary(const struct memblock_inventory *inventory)
{
	uint64_t size = memblock_inventory_block_size(inventory);
	struct totals totals;

	totals_of(inventory, &totals);

	print_summary_line("Memory block size:", size);
	print_summary_line("Total online memory:", totals.online * size);
	print_summary_line("Total offline memory:", totals.offline * size);
	print_summary_line("Total not removable memory:",
			   totals.removable[MEMBLOCK_ANSWER_NO] * size);
	if (totals.removable[MEMBLOCK_ANSWER_UNKNOWN] > 0)
		print_summary_line("Total not known memory:",
				   totals.removable[MEMBLOCK_ANSWER_UNKNOWN] * size);
}

static int list_run(struct ctl *ctl, char **arguments __attribute__((unused)))
{
	_cleanup_(memblock_inventory_unrefp) struct memblock_inventory *inventory = NULL;
	bool plain = !ctl->json && arg_format == TABLE_PLAIN;
	struct columns columns;
	unsigned split = 0;
	int r;

	r = check_switches(ctl);
	if (r < 0)
		return r;
	r = choose_columns(ctl, &columns);
	if (r < 0)
		return r;
	r = choose_split(ctl, &columns, &split);
	if (r < 0)
		return r;
	r = load_inventory(ctl, &inventory);
	if (r >= 0 && (columns_need_pages(&columns) || split & SPLIT_BUSY)) {
		r = load_pages(ctl, inventory, NULL, 0);
		tell_pages(ctl, inventory);
	}
	if (r < 0)
		return r;

	if (arg_summary != SUMMARY_ONLY) {
		r = ctl->json ? print_json(ctl, inventory, &columns, split)
			      : print_table(ctl, inventory, &columns, split);
		if (r < 0)
			return r;
	}
	if (plain && arg_summary == SUMMARY_ALWAYS)
		putchar('\n');
	if (plain && arg_summary != SUMMARY_NEVER)
		print_summary(inventory);
	return 0;
}

const struct verb verb_list = {
	.name = "list",
	.arguments = "",
	.help = "List memory ranges and whether they can be taken offline",
	.options = list_options,
	.parse = list_parse,
	.run = list_run,
	.max_arguments = 0,
};
