/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fake-tree.h"
#include "totals.h"

static void test_references(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	struct memblock_inventory *inventory = scan(tree);

	(void)state;
	assert_ptr_equal(memblock_inventory_ref(inventory), inventory);
	assert_null(memblock_inventory_unref(inventory));
	assert_int_equal(memblock_inventory_block_size(inventory), MIB(128));
	assert_null(memblock_inventory_unref(inventory));
	assert_null(memblock_inventory_unref(NULL));
}

/* It keeps the root that it was made from. */
static void test_root_outlives(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	struct memblock_root *root = open_root(tree);

	(void)state;
	assert_int_equal(memblock_inventory_new(root, 0, &inventory, NULL), 0);
	memblock_root_unref(root);
	assert_string_equal(memblock_root_path(inventory->root), tree->path);
}

struct error_row {
	const char *name;
	int error;
	enum memblock_source_state state;
	const char *text;
};

static const struct error_row error_rows[] = {
	{ "not there", -ENOENT, MEMBLOCK_SOURCE_ABSENT, "no /proc/thing" },
	{ "forbidden", -EACCES, MEMBLOCK_SOURCE_HIDDEN, "this user may not read /proc/thing" },
	{ "not permitted", -EPERM, MEMBLOCK_SOURCE_HIDDEN, "this user may not read /proc/thing" },
	{ "broken", -EIO, MEMBLOCK_SOURCE_FAILED, "can't read /proc/thing: Input/output error" },
};

static void test_source_error(void **state)
{
	const struct error_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = scan(tree);
	const char *text = NULL;

	assert_int_equal(inventory_set_source_error(inventory, MEMBLOCK_SOURCE_IOMEM, "proc/thing",
						    row->error),
			 0);
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_IOMEM, &text),
			 row->state);
	assert_string_equal(text, row->text);
}

static void test_no_memory_goes_up(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = scan(tree);

	(void)state;
	assert_int_equal(
		inventory_set_source_error(inventory, MEMBLOCK_SOURCE_IOMEM, "proc/thing", -ENOMEM),
		-ENOMEM);
}

static void test_has(void **state)
{
	static const struct {
		enum memblock_source_state state;
		bool has, whole;
	} cases[] = {
		{ MEMBLOCK_SOURCE_ABSENT, false, false }, { MEMBLOCK_SOURCE_READ, true, true },
		{ MEMBLOCK_SOURCE_DAMAGED, true, false }, { MEMBLOCK_SOURCE_HIDDEN, false, false },
		{ MEMBLOCK_SOURCE_FAILED, false, false },
	};
	struct memblock_inventory inventory = {};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		inventory.sources[MEMBLOCK_SOURCE_SRAT].state = cases[i].state;
		assert_int_equal(inventory_has(&inventory, MEMBLOCK_SOURCE_SRAT), cases[i].has);
		assert_int_equal(inventory_has_whole(&inventory, MEMBLOCK_SOURCE_SRAT),
				 cases[i].whole);
	}
}

/* Blocks alone are enough: every other source may be missing, and is said to be. */
static void test_only_blocks(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	write_file(tree, "sys/devices/system/memory/block_size_bytes", "8000000\n");
	add_block(tree, 8, "online", "Normal", NO_NODE);
	inventory = scan(tree);
	for (int i = 0; i < MEMBLOCK_SOURCE_COUNT; i++) {
		const char *text = NULL;
		enum memblock_source_state source_state;

		source_state = memblock_inventory_source(inventory, (enum memblock_source)i, &text);
		if (i == MEMBLOCK_SOURCE_BLOCKS) {
			assert_int_equal(source_state, MEMBLOCK_SOURCE_READ);
			assert_null(text);
		} else if (source_state == MEMBLOCK_SOURCE_UNASKED) {
			assert_null(text);
		} else {
			assert_int_not_equal(source_state, MEMBLOCK_SOURCE_READ);
			assert_true(text && *text);
		}
	}
	assert_int_equal(memblock_block_removable(block_of(inventory, 8)), MEMBLOCK_ANSWER_UNKNOWN);
	assert_null(memblock_block_device(inventory, block_of(inventory, 8)));
	assert_null(memblock_inventory_device(inventory, 0));
}

