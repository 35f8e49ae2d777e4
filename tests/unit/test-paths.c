/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bus-paths.h"
#include "unit.h"

struct row {
	const char *path;
	uint64_t number;
	int result;
};

static const struct row rows[] = {
	{ "/org/memblockd1/block/memory0", 0, 0 },
	{ "/org/memblockd1/block/memory8", 8, 0 },
	{ "/org/memblockd1/block/memory18446744073709551615", UINT64_MAX, 0 },
	{ "/org/memblockd1/block/memory18446744073709551616", 0, -ENOENT },
	{ "/org/memblockd1/block/memory", 0, -ENOENT },
	{ "/org/memblockd1/block/memory08", 0, -ENOENT },
	{ "/org/memblockd1/block/memory00", 0, -ENOENT },
	{ "/org/memblockd1/block/memory8a", 0, -ENOENT },
	{ "/org/memblockd1/block/memory8/8", 0, -ENOENT },
	{ "/org/memblockd1/block/memory_38", 0, -ENOENT },
	{ "/org/memblockd1/block/Memory8", 0, -ENOENT },
	{ "/org/memblockd1/block", 0, -ENOENT },
	{ "/org/memblockd1/node/node8", 0, -ENOENT },
	{ "", 0, -ENOENT },
};

static void test_number(void **state)
{
	const struct row *row = *state;
	uint64_t number = 0;

	assert_int_equal(path_number(row->path, BLOCK_PATH "/memory", &number), row->result);
	assert_int_equal(number, row->number);
}

static void test_written_and_read(void **state)
{
	static const uint64_t numbers[] = { 0, 1, 10, UINT32_MAX };
	char path[BUS_PATH_MAX];
	uint64_t number;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		assert_int_equal(
			path_number(block_path(numbers[i], path), BLOCK_PATH "/memory", &number),
			0);
		assert_int_equal(number, numbers[i]);
		assert_int_equal(path_number(job_object_path((unsigned)numbers[i], path),
					     JOB_PATH "/", &number),
				 0);
		assert_int_equal(number, numbers[i]);
	}
	assert_string_equal(block_path(UINT64_MAX, path),
			    "/org/memblockd1/block/memory18446744073709551615");
	assert_string_equal(node_path(1023, path), "/org/memblockd1/node/node1023");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_written_and_read) };

	return RUN_ROWS(rows, test_number) + RUN_TESTS(tests);
}
