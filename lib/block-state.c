/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "sources.h"

/* Longer than memory18446744073709551615/valid_zones. */
#define PATH_SIZE 48

/* What kernfs says of a block that went, before its file is opened and after. */
static int without_block(int error)
{
	return error == -ENOENT ? -ENODEV : error;
}

static int open_memory(const struct memblock_root *root)
{
	return without_block(memblock_root_open(root, MEMORY_DIR, O_DIRECTORY | O_PATH));
}

static int read_state(const struct memblock_root *root, int memory_fd, uint64_t index,
		      enum memblock_state *ret)
{
	char path[PATH_SIZE], text[ATTRIBUTE_MAX];
	int r;

	snprintf(path, sizeof(path), "memory%" PRIu64 "/state", index);
	r = root_read_attribute_at(root, memory_fd, path, text);
	if (r < 0)
		return without_block(r);
	return state_from_string(text, ret) < 0 ? -EBADMSG : 0;
}

static enum memblock_zone read_zone(const struct memblock_root *root, int memory_fd, uint64_t index)
{
	char path[PATH_SIZE], text[ATTRIBUTE_MAX];
	const char *unknown;

	snprintf(path, sizeof(path), "memory%" PRIu64 "/valid_zones", index);
	if (root_read_attribute_at(root, memory_fd, path, text) < 0)
		return MEMBLOCK_ZONE_UNKNOWN; /* no hot-remove in this kernel, or the block went */
	return only_zone(zones_parse(text, &unknown));
}

int memblock_read_state(struct memblock_root *root, uint64_t index, enum memblock_state *ret_state,
			enum memblock_zone *ret_zone)
{
	_cleanup_close_ int memory_fd = open_memory(root);
	enum memblock_zone zone = MEMBLOCK_ZONE_UNKNOWN;
	enum memblock_state state;
	int r;

	if (memory_fd < 0)
		return memory_fd;
	r = read_state(root, memory_fd, index, &state);
	if (r < 0)
		return r;

	/* The file tells of an offline block as soon as it is being taken offline. */
	if (state == MEMBLOCK_STATE_ONLINE) {
		zone = read_zone(root, memory_fd, index);
		r = read_state(root, memory_fd, index, &state);
		if (r < 0)
			return r;
	}

	*ret_state = state;
	*ret_zone = state == MEMBLOCK_STATE_ONLINE ? zone : MEMBLOCK_ZONE_UNKNOWN;
	return 0;
}

int memblock_write_state(struct memblock_root *root, uint64_t index, enum memblock_action action)
{
	const char *word = memblock_action_to_string(action);
	_cleanup_close_ int memory_fd = -1, fd = -1;
	char path[PATH_SIZE];
	ssize_t n;

	if (!word)
		return -EINVAL;
	memory_fd = open_memory(root);
	if (memory_fd < 0)
		return memory_fd;

	snprintf(path, sizeof(path), "memory%" PRIu64 "/state", index);
	fd = root_open_at(root, memory_fd, path, O_WRONLY);
	if (fd < 0)
		return without_block(fd);

	/* Once: -EINTR is what ends it early. */
	n = write(fd, word, strlen(word));
	if (n < 0)
		return without_block(-errno);
	if ((size_t)n != strlen(word))
		return -EIO;
	/* What a captured tree had in this file must not stand behind what was written. */
	return root->live || ftruncate(fd, n) == 0 ? 0 : -errno;
}
