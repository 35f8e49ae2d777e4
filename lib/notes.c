/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>

#include "array.h"
#include "libmemblock.h"
#include "notes.h"

void notes_done(struct notes *notes)
{
	memblock_strv_free(notes->items);
	*notes = (struct notes){};
}

int notes_add(struct notes *notes, const char *format, ...)
{
	va_list ap;
	int r;

	if (!notes)
		return 0;

	r = ARRAY_GROW(notes->items, notes->capacity, notes->n + 1);
	if (r < 0)
		return r;

	va_start(ap, format);
	r = vasprintf(&notes->items[notes->n], format, ap);
	va_end(ap);
	if (r < 0) {
		notes->items[notes->n] = NULL;
		return -ENOMEM;
	}

	notes->items[++notes->n] = NULL;
	return 0;
}

void memblock_strv_free(char **strv)
{
	if (!strv)
		return;
	for (char **s = strv; *s; s++)
		free(*s);
	free(strv);
}
