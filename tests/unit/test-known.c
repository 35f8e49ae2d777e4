/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "fake-tree.h"
#include "kept.h"
#include "known.h"

#define PATH KEPT_FOLDER "/" KNOWN_FILE
#define _cleanup_known_ _cleanup_(known_done)

static void assert_kept(const struct memblock_root *root, const char *text)
{
	_cleanup_free_ char *found = NULL;

	assert_int_equal(kept_read(root, KNOWN_FILE, &found), 0);
	assert_string_equal(found, text);
}

static void save(struct known *known, const struct memblock_root *root, const char *text)
{
	assert_int_equal(known_save(known, root), 0);
	assert_kept(root, text);
}

static void test_what_is_written(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	_cleanup_known_ struct known known = {};

	(void)state;
	assert_int_equal(known_load(&known, root), -ENOENT);
	save(&known, root, "");
	known_add(&known, 3);
	known_add(&known, 4);
	save(&known, root, "3-4\n");
	/* What is behind all others is put at the end. */
	known_add(&known, 6);
	save(&known, root, "3-4\n6-6\n");
	known_add(&known, 5);
	save(&known, root, "3-6\n");
	assert_true(known_drop(&known, 3));
	assert_false(known_drop(&known, 3));
	save(&known, root, "4-6\n");
	/* Nothing is written where nothing changed. */
	write_file(tree, PATH, "x\n");
	known_add(&known, 5);
	save(&known, root, "x\n");
}

static void test_what_is_read(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	_cleanup_known_ struct known known = {}, torn = {};

	(void)state;
	write_file(tree, PATH, "3-4\n6-6\n");
	assert_int_equal(known_load(&known, root), 0);
	assert_true(known_has(&known, 4));
	assert_false(known_has(&known, 5));
	write_file(tree, PATH, "3-4\n6");
	assert_int_equal(known_load(&torn, root), -EBADMSG);
	save(&torn, root, "");
}

static void test_file_that_cannot_be_written(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	_cleanup_known_ struct known known = {};

	(void)state;
	known_add(&known, 3);
	save(&known, root, "3-3\n");
	remove_file(tree, PATH);
	make_folder(tree, PATH);
	known_add(&known, 4);
	assert_int_equal(known_save(&known, root), -EISDIR);
	assert_int_equal(known_save(&known, root), -EISDIR);
	remove_file(tree, PATH);
	save(&known, root, "3-4\n");
}

static void test_blocks_that_are_there(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	_cleanup_known_ struct known known = {};

	(void)state;
	add_block(tree, 3, "online", "Normal", 0);
	add_block(tree, 5, "offline", "Normal Movable", 0);
	inventory = scan(tree);
	known_add_all(&known, inventory);
	known_add(&known, 4);
	known_add(&known, 7);
	save(&known, root, "3-5\n7-7\n");
	known_retain(&known, inventory);
	save(&known, root, "3-3\n5-5\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_written),
		cmocka_unit_test(test_what_is_read),
		cmocka_unit_test(test_file_that_cannot_be_written),
		cmocka_unit_test(test_blocks_that_are_there),
	};

	return RUN_TESTS(tests);
}
