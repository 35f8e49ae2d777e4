/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fake-tree.h"

static void test_new(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);

	(void)state;
	assert_string_equal(memblock_root_path(root), tree->path);
	assert_false(memblock_root_is_live(root));
	assert_true(fcntl(root->fd, F_GETFD) & FD_CLOEXEC);
	assert_ptr_equal(memblock_root_ref(root), root);
	assert_null(memblock_root_unref(root));
	assert_null(memblock_root_unref(NULL));
}

static void assert_live(const char *path)
{
	_cleanup_root_ struct memblock_root *root = NULL;

	assert_int_equal(memblock_root_new(path, &root), 0);
	assert_true(memblock_root_is_live(root));
	assert_string_equal(memblock_root_path(root), "/");
	assert_true(root_exists(root, "proc"));
	assert_false(root_exists(root, "no such folder"));
}

static void test_live(void **state)
{
	(void)state;
	assert_live(NULL);
	assert_live("/");
}

static void test_no_folder(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	struct memblock_root *root = NULL;
	char path[128];

	(void)state;
	write_file(tree, "file", "text\n");
	make_link(tree, "dangling", "nowhere");
	snprintf(path, sizeof(path), "%s/file", tree->path);
	assert_int_equal(memblock_root_new(path, &root), -ENOTDIR);
	snprintf(path, sizeof(path), "%s/absent", tree->path);
	assert_int_equal(memblock_root_new(path, &root), -ENOENT);
	snprintf(path, sizeof(path), "%s/dangling", tree->path);
	assert_int_equal(memblock_root_new(path, &root), -ENOENT);
	assert_int_equal(memblock_root_new("", &root), -ENOENT);
	assert_null(root);
}

/* 255 characters fill an attribute's buffer, with its line feed. */
static char longest[ATTRIBUTE_MAX + 1];

struct attribute_row {
	const char *name, *content;
	size_t size;
	int result;
	const char *text;
};

#define CONTENT(text) (text), sizeof(text) - 1

static const struct attribute_row attribute_rows[] = {
	{ "a word", CONTENT("online\n"), 0, "online" },
	{ "no line feed", CONTENT("online"), 0, "online" },
	{ "only one line feed goes", CONTENT("a\n\n"), 0, "a\n" },
	{ "spaces stay", CONTENT(" a b \n"), 0, " a b " },
	{ "UTF-8 stays", CONTENT("\xc3\xa9\n"), 0, "\xc3\xa9" },
	{ "empty", CONTENT(""), -ENODATA, NULL },
	{ "a line feed alone", CONTENT("\n"), -ENODATA, NULL },
	{ "a NUL byte", CONTENT("on\0line\n"), -EBADMSG, NULL },
	{ "a NUL byte at the end", CONTENT("online\0"), -EBADMSG, NULL },
	{ "as long as may be", longest, ATTRIBUTE_MAX - 1, 0, longest },
	{ "one longer", longest, ATTRIBUTE_MAX, -EFBIG, NULL },
};

static void test_attribute(void **state)
{
	const struct attribute_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	_cleanup_closedir_ DIR *dir = NULL;
	char text[ATTRIBUTE_MAX] = "untouched", again[ATTRIBUTE_MAX] = "untouched";

	write_bytes(tree, "sys/attribute", row->content, row->size);
	assert_int_equal(root_read_attribute(root, "sys/attribute", text), row->result);
	assert_int_equal(root_open_dir(root, "sys", &dir), 0);
	assert_int_equal(root_read_attribute_at(root, dirfd(dir), "attribute", again), row->result);

	if (row->text == longest) {
		assert_int_equal(strlen(text), ATTRIBUTE_MAX - 1);
		assert_memory_equal(text, longest, ATTRIBUTE_MAX - 1);
	} else {
		assert_string_equal(text, row->text ? row->text : "untouched");
	}
	assert_string_equal(again, text);
}

