/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "timespan.h"

/* How many microseconds the unit at the cursor has; moves the cursor behind it. 0 for none. */
static uint64_t unit_at(const char **cursor)
{
	static const struct {
		const char *word;
		uint64_t usec;
	} units[] = {
		{ "", USEC_PER_SEC },
		{ "us", 1 },
		{ "ms", 1000 },
		{ "s", USEC_PER_SEC },
		{ "sec", USEC_PER_SEC },
		{ "min", 60 * USEC_PER_SEC },
		{ "h", 3600 * USEC_PER_SEC },
	};
	size_t length = 0;

	while (isalpha((unsigned char)(*cursor)[length]))
		length++;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strlen(units[i].word) == length &&
		    strncmp(*cursor, units[i].word, length) == 0) {
			*cursor += length;
			return units[i].usec;
		}
	return 0;
}

static int term_at(const char **cursor, uint64_t *ret_usec)
{
	uint64_t number, unit, usec;
	char *end;

	if (!isdigit((unsigned char)**cursor))
		return -EINVAL;
	errno = 0;
	number = strtoull(*cursor, &end, 10);
	if (errno)
		return -ERANGE;
	*cursor = end;
	unit = unit_at(cursor);
	if (unit == 0)
		return -EINVAL;
	if (__builtin_mul_overflow(number, unit, &usec))
		return -ERANGE;

	*ret_usec = usec;
	return 0;
}

int timespan_parse(const char *text, uint64_t *ret_usec)
{
	uint64_t sum = 0, usec;
	int r;

	do {
		r = term_at(&text, &usec);
		if (r < 0)
			return r;
		if (__builtin_add_overflow(sum, usec, &sum) || sum > INT64_MAX)
			return -ERANGE;
		text += strspn(text, " ");
	} while (*text);

	*ret_usec = sum;
	return 0;
}
