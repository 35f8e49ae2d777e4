/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "columns.h"

/*
 * A table in JSON on standard output, to the letter as libsmartcols prints it, but row by row: of
 * the blocks of a large machine that would keep a million cells first.
 */
struct json_rows {
	size_t n_rows;
	size_t n_cells; /* of the row that is open */
};

void json_rows_begin(struct json_rows *rows, const char *name);
void json_rows_next(struct json_rows *rows);
/* A cell of the row, under the name of its column in small letters. */
void json_rows_cell(struct json_rows *rows, const char *name, enum json_form form,
		    const char *text);
void json_rows_end(struct json_rows *rows);
