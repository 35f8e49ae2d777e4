/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timespan.h"
#include "unit.h"

struct row {
	const char *text;
	uint64_t usec;
	int result;
};

static const struct row rows[] = {
	{ "60", 60 * USEC_PER_SEC, 0 },
	{ "90s", 90 * USEC_PER_SEC, 0 },
	{ "90 s", 0, -EINVAL },
	{ "90sec", 90 * USEC_PER_SEC, 0 },
	{ "5min", 300 * USEC_PER_SEC, 0 },
	{ "2h", 7200 * USEC_PER_SEC, 0 },
	{ "500ms", 500000, 0 },
	{ "7us", 7, 0 },
	{ "1min 30s", 90 * USEC_PER_SEC, 0 },
	{ "1min30", 90 * USEC_PER_SEC, 0 },
	{ "1s ", USEC_PER_SEC, 0 },
	{ "0", 0, 0 },
	{ "9223372036854775807us", INT64_MAX, 0 },
	{ "9223372036854775808us", 0, -ERANGE },
	{ "9223372036854775807us 1us", 0, -ERANGE },
	{ "18446744073709551615us 1us", 0, -ERANGE },
	{ "18446744073709551616us", 0, -ERANGE },
	{ "18446744073709551615", 0, -ERANGE },
	{ "", 0, -EINVAL },
	{ " 1", 0, -EINVAL },
	{ "-1", 0, -EINVAL },
	{ "+1", 0, -EINVAL },
	{ "1.5s", 0, -EINVAL },
	{ "s", 0, -EINVAL },
	{ "1m", 0, -EINVAL },
	{ "1S", 0, -EINVAL },
	{ "1sx", 0, -EINVAL },
	{ "1s,2s", 0, -EINVAL },
	{ "infinity", 0, -EINVAL },
};

static void test_timespan(void **state)
{
	const struct row *row = *state;
	uint64_t usec = 0;

	assert_int_equal(timespan_parse(row->text, &usec), row->result);
	assert_int_equal(usec, row->usec);
}

int main(void)
{
	return RUN_ROWS(rows, test_timespan);
}
