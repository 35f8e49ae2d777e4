/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>

#include "listing.h"
#include "parallel.h"
#include "parse.h"

struct reading {
	struct listings *listings;
	const struct memblock_root *root;
};

void listings_done(struct listings *listings)
{
	for (size_t i = 0; i < listings->n; i++) {
		free(listings->items[i].numbers);
		notes_done(&listings->items[i].notes);
	}
	free(listings->items);
	*listings = (struct listings){};
}

int listings_add(struct listings *listings, int nid, const char *format, ...)
{
	struct listing *listing;
	va_list ap;
	int r;

	r = ARRAY_GROW(listings->items, listings->capacity, listings->n);
	if (r < 0)
		return r;

	listing = &listings->items[listings->n++];
	*listing = (struct listing){ .nid = nid };
	va_start(ap, format);
	vsnprintf(listing->path, sizeof(listing->path), format, ap);
	va_end(ap);
	return 0;
}

static int add_number(struct listing *listing, const char *name)
{
	uint64_t number;
	int r;

	r = parse_suffix(name, "memory", &number);
	if (r == -EINVAL)
		return 0; /* memory_failure, power, the attributes */
	if (r < 0)
		return notes_add(&listing->notes, "/%s/%s: no such address, the block is left out",
				 listing->path, name);

	r = ARRAY_GROW(listing->numbers, listing->capacity, listing->n);
	if (r < 0)
		return r;
	listing->numbers[listing->n++] = number;
	return 0;
}

static int read_listing(struct listing *listing, const struct memblock_root *root)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int r;

	r = root_open_dir(root, listing->path, &dir);
	if (r < 0)
		return r;

	for (struct dirent *entry; (errno = 0, entry = readdir(dir));) {
		r = add_number(listing, entry->d_name);
		if (r < 0)
			return r;
	}
	return -errno;
}

static void read_piece(size_t i, void *userdata)
{
	const struct reading *reading = userdata;
	struct listing *listing = &reading->listings->items[i];

	listing->result = read_listing(listing, reading->root);
}

void listings_read(struct listings *listings, const struct memblock_root *root,
		   bool at_the_same_time)
{
	struct reading reading = { listings, root };

	if (at_the_same_time)
		parallel_do(listings->n, read_piece, &reading);
	else
		for (size_t i = 0; i < listings->n; i++)
			read_piece(i, &reading);
}
