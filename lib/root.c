/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "root.h"

/* A machine of a thousand nodes prints a few MiB of zoneinfo; no sane file here is larger. */
#define FILE_MAX ((size_t)64 << 20)

int memblock_root_new(const char *path, struct memblock_root **ret)
{
	_cleanup_(memblock_root_unrefp) struct memblock_root *root = NULL;

	if (!path)
		path = "/";

	root = calloc(1, sizeof(*root));
	if (!root)
		return -ENOMEM;

	root->n_ref = 1;
	root->live = strcmp(path, "/") == 0;
	root->fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root->fd < 0)
		return -errno;
	root->path = strdup(path);
	if (!root->path)
		return -ENOMEM;

	*ret = TAKE_PTR(root);
	return 0;
}

struct memblock_root *memblock_root_ref(struct memblock_root *root)
{
	root->n_ref++;
	return root;
}

struct memblock_root *memblock_root_unref(struct memblock_root *root)
{
	if (!root || --root->n_ref > 0)
		return NULL;

	closep(&root->fd);
	free(root->path);
	free(root);
	return NULL;
}

const char *memblock_root_path(const struct memblock_root *root)
{
	return root->path;
}

bool memblock_root_is_live(const struct memblock_root *root)
{
	return root->live;
}

void memblock_root_set_opener(struct memblock_root *root,
			      int (*open)(const char *path, void *userdata), void *userdata)
{
	root->opener = open;
	root->opener_userdata = userdata;
}

/* What this process itself can open. */
static int open_here(const struct memblock_root *root, const char *path, int flags)
{
	/* A FIFO planted in a captured tree must not hang us; sysfs doesn't care. openat2(2)
	 * refuses the two for a descriptor that is for its place alone. */
	int harmless = flags & O_PATH ? 0 : O_NONBLOCK | O_NOCTTY;
	struct open_how how = {
		.flags = (uint64_t)(O_RDONLY | O_CLOEXEC | harmless | flags),
		.resolve = root->live ? 0 : RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int tries = 32;
	long fd;

	/* EAGAIN: something was renamed meanwhile, or somebody holds a lease on the file. */
	do
		fd = syscall(SYS_openat2, root->fd, path, &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || (errno == EAGAIN && --tries > 0)));

	/* Before Linux 5.6, and under some seccomp filters, there is no openat2. The running
	 * machine's own /sys needs no fence; for a captured tree it is the whole point. */
	if (fd < 0 && root->live && (errno == ENOSYS || errno == EPERM))
		fd = openat(root->fd, path, (int)how.flags);

	return fd < 0 ? -errno : (int)fd;
}

/* Anybody may open iomem, but the addresses in it are there for those alone who may see them
 * (kernel/resource.c:r_show()). Of sections no machine has a file: who may read kcore makes one. */
static bool is_veiled(const char *path)
{
	return strcmp(path, "proc/iomem") == 0 || strcmp(path, "memblockd/sections") == 0;
}

int memblock_root_open(const struct memblock_root *root, const char *path, int flags)
{
	const int allowed = O_DIRECTORY | O_NOFOLLOW | O_PATH;
	bool may_ask = root->opener && flags == 0;
	int fd = -ENOENT, asked;

	if (flags & ~allowed)
		return -EINVAL;

	if (may_ask && is_veiled(path))
		fd = root->opener(path, root->opener_userdata);
	if (fd >= 0)
		return fd;

	fd = open_here(root, path, flags);
	if ((fd != -EACCES && fd != -EPERM) || !may_ask || is_veiled(path))
		return fd;
	asked = root->opener(path, root->opener_userdata);
	return asked < 0 ? fd : asked;
}

int root_open_dir(const struct memblock_root *root, const char *path, DIR **ret)
{
	_cleanup_close_ int fd = -1;
	DIR *dir;

	fd = memblock_root_open(root, path, O_DIRECTORY);
	if (fd < 0)
		return fd;

	dir = fdopendir(fd);
	if (!dir)
		return -errno;

	fd = -1;
	*ret = dir;
	return 0;
}

bool root_exists(const struct memblock_root *root, const char *path)
{
	_cleanup_close_ int fd = memblock_root_open(root, path, O_PATH);

	return fd >= 0;
}

/* Fills a buffer until it is full or the file ends; from an offset, or where the file stands for
 * one below 0. */
