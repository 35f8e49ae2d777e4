/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "kept-file.h"
#include "macros.h"
#include "range.h"
#include "state.h"

#define FOLDER "run/memblockd"
#define READY FOLDER "/ready" /* memblockd's */
#define RULE UDEVRULESDIR "/60-memblockd.rules"
#define COLDPLUGGED "coldplugged"
#define OFFLINED "offlined" /* memblockd's */

/* Longer than memory18446744073709551615. */
#define NAME_SIZE 32

/* run/memblockd is the user memblockd's: nothing in it is trusted to be no link. */
int state_open(struct memblock_root *root, struct state *ret)
{
	*ret = (struct state){ .root = root, .folder = -1, .added = -1 };
	ret->folder = kept_open_folder(root, FOLDER, true);
	if (ret->folder < 0)
		return ret->folder;
	ret->added = kept_open_folder_at(ret->folder, "added", true);
	return ret->added < 0 ? ret->added : 0;
}

void state_done(struct state *state)
{
	closep(&state->added);
	closep(&state->folder);
}

bool state_daemon_is_ready(const struct memblock_root *root)
{
	_cleanup_close_ int fd = memblock_root_open(root, READY, O_PATH);

	return fd >= 0;
}

bool state_is_coldplugged(const struct state *state)
{
	return faccessat(state->folder, COLDPLUGGED, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int find_file(const struct memblock_root *root, const char *path, struct stat *ret)
{
	_cleanup_close_ int fd = memblock_root_open(root, path, O_PATH);

	if (fd < 0)
		return fd;
	return fstat(fd, ret) < 0 ? -errno : 0;
}

/* Whether udev had our rule from its start, by when the files of both came into being. */
static bool rule_is_older_than_udev(const struct memblock_root *root)
{
	struct stat rule, udev;

	if (find_file(root, &RULE[1], &rule) < 0 || find_file(root, "run/udev/control", &udev) < 0)
		return false;
	return rule.st_ctim.tv_sec < udev.st_mtim.tv_sec ||
	       (rule.st_ctim.tv_sec == udev.st_mtim.tv_sec &&
		rule.st_ctim.tv_nsec < udev.st_mtim.tv_nsec);
}

int state_end_coldplug(const struct state *state)
{
	int fd = openat(state->folder, COLDPLUGGED,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno == EEXIST ? 0 : -errno;
	(void)close(fd);
	return rule_is_older_than_udev(state->root);
}

static const char *note_name(uint64_t index, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "memory%" PRIu64, index);
	return name;
}

/* A note that is there already stays. */
static int make_note(int folder, uint64_t index)
{
	char name[NAME_SIZE];
	int fd = openat(folder, note_name(index, name),
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno == EEXIST ? 0 : -errno;
	(void)close(fd);
	return 0;
}

int state_note(const struct state *state, uint64_t index)
{
	return make_note(state->added, index);
}

int state_forget(const struct state *state, uint64_t index)
{
	char name[NAME_SIZE];

	if (unlinkat(state->added, note_name(index, name), 0) < 0 && errno != ENOENT)
		return -errno;
	return 0;
}

int state_note_offlined(const struct state *state, uint64_t index)
{
	_cleanup_close_ int fd = kept_open_folder_at(state->folder, OFFLINED, false);

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	return make_note(fd, index);
}

ssize_t state_notes(const struct state *state, uint64_t **ret)
{
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_free_ uint64_t *indexes = NULL;
	size_t n = 0, capacity = 0;
	uint64_t first, last;
	int fd = openat(state->added, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		int r = -errno;

		closep(&fd);
		return r;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		char name[NAME_SIZE];

		/* What is no name of a note could not be forgotten. */
		if (block_range_parse(entry->d_name, &first, &last) < 0 ||
		    strcmp(entry->d_name, note_name(first, name)) != 0)
			continue;
		if (ARRAY_GROW(indexes, capacity, n) < 0)
			return -ENOMEM;
		indexes[n++] = first;
	}
	if (n > 0)
		qsort(indexes, n, sizeof(*indexes), compare_u64);
	*ret = TAKE_PTR(indexes);
	return (ssize_t)n;
}

int state_lock(const struct state *state)
{
	if (flock(state->added, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 0 : -errno;
	return 1;
}

void state_unlock(const struct state *state)
{
	(void)flock(state->added, LOCK_UN);
}
