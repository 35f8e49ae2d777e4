/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "size.h"

static const char units[] = "BKMGTPE";

char *size_to_text(uint64_t bytes, char text[SIZE_TEXT_MAX])
{
	unsigned unit = 0;
	uint64_t whole = bytes, rest = 0, tenths;

	while (unit < sizeof(units) - 2 && whole >= 1024) {
		unit++;
		whole = bytes >> (10 * unit);
	}
	if (unit > 0)
		rest = bytes & ((UINT64_C(1) << (10 * unit)) - 1);

	/* Cut to thousandths, then rounded, which is how lsmem comes to its digit. */
	if (unit > 0) {
		rest = rest >= UINT64_MAX / 1000 ? rest / 1024 * 1000 >> (10 * unit - 10)
						 : rest * 1000 >> (10 * unit);
	}
	tenths = (rest + 50) / 100;
	if (tenths == 10) {
		whole++;
		tenths = 0;
	}

	if (tenths > 0)
		snprintf(text, SIZE_TEXT_MAX, "%" PRIu64 ".%" PRIu64 "%c", whole, tenths,
			 units[unit]);
	else
		snprintf(text, SIZE_TEXT_MAX, "%" PRIu64 "%c", whole, units[unit]);
	return text;
}

static int parse_unit(const char *text, uint64_t *ret)
{
	const char *unit = strchr(units, toupper((unsigned char)*text));

	if (!unit || (text[1] && (unit == units || strcmp(text + 1, "iB") != 0)))
		return -EINVAL;

	*ret = UINT64_C(1) << (10 * (unit - units));
	return 0;
}

int size_parse(const char *text, uint64_t unit, uint64_t *ret)
{
	uint64_t number, bytes;
	char *end;

	/* strtoull would take a sign, and spaces. */
	if (!isdigit((unsigned char)*text))
		return -EINVAL;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno)
		return -ERANGE;
	if (*end && parse_unit(end, &unit) < 0)
		return -EINVAL;
	if (__builtin_mul_overflow(number, unit, &bytes))
		return -ERANGE;

	*ret = bytes;
	return 0;
}

char *range_to_text(uint64_t start, uint64_t end, char text[RANGE_TEXT_MAX])
{
	snprintf(text, RANGE_TEXT_MAX, "0x%016" PRIx64 "-0x%016" PRIx64, start, end - 1);
	return text;
}
