/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"

/* What a captured tree, or a worker, tells of sections, and of pages. */

static void read_sections(const char *text)
{
	_cleanup_sections_ struct sections sections = {};
	_cleanup_notes_ struct notes notes = {};

	must(sections_parse(&sections, text, &notes) >= 0);
	for (size_t i = 0; i < sections.n; i++) {
		must(i == 0 || sections.items[i - 1].number < sections.items[i].number);
		must(sections_find(&sections, sections.items[i].number) == &sections.items[i]);
		must(sections.items[i].words + sections.items[i].n_words <= sections.n_words);
	}
}

/* What was read comes out as it went in. */
static void read_pages(const char *text)
{
	_cleanup_free_ struct memblock_pages *pages = NULL, *again = NULL;
	_cleanup_free_ char *written = NULL;
	size_t n, n_again;

	if (memblock_pages_from_text(text, &pages, &n) < 0)
		return;
	must(memblock_pages_to_text(pages, n, &written) >= 0);
	must(memblock_pages_from_text(written, &again, &n_again) >= 0);
	must(n_again == n);
	for (size_t i = 0; i < n; i++)
		must(again[i].index == pages[i].index && again[i].examined == pages[i].examined);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	_cleanup_free_ char *sections = take_part(&input), *pages = take_part(&input);

	read_sections(sections);
	read_pages(pages);
	return 0;
}
