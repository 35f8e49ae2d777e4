/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "kept.h"
#include "range.h"
#include "worker-protocol.h"
#include "write-all.h"

int kept_open(const struct memblock_root *root, const char *name, bool make)
{
	_cleanup_close_ int folder = kept_open_folder(root, KEPT_FOLDER, make);

	if (folder < 0)
		return folder;
	return name ? kept_open_folder_at(folder, name, make) : TAKE_FD(folder);
}

int kept_make_folder(const struct memblock_root *root, const char *name)
{
	_cleanup_close_ int fd = kept_open(root, name, true);

	return fd < 0 ? fd : 0;
}

/* A name is that of a file, or of one in a folder. */
static int open_folder_of(const struct memblock_root *root, const char *name, bool make,
			  const char **ret_file)
{
	_cleanup_free_ char *folder = NULL;
	const char *slash = strchr(name, '/');

	*ret_file = slash ? slash + 1 : name;
	if (!slash)
		return kept_open(root, NULL, make);
	folder = strndup(name, (size_t)(slash - name));
	return folder ? kept_open(root, folder, make) : -ENOMEM;
}

int kept_read(const struct memblock_root *root, const char *name, char **ret)
{
	const char *file;
	_cleanup_close_ int folder = open_folder_of(root, name, false, &file);

	return folder < 0 ? folder : kept_read_at(folder, file, ret);
}

int kept_write(const struct memblock_root *root, const char *name, const char *text)
{
	const char *file;
	_cleanup_close_ int folder = open_folder_of(root, name, true, &file);

	return folder < 0 ? folder : kept_write_at(folder, file, text);
}

int kept_append(const struct memblock_root *root, const char *name, const char *text)
{
	const char *file;
	_cleanup_close_ int folder = open_folder_of(root, name, false, &file);
	_cleanup_close_ int fd = -1;

	if (folder < 0)
		return folder;
	fd = openat(folder, file, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : write_all(fd, text);
}

int kept_lock(const struct memblock_root *root, const char *name)
{
	const char *file;
	_cleanup_close_ int folder = open_folder_of(root, name, true, &file);

	return folder < 0 ? folder : kept_lock_at(folder, file);
}

static int add_block(struct block_set *blocks, const char *name)
{
	uint64_t first, last;

	if (strncmp(name, "memory", strlen("memory")) != 0 ||
	    block_range_parse(name, &first, &last) < 0 || first != last)
		return 0;
	return block_set_add(blocks, first);
}

/* Takes the descriptor over. */
static int open_list(int fd, DIR **ret)
{
	DIR *dir = fdopendir(fd);
	int r = -errno;

	if (!dir) {
		(void)close(fd);
		return r;
	}
	*ret = dir;
	return 0;
}

int kept_list(const struct memblock_root *root, const char *name, DIR **ret)
{
	int fd = kept_open(root, name, false);

	return fd < 0 ? fd : open_list(fd, ret);
}

/* The same. */
static int list_blocks(int fd, struct block_set *ret)
{
	_cleanup_(block_set_done) struct block_set blocks = {};
	_cleanup_closedir_ DIR *dir = NULL;
	int r = fd < 0 ? fd : open_list(fd, &dir);

	if (!dir)
		return r == -ENOENT ? 0 : r;
	for (struct dirent *entry; r >= 0 && (errno = 0, entry = readdir(dir));)
		r = add_block(&blocks, entry->d_name);
	if (r >= 0)
		r = -errno;
	if (r < 0)
		return r;
	*ret = blocks;
	blocks = (struct block_set){};
	return 0;
}

int kept_list_blocks(const struct memblock_root *root, const char *folder, struct block_set *ret)
{
	return list_blocks(kept_open(root, folder, false), ret);
}

int kept_list_marked(const struct memblock_root *root, struct block_set *ret)
{
	return list_blocks(kept_open_folder(root, WORKER_MARKED, false), ret);
}

void kept_remove(const struct memblock_root *root, const char *name)
{
	const char *file;
	_cleanup_close_ int folder = open_folder_of(root, name, false, &file);

	if (folder >= 0)
		(void)unlinkat(folder, file, 0);
}
