/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <string.h>

#include "log.h"
#include "mark-table.h"

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

static int list_marks(const struct ctl *ctl, sd_bus *bus)
{
	_cleanup_(scols_unref_tablep) struct libscols_table *table = NULL;
	int r;

	r = mark_table_new(ctl, bus, NULL, &table);
	return r < 0 ? r : table_print(table);
}

static int find_stale(const struct mark *mark, uint64_t block_size __attribute__((unused)),
		      void *userdata)
{
	bool *stale = userdata;

	*stale = *stale || (mark->stale && strcmp(mark->device, arg_device) == 0);
	return 0;
}

/* It may come yet; or its name was mistyped. The mark is set in either case. */
static void tell_stale(sd_bus *bus, const struct targets *targets)
{
	bool stale = false;

	(void)mark_for_each(bus, targets, find_stale, &stale);
	if (stale)
		log_line("%s brings no such block here: the mark holds once it does", arg_device);
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
	if (r >= 0)
		r = mark_call(bus, call);
	if (r >= 0 && arg_device)
		tell_stale(bus, targets);
	return r;
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
