/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "fake-tree.h"

#define PATH_SIZE 512
#define NOBODY 65534

static struct fake_tree current;

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void fake_tree_free(struct fake_tree *tree)
{
	if (!tree || !*tree->folder)
		return;
	(void)nftw(tree->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	*tree = (struct fake_tree){};
}

static void remove_leftover(void)
{
	fake_tree_free(&current);
}

/* A captured tree is read with openat2(2) or not at all; old valgrind doesn't know the call. */
static bool has_openat2(void)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC };
	_cleanup_close_ int fd = (int)syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how));

	return fd >= 0 || errno != ENOSYS;
}

struct fake_tree *fake_tree_empty(void)
{
	static bool registered;
	const char *tmp = getenv("TMPDIR");

	if (!has_openat2())
		skip();
	remove_leftover();
	if (!registered)
		assert_int_equal(atexit(remove_leftover), 0);
	registered = true;

	if (!tmp || strlen(tmp) > 32)
		tmp = "/tmp";
	snprintf(current.folder, sizeof(current.folder), "%s/memblock-XXXXXX", tmp);
	assert_non_null(mkdtemp(current.folder));
	snprintf(current.path, sizeof(current.path), "%s/tree", current.folder);
	assert_int_equal(mkdir(current.path, 0755), 0);
	return &current;
}

struct fake_tree *fake_tree_new(void)
{
	struct fake_tree *tree = fake_tree_empty();

	write_file(tree, "proc/sys/kernel/arch", "x86_64\n");
	write_file(tree, "proc/sys/kernel/osrelease", "6.1.0-56-amd64\n");
	write_file(tree, "sys/devices/system/memory/block_size_bytes", "8000000\n");
	make_folder(tree, "sys/devices/system/node/node0");
	return tree;
}

static void full_path(struct fake_tree *tree, const char *path, char full[PATH_SIZE])
{
	assert_true(snprintf(full, PATH_SIZE, "%s/%s", tree->path, path) < PATH_SIZE);
}

/* Makes the folders that a path lies in. */
static void make_parents(struct fake_tree *tree, const char *path, char full[PATH_SIZE])
{
	full_path(tree, path, full);
	for (char *p = full + strlen(tree->path) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		assert_true(mkdir(full, 0755) == 0 || errno == EEXIST);
		*p = '/';
	}
}

void make_folder(struct fake_tree *tree, const char *path)
{
	char full[PATH_SIZE];

	make_parents(tree, path, full);
	assert_true(mkdir(full, 0755) == 0 || errno == EEXIST);
}

void write_bytes(struct fake_tree *tree, const char *path, const void *data, size_t size)
{
	_cleanup_close_ int fd = -1;
	char full[PATH_SIZE];

	make_parents(tree, path, full);
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
}

void write_file(struct fake_tree *tree, const char *path, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	assert_true(n >= 0);
	write_bytes(tree, path, text, (size_t)n);
}

void make_link(struct fake_tree *tree, const char *path, const char *target)
{
	char full[PATH_SIZE];

	make_parents(tree, path, full);
	assert_int_equal(symlink(target, full), 0);
}

void make_fifo(struct fake_tree *tree, const char *path)
{
	char full[PATH_SIZE];

	make_parents(tree, path, full);
	assert_int_equal(mkfifo(full, 0644), 0);
}

void remove_file(struct fake_tree *tree, const char *path)
{
	char full[PATH_SIZE];

	full_path(tree, path, full);
	assert_int_equal(remove(full), 0);
}

void add_block_on(struct fake_tree *tree, uint64_t index, const char *state, const char *zones,
		  const int *nids)
{
	char path[PATH_SIZE], target[PATH_SIZE];

	snprintf(path, sizeof(path), "sys/devices/system/memory/memory%" PRIu64, index);
	make_folder(tree, path);
	if (state) {
		snprintf(path, sizeof(path), "sys/devices/system/memory/memory%" PRIu64 "/state",
			 index);
		write_file(tree, path, "%s\n", state);
	}
	if (zones) {
		snprintf(path, sizeof(path),
			 "sys/devices/system/memory/memory%" PRIu64 "/valid_zones", index);
		write_file(tree, path, "%s\n", zones);
	}
	for (; *nids >= 0; nids++) {
		snprintf(path, sizeof(path), "sys/devices/system/node/node%d/memory%" PRIu64, *nids,
			 index);
		snprintf(target, sizeof(target), "../../memory/memory%" PRIu64, index);
		make_link(tree, path, target);
	}
}

