/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "json.h"
#include "log.h"

void json_add(json_object *object, const char *key, json_object *value, int *r)
{
	if (*r < 0 || !object || !value || json_object_object_add(object, key, value) < 0) {
		json_object_put(value);
		*r = -ENOMEM;
	}
}

void json_add_text(json_object *object, const char *key, const char *text, int *r)
{
	if (text && *text)
		json_add(object, key, json_object_new_string(text), r);
	else if (*r >= 0 && json_object_object_add(object, key, NULL) < 0)
		*r = -ENOMEM;
}

void json_add_number(json_object *object, const char *key, uint64_t number, int *r)
{
	json_add(object, key, json_object_new_uint64(number), r);
}

void json_add_int(json_object *object, const char *key, int number, int *r)
{
	json_add(object, key, json_object_new_int(number), r);
}

void json_add_answer(json_object *object, const char *key, enum memblock_answer answer, int *r)
{
	if (answer == MEMBLOCK_ANSWER_UNKNOWN)
		json_add_text(object, key, NULL, r);
	else
		json_add(object, key, json_object_new_boolean(answer == MEMBLOCK_ANSWER_YES), r);
}

void json_append(json_object *array, json_object *value, int *r)
{
	if (*r < 0 || !array || !value || json_object_array_add(array, value) < 0) {
		json_object_put(value);
		*r = -ENOMEM;
	}
}

int json_print(json_object *object)
{
	const char *text = json_object_to_json_string_ext(
		object,
		JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);

	if (!text)
		return log_oom();
	puts(text); /* see main.c:close_output() */
	return 0;
}
