/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <dirent.h>

#include "libmemblock.h"
#include "macros.h"

/* Longer than any attribute that we read; sysfs itself stops at a page. */
#define ATTRIBUTE_MAX 256

struct memblock_root {
	unsigned n_ref;
	int fd;
	bool live;
	char *path;
	int (*opener)(const char *path, void *userdata); /* NULL for none */
	void *opener_userdata;
};

DEFINE_CLEANUP(struct memblock_root, memblock_root_unref)

/*
 * The one reader. Paths are relative to the root ("proc/iomem"), every error is a negative errno:
 * -ENOENT and what open and read give, -EBADMSG for a file with a NUL byte in it, -EFBIG for one
 * larger than it may be, -ENODATA for an empty attribute.
 */

/* Opens a folder for readdir and openat. */
int root_open_dir(const struct memblock_root *root, const char *path, DIR **ret);
/* Whether something is there under this path. */
bool root_exists(const struct memblock_root *root, const char *path);
/* Reads a whole file; ret is NUL-terminated, to be freed. ret_size may be NULL; files with NUL
 * bytes are refused where it is. */
int root_read_file(const struct memblock_root *root, const char *path, char **ret,
		   size_t *ret_size);
/* The same of a file that is open already. */
int root_read_open_file(int fd, char **ret, size_t *ret_size);
/* Reads an attribute, less its line feed. */
int root_read_attribute(const struct memblock_root *root, const char *path,
			char ret[ATTRIBUTE_MAX]);
/* Opens a file below an open folder. No link is followed at the end, and in a captured tree none on
 * the way; path has no ".." in it. flags: O_RDONLY or O_WRONLY. Returns a descriptor, or a negative
 * errno. */
int root_open_at(const struct memblock_root *root, int dir_fd, const char *path, int flags);
/* Reads an attribute so opened: the fast path, one open, one read, one close. Nobody else is asked
 * to open it. */
int root_read_attribute_at(const struct memblock_root *root, int dir_fd, const char *path,
			   char ret[ATTRIBUTE_MAX]);
/* Fills a buffer from a place in a file until it is full or the file ends. Returns how many bytes
 * it has, or a negative errno, -EINVAL for a place that no file reaches. */
ssize_t read_up_to_at(int fd, void *ret, size_t size, uint64_t offset);
/* The last part of what a link points at. */
int root_read_link_name(const struct memblock_root *root, const char *path,
			char ret[ATTRIBUTE_MAX]);
/* The same of a link below an open folder; where name is "", of the link that dir_fd itself is. */
int read_link_name_at(int dir_fd, const char *name, char ret[ATTRIBUTE_MAX]);
