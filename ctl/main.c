/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <locale.h>
#include <stdio.h>

#include "ctl.h"
#include "log.h"

/* In the order of --help. */
const struct verb *const verbs[] = {
	&verb_status,  &verb_list,    &verb_show, &verb_map,     &verb_nodes,
	&verb_devices, &verb_capture, &verb_help, &verb_version, NULL,
};

enum exit_status {
	STATUS_DONE = 0,
	STATUS_NOTHING_DONE = 1,
	STATUS_USAGE = 2,
};

/* An output that could not be written whole is a failure; a reader that had enough is not. */
static int close_output(void)
{
	int r = ferror(stdout) ? -EIO : 0;

	errno = 0;
	if (fclose(stdout) != 0)
		r = -errno;
	if (r == 0 || r == -EPIPE)
		return 0;
	return log_error(r, "Can't write to standard output: %m");
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

	if (close_output() < 0 && r >= 0)
		r = -EIO;
	if (r == -EINVAL)
		return STATUS_USAGE;
	return r < 0 ? STATUS_NOTHING_DONE : STATUS_DONE;
}
