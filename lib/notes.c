/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "libmemblock.h"
#include "notes.h"

#define NOTES_MAX 100

void notes_done(struct notes *notes)
{
	memblock_strv_free(notes->items);
	*notes = (struct notes){};
}

/* How many bytes a character of UTF-8 takes here; 0 where this is none. */
static size_t utf8_length(const unsigned char *p)
{
	size_t n = *p < 0x80                 ? 1
		   : *p >= 0xc2 && *p < 0xe0 ? 2
		   : *p >= 0xe0 && *p < 0xf0 ? 3
		   : *p >= 0xf0 && *p < 0xf5 ? 4
					     : 0;

	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, and what lies beyond Unicode. */
	if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] >= 0xa0) ||
	    (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] >= 0x90))
		return 0;
	return n;
}

/* What a file holds may come out on a terminal, in JSON or on a bus: no control characters, and
 * nothing that isn't UTF-8. */
static void make_printable(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p;) {
		size_t n = utf8_length(p);

		if (n == 0 || *p < 0x20 || *p == 0x7f) {
			*p = '?';
			n = 1;
		}
		p += n;
	}
}

/* How many more are kept. */
static size_t room(const struct notes *notes)
{
	return notes->end > 0 ? notes->end - notes->n : SIZE_MAX;
}

int notes_add(struct notes *notes, const char *format, ...)
{
	va_list ap;
	int r;

	if (!notes)
		return 0;
	if (room(notes) == 0) {
		notes->left_out++;
		return 0;
	}

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

	make_printable(notes->items[notes->n]);
	notes->items[++notes->n] = NULL;
	return 0;
}

int notes_move(struct notes *to, struct notes *from)
{
	size_t n = MIN(from->n, room(to));
	char **grown;

	if (from->n == 0)
		return 0;
	grown = reallocarray(to->items, to->n + n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;

	to->items = grown;
	to->capacity = to->n + n + 1;
	to->left_out += from->n - n;
	for (size_t i = 0; i < n; i++)
		to->items[to->n++] = from->items[i];
	to->items[to->n] = NULL;
	for (size_t i = n; i < from->n; i++)
		free(from->items[i]);
	free(from->items);
	*from = (struct notes){};
	return 0;
}

void notes_begin(struct notes *notes)
{
	notes->end = notes->n + NOTES_MAX;
	notes->left_out = 0;
}

int notes_end(struct notes *notes)
{
	notes->end = 0;
	return notes->left_out > 0 ? notes_add(notes, "... and %zu more", notes->left_out) : 0;
}

void memblock_strv_free(char **strv)
{
	if (!strv)
		return;
	for (char **s = strv; *s; s++)
		free(*s);
	free(strv);
}
