/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "range-list.h"
#include "selection.h"

void selection_done(struct selection *selection)
{
	free(selection->blocks);
	*selection = (struct selection){};
}

static int check_range(struct memblock_plan *plan, const struct memblock_inventory *inventory,
		       const struct memblock_range *range)
{
	uint64_t inside = inventory->block_size - 1;

	/* A start and a size that lead past the last address come out so too. */
	if (range->end <= range->start)
		return refuse(plan, MEMBLOCK_REFUSAL_INVALID_RANGE,
			      "a range begins at 0x%" PRIx64 " and ends before 0x%" PRIx64
			      ", so there is nothing in it",
			      range->start, range->end);
	if (range->start & inside || range->end & inside)
		return refuse(plan, MEMBLOCK_REFUSAL_NOT_ALIGNED,
			      RANGE_FORMAT
			      " does not fall on the borders of memory blocks of " SIZE_FORMAT
			      "; those around it are 0x%" PRIx64 "-0x%" PRIx64,
			      RANGE_ARGUMENTS(range), SIZE_ARGUMENT(inventory->block_size),
			      range->start & ~inside, (range->end - 1) | inside);
	return 0;
}

/* ret is sorted, to be freed. */
static int check_ranges(struct memblock_plan *plan, const struct memblock_inventory *inventory,
			const struct memblock_request *request, struct memblock_range **ret)
{
	_cleanup_free_ struct memblock_range *ranges = NULL;
	size_t n = request->n_ranges;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = check_range(plan, inventory, &request->ranges[i]);
	if (r != 0 || n == 0)
		return r;

	ranges = calloc(n, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	memcpy(ranges, request->ranges, n * sizeof(*ranges));
	qsort(ranges, n, sizeof(*ranges), compare_u64);
	for (size_t i = 1; i < n; i++)
		if (ranges[i].start < ranges[i - 1].end)
			return refuse(plan, MEMBLOCK_REFUSAL_INVALID_RANGE,
				      RANGE_FORMAT " and " RANGE_FORMAT " overlap",
				      RANGE_ARGUMENTS(&ranges[i - 1]), RANGE_ARGUMENTS(&ranges[i]));

	*ret = TAKE_PTR(ranges);
	return 0;
}

static bool is_on_node(const struct memblock_inventory *inventory,
		       const struct memblock_block *block, int nid)
{
	return nid == MEMBLOCK_NID_UNKNOWN || block_hangs_on(inventory, block, nid);
}

static bool is_of_device(const struct memblock_inventory *inventory,
			 const struct memblock_block *block, const char *name)
{
	const struct memblock_device *device = memblock_block_device(inventory, block);

	return !name || (device && strcmp(device->name, name) == 0);
}

/* An offline block is in no zone, so in no other one either: it is as it should be already. */
static bool is_in_zone(const struct memblock_block *block, enum memblock_zone zone)
{
	return zone == MEMBLOCK_ZONE_UNKNOWN || block->state == MEMBLOCK_STATE_OFFLINE ||
	       only_zone(block->zones) == zone;
}

static int check_names(struct memblock_plan *plan, const struct memblock_inventory *inventory,
		       const struct memblock_request *request)
{
	bool node = false, device = false;

	for (size_t i = 0; i < inventory->n_blocks && !(node && device); i++) {
		const struct memblock_block *block = &inventory->blocks[i];

		node = node || is_on_node(inventory, block, request->nid);
		device = device || is_of_device(inventory, block, request->device);
	}
	if (!node && request->nid != MEMBLOCK_NID_UNKNOWN)
		return refuse(plan, MEMBLOCK_REFUSAL_NO_SUCH_NODE,
			      "no memory block hangs on node %d", request->nid);
	if (!device && request->device)
		return refuse(plan, MEMBLOCK_REFUSAL_NO_SUCH_DEVICE,
			      "no memory block belongs to the device %s", request->device);
	return 0;
}

static int select_if_meant(const struct memblock_inventory *inventory,
			   const struct memblock_request *request,
			   const struct memblock_block *block, struct selection *selection)
{
	int r;

	if (!is_on_node(inventory, block, request->nid) ||
	    !is_of_device(inventory, block, request->device) || !is_in_zone(block, request->zone))
		return 0;

	r = ARRAY_GROW(selection->blocks, selection->capacity, selection->n);
	if (r < 0)
		return r;
	selection->blocks[selection->n++] = block;
	return 0;
}

static int refuse_missing(struct memblock_plan *plan, uint64_t index)
{
	return refuse(plan, MEMBLOCK_REFUSAL_NO_SUCH_BLOCK, "there is no memory%" PRIu64, index);
}

/* Selects inside of a range; *cursor goes on from range to range. */
static int select_in_range(struct memblock_plan *plan, const struct memblock_inventory *inventory,
			   const struct memblock_request *request,
			   const struct memblock_range *range, size_t *cursor,
			   struct selection *selection)
{
	uint64_t first = range->start / inventory->block_size, n = 0;
	uint64_t end = range->end / inventory->block_size;
	int r;

	while (*cursor < inventory->n_blocks && inventory->blocks[*cursor].index < first)
		++*cursor;
	for (; *cursor < inventory->n_blocks && inventory->blocks[*cursor].index < end; ++*cursor) {
		const struct memblock_block *block = &inventory->blocks[*cursor];

		/* Where there is a size, ranges do no more than say where. */
		if (request->size == 0 && block->index != first + n)
			return refuse_missing(plan, first + n);
		n++;
		r = select_if_meant(inventory, request, block, selection);
		if (r < 0)
			return r;
	}
	if (n == 0 && request->size > 0)
		return refuse(plan, MEMBLOCK_REFUSAL_NO_SUCH_BLOCK,
			      RANGE_FORMAT " holds no memory block", RANGE_ARGUMENTS(range));
	return n == end - first || request->size > 0 ? 0 : refuse_missing(plan, first + n);
}

static int select_all(const struct memblock_inventory *inventory,
		      const struct memblock_request *request, struct selection *selection)
{
	int r = 0;

	for (size_t i = 0; i < inventory->n_blocks && r >= 0; i++)
		r = select_if_meant(inventory, request, &inventory->blocks[i], selection);
	return r;
}

static int refuse_size(struct memblock_plan *plan, const struct memblock_inventory *inventory,
		       uint64_t size)
{
	const uint64_t mib = UINT64_C(1) << 20, number = size / mib;
	char hint[64] = "";

	if (size % mib != 0)
		return refuse(plan, MEMBLOCK_REFUSAL_NOT_ALIGNED,
			      "a size of %" PRIu64
			      " bytes is not made of whole memory blocks of " SIZE_FORMAT,
			      size, SIZE_ARGUMENT(inventory->block_size));
	/* chmem takes a number for so many MiB, where somebody may have meant a block. */
	if (inventory_find(inventory, number))
		snprintf(hint, sizeof(hint), "; block %" PRIu64 " is named memory%" PRIu64, number,
			 number);
	return refuse(plan, MEMBLOCK_REFUSAL_NOT_ALIGNED,
		      "a size of " SIZE_FORMAT " is not made of whole memory blocks of " SIZE_FORMAT
		      "%s",
		      SIZE_ARGUMENT(size), SIZE_ARGUMENT(inventory->block_size), hint);
}

int select_blocks(struct memblock_plan *plan, const struct memblock_inventory *inventory,
		  const struct memblock_request *request, struct selection *ret)
{
	_cleanup_free_ struct memblock_range *ranges = NULL;
	size_t cursor = 0;
	int r;

	r = check_ranges(plan, inventory, request, &ranges);
	if (r == 0 && request->size % inventory->block_size != 0)
		r = refuse_size(plan, inventory, request->size);
	if (r == 0)
		r = check_names(plan, inventory, request);
	for (size_t i = 0; i < request->n_ranges && r == 0; i++)
		r = select_in_range(plan, inventory, request, &ranges[i], &cursor, ret);
	if (r == 0 && request->n_ranges == 0)
		r = select_all(inventory, request, ret);
	if (r == 0 && ret->n == 0 && request->size == 0)
		r = refuse(plan, MEMBLOCK_REFUSAL_NO_SUCH_BLOCK,
			   "no memory block fits all that was asked for");
	return r;
}

/* Blocks that a plan might take offline: of others nobody needs to know what is in them. */
static bool may_go(const struct memblock_block *block)
{
	return block->state == MEMBLOCK_STATE_ONLINE && block->removable != MEMBLOCK_ANSWER_NO;
}

int memblock_request_ranges(const struct memblock_inventory *inventory,
			    const struct memblock_request *request, struct memblock_range **ret,
			    size_t *ret_n)
{
	_cleanup_(memblock_plan_freep) struct memblock_plan *plan = calloc(1, sizeof(*plan));
	_cleanup_range_list_ struct range_list list = {};
	_cleanup_selection_ struct selection selection = {};
	int r = 0;

	if (!plan)
		return -ENOMEM;
	if (request->action == MEMBLOCK_ACTION_OFFLINE)
		r = select_blocks(plan, inventory, request, &selection);
	for (size_t i = 0; r == 0 && i < selection.n; i++)
		if (may_go(selection.blocks[i]))
			r = range_list_add(&list, block_start(inventory, selection.blocks[i]),
					   block_end(inventory, selection.blocks[i]));
	if (r < 0)
		return r;

	/* What is refused is refused by the plan too, which tells why. */
	*ret_n = r == 0 ? list.n : 0;
	*ret = *ret_n > 0 ? TAKE_PTR(list.items) : NULL;
	return 0;
}
