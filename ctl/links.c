/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <string.h>

#include "links.h"
#include "macros.h"

bool is_there(const struct memblock_root *root, const char *path)
{
	_cleanup_close_ int fd = memblock_root_open(root, path, O_PATH | O_NOFOLLOW);

	return fd >= 0;
}

/* How long its target is, which ends with a NUL byte, or below 0. */
static ssize_t read_link(const struct memblock_root *root, const char *path, char ret[1024])
{
	_cleanup_close_ int fd = memblock_root_open(root, path, O_PATH | O_NOFOLLOW);
	ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", ret, 1023);

	if (n >= 0)
		ret[n] = '\0';
	return n;
}

bool is_link(const struct memblock_root *root, const char *path)
{
	char target[1024];

	return read_link(root, path, target) >= 0;
}

bool links_to(const struct memblock_root *root, const char *path, const char *name)
{
	char target[1024], *last;

	if (read_link(root, path, target) < 0)
		return false;
	last = strrchr(target, '/');
	return strcmp(last ? last + 1 : target, name) == 0;
}
