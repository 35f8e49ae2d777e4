/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "size.h"
#include "unit.h"

/* What lsmem of util-linux 2.38 prints for the same size. */
struct row {
	const char *name;
	uint64_t bytes;
};

#define TIB(n) ((uint64_t)(n) << 40)
#define PIB(n) ((uint64_t)(n) << 50)
#define EIB(n) ((uint64_t)(n) << 60)

static const struct row rows[] = {
	{ "0B", 0 },
	{ "1B", 1 },
	{ "1023B", 1023 },
	{ "1K", 1024 },
	{ "1.5K", 1536 },
	{ "2M", MIB(2) },
	{ "128M", MIB(128) },
	{ "1023M", MIB(1023) },
	{ "1G", GIB(1) },
	{ "1.1G", MIB(1088) },
	{ "1.9G", GIB(2) - MIB(128) },
	{ "2G", GIB(2) - MIB(8) },
	{ "1.3G", GIB(1) + MIB(256) },
	{ "1G", GIB(1) + MIB(51) },
	{ "1.1G", GIB(1) + MIB(52) },
	{ "24T", TIB(24) },
	{ "1.1T", TIB(1) + 410 * MIB(128) },
	{ "1T", TIB(1) + 409 * MIB(128) },
	{ "1.5T", TIB(1) + GIB(512) },
	{ "3.6T", TIB(3) + 4506 * MIB(128) },
	{ "1.1P", PIB(1) + GIB(52480) },
	{ "1E", EIB(1) },
	{ "1.5E", EIB(1) + PIB(512) },
	{ "16E", UINT64_MAX },
};

static void test_size(void **state)
{
	const struct row *row = *state;
	char text[SIZE_TEXT_MAX];

	assert_ptr_equal(size_to_text(row->bytes, text), text);
	assert_string_equal(text, row->name);
}

struct parse_row {
	const char *text;
	uint64_t bytes;
	int result;
};

static const struct parse_row parse_rows[] = {
	{ "0", 0, 0 },
	{ "4", MIB(4), 0 },
	{ "4B", 4, 0 },
	{ "4K", 4096, 0 },
	{ "4k", 4096, 0 },
	{ "4M", MIB(4), 0 },
	{ "4MiB", MIB(4), 0 },
	{ "4g", GIB(4), 0 },
	{ "4T", TIB(4), 0 },
	{ "4P", PIB(4), 0 },
	{ "15E", EIB(15), 0 },
	{ "007", MIB(7), 0 },
	{ "18446744073709551615B", UINT64_MAX, 0 },
	{ "18446744073709551616B", 0, -ERANGE },
	{ "17592186044415", UINT64_MAX - MIB(1) + 1, 0 },
	{ "17592186044416", 0, -ERANGE },
	{ "16E", 0, -ERANGE },
	{ "", 0, -EINVAL },
	{ " 4", 0, -EINVAL },
	{ "4 ", 0, -EINVAL },
	{ "4 M", 0, -EINVAL },
	{ "-4", 0, -EINVAL },
	{ "+4", 0, -EINVAL },
	{ "0x10", 0, -EINVAL },
	{ "1.5G", 0, -EINVAL },
	{ "G", 0, -EINVAL },
	{ "4MB", 0, -EINVAL },
	{ "4Mib", 0, -EINVAL },
	{ "4BiB", 0, -EINVAL },
	{ "4X", 0, -EINVAL },
	{ "4MM", 0, -EINVAL },
};

static void test_parse(void **state)
{
	const struct parse_row *row = *state;
	uint64_t bytes = 0;

	assert_int_equal(size_parse(row->text, MIB(1), &bytes), row->result);
	assert_int_equal(bytes, row->bytes);
}

static void test_range(void **state)
{
	char text[RANGE_TEXT_MAX];

	(void)state;
	assert_string_equal(range_to_text(0, MIB(128), text),
			    "0x0000000000000000-0x0000000007ffffff");
	assert_string_equal(range_to_text(GIB(1), GIB(1) + MIB(128), text),
			    "0x0000000040000000-0x0000000047ffffff");
	assert_string_equal(range_to_text(UINT64_MAX - 1, UINT64_MAX, text),
			    "0xfffffffffffffffe-0xfffffffffffffffe");
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_range) };

	return RUN_ROWS(rows, test_size) + RUN_ROWS(parse_rows, test_parse) + RUN_TESTS(tests);
}
