/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "groups.h"
#include "size.h"

void groups_done(struct groups *groups)
{
	free(groups->items);
}

/* From the end: blocks of one group follow each other. */
static struct group *find_group(struct groups *groups, intptr_t key)
{
	struct group *grown;

	for (size_t i = groups->n; i > 0; i--)
		if (groups->items[i - 1].key == key)
			return &groups->items[i - 1];

	grown = reallocarray(groups->items, groups->n + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	groups->items = grown;
	grown[groups->n] = (struct group){ .key = key };
	return &grown[groups->n++];
}

int groups_add(struct groups *groups, intptr_t key, const struct memblock_inventory *inventory,
	       const struct memblock_block *block)
{
	struct group *group = find_group(groups, key);
	const int *nids;
	size_t n;

	if (!group)
		return -ENOMEM;

	memblock_totals_add(&group->totals, block);
	n = memblock_block_nodes(inventory, block, &nids);
	group->shared += n > 1;
	for (size_t i = 0; i < n; i++)
		if ((size_t)nids[i] < 64 * ARRAY_SIZE(group->nodes))
			group->nodes[nids[i] / 64] |= UINT64_C(1) << nids[i] % 64;
	return 0;
}

int groups_add_columns(struct libscols_table *table)
{
	static const struct {
		const char *name;
		enum json_type json;
	} columns[] = {
		{ "SIZE", JSON_TEXT },
		{ "BLOCKS", JSON_NUMBER },
		{ "ONLINE", JSON_NUMBER },
		{ "OFFLINE", JSON_NUMBER },
		{ "NOT-REMOVABLE", JSON_NUMBER },
		{ "ZONES", JSON_TEXT },
	};
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		r = table_add_column(table, columns[i].name, false, columns[i].json);
		if (r < 0)
			return r;
	}
	return 0;
}

/* "DMA32:7,Movable:8": online blocks by zone. */
static void print_zones(const struct memblock_totals *totals, char *text, size_t size)
{
	size_t length = 0;

	*text = '\0';
	for (int i = 0; i < MEMBLOCK_ZONE_COUNT && length < size; i++)
		if (totals->zones[i] > 0)
			length += (size_t)snprintf(text + length, size - length, "%s%s:%" PRIu64,
						   length > 0 ? "," : "",
						   memblock_zone_to_string((enum memblock_zone)i),
						   totals->zones[i]);
}

int groups_set_cells(struct libscols_table *table, struct libscols_line *line, size_t column,
		     const struct memblock_inventory *inventory, const struct group *group)
{
	const struct memblock_totals *totals = &group->totals;
	const uint64_t numbers[] = { totals->blocks, totals->online, totals->offline,
				     totals->removable[MEMBLOCK_ANSWER_NO] };
	char size[SIZE_TEXT_MAX], zones[256];
	int r;

	size_to_text(totals->blocks * memblock_inventory_block_size(inventory), size);
	r = table_setf(table, line, column++, "%s", size);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(numbers); i++)
		r = table_setf(table, line, column++, "%" PRIu64, numbers[i]);
	if (r < 0)
		return r;
	print_zones(totals, zones, sizeof(zones));
	return table_setf(table, line, column, "%s", zones);
}
