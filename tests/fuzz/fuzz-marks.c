/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"
#include "sources.h"

/* Marks of an administrator. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	_cleanup_free_ char *text = take_text(&input);
	_cleanup_(marks_done) struct marks marks = {};
	_cleanup_notes_ struct notes notes = {};

	must(marks_parse(&marks, text, &notes) >= 0);
	for (size_t i = 0; i < marks.n; i++) {
		must(marks.items[i].start < marks.items[i].end);
		must(*marks.items[i].reason);
	}
	return 0;
}
