/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "parse.h"
#include "unit.h"

#define UNTOUCHED 4711

struct number_row {
	const char *name, *text;
	unsigned base;
	int result;
	uint64_t value;
};

static const struct number_row number_rows[] = {
	{ "zero", "0", 10, 0, 0 },
	{ "decimal", "1234567890", 10, 0, 1234567890 },
	{ "leading zeros", "007", 10, 0, 7 },
	{ "largest", "18446744073709551615", 10, 0, UINT64_MAX },
	{ "one too large", "18446744073709551616", 10, -ERANGE, 0 },
	{ "far too large", "99999999999999999999999999", 10, -ERANGE, 0 },
	{ "empty", "", 10, -EINVAL, 0 },
	{ "minus", "-1", 10, -EINVAL, 0 },
	{ "plus", "+1", 10, -EINVAL, 0 },
	{ "space before", " 1", 10, -EINVAL, 0 },
	{ "space behind", "1 ", 10, -EINVAL, 0 },
	{ "line feed behind", "1\n", 10, -EINVAL, 0 },
	{ "letter behind", "1a", 10, -EINVAL, 0 },
	{ "hex", "8000000", 16, 0, 0x8000000 },
	{ "hex in both cases", "aBcDeF", 16, 0, 0xabcdef },
	{ "largest hex", "ffffffffffffffff", 16, 0, UINT64_MAX },
	{ "hex too large", "10000000000000000", 16, -ERANGE, 0 },
	{ "0x is not a digit", "0x10", 16, -EINVAL, 0 },
	{ "g is not hex", "g", 16, -EINVAL, 0 },
	{ "behind F", "G", 16, -EINVAL, 0 },
	{ "before 0", "/", 16, -EINVAL, 0 },
	{ "behind 9", ":", 16, -EINVAL, 0 },
	{ "UTF-8", "\xc3\xa9", 16, -EINVAL, 0 },
};

static void test_number(void **state)
{
	const struct number_row *row = *state;
	uint64_t value = UNTOUCHED;

	assert_int_equal(parse_u64(row->text, row->base, &value), row->result);
	assert_int_equal(value, row->result == 0 ? row->value : UNTOUCHED);
}

struct prefixed_row {
	const char *name, *text;
	int result;
	uint64_t value;
};

static const struct prefixed_row prefixed_rows[] = {
	{ "0x", "0x40000000", 0, 0x40000000 },
	{ "0X", "0XFF", 0, 0xff },
	{ "none is decimal", "40", 0, 40 },
	{ "zero", "0", 0, 0 },
	{ "0x alone", "0x", -EINVAL, 0 },
	{ "0x twice", "0x0x1", -EINVAL, 0 },
	{ "hex without 0x", "ff", -EINVAL, 0 },
	{ "empty", "", -EINVAL, 0 },
	{ "too large", "0x1ffffffffffffffff", -ERANGE, 0 },
};

static void test_prefixed(void **state)
{
	const struct prefixed_row *row = *state;
	uint64_t value = UNTOUCHED;

	assert_int_equal(parse_u64_0x(row->text, &value), row->result);
	assert_int_equal(value, row->result == 0 ? row->value : UNTOUCHED);
}

static const struct prefixed_row suffix_rows[] = {
	{ "a block", "memory12", 0, 12 },
	{ "memory0", "memory0", 0, 0 },
	{ "largest", "memory18446744073709551615", 0, UINT64_MAX },
	{ "too large", "memory18446744073709551616", -ERANGE, 0 },
	{ "prefix alone", "memory", -EINVAL, 0 },
	{ "shorter than the prefix", "mem", -EINVAL, 0 },
	{ "memory_failure", "memory_failure", -EINVAL, 0 },
	{ "memory_side_cache", "memory_side_cache", -EINVAL, 0 },
	{ "something else", "power", -EINVAL, 0 },
	{ "leading zero", "memory012", -EINVAL, 0 },
	{ "two zeros", "memory00", -EINVAL, 0 },
	{ "junk behind", "memory12.bak", -EINVAL, 0 },
	{ "sign", "memory-1", -EINVAL, 0 },
	{ "hex", "memory0x8", -EINVAL, 0 },
};

static void test_suffix(void **state)
{
	const struct prefixed_row *row = *state;
	uint64_t value = UNTOUCHED;

	assert_int_equal(parse_suffix(row->text, "memory", &value), row->result);
	assert_int_equal(value, row->result == 0 ? row->value : UNTOUCHED);
}

static void test_cursor(void **state)
{
	const char *text = "123-45", *cursor = text;
	uint64_t value = 0;

	(void)state;
	assert_int_equal(parse_u64_at(&cursor, 10, &value), 0);
	assert_int_equal(value, 123);
	assert_ptr_equal(cursor, text + 3);
	assert_int_equal(parse_u64_at(&cursor, 10, &value), -EINVAL);
	assert_ptr_equal(cursor, text + 3);
	assert_int_equal(value, 123);
}

static void test_power_of_two(void **state)
{
	(void)state;
	assert_false(is_power_of_two(0));
	assert_true(is_power_of_two(1));
	assert_false(is_power_of_two(3));
	assert_true(is_power_of_two(MIB(128)));
	assert_false(is_power_of_two(MIB(128) + 1));
	assert_true(is_power_of_two(UINT64_C(1) << 63));
	assert_false(is_power_of_two(UINT64_MAX));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cursor),
		cmocka_unit_test(test_power_of_two),
	};

	return RUN_ROWS(number_rows, test_number) + RUN_ROWS(prefixed_rows, test_prefixed) +
	       RUN_ROWS(suffix_rows, test_suffix) + RUN_TESTS(tests);
}
