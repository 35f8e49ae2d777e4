/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "extents.h"

void extents_done(struct extents *extents)
{
	free(extents->items);
	*extents = (struct extents){};
}

static void extents_move(struct extents *to, struct extents *from)
{
	extents_done(to);
	*to = *from;
	*from = (struct extents){};
}

int extents_append(struct extents *extents, const struct memblock_extent *extent)
{
	int r;

	if (extent->start >= extent->end)
		return 0;

	r = ARRAY_GROW(extents->items, extents->capacity, extents->n);
	if (r < 0)
		return r;

	extents->items[extents->n++] = *extent;
	return 0;
}

/* Appends the part of an extent that lies in [start, end). */
static int append_part(struct extents *extents, const struct memblock_extent *extent,
		       uint64_t start, uint64_t end)
{
	struct memblock_extent part = *extent;

	part.start = MAX(extent->start, start);
	part.end = MIN(extent->end, end);
	return extents_append(extents, &part);
}

struct ordered {
	struct memblock_extent extent;
	size_t order;
};

/* By start; of those that begin together the longer one first, of equal ones the earlier. */
static int compare(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;

	if (x->extent.start != y->extent.start)
		return x->extent.start < y->extent.start ? -1 : 1;
	if (x->extent.end != y->extent.end)
		return x->extent.end > y->extent.end ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static struct ordered *sorted_copy(const struct extents *extents)
{
	struct ordered *sorted = calloc(extents->n, sizeof(*sorted));

	if (!sorted)
		return NULL;
	for (size_t i = 0; i < extents->n; i++)
		sorted[i] = (struct ordered){ extents->items[i], i };
	qsort(sorted, extents->n, sizeof(*sorted), compare);
	return sorted;
}

/* Emits what is open, innermost first, from *at up to an address. */
static int emit_open(struct extents *result, const struct memblock_extent **open, size_t *n_open,
		     uint64_t *at, uint64_t until)
{
	int r;

	while (*n_open > 0 && *at < until) {
		const struct memblock_extent *inner = open[*n_open - 1];

		if (inner->end > *at) {
			r = append_part(result, inner, *at, until);
			if (r < 0)
				return r;
			*at = MIN(inner->end, until);
		}
		if (inner->end <= *at)
			(*n_open)--;
	}
	return 0;
}

int extents_flatten(struct extents *extents)
{
	_cleanup_free_ struct ordered *sorted = NULL;
	_cleanup_free_ const struct memblock_extent **open = NULL;
	_cleanup_extents_ struct extents result = {};
	size_t n_open = 0;
	uint64_t at = 0;
	int r;

	if (extents->n < 2)
		return 0;

	sorted = sorted_copy(extents);
	open = calloc(extents->n, sizeof(*open));
	if (!sorted || !open)
		return -ENOMEM;

	for (size_t i = 0; i < extents->n; i++) {
		r = emit_open(&result, open, &n_open, &at, sorted[i].extent.start);
		if (r < 0)
			return r;
		at = sorted[i].extent.start;
		open[n_open++] = &sorted[i].extent;
	}
	r = emit_open(&result, open, &n_open, &at, UINT64_MAX);
	if (r < 0)
		return r;

	extents_move(extents, &result);
	return 0;
}

static bool is_alike(const struct memblock_extent *a, const struct memblock_extent *b)
{
	return a->kind == b->kind && a->zone == b->zone && a->nid == b->nid &&
	       a->mapped == b->mapped && a->owner == b->owner;
}

void extents_merge(struct extents *extents)
{
	size_t kept = 0;

	for (size_t i = 1; i < extents->n; i++) {
		struct memblock_extent *last = &extents->items[kept], *next = &extents->items[i];

		if (last->end == next->start && is_alike(last, next))
			last->end = next->end;
		else
			extents->items[++kept] = *next;
	}
	if (extents->n)
		extents->n = kept + 1;
}

size_t extents_first(const struct extents *extents, uint64_t address)
{
	size_t low = 0, high = extents->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (extents->items[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int extents_slice(const struct extents *extents, uint64_t start, uint64_t end, struct extents *ret)
{
	_cleanup_extents_ struct extents result = {};
	struct memblock_extent hole = {
		.kind = MEMBLOCK_KIND_HOLE,
		.zone = MEMBLOCK_ZONE_NONE,
		.nid = MEMBLOCK_NID_UNKNOWN,
	};
	uint64_t at = start;
	int r;

	for (size_t i = extents_first(extents, start); at < end; i++) {
		bool inside = i < extents->n && extents->items[i].start < end;

		hole.start = at;
		hole.end = inside ? extents->items[i].start : end;
		r = extents_append(&result, &hole);
		if (r < 0)
			return r;
		if (!inside)
			break;
		r = append_part(&result, &extents->items[i], start, end);
		if (r < 0)
			return r;
		at = extents->items[i].end;
	}

	extents_move(ret, &result);
	return 0;
}

uint64_t extents_covered(const struct extents *extents, uint64_t start, uint64_t end)
{
	uint64_t covered = 0;

	for (size_t i = extents_first(extents, start); i < extents->n; i++) {
		if (extents->items[i].start >= end)
			break;
		covered += MIN(extents->items[i].end, end) - MAX(extents->items[i].start, start);
	}
	return covered;
}
