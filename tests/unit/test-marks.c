/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fake-tree.h"
#include "sources.h"

struct row {
	const char *name, *text, *marks;
	int result;
};

static const struct row rows[] = {
	{ "nothing", "", "", 0 },
	{ "comments and empty lines", "# made by memblockctl mark\n\n", "", 0 },
	{ "any device", "0x40000000-0x47ffffff - holds the ring buffer\n",
	  "40000000-48000000 [holds the ring buffer]", 0 },
	{ "one device", "0x40000000-0x47ffffff dax0.0 database\n",
	  "40000000-48000000 dax0.0 [database]", 0 },
	{ "decimal", "0-4095 - first page\n", "0-1000 [first page]", 0 },
	{ "two, no line feed at the end", "0x0-0xf - a\n0x10-0x1f - b", "0-10 [a] 10-20 [b]", 0 },
	{ "UTF-8", "0x0-0xf - K\xc3\xa4se\n", "0-10 [K\xc3\xa4se]", 0 },
	{ "no reason", "0x0-0xf -\n", "", 1 },
	{ "a space for a reason", "0x0-0xf - \n", "", 1 },
	{ "a space for a device", "0x0-0xf  a\n", "", 1 },
	{ "no device", "0x0-0xf\n", "", 1 },
	{ "no last address", "0x10\n", "", 1 },
	{ "backwards", "0x10-0x0 - a\n", "", 1 },
	{ "no number", "memory8-memory9 - a\n", "", 1 },
	{ "last is no number", "0x0-f - a\n", "", 1 },
	{ "too large", "0x0-0x1ffffffffffffffff - a\n", "", 1 },
	{ "up to the end of the address space", "0x0-0xffffffffffffffff - a\n", "", 1 },
	{ "one good between two bad", "x\n0x0-0xf - a\ny\n", "0-10 [a]", 2 },
	{ "rubbish", "\xff\xff\xff\n", "", 1 },
};

static void test_parse(void **state)
{
	const struct row *row = *state;
	_cleanup_(marks_done) struct marks marks = {};
	_cleanup_notes_ struct notes notes = {};
	_cleanup_free_ char *copy = strdup(row->text);
	char text[256] = "";

	assert_non_null(copy);
	assert_int_equal(marks_parse(&marks, copy, &notes), row->result);
	assert_int_equal(notes.n, row->result);
	for (size_t i = 0; i < marks.n; i++) {
		const struct mark *mark = &marks.items[i];

		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "%s%" PRIx64 "-%" PRIx64 " %s%s[%s]", i ? " " : "", mark->start, mark->end,
			 mark->device ? mark->device : "", mark->device ? " " : "", mark->reason);
	}
	assert_string_equal(text, row->marks);
}

struct source_row {
	const char *name, *text;
	enum memblock_source_state source_state;
	enum memblock_answer answer;
};

static const struct source_row source_rows[] = {
	{ "absent", NULL, MEMBLOCK_SOURCE_ABSENT, MEMBLOCK_ANSWER_YES },
	{ "empty", "", MEMBLOCK_SOURCE_READ, MEMBLOCK_ANSWER_YES },
	{ "a mark", "0x40000000-0x47ffffff - why\n", MEMBLOCK_SOURCE_READ, MEMBLOCK_ANSWER_NO },
	{ "a mark of a part", "0x44000000-0x44000fff - why\n", MEMBLOCK_SOURCE_READ,
	  MEMBLOCK_ANSWER_NO },
	{ "the last byte", "0x47ffffff-0x4fffffff - why\n", MEMBLOCK_SOURCE_READ,
	  MEMBLOCK_ANSWER_NO },
	{ "next to it", "0x3fffffff-0x3fffffff - why\n0x48000000-0x48000000 - why\n",
	  MEMBLOCK_SOURCE_READ, MEMBLOCK_ANSWER_YES },
	{ "a mark of its device", "0x40000000-0x47ffffff firmware why\n", MEMBLOCK_SOURCE_READ,
	  MEMBLOCK_ANSWER_NO },
	{ "a mark of another device that was there once", "0x40000000-0x47ffffff dax1.0 why\n",
	  MEMBLOCK_SOURCE_READ, MEMBLOCK_ANSWER_YES },
	{ "cut short", "0x40000000-", MEMBLOCK_SOURCE_DAMAGED, MEMBLOCK_ANSWER_UNKNOWN },
	{ "damaged", "0x40000000-0x47ffffff - why\nrubbish\n", MEMBLOCK_SOURCE_DAMAGED,
	  MEMBLOCK_ANSWER_NO },
};

static void test_source(void **state)
{
	const struct source_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	const struct memblock_block *block;

	add_block(tree, 8, "online", "Normal", 0);
	write_file(tree, "proc/iomem", "40000000-47ffffff : System RAM\n");
	if (row->text)
		write_file(tree, "var/lib/memblockd/marks", "%s", row->text);
	inventory = scan(tree);
	block = block_of(inventory, 8);
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_MARKS, NULL),
			 row->source_state);
	assert_int_equal(memblock_block_removable(block), row->answer);
	if (row->answer == MEMBLOCK_ANSWER_NO) {
		assert_string_equal(reason_words(block), "marked");
		assert_true(has_evidence(inventory, block, "marked: why"));
	}
}

/* Nobody knows what was marked in a file that can't be read. */
static void test_unreadable(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	const struct memblock_block *block;

	(void)state;
	add_block(tree, 8, "online", "Normal", 0);
	write_file(tree, "proc/iomem", "40000000-47ffffff : System RAM\n");
	write_file(tree, "var/lib/memblockd/marks/folder", "\n");
	inventory = scan(tree);
	block = block_of(inventory, 8);
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_MARKS, NULL),
			 MEMBLOCK_SOURCE_FAILED);
	assert_int_equal(memblock_block_removable(block), MEMBLOCK_ANSWER_UNKNOWN);
	assert_string_equal(reason_words(block), "");
	assert_true(has_evidence(inventory, block, "marks not known"));
}

/* As they stand in the file; one that fits no block here is stale. */
static void test_list(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	struct memblock_mark mark;

	(void)state;
	add_block(tree, 8, "online", "Normal", 0);
	add_block(tree, 9, "online", "Normal", 0);
	write_file(tree, "proc/iomem", "40000000-4fffffff : System RAM\n");
	write_file(tree, "var/lib/memblockd/marks",
		   "0x48000000-0x48000fff - why\n"
		   "0x40000000-0x47ffffff dax1.0 it was there once\n"
		   "0x50000000-0x57ffffff - it is yet to come\n");
	inventory = scan(tree);

	assert_true(memblock_inventory_mark(inventory, 0, &mark));
	assert_int_equal(mark.start, 0x48000000);
	assert_null(mark.device);
	assert_string_equal(mark.reason, "why");
	assert_false(mark.stale);
	assert_true(memblock_inventory_mark(inventory, 1, &mark));
	assert_string_equal(mark.device, "dax1.0");
	assert_true(mark.stale);
	assert_true(memblock_inventory_mark(inventory, 2, &mark));
	assert_true(mark.stale);
	assert_false(memblock_inventory_mark(inventory, 3, &mark));
	assert_ptr_equal(memblock_inventory_find_address(inventory, 0x48000fff),
			 block_of(inventory, 9));
	assert_null(memblock_inventory_find_address(inventory, 0x50000000));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_unreadable),
	};

	return RUN_ROWS(rows, test_parse) + RUN_ROWS(source_rows, test_source) + RUN_TESTS(tests);
}
