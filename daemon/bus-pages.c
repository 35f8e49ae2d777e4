/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "bus-pages.h"
#include "bus-request.h"
#include "rows.h"

/* Refuses ranges as a plan does that asks for a size within them, and finds nothing there. */
static int check_ranges(const struct manager *manager, const struct ranges *ranges,
			sd_bus_error *error)
{
	_cleanup_(memblock_plan_freep) struct memblock_plan *plan = NULL;
	const struct memblock_request request = {
		.action = MEMBLOCK_ACTION_OFFLINE,
		.ranges = ranges->items,
		.n_ranges = ranges->n,
		.size = memblock_inventory_block_size(manager->inventory),
		.nid = MEMBLOCK_NID_UNKNOWN,
	};
	const struct memblock_limits limits = config_limits(&manager->config);
	enum memblock_refusal refusal;
	const char *text;
	int r;

	r = memblock_plan_new(manager->inventory, &request, NULL, &limits, &plan);
	if (r < 0)
		return r;
	refusal = memblock_plan_refusal(plan, &text);
	switch (refusal) {
	case MEMBLOCK_REFUSAL_INVALID_RANGE:
	case MEMBLOCK_REFUSAL_NOT_ALIGNED:
	case MEMBLOCK_REFUSAL_NO_SUCH_BLOCK:
		return bus_set_refusal(error, refusal, text);
	default:
		return 0;
	}
}

/* Adds the online blocks of a range; neighbours are one range. *n counts them. */
static int add_online(const struct memblock_inventory *inventory,
		      const struct memblock_range *range, struct ranges *ret, size_t *n)
{
	uint64_t size = memblock_inventory_block_size(inventory);
	const struct memblock_block *block;
	int r = 0;

	for (size_t i = first_block_from(inventory, range->start / size);
	     r >= 0 && (block = memblock_inventory_block(inventory, i)); i++) {
		uint64_t start = memblock_block_start(inventory, block);

		if (start >= range->end)
			break;
		if (memblock_block_state(block) != MEMBLOCK_STATE_ONLINE)
			continue;
		++*n;
		r = ranges_join(ret, start, start + size);
	}
	return r;
}

/* The online blocks of ranges that make sense, all where there are none. */
static int find_online(const struct manager *manager, const struct ranges *ranges,
		       struct ranges *ret, sd_bus_error *error)
{
	static const struct memblock_range everything = { 0, UINT64_MAX };
	size_t n = 0;
	int r = 0;

	if (ranges->n > 0)
		r = check_ranges(manager, ranges, error);
	else
		r = add_online(manager->inventory, &everything, ret, &n);
	for (size_t i = 0; r >= 0 && i < ranges->n; i++)
		r = add_online(manager->inventory, &ranges->items[i], ret, &n);
	if (r >= 0 && n > MEMBLOCK_BUS_PAGES_MAX)
		return sd_bus_error_setf(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
					 "%zu blocks are online there; at most %d are counted in "
					 "one call",
					 n, MEMBLOCK_BUS_PAGES_MAX);
	return r;
}

static int append_pages(sd_bus_message *reply, const struct memblock_inventory *inventory,
			uint64_t index)
{
	const struct memblock_block *block = memblock_inventory_find(inventory, index);
	uint64_t unmovable, to_move;
	struct memblock_pages pages;

	/* It went while it was looked at. */
	if (!block || !memblock_block_pages(inventory, block, &pages) ||
	    memblock_block_load(inventory, block, &unmovable, &to_move) < 0)
		return 0;
	return sd_bus_message_append(
		reply, MEMBLOCK_BUS_PAGES, memblock_block_start(inventory, block),
		memblock_inventory_block_size(inventory),
		memblock_answer_to_string(memblock_block_busy(inventory, block)), unmovable,
		to_move, pages.all, pages.examined, pages.poisoned, pages.memmap, pages.reserved,
		pages.slab, pages.page_table, pages.offline, pages.free, pages.movable,
		pages.kernel, pages.unclear);
}

static int append_all(sd_bus_message *reply, const struct memblock_inventory *inventory,
		      const struct findings *findings)
{
	int r;

	r = sd_bus_message_open_container(reply, 'a', MEMBLOCK_BUS_PAGES);
	for (size_t i = 0; r >= 0 && i < findings->n_pages; i++)
		r = append_pages(reply, inventory, findings->pages[i].index);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int set_error(const struct manager *manager, const struct findings *findings,
		     sd_bus_error *error)
{
	const char *why;

	if (findings->no_worker)
		return sd_bus_error_setf(error, MEMBLOCK_BUS_ERROR "NoWorker",
					 "No worker at %s: %s", manager->options.worker,
					 strerror(-findings->pages_error));
	(void)asked_state(manager, MEMBLOCK_SOURCE_PAGES, &why);
	return sd_bus_error_set(error, MEMBLOCK_BUS_ERROR "NotKnown",
				why ? why : "The pages could not be counted");
}

static int answer_pages(struct manager *manager, sd_bus_message *message, struct findings *findings,
			void *userdata __attribute__((unused)), sd_bus_error *error)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	int r;

	if (findings->pages_error < 0)
		return set_error(manager, findings, error);
	r = sd_bus_message_new_method_return(message, &reply);
	if (r < 0)
		return r;
	/* For this answer alone, as queue.c:plan_with_counts() says. */
	r = memblock_inventory_set_pages(manager->inventory, findings->pages, findings->n_pages);
	if (r >= 0)
		r = append_all(reply, manager->inventory, findings);
	(void)memblock_inventory_set_pages(manager->inventory, NULL, 0);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int bus_count_pages(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	_cleanup_(ranges_done) struct ranges ranges = {};
	struct survey_question question = {};
	struct manager *manager = userdata;
	int r;

	r = bus_read_ranges(message, &ranges, error);
	if (r < 0)
		return r;
	r = bus_authorize(manager, message, "inspect", error);
	if (r <= 0)
		return r < 0 ? r : 1;
	r = find_online(manager, &ranges, &question.pages, error);
	if (r >= 0)
		r = bus_survey(manager, message, &question, answer_pages, NULL, NULL, error);
	ranges_done(&question.pages);
	return r;
}
