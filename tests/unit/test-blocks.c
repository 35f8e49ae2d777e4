/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fake-tree.h"

#define MEMORY "sys/devices/system/memory"

/* The scan fails with an error, and a text that names the file. */
static void assert_fails(struct fake_tree *tree, int result, const char *says)
{
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	struct memblock_inventory *inventory = NULL;
	_cleanup_free_ char *error = NULL;

	assert_int_equal(memblock_inventory_new(root, 0, &inventory, &error), result);
	assert_null(inventory);
	assert_non_null(error);
	assert_non_null(strstr(error, says));
	/* Nobody has to ask for the text. */
	assert_int_equal(memblock_inventory_new(root, 0, &inventory, NULL), result);
}

static void test_no_memory_hotplug(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();

	(void)state;
	make_folder(tree, "sys/devices/system");
	assert_fails(tree, -EOPNOTSUPP, "/sys/devices/system/memory: this kernel");
}

static void test_no_sys(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();

	(void)state;
	make_folder(tree, "sys");
	assert_fails(tree, -ENOENT, "/sys/devices/system/memory: /sys is not mounted");
}

static void test_memory_is_no_folder(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();

	(void)state;
	write_file(tree, MEMORY, "text\n");
	assert_fails(tree, -ENOTDIR, "/sys/devices/system/memory");
}

static void test_no_block_size(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();

	(void)state;
	remove_file(tree, MEMORY "/block_size_bytes");
	assert_fails(tree, -ENOENT, "block_size_bytes");
}

struct size_row {
	const char *name, *text;
	int result;
};

static const struct size_row size_rows[] = {
	{ "empty", "", -ENODATA },
	{ "a line feed", "\n", -ENODATA },
	{ "zero", "0\n", -EBADMSG },
	{ "not a power of two", "8000001\n", -EBADMSG },
	{ "three sections", "18000000\n", -EBADMSG },
	{ "torn at the front", "xx00000\n", -EBADMSG },
	{ "torn at the end", "8000\n", -EBADMSG },
	{ "below a sub-section", "100000\n", -EBADMSG },
	{ "torn inside, smaller than a section of x86-64", "800000\n", -EBADMSG },
	{ "0x in front", "0x8000000\n", -EBADMSG },
	{ "two lines", "8000000\n8000000\n", -EBADMSG },
	{ "a minus", "-8000000\n", -EBADMSG },
	{ "too large", "10000000000000000\n", -EBADMSG },
	{ "UTF-8", "8000000\xc2\xb5\n", -EBADMSG },
};

static void test_block_size(void **state)
{
	const struct size_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();

	write_file(tree, MEMORY "/block_size_bytes", "%s", row->text);
	assert_fails(tree, row->result, "block_size_bytes");
}

static void test_long_block_size(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();

	(void)state;
	write_file(tree, MEMORY "/block_size_bytes", "%04096d\n", 0);
	assert_fails(tree, -EFBIG, "block_size_bytes");
}

static void test_no_blocks(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = scan(tree);

	(void)state;
	assert_int_equal(memblock_inventory_n_blocks(inventory), 0);
	assert_null(memblock_inventory_block(inventory, 0));
	assert_null(memblock_inventory_find(inventory, 0));
}

/* What else lies in that folder on real machines. */
static void test_other_folders(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	add_block(tree, 1, "online", "Normal", 0);
	write_file(tree, MEMORY "/memory_failure/total", "0\n");
	write_file(tree, MEMORY "/memory_failure/state", "online\n");
	write_file(tree, MEMORY "/memory_side_cache/state", "online\n");
	write_file(tree, MEMORY "/power/control", "auto\n");
	write_file(tree, MEMORY "/memory01/state", "online\n");
	write_file(tree, MEMORY "/memory/state", "online\n");
	write_file(tree, MEMORY "/auto_online_blocks", "offline\n");
	write_file(tree, MEMORY "/soft_offline_page", "%s", "");
	inventory = scan(tree);
	assert_int_equal(memblock_inventory_n_blocks(inventory), 1);
	assert_null(memblock_inventory_note(inventory, 0));
}

