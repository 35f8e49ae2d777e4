/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "extents.h"
#include "parse.h"
#include "unit.h"

/* Extents are written "a0-10 b2-4": an owner's letter, first address and the one behind the last;
 * holes have the letter h. */
static const char *const owners[] = { "a", "b", "c", "d", "e", "f", "g" };

static struct memblock_extent extent_of(const char **text)
{
	struct memblock_extent extent = {
		.kind = **text == 'h' ? MEMBLOCK_KIND_HOLE : MEMBLOCK_KIND_RAM,
		.zone = MEMBLOCK_ZONE_NONE,
		.nid = MEMBLOCK_NID_UNKNOWN,
		.owner = **text == 'h' ? NULL : owners[**text - 'a'],
	};

	++*text;
	assert_int_equal(parse_u64_at(text, 10, &extent.start), 0);
	assert_int_equal(*(*text)++, '-');
	assert_int_equal(parse_u64_at(text, 10, &extent.end), 0);
	*text += **text == ' ';
	return extent;
}

static void read_extents(const char *text, struct extents *ret)
{
	while (*text) {
		struct memblock_extent extent = extent_of(&text);

		assert_int_equal(extents_append(ret, &extent), 0);
	}
}

static void assert_extents(const struct extents *extents, const char *expected)
{
	char text[512] = "";

	for (size_t i = 0; i < extents->n; i++) {
		const struct memblock_extent *e = &extents->items[i];
		size_t length = strlen(text);

		assert_true(e->start < e->end);
		snprintf(text + length, sizeof(text) - length, "%s%s%" PRIu64 "-%" PRIu64,
			 i ? " " : "", e->kind == MEMBLOCK_KIND_HOLE ? "h" : e->owner, e->start,
			 e->end);
	}
	assert_string_equal(text, expected);
}

struct flatten_row {
	const char *name, *input, *expected;
};

static const struct flatten_row flatten_rows[] = {
	{ "nothing", "", "" },
	{ "one", "a5-9", "a5-9" },
	{ "empty and backwards ones are dropped", "a5-5 b9-7 c1-2", "c1-2" },
	{ "unordered", "b20-30 a0-10 c10-20", "a0-10 c10-20 b20-30" },
	{ "nested in the middle", "a0-10 b2-4", "a0-2 b2-4 a4-10" },
	{ "nested at the start", "a0-10 b0-4", "b0-4 a4-10" },
	{ "nested at the start, appended first", "b0-4 a0-10", "b0-4 a4-10" },
	{ "nested at the end", "a0-10 b4-10", "a0-4 b4-10" },
	{ "equal: the later one is seen", "a0-10 b0-10", "b0-10" },
	{ "three levels", "a0-20 b5-15 c8-10", "a0-5 b5-8 c8-10 b10-15 a15-20" },
	{ "three levels that end together", "a0-20 b5-20 c8-20", "a0-5 b5-8 c8-20" },
	{ "two children", "a0-20 b2-4 c6-8", "a0-2 b2-4 a4-6 c6-8 a8-20" },
	{ "children that touch", "a0-20 b2-4 c4-8", "a0-2 b2-4 c4-8 a8-20" },
	{ "crossing: the one that begins later is whole", "a0-10 b5-15", "a0-5 b5-15" },
	{ "crossing out of a nest", "a0-20 b5-10 c7-30", "a0-5 b5-7 c7-30" },
	{ "crossing inside a nest", "a0-30 b5-15 c10-20", "a0-5 b5-10 c10-20 a20-30" },
	{ "with gaps", "a0-2 b4-6 c8-10 d5-9", "a0-2 b4-5 d5-8 c8-10" },
	{ "up to the end of the address space", "a0-18446744073709551615 b5-18446744073709551615",
	  "a0-5 b5-18446744073709551615" },
};

static void test_flatten(void **state)
{
	const struct flatten_row *row = *state;
	_cleanup_extents_ struct extents extents = {};

	read_extents(row->input, &extents);
	assert_int_equal(extents_flatten(&extents), 0);
	assert_extents(&extents, row->expected);
	/* What is flat stays so. */
	assert_int_equal(extents_flatten(&extents), 0);
	assert_extents(&extents, row->expected);
}

struct slice_row {
	const char *name, *input;
	uint64_t start, end;
	const char *expected;
	uint64_t covered;
};

