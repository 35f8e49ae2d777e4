/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libsmartcols.h>

#include "columns.h"

/* How a table comes out. */
enum table_format {
	TABLE_PLAIN,
	TABLE_JSON,
	TABLE_PAIRS,
	TABLE_RAW,
};

DEFINE_CLEANUP(struct libscols_table, scols_unref_table)

/* A libsmartcols table; name is its name in JSON. NULL where there is no memory. */
struct libscols_table *table_new(enum table_format format, bool headings, const char *name);

/* Adds a column. 0 or -ENOMEM. */
int table_add_column(struct libscols_table *table, const char *name, double width, bool left,
		     enum json_form json);

/* Sets a cell of a line and takes the text over (NULL: there was no memory for it). 0 or -ENOMEM.
 */
int table_set(struct libscols_line *line, size_t column, char *text);

/* Sets a cell to a formatted text. 0 or -ENOMEM. */
int table_setf(struct libscols_line *line, size_t column, const char *format, ...)
	__attribute__((__format__(printf, 3, 4)));

/* Prints it. 0 or a negative errno, told. */
int table_print(struct libscols_table *table);