static void test_no_attribute(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	_cleanup_closedir_ DIR *dir = NULL;
	char text[ATTRIBUTE_MAX];

	(void)state;
	make_folder(tree, "sys/folder");
	make_fifo(tree, "sys/fifo");
	make_link(tree, "sys/link", "folder");
	assert_int_equal(root_open_dir(root, "sys", &dir), 0);

	assert_int_equal(root_read_attribute(root, "sys/absent", text), -ENOENT);
	assert_int_equal(root_read_attribute(root, "sys/folder", text), -EISDIR);
	/* Neither hangs. */
	assert_int_equal(root_read_attribute(root, "sys/fifo", text), -ENODATA);
	assert_int_equal(root_read_attribute_at(root, dirfd(dir), "fifo", text), -ENODATA);
	assert_int_equal(root_read_attribute_at(root, dirfd(dir), "absent", text), -ENOENT);
	assert_int_equal(root_read_attribute_at(root, dirfd(dir), "link", text), -ELOOP);
}

static void test_file(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	_cleanup_free_ char *text = NULL, *bytes = NULL;
	char *untouched = NULL;
	size_t size = 0;

	(void)state;
	write_file(tree, "proc/iomem", "one\ntwo\n");
	write_bytes(tree, "proc/binary", "a\0b", 3);
	make_folder(tree, "proc/folder");

	assert_int_equal(root_read_file(root, "proc/iomem", &text, NULL), 0);
	assert_string_equal(text, "one\ntwo\n");
	assert_int_equal(root_read_file(root, "proc/binary", &untouched, NULL), -EBADMSG);
	assert_int_equal(root_read_file(root, "proc/binary", &bytes, &size), 0);
	assert_int_equal(size, 3);
	assert_memory_equal(bytes, "a\0b", 4);
	assert_int_equal(root_read_file(root, "proc/absent", &untouched, NULL), -ENOENT);
	assert_int_equal(root_read_file(root, "proc/folder", &untouched, NULL), -EISDIR);
	assert_null(untouched);
}

/* A file with nothing in it is not a file that isn't there: a list of no marks. */
static void test_empty_file(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	_cleanup_free_ char *text = NULL, *fifo = NULL;

	(void)state;
	write_file(tree, "empty", "%s", "");
	make_fifo(tree, "fifo");
	assert_int_equal(root_read_file(root, "empty", &text, NULL), 0);
	assert_string_equal(text, "");
	assert_int_equal(root_read_file(root, "fifo", &fifo, NULL), 0);
	assert_string_equal(fifo, "");
}

/* The buffer starts at 16 KiB and doubles. */
static void test_sizes_of_files(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	static const size_t sizes[] = { 16383, 16384, 16385, 32768, 100000 };
	static char content[100000];

	(void)state;
	memset(content, 'x', sizeof(content));
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		_cleanup_free_ char *text = NULL;

		write_bytes(tree, "file", content, sizes[i]);
		assert_int_equal(root_read_file(root, "file", &text, NULL), 0);
		assert_int_equal(strlen(text), sizes[i]);
	}
}

static void test_file_too_large(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	char path[128], *text = NULL;
	size_t size = 0;

	(void)state;
	write_file(tree, "file", "x");
	snprintf(path, sizeof(path), "%s/file", tree->path);
	assert_int_equal(truncate(path, 1 << 30), 0);
	assert_int_equal(root_read_file(root, "file", &text, &size), -EFBIG);
	assert_null(text);
}

/* Outside of the tree there is a file "secret" in a folder "outside". */
static void make_outside(struct fake_tree *tree)
{
	write_file(tree, "../outside/secret", "secret\n");
	write_file(tree, "../outside/state", "online\n");
}

