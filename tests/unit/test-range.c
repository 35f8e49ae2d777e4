/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "range.h"
#include "unit.h"

struct row {
	const char *name; /* the text */
	int result;
	uint64_t first, last;
};

static const struct row rows[] = {
	{ "8", 0, 8, 8 },
	{ "0", 0, 0, 0 },
	{ "memory8", 0, 8, 8 },
	{ "8-12", 0, 8, 12 },
	{ "8-8", 0, 8, 8 },
	{ "memory8-memory12", 0, 8, 12 },
	{ "memory8-12", 0, 8, 12 },
	{ "8-memory12", 0, 8, 12 },
	{ "18446744073709551615", 0, UINT64_MAX, UINT64_MAX },
	{ "18446744073709551616", -EINVAL, 0, 0 },
	{ "0-18446744073709551616", -EINVAL, 0, 0 },
	{ "12-8", -EINVAL, 0, 0 },
	{ "", -EINVAL, 0, 0 },
	{ "memory", -EINVAL, 0, 0 },
	{ "memoryx", -EINVAL, 0, 0 },
	{ "memorymemory8", -EINVAL, 0, 0 },
	{ "8-", -EINVAL, 0, 0 },
	{ "-8", -EINVAL, 0, 0 },
	{ "8--12", -EINVAL, 0, 0 },
	{ "8-12-16", -EINVAL, 0, 0 },
	{ "8,9", -EINVAL, 0, 0 },
	{ " 8", -EINVAL, 0, 0 },
	{ "8 ", -EINVAL, 0, 0 },
	{ "+8", -EINVAL, 0, 0 },
	{ "memory 8", -EINVAL, 0, 0 },
	{ "memory-8", -EINVAL, 0, 0 },
	{ "0x8", -EINVAL, 0, 0 },
	{ "8M", -EINVAL, 0, 0 },
	{ "Memory8", -EINVAL, 0, 0 },
	{ "\xef\xbc\x98", -EINVAL, 0, 0 },
};

static void test_range(void **state)
{
	const struct row *row = *state;
	uint64_t first = 4711, last = 4712;

	assert_int_equal(block_range_parse(row->name, &first, &last), row->result);
	assert_int_equal(first, row->result == 0 ? row->first : 4711);
	assert_int_equal(last, row->result == 0 ? row->last : 4712);
}

int main(void)
{
	return RUN_ROWS(rows, test_range);
}
