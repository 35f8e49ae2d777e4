/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bus-job.h"
#include "log.h"
#include "size.h"

static int cancel_run(struct ctl *ctl, char **arguments)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *call = NULL;
	_cleanup_bus_ sd_bus *bus = NULL;
	_cleanup_free_ char *path = NULL;
	uint64_t id;
	int r;

	if (!*arguments)
		return usage_error(ctl, "Which job? Its number, as in memblockctl jobs");
	if (size_parse(*arguments, 1, &id) < 0 || id == 0 || id > UINT32_MAX)
		return usage_error(ctl, "\"%s\" is no number of a job", *arguments);
	path = bus_job_path((uint32_t)id);
	if (!path)
		return log_oom();
	r = bus_need(&bus);
	if (r < 0)
		return r;

	r = sd_bus_message_new_method_call(bus, &call, MEMBLOCK_BUS_NAME, path, MEMBLOCK_BUS_JOB,
					   "Cancel");
	if (r >= 0)
		r = bus_allow_password(call);
	if (r >= 0)
		r = bus_call(bus, call, &error, NULL);
	if (sd_bus_error_has_name(&error, SD_BUS_ERROR_UNKNOWN_OBJECT))
		return log_error(r, "NoSuchJob: there is no job %s", *arguments);
	return r < 0 ? bus_tell(&error, r) : 0;
}

const struct verb verb_cancel = {
	.name = "cancel",
	.arguments = "JOB",
	.help = "Cancel a job; what it did is put back",
	.run = cancel_run,
	.max_arguments = 1,
	.needs_daemon = true,
};
