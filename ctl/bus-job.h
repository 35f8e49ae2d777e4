/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "bus.h"

/* The properties of a job. Texts belong to the message that they came in; none is NULL. error is
 * the last part of the error's name. */
struct bus_job {
	sd_bus_message *message;
	uint32_t id;
	const char *kind, *state, *result, *error, *text, *zone, *device;
	uint64_t done, wanted;
	uint32_t user;
};

void bus_job_done(struct bus_job *job);

/* Reads them of a job's object. Untold. */
int bus_job_read(sd_bus *bus, const char *path, sd_bus_error *error, struct bus_job *ret);

/* What changes while it runs: takes it out of a message of PropertiesChanged. The state belongs to
 * that; what did not change stays as it is. */
int bus_job_read_changes(sd_bus_message *message, struct bus_job *job);

/* "/org/memblockd1/job/7" and 7. The first is to be freed, NULL where there is no memory; the
 * second is 0 for a path that is no job's. */
char *bus_job_path(uint32_t id);
uint32_t bus_job_id(const char *path);
