/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"
#include "sources.h"

/* /proc/zoneinfo: spans of zones, pages that are free, pages that are managed. */

static void parse_spans(struct input input)
{
	_cleanup_free_ char *text = take_text(&input);
	_cleanup_notes_ struct notes notes = {};
	struct zone_spans spans = {};

	must(zoneinfo_parse(&spans, text, 4096, &notes) >= 0);
	for (size_t i = 0; i < spans.n; i++)
		must(spans.items[i].start <= spans.items[i].end && spans.items[i].nid >= 0);
	free(spans.items);
}

static void count(struct input input)
{
	_cleanup_free_ char *text = take_text(&input);
	uint64_t n;

	(void)zoneinfo_managed_pages(text);
	(void)zoneinfo_kernel_free(text, &n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	parse_spans((struct input){ data, size });
	count((struct input){ data, size });
	return 0;
}