static void test_order_and_gaps(void **state)
{
	static const uint64_t indices[] = { 100, 3, 20, 9, 1, 2, UINT64_C(1) << 33 };
	static const uint64_t sorted[] = { 1, 2, 3, 9, 20, 100, UINT64_C(1) << 33 };
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(indices); i++)
		add_block(tree, indices[i], "online", "Normal", 0);
	inventory = scan(tree);
	assert_int_equal(memblock_inventory_n_blocks(inventory), ARRAY_SIZE(sorted));
	for (size_t i = 0; i < ARRAY_SIZE(sorted); i++) {
		const struct memblock_block *block = memblock_inventory_block(inventory, i);

		assert_int_equal(memblock_block_index(block), sorted[i]);
		assert_ptr_equal(memblock_inventory_find(inventory, sorted[i]), block);
	}
	assert_null(memblock_inventory_find(inventory, 0));
	assert_null(memblock_inventory_find(inventory, 19));
	assert_null(memblock_inventory_find(inventory, UINT64_MAX));
}

/* 2^64 / 128 MiB is 2^37: the last block that has an address, and those that have none. */
static void test_no_address(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	add_block(tree, 1, "online", "Normal", 0);
	add_block(tree, (UINT64_C(1) << 37) - 2, "online", "Normal", 0);
	add_block(tree, UINT64_C(1) << 37, "online", "Normal", 0);
	add_block(tree, UINT64_MAX, "online", "Normal", 0);
	write_file(tree, MEMORY "/memory99999999999999999999/state", "online\n");
	inventory = scan(tree);
	assert_int_equal(memblock_inventory_n_blocks(inventory), 2);
	assert_true(has_note(inventory, "memory137438953472"));
	assert_true(has_note(inventory, "memory18446744073709551615"));
	assert_true(has_note(inventory, "memory99999999999999999999"));
}

/* It went between readdir and open, or never was one. */
static void test_no_state(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	add_block(tree, 1, "online", "Normal", 0);
	add_block(tree, 2, NULL, "Normal", 0);
	make_folder(tree, MEMORY "/memory3");
	add_block(tree, 4, "online", "Normal", 0);
	inventory = scan(tree);
	assert_int_equal(memblock_inventory_n_blocks(inventory), 2);
	assert_null(memblock_inventory_find(inventory, 2));
	assert_null(memblock_inventory_find(inventory, 3));
	assert_non_null(memblock_inventory_find(inventory, 4));
	assert_null(memblock_inventory_note(inventory, 0));
}

struct state_row {
	const char *name, *text;
	enum memblock_state state;
	bool noted;
};

static const struct state_row state_rows[] = {
	{ "online", "online\n", MEMBLOCK_STATE_ONLINE, false },
	{ "offline", "offline\n", MEMBLOCK_STATE_OFFLINE, false },
	{ "going-offline", "going-offline\n", MEMBLOCK_STATE_GOING_OFFLINE, false },
	{ "an unknown word", "hibernating\n", MEMBLOCK_STATE_UNKNOWN, true },
	{ "our own word", "unknown\n", MEMBLOCK_STATE_UNKNOWN, true },
	{ "two words", "online offline\n", MEMBLOCK_STATE_UNKNOWN, true },
	{ "torn", "onl", MEMBLOCK_STATE_UNKNOWN, true },
	{ "empty", "", MEMBLOCK_STATE_UNKNOWN, true },
	{ "a line feed", "\n", MEMBLOCK_STATE_UNKNOWN, true },
	{ "UTF-8", "onlin\xc3\xa9\n", MEMBLOCK_STATE_UNKNOWN, true },
};

static void assert_state(struct fake_tree *tree, enum memblock_state state, bool noted)
{
	_cleanup_inventory_ struct memblock_inventory *inventory = scan(tree);
	const struct memblock_block *block = block_of(inventory, 8);

	assert_int_equal(memblock_block_state(block), state);
	assert_int_equal(has_note(inventory, "/sys/devices/system/memory/memory8/state"), noted);
	if (state == MEMBLOCK_STATE_UNKNOWN)
		assert_int_equal(memblock_block_removable(block), MEMBLOCK_ANSWER_UNKNOWN);
}

static struct fake_tree *tree_of_one_block(void)
{
	struct fake_tree *tree = fake_tree_new();

	add_block(tree, 8, "online", "Normal", 0);
	write_file(tree, "proc/iomem", "40000000-47ffffff : System RAM\n");
	return tree;
}

static void test_state(void **state)
{
	const struct state_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = tree_of_one_block();

	write_file(tree, MEMORY "/memory8/state", "%s", row->text);
	assert_state(tree, row->state, row->noted);
}

