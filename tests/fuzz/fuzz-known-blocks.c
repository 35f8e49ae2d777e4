/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "block-set.h"
#include "fuzz.h"

/* Which blocks the daemon knew before it was started again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(block_set_done) struct block_set set = {}, again = {};
	struct input input = { data, size };
	_cleanup_free_ char *text = take_text(&input), *written = NULL;

	if (block_set_from_text(text, &set) < 0)
		return 0;
	for (size_t i = 1; i < set.n; i++)
		must(set.items[i - 1] < set.items[i]);
	written = block_set_to_text(&set);
	must(written && block_set_from_text(written, &again) >= 0);
	must(again.n == set.n);
	must(set.n == 0 || memcmp(again.items, set.items, set.n * sizeof(*set.items)) == 0);
	return 0;
}
