/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "macros.h"
#include "write-all.h"

int write_all(int fd, const char *text)
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

int write_attribute(const struct memblock_root *root, const char *path, const char *text)
{
	_cleanup_close_ int place = -1, fd = -1;
	char self[32];
	ssize_t n;

	place = memblock_root_open(root, path, O_PATH);
	if (place < 0)
		return place;

	/* A FIFO in a captured tree must not hang us; sysfs doesn't care. */
	snprintf(self, sizeof(self), "/proc/self/fd/%d", place);
	fd = open(self, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	if (n < 0)
		return -errno;
	/* As memblock_write_state(): a reader of a captured tree never finds the file empty. */
	return memblock_root_is_live(root) || ftruncate(fd, n) == 0 ? 0 : -errno;
}
