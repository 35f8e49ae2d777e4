/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "groups.h"
#include "size.h"

static bool arg_bytes;

const struct option_spec groups_options[] = {
	{ 'b', "bytes", NULL, "print sizes in bytes", false },
	{},
};

int groups_parse(struct ctl *ctl __attribute__((unused)), int id,
		 const char *argument __attribute__((unused)))
{
	if (id != 'b')
		return -ENOENT;
	arg_bytes = true;
	return 0;
}

enum json_form groups_size_type(void)
{
	return arg_bytes ? JSON_NUMBER : JSON_TEXT;
}

int groups_set_size(struct libscols_line *line, size_t column, uint64_t bytes)
{
	char text[SIZE_TEXT_MAX];

	if (arg_bytes)
		return table_setf(line, column, "%" PRIu64, bytes);
	return table_setf(line, column, "%s", size_to_text(bytes, text));
}

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

static int add_block(struct groups *groups, intptr_t key,
		     const struct memblock_inventory *inventory, const struct memblock_block *block)
{
	struct group *group = find_group(groups, key);

	if (!group)
		return -ENOMEM;

	totals_add(&group->totals, block, 1);
	group->shared += memblock_block_nid(block) == MEMBLOCK_NID_SEVERAL;
	node_mask_add(&group->nodes, inventory, block);
	return 0;
}

static int compare_groups(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

int groups_by_node(const struct memblock_inventory *inventory, struct groups *groups)
{
	const struct memblock_block *block;
	int r;

	for (size_t i = 0; (block = memblock_inventory_block(inventory, i)); i++) {
		const int *nids;
		size_t n = memblock_block_nodes(inventory, block, &nids);

		for (size_t j = 0; j < n; j++) {
			r = add_block(groups, nids[j], inventory, block);
			if (r < 0)
				return r;
		}
	}
	if (groups->n > 0)
		qsort(groups->items, groups->n, sizeof(*groups->items), compare_groups);
	return 0;
}

int groups_by_device(const struct memblock_inventory *inventory, struct groups *groups)
{
	const struct memblock_block *block;
	int r;

	for (size_t i = 0; (block = memblock_inventory_block(inventory, i)); i++) {
		r = add_block(groups, (intptr_t)memblock_block_device(inventory, block), inventory,
			      block);
		if (r < 0)
			return r;
	}
	return 0;
}

int groups_add_columns(struct libscols_table *table)
{
	static const char *const counts[] = { "BLOCKS", "ONLINE", "OFFLINE", "NOT-REMOVABLE" };
	int r;

	r = table_add_column(table, "SIZE", 0, false, groups_size_type());
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(counts); i++)
		r = table_add_column(table, counts[i], 0, false, JSON_NUMBER);
	return r < 0 ? r : table_add_column(table, "ZONES", 0, false, JSON_TEXT);
}

/* "DMA32:7,Movable:8": online blocks by zone. */
static void print_zones(const struct totals *totals, char *text, size_t size)
{
	size_t length = 0;

	*text = '\0';
	for (int i = 0; i < TOTALS_ZONES && length < size; i++)
		if (totals->zones[i] > 0)
			length += (size_t)snprintf(text + length, size - length, "%s%s:%" PRIu64,
						   length > 0 ? "," : "",
						   memblock_zone_to_string((enum memblock_zone)i),
						   totals->zones[i]);
}

int groups_set_cells(struct libscols_line *line, size_t column,
		     const struct memblock_inventory *inventory, const struct group *group)
{
	const struct totals *totals = &group->totals;
	const uint64_t numbers[] = { totals->blocks, totals->online, totals->offline,
				     totals->removable[MEMBLOCK_ANSWER_NO] };
	char zones[256];
	int r;

	r = groups_set_size(line, column++,
			    totals->blocks * memblock_inventory_block_size(inventory));
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(numbers); i++)
		r = table_setf(line, column++, "%" PRIu64, numbers[i]);
	if (r < 0)
		return r;
	print_zones(totals, zones, sizeof(zones));
	return table_setf(line, column, "%s", zones);
}
