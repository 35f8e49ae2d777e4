/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "columns.h"
#include "size.h"
#include "text.h"

static const struct memblock_block *first_block(const struct cell_context *context)
{
	return memblock_inventory_block(context->inventory, context->row->first);
}

static int copy(const char *text, char **ret)
{
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

static int print_range(const struct cell_context *context, char **ret)
{
	uint64_t size = memblock_inventory_block_size(context->inventory);
	uint64_t start = memblock_block_start(context->inventory, first_block(context));
	char text[RANGE_TEXT_MAX];

	return copy(range_to_text(start, start + context->row->n * size, text), ret);
}

static int print_bytes(const struct cell_context *context, uint64_t bytes, char **ret)
{
	char text[SIZE_TEXT_MAX];

	if (context->bytes) {
		snprintf(text, sizeof(text), "%" PRIu64, bytes);
		return copy(text, ret);
	}
	return copy(size_to_text(bytes, text), ret);
}

static int print_size(const struct cell_context *context, char **ret)
{
	return print_bytes(
		context, context->row->n * memblock_inventory_block_size(context->inventory), ret);
}

static int print_state(const struct cell_context *context, char **ret)
{
	enum memblock_state state = memblock_block_state(first_block(context));

	/* lsmem's two words of its own. */
	if (state == MEMBLOCK_STATE_GOING_OFFLINE)
		return copy("on->off", ret);
	if (state == MEMBLOCK_STATE_UNKNOWN)
		return copy("?", ret);
	return copy(memblock_state_to_string(state), ret);
}

static int print_removable(const struct cell_context *context, char **ret)
{
	return copy(answer_text(context->facts->removable), ret);
}

static int print_block(const struct cell_context *context, char **ret)
{
	char text[LIST_TEXT_MAX];

	return copy(blocks_text(memblock_block_index(first_block(context)), context->row->n, text),
		    ret);
}

static int print_nodes(const struct cell_context *context, char **ret)
{
	char text[LIST_TEXT_MAX];

	return copy(node_mask_text(&context->facts->nodes, text), ret);
}

/* In JSON the node is a number, and a block on several has none. */
static int print_node(const struct cell_context *context, char **ret)
{
	if (context->json && node_mask_count(&context->facts->nodes) != 1)
		return copy("", ret);
	return print_nodes(context, ret);
}

static int print_nid(const struct cell_context *context, char **ret)
{
	bool several = node_mask_count(&context->facts->nodes) > 1;
	int nid = several ? MEMBLOCK_NID_SEVERAL : memblock_block_nid(first_block(context));

	return asprintf(ret, "%d", nid) < 0 ? -ENOMEM : 0;
}

static int print_zones(const struct cell_context *context, char **ret)
{
	char text[LIST_TEXT_MAX];

	return copy(zones_text(first_block(context), text), ret);
}

static int print_reasons(const struct cell_context *context, char **ret)
{
	char text[LIST_TEXT_MAX];

	return copy(reasons_text(context->facts->reasons, text), ret);
}

static int print_device(const struct cell_context *context, char **ret)
{
	return copy(device_text(context->inventory, first_block(context)), ret);
}

/* present/all of a row; empty where iomem could not be had. */
static int print_subsections(const struct cell_context *context, char **ret)
{
	uint64_t per_block =
		memblock_inventory_block_size(context->inventory) / MEMBLOCK_SUBSECTION_SIZE;
	uint64_t present = 0;

	for (size_t i = 0; i < context->row->n; i++) {
		_cleanup_free_ uint64_t *words = NULL;
		enum memblock_source source;
		size_t n;
		int r;

		r = memblock_block_subsections(
			context->inventory,
			memblock_inventory_block(context->inventory, context->row->first + i),
			&words, &n, &source);
		if (r == -ENODATA)
			return copy("", ret);
		if (r < 0)
			return r;
		for (size_t w = 0; w < n; w++)
			present += (uint64_t)__builtin_popcountll(words[w]);
	}

	return asprintf(ret, "%" PRIu64 "/%" PRIu64, present, per_block * context->row->n) < 0
		       ? -ENOMEM
		       : 0;
}

static int print_kernel_removable(const struct cell_context *context, char **ret)
{
	int value = memblock_block_kernel_removable(context->inventory, first_block(context));

	return copy(value < 0 ? "" : value ? "yes" : "no", ret);
}

/* Blocks that are offline hold nothing. One that is busy makes the whole row so. */
static enum memblock_answer busy_of_row(const struct cell_context *context)
{
	enum memblock_answer answer = MEMBLOCK_ANSWER_NO;
	size_t counted = 0;

	for (size_t i = 0; i < context->row->n; i++) {
		const struct memblock_block *block =
			memblock_inventory_block(context->inventory, context->row->first + i);
		enum memblock_answer busy = memblock_block_busy(context->inventory, block);

		if (memblock_block_state(block) == MEMBLOCK_STATE_OFFLINE)
			continue;
		if (busy == MEMBLOCK_ANSWER_YES)
			return busy;
		if (busy == MEMBLOCK_ANSWER_UNKNOWN)
			answer = busy;
		counted++;
	}
	return counted > 0 ? answer : MEMBLOCK_ANSWER_UNKNOWN;
}

static int print_busy(const struct cell_context *context, char **ret)
{
	return copy(answer_text(busy_of_row(context)), ret);
}

/* Of all blocks of a row; empty where one that is not offline was not counted. */
static int print_unmovable(const struct cell_context *context, char **ret)
{
	uint64_t sum = 0, unmovable, to_move;
	bool known = false;

	for (size_t i = 0; i < context->row->n; i++) {
		const struct memblock_block *block =
			memblock_inventory_block(context->inventory, context->row->first + i);

		if (memblock_block_state(block) == MEMBLOCK_STATE_OFFLINE)
			continue;
		if (memblock_block_load(context->inventory, block, &unmovable, &to_move) < 0)
			return copy("", ret);
		sum += unmovable;
		known = true;
	}
	return known ? print_bytes(context, sum, ret) : copy("", ret);
}

#define SHOWN_BOTH (SHOWN_TABLE | SHOWN_JSON)

const struct column_spec column_specs[COLUMN_COUNT] = {
	[COLUMN_RANGE] = { "RANGE", "start and end address of the memory range", 0, SHOWN_BOTH,
			   JSON_TEXT, true, print_range, false },
	[COLUMN_SIZE] = { "SIZE", "size of the memory range", 0, SHOWN_BOTH, JSON_NUMBER_IF_BYTES,
			  false, print_size, false },
	[COLUMN_STATE] = { "STATE", "online, offline, or on->off while being taken offline",
			   SPLIT_STATE, SHOWN_BOTH, JSON_TEXT, false, print_state, false },
	[COLUMN_REMOVABLE] = { "REMOVABLE",
			       "whether it can ever be taken offline; empty where not known",
			       SPLIT_REMOVABLE, SHOWN_BOTH, JSON_BOOLEAN, false, print_removable,
			       false },
	[COLUMN_BLOCK] = { "BLOCK", "memory block number or blocks range", 0, SHOWN_BOTH, JSON_TEXT,
			   false, print_block, false },
	[COLUMN_NODE] = { "NODE", "every node of the memory; in JSON null where not just one",
			  SPLIT_NODE, SHOWN_BOTH, JSON_NUMBER, false, print_node, false },
	[COLUMN_ZONES] = { "ZONES", "zones that the kernel names for the memory range", SPLIT_ZONES,
			   SHOWN_BOTH, JSON_TEXT, false, print_zones, false },
	[COLUMN_REASONS] = { "REASONS", "why it can never be taken offline", SPLIT_REASONS,
			     SHOWN_BOTH, JSON_STRING, true, print_reasons, false },
	[COLUMN_NID] = { "NID", "node number, -1 not known, -2 several nodes", SPLIT_NODE,
			 SHOWN_JSON, JSON_NUMBER, false, print_nid, false },
	[COLUMN_NODES] = { "NODES", "every node of the memory, as text", SPLIT_NODE, SHOWN_JSON,
			   JSON_STRING, false, print_nodes, false },
	[COLUMN_DEVICE] = { "DEVICE", "what brought the memory", SPLIT_DEVICE, SHOWN_JSON,
			    JSON_STRING, true, print_device, false },
	[COLUMN_SUBSECTIONS] = { "SUBSECTIONS", "sub-sections of 2 MiB with memory, of all", 0, 0,
				 JSON_TEXT, false, print_subsections, false },
	[COLUMN_KERNEL_REMOVABLE] = { "KERNEL-REMOVABLE", "what the kernel's own attribute says",
				      SPLIT_KERNEL_REMOVABLE, 0, JSON_BOOLEAN, false,
				      print_kernel_removable, false },
	[COLUMN_BUSY] = { "BUSY", "whether the kernel would refuse right now to take it offline",
			  SPLIT_BUSY, 0, JSON_BOOLEAN, false, print_busy, true },
	[COLUMN_UNMOVABLE] = { "UNMOVABLE", "how much of it can't be moved right now", 0, 0,
			       JSON_NUMBER_IF_BYTES, false, print_unmovable, true },
};

static int find_column(const char *name)
{
	for (int i = 0; i < COLUMN_COUNT; i++)
		if (strcasecmp(column_specs[i].name, name) == 0)
			return i;
	return -EINVAL;
}

int columns_parse(struct columns *columns, char *text, const char **ret_bad)
{
	struct columns parsed = {};

	if (*text == '+') {
		parsed = *columns;
		text++;
	}

	for (char *name; (name = strsep(&text, ","));) {
		int column = find_column(name);

		if (column < 0 || parsed.n == ARRAY_SIZE(parsed.items)) {
			*ret_bad = name;
			return -EINVAL;
		}
		parsed.items[parsed.n++] = (enum column)column;
	}

	*columns = parsed;
	return 0;
}

unsigned columns_split(const struct columns *columns)
{
	unsigned split = 0;

	for (size_t i = 0; i < columns->n; i++)
		split |= column_specs[columns->items[i]].split;
	return split;
}

bool columns_need_pages(const struct columns *columns)
{
	for (size_t i = 0; i < columns->n; i++)
		if (column_specs[columns->items[i]].pages)
			return true;
	return false;
}
