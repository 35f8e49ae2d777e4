/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "fuzz.h"
#include "range.h"
#include "size.h"
#include "targets.h"
#include "timespan.h"

/* What is typed behind a verb: a word a line. */

#define WORDS_MAX 16

static void parse_word(const char *word)
{
	char text[SIZE_TEXT_MAX];
	uint64_t number, first, last;

	if (size_parse(word, MIB(1), &number) >= 0)
		must(strlen(size_to_text(number, text)) < SIZE_TEXT_MAX);
	if (timespan_parse(word, &number) >= 0)
		must(number <= INT64_MAX);
	if (block_range_parse(word, &first, &last) >= 0)
		must(first <= last);
	(void)address_range_parse(word, &first, &last);
}

static void parse_targets(char **words, bool numbers_are_blocks)
{
	_cleanup_free_ struct memblock_range *ranges = NULL;
	_cleanup_(targets_done) struct targets targets = {};
	_cleanup_free_ char *error = NULL;
	int r;

	r = targets_parse(words, numbers_are_blocks, "", &targets, &error);
	must((r == -EINVAL) == (error != NULL));
	if (r < 0)
		return;
	r = targets_ranges(&targets, MIB(128), &ranges, &error);
	must((r == -ENXIO) == (error != NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	_cleanup_free_ char *text = take_text(&input);
	char *words[WORDS_MAX + 1] = {}, *rest = text;

	for (size_t i = 0; rest && i < WORDS_MAX; i++) {
		words[i] = strsep(&rest, "\n");
		parse_word(words[i]);
	}
	parse_targets(words, false);
	parse_targets(words, true);
	return 0;
}