static void test_no_link_leads_out(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	char text[ATTRIBUTE_MAX], target[128], *file = NULL;
	DIR *dir = NULL;

	(void)state;
	make_outside(tree);
	snprintf(target, sizeof(target), "%s/outside/secret", tree->folder);
	make_link(tree, "absolute", target);
	make_link(tree, "relative", "../outside/secret");
	make_link(tree, "folder", "../outside");
	make_link(tree, "magic", "/proc/self/root");

	assert_int_equal(root_read_attribute(root, "absolute", text), -ENOENT);
	assert_int_equal(root_read_attribute(root, "relative", text), -ENOENT);
	assert_int_equal(root_read_attribute(root, "folder/secret", text), -ENOENT);
	assert_int_equal(root_read_attribute(root, "../outside/secret", text), -ENOENT);
	assert_int_equal(root_read_file(root, "absolute", &file, NULL), -ENOENT);
	assert_int_equal(root_open_dir(root, "folder", &dir), -ENOENT);
	assert_false(root_exists(root, "magic"));
	assert_false(root_exists(root, "relative"));
}

static void test_links_inside(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	char text[ATTRIBUTE_MAX];

	(void)state;
	write_file(tree, "sys/devices/one/size", "1\n");
	make_link(tree, "sys/bus/one", "../devices/one");
	make_link(tree, "sys/bus/absolute", "/sys/devices/one");
	make_link(tree, "sys/bus/loop", "loop");
	assert_int_equal(root_read_attribute(root, "sys/bus/one/size", text), 0);
	assert_string_equal(text, "1");
	assert_int_equal(root_read_attribute(root, "sys/bus/absolute/size", text), 0);
	assert_int_equal(root_read_attribute(root, "sys/bus/loop/size", text), -ELOOP);
}

struct link_row {
	const char *name, *target, *last;
};

static const struct link_row link_rows[] = {
	{ "relative", "../../bus/nd/drivers/nd_pmem", "nd_pmem" },
	{ "one part", "memory12", "memory12" },
	{ "absolute", "/sys/devices/memory7", "memory7" },
	{ "a slash at the end", "folder/", NULL },
	{ "the root", "/", NULL },
};

static void test_link_name(void **state)
{
	const struct link_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	char text[ATTRIBUTE_MAX] = "untouched";

	make_link(tree, "link", row->target);
	assert_int_equal(root_read_link_name(root, "link", text), row->last ? 0 : -EINVAL);
	assert_string_equal(text, row->last ? row->last : "untouched");
}

static void test_no_link(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	char text[ATTRIBUTE_MAX], target[300];

	(void)state;
	memset(target, 'x', sizeof(target));
	target[sizeof(target) - 1] = '\0';
	write_file(tree, "file", "text\n");
	make_link(tree, "long", target);
	assert_int_equal(root_read_link_name(root, "file", text), -EINVAL);
	assert_int_equal(root_read_link_name(root, "absent", text), -ENOENT);
	assert_int_equal(root_read_link_name(root, "long", text), -EINVAL);
}

static void test_no_access(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	char text[ATTRIBUTE_MAX], path[128];
	int r;

	(void)state;
	write_file(tree, "secret", "text\n");
	snprintf(path, sizeof(path), "%s/secret", tree->path);
	assert_int_equal(chmod(path, 0), 0);
	if (!drop_privileges(tree))
		skip();
	r = root_read_attribute(root, "secret", text);
	regain_privileges();
	assert_int_equal(r, -EACCES);
}

/* Who opens files for a root: hands out one file, or fails, and counts how often it was asked. */
struct opener {
	const char *file; /* in the tree */
	struct fake_tree *tree;
	int error;
	unsigned asked;
	char path[64]; /* what it was asked for last */
};

static int open_for_root(const char *path, void *userdata)
{
	struct opener *opener = userdata;
	char full[160];

	opener->asked++;
	snprintf(opener->path, sizeof(opener->path), "%s", path);
	if (opener->error < 0)
		return opener->error;
	/* What another process would send: here it is opened with the privileges that it has. */
	regain_privileges();
	snprintf(full, sizeof(full), "%s/%s", opener->tree->path, opener->file);
	return open(full, O_RDONLY | O_CLOEXEC);
}

static void assert_file(const struct memblock_root *root, const char *path, const char *says)
{
	_cleanup_free_ char *text = NULL;

	assert_int_equal(root_read_file(root, path, &text, NULL), 0);
	assert_string_equal(text, says);
}

