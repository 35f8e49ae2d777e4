/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>

#include "bus-job.h"
#include "groups.h"
#include "log.h"

static int add_columns(struct libscols_table *table)
{
	static const struct {
		const char *name;
		bool left;
		enum json_form json;
	} columns[] = {
		{ "JOB", false, JSON_NUMBER },  { "KIND", true, JSON_TEXT },
		{ "STATE", true, JSON_TEXT },   { "DONE", false, JSON_TEXT },
		{ "WANTED", false, JSON_TEXT }, { "RESULT", true, JSON_TEXT },
		{ "ERROR", true, JSON_TEXT },   { "USER", true, JSON_TEXT },
		{ "MESSAGE", true, JSON_TEXT },
	};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(columns); i++) {
		bool size = i == 3 || i == 4;

		r = table_add_column(table, columns[i].name, 0, columns[i].left,
				     size ? groups_size_type() : columns[i].json);
	}
	return r;
}

static int set_user(struct libscols_line *line, size_t column, uint32_t uid)
{
	/* Who has that number here may be somebody else there. */
	const struct passwd *user = bus_is_remote() ? NULL : getpwuid(uid);

	if (user)
		return table_setf(line, column, "%s", user->pw_name);
	return table_setf(line, column, "%" PRIu32, uid);
}

static int add_job(struct libscols_table *table, const struct bus_job *job)
{
	struct libscols_line *line = scols_table_new_line(table, NULL);
	int r;

	if (!line)
		return -ENOMEM;
	r = table_setf(line, 0, "%" PRIu32, job->id);
	if (r >= 0)
		r = table_setf(line, 1, "%s", job->kind);
	if (r >= 0)
		r = table_setf(line, 2, "%s", job->state);
	if (r >= 0)
		r = groups_set_size(line, 3, job->done);
	if (r >= 0)
		r = groups_set_size(line, 4, job->wanted);
	if (r >= 0)
		r = table_setf(line, 5, "%s", job->result);
	if (r >= 0)
		r = table_setf(line, 6, "%s", job->error);
	if (r >= 0)
		r = set_user(line, 7, job->user);
	return r < 0 ? r : table_setf(line, 8, "%s", job->text);
}

/* A job may be forgotten between the list and the question. */
static int add_job_of(struct libscols_table *table, sd_bus *bus, const char *path)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(bus_job_done) struct bus_job job = {};
	int r;

	r = bus_job_read(bus, path, &error, &job);
	if (sd_bus_error_has_name(&error, SD_BUS_ERROR_UNKNOWN_OBJECT))
		return 0;
	return r < 0 ? r : add_job(table, &job);
}

static int add_jobs(struct libscols_table *table, sd_bus *bus, sd_bus_message *reply)
{
	const char *path;
	int r;

	r = sd_bus_message_enter_container(reply, 'a', "(uosstt)");
	while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'r', "uosstt")) > 0) {
		r = sd_bus_message_read(reply, "uo", NULL, &path);
		if (r >= 0)
			r = add_job_of(table, bus, path);
		if (r >= 0)
			r = sd_bus_message_skip(reply, "sstt");
		if (r >= 0)
			r = sd_bus_message_exit_container(reply);
	}
	return r;
}

static int jobs_run(struct ctl *ctl, char **arguments __attribute__((unused)))
{
	_cleanup_(scols_unref_tablep) struct libscols_table *table = NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_bus_ sd_bus *bus = NULL;
	int r;

	r = bus_need(&bus);
	if (r < 0)
		return r;
	r = bus_ask(bus, "ListJobs", &reply);
	if (r < 0)
		return r;

	table = table_new(ctl->json ? TABLE_JSON : TABLE_PLAIN, true, "jobs");
	if (!table || add_columns(table) < 0)
		return log_oom();
	r = add_jobs(table, bus, reply);
	if (r < 0)
		return log_error(r, "Can't list the jobs: %m");
	/* An empty table is not even its headings. */
	if (scols_table_is_empty(table) && !ctl->json) {
		puts("There are no jobs");
		return 0;
	}
	return table_print(table);
}

const struct verb verb_jobs = {
	.name = "jobs",
	.arguments = "",
	.help = "List memblockd's jobs: running, queued, and what ended lately",
	.options = groups_options,
	.parse = groups_parse,
	.run = jobs_run,
	.max_arguments = 0,
	.needs_daemon = true,
};
