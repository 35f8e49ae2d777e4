/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "change.h"
#include "json.h"
#include "log.h"
#include "size.h"
#include "table.h"
#include "text.h"

/* What is to come of a step. More blocks than are wanted may stand by. */
enum fate {
	FATE_CHANGE,
	FATE_SPARE,
	FATE_ALREADY,
	FATE_LEFT_OUT,
};

static const char *const fate_words[] = {
	[FATE_CHANGE] = "change",
	[FATE_SPARE] = "spare",
	[FATE_ALREADY] = "already",
	[FATE_LEFT_OUT] = "left-out",
};

static size_t needed(const struct change_plan *plan)
{
	size_t n = plan->wanted / plan->block_size;

	for (size_t i = 0; i < plan->n && n > 0; i++)
		n -= plan->steps[i].outcome == MEMBLOCK_OUTCOME_ALREADY;
	return n;
}

static enum fate fate_of(const struct memblock_step *step, size_t *needed)
{
	if (step->outcome == MEMBLOCK_OUTCOME_ALREADY)
		return FATE_ALREADY;
	if (step->outcome == MEMBLOCK_OUTCOME_LEFT_OUT)
		return FATE_LEFT_OUT;
	if (*needed == 0)
		return FATE_SPARE;
	--*needed;
	return FATE_CHANGE;
}

static int print_json_plan(const struct change *change, const struct change_plan *plan)
{
	_cleanup_json_ json_object *object = json_object_new_object();
	json_object *blocks = json_object_new_array();
	size_t left = needed(plan);
	int r = 0;

	json_add_text(object, "plan", change_words[change->kind].word, &r);
	json_add_number(object, "wanted", plan->wanted, &r);
	json_add(object, "blocks", blocks, &r);
	for (size_t i = 0; i < plan->n; i++) {
		const struct memblock_step *step = &plan->steps[i];
		json_object *block = json_object_new_object();

		json_add_number(block, "block", step->index, &r);
		json_add_number(block, "start", step->index * plan->block_size, &r);
		json_add_text(block, "fate", fate_words[fate_of(step, &left)], &r);
		json_append(blocks, block, &r);
	}
	return r < 0 ? log_oom() : json_print(object);
}

/* Neighbours of one fate, rising or falling: those that are likelier to go stand first. */
struct plan_row {
	uint64_t first;
	uint64_t last;
	enum fate fate;
};

static bool belongs_to(const struct plan_row *row, uint64_t index, enum fate fate)
{
	bool rises = row->last >= row->first, falls = row->last <= row->first;

	return fate == row->fate &&
	       ((rises && index == row->last + 1) || (falls && index + 1 == row->last));
}

static int add_plan_row(struct libscols_table *table, const struct change_plan *plan,
			const struct plan_row *row)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	uint64_t lowest = MIN(row->first, row->last);
	uint64_t n = MAX(row->first, row->last) - lowest + 1;
	char range[RANGE_TEXT_MAX], size[SIZE_TEXT_MAX], blocks[LIST_TEXT_MAX];
	int r;

	if (!line)
		return -ENOMEM;
	r = table_setf(
		line, 0, "%s",
		range_to_text(lowest * plan->block_size, (lowest + n) * plan->block_size, range));
	if (r >= 0)
		r = table_setf(line, 1, "%s", size_to_text(n * plan->block_size, size));
	if (r >= 0)
		r = table_setf(line, 2, "%s", blocks_text(lowest, n, blocks));
	return r < 0 ? r : table_setf(line, 3, "%s", fate_words[row->fate]);
}

/* In the order in which blocks would be tried. */
static int add_plan_rows(struct libscols_table *table, const struct change_plan *plan,
			 size_t *ret_changed)
{
	size_t wanted = needed(plan), left = wanted;
	struct plan_row row = {};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < plan->n; i++) {
		uint64_t index = plan->steps[i].index;
		enum fate fate = fate_of(&plan->steps[i], &left);

		if (i > 0 && belongs_to(&row, index, fate)) {
			row.last = index;
			continue;
		}
		if (i > 0)
			r = add_plan_row(table, plan, &row);
		row = (struct plan_row){ index, index, fate };
	}
	*ret_changed = wanted - left;
	return r < 0 || plan->n == 0 ? r : add_plan_row(table, plan, &row);
}

static int print_plan(const struct change *change, const struct change_plan *plan)
{
	_cleanup_(scols_unref_tablep) struct libscols_table *table = NULL;
	char size[SIZE_TEXT_MAX];
	size_t changed;
	int r;

	table = table_new(TABLE_PLAIN, true, "plan");
	if (!table)
		return log_oom();
	r = table_add_column(table, "RANGE", 0, true, JSON_TEXT);
	if (r >= 0)
		r = table_add_column(table, "SIZE", 0, false, JSON_TEXT);
	if (r >= 0)
		r = table_add_column(table, "BLOCK", 0, false, JSON_TEXT);
	if (r >= 0)
		r = table_add_column(table, "PLAN", 0, true, JSON_TEXT);
	if (r >= 0)
		r = add_plan_rows(table, plan, &changed);
	if (r < 0)
		return log_oom();

	r = table_print(table);
	printf("\nTo be %s: %s\n",
	       change->kind == CHANGE_ONLINE ? "brought online" : "taken offline",
	       size_to_text(changed * plan->block_size, size));
	return r;
}

int change_plan_run(const struct change *change)
{
	_cleanup_(change_plan_done) struct change_plan plan = {};
	bool direct = change->ctl->direct || change->ctl->root;
	int r;

	r = direct ? change_direct_plan(change, &plan) : change_bus_plan(change, &plan);
	if (r != 0)
		return r;
	return change->ctl->json ? print_json_plan(change, &plan) : print_plan(change, &plan);
}
