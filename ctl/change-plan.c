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

/* Nothing has to be moved to bring memory online. */
static bool has_load(const struct change *change)
{
	return change->kind != CHANGE_ONLINE;
}

/* Whether its pages were counted. */
static bool is_counted(const struct memblock_step *step)
{
	return step->busy != MEMBLOCK_ANSWER_UNKNOWN || step->to_move > 0;
}

static void add_json_load(json_object *block, const struct memblock_step *step, int *r)
{
	json_add_answer(block, "busy", step->busy, r);
	if (is_counted(step))
		json_add_number(block, "to_move", step->to_move, r);
	else
		json_add_text(block, "to_move", NULL, r);
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
		if (has_load(change))
			add_json_load(block, step, &r);
		json_append(blocks, block, &r);
	}
	return r < 0 ? log_oom() : json_print(object);
}

/* Neighbours of one fate, busy or not, rising or falling: those that are likelier to go stand
 * first. */
struct plan_row {
	uint64_t first;
	uint64_t last;
	enum fate fate;
	enum memblock_answer busy;
	bool counted; /* each of them */
	uint64_t to_move;
};

static struct plan_row row_of(const struct memblock_step *step, enum fate fate)
{
	return (struct plan_row){
		.first = step->index,
		.last = step->index,
		.fate = fate,
		.busy = step->busy,
		.counted = is_counted(step),
		.to_move = step->to_move,
	};
}

static bool belongs_to(const struct plan_row *row, const struct plan_row *next)
{
	bool rises = row->last >= row->first, falls = row->last <= row->first;

	return row->fate == next->fate && row->busy == next->busy &&
	       row->counted == next->counted &&
	       ((rises && next->first == row->last + 1) || (falls && next->first + 1 == row->last));
}

static int set_load(struct libscols_line *line, const struct plan_row *row)
{
	char size[SIZE_TEXT_MAX];
	int r;

	r = table_setf(line, 4, "%s", answer_text(row->busy));
	return r < 0 ? r
		     : table_setf(line, 5, "%s",
				  row->counted ? size_to_text(row->to_move, size) : "");
}

static int add_plan_row(struct libscols_table *table, const struct change *change,
			const struct change_plan *plan, const struct plan_row *row)
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
	if (r >= 0)
		r = table_setf(line, 3, "%s", fate_words[row->fate]);
	return r < 0 || !has_load(change) ? r : set_load(line, row);
}

/* In the order in which blocks would be tried. */
static int add_plan_rows(struct libscols_table *table, const struct change *change,
			 const struct change_plan *plan)
{
	size_t left = needed(plan);
	struct plan_row row = {};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < plan->n; i++) {
		struct plan_row next = row_of(&plan->steps[i], fate_of(&plan->steps[i], &left));

		if (i > 0 && belongs_to(&row, &next)) {
			row.last = next.first;
			row.to_move += next.to_move;
			continue;
		}
		if (i > 0)
			r = add_plan_row(table, change, plan, &row);
		row = next;
	}
	return r < 0 || plan->n == 0 ? r : add_plan_row(table, change, plan, &row);
}

static int add_plan_columns(struct libscols_table *table, const struct change *change)
{
	static const struct {
		const char *name;
		bool left;
	} columns[] = { { "RANGE", true }, { "SIZE", false }, { "BLOCK", false },
			{ "PLAN", true },  { "BUSY", false }, { "MOVE", false } };
	size_t n = ARRAY_SIZE(columns) - (has_load(change) ? 0 : 2);
	int r = 0;

	for (size_t i = 0; r >= 0 && i < n; i++)
		r = table_add_column(table, columns[i].name, 0, columns[i].left, JSON_TEXT);
	return r;
}

/* ", 1.2G of it to be moved elsewhere, 2 blocks likely to refuse": of what was counted. */
static void print_load(const struct change_plan *plan)
{
	size_t left = needed(plan), n_counted = 0, n_busy = 0;
	uint64_t to_move = 0;
	char size[SIZE_TEXT_MAX];

	for (size_t i = 0; i < plan->n; i++) {
		const struct memblock_step *step = &plan->steps[i];

		if (fate_of(step, &left) != FATE_CHANGE || !is_counted(step))
			continue;
		n_counted++;
		to_move += step->to_move;
		n_busy += step->busy == MEMBLOCK_ANSWER_YES;
	}
	if (n_counted > 0)
		printf(", %s of it to be moved elsewhere",
		       to_move > 0 ? size_to_text(to_move, size) : "none");
	else
		printf("; what is in it could not be looked at");
	if (n_busy > 0)
		printf(", %zu block%s likely to refuse", n_busy, n_busy == 1 ? "" : "s");
}

static void print_totals(const struct change *change, const struct change_plan *plan)
{
	size_t left = needed(plan), n = 0;
	char size[SIZE_TEXT_MAX];

	for (size_t i = 0; i < plan->n; i++)
		n += fate_of(&plan->steps[i], &left) == FATE_CHANGE;
	printf("\nTo be %s: %s", change->kind == CHANGE_ONLINE ? "brought online" : "taken offline",
	       size_to_text(n * plan->block_size, size));
	if (has_load(change))
		print_load(plan);
	putchar('\n');
}

static int print_plan(const struct change *change, const struct change_plan *plan)
{
	_cleanup_(scols_unref_tablep) struct libscols_table *table = NULL;
	int r;

	table = table_new(TABLE_PLAIN, true, "plan");
	if (!table)
		return log_oom();
	r = add_plan_columns(table, change);
	if (r >= 0)
		r = add_plan_rows(table, change, plan);
	if (r < 0)
		return log_oom();

	r = table_print(table);
	print_totals(change, plan);
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
