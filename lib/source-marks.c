/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "parse.h"
#include "root.h"
#include "sources.h"

#define MARKS_PATH "var/lib/memblockd/marks"

/* Nobody sets more by hand, and each block is held against all. */
#define MARKS_MAX 4096

void marks_done(struct marks *marks)
{
	for (size_t i = 0; i < marks->n; i++) {
		free(marks->items[i].device);
		free(marks->items[i].reason);
	}
	free(marks->items);
	*marks = (struct marks){};
}

static void mark_done(struct mark *mark)
{
	free(mark->device);
	free(mark->reason);
}

/* "0x0000000100000000-0x0000000107ffffff DEVICE REASON ...", a device of - for any. */
static int parse_mark(char *line, struct marks *marks)
{
	_cleanup_(mark_done) struct mark mark = {};
	char *first = strsep(&line, "-"), *last = strsep(&line, " "), *device = strsep(&line, " ");
	int r;

	if (!device || !*device || !line || !*line || parse_u64_0x(first, &mark.start) < 0 ||
	    parse_u64_0x(last, &mark.end) < 0 || mark.end < mark.start || mark.end == UINT64_MAX)
		return -EINVAL;
	mark.end++;

	mark.device = strcmp(device, "-") == 0 ? NULL : strdup(device);
	mark.reason = strdup(line);
	if (!mark.reason || (!mark.device && strcmp(device, "-") != 0))
		return -ENOMEM;

	if (marks->n == MARKS_MAX)
		return -EINVAL;
	r = ARRAY_GROW(marks->items, marks->capacity, marks->n);
	if (r < 0)
		return r;
	marks->items[marks->n++] = mark;
	mark = (struct mark){};
	return 0;
}

int marks_parse(struct marks *marks, char *text, struct notes *notes)
{
	unsigned number = 0;
	int r, damaged = 0;

	for (char *line; (line = strsep(&text, "\n"));) {
		number++;
		if (!*line || *line == '#')
			continue;
		r = parse_mark(line, marks);
		if (r == -EINVAL) {
			damaged++;
			r = notes_add(notes, "/" MARKS_PATH ":%u: not a mark", number);
		}
		if (r < 0)
			return r;
	}
	return damaged;
}

/* Root reads them too, out of a folder that is not root's: what stands there may be a link of
 * either kind to a file of root's, or a FIFO, which would be no marks. */
static int read_marks(const struct memblock_root *root, char **ret)
{
	_cleanup_close_ int fd = memblock_root_open(root, MARKS_PATH, O_NOFOLLOW);
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_nlink > 1)
		return -EBADMSG;
	return root_read_open_file(fd, ret, NULL);
}

int source_marks_read(struct memblock_inventory *inventory)
{
	_cleanup_free_ char *text = NULL;
	int r;

	r = read_marks(inventory->root, &text);
	if (r < 0)
		return inventory_set_source_error(inventory, MEMBLOCK_SOURCE_MARKS, MARKS_PATH, r);

	r = marks_parse(&inventory->marks, text, &inventory->notes);
	if (r < 0)
		return r;
	return inventory_set_source(inventory, MEMBLOCK_SOURCE_MARKS,
				    r > 0 ? MEMBLOCK_SOURCE_DAMAGED : MEMBLOCK_SOURCE_READ,
				    r > 0 ? "some lines of /" MARKS_PATH " make no sense" : NULL);
}
