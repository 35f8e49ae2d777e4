/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "table.h"

struct libscols_table *table_new(enum table_format format, bool headings, const char *name)
{
	_cleanup_(scols_unref_tablep) struct libscols_table *table = scols_new_table();

	if (!table || scols_table_set_name(table, name) < 0 ||
	    scols_table_enable_json(table, format == TABLE_JSON) < 0 ||
	    scols_table_enable_export(table, format == TABLE_PAIRS) < 0 ||
	    scols_table_enable_raw(table, format == TABLE_RAW) < 0 ||
	    scols_table_enable_noheadings(table, !headings) < 0)
		return NULL;
	return TAKE_PTR(table);
}

int table_add_column(struct libscols_table *table, const char *name, double width, bool left,
		     enum json_form json)
{
	struct libscols_column *column;

	column = scols_table_new_column(table, name, width, left ? 0 : SCOLS_FL_RIGHT);
	if (!column)
		return -ENOMEM;

	/* All but plain text goes out as it is given, which libsmartcols calls a number: it would
	 * make null of an empty string, and false of an empty boolean, but "not known" is not
	 * false. Of an empty number it makes null. */
	if (scols_table_is_json(table) && json != JSON_TEXT &&
	    scols_column_set_json_type(column, SCOLS_JSON_NUMBER) < 0)
		return -ENOMEM;
	return 0;
}

int table_set(struct libscols_line *line, size_t column, char *text)
{
	int r = text ? scols_line_refer_data(line, column, text) : -ENOMEM;

	if (r < 0)
		free(text);
	return r;
}

int table_setf(struct libscols_line *line, size_t column, const char *format, ...)
{
	char *text;
	va_list ap;
	int r;

	va_start(ap, format);
	r = vasprintf(&text, format, ap);
	va_end(ap);
	return r < 0 ? -ENOMEM : table_set(line, column, text);
}

int table_print(struct libscols_table *table)
{
	int r = scols_print_table(table);

	return r < 0 ? log_error(r, "Can't print the table: %m") : 0;
}
