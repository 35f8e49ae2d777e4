/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "kept.h"
#include "manager.h"
#include "range.h"

static int path_of(const struct manager *manager, const char *name, char ret[PATH_MAX])
{
	char below[128];
	int n = snprintf(below, sizeof(below), KEPT_FOLDER "/%s", name);

	if (n < 0 || (size_t)n >= sizeof(below))
		return -ENAMETOOLONG;
	return manager_path(manager, below, ret, PATH_MAX);
}

static int make(const char *path, mode_t mode)
{
	return mkdir(path, mode) < 0 && errno != EEXIST ? -errno : 0;
}

/* The unit's RuntimeDirectory= makes the second; by hand it is ours to make. */
int kept_make_folder(const struct manager *manager, const char *name)
{
	static const char *const folders[] = { "run", KEPT_FOLDER };
	char path[PATH_MAX];
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		r = manager_path(manager, folders[i], path, sizeof(path));
		if (r >= 0)
			r = make(path, 0755);
		if (r < 0)
			return r;
	}
	if (!name)
		return 0;
	r = path_of(manager, name, path);
	return r < 0 ? r : make(path, 0755);
}

int kept_read(const struct manager *manager, const char *name, char **ret)
{
	char path[PATH_MAX];
	int r;

	r = path_of(manager, name, path);
	return r < 0 ? r : kept_read_at(AT_FDCWD, path, ret);
}

int kept_write(const struct manager *manager, const char *name, const char *text)
{
	char path[PATH_MAX];
	int r;

	r = kept_make_folder(manager, NULL);
	if (r >= 0)
		r = path_of(manager, name, path);
	return r < 0 ? r : kept_write_at(AT_FDCWD, path, text);
}

static int add_block(struct block_set *blocks, const char *name)
{
	uint64_t first, last;

	if (strncmp(name, "memory", strlen("memory")) != 0 ||
	    block_range_parse(name, &first, &last) < 0 || first != last)
		return 0;
	return block_set_add(blocks, first);
}

int kept_list_blocks(const struct manager *manager, const char *folder, struct block_set *ret)
{
	_cleanup_(block_set_done) struct block_set blocks = {};
	_cleanup_closedir_ DIR *dir = NULL;
	char path[PATH_MAX];
	int r;

	r = path_of(manager, folder, path);
	if (r < 0)
		return r;
	dir = opendir(path);
	if (!dir && errno != ENOENT)
		return -errno;
	for (struct dirent *entry; r >= 0 && dir && (entry = readdir(dir));)
		r = add_block(&blocks, entry->d_name);
	if (r < 0)
		return r;
	*ret = blocks;
	blocks = (struct block_set){};
	return 0;
}

void kept_remove(const struct manager *manager, const char *name)
{
	char path[PATH_MAX];

	if (path_of(manager, name, path) >= 0)
		(void)unlink(path);
}
