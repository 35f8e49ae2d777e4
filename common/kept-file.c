/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "kept-file.h"
#include "macros.h"
#include "read-all.h"
#include "write-all.h"

/* The file of a job has some 50 bytes a step, and no machine has more than a few hundred thousand
 * blocks. */
#define FILE_MAX (64 << 20)

/* Root's programs work in folders of the user memblockd, and don't ask who that is. */
static bool may_be_ours(uid_t owner)
{
	return owner == 0 || owner == geteuid() || geteuid() == 0;
}

int kept_open_folder_at(int above, const char *name, bool make)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (make && mkdirat(above, name, 0755) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_mode & S_IWOTH || !may_be_ours(st.st_uid))
		return -EPERM;

	return TAKE_FD(fd);
}

/* Trees may lack what each system has. */
static int open_above(const struct memblock_root *root, const char *path, bool make)
{
	_cleanup_free_ char *above = strdup(path);
	const char *last = strrchr(path, '/');
	int fd;

	if (!above)
		return -ENOMEM;
	above[last ? last - path : 0] = '\0';
	fd = memblock_root_open(root, last ? above : ".", O_DIRECTORY);
	return fd == -ENOENT && make ? kept_open_folder(root, above, true) : fd;
}

int kept_open_folder(const struct memblock_root *root, const char *path, bool make)
{
	_cleanup_close_ int above = open_above(root, path, make);
	const char *last = strrchr(path, '/');

	return above < 0 ? above : kept_open_folder_at(above, last ? last + 1 : path, make);
}

static int check_file(int folder, const struct stat *st)
{
	struct stat above;

	if (!S_ISREG(st->st_mode) || st->st_size > FILE_MAX)
		return -EBADMSG;
	if (fstat(folder, &above) < 0)
		return -errno;
	return st->st_nlink > 1 || (st->st_uid != 0 && st->st_uid != above.st_uid) ? -EPERM : 0;
}

int kept_read_at(int folder, const char *name, char **ret)
{
	_cleanup_close_ int fd =
		openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	struct stat st;
	ssize_t n;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	r = check_file(folder, &st);
	if (r < 0)
		return r;
	n = read_all(fd, FILE_MAX, &text);
	if (n < 0)
		return (int)n;
	if (memchr(text, '\0', (size_t)n))
		return -EBADMSG;

	*ret = TAKE_PTR(text);
	return 0;
}

/* Root's programs write for the folder's owner. In root's own nothing has to be changed, and the
 * worker may not: its system calls leave fchown() out. */
static int give_to_owner(int folder, int fd)
{
	struct stat above;

	if (geteuid() != 0)
		return 0;
	if (fstat(folder, &above) < 0)
		return -errno;
	return above.st_uid == 0 || fchown(fd, above.st_uid, above.st_gid) == 0 ? 0 : -errno;
}

static int write_new(int folder, const char *name, const char *text, mode_t mode, bool lasts)
{
	_cleanup_close_ int fd =
		openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	int r;

	if (fd < 0)
		return -errno;
	r = give_to_owner(folder, fd);
	if (r >= 0)
		r = write_all(fd, text);
	return r >= 0 && lasts && fsync(fd) < 0 ? -errno : r;
}

static int write_at(int folder, const char *name, const char *text, mode_t mode, bool lasts)
{
	_cleanup_free_ char *fresh = NULL;
	int r;

	if (asprintf(&fresh, "%s.new", name) < 0)
		return -ENOMEM;
	(void)unlinkat(folder, fresh, 0);
	r = write_new(folder, fresh, text, mode, lasts);
	if (r >= 0 && renameat(folder, fresh, folder, name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(folder, fresh, 0);
	/* The new name is in the folder, which has to be on disk too. */
	else if (lasts)
		(void)fsync(folder);
	return r;
}

int kept_write_at(int folder, const char *name, const char *text)
{
	return write_at(folder, name, text, 0600, false);
}

int kept_save_at(int folder, const char *name, const char *text)
{
	return write_at(folder, name, text, 0644, true);
}

int kept_lock_at(int folder, const char *name)
{
	_cleanup_close_ int fd =
		openat(folder, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	r = check_file(folder, &st);
	if (r >= 0)
		r = give_to_owner(folder, fd);
	if (r < 0)
		return r;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;

	return TAKE_FD(fd);
}
