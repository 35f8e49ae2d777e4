/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "range.h"

static int parse_index(const char *text, const char **ret_end, uint64_t *ret)
{
	char *end;

	if (strncmp(text, "memory", strlen("memory")) == 0)
		text += strlen("memory");
	if (*text < '0' || *text > '9')
		return -EINVAL;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	*ret_end = end;
	return errno ? -EINVAL : 0;
}

int block_range_parse(const char *text, uint64_t *ret_first, uint64_t *ret_last)
{
	uint64_t first, last;
	const char *end;

	if (parse_index(text, &end, &first) < 0)
		return -EINVAL;
	last = first;
	if (*end == '-' && parse_index(end + 1, &end, &last) < 0)
		return -EINVAL;
	if (*end || last < first)
		return -EINVAL;

	*ret_first = first;
	*ret_last = last;
	return 0;
}

/* 0x and hexadecimal digits up to the end mark. */
static int parse_address(const char *text, char end, const char **ret_end, uint64_t *ret)
{
	char *behind;

	if (strncmp(text, "0x", 2) != 0 || !strchr("0123456789abcdefABCDEF", text[2]) || !text[2])
		return -EINVAL;
	errno = 0;
	*ret = strtoull(text, &behind, 16);
	*ret_end = behind;
	return errno || *behind != end ? -EINVAL : 0;
}

int address_range_parse(const char *text, uint64_t *ret_first, uint64_t *ret_last)
{
	uint64_t first, last;
	const char *end;

	if (parse_address(text, '-', &end, &first) < 0 ||
	    parse_address(end + 1, '\0', &end, &last) < 0)
		return -EINVAL;
	*ret_first = first;
	*ret_last = last;
	return 0;
}
