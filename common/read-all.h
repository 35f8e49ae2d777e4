/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>
#include <stddef.h>
#include <sys/types.h>

/* Longer than any attribute of the kernel's that is asked for here. */
#define ATTRIBUTE_TEXT_MAX 256

/* Reads a file to its end: those of /proc and /sys don't tell their size. What is read has a NUL
 * byte behind it and is to be freed. Returns the size, or a negative errno, -EFBIG for more than
 * max. */
ssize_t read_all(int fd, size_t max, char **ret);
/* The same of a file below a root. */
ssize_t read_file(const struct memblock_root *root, const char *path, size_t max, char **ret);
/* Reads an attribute, less its line feed. 0 or a negative errno. */
int read_attribute(const struct memblock_root *root, const char *path,
		   char ret[ATTRIBUTE_TEXT_MAX]);
