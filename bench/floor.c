/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The least that anybody does who wants to know all blocks: lists the folder of memory and those of
 * nodes, then opens, reads and closes state and valid_zones of each block. Nothing is made of what
 * is read.
 */
#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "macros.h"

#define THREADS_MAX 1024

struct blocks {
	uint64_t *items;
	size_t n;
	size_t capacity;
};

static void blocks_done(struct blocks *blocks)
{
	free(blocks->items);
}

struct slice {
	pthread_t thread;
	int memory_fd;
	const uint64_t *items;
	size_t n;
	int result;
};

static DIR *open_folder(int fd, const char *path)
{
	_cleanup_close_ int folder = openat(fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = folder < 0 ? NULL : fdopendir(folder);

	if (dir)
		folder = -1;
	return dir;
}

/* Of names like memory12. */
static bool has_number(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0 &&
	       isdigit((unsigned char)name[strlen(prefix)]);
}

static int list_blocks(DIR *dir, struct blocks *blocks)
{
	for (struct dirent *entry; (entry = readdir(dir));) {
		int r;

		if (!has_number(entry->d_name, "memory"))
			continue;
		r = ARRAY_GROW(blocks->items, blocks->capacity, blocks->n);
		if (r < 0)
			return r;
		blocks->items[blocks->n++] = strtoull(entry->d_name + strlen("memory"), NULL, 10);
	}
	return 0;
}

static int list_node(DIR *nodes, const char *name)
{
	_cleanup_closedir_ DIR *dir = open_folder(dirfd(nodes), name);

	if (!dir)
		return -errno;
	while (readdir(dir))
		;
	return 0;
}

static int list_nodes(DIR *nodes)
{
	int r = 0;

	for (struct dirent *entry; r >= 0 && (entry = readdir(nodes));)
		if (has_number(entry->d_name, "node"))
			r = list_node(nodes, entry->d_name);
	return r;
}

static int read_attribute(int memory_fd, uint64_t index, const char *name)
{
	_cleanup_close_ int fd = -1;
	char path[64], text[256];

	snprintf(path, sizeof(path), "memory%" PRIu64 "/%s", index, name);
	fd = openat(memory_fd, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 || read(fd, text, sizeof(text)) < 0 ? -errno : 0;
}

static void *read_slice(void *userdata)
{
	struct slice *slice = userdata;

	for (size_t i = 0; slice->result >= 0 && i < slice->n; i++) {
		slice->result = read_attribute(slice->memory_fd, slice->items[i], "state");
		if (slice->result >= 0)
			slice->result =
				read_attribute(slice->memory_fd, slice->items[i], "valid_zones");
	}
	return NULL;
}

static void cut(struct slice *slices, size_t n_slices, int memory_fd, const struct blocks *blocks)
{
	for (size_t i = 0; i < n_slices; i++) {
		size_t first = blocks->n * i / n_slices;

		slices[i] = (struct slice){
			.memory_fd = memory_fd,
			.items = blocks->items + first,
			.n = blocks->n * (i + 1) / n_slices - first,
		};
	}
}

/* The first slice is this thread's own. */
static int read_blocks(int memory_fd, const struct blocks *blocks, size_t n_threads)
{
	_cleanup_free_ struct slice *slices = calloc(n_threads, sizeof(*slices));
	size_t started = 1;
	int r = 0;

	if (!slices)
		return -ENOMEM;
	cut(slices, n_threads, memory_fd, blocks);
	for (; r == 0 && started < n_threads; started += r == 0)
		r = -pthread_create(&slices[started].thread, NULL, read_slice, &slices[started]);
	(void)read_slice(&slices[0]);
	for (size_t i = 1; i < started; i++)
		(void)pthread_join(slices[i].thread, NULL);
	for (size_t i = 0; r >= 0 && i < n_threads; i++)
		r = slices[i].result;
	return r;
}

static int run(const char *root, size_t n_threads)
{
	_cleanup_(blocks_done) struct blocks blocks = {};
	_cleanup_closedir_ DIR *memory = NULL, *nodes = NULL;
	_cleanup_close_ int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	memory = open_folder(fd, "sys/devices/system/memory");
	if (!memory)
		return -errno;
	nodes = open_folder(fd, "sys/devices/system/node");
	if (!nodes)
		return -errno;
	r = list_blocks(memory, &blocks);
	if (r >= 0)
		r = list_nodes(nodes);
	return r < 0 ? r : read_blocks(dirfd(memory), &blocks, n_threads);
}

int main(int argc, char **argv)
{
	size_t n_threads = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	int r;

	if (n_threads == 0 || n_threads > THREADS_MAX) {
		log_line("floor THREADS FOLDER");
		return 2;
	}
	r = run(argv[2], n_threads);
	if (r < 0)
		log_error(r, "Can't read %s: %m", argv[2]);
	return r < 0 ? 1 : 0;
}
