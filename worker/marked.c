/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "kept-file.h"
#include "macros.h"
#include "worker.h"
#include "write-all.h"

/* Whatever else udev were given it would believe: MODALIAS is a module to load, SYSTEMD_WANTS a
 * unit to start. */
#define FORM                                    \
	"^MEMBLOCK_REMOVABLE=0\n"               \
	"MEMBLOCK_REASONS=[a-z-]+( [a-z-]+)*\n" \
	"MEMBLOCK_NID=-?[0-9]+\n$"

static int check_form(const char *properties)
{
	regex_t form;
	int r;

	if (regcomp(&form, FORM, REG_EXTENDED | REG_NOSUB) != 0)
		return -ENOMEM;
	r = regexec(&form, properties, 0, NULL, 0);
	regfree(&form);
	return r == 0 ? 0 : -EINVAL;
}

/* 1 where something changed. */
static int remove_file(const struct memblock_root *root, const char *name)
{
	_cleanup_close_ int folder = kept_open_folder(root, WORKER_MARKED, false);

	if (folder < 0)
		return folder == -ENOENT ? 0 : folder;
	if (unlinkat(folder, name, 0) < 0)
		return errno == ENOENT ? 0 : -errno;
	return 1;
}

/* The same. */
static int write_file(const struct memblock_root *root, const char *name, const char *properties)
{
	_cleanup_close_ int folder = kept_open_folder(root, WORKER_MARKED, true);
	_cleanup_free_ char *there = NULL;
	int r;

	if (folder < 0)
		return folder;
	if (kept_read_at(folder, name, &there) >= 0 && strcmp(there, properties) == 0)
		return 0;
	r = kept_write_at(folder, name, properties);
	return r < 0 ? r : 1;
}

int worker_change(const struct memblock_root *root, uint64_t block, const char *properties)
{
	_cleanup_close_ int there = -1;
	char name[32], path[96];
	int r;

	snprintf(name, sizeof(name), "memory%" PRIu64, block);
	snprintf(path, sizeof(path), "sys/devices/system/memory/%s/uevent", name);
	if (!*properties) {
		r = remove_file(root, name);
	} else {
		/* No file for a number that is no block's. */
		there = memblock_root_open(root, path, O_PATH);
		r = there < 0 ? there : check_form(properties);
		if (r >= 0)
			r = write_file(root, name, properties);
	}
	if (r <= 0)
		return r;
	r = write_attribute(root, path, "change");
	/* What udev wasn't told of is news the next time too. */
	if (r < 0)
		(void)remove_file(root, name);
	return r;
}
