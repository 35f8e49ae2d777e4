/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <inttypes.h>

#include "log.h"
#include "mark-call.h"
#include "size.h"
#include "table.h"
#include "text.h"

enum {
	OPT_DEVICE = 0x200,
	OPT_REASON,
};

static const char *arg_device, *arg_reason;
static bool arg_list;

static const struct option_spec mark_options[] = {
	{ OPT_DEVICE, "device", "NAME", "mark them only as long as this device brings them",
	  false },
	{ 'l', "list", NULL, "list the marks", false },
	{ OPT_REASON, "reason", "TEXT", "why they are to stay; needed with BLOCK", false },
	{},
};

static int mark_parse(struct ctl *ctl __attribute__((unused)), int id, const char *argument)
{
	switch (id) {
	case OPT_DEVICE:
		arg_device = argument;
		return 0;
	case 'l':
		arg_list = true;
		return 0;
	case OPT_REASON:
		arg_reason = argument;
		return 0;
	default:
		return -ENOENT;
	}
}

struct mark {
	uint64_t start, size;
	const char *device, *reason;
	int stale;
};

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

static int add_mark(struct libscols_table *table, const struct mark *mark, uint64_t block_size)
{
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

static int add_marks(struct libscols_table *table, sd_bus_message *reply, uint64_t block_size)
{
	struct mark mark;
	int r;

	r = sd_bus_message_enter_container(reply, 'a', "(ttssb)");
	while (r >= 0 && (r = sd_bus_message_read(reply, "(ttssb)", &mark.start, &mark.size,
						  &mark.device, &mark.reason, &mark.stale)) > 0)
		r = add_mark(table, &mark, block_size);
	return r;
}

static int list_marks(const struct ctl *ctl, sd_bus *bus)
{
	_cleanup_(scols_unref_tablep) struct libscols_table *table = NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	uint64_t block_size;
	int r;

	r = bus_block_size(bus, &block_size);
	if (r < 0)
		return r;
	r = bus_ask(bus, "ListMarks", &reply);
	if (r < 0)
		return r;

	table = table_new(ctl->json ? TABLE_JSON : TABLE_PLAIN, true, "marks");
	if (!table || add_columns(table) < 0)
		return log_oom();
	r = add_marks(table, reply, block_size);
	return r < 0 ? log_error(r, "Can't list the marks: %m") : table_print(table);
}

static int check_reason(const struct ctl *ctl)
{
	if (!arg_reason || !*arg_reason)
		return usage_error(ctl, "Why? --reason TEXT tells those who come after you");
	for (const char *c = arg_reason; *c; c++)
		if (iscntrl((unsigned char)*c))
			return usage_error(ctl, "The reason has a control character in it (0x%02x)",
					   (unsigned char)*c);
	return 0;
}

/* The bus carries UTF-8 alone. */
static int append_text(const struct ctl *ctl, sd_bus_message *call, const char *option,
		       const char *text)
{
	int r = sd_bus_message_append_basic(call, 's', text ?: "");

	if (r == -EINVAL)
		return usage_error(ctl, "What --%s says is no UTF-8", option);
	return r < 0 ? log_error(r, "Can't ask memblockd: %m") : 0;
}

static int set_marks(const struct ctl *ctl, sd_bus *bus, const struct targets *targets)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	int r;

	r = mark_call_new(bus, "Mark", targets, &call);
	if (r >= 0)
		r = append_text(ctl, call, "device", arg_device);
	if (r >= 0)
		r = append_text(ctl, call, "reason", arg_reason);
	return r < 0 ? r : mark_call(bus, call);
}

static int mark_run(struct ctl *ctl, char **arguments)
{
	_cleanup_(targets_done) struct targets targets = {};
	bool lists = arg_list || !*arguments;
	_cleanup_bus_ sd_bus *bus = NULL;
	int r;

	if (lists && (*arguments || arg_reason || arg_device))
		return usage_error(ctl, *arguments ? "--list lists all marks and takes no block"
						   : "Which blocks? Numbers or ranges like 8-12");
	r = lists ? 0 : check_reason(ctl);
	if (r >= 0)
		r = mark_call_parse(ctl, arguments, &targets);
	if (r >= 0)
		r = bus_need(&bus);
	if (r < 0)
		return r;
	return lists ? list_marks(ctl, bus) : set_marks(ctl, bus, &targets);
}

const struct verb verb_mark = {
	.name = "mark",
	.arguments = "[BLOCK...]",
	.help = "Mark blocks that must not be taken offline, or list the marks",
	.options = mark_options,
	.parse = mark_parse,
	.run = mark_run,
	.max_arguments = -1,
	.needs_daemon = true,
};
