/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "bus-names.h"
#include "journal.h"
#include "kept-file.h"
#include "manager.h"
#include "marks.h"
#include "rows.h"

#define MARKS "marks"
#define MARKS_FOLDER "var/lib/memblockd"
#define MARKS_FILE MARKS_FOLDER "/" MARKS
#define REASON_MAX 512
#define MARKS_MAX 4096 /* as many as lib/source-marks.c reads */

static int set_count_error(sd_bus_error *error)
{
	return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
				 "One mark at least, and %d in all at most", MARKS_MAX);
}

static int check_words(const char *device, const char *reason, sd_bus_error *error)
{
	if (!*reason || strlen(reason) > REASON_MAX)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					 "A mark wants a reason of at most %d bytes", REASON_MAX);
	for (const char *c = reason; *c; c++)
		if (iscntrl((unsigned char)*c))
			return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
						"The reason of a mark is one line of text");
	if (strlen(device) > NAME_MAX)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					 "A device's name has at most %d bytes", NAME_MAX);
	for (const char *c = device; *c; c++)
		if (!isgraph((unsigned char)*c))
			return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
						"A device's name has no spaces");
	return 0;
}

int marks_check(const struct ranges *ranges, const char *device, const char *reason,
		sd_bus_error *error)
{
	if (ranges->n == 0 || ranges->n > MARKS_MAX)
		return set_count_error(error);
	return check_words(device, reason, error);
}

static bool holds_a_block(const struct memblock_inventory *inventory,
			  const struct memblock_range *range)
{
	uint64_t first = range->start / memblock_inventory_block_size(inventory);
	const struct memblock_block *block =
		memblock_inventory_block(inventory, first_block_from(inventory, first));

	return block && memblock_block_start(inventory, block) < range->end;
}

static int check_range(const struct memblock_inventory *inventory,
		       const struct memblock_range *range, sd_bus_error *error)
{
	uint64_t size = memblock_inventory_block_size(inventory);

	if (range->start % size || range->end % size)
		return sd_bus_error_setf(error, MEMBLOCK_BUS_ERROR "NotAligned",
					 "0x%" PRIx64 "-0x%" PRIx64
					 " does not fall on block borders; 0x%" PRIx64 "-0x%" PRIx64
					 " does",
					 range->start, range->end - 1, range->start / size * size,
					 (range->end + size - 1) / size * size - 1);
	if (!holds_a_block(inventory, range))
		return sd_bus_error_setf(error, MEMBLOCK_BUS_ERROR "NoSuchBlock",
					 "There is no memory block in 0x%" PRIx64 "-0x%" PRIx64,
					 range->start, range->end - 1);
	return 0;
}

/* The file may have been written by hand since the last scan; what is written is made of the
 * inventory. */
static int read_marks_anew(struct manager *manager, sd_bus_error *error)
{
	enum memblock_source_state state;
	const char *text;
	int r;

	r = manager_refresh(manager, error);
	if (r < 0)
		return r;
	state = memblock_inventory_source(manager->inventory, MEMBLOCK_SOURCE_MARKS, &text);
	if (state == MEMBLOCK_SOURCE_READ || state == MEMBLOCK_SOURCE_ABSENT)
		return 0;
	return sd_bus_error_setf(error, MEMBLOCK_BUS_ERROR "MarksUnreadable",
				 "/" MARKS_FILE " is left alone, to lose nothing: %s",
				 text ? text : memblock_source_state_to_string(state));
}

static int write_mark(FILE *file, uint64_t start, uint64_t end, const char *device,
		      const char *reason)
{
	return fprintf(file, "0x%016" PRIx64 "-0x%016" PRIx64 " %s %s\n", start, end - 1,
		       device && *device ? device : "-", reason) < 0
		       ? -EIO
		       : 0;
}

static bool overlaps(const struct memblock_mark *mark, const struct ranges *ranges)
{
	for (size_t i = 0; i < ranges->n; i++)
		if (mark->start < ranges->items[i].end && ranges->items[i].start < mark->end)
			return true;
	return false;
}

/* The file that takes the place of the one that is there. */
struct new_marks {
	char *text;
	size_t size;
	FILE *file;
};

static void new_marks_done(struct new_marks *marks)
{
	if (marks->file)
		(void)fclose(marks->file);
	free(marks->text);
}

