/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>

/* Blocks that did not go offline when they were told to, lately: the kernel said EBUSY, or it took
 * too long. Plans try them last. Kept in memory alone, and no more of them than that. */
#define REFUSALS_MAX 4096
#define REFUSALS_USEC (UINT64_C(3600) * 1000 * 1000)

struct refusal {
	uint64_t index;
	uint64_t usec; /* when it was; monotonic */
};

struct refusals {
	struct refusal *items; /* in rising order of index */
	size_t n;
	size_t capacity;
};

void refusals_done(struct refusals *refusals);
/* The oldest makes room where there are too many. What there is no memory for is not kept. */
void refusals_note(struct refusals *refusals, uint64_t index, uint64_t now_usec);
/* Forgets what is long ago, and blocks that are not online any more: they went after all. */
void refusals_clean(struct refusals *refusals, const struct memblock_inventory *inventory,
		    uint64_t now_usec);
/* The blocks, for memblock_request.avoid: to be freed, NULL for none. 0 or -ENOMEM. */
int refusals_list(const struct refusals *refusals, uint64_t **ret);