static void test_strange_states(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = tree_of_one_block();
	const char *path = MEMORY "/memory8/state";

	(void)state;
	write_file(tree, path, "%04096d\n", 0);
	assert_state(tree, MEMBLOCK_STATE_UNKNOWN, true);
	write_bytes(tree, path, "online\0\n", 8);
	assert_state(tree, MEMBLOCK_STATE_UNKNOWN, true);
	remove_file(tree, path);
	make_fifo(tree, path);
	assert_state(tree, MEMBLOCK_STATE_UNKNOWN, true);
	remove_file(tree, path);
	make_folder(tree, path);
	assert_state(tree, MEMBLOCK_STATE_UNKNOWN, true);
	remove_file(tree, path);
	make_link(tree, path, "/etc/hostname");
	assert_state(tree, MEMBLOCK_STATE_UNKNOWN, true);
}

/* However a block is linked, what is read of it lies inside the tree. */
static void test_block_is_link_out(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = tree_of_one_block();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	const struct memblock_block *block;
	char target[128];

	(void)state;
	write_file(tree, "../outside/state", "online\n");
	write_file(tree, "../outside/valid_zones", "Normal\n");
	snprintf(target, sizeof(target), "%s/outside", tree->folder);
	make_link(tree, MEMORY "/memory9", target);
	inventory = scan(tree);
	block = memblock_inventory_find(inventory, 9);
	assert_true(!block || memblock_block_state(block) == MEMBLOCK_STATE_UNKNOWN);
}

struct zones_row {
	const char *name, *text;
	size_t n;
	bool noted;
	enum memblock_answer answer;
	const char *reasons;
};

static const struct zones_row zones_rows[] = {
	{ "one zone", "Normal\n", 1, false, MEMBLOCK_ANSWER_YES, "" },
	{ "none", "none\n", 1, false, MEMBLOCK_ANSWER_NO, "mixed-zones" },
	{ "an unknown word", "Future\n", 1, true, MEMBLOCK_ANSWER_UNKNOWN, "" },
	/* Of an online block no kernel names two zones. */
	{ "an unknown word behind a known one", "Normal Future\n", 2, true, MEMBLOCK_ANSWER_UNKNOWN,
	  "" },
	{ "empty", "", 0, true, MEMBLOCK_ANSWER_UNKNOWN, "" },
	{ "a line feed", "\n", 0, true, MEMBLOCK_ANSWER_UNKNOWN, "" },
	{ "a space", " \n", 0, false, MEMBLOCK_ANSWER_UNKNOWN, "" },
	{ "torn", "Norm", 1, true, MEMBLOCK_ANSWER_UNKNOWN, "" },
};

static void test_zones(void **state)
{
	const struct zones_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = tree_of_one_block();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	enum memblock_zone zones[MEMBLOCK_ZONES_MAX];
	const struct memblock_block *block;

	write_file(tree, MEMORY "/memory8/valid_zones", "%s", row->text);
	inventory = scan(tree);
	block = block_of(inventory, 8);
	assert_int_equal(memblock_block_zones(block, zones), row->n);
	assert_int_equal(has_note(inventory, "memory8/valid_zones"), row->noted);
	assert_string_equal(reason_words(block), row->reasons);
	assert_int_equal(memblock_block_removable(block), row->answer);
}

static void assert_zones_unknown(struct fake_tree *tree)
{
	_cleanup_inventory_ struct memblock_inventory *inventory = scan(tree);
	enum memblock_zone zones[MEMBLOCK_ZONES_MAX];
	const struct memblock_block *block = block_of(inventory, 8);

	assert_int_equal(memblock_block_zones(block, zones), 0);
	assert_true(has_note(inventory, "memory8/valid_zones"));
	assert_int_equal(memblock_block_removable(block), MEMBLOCK_ANSWER_UNKNOWN);
}

static void test_strange_zones(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = tree_of_one_block();
	const char *path = MEMORY "/memory8/valid_zones";

	(void)state;
	write_file(tree, path, "Normal %04096d\n", 0);
	assert_zones_unknown(tree);
	write_bytes(tree, path, "Nor\0mal", 7);
	assert_zones_unknown(tree);
	remove_file(tree, path);
	make_fifo(tree, path);
	assert_zones_unknown(tree);
	remove_file(tree, path);
	make_folder(tree, path);
	assert_zones_unknown(tree);
}

