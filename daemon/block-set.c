/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "block-set.h"
#include "macros.h"
#include "range.h"

/* No machine has more, and a broken file is not to fill all memory. */
#define BLOCKS_MAX (UINT64_C(1) << 24)

void block_set_done(struct block_set *set)
{
	free(set->items);
	*set = (struct block_set){};
}

bool block_set_has(const struct block_set *set, uint64_t index)
{
	size_t at = PLACE_OF(set->items, set->n, index);

	return at < set->n && set->items[at] == index;
}

int block_set_add(struct block_set *set, uint64_t index)
{
	size_t at = PLACE_OF(set->items, set->n, index);

	if (at < set->n && set->items[at] == index)
		return 0;
	if (ARRAY_GROW(set->items, set->capacity, set->n) < 0)
		return -ENOMEM;
	memmove(&set->items[at + 1], &set->items[at], (set->n - at) * sizeof(*set->items));
	set->items[at] = index;
	set->n++;
	return 1;
}

int block_set_append(struct block_set *set, uint64_t index)
{
	if (ARRAY_GROW(set->items, set->capacity, set->n) < 0)
		return -ENOMEM;
	set->items[set->n++] = index;
	return 0;
}

bool block_set_remove(struct block_set *set, uint64_t index)
{
	size_t at = PLACE_OF(set->items, set->n, index);

	if (at == set->n || set->items[at] != index)
		return false;
	set->n--;
	memmove(&set->items[at], &set->items[at + 1], (set->n - at) * sizeof(*set->items));
	return true;
}

char *block_set_to_text(const struct block_set *set)
{
	char *text = NULL;
	size_t size, end;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return NULL;
	for (size_t i = 0; i < set->n; i = end) {
		for (end = i + 1; end < set->n && set->items[end] == set->items[end - 1] + 1;)
			end++;
		fprintf(file, "%" PRIu64 "-%" PRIu64 "\n", set->items[i], set->items[end - 1]);
	}
	if (fclose(file) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static int add_line(struct block_set *set, const char *line)
{
	uint64_t first, last;

	if (block_range_parse(line, &first, &last) < 0 || last - first >= BLOCKS_MAX - set->n ||
	    (set->n > 0 && set->items[set->n - 1] >= first))
		return -EBADMSG;
	for (uint64_t index = first;; index++) {
		if (block_set_append(set, index) < 0)
			return -ENOMEM;
		if (index == last)
			return 0;
	}
}

int block_set_from_text(char *text, struct block_set *ret)
{
	_cleanup_(block_set_done) struct block_set set = {};
	char *line;
	int r;

	while ((line = strsep(&text, "\n"))) {
		/* The last one ends in a line feed too, or wasn't written whole. */
		if (!*line && !text)
			break;
		r = text ? add_line(&set, line) : -EBADMSG;
		if (r < 0)
			return r;
	}
	*ret = set;
	set = (struct block_set){};
	return 0;
}
