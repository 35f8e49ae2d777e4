/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "fake-tree.h"
#include "sources.h"

#define STATE MEMORY_DIR "/memory8/state"

struct read_row {
	const char *name, *text, *zones; /* NULL: no such file */
	int result;
	enum memblock_state state;
	enum memblock_zone zone;
};

static const struct read_row read_rows[] = {
	{ "online", "online", "Normal", 0, MEMBLOCK_STATE_ONLINE, MEMBLOCK_ZONE_NORMAL },
	{ "movable", "online", "Movable", 0, MEMBLOCK_STATE_ONLINE, MEMBLOCK_ZONE_MOVABLE },
	{ "in several zones", "online", "none", 0, MEMBLOCK_STATE_ONLINE, MEMBLOCK_ZONE_NONE },
	{ "without hot-remove", "online", NULL, 0, MEMBLOCK_STATE_ONLINE, MEMBLOCK_ZONE_UNKNOWN },
	{ "in a zone of the future", "online", "Future", 0, MEMBLOCK_STATE_ONLINE,
	  MEMBLOCK_ZONE_UNKNOWN },
	{ "zones of an offline block", "online", "Normal Movable", 0, MEMBLOCK_STATE_ONLINE,
	  MEMBLOCK_ZONE_UNKNOWN },
	{ "offline", "offline", "Movable", 0, MEMBLOCK_STATE_OFFLINE, MEMBLOCK_ZONE_UNKNOWN },
	{ "going offline", "going-offline", "Movable", 0, MEMBLOCK_STATE_GOING_OFFLINE,
	  MEMBLOCK_ZONE_UNKNOWN },
	{ "a word that no kernel says", "melting", "Normal", -EBADMSG, 0, 0 },
	{ "no word", "", "Normal", -ENODATA, 0, 0 },
	{ "a folder without state", NULL, "Normal", -ENODEV, 0, 0 },
};

static void test_read(void **state)
{
	const struct read_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	enum memblock_state found = MEMBLOCK_STATE_UNKNOWN;
	enum memblock_zone zone = MEMBLOCK_ZONE_UNKNOWN;

	add_block(tree, 8, row->text, row->zones, 0);
	assert_int_equal(memblock_read_state(root, 8, &found, &zone), row->result);
	assert_int_equal(found, row->state);
	assert_int_equal(zone, row->zone);
}

struct write_row {
	const char *name; /* what stands in the file afterwards */
	enum memblock_action action;
	int result;
};

static const struct write_row write_rows[] = {
	{ "offline", MEMBLOCK_ACTION_OFFLINE, 0 },
	{ "online", MEMBLOCK_ACTION_ONLINE, 0 },
	{ "online_kernel", MEMBLOCK_ACTION_ONLINE_KERNEL, 0 },
	{ "online_movable", MEMBLOCK_ACTION_ONLINE_MOVABLE, 0 },
	{ "going-offline", MEMBLOCK_ACTION_ONLINE_MOVABLE + 1, -EINVAL },
};

static void test_write(void **state)
{
	const struct write_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	_cleanup_free_ char *text = NULL;

	add_block(tree, 8, NULL, "Normal", 0);
	write_file(tree, STATE, "going-offline");
	assert_int_equal(memblock_write_state(root, 8, row->action), row->result);
	assert_int_equal(root_read_file(root, STATE, &text, NULL), 0);
	assert_string_equal(text, row->name);
}

static void assert_no_block(struct memblock_root *root, uint64_t index)
{
	enum memblock_state state;
	enum memblock_zone zone;

	assert_int_equal(memblock_read_state(root, index, &state, &zone), -ENODEV);
	assert_int_equal(memblock_write_state(root, index, MEMBLOCK_ACTION_OFFLINE), -ENODEV);
}

static void test_no_block(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_root_ struct memblock_root *root = open_root(tree), *live = NULL;

	(void)state;
	make_folder(tree, MEMORY_DIR "/memory8");
	assert_no_block(root, 8);
	assert_no_block(root, 9);
	/* Nothing comes into being. */
	assert_false(root_exists(root, STATE));
	assert_false(root_exists(root, MEMORY_DIR "/memory9"));

	remove_file(tree, MEMORY_DIR "/block_size_bytes");
	remove_file(tree, MEMORY_DIR "/memory8");
	remove_file(tree, MEMORY_DIR);
	assert_no_block(root, 8);

	/* No machine has this one. */
	assert_int_equal(memblock_root_new(NULL, &live), 0);
	assert_no_block(live, UINT64_MAX);
}

/* A captured tree may come from anybody. */
static void test_links(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	enum memblock_state found;
	enum memblock_zone zone;
	char target[128], text[ATTRIBUTE_MAX];

	(void)state;
	write_file(tree, "../outside/state", "online\n");
	write_file(tree, "inside/state", "online\n");
	snprintf(target, sizeof(target), "%s/outside", tree->folder);
	make_link(tree, MEMORY_DIR "/memory1", target);
	make_link(tree, MEMORY_DIR "/memory2", "../../../../inside");
	snprintf(target, sizeof(target), "%s/outside/state", tree->folder);
	make_link(tree, MEMORY_DIR "/memory3/state", target);
	make_link(tree, MEMORY_DIR "/memory4/state", "../../../../../inside/state");

	for (uint64_t index = 1; index <= 4; index++) {
		assert_int_equal(memblock_read_state(root, index, &found, &zone), -ELOOP);
		assert_int_equal(memblock_write_state(root, index, MEMBLOCK_ACTION_OFFLINE),
				 -ELOOP);
	}
	assert_int_equal(root_read_attribute(root, "inside/state", text), 0);
	assert_string_equal(text, "online");
	snprintf(target, sizeof(target), "%s/outside/state", tree->folder);
	assert_int_equal(access(target, F_OK), 0);
}

/* Neither hangs. */
static void test_no_file(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_root_ struct memblock_root *root = open_root(tree);

	(void)state;
	make_fifo(tree, MEMORY_DIR "/memory1/state");
	make_folder(tree, MEMORY_DIR "/memory2/state");
	assert_int_equal(memblock_write_state(root, 1, MEMBLOCK_ACTION_OFFLINE), -ENXIO);
	assert_int_equal(memblock_write_state(root, 2, MEMBLOCK_ACTION_OFFLINE), -EISDIR);
}

/* What the kernel says of the write itself comes back. */
static void test_write_fails(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	struct rlimit before, none;
	void (*handler)(int);
	int r;

	(void)state;
	add_block(tree, 8, "online", "Normal", 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = before.rlim_max };
	handler = signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	r = memblock_write_state(root, 8, MEMBLOCK_ACTION_OFFLINE);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, handler);
	assert_int_equal(r, -EFBIG);
}

static void test_no_access(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	char path[160];
	int r;

	(void)state;
	add_block(tree, 8, "online", "Normal", 0);
	snprintf(path, sizeof(path), "%s/" STATE, tree->path);
	assert_int_equal(chmod(path, 0444), 0);
	if (!drop_privileges(tree))
		skip();
	r = memblock_write_state(root, 8, MEMBLOCK_ACTION_OFFLINE);
	regain_privileges();
	assert_int_equal(r, -EACCES);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_block),  cmocka_unit_test(test_links),
		cmocka_unit_test(test_no_file),   cmocka_unit_test(test_write_fails),
		cmocka_unit_test(test_no_access),
	};

	return RUN_ROWS(read_rows, test_read) + RUN_ROWS(write_rows, test_write) + RUN_TESTS(tests);
}
