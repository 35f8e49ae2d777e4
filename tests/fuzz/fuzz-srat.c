/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"
#include "sources.h"

/* The ACPI table of which memory is near which processors. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_extents_ struct extents affinities = {};
	_cleanup_notes_ struct notes notes = {};
	int r;

	r = srat_parse(&affinities, data, size, &notes);
	must(r >= 0 && (r > 0) == (notes.n > 0));
	for (size_t i = 0; i < affinities.n; i++)
		must(affinities.items[i].start < affinities.items[i].end);
	must(extents_flatten(&affinities) >= 0);
	return 0;
}
