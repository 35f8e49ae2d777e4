/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "inventory.h"
#include "parse.h"
#include "report.h"
#include "verdict.h"

/* Digits of a map: that of a section of 64 GiB, far more than any architecture has. */
#define DIGITS_MAX 8192

void sections_done(struct sections *sections)
{
	free(sections->items);
	free(sections->words);
	*sections = (struct sections){};
}

const struct section *sections_find(const struct sections *sections, uint64_t number)
{
	size_t i = PLACE_OF(sections->items, sections->n, number);

	return i < sections->n && sections->items[i].number == number ? &sections->items[i] : NULL;
}

/* Words of a map, from number `at` of all words on. */
static int put_map(struct sections *sections, size_t at, const uint64_t *words, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (ARRAY_GROW(sections->words, sections->words_capacity, at + i) < 0)
			return -ENOMEM;
		sections->words[at + i] = words[i];
	}
	sections->n_words = MAX(sections->n_words, at + n);
	return 0;
}

/* A section with its map, in place of what was known of it. Sections come in rising order mostly,
 * so that nothing needs to be moved. */
static int put(struct sections *sections, const struct section *section, const uint64_t *words)
{
	size_t i = PLACE_OF(sections->items, sections->n, section->number);
	bool known = i < sections->n && sections->items[i].number == section->number;
	struct section fresh = *section;
	int r;

	fresh.words = known && sections->items[i].n_words == fresh.n_words
			      ? sections->items[i].words
			      : sections->n_words;
	r = ARRAY_GROW(sections->items, sections->capacity, sections->n);
	if (r >= 0)
		r = put_map(sections, fresh.words, words, fresh.n_words);
	if (r < 0)
		return r;

	if (!known)
		memmove(&sections->items[i + 1], &sections->items[i],
			(sections->n++ - i) * sizeof(fresh));
	sections->items[i] = fresh;
	return 0;
}

/* "0000000000ffffff", of any length, the highest bits first; "-" where there is none. */
static int parse_map(const char **cursor, uint64_t words[DIGITS_MAX / 16], uint32_t *ret_n)
{
	size_t digits = strspn(*cursor, "0123456789abcdefABCDEF");
	const char *end = *cursor + digits;

	*ret_n = 0;
	if (**cursor == '-') {
		++*cursor;
		return 0;
	}
	if (digits == 0 || digits > DIGITS_MAX)
		return -EINVAL;

	for (; digits > 0; digits -= MIN(digits, (size_t)16)) {
		char part[17] = "";
		size_t n = MIN(digits, (size_t)16);
		int r;

		memcpy(part, *cursor + digits - n, n);
		r = parse_u64(part, 16, &words[(*ret_n)++]);
		if (r < 0)
			return r;
	}
	*cursor = end;
	return 0;
}

/* Moves the cursor behind a word that must stand there. */
static bool skip(const char **cursor, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(*cursor, word, length) != 0)
		return false;
	*cursor += length;
	return true;
}

/* "section 12 flags f map ffffffffffffffff" */
static int parse_section(const char *line, const char *end, struct sections *sections)
{
	struct section section = {};
	uint64_t words[DIGITS_MAX / 16], flags;

	if (!skip(&line, "section ") || parse_u64_at(&line, 10, &section.number) < 0 ||
	    !skip(&line, " flags ") || parse_u64_at(&line, 16, &flags) < 0 || flags > UINT32_MAX ||
	    !skip(&line, " map ") || parse_map(&line, words, &section.n_words) < 0 || line != end)
		return -EINVAL;
	section.flags = (uint32_t)flags;
	if (sections->n > 0 && section.number <= sections->items[sections->n - 1].number)
		return -EINVAL;
	return put(sections, &section, words);
}

int sections_parse(struct sections *sections, const char *text, struct notes *notes)
{
	unsigned number = 0;
	int damaged = 0;

	for (const char *line = text; *line;) {
		const char *end = strchrnul(line, '\n');
		int r;

		number++;
		r = parse_section(line, end, sections);
		if (r == -EINVAL) {
			damaged++;
			r = notes_add(notes,
				      "memblockd/sections:%u: not a section, or not in order",
				      number);
		}
		if (r < 0)
			return r;
		line = end + (*end == '\n');
	}
	return damaged;
}

