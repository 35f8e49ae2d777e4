/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fake-tree.h"
#include "kept-file.h"

#define FOLDER "run/memblockd"
#define NOBODY 65534

/* What somebody planted for the folder, or for the file in it. */
struct row {
	const char *name;
	void (*plant)(struct fake_tree *tree, const char *path);
	int folder; /* what comes of opening it there */
	int file;   /* and of reading it there */
};

static char *full_path(struct fake_tree *tree, const char *path, char ret[PATH_MAX])
{
	snprintf(ret, PATH_MAX, "%s/%s", tree->path, path);
	return ret;
}

static void plant_folder(struct fake_tree *tree, const char *path)
{
	make_folder(tree, path);
}

static void plant_open_folder(struct fake_tree *tree, const char *path)
{
	char full[PATH_MAX];

	make_folder(tree, path);
	assert_int_equal(chmod(full_path(tree, path, full), 01777), 0);
}

static void plant_file(struct fake_tree *tree, const char *path)
{
	write_file(tree, path, "text\n");
}

static void plant_link_to_folder(struct fake_tree *tree, const char *path)
{
	make_folder(tree, "elsewhere");
	make_link(tree, path, "/elsewhere");
}

static void plant_link_to_file(struct fake_tree *tree, const char *path)
{
	write_file(tree, "secret", "text\n");
	make_link(tree, path, "/secret");
}

static void plant_hard_link(struct fake_tree *tree, const char *path)
{
	char from[PATH_MAX], to[PATH_MAX];

	write_file(tree, "secret", "text\n");
	plant_file(tree, path);
	assert_int_equal(unlink(full_path(tree, path, to)), 0);
	assert_int_equal(link(full_path(tree, "secret", from), to), 0);
}

static const struct row rows[] = {
	{ "file", plant_file, -ENOTDIR, 0 },
	{ "folder", plant_folder, 0, -EBADMSG },
	{ "folder for all to write", plant_open_folder, -EPERM, -EBADMSG },
	{ "FIFO", make_fifo, -ENOTDIR, -EBADMSG },
	{ "link to a folder", plant_link_to_folder, -ENOTDIR, -ELOOP },
	{ "link to a file", plant_link_to_file, -ENOTDIR, -ELOOP },
	{ "second name of a file", plant_hard_link, -ENOTDIR, -EPERM },
};

/* Made or not, nothing comes of it; and what it leads to is as before. */
static void test_folder(void **state)
{
	const struct row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);

	row->plant(tree, FOLDER);
	for (int make = 0; make < 2; make++) {
		_cleanup_close_ int fd = kept_open_folder(root, FOLDER, make);

		assert_int_equal(fd < 0 ? fd : 0, row->folder);
	}
}

static void test_file(void **state)
{
	const struct row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	_cleanup_close_ int folder = kept_open_folder(root, FOLDER, true);
	_cleanup_free_ char *text = NULL;

	assert_true(folder >= 0);
	row->plant(tree, FOLDER "/file");
	assert_int_equal(kept_read_at(folder, "file", &text), row->file);
	if (row->file == 0)
		assert_string_equal(text, "text\n");
}

/* It takes the place of whatever is there but a folder, and nothing is written through that. */
static void test_write(void **state)
{
	static const char *const names[] = { "file", "file.new" };
	const struct row *row = *state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
		_cleanup_root_ struct memblock_root *root = open_root(tree);
		_cleanup_close_ int folder = kept_open_folder(root, FOLDER, true);
		_cleanup_close_ int other = -1;
		_cleanup_free_ char *text = NULL, *secret = NULL;
		char path[64];
		int r;

		snprintf(path, sizeof(path), FOLDER "/%s", names[i]);
		row->plant(tree, path);
		r = kept_write_at(folder, "file", "fresh\n");
		if (row->file == -EBADMSG && row->plant != make_fifo) {
			assert_true(r == -EISDIR || r == -EEXIST);
			continue;
		}
		assert_int_equal(r, 0);
		assert_int_equal(kept_read_at(folder, "file", &text), 0);
		assert_string_equal(text, "fresh\n");
		other = memblock_root_open(root, ".", O_DIRECTORY);
		if (kept_read_at(other, "secret", &secret) == 0)
			assert_string_equal(secret, "text\n");
	}
}

static void test_modes(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	_cleanup_close_ int folder = kept_open_folder(root, FOLDER, true);
	struct stat st;

	(void)state;
	assert_int_equal(kept_write_at(folder, "one", ""), 0);
	assert_int_equal(kept_save_at(folder, "two", ""), 0);
	assert_int_equal(fstatat(folder, "one", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(fstatat(folder, "two", &st, 0), 0);
	assert_int_equal(st.st_mode & 0133, 0);
	assert_int_equal(fstat(folder, &st), 0);
	assert_int_equal(st.st_mode & 022, 0);
}

static void test_lock(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	_cleanup_close_ int folder = kept_open_folder(root, FOLDER, true);
	_cleanup_close_ int lock = kept_lock_at(folder, "lock");
	struct stat st;

	(void)state;
	assert_true(lock >= 0);
	assert_int_equal(fstatat(folder, "lock", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(kept_lock_at(folder, "lock"), -EWOULDBLOCK);
	assert_int_equal(close(lock), 0);
	lock = kept_lock_at(folder, "lock");
	assert_true(lock >= 0);
	make_link(tree, FOLDER "/link", "lock");
	assert_int_equal(kept_lock_at(folder, "link"), -ELOOP);
	make_fifo(tree, FOLDER "/fifo");
	assert_int_equal(kept_lock_at(folder, "fifo"), -EBADMSG);
	plant_hard_link(tree, FOLDER "/second");
	assert_int_equal(kept_lock_at(folder, "second"), -EPERM);
}

/* Nobody's folder is no folder of ours; and root's programs write in it for nobody. */
static void test_owners(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	_cleanup_close_ int folder = kept_open_folder(root, FOLDER, true);
	_cleanup_close_ int again = -1;
	_cleanup_free_ char *text = NULL;
	struct stat st;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(kept_write_at(folder, "file", "text\n"), 0);
	assert_int_equal(fchown(folder, 1, 1), 0);
	assert_int_equal(kept_read_at(folder, "file", &text), 0); /* root's */
	assert_int_equal(kept_write_at(folder, "file", "text\n"), 0);
	assert_int_equal(fstatat(folder, "file", &st, 0), 0);
	assert_int_equal(st.st_uid, 1);
	assert_int_equal(fchownat(folder, "file", NOBODY, NOBODY, 0), 0);
	free(TAKE_PTR(text));
	assert_int_equal(kept_read_at(folder, "file", &text), -EPERM);

	if (!drop_privileges(tree))
		skip();
	again = kept_open_folder(root, FOLDER, false);
	regain_privileges();
	assert_int_equal(again, -EPERM);
}

/* The folder above it leads out of the tree. */
static void test_link_above(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	char outside[PATH_MAX];

	(void)state;
	make_link(tree, "run", tree->folder);
	assert_int_equal(kept_open_folder(root, FOLDER, true), -ENOTDIR);
	snprintf(outside, sizeof(outside), "%s/memblockd", tree->folder);
	assert_int_equal(access(outside, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_owners),
		cmocka_unit_test(test_link_above),
	};

	return RUN_ROWS(rows, test_folder) + RUN_ROWS(rows, test_file) +
	       RUN_ROWS(rows, test_write) + RUN_TESTS(tests);
}
