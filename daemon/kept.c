/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "kept.h"
#include "manager.h"
#include "range.h"
#include "read-all.h"

/* The file of a job has some 50 bytes a step, and no machine has more than a few hundred thousand
 * blocks. */
#define FILE_MAX (64 << 20)

#define NEW_SUFFIX ".new"

static int path_of(const struct manager *manager, const char *name, const char *suffix,
		   char ret[PATH_MAX])
{
	char below[128];
	int n = snprintf(below, sizeof(below), KEPT_FOLDER "/%s%s", name, suffix);

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
	r = path_of(manager, name, "", path);
	return r < 0 ? r : make(path, 0755);
}

int kept_read_at(int folder, const char *name, char **ret)
{
	_cleanup_close_ int fd =
		openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
		return -EBADMSG;
	n = read_all(fd, FILE_MAX, &text);
	if (n < 0)
		return (int)n;
	if (memchr(text, '\0', (size_t)n))
		return -EBADMSG;

	*ret = TAKE_PTR(text);
	return 0;
}

int kept_read(const struct manager *manager, const char *name, char **ret)
{
	char path[PATH_MAX];
	int r;

	r = path_of(manager, name, "", path);
	return r < 0 ? r : kept_read_at(AT_FDCWD, path, ret);
}

static int write_all(int fd, const char *text)
{
	size_t size = strlen(text), done = 0;
	ssize_t n;

	while (done < size) {
		n = write(fd, text + done, size - done);
		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int kept_write(const struct manager *manager, const char *name, const char *text)
{
	char path[PATH_MAX], fresh[PATH_MAX];
	_cleanup_close_ int fd = -1;
	int r;

	r = kept_make_folder(manager, NULL);
	if (r >= 0)
		r = path_of(manager, name, "", path);
	if (r >= 0)
		r = path_of(manager, name, NEW_SUFFIX, fresh);
	if (r < 0)
		return r;

	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	r = fd < 0 ? -errno : write_all(fd, text);
	if (r >= 0 && rename(fresh, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(fresh);
	return r;
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

	r = path_of(manager, folder, "", path);
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

	if (path_of(manager, name, "", path) >= 0)
		(void)unlink(path);
}
