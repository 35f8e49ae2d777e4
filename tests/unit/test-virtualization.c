/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fake-tree.h"
#include "virtualization.h"

struct row {
	const char *name, *text; /* NULL: no file */
	const char *word;        /* NULL: nobody knows */
};

static const struct row rows[] = {
	{ "a virtual machine", "kvm\n", "kvm" },
	{ "bare metal", "none\n", "none" },
	{ "without a line feed", "vm-other", "vm-other" },
	{ "no file", NULL, NULL },
	{ "nothing in it", "", NULL },
	{ "an empty line", "\n", NULL },
	{ "two words", "kvm qemu\n", NULL },
	{ "two lines", "kvm\nqemu\n", NULL },
	{ "a long text", "a word that is much longer than any of systemd's\n", NULL },
	{ "other letters", "KVM\n", NULL },
};

static void test_captured(void **state)
{
	const struct row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	_cleanup_free_ char *word = NULL;

	if (row->text)
		write_file(tree, "memblockd/virtualization", "%s", row->text);
	assert_int_equal(virtualization_read(root, &word), 0);
	if (row->word)
		assert_string_equal(word, row->word);
	else
		assert_null(word);
}

/* Of this machine a program of that name is asked, which we put first. */
static void test_asked(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = NULL;
	_cleanup_free_ char *word = NULL, *before = strdup(getenv("PATH") ?: "");
	char path[128];

	(void)state;
	write_file(tree, "bin/systemd-detect-virt",
		   "#!/bin/sh\n[ \"$*\" = --vm ] || exit 2\necho none\necho no >&2\nexit 1\n");
	snprintf(path, sizeof(path), "%s/bin/systemd-detect-virt", tree->path);
	assert_int_equal(chmod(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/bin", tree->path);
	assert_int_equal(setenv("PATH", path, 1), 0);
	assert_int_equal(memblock_root_new(NULL, &root), 0);
	assert_int_equal(virtualization_read(root, &word), 0);
	assert_string_equal(word, "none");

	/* And where there is none, nobody knows. */
	assert_int_equal(setenv("PATH", "/nonexistent", 1), 0);
	free(word);
	word = NULL;
	assert_int_equal(virtualization_read(root, &word), 0);
	assert_null(word);
	assert_int_equal(setenv("PATH", before, 1), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asked),
	};

	return RUN_ROWS(rows, test_captured) + RUN_TESTS(tests);
}
