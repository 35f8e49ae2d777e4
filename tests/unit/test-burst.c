/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "burst.h"
#include "unit.h"

#define _cleanup_burst_ _cleanup_(burst_done)

#define COMES 1000000

static void note_all(struct burst *burst, const char *action, uint64_t first, uint64_t last)
{
	for (uint64_t i = first; i <= last; i++)
		burst_note(burst, action, i);
}

static void test_what_is_read(void **state)
{
	_cleanup_burst_ struct burst burst = {};

	(void)state;
	burst_note(&burst, "online", 9);
	burst_note(&burst, "offline", 8);
	burst_note(&burst, "online", 9);
	assert_false(burst.everything);
	assert_int_equal(burst.blocks.n, 2);
	assert_int_equal(burst.blocks.items[0], 8);
	burst_was_read(&burst);
	assert_int_equal(burst.blocks.n, 0);

	burst_note(&burst, "remove", 9);
	assert_true(burst.everything);
	burst_was_read(&burst);
	burst_note(&burst, "add", 9);
	assert_true(burst.everything);
}

static void test_a_device_that_is_whole(void **state)
{
	_cleanup_burst_ struct burst burst = { .last_usec = COMES };

	(void)state;
	note_all(&burst, "add", 16, 19);
	assert_int_equal(burst_quiet_at(&burst), COMES + BURST_QUIET_USEC);
	note_all(&burst, "online", 16, 18);
	assert_int_equal(burst_quiet_at(&burst), COMES + BURST_QUIET_USEC);
	burst_note(&burst, "online", 19);
	assert_true(burst_is_whole(&burst));
	assert_int_equal(burst_quiet_at(&burst), COMES + BURST_WHOLE_USEC);
	/* What is read in between leaves it whole: a job may have to end yet. */
	burst_was_read(&burst);
	assert_true(burst_is_whole(&burst));
	burst_settled(&burst);
	assert_false(burst_is_whole(&burst));
}

static void test_blocks_that_are_left_offline(void **state)
{
	_cleanup_burst_ struct burst burst = { .last_usec = COMES };

	(void)state;
	note_all(&burst, "add", 16, 19);
	note_all(&burst, "online", 16, 17);
	burst_settled(&burst);
	/* Those are none of the next burst's. */
	note_all(&burst, "add", 32, 33);
	note_all(&burst, "online", 32, 33);
	assert_true(burst_is_whole(&burst));
}

static void test_blocks_that_are_gone(void **state)
{
	_cleanup_burst_ struct burst burst = {};

	(void)state;
	note_all(&burst, "add", 16, 19);
	note_all(&burst, "online", 16, 18);
	burst_note(&burst, "remove", 19);
	assert_true(burst_is_whole(&burst));
}

static void test_memory_that_comes_block_by_block(void **state)
{
	_cleanup_burst_ struct burst burst = {};

	(void)state;
	for (uint64_t i = 16; i < 24; i++) {
		burst_note(&burst, "add", i);
		burst_note(&burst, "online", i);
		assert_false(burst_is_whole(&burst));
	}
}

static void test_what_a_refresh_costs(void **state)
{
	const uint64_t scan = 3 * BURST_PATIENCE_USEC, blocks = 5;
	_cleanup_burst_ struct burst burst = { .last_usec = COMES,
					       .told_usec = COMES,
					       .cost_usec = { blocks, scan } };

	(void)state;
	/* Nothing was read for long. */
	assert_int_equal(burst_quiet_at(&burst), COMES + BURST_QUIET_USEC);
	burst.everything = true;
	burst.read_usec = COMES;
	assert_int_equal(burst_quiet_at(&burst), COMES + scan);
	assert_int_equal(burst_patient_until(&burst), COMES + BURST_PATIENCE_TIMES * scan);
	/* Single blocks are cheap. */
	burst.everything = false;
	assert_int_equal(burst_quiet_at(&burst), COMES + BURST_QUIET_USEC);
	assert_int_equal(burst_patient_until(&burst), COMES + BURST_PATIENCE_USEC);
}

static void test_who_waits(void **state)
{
	_cleanup_burst_ struct burst burst = { .last_usec = COMES, .wait_usec = 2 * COMES };

	(void)state;
	assert_int_equal(burst_quiet_at(&burst), 2 * COMES);
	burst.wait_usec = COMES;
	assert_int_equal(burst_quiet_at(&burst), COMES + BURST_QUIET_USEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_read),
		cmocka_unit_test(test_a_device_that_is_whole),
		cmocka_unit_test(test_blocks_that_are_left_offline),
		cmocka_unit_test(test_blocks_that_are_gone),
		cmocka_unit_test(test_memory_that_comes_block_by_block),
		cmocka_unit_test(test_what_a_refresh_costs),
		cmocka_unit_test(test_who_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
