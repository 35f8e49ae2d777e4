/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "dropins.h"
#include "macros.h"

struct file {
	char *path;
	const char *name; /* in path */
	size_t folder;
};

struct files {
	struct file *items;
	size_t n, capacity;
};

static void files_done(struct files *files)
{
	for (size_t i = 0; i < files->n; i++)
		free(files->items[i].path);
	free(files->items);
}

/* The same names stand together, that of the first folder in front. */
static int compare_files(const void *a, const void *b)
{
	const struct file *one = a, *other = b;
	int order = strcmp(one->name, other->name);

	if (order != 0)
		return order;
	return one->folder < other->folder ? -1 : one->folder > other->folder;
}

static bool is_wanted(const char *name, const char *suffix)
{
	const char *end = strrchr(name, *suffix);

	return *name != '.' && end && end > name && strcmp(end, suffix) == 0;
}

static int add_file(struct files *files, const char *folder, size_t n, const char *name)
{
	struct file file = { .folder = n };
	int r;

	r = ARRAY_GROW(files->items, files->capacity, files->n);
	if (r < 0)
		return r;
	if (asprintf(&file.path, "%s/%s", folder, name) < 0)
		return -ENOMEM;
	file.name = strrchr(file.path, '/') + 1;
	files->items[files->n++] = file;
	return 0;
}

static int read_folder(struct files *files, DIR *dir, const char *folder, size_t n,
		       const char *suffix)
{
	struct dirent *entry;
	int r = 0;

	while (r >= 0 && (errno = 0, entry = readdir(dir)))
		if (is_wanted(entry->d_name, suffix))
			r = add_file(files, folder, n, entry->d_name);
	return r < 0 ? r : -errno;
}

/* -ENOMEM goes up, anything else is told. */
static int find_in(struct files *files, struct memblock_root *root, const char *folder, size_t n,
		   const char *suffix)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int fd, r;

	fd = memblock_root_open(root, folder + 1, O_DIRECTORY);
	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	return read_folder(files, dir, folder, n, suffix);
}

static int take_first(struct files *files, struct dropins *ret)
{
	struct dropins dropins = { .paths = calloc(files->n + 1, sizeof(*dropins.paths)) };

	if (!dropins.paths)
		return -ENOMEM;
	/* Paths that are taken leave their names where they are. */
	for (size_t i = 0, first = 0; i < files->n; i++) {
		if (i > 0 && strcmp(files->items[i].name, files->items[first].name) == 0)
			continue;
		first = i;
		dropins.paths[dropins.n++] = TAKE_PTR(files->items[i].path);
	}
	*ret = dropins;
	return 0;
}

int dropins_find(struct memblock_root *root, const char *const *folders, size_t n_folders,
		 const char *suffix, void (*failed)(const char *folder, int error, void *userdata),
		 void *userdata, struct dropins *ret)
{
	_cleanup_(files_done) struct files files = {};
	int r;

	for (size_t i = 0; i < n_folders; i++) {
		r = find_in(&files, root, folders[i], i, suffix);
		if (r == -ENOMEM)
			return r;
		if (r < 0 && r != -ENOENT)
			failed(folders[i], r, userdata);
	}
	if (files.n > 0)
		qsort(files.items, files.n, sizeof(*files.items), compare_files);
	return take_first(&files, ret);
}

void dropins_done(struct dropins *dropins)
{
	for (size_t i = 0; i < dropins->n; i++)
		free(dropins->paths[i]);
	free(dropins->paths);
}
