/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "block-set.h"
#include "unit.h"

#define _cleanup_set_ _cleanup_(block_set_done)

static void assert_text(const struct block_set *set, const char *text)
{
	_cleanup_free_ char *found = block_set_to_text(set);

	assert_non_null(found);
	assert_string_equal(found, text);
}

static void test_members(void **state)
{
	static const uint64_t added[] = { 5, 3, UINT64_MAX, 4, 0, 9 };
	_cleanup_set_ struct block_set set = {};

	(void)state;
	assert_text(&set, "");
	assert_false(block_set_has(&set, 0));
	assert_false(block_set_remove(&set, 0));
	for (size_t i = 0; i < ARRAY_SIZE(added); i++) {
		assert_int_equal(block_set_add(&set, added[i]), 1);
		assert_int_equal(block_set_add(&set, added[i]), 0);
	}
	assert_text(&set, "0-0\n3-5\n9-9\n18446744073709551615-18446744073709551615\n");
	assert_true(block_set_has(&set, 4));
	assert_true(block_set_remove(&set, 4));
	assert_false(block_set_has(&set, 4));
	assert_true(block_set_remove(&set, UINT64_MAX));
	assert_text(&set, "0-0\n3-3\n5-5\n9-9\n");
}

struct row {
	const char *text;
	int result;
	size_t n;
};

static const struct row rows[] = {
	{ "", 0, 0 },
	{ "0-0\n", 0, 1 },
	{ "0-31\n40-47\n", 0, 40 },
	{ "7\n", 0, 1 },
	{ "18446744073709551615-18446744073709551615\n", 0, 1 },
	/* Torn: nobody knows what the number was to be. */
	{ "0-31\n40", -EBADMSG, 0 },
	{ "0-31\n4", -EBADMSG, 0 },
	{ "0-31\n40-", -EBADMSG, 0 },
	{ "x\n", -EBADMSG, 0 },
	{ "\n", -EBADMSG, 0 },
	{ "0-3\n\n5-6\n", -EBADMSG, 0 },
	{ "3-0\n", -EBADMSG, 0 },
	{ "4-5\n0-1\n", -EBADMSG, 0 },
	{ "0-5\n5-9\n", -EBADMSG, 0 },
	{ "0-18446744073709551615\n", -EBADMSG, 0 },
	{ "0-16777216\n", -EBADMSG, 0 },
	{ "-1\n", -EBADMSG, 0 },
	{ "18446744073709551616\n", -EBADMSG, 0 },
};

static void test_text(void **state)
{
	const struct row *row = *state;
	_cleanup_set_ struct block_set set = {};
	_cleanup_free_ char *text = strdup(row->text);

	assert_non_null(text);
	assert_int_equal(block_set_from_text(text, &set), row->result);
	assert_int_equal(set.n, row->n);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_members) };

	return RUN_ROWS(rows, test_text) + RUN_TESTS(tests);
}
