/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "macros.h"
#include "refusals.h"

void refusals_done(struct refusals *refusals)
{
	free(refusals->items);
	*refusals = (struct refusals){};
}

static void drop(struct refusals *refusals, size_t at)
{
	refusals->n--;
	memmove(&refusals->items[at], &refusals->items[at + 1],
		(refusals->n - at) * sizeof(*refusals->items));
}

static void drop_oldest(struct refusals *refusals)
{
	size_t oldest = 0;

	for (size_t i = 1; i < refusals->n; i++)
		if (refusals->items[i].usec < refusals->items[oldest].usec)
			oldest = i;
	drop(refusals, oldest);
}

void refusals_note(struct refusals *refusals, uint64_t index, uint64_t now_usec)
{
	size_t at = PLACE_OF(refusals->items, refusals->n, index);

	if (at < refusals->n && refusals->items[at].index == index) {
		refusals->items[at].usec = now_usec;
		return;
	}
	if (refusals->n == REFUSALS_MAX)
		drop_oldest(refusals);
	if (ARRAY_GROW(refusals->items, refusals->capacity, refusals->n) < 0)
		return;
	at = PLACE_OF(refusals->items, refusals->n, index);
	memmove(&refusals->items[at + 1], &refusals->items[at],
		(refusals->n - at) * sizeof(*refusals->items));
	refusals->items[at] = (struct refusal){ index, now_usec };
	refusals->n++;
}

static bool holds(const struct refusal *refusal, const struct memblock_inventory *inventory,
		  uint64_t now_usec)
{
	const struct memblock_block *block = memblock_inventory_find(inventory, refusal->index);

	return now_usec - refusal->usec < REFUSALS_USEC && block &&
	       memblock_block_state(block) != MEMBLOCK_STATE_OFFLINE;
}

void refusals_clean(struct refusals *refusals, const struct memblock_inventory *inventory,
		    uint64_t now_usec)
{
	size_t n = 0;

	for (size_t i = 0; i < refusals->n; i++)
		if (holds(&refusals->items[i], inventory, now_usec))
			refusals->items[n++] = refusals->items[i];
	refusals->n = n;
}

int refusals_list(const struct refusals *refusals, uint64_t **ret)
{
	uint64_t *list = NULL;

	if (refusals->n > 0) {
		list = calloc(refusals->n, sizeof(*list));
		if (!list)
			return -ENOMEM;
	}
	for (size_t i = 0; i < refusals->n; i++)
		list[i] = refusals->items[i].index;
	*ret = list;
	return 0;
}
