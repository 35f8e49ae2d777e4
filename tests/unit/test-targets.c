/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "targets.h"
#include "unit.h"

#define TAKES "a size or blocks"
#define NOTHING .nid = MEMBLOCK_NID_UNKNOWN

struct row {
	const char *name; /* the words */
	bool numbers_are_blocks;
	struct targets wanted;
	struct target items[3];
};

/* clang-format off */
static const struct row rows[] = {
	{ "", false, { NOTHING }, {} },
	{ "4G", false, { NOTHING, .size = GIB(4) }, {} },
	{ "4g", false, { NOTHING, .size = GIB(4) }, {} },
	{ "4GiB", false, { NOTHING, .size = GIB(4) }, {} },
	{ "512", false, { NOTHING, .size = MIB(512) }, {} },
	{ "512M", false, { NOTHING, .size = MIB(512) }, {} },
	{ "134217728B", false, { NOTHING, .size = MIB(128) }, {} },
	{ "512", true, { NOTHING, .n = 1 }, { { true, 512, 512 } } },
	{ "4G", true, { NOTHING, .size = GIB(4) }, {} },
	{ "memory32", false, { NOTHING, .n = 1 }, { { true, 32, 32 } } },
	{ "32-40", false, { NOTHING, .n = 1 }, { { true, 32, 40 } } },
	{ "32-40", true, { NOTHING, .n = 1 }, { { true, 32, 40 } } },
	{ "memory32-memory40", false, { NOTHING, .n = 1 }, { { true, 32, 40 } } },
	{ "0x40000000-0x47ffffff", false, { NOTHING, .n = 1 }, { { false, 0x40000000, 0x47ffffff } } },
	{ "0x0-0x0", false, { NOTHING, .n = 1 }, { { false, 0, 0 } } },
	{ "0xABC-0xdef", true, { NOTHING, .n = 1 }, { { false, 0xabc, 0xdef } } },
	{ "node:1", false, { .nid = 1 }, {} },
	{ "node:0", true, { .nid = 0 }, {} },
	{ "device:PNP0C80:00", false, { NOTHING, .device = "PNP0C80:00" }, {} },
	{ "device:memory32", false, { NOTHING, .device = "memory32" }, {} },
	{ "1G node:1 device:dax0.0 8-9 memory12 0x0-0xff", false,
	  { .nid = 1, .size = GIB(1), .device = "dax0.0", .n = 3 },
	  { { true, 8, 9 }, { true, 12, 12 }, { false, 0, 0xff } } },
};

static const struct bad_row {
	const char *name; /* the words */
	bool numbers_are_blocks;
	const char *error;
} bad_rows[] = {
	{ "nonsense", false, "\"nonsense\" names no memory: that is " TAKES },
	{ "+4G", false, "\"+4G\" names no memory: that is " TAKES },
	{ "Memory32", true, "\"Memory32\" names no memory: that is " TAKES },
	{ "0", false, "\"0\" is no size of memory" },
	{ "0G", false, "\"0G\" is no size of memory" },
	{ "4X", false, "\"4X\" is no size of memory" },
	{ "4GB", false, "\"4GB\" is no size of memory" },
	{ "1.5G", false, "\"1.5G\" is no size of memory" },
	{ "99999999999999999999", false, "\"99999999999999999999\" is more than there can be" },
	{ "16E", false, "\"16E\" is more than there can be" },
	{ "4G 2G", false, "\"2G\" is a second size; there can be one" },
	{ "4G node:0 128", false, "\"128\" is a second size; there can be one" },
	{ "memory", false, "\"memory\" names no memory blocks" },
	{ "memoryx", false, "\"memoryx\" names no memory blocks" },
	{ "40-32", false, "\"40-32\" names no memory blocks" },
	{ "-4G", false, "\"-4G\" names no memory blocks" },
	{ "32-", false, "\"32-\" names no memory blocks" },
	{ "1-2-3", false, "\"1-2-3\" names no memory blocks" },
	{ "4G-8G", false, "\"4G-8G\" names no memory blocks" },
	{ "99999999999999999999", true, "\"99999999999999999999\" names no memory blocks" },
	{ "0x40000000", false, "\"0x40000000\" is no address range: first and last address, 0x..-0x.." },
	{ "0x", false, "\"0x\" is no address range: first and last address, 0x..-0x.." },
	{ "0x0-", false, "\"0x0-\" is no address range: first and last address, 0x..-0x.." },
	{ "0x0-0x", false, "\"0x0-0x\" is no address range: first and last address, 0x..-0x.." },
	{ "0x0-1000", false, "\"0x0-1000\" is no address range: first and last address, 0x..-0x.." },
	{ "0x0-0x1g", false, "\"0x0-0x1g\" is no address range: first and last address, 0x..-0x.." },
	{ "0x-1-0x5", false, "\"0x-1-0x5\" is no address range: first and last address, 0x..-0x.." },
	{ "0x0-0x10000000000000000", false,
	  "\"0x0-0x10000000000000000\" is no address range: first and last address, 0x..-0x.." },
	{ "0x2000-0x1fff", false, "\"0x2000-0x1fff\" ends before it begins" },
	{ "0x0-0xffffffffffffffff", false, "\"0x0-0xffffffffffffffff\" ends beyond all memory" },
	{ "node:", false, "\"node:\" names no node" },
	{ "node:x", false, "\"node:x\" names no node" },
	{ "node:-1", false, "\"node:-1\" names no node" },
	{ "node:1M", false, "\"node:1M\" names no node" },
	{ "node:4294967296", false, "\"node:4294967296\" names no node" },
	{ "node:0 node:1", false, "\"node:1\" is a second node; there can be one" },
	{ "device:", false, "\"device:\" names no device" },
	{ "device:a device:b", false, "\"device:b\" is a second device; there can be one" },
};
/* clang-format on */

