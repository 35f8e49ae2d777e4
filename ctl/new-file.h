/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <sys/types.h>

#include "macros.h"

/* A file that is there whole or not at all: written beside its place, and renamed at the end. What
 * stands there and is no file, a device or a pipe, is written to; a link to a file is refused. */
struct new_file {
	const char *path;
	char *temporary;
	int fd;
};

/* Begins one; mode is less the umask. 0 or a negative errno, told. */
int new_file_open(struct new_file *file, const char *path, mode_t mode);
/* Puts it in its place. 0 or a negative errno, told. */
int new_file_commit(struct new_file *file);
/* Closes it, and takes away what was not put in its place. */
void new_file_done(struct new_file *file);
