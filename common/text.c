/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "macros.h"
#include "text.h"

/* Adds a word to a list. */
static void add_word(char text[LIST_TEXT_MAX], const char *separator, const char *format, ...)
	__attribute__((__format__(printf, 3, 4)));
static void add_word(char text[LIST_TEXT_MAX], const char *separator, const char *format, ...)
{
	size_t length = strlen(text);
	va_list ap;

	if (length > 0)
		length += (size_t)snprintf(text + length, LIST_TEXT_MAX - length, "%s", separator);
	if (length >= LIST_TEXT_MAX)
		return;

	va_start(ap, format);
	vsnprintf(text + length, LIST_TEXT_MAX - length, format, ap);
	va_end(ap);
}

void node_mask_add(struct node_mask *mask, const struct memblock_inventory *inventory,
		   const struct memblock_block *block)
{
	const int *nids;
	size_t n = memblock_block_nodes(inventory, block, &nids);

	for (size_t i = 0; i < n; i++)
		if ((size_t)nids[i] / 64 < ARRAY_SIZE(mask->words))
			mask->words[nids[i] / 64] |= UINT64_C(1) << nids[i] % 64;
}

int node_mask_next(const struct node_mask *mask, int nid)
{
	for (size_t i = (size_t)nid / 64; i < ARRAY_SIZE(mask->words); i++, nid = 0) {
		uint64_t rest = mask->words[i] & UINT64_MAX << nid % 64;

		if (rest)
			return (int)i * 64 + __builtin_ctzll(rest);
	}
	return -1;
}

unsigned node_mask_count(const struct node_mask *mask)
{
	unsigned n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(mask->words); i++)
		n += (unsigned)__builtin_popcountll(mask->words[i]);
	return n;
}

char *node_mask_text(const struct node_mask *mask, char text[LIST_TEXT_MAX])
{
	*text = '\0';
	for (int nid = node_mask_next(mask, 0); nid >= 0; nid = node_mask_next(mask, nid + 1))
		add_word(text, ",", "%d", nid);
	return text;
}

char *nodes_text(const struct memblock_inventory *inventory, const struct memblock_block *block,
		 char text[LIST_TEXT_MAX])
{
	struct node_mask mask = {};

	node_mask_add(&mask, inventory, block);
	return node_mask_text(&mask, text);
}

char *zones_text(const struct memblock_block *block, char text[LIST_TEXT_MAX])
{
	enum memblock_zone zones[MEMBLOCK_ZONES_MAX];
	size_t n = memblock_block_zones(block, zones);

	*text = '\0';
	for (size_t i = 0; i < n; i++)
		add_word(text, "/", "%s", memblock_zone_to_string(zones[i]));
	return text;
}

unsigned block_reasons(const struct memblock_block *block)
{
	unsigned reasons = 0;

	/* Most blocks have none, and a verdict with reasons is always no. */
	if (memblock_block_removable(block) != MEMBLOCK_ANSWER_NO)
		return 0;
	for (int i = 0; memblock_reason_to_string((enum memblock_reason)i); i++)
		if (memblock_block_has_reason(block, (enum memblock_reason)i))
			reasons |= 1u << i;
	return reasons;
}

char *reasons_text(unsigned reasons, char text[LIST_TEXT_MAX])
{
	*text = '\0';
	for (int i = 0; memblock_reason_to_string((enum memblock_reason)i); i++)
		if (reasons & 1u << i)
			add_word(text, ",", "%s",
				 memblock_reason_to_string((enum memblock_reason)i));
	return text;
}

char *blocks_text(uint64_t first, uint64_t n, char text[LIST_TEXT_MAX])
{
	if (n == 1)
		snprintf(text, LIST_TEXT_MAX, "%" PRIu64, first);
	else
		snprintf(text, LIST_TEXT_MAX, "%" PRIu64 "-%" PRIu64, first, first + n - 1);
	return text;
}

const char *device_text(const struct memblock_inventory *inventory,
			const struct memblock_block *block)
{
	const struct memblock_device *device = memblock_block_device(inventory, block);

	return device ? memblock_device_name(device) : "";
}

const char *answer_text(enum memblock_answer answer)
{
	return answer == MEMBLOCK_ANSWER_UNKNOWN ? "" : memblock_answer_to_string(answer);
}
