/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rivals.h"
#include "unit.h"

#define _cleanup_rivals_ _cleanup_(rivals_done)

static void test_changes_of_others(void **state)
{
	_cleanup_rivals_ struct rivals rivals = {};

	(void)state;
	for (int i = 1; i < RIVALS_CHANGES; i++) {
		assert_false(rivals_note(&rivals, 8, 10));
		assert_false(rivals_note(&rivals, 9, 10));
	}
	assert_false(rivals_fight_over(&rivals, 8));
	assert_true(rivals_note(&rivals, 8, 20));
	assert_true(rivals_fight_over(&rivals, 8));
	assert_false(rivals_fight_over(&rivals, 9));
	/* Once, and for good. */
	assert_false(rivals_note(&rivals, 8, 30));
	assert_false(rivals_note(&rivals, 8, 30 + 2 * RIVALS_USEC));
	assert_true(rivals_fight_over(&rivals, 8));
}

static void test_changes_of_ours(void **state)
{
	_cleanup_rivals_ struct rivals rivals = {};

	(void)state;
	for (int i = 0; i < 3 * RIVALS_CHANGES; i++) {
		rivals_expect(&rivals, 8, 10);
		assert_false(rivals_note(&rivals, 8, 10));
	}
	/* Two who undo each other, one of them on our behalf. */
	for (int i = 1; i <= RIVALS_CHANGES; i++) {
		rivals_expect(&rivals, 8, 10);
		assert_false(rivals_note(&rivals, 8, 10));
		assert_int_equal(rivals_note(&rivals, 8, 10), i == RIVALS_CHANGES);
	}
}

static void test_long_ago(void **state)
{
	_cleanup_rivals_ struct rivals rivals = {};

	(void)state;
	for (uint64_t i = 0; i < 5 * RIVALS_CHANGES; i++)
		assert_false(rivals_note(&rivals, 8, i * RIVALS_USEC / 3));
}

static void test_too_many(void **state)
{
	_cleanup_rivals_ struct rivals rivals = {};

	(void)state;
	for (int i = 0; i < RIVALS_CHANGES; i++)
		rivals_note(&rivals, 7, 0);
	for (uint64_t i = 0; i < 2 * RIVALS_MAX; i++)
		rivals_note(&rivals, 2 * RIVALS_MAX - i, 0);
	assert_int_equal(rivals.n, RIVALS_MAX);
	rivals_note(&rivals, 1, RIVALS_USEC);
	assert_int_equal(rivals.n, 2);
	assert_true(rivals_fight_over(&rivals, 7));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes_of_others),
		cmocka_unit_test(test_changes_of_ours),
		cmocka_unit_test(test_long_ago),
		cmocka_unit_test(test_too_many),
	};

	return RUN_TESTS(tests);
}
