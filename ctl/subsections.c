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
	free(map->words);
}

/* The highest word first, as one long number. */
static char *section_text(const uint64_t *words, size_t n)
{
	char *text = malloc(n * HEX_DIGITS + 1);

	for (size_t i = 0; text && i < n; i++)
		snprintf(text + i * HEX_DIGITS, HEX_DIGITS + 1, "%016" PRIx64, words[n - 1 - i]);
	return text;
}

/* As many hex texts as there are sections. */
static int write_sections(struct subsections *map, size_t n_words)
{
	map->sections = calloc(n_words, sizeof(*map->sections));
	if (!map->sections)
		return -ENOMEM;
	for (size_t i = 0; i < n_words; i += map->words_per_section) {
		char *text = section_text(map->words + i, map->words_per_section);

		if (!text)
			return -ENOMEM;
		map->sections[map->n_sections++] = text;
	}
	return 0;
}

int subsections_read(const struct memblock_inventory *inventory, const struct memblock_block *block,
		     enum memblock_source source, struct subsections *ret)
{
	_cleanup_(subsections_done) struct subsections map = {};
	size_t n_words;
	int r;

	r = memblock_block_subsections_from(inventory, block, source, &map.words, &n_words);
	if (r < 0)
		return r;

	map.words_per_section = (size_t)r;
	map.all = memblock_inventory_block_size(inventory) / MEMBLOCK_SUBSECTION_SIZE;
	for (size_t i = 0; i < n_words; i++)
		map.present += (uint64_t)__builtin_popcountll(map.words[i]);
	r = write_sections(&map, n_words);
	if (r < 0)
		return r;
	map.first_section = memblock_block_index(block) * map.n_sections;

	*ret = map;
	map = (struct subsections){};
	return 0;
}

bool subsections_have(const struct subsections *map, uint64_t at)
{
	uint64_t per_section = map->all / map->n_sections, bit = at % per_section;

	return map->words[at / per_section * map->words_per_section + bit / 64] &
	       UINT64_C(1) << bit % 64;
}

bool subsections_differ(const struct subsections *map, const struct subsections *other, uint64_t at,
			uint64_t *ret_first, uint64_t *ret_n)
{
	bool has;

	while (at < map->all && subsections_have(map, at) == subsections_have(other, at))
		at++;
	if (at == map->all)
		return false;

	*ret_first = at;
	has = subsections_have(map, at);
	while (at < map->all && subsections_have(map, at) == has &&
	       subsections_have(other, at) != has)
		at++;
	*ret_n = at - *ret_first;
	return true;
}