static int put_all(struct sections *sections, const struct sections *newer)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < newer->n; i++)
		r = put(sections, &newer->items[i], &newer->words[newer->items[i].words]);
	return r;
}

/* Gives their verdicts anew to the blocks that sections are of. */
static int judge_blocks_of(struct memblock_inventory *inventory, const struct sections *sections)
{
	const struct memblock_block *last = NULL;
	uint64_t per_block =
		inventory->section_size ? inventory->block_size / inventory->section_size : 0;
	int r = 0;

	for (size_t i = 0; r >= 0 && per_block > 0 && i < sections->n; i++) {
		struct memblock_block *block =
			inventory_find(inventory, sections->items[i].number / per_block);

		if (block && block != last)
			r = judge_block(inventory, block);
		last = block;
	}
	return r;
}

int memblock_inventory_set_sections(struct memblock_inventory *inventory, const char *text)
{
	_cleanup_sections_ struct sections newer = {};
	int r, damaged;

	notes_begin(&inventory->notes);
	damaged = sections_parse(&newer, text, &inventory->notes);
	r = notes_end(&inventory->notes);
	if (damaged < 0 || r < 0)
		return MIN(damaged, r);
	r = put_all(&inventory->sections, &newer);
	if (r < 0)
		return r;
	r = inventory_set_source(inventory, MEMBLOCK_SOURCE_SECTIONS,
				 damaged > 0 ? MEMBLOCK_SOURCE_DAMAGED : MEMBLOCK_SOURCE_READ,
				 damaged > 0 ? "some lines make no sense" : NULL);
	return r < 0 ? r : judge_blocks_of(inventory, &newer);
}

/* How many sections a block has, by what is known of their size, and the number of the first. None
 * where nothing is known of any of them: each block has one at least. */
static size_t sections_of(const struct memblock_inventory *inventory,
			  const struct memblock_block *block, uint64_t *ret_first)
{
	const struct sections *sections = &inventory->sections;
	size_t n = inventory->section_size ? inventory->block_size / inventory->section_size : 0;
	uint64_t first = block->index * n;
	size_t i = PLACE_OF(sections->items, sections->n, first);

	*ret_first = first;
	return i < sections->n && sections->items[i].number - first < n ? n : 0;
}

int memblock_block_section_flags(const struct memblock_inventory *inventory,
				 const struct memblock_block *block, uint32_t **ret)
{
	uint64_t first;
	uint32_t *flags;
	size_t n;

	if (inventory->reported)
		return reported_section_flags(inventory, block, ret);
	n = sections_of(inventory, block, &first);
	if (n == 0)
		return -ENODATA;
	flags = calloc(n, sizeof(*flags));
	if (!flags)
		return -ENOMEM;

	for (size_t i = 0; i < n; i++) {
		const struct section *section = sections_find(&inventory->sections, first + i);

		flags[i] = section ? section->flags : 0;
	}
	*ret = flags;
	return (int)n;
}

int sections_map(const struct memblock_inventory *inventory, const struct memblock_block *block,
		 uint64_t **ret, size_t *ret_n)
{
	const struct sections *sections = &inventory->sections;
	size_t bits = inventory->section_size / MEMBLOCK_SUBSECTION_SIZE, words = (bits + 63) / 64;
	_cleanup_free_ uint64_t *map = NULL;
	uint64_t first;
	size_t n = sections_of(inventory, block, &first);

	if (n == 0 || words == 0)
		return -ENODATA;
	map = calloc(n * words, sizeof(*map));
	if (!map)
		return -ENOMEM;

	for (size_t i = 0; i < n; i++) {
		const struct section *section = sections_find(sections, first + i);
		uint64_t *to = &map[i * words];

		if (!section)
			continue;
		if (section->n_words == 0)
			return -ENODATA;
		memcpy(to, &sections->words[section->words],
		       MIN(words, (size_t)section->n_words) * sizeof(*to));
		if (bits % 64 > 0)
			to[words - 1] &= (UINT64_C(1) << bits % 64) - 1;
	}

	*ret = TAKE_PTR(map);
	*ret_n = n * words;
	return (int)words;
}