static int parse(const char *words, bool numbers_are_blocks, struct targets *ret, char **ret_error)
{
	static char text[256];
	char *list[8] = {}, *cursor = NULL;
	size_t n = 0;

	strcpy(text, words);
	for (char *word = strtok_r(text, " ", &cursor); word; word = strtok_r(NULL, " ", &cursor))
		list[n++] = word;
	return targets_parse(list, numbers_are_blocks, TAKES, ret, ret_error);
}

static void test_words(void **state)
{
	const struct row *row = *state;
	_cleanup_(targets_done) struct targets targets = {};
	char *error = NULL;

	assert_int_equal(parse(row->name, row->numbers_are_blocks, &targets, &error), 0);
	assert_null(error);
	assert_int_equal(targets.size, row->wanted.size);
	assert_int_equal(targets.nid, row->wanted.nid);
	assert_int_equal(targets.n, row->wanted.n);
	for (size_t i = 0; i < targets.n; i++) {
		assert_int_equal(targets.items[i].blocks, row->items[i].blocks);
		assert_int_equal(targets.items[i].first, row->items[i].first);
		assert_int_equal(targets.items[i].last, row->items[i].last);
	}
	if (row->wanted.device)
		assert_string_equal(targets.device, row->wanted.device);
	else
		assert_null(targets.device);
}

static void test_bad_words(void **state)
{
	const struct bad_row *row = *state;
	_cleanup_free_ char *error = NULL;
	struct targets targets = { .nid = 4711 };

	assert_int_equal(parse(row->name, row->numbers_are_blocks, &targets, &error), -EINVAL);
	assert_string_equal(error, row->error);
	assert_int_equal(targets.nid, 4711);
}

/* strtok_r() passes over it. */
static void test_empty_word(void **state)
{
	_cleanup_free_ char *error = NULL;
	struct targets targets;
	char empty[] = "", *words[] = { empty, NULL };

	(void)state;
	assert_int_equal(targets_parse(words, true, TAKES, &targets, &error), -EINVAL);
	assert_non_null(strstr(error, "\"\" names no memory"));
}

struct range_row {
	const char *name; /* the words */
	int result;
	struct memblock_range range;
};

static const struct range_row range_rows[] = {
	{ "memory8", 0, { MIB(1024), MIB(1152) } },
	{ "8-9", 0, { MIB(1024), MIB(1280) } },
	{ "0x1000-0x1fff", 0, { 0x1000, 0x2000 } },
	{ "0x0-0xfffffffffffffffe", 0, { 0, UINT64_MAX } },
	{ "memory137438953470", 0, { UINT64_MAX - MIB(256) + 1, UINT64_MAX - MIB(128) + 1 } },
	{ "memory137438953471", -ENXIO, {} },
	{ "0-137438953472", -ENXIO, {} },
	{ "memory18446744073709551615", -ENXIO, {} },
};

static void test_ranges(void **state)
{
	const struct range_row *row = *state;
	_cleanup_(targets_done) struct targets targets = {};
	_cleanup_free_ struct memblock_range *ranges = NULL;
	_cleanup_free_ char *error = NULL;

	assert_int_equal(parse(row->name, false, &targets, &error), 0);
	assert_int_equal(targets_ranges(&targets, MIB(128), &ranges, &error), row->result);
	if (row->result < 0) {
		assert_null(ranges);
		assert_non_null(strstr(error, "There is no memory block "));
		return;
	}
	assert_int_equal(ranges[0].start, row->range.start);
	assert_int_equal(ranges[0].end, row->range.end);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_empty_word) };

	return RUN_ROWS(rows, test_words) + RUN_ROWS(bad_rows, test_bad_words) +
	       RUN_ROWS(range_rows, test_ranges) + RUN_TESTS(tests);
}