static const struct slice_row slice_rows[] = {
	{ "of nothing", "", 10, 20, "h10-20", 0 },
	{ "an empty range", "a0-100", 10, 10, "", 0 },
	{ "inside of one", "a0-100", 10, 20, "a10-20", 10 },
	{ "exactly one", "a10-20", 10, 20, "a10-20", 10 },
	{ "before all", "a50-60", 10, 20, "h10-20", 0 },
	{ "behind all", "a0-5", 10, 20, "h10-20", 0 },
	{ "between two that touch it", "a0-10 b20-30", 10, 20, "h10-20", 0 },
	{ "a hole at each end", "a12-18", 10, 20, "h10-12 a12-18 h18-20", 6 },
	{ "a hole in the middle", "a0-13 b15-30", 10, 20, "a10-13 h13-15 b15-20", 8 },
	{ "several", "a0-11 b11-12 c14-16 d16-40", 10, 20, "a10-11 b11-12 h12-14 c14-16 d16-20",
	  8 },
	{ "the last byte", "a19-30", 10, 20, "h10-19 a19-20", 1 },
};

static void test_slice(void **state)
{
	const struct slice_row *row = *state;
	_cleanup_extents_ struct extents extents = {}, slice = {};

	read_extents(row->input, &extents);
	/* What stands in the result before must go, not leak. */
	read_extents("g1-2", &slice);
	assert_int_equal(extents_slice(&extents, row->start, row->end, &slice), 0);
	assert_extents(&slice, row->expected);
	assert_int_equal(extents_covered(&extents, row->start, row->end), row->covered);
}

struct merge_row {
	const char *name, *input, *expected;
};

static const struct merge_row merge_rows[] = {
	{ "nothing", "", "" },
	{ "one", "a0-5", "a0-5" },
	{ "two that touch", "a0-5 a5-10", "a0-10" },
	{ "two that don't", "a0-5 a6-10", "a0-5 a6-10" },
	{ "different owners", "a0-5 b5-10", "a0-5 b5-10" },
	{ "many", "a0-5 a5-10 a10-11 b11-12 b12-14 a14-15", "a0-11 b11-14 a14-15" },
};

static void test_merge_rows(void **state)
{
	const struct merge_row *row = *state;
	_cleanup_extents_ struct extents extents = {};

	read_extents(row->input, &extents);
	extents_merge(&extents);
	assert_extents(&extents, row->expected);
}

/* One difference each keeps two neighbours apart. */
static void test_merge_keeps_apart(void **state)
{
	const struct memblock_extent first = { .start = 0, .end = 5, .owner = owners[0] };
	struct memblock_extent others[5];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		others[i] = (struct memblock_extent){ .start = 5, .end = 9, .owner = owners[0] };
	others[0].kind = MEMBLOCK_KIND_PMEM;
	others[1].zone = MEMBLOCK_ZONE_NORMAL;
	others[2].nid = 1;
	others[3].mapped = true;
	others[4].owner = owners[1];

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		_cleanup_extents_ struct extents extents = {};

		assert_int_equal(extents_append(&extents, &first), 0);
		assert_int_equal(extents_append(&extents, &others[i]), 0);
		extents_merge(&extents);
		assert_int_equal(extents.n, 2);
	}
}

static void test_first(void **state)
{
	_cleanup_extents_ struct extents extents = {};

	(void)state;
	assert_int_equal(extents_first(&extents, 0), 0);
	read_extents("a0-10 b10-20 c30-40", &extents);
	assert_int_equal(extents_first(&extents, 0), 0);
	assert_int_equal(extents_first(&extents, 9), 0);
	assert_int_equal(extents_first(&extents, 10), 1);
	assert_int_equal(extents_first(&extents, 20), 2);
	assert_int_equal(extents_first(&extents, 39), 2);
	assert_int_equal(extents_first(&extents, 40), 3);
	assert_int_equal(extents_first(&extents, UINT64_MAX), 3);
}

static void test_grows(void **state)
{
	_cleanup_extents_ struct extents extents = {};

	(void)state;
	for (uint64_t i = 1000; i > 0; i--) {
		struct memblock_extent extent = { .start = 2 * i, .end = 2 * i + 1 };

		assert_int_equal(extents_append(&extents, &extent), 0);
	}
	assert_int_equal(extents_flatten(&extents), 0);
	assert_int_equal(extents.n, 1000);
	assert_int_equal(extents.items[0].start, 2);
	assert_int_equal(extents_covered(&extents, 0, UINT64_MAX), 1000);
	extents_done(&extents);
	assert_null(extents.items);
	extents_done(&extents);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge_keeps_apart),
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_grows),
	};

	return RUN_ROWS(flatten_rows, test_flatten) + RUN_ROWS(slice_rows, test_slice) +
	       RUN_ROWS(merge_rows, test_merge_rows) + RUN_TESTS(tests);
}