static void write_optional(struct fake_tree *tree, const char *folder, const char *name,
			   const char *text)
{
	char path[2 * PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (text)
		write_file(tree, path, "%s\n", text);
}

void add_namespace(struct fake_tree *tree, const char *name, const char *resource, const char *size,
		   const char *mode, const char *driver)
{
	char folder[PATH_SIZE], path[PATH_SIZE + 16];

	snprintf(folder, sizeof(folder), "sys/bus/nd/devices/%s", name);
	make_folder(tree, folder);
	write_optional(tree, folder, "resource", resource);
	write_optional(tree, folder, "size", size);
	write_optional(tree, folder, "mode", mode);
	snprintf(path, sizeof(path), "%s/driver", folder);
	if (driver)
		make_link(tree, path, driver);
}

struct memblock_root *open_root(struct fake_tree *tree)
{
	struct memblock_root *root = NULL;

	assert_int_equal(memblock_root_new(tree->path, &root), 0);
	assert_non_null(root);
	return root;
}

struct memblock_inventory *scan(struct fake_tree *tree)
{
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	struct memblock_inventory *inventory = NULL;
	_cleanup_free_ char *error = NULL;

	assert_int_equal(memblock_inventory_new(root, 0, &inventory, &error), 0);
	assert_null(error);
	assert_non_null(inventory);
	return inventory;
}

const struct memblock_block *block_of(const struct memblock_inventory *inventory, uint64_t index)
{
	const struct memblock_block *block = memblock_inventory_find(inventory, index);

	assert_non_null(block);
	assert_int_equal(memblock_block_index(block), index);
	return block;
}

bool has_note(const struct memblock_inventory *inventory, const char *text)
{
	const char *note;

	for (size_t i = 0; (note = memblock_inventory_note(inventory, i)); i++)
		if (strstr(note, text))
			return true;
	return false;
}

bool has_evidence(const struct memblock_inventory *inventory, const struct memblock_block *block,
		  const char *text)
{
	char **evidence = NULL;
	bool found = false;
	int n;

	n = memblock_block_evidence(inventory, block, &evidence);
	assert_true(n >= 0);
	for (int i = 0; i < n; i++)
		found = found || strstr(evidence[i], text);
	assert_null(evidence[n]);
	memblock_strv_free(evidence);
	return found;
}

const char *page_words(const struct memblock_pages *pages)
{
	const struct {
		const char *word;
		uint64_t n;
	} counts[] = {
		{ "poisoned", pages->poisoned },
		{ "memmap", pages->memmap },
		{ "reserved", pages->reserved },
		{ "slab", pages->slab },
		{ "page-table", pages->page_table },
		{ "offline", pages->offline },
		{ "free", pages->free },
		{ "movable", pages->movable },
		{ "kernel", pages->kernel },
		{ "unclear", pages->unclear },
	};
	static char text[512];

	text[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		if (counts[i].n > 0)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s %" PRIu64,
				 *text ? ", " : "", counts[i].word, counts[i].n);
	return text;
}

const char *reason_words(const struct memblock_block *block)
{
	static char text[256];

	*text = '\0';
	for (int i = 0; i < MEMBLOCK_REASON_COUNT; i++) {
		if (!memblock_block_has_reason(block, (enum memblock_reason)i))
			continue;
		if (*text)
			strcat(text, ",");
		strcat(text, memblock_reason_to_string((enum memblock_reason)i));
	}
	return text;
}

bool drop_privileges(struct fake_tree *tree)
{
	if (chmod(tree->folder, 0755) < 0)
		return false;
	return geteuid() != 0 || seteuid(NOBODY) == 0;
}

void regain_privileges(void)
{
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
}
