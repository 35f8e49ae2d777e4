/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-c/json.h>
#include <libmemblock.h>

#include "macros.h"

static inline void json_putp(json_object **object)
{
	json_object_put(*object);
}
#define _cleanup_json_ _cleanup_(json_putp)

/* Each adds one member and keeps the first failure in *r (0 or -ENOMEM), so that a caller builds a
 * whole object and looks once. */
void json_add(json_object *object, const char *key, json_object *value, int *r);
/* NULL and "" become null. */
void json_add_text(json_object *object, const char *key, const char *text, int *r);
void json_add_number(json_object *object, const char *key, uint64_t number, int *r);
void json_add_int(json_object *object, const char *key, int number, int *r);
/* true, false, or null where not known. */
void json_add_answer(json_object *object, const char *key, enum memblock_answer answer, int *r);
void json_append(json_object *array, json_object *value, int *r);

/* Prints it with a line feed. 0 or a negative errno, told. */
int json_print(json_object *object);
