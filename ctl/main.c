/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "ctl.h"
#include "log.h"

/* In the order of --help. */
const struct verb *const verbs[] = {
	&verb_status,  &verb_list,    &verb_show,    &verb_map,    &verb_nodes,  &verb_devices,
	&verb_online,  &verb_offline, &verb_plan,    &verb_remove, &verb_mark,   &verb_unmark,
	&verb_jobs,    &verb_cancel,  &verb_monitor, &verb_policy, &verb_doctor, &verb_metrics,
	&verb_capture, &verb_help,    &verb_version, NULL,
};

/* A pipe whose other end is closed. */
static bool reader_has_left(void)
{
	struct pollfd output = { .fd = STDOUT_FILENO };

	return poll(&output, 1, 0) > 0 && output.revents & POLLERR;
}

/* An output that could not be written whole is a failure; a reader that had enough is not, unless
 * memory was changed. */
static int close_output(bool changed)
{
	bool failed = ferror(stdout) && (changed || !reader_has_left());

	if (fclose(stdout) != 0 && (errno != EPIPE || changed))
		return log_error(-errno, "Can't write to standard output: %m");
	if (!failed)
		return 0;
	log_line("Can't write to standard output"); /* why is forgotten by now */
	return -EIO;
}

int main(int argc, char **argv)
{
	struct ctl ctl = {};
	char **arguments;
	int r;

	setlocale(LC_ALL, "");

	r = parse_command_line(&ctl, argc, argv, &arguments);
	if (r > 0)
		r = ctl.verb->run(&ctl, arguments);

	/* What is done and can't be told is not nothing. */
	if (close_output(ctl.changed) < 0 && r == STATUS_DONE)
		r = ctl.changed ? STATUS_PARTLY : STATUS_NOTHING_DONE;
	if (r == -EUSAGE)
		return STATUS_USAGE;
	return r < 0 ? STATUS_NOTHING_DONE : r;
}
