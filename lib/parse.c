/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "parse.h"

static int digit_value(char c, unsigned base)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (base == 16 && c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (base == 16 && c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int parse_u64_at(const char **cursor, unsigned base, uint64_t *ret)
{
	const char *p = *cursor;
	uint64_t value = 0;
	int digit;

	if (digit_value(*p, base) < 0)
		return -EINVAL;

	for (; (digit = digit_value(*p, base)) >= 0; p++)
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit, &value))
			return -ERANGE;

	*cursor = p;
	*ret = value;
	return 0;
}

int parse_u64(const char *text, unsigned base, uint64_t *ret)
{
	uint64_t value;
	int r;

	r = parse_u64_at(&text, base, &value);
	if (r < 0)
		return r;
	if (*text)
		return -EINVAL;

	*ret = value;
	return 0;
}

int parse_u64_0x(const char *text, uint64_t *ret)
{
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
		return parse_u64(text + 2, 16, ret);
	return parse_u64(text, 10, ret);
}

int parse_suffix(const char *name, const char *prefix, uint64_t *ret)
{
	size_t length = strlen(prefix);

	if (strncmp(name, prefix, length) != 0)
		return -EINVAL;
	if (name[length] == '0' && name[length + 1])
		return -EINVAL;
	return parse_u64(name + length, 10, ret);
}
