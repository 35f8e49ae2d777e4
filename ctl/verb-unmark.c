/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mark-table.h"

static int unmark_run(struct ctl *ctl, char **arguments)
{
	_cleanup_(scols_unref_tablep) struct libscols_table *lifted = NULL;
	_cleanup_(targets_done) struct targets targets = {};
	_cleanup_bus_ sd_bus *bus = NULL;
	_cleanup_message_ sd_bus_message *call = NULL;
	int r;

	if (!*arguments)
		return usage_error(ctl, "Which blocks? Numbers or ranges like 8-12");
	r = mark_call_parse(ctl, arguments, &targets);
	if (r >= 0)
		r = bus_need(&bus);
	if (r >= 0)
		r = mark_table_new(ctl, bus, &targets, &lifted);
	if (r >= 0)
		r = mark_call_new(bus, "Unmark", &targets, &call);
	if (r >= 0)
		r = mark_call(bus, call);
	if (r < 0)
		return r;
	ctl->changed = true;
	return table_print(lifted);
}

const struct verb verb_unmark = {
	.name = "unmark",
	.arguments = "BLOCK...",
	.help = "Lift the marks that an administrator set on blocks",
	.run = unmark_run,
	.max_arguments = -1,
	.needs_daemon = true,
};
