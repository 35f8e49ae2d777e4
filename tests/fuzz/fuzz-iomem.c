/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"
#include "sources.h"

/* /proc/iomem, for pages of 4 and of 64 KiB. */

static void check(const struct extents *extents)
{
	for (size_t i = 0; i < extents->n; i++) {
		must(extents->items[i].start < extents->items[i].end);
		must(i == 0 || extents->items[i - 1].end <= extents->items[i].start);
		must(!extents->items[i].owner || owner_of(extents->items[i].owner));
	}
}

static void parse(struct input input, uint64_t page_size)
{
	_cleanup_free_ char *text = take_text(&input);
	_cleanup_(iomem_done) struct iomem iomem = {};
	_cleanup_notes_ struct notes notes = {};
	int r;

	r = iomem_parse(&iomem, text, page_size, &notes);
	must(r >= 0 || r == -EACCES);
	if (r < 0)
		return;
	check(&iomem.map);
	check(&iomem.ram);
	must((r > 0) == (notes.n > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	parse((struct input){ data, size }, 4096);
	parse((struct input){ data, size }, 65536);
	return 0;
}
