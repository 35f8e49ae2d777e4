/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "kept-file.h"
#include "macros.h"
#include "read-all.h"
#include "write-all.h"

/* The file of a job has some 50 bytes a step, and no machine has more than a few hundred thousand
 * blocks. */
#define FILE_MAX (64 << 20)

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

int kept_write_at(int folder, const char *name, const char *text)
{
	_cleanup_free_ char *fresh = NULL;
	_cleanup_close_ int fd = -1;
	int r;

	if (asprintf(&fresh, "%s.new", name) < 0)
		return -ENOMEM;
	(void)unlinkat(folder, fresh, 0);
	fd = openat(folder, fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	r = fd < 0 ? -errno : write_all(fd, text);
	if (r >= 0 && renameat(folder, fresh, folder, name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(folder, fresh, 0);
	return r;
}
