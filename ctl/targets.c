/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "macros.h"
#include "range.h"
#include "size.h"
#include "targets.h"

#define MIB (UINT64_C(1) << 20)

void targets_done(struct targets *targets)
{
	free(targets->items);
}

/* Says what is wrong with a word. Returns -EINVAL. */
static int wrong(char **ret_error, const char *word, const char *what)
{
	return asprintf(ret_error, "\"%s\" %s", word, what) < 0 ? -ENOMEM : -EINVAL;
}

static int add_target(struct targets *targets, bool blocks, uint64_t first, uint64_t last)
{
	struct target *grown = reallocarray(targets->items, targets->n + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	targets->items = grown;
	grown[targets->n++] = (struct target){ blocks, first, last };
	return 0;
}

static int parse_addresses(struct targets *targets, const char *word, char **ret_error)
{
	uint64_t first, last;

	if (address_range_parse(word, &first, &last) < 0)
		return wrong(ret_error, word,
			     "is no address range: first and last address, 0x..-0x..");
	if (last < first)
		return wrong(ret_error, word, "ends before it begins");
	if (last == UINT64_MAX)
		return wrong(ret_error, word, "ends beyond all memory");
	return add_target(targets, false, first, last);
}

static int parse_blocks(struct targets *targets, const char *word, char **ret_error)
{
	uint64_t first, last;

	if (block_range_parse(word, &first, &last) < 0)
		return wrong(ret_error, word, "names no memory blocks");
	return add_target(targets, true, first, last);
}

static int parse_size(struct targets *targets, const char *word, char **ret_error)
{
	uint64_t size;
	int r;

	r = size_parse(word, MIB, &size);
	if (r == -ERANGE)
		return wrong(ret_error, word, "is more than there can be");
	if (r < 0 || size == 0)
		return wrong(ret_error, word, "is no size of memory");
	if (targets->size)
		return wrong(ret_error, word, "is a second size; there can be one");
	targets->size = size;
	return 0;
}

static int parse_node(struct targets *targets, const char *word, char **ret_error)
{
	const char *number = word + strlen("node:");
	uint64_t nid;

	if (number[strspn(number, "0123456789")] || size_parse(number, 1, &nid) < 0 ||
	    nid > INT_MAX)
		return wrong(ret_error, word, "names no node");
	if (targets->nid != MEMBLOCK_NID_UNKNOWN)
		return wrong(ret_error, word, "is a second node; there can be one");
	targets->nid = (int)nid;
	return 0;
}

static int parse_device(struct targets *targets, const char *word, char **ret_error)
{
	const char *name = word + strlen("device:");

	if (!*name)
		return wrong(ret_error, word, "names no device");
	if (targets->device)
		return wrong(ret_error, word, "is a second device; there can be one");
	targets->device = name;
	return 0;
}

static bool begins_with(const char *word, const char *prefix)
{
	return strncmp(word, prefix, strlen(prefix)) == 0;
}

static int parse_word(struct targets *targets, const char *word, bool numbers_are_blocks,
		      const char *takes, char **ret_error)
{
	if (begins_with(word, "node:"))
		return parse_node(targets, word, ret_error);
	if (begins_with(word, "device:"))
		return parse_device(targets, word, ret_error);
	if (begins_with(word, "0x"))
		return parse_addresses(targets, word, ret_error);
	if (begins_with(word, "memory") || strchr(word, '-') ||
	    (numbers_are_blocks && *word && !word[strspn(word, "0123456789")]))
		return parse_blocks(targets, word, ret_error);
	if (*word >= '0' && *word <= '9')
		return parse_size(targets, word, ret_error);
	return asprintf(ret_error, "\"%s\" names no memory: that is %s", word, takes) < 0 ? -ENOMEM
											  : -EINVAL;
}

int targets_parse(char **words, bool numbers_are_blocks, const char *takes, struct targets *ret,
		  char **ret_error)
{
	_cleanup_(targets_done) struct targets targets = { .nid = MEMBLOCK_NID_UNKNOWN };
	int r;

	for (; *words; words++) {
		r = parse_word(&targets, *words, numbers_are_blocks, takes, ret_error);
		if (r < 0)
			return r;
	}
	*ret = targets;
	targets = (struct targets){};
	return 0;
}

static int range_of(const struct target *target, uint64_t block_size, struct memblock_range *ret)
{
	uint64_t n;

	if (!target->blocks) {
		*ret = (struct memblock_range){ target->first, target->last + 1 };
		return 0;
	}
	if (__builtin_add_overflow(target->last, 1, &n) ||
	    __builtin_mul_overflow(n, block_size, &ret->end))
		return -ENXIO;
	ret->start = target->first * block_size;
	return 0;
}

int targets_ranges(const struct targets *targets, uint64_t block_size, struct memblock_range **ret,
		   char **ret_error)
{
	_cleanup_free_ struct memblock_range *ranges = calloc(targets->n + 1, sizeof(*ranges));

	if (!ranges)
		return -ENOMEM;
	for (size_t i = 0; i < targets->n; i++) {
		if (range_of(&targets->items[i], block_size, &ranges[i]) >= 0)
			continue;
		return asprintf(ret_error, "There is no memory block %" PRIu64,
				targets->items[i].last) < 0
			       ? -ENOMEM
			       : -ENXIO;
	}
	*ret = TAKE_PTR(ranges);
	return 0;
}