static ssize_t fill(int fd, char *buffer, size_t size, off_t offset)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = offset < 0
				    ? read(fd, buffer + done, size - done)
				    : pread(fd, buffer + done, size - done, offset + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

ssize_t read_up_to_at(int fd, void *ret, size_t size, uint64_t offset)
{
	return offset > INT64_MAX - size ? -EINVAL : fill(fd, ret, size, (off_t)offset);
}

/* Grows the buffer as it reads: files of /proc and /sys don't tell their size. */
static int read_whole(int fd, char **ret, size_t *ret_size)
{
	_cleanup_free_ char *buffer = NULL;
	size_t size = 0, capacity = 16384;

	for (;;) {
		char *grown = realloc(buffer, capacity + 1);
		ssize_t n;

		if (!grown)
			return -ENOMEM;
		buffer = grown;

		n = fill(fd, buffer + size, capacity - size, -1);
		if (n < 0)
			return (int)n;
		size += (size_t)n;
		if (size < capacity)
			break;
		if (capacity >= FILE_MAX)
			return -EFBIG;
		capacity *= 2;
	}

	buffer[size] = '\0';
	*ret = TAKE_PTR(buffer);
	*ret_size = size;
	return 0;
}

int root_read_open_file(int fd, char **ret, size_t *ret_size)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	int r;

	r = read_whole(fd, &text, &size);
	if (r < 0)
		return r;
	if (!ret_size && memchr(text, '\0', size))
		return -EBADMSG;

	*ret = TAKE_PTR(text);
	if (ret_size)
		*ret_size = size;
	return 0;
}

int root_read_file(const struct memblock_root *root, const char *path, char **ret, size_t *ret_size)
{
	_cleanup_close_ int fd = memblock_root_open(root, path, 0);

	return fd < 0 ? fd : root_read_open_file(fd, ret, ret_size);
}

static int read_attribute(int fd, char ret[ATTRIBUTE_MAX])
{
	char buffer[ATTRIBUTE_MAX];
	ssize_t n;

	/* sysfs hands out an attribute whole: a second read would only say that it ended. */
	do
		n = read(fd, buffer, sizeof(buffer));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if ((size_t)n == sizeof(buffer))
		return -EFBIG;
	if (n > 0 && buffer[n - 1] == '\n')
		n--;
	if (n == 0)
		return -ENODATA;
	if (memchr(buffer, '\0', (size_t)n))
		return -EBADMSG;

	memcpy(ret, buffer, (size_t)n);
	ret[n] = '\0';
	return 0;
}

int root_read_attribute(const struct memblock_root *root, const char *path, char ret[ATTRIBUTE_MAX])
{
	_cleanup_close_ int fd = memblock_root_open(root, path, 0);

	return fd < 0 ? fd : read_attribute(fd, ret);
}

int root_open_at(const struct memblock_root *root, int dir_fd, const char *path, int flags)
{
	/* Without a link and without "..", there is no way up: RESOLVE_BENEATH would cost an eighth
	 * of a scan's time to find that out. */
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW),
		.resolve = RESOLVE_NO_SYMLINKS,
	};
	int fd;

	do
		fd = root->live ? openat(dir_fd, path, (int)how.flags)
				: (int)syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
	while (fd < 0 && errno == EINTR);

	return fd < 0 ? -errno : fd;
}

int root_read_attribute_at(const struct memblock_root *root, int dir_fd, const char *path,
			   char ret[ATTRIBUTE_MAX])
{
	_cleanup_close_ int fd = root_open_at(root, dir_fd, path, O_RDONLY);

	return fd < 0 ? fd : read_attribute(fd, ret);
}

int read_link_name_at(int dir_fd, const char *name, char ret[ATTRIBUTE_MAX])
{
	char target[4096], *last;
	ssize_t n;

	n = readlinkat(dir_fd, name, target, sizeof(target) - 1);
	if (n < 0) /* ENOENT of a descriptor itself: it is of no link */
		return errno == ENOENT && !*name ? -EINVAL : -errno;
	target[n] = '\0';

	last = strrchr(target, '/');
	last = last ? last + 1 : target;
	if (!*last || strlen(last) >= ATTRIBUTE_MAX)
		return -EINVAL;

	memcpy(ret, last, strlen(last) + 1);
	return 0;
}

int root_read_link_name(const struct memblock_root *root, const char *path, char ret[ATTRIBUTE_MAX])
{
	_cleanup_close_ int fd = memblock_root_open(root, path, O_PATH | O_NOFOLLOW);

	return fd < 0 ? fd : read_link_name_at(fd, "", ret);
}