static int new_marks_open(struct new_marks *ret)
{
	ret->file = open_memstream(&ret->text, &ret->size);
	return ret->file ? 0 : -ENOMEM;
}

static int new_marks_commit(const struct manager *manager, struct new_marks *marks)
{
	_cleanup_close_ int folder = kept_open_folder(manager->root, MARKS_FOLDER, true);

	if (fclose(TAKE_PTR(marks->file)) != 0 || !marks->text)
		return -ENOMEM;
	return folder < 0 ? folder : kept_save_at(folder, MARKS, marks->text);
}

static int set_write_error(sd_bus_error *error, int r)
{
	return sd_bus_error_set_errnof(error, r, "Can't write /" MARKS_FILE ": %s", strerror(-r));
}

/* Writes the marks that there are, less those in `lifted`. Returns how many went. */
static int keep_marks(const struct manager *manager, FILE *file, const struct ranges *lifted)
{
	struct memblock_mark mark;
	int gone = 0, r;

	for (size_t i = 0; memblock_inventory_mark(manager->inventory, i, &mark); i++) {
		if (overlaps(&mark, lifted)) {
			gone++;
			continue;
		}
		r = write_mark(file, mark.start, mark.end, mark.device, mark.reason);
		if (r < 0)
			return r;
	}
	return gone;
}

static int finish(struct manager *manager, struct new_marks *marks, const char *what, size_t n)
{
	int r;

	r = new_marks_commit(manager, marks);
	if (r < 0)
		return r;
	tell(EVENT_MARKS, NO_JOB, NO_BLOCK, "%zu mark%s %s", n, n == 1 ? "" : "s", what);
	/* It is on disk, and so part of the next scan that succeeds. */
	(void)manager_refresh(manager, NULL);
	return 0;
}

static size_t count_marks(const struct memblock_inventory *inventory)
{
	struct memblock_mark mark;
	size_t n = 0;

	while (memblock_inventory_mark(inventory, n, &mark))
		n++;
	return n;
}

int marks_set(struct manager *manager, const struct ranges *ranges, const char *device,
	      const char *reason, sd_bus_error *error)
{
	_cleanup_(new_marks_done) struct new_marks marks = {};
	const struct ranges none = {};
	int r;

	r = read_marks_anew(manager, error);
	for (size_t i = 0; r >= 0 && i < ranges->n; i++)
		r = check_range(manager->inventory, &ranges->items[i], error);
	if (r < 0)
		return r;
	if (count_marks(manager->inventory) + ranges->n > MARKS_MAX)
		return set_count_error(error);

	r = new_marks_open(&marks);
	if (r >= 0)
		r = keep_marks(manager, marks.file, &none);
	for (size_t i = 0; r >= 0 && i < ranges->n; i++)
		r = write_mark(marks.file, ranges->items[i].start, ranges->items[i].end, device,
			       reason);
	if (r >= 0)
		r = finish(manager, &marks, "set", ranges->n);
	return r < 0 ? set_write_error(error, r) : 0;
}

int marks_lift(struct manager *manager, const struct ranges *ranges, sd_bus_error *error)
{
	_cleanup_(new_marks_done) struct new_marks marks = {};
	int r, gone;

	r = read_marks_anew(manager, error);
	if (r < 0)
		return r;
	r = new_marks_open(&marks);
	if (r < 0)
		return set_write_error(error, r);
	gone = keep_marks(manager, marks.file, ranges);
	if (gone == 0)
		return sd_bus_error_set(error, MEMBLOCK_BUS_ERROR "NoSuchMark",
					"No mark of an administrator lies there");
	r = gone < 0 ? gone : finish(manager, &marks, "lifted", (size_t)gone);
	return r < 0 ? set_write_error(error, r) : 0;
}

void marks_tell_stale(const struct memblock_inventory *inventory)
{
	struct memblock_mark mark;

	for (size_t i = 0; memblock_inventory_mark(inventory, i, &mark); i++)
		if (mark.stale)
			tell(EVENT_MARKS, NO_JOB, NO_BLOCK,
			     "The mark of 0x%" PRIx64 "-0x%" PRIx64 "%s%s (%s) fits no block here",
			     mark.start, mark.end - 1, mark.device ? " on " : "",
			     mark.device ? mark.device : "", mark.reason);
}