static void test_opener_iomem(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	struct opener opener = { .file = "full", .tree = tree };

	(void)state;
	write_file(tree, "proc/iomem", "zeros");
	write_file(tree, "proc/zoneinfo", "zones");
	write_file(tree, "full", "addresses");
	memblock_root_set_opener(root, open_for_root, &opener);
	assert_file(root, "proc/iomem", "addresses");
	assert_file(root, "proc/iomem", "addresses");
	assert_int_equal(opener.asked, 2);
	assert_string_equal(opener.path, "proc/iomem");

	/* It isn't asked for what can be opened here. */
	assert_file(root, "proc/zoneinfo", "zones");
	assert_int_equal(opener.asked, 2);

	/* Without it, what this process sees will do; and it is asked once. */
	opener.error = -ECONNREFUSED;
	assert_file(root, "proc/iomem", "zeros");
	assert_int_equal(opener.asked, 3);
	memblock_root_set_opener(root, NULL, NULL);
	assert_file(root, "proc/iomem", "zeros");
	assert_int_equal(opener.asked, 3);
}

static void test_opener_errors(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	struct opener opener = { .error = -EPERM };
	char text[ATTRIBUTE_MAX];

	(void)state;
	memblock_root_set_opener(root, open_for_root, &opener);
	assert_int_equal(root_read_attribute(root, "proc/iomem", text), -ENOENT);
	assert_int_equal(opener.asked, 1);
	/* What isn't there is nobody's secret. */
	assert_int_equal(root_read_attribute(root, "sys/absent", text), -ENOENT);
	assert_int_equal(memblock_root_open(root, "proc/iomem", O_WRONLY), -EINVAL);
	assert_int_equal(memblock_root_open(root, "proc/iomem", O_PATH), -ENOENT);
	assert_int_equal(opener.asked, 1);
}

static void test_opener_secret(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	struct opener opener = { .file = "told", .tree = tree, .error = -EIO };
	char text[ATTRIBUTE_MAX], path[128];
	int refused, folder, place, told;

	(void)state;
	write_file(tree, "secret/file", "text\n");
	write_file(tree, "told", "told\n");
	snprintf(path, sizeof(path), "%s/secret", tree->path);
	assert_int_equal(chmod(path, 0), 0);
	memblock_root_set_opener(root, open_for_root, &opener);
	if (!drop_privileges(tree))
		skip();

	/* The first answer stands. */
	refused = root_read_attribute(root, "secret/file", text);
	folder = memblock_root_open(root, "secret", O_DIRECTORY);
	place = memblock_root_open(root, "secret/file", O_PATH);
	opener.error = 0;
	told = root_read_attribute(root, "secret/file", text);
	regain_privileges();
	assert_int_equal(chmod(path, 0755), 0); /* so that it can be removed */

	assert_int_equal(refused, -EACCES);
	assert_int_equal(folder, -EACCES);
	assert_int_equal(place, -EACCES);
	assert_int_equal(told, 0);
	assert_string_equal(text, "told");
	assert_int_equal(opener.asked, 2);
	assert_string_equal(opener.path, "secret/file");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_no_folder),
		cmocka_unit_test(test_no_attribute),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_empty_file),
		cmocka_unit_test(test_sizes_of_files),
		cmocka_unit_test(test_file_too_large),
		cmocka_unit_test(test_no_link_leads_out),
		cmocka_unit_test(test_links_inside),
		cmocka_unit_test(test_no_link),
		cmocka_unit_test(test_no_access),
		cmocka_unit_test(test_opener_iomem),
		cmocka_unit_test(test_opener_errors),
		cmocka_unit_test(test_opener_secret),
	};

	memset(longest, 'x', ATTRIBUTE_MAX);
	return RUN_ROWS(attribute_rows, test_attribute) + RUN_ROWS(link_rows, test_link_name) +
	       RUN_TESTS(tests);
}
