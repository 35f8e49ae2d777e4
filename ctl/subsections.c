/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "subsections.h"

#define HEX_DIGITS 16 /* of one word */

void subsections_done(struct subsections *map)
{
	for (size_t i = 0; i < map->n_sections; i++)
		free(map->sections[i]);
	free(map->sections);
}

/* The highest word first, as one long number. */
static char *section_text(const uint64_t *words, size_t n)
{
	char *text = malloc(n * HEX_DIGITS + 1);

	for (size_t i = 0; text && i < n; i++)
		snprintf(text + i * HEX_DIGITS, HEX_DIGITS + 1, "%016" PRIx64, words[n - 1 - i]);
	return text;
}

int subsections_read(const struct memblock_inventory *inventory, const struct memblock_block *block,
		     struct subsections *ret)
{
	_cleanup_(subsections_done) struct subsections map = {};
	_cleanup_free_ uint64_t *words = NULL;
	enum memblock_source source;
	size_t n_words;
	int per_section;

	per_section = memblock_block_subsections(inventory, block, &words, &n_words, &source);
	if (per_section < 0)
		return per_section;

	map.derived = source == MEMBLOCK_SOURCE_IOMEM;
	map.all = memblock_inventory_block_size(inventory) / MEMBLOCK_SUBSECTION_SIZE;
	for (size_t i = 0; i < n_words; i++)
		map.present += (uint64_t)__builtin_popcountll(words[i]);

	map.sections = calloc(n_words, sizeof(*map.sections));
	if (!map.sections)
		return -ENOMEM;
	for (size_t i = 0; i < n_words; i += (size_t)per_section) {
		char *text = section_text(words + i, (size_t)per_section);

		if (!text)
			return -ENOMEM;
		map.sections[map.n_sections++] = text;
	}
	map.first_section = memblock_block_index(block) * map.n_sections;

	*ret = map;
	map = (struct subsections){};
	return 0;
}