static void test_totals(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	struct totals totals;

	(void)state;
	write_file(tree, "proc/iomem", "08000000-2fffffff : System RAM\n");
	add_block(tree, 1, "online", "Normal", 0);
	add_block(tree, 2, "online", "Movable", 0);
	add_block(tree, 3, "offline", "Normal Movable", 0);
	add_block(tree, 4, "going-offline", "Normal Movable", 0);
	add_block(tree, 5, "melting", "Normal", 0);
	add_block(tree, 6, "online", "none", 0);
	inventory = scan(tree);
	totals_of(inventory, &totals);

	assert_int_equal(totals.blocks, 6);
	assert_int_equal(totals.online, 4);
	assert_int_equal(totals.offline, 1);
	assert_int_equal(totals.removable[MEMBLOCK_ANSWER_YES], 3);
	assert_int_equal(totals.removable[MEMBLOCK_ANSWER_NO], 1);
	assert_int_equal(totals.removable[MEMBLOCK_ANSWER_UNKNOWN], 2);
	assert_int_equal(totals.reasons[MEMBLOCK_REASON_MIXED_ZONES], 1);
	assert_int_equal(totals.reasons[MEMBLOCK_REASON_HOLE], 1);
	assert_int_equal(totals.zones[MEMBLOCK_ZONE_NORMAL], 1);
	assert_int_equal(totals.zones[MEMBLOCK_ZONE_MOVABLE], 1);
	assert_int_equal(totals.zones[MEMBLOCK_ZONE_NONE], 1);
}

static void test_small_blocks(void **state)
{
	(void)state;
	assert_true(sizeof(struct memblock_block) <= 32);
}

/* A hundred and one of each source: of blocks, of iomem, and of sections later on. */
static void test_many_notes(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	char lines[2 * 250 + 1] = "";

	(void)state;
	for (uint64_t i = 0; i < 150; i++)
		add_block(tree, i, "odd", "Normal", 0);
	for (size_t i = 0; i < 250; i++)
		strcat(lines, "x\n");
	write_file(tree, "proc/iomem", "%s", lines);
	inventory = scan(tree);
	assert_int_equal(inventory->notes.n, 202);
	assert_non_null(strstr(memblock_inventory_note(inventory, 99), "memory99/state: unknown"));
	assert_string_equal(memblock_inventory_note(inventory, 100), "... and 50 more");
	assert_non_null(strstr(memblock_inventory_note(inventory, 200), "/proc/iomem:100: "));
	assert_string_equal(memblock_inventory_note(inventory, 201), "... and 150 more");

	assert_int_equal(memblock_inventory_set_sections(inventory, lines), 0);
	assert_int_equal(inventory->notes.n, 303);
	assert_string_equal(memblock_inventory_note(inventory, 302), "... and 150 more");
	lines[2 * 100] = '\0';
	assert_int_equal(memblock_inventory_set_sections(inventory, lines), 0);
	assert_int_equal(inventory->notes.n, 403);
	assert_null(memblock_inventory_note(inventory, 403));
}

static void test_strv_free(void **state)
{
	char **list = calloc(1, sizeof(*list));

	(void)state;
	assert_non_null(list);
	memblock_strv_free(list);
	memblock_strv_free(NULL);
}

/* The machine that this runs on: whatever it is, reading it changes nothing and must not fail but
 * for the lack of memory blocks. */
static void test_live(void **state)
{
	_cleanup_root_ struct memblock_root *root = NULL;
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	_cleanup_free_ char *error = NULL;
	int r;

	(void)state;
	assert_int_equal(memblock_root_new(NULL, &root), 0);
	r = memblock_inventory_new(root, 0, &inventory, &error);
	if (r == -EOPNOTSUPP || r == -EACCES) {
		assert_non_null(error);
		skip();
	}
	assert_int_equal(r, 0);
	assert_int_equal(memblock_inventory_page_size(inventory), sysconf(_SC_PAGESIZE));
	assert_non_null(memblock_inventory_architecture(inventory));
	assert_non_null(memblock_inventory_release(inventory));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_references),        cmocka_unit_test(test_root_outlives),
		cmocka_unit_test(test_no_memory_goes_up), cmocka_unit_test(test_has),
		cmocka_unit_test(test_only_blocks),       cmocka_unit_test(test_totals),
		cmocka_unit_test(test_small_blocks),      cmocka_unit_test(test_many_notes),
		cmocka_unit_test(test_strv_free),         cmocka_unit_test(test_live),
	};

	return RUN_ROWS(error_rows, test_source_error) + RUN_TESTS(tests);
}
