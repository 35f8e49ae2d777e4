/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

#include "log.h"
#include "new-file.h"

/* A device or a pipe, perhaps behind a link as /dev/stdout is. */
static bool is_no_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

/* Renaming would take the link's place, and leave what it leads to as it was. */
static bool is_link(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

static int open_as_it_is(struct new_file *file)
{
	file->fd = open(file->path, O_WRONLY | O_CLOEXEC);
	return file->fd < 0 ? log_error(-errno, "Can't write %s: %m", file->path) : 0;
}

int new_file_open(struct new_file *file, const char *path, mode_t mode)
{
	*file = (struct new_file){ .path = path, .fd = -1 };

	if (is_no_file(path))
		return open_as_it_is(file);
	if (is_link(path))
		return log_error(-ELOOP, "Can't write %s: it is a link; name the file", path);
	if (asprintf(&file->temporary, "%s.%d.new", path, getpid()) < 0) {
		file->temporary = NULL;
		return log_oom();
	}

	file->fd = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (file->fd < 0) {
		int r = log_error(-errno, "Can't write %s: %m", path);

		free(TAKE_PTR(file->temporary)); /* it is not ours to take away */
		return r;
	}
	return 0;
}

int new_file_commit(struct new_file *file)
{
	if (!file->temporary)
		return 0;
	if (rename(file->temporary, file->path) < 0)
		return log_error(-errno, "Can't write %s: %m", file->path);
	free(TAKE_PTR(file->temporary));
	return 0;
}

void new_file_done(struct new_file *file)
{
	closep(&file->fd);
	if (file->temporary)
		(void)unlink(file->temporary);
	free(file->temporary);
}
