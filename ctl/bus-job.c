/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bus-job.h"

#define JOB_FOLDER MEMBLOCK_BUS_PATH "/job/"

void bus_job_done(struct bus_job *job)
{
	sd_bus_message_unref(job->message);
}

int bus_job_read(sd_bus *bus, const char *path, sd_bus_error *error, struct bus_job *ret)
{
	static const struct bus_member members[] = {
		{ "Id", 'u', offsetof(struct bus_job, id) },
		{ "Kind", 's', offsetof(struct bus_job, kind) },
		{ "State", 's', offsetof(struct bus_job, state) },
		{ "Result", 's', offsetof(struct bus_job, result) },
		{ "Error", 's', offsetof(struct bus_job, error) },
		{ "Message", 's', offsetof(struct bus_job, text) },
		{ "Zone", 's', offsetof(struct bus_job, zone) },
		{ "Device", 's', offsetof(struct bus_job, device) },
		{ "DoneBytes", 't', offsetof(struct bus_job, done) },
		{ "WantedBytes", 't', offsetof(struct bus_job, wanted) },
		{ "User", 'u', offsetof(struct bus_job, user) },
		{},
	};
	_cleanup_(bus_job_done) struct bus_job job = {
		.kind = "",
		.state = "",
		.result = "",
		.error = "",
		.text = "",
		.zone = "",
		.device = "",
	};
	int r;

	r = bus_get_all(bus, path, MEMBLOCK_BUS_JOB, error, &job.message);
	if (r >= 0)
		r = bus_read_members(job.message, members, &job, NULL);
	if (r < 0)
		return r;
	if (strncmp(job.error, MEMBLOCK_BUS_ERROR, strlen(MEMBLOCK_BUS_ERROR)) == 0)
		job.error += strlen(MEMBLOCK_BUS_ERROR);
	*ret = job;
	job.message = NULL;
	return 0;
}

int bus_job_read_changes(sd_bus_message *message, struct bus_job *job)
{
	static const struct bus_member members[] = {
		{ "State", 's', offsetof(struct bus_job, state) },
		{ "DoneBytes", 't', offsetof(struct bus_job, done) },
		{ "WantedBytes", 't', offsetof(struct bus_job, wanted) },
		{},
	};
	int r;

	r = sd_bus_message_skip(message, "s");
	return r < 0 ? r : bus_read_members(message, members, job, NULL);
}

char *bus_job_path(uint32_t id)
{
	char *path;

	return asprintf(&path, JOB_FOLDER "%" PRIu32, id) < 0 ? NULL : path;
}

uint32_t bus_job_id(const char *path)
{
	if (strncmp(path, JOB_FOLDER, strlen(JOB_FOLDER)) != 0)
		return 0;
	return (uint32_t)strtoul(path + strlen(JOB_FOLDER), NULL, 10);
}
