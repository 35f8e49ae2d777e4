/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "json-rows.h"
#include "json.h"

/* There is one thread here. Its stdio would lock for each letter all the same. */
static void put(const char *text)
{
	(void)fputs_unlocked(text, stdout);
}

static void put_name(const char *name)
{
	put("         \"");
	for (; *name; name++)
		(void)putc_unlocked(tolower((unsigned char)*name), stdout);
	put("\": ");
}

static bool needs_escape(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == '"' || *text == '\\')
			return true;
	return false;
}

/* A device may be called anything in a captured tree. */
static void put_escaped(const char *text)
{
	_cleanup_json_ json_object *string = json_object_new_string(text);

	put(string ? json_object_to_json_string_ext(string, JSON_C_TO_STRING_NOSLASHESCAPE)
		   : "null");
}

static void put_text(const char *text)
{
	if (needs_escape(text)) {
		put_escaped(text);
		return;
	}
	put("\"");
	put(text);
	put("\"");
}

static void put_value(enum json_form form, const char *text)
{
	if (!*text && form != JSON_STRING) {
		put("null");
	} else if (form == JSON_TEXT || form == JSON_STRING) {
		put_text(text);
	} else if (form == JSON_BOOLEAN) {
		put(strcmp(text, "yes") == 0 ? "true" : "false");
	} else {
		put(text);
	}
}

static void close_row(const struct json_rows *rows)
{
	if (rows->n_rows > 0)
		put("\n      }");
}

void json_rows_begin(struct json_rows *rows, const char *name)
{
	*rows = (struct json_rows){};
	put("{\n   \"");
	put(name);
	put("\": [\n");
}

void json_rows_next(struct json_rows *rows)
{
	close_row(rows);
	put(rows->n_rows++ > 0 ? ",{\n" : "      {\n");
	rows->n_cells = 0;
}

void json_rows_cell(struct json_rows *rows, const char *name, enum json_form form, const char *text)
{
	if (rows->n_cells++ > 0)
		put(",\n");
	put_name(name);
	put_value(form, text);
}

void json_rows_end(struct json_rows *rows)
{
	close_row(rows);
	put("\n   ]\n}\n");
}