/* A long unknown word is cut in the note. */
static void test_long_word(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = tree_of_one_block();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	write_file(tree, MEMORY "/memory8/state", "%0200d\n", 0);
	inventory = scan(tree);
	assert_true(strlen(memblock_inventory_note(inventory, 0)) < 150);
}

/* One block without the file is no proof that the kernel can't offline. */
static void test_one_without_zones(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = tree_of_one_block();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	add_block(tree, 7, "online", NULL, 0);
	write_file(tree, "proc/iomem", "00000000-47ffffff : System RAM\n");
	inventory = scan(tree);
	assert_int_equal(memblock_block_removable(block_of(inventory, 7)), MEMBLOCK_ANSWER_UNKNOWN);
	assert_int_equal(memblock_block_removable(block_of(inventory, 8)), MEMBLOCK_ANSWER_YES);
}

static void test_none_with_zones(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = tree_of_one_block();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	remove_file(tree, MEMORY "/memory8/valid_zones");
	inventory = scan(tree);
	assert_int_equal(memblock_block_removable(block_of(inventory, 8)), MEMBLOCK_ANSWER_NO);
	assert_string_equal(reason_words(block_of(inventory, 8)), "no-hotremove");
}

struct removable_row {
	const char *name, *text;
	int result;
};

static const struct removable_row removable_rows[] = {
	{ "1", "1\n", 1 },
	{ "0", "0\n", 0 },
	{ "absent", NULL, -ENOENT },
	{ "2", "2\n", -ERANGE },
	{ "a word", "yes\n", -EINVAL },
	{ "empty", "", -ENODATA },
};

static void test_kernel_removable(void **state)
{
	const struct removable_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = tree_of_one_block();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	if (row->text)
		write_file(tree, MEMORY "/memory8/removable", "%s", row->text);
	inventory = scan(tree);
	assert_int_equal(memblock_block_kernel_removable(inventory, block_of(inventory, 8)),
			 row->result);
}

static void test_no_access(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = tree_of_one_block();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	char path[160];

	(void)state;
	snprintf(path, sizeof(path), "%s/" MEMORY "/memory8/state", tree->path);
	assert_int_equal(chmod(path, 0), 0);
	snprintf(path, sizeof(path), "%s/proc/iomem", tree->path);
	assert_int_equal(chmod(path, 0), 0);
	if (!drop_privileges(tree))
		skip();
	inventory = scan(tree);
	regain_privileges();
	assert_true(has_note(inventory, "memory8/state: Permission denied"));
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_IOMEM, NULL),
			 MEMBLOCK_SOURCE_HIDDEN);
	assert_int_equal(memblock_block_removable(block_of(inventory, 8)), MEMBLOCK_ANSWER_UNKNOWN);
}

/* What a program starts doesn't inherit our descriptors. */
static void test_close_on_exec(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = tree_of_one_block();
	_cleanup_inventory_ struct memblock_inventory *inventory = scan(tree);

	(void)state;
	assert_true(fcntl(inventory->memory_fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(inventory->root->fd, F_GETFD) & FD_CLOEXEC);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_memory_hotplug),
		cmocka_unit_test(test_no_sys),
		cmocka_unit_test(test_memory_is_no_folder),
		cmocka_unit_test(test_no_block_size),
		cmocka_unit_test(test_long_block_size),
		cmocka_unit_test(test_no_blocks),
		cmocka_unit_test(test_other_folders),
		cmocka_unit_test(test_order_and_gaps),
		cmocka_unit_test(test_no_address),
		cmocka_unit_test(test_no_state),
		cmocka_unit_test(test_strange_states),
		cmocka_unit_test(test_block_is_link_out),
		cmocka_unit_test(test_strange_zones),
		cmocka_unit_test(test_long_word),
		cmocka_unit_test(test_one_without_zones),
		cmocka_unit_test(test_none_with_zones),
		cmocka_unit_test(test_no_access),
		cmocka_unit_test(test_close_on_exec),
	};

	return RUN_ROWS(size_rows, test_block_size) + RUN_ROWS(state_rows, test_state) +
	       RUN_ROWS(zones_rows, test_zones) + RUN_ROWS(removable_rows, test_kernel_removable) +
	       RUN_TESTS(tests);
}
