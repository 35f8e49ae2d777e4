/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "macros.h"
#include "worker.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER SYSTEMD ".Manager"

/* A mount takes milliseconds. A systemd that is busy with other jobs may take longer. */
#define PATIENCE_USEC (UINT64_C(30) * 1000 * 1000)

/* A write to either takes the block offline. */
static const char *const guarded[] = { "state", "online" };

/* A job of systemd that is waited for. */
struct job {
	const char *path; /* NULL until its name is known */
	bool ended, done;
};

static int on_job_removed(sd_bus_message *message, void *userdata,
			  sd_bus_error *error __attribute__((unused)))
{
	const char *path, *unit, *result;
	struct job *job = userdata;
	uint32_t id;
	int r;

	r = sd_bus_message_read(message, "uoss", &id, &path, &unit, &result);
	if (r < 0)
		return r;
	if (job->path && strcmp(path, job->path) == 0) {
		job->ended = true;
		job->done = strcmp(result, "done") == 0;
	}
	return 0;
}

/* What came before the reply that named the job is in the queue still. */
static int wait_for(sd_bus *bus, const struct job *job)
{
	int r;

	while (!job->ended) {
		r = sd_bus_process(bus, NULL);
		if (r < 0)
			return r;
		if (r > 0)
			continue;
		r = sd_bus_wait(bus, PATIENCE_USEC);
		if (r <= 0)
			return r < 0 ? r : -ETIMEDOUT;
	}
	return job->done ? 0 : -EIO;
}

/* Sends a call that is answered with a job, and waits for the job's end. */
static int call_and_wait(sd_bus *bus, sd_bus_message *call, sd_bus_error *error)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
	_cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
	struct job job = {};
	int r;

	/* Before the call: the job may be over when the reply is read. */
	r = sd_bus_match_signal(bus, &slot, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER, "JobRemoved",
				on_job_removed, &job);
	if (r < 0)
		return r;
	r = sd_bus_call(bus, call, PATIENCE_USEC, error, &reply);
	if (r < 0)
		return r;
	r = sd_bus_message_read(reply, "o", &job.path);
	if (r < 0)
		return r;
	return wait_for(bus, &job);
}

static int call_unit(sd_bus *bus, const char *method, const char *unit, sd_bus_error *error)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
	int r;

	r = sd_bus_message_new_method_call(bus, &call, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER,
					   method);
	if (r < 0)
		return r;
	r = sd_bus_message_append(call, "ss", unit, "replace");
	if (r < 0)
		return r;
	return call_and_wait(bus, call, error);
}

/*
 * BindsTo= makes the mount go when memblockd.service stops, fails or is killed. No After= beside
 * it: the mount would wait for a service that waits for the mount before it says that it is ready.
 */
static int append_properties(sd_bus_message *call, const char *file)
{
	return sd_bus_message_append(call, "a(sv)a(sa(sv))", 7, "Description", "s",
				     "Guard of a memory block that must not be touched", "What",
				     "s", file, "Where", "s", file, "Options", "s", "bind,ro",
				     "BindsTo", "as", 1, "memblockd.service", "DefaultDependencies",
				     "b", 0, "CollectMode", "s", "inactive-or-failed", 0);
}

static int start_mount(sd_bus *bus, const char *unit, const char *file)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	r = sd_bus_message_new_method_call(bus, &call, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER,
					   "StartTransientUnit");
	if (r < 0)
		return r;
	r = sd_bus_message_append(call, "ss", unit, "replace");
	if (r < 0)
		return r;
	r = append_properties(call, file);
	if (r < 0)
		return r;

	r = call_and_wait(bus, call, &error);
	/* It is there, or still on its way out since the last memblockd.service stopped. */
	if (r < 0 && sd_bus_error_has_name(&error, SYSTEMD ".UnitExists"))
		return call_unit(bus, "StartUnit", unit, NULL);
	return r;
}

static int stop_mount(sd_bus *bus, const char *unit, const char *file __attribute__((unused)))
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	r = call_unit(bus, "StopUnit", unit, &error);
	return sd_bus_error_has_name(&error, SYSTEMD ".NoSuchUnit") ? 0 : r;
}

static int for_each_file(const struct memblock_root *root, uint64_t block,
			 int (*function)(sd_bus *bus, const char *unit, const char *file))
{
	_cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
	int r;

	if (!memblock_root_is_live(root))
		return -EOPNOTSUPP;
	r = sd_bus_open_system(&bus);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(guarded); i++) {
		char file[96], unit[96];

		/* The one is the other with its slashes as dashes, which is how systemd names
		 * mounts: there is nothing to escape in it. */
		snprintf(file, sizeof(file), "/sys/devices/system/memory/memory%" PRIu64 "/%s",
			 block, guarded[i]);
		snprintf(unit, sizeof(unit), "sys-devices-system-memory-memory%" PRIu64 "-%s.mount",
			 block, guarded[i]);
		r = function(bus, unit, file);
	}
	return r < 0 ? r : 0;
}

int worker_guard(const struct memblock_root *root, uint64_t block)
{
	_cleanup_close_ int place = -1;
	char path[64];

	snprintf(path, sizeof(path), "sys/devices/system/memory/memory%" PRIu64, block);
	place = memblock_root_open(root, path, O_PATH);
	if (place < 0)
		return place == -ENOENT ? -ENODEV : place;
	return for_each_file(root, block, start_mount);
}

int worker_unguard(const struct memblock_root *root, uint64_t block)
{
	return for_each_file(root, block, stop_mount);
}
