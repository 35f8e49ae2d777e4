/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "failure.h"
#include "libmemblock.h"
#include "unit.h"

struct row {
	const char *name;
	int error;
	const char *word;
	const char *text;
};

static const struct row rows[] = {
	{ "EBUSY", -EBUSY, "Busy", "Device or resource busy" },
	{ "EINVAL", -EINVAL, "Refused", "Invalid argument" },
	{ "ETIMEDOUT", -ETIMEDOUT, "TimedOut", "Not done within the time limit" },
	{ "EHWPOISON", -EHWPOISON, "Poisoned",
	  "It holds poisoned pages: once offline, it would stay so" },
	{ "any other", -EIO, "Failed", "Input/output error" },
};

static void test_failure(void **state)
{
	const struct row *row = *state;

	assert_string_equal(failure_name(row->error), row->word);
	assert_string_equal(failure_text(row->error), row->text);
}

/* Which block it was, of a plan of one. */
static void test_describe(void **state)
{
	const struct memblock_step step = { .index = 7, .state = MEMBLOCK_STATE_ONLINE };
	struct memblock_transition *transition = NULL;
	struct memblock_plan *plan = NULL;
	_cleanup_free_ char *text = NULL;

	(void)state;
	assert_int_equal(memblock_plan_new_of_steps(&step, 1, 1, false, &plan), 0);
	assert_int_equal(memblock_transition_new(plan, &transition), 0);
	assert_true(memblock_transition_found(transition, 0, MEMBLOCK_STATE_ONLINE,
					      MEMBLOCK_ZONE_MOVABLE));
	memblock_transition_report(transition, -EHWPOISON, MEMBLOCK_STATE_ONLINE,
				   MEMBLOCK_ZONE_MOVABLE);
	assert_int_equal(memblock_transition_ending(transition), MEMBLOCK_ENDING_FAILED);
	assert_int_equal(failure_describe(transition, &text), 0);
	assert_string_equal(text,
			    "memory7: It holds poisoned pages: once offline, it would stay so");
	memblock_transition_free(transition);
	memblock_plan_free(plan);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_describe) };

	return RUN_ROWS(rows, test_failure) + RUN_TESTS(tests);
}
