/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "macros.h"
#include "rivals.h"

void rivals_done(struct rivals *rivals)
{
	free(rivals->items);
	*rivals = (struct rivals){};
}

static struct rival *find(const struct rivals *rivals, uint64_t index)
{
	size_t at = PLACE_OF(rivals->items, rivals->n, index);

	return at < rivals->n && rivals->items[at].index == index ? &rivals->items[at] : NULL;
}

/* What is long ago counts no more, but that a block was fought over. */
static void make_room(struct rivals *rivals, uint64_t now_usec)
{
	size_t n = 0;

	for (size_t i = 0; i < rivals->n; i++)
		if (rivals->items[i].fights || now_usec - rivals->items[i].since_usec < RIVALS_USEC)
			rivals->items[n++] = rivals->items[i];
	rivals->n = n;
}

/* NULL where there is no room: such a block is not watched. */
static struct rival *add(struct rivals *rivals, uint64_t index, uint64_t now_usec)
{
	size_t at;

	if (rivals->n == RIVALS_MAX)
		make_room(rivals, now_usec);
	if (rivals->n == RIVALS_MAX || ARRAY_GROW(rivals->items, rivals->capacity, rivals->n) < 0)
		return NULL;
	at = PLACE_OF(rivals->items, rivals->n, index);
	memmove(&rivals->items[at + 1], &rivals->items[at],
		(rivals->n - at) * sizeof(*rivals->items));
	rivals->n++;
	rivals->items[at] = (struct rival){ .index = index, .since_usec = now_usec };
	return &rivals->items[at];
}

static struct rival *get(struct rivals *rivals, uint64_t index, uint64_t now_usec)
{
	struct rival *rival = find(rivals, index);

	if (!rival)
		return add(rivals, index, now_usec);
	if (!rival->fights && now_usec - rival->since_usec >= RIVALS_USEC)
		*rival = (struct rival){ .index = index, .since_usec = now_usec };
	return rival;
}

void rivals_expect(struct rivals *rivals, uint64_t index, uint64_t now_usec)
{
	struct rival *rival = get(rivals, index, now_usec);

	if (rival)
		rival->ours++;
}

bool rivals_note(struct rivals *rivals, uint64_t index, uint64_t now_usec)
{
	struct rival *rival = get(rivals, index, now_usec);

	if (!rival || rival->fights)
		return false;
	if (rival->ours > 0) {
		rival->ours--;
		return false;
	}
	rival->fights = ++rival->changes >= RIVALS_CHANGES;
	return rival->fights;
}

bool rivals_fight_over(const struct rivals *rivals, uint64_t index)
{
	const struct rival *rival = find(rivals, index);

	return rival && rival->fights;
}
