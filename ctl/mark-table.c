/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mark-table.h"
#include "log.h"
#include "size.h"
#include "text.h"

static int add_columns(struct libscols_table *table)
{
	static const struct {
		const char *name;
		bool left;
		enum json_form json;
	} columns[] = {
		{ "RANGE", true, JSON_TEXT },  { "BLOCK", false, JSON_TEXT },
		{ "DEVICE", true, JSON_TEXT }, { "STALE", true, JSON_BOOLEAN },
		{ "REASON", true, JSON_TEXT },
	};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(columns); i++)
		r = table_add_column(table, columns[i].name, 0, columns[i].left, columns[i].json);
	return r;
}

/* The blocks that a mark covers; "" where it falls on no borders of this machine's blocks. */
static const char *mark_blocks(const struct mark *mark, uint64_t block_size,
			       char text[LIST_TEXT_MAX])
{
	if (mark->start % block_size || mark->size % block_size || mark->size == 0)
		return "";
	return blocks_text(mark->start / block_size, mark->size / block_size, text);
}

static int add_mark(const struct mark *mark, uint64_t block_size, void *userdata)
{
	struct libscols_table *table = userdata;
	struct libscols_line *line = scols_table_new_line(table, NULL);
	char range[RANGE_TEXT_MAX], blocks[LIST_TEXT_MAX];
	const char *stale = mark->stale ? "yes" : "no";
	int r;

	if (!line)
		return -ENOMEM;
	if (scols_table_is_json(table))
		stale = mark->stale ? "true" : "false";
	r = table_setf(line, 0, "%s", range_to_text(mark->start, mark->start + mark->size, range));
	if (r >= 0)
		r = table_setf(line, 1, "%s", mark_blocks(mark, block_size, blocks));
	if (r >= 0)
		r = table_setf(line, 2, "%s", mark->device);
	if (r >= 0)
		r = table_setf(line, 3, "%s", stale);
	return r < 0 ? r : table_setf(line, 4, "%s", mark->reason);
}

int mark_table_new(const struct ctl *ctl, sd_bus *bus, const struct targets *targets,
		   struct libscols_table **ret)
{
	_cleanup_(scols_unref_tablep) struct libscols_table *table =
		table_new(ctl->json ? TABLE_JSON : TABLE_PLAIN, true, "marks");
	int r;

	if (!table || add_columns(table) < 0)
		return log_oom();
	r = mark_for_each(bus, targets, add_mark, table);
	if (r >= 0)
		*ret = TAKE_PTR(table);
	return r;
}
