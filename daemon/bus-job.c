/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "bus-groups.h"
#include "bus-paths.h"
#include "polkit.h"
#include "queue.h"

static const struct job *find_job(const struct manager *manager, const char *path)
{
	uint64_t id;

	if (path_number(path, JOB_PATH "/", &id) < 0 || id > UINT32_MAX)
		return NULL;
	return queue_find(manager->queue, (unsigned)id);
}

static int find_object(sd_bus *bus __attribute__((unused)), const char *path,
		       const char *interface __attribute__((unused)), void *userdata,
		       void **ret_found, sd_bus_error *error __attribute__((unused)))
{
	if (!find_job(userdata, path))
		return 0;
	*ret_found = userdata;
	return 1;
}

static int enumerate(sd_bus *bus __attribute__((unused)),
		     const char *prefix __attribute__((unused)), void *userdata, char ***ret_nodes,
		     sd_bus_error *error __attribute__((unused)))
{
	_cleanup_(memblock_strv_freep) char **paths = NULL;
	struct manager *manager = userdata;
	const struct job *job;
	char path[BUS_PATH_MAX];
	size_t n = 0;

	for (size_t i = 0; (job = queue_job(manager->queue, i)); i++)
		if (bus_add_path(&paths, &n, job_object_path(job->id, path)) < 0)
			return -ENOMEM;
	*ret_nodes = TAKE_PTR(paths);
	return 0;
}

/* Who began it may end it; all others ask for the right to begin one. */
static int may_cancel(struct manager *manager, sd_bus_message *message, const struct job *job,
		      sd_bus_error *error)
{
	uid_t user;
	int r;

	r = polkit_sender(message, &user);
	if (r < 0)
		return r;
	if (user == job->user)
		return 1;
	return bus_authorize(manager, message, job_kind_to_string(job->kind), error);
}

static int cancel(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct manager *manager = userdata;
	const struct job *job = find_job(manager, sd_bus_message_get_path(message));
	int r;

	if (!job)
		return -ENXIO;
	r = may_cancel(manager, message, job, error);
	if (r <= 0)
		return r < 0 ? r : 1;

	r = queue_cancel(manager->queue, job->id);
	if (r == -EALREADY)
		return sd_bus_error_setf(error, MEMBLOCK_BUS_ERROR "TooLate",
					 "Job %u has ended, or is past the point where it can be "
					 "cancelled",
					 job->id);
	return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}

static const char *zone_text(const struct job *job)
{
	switch (job->request.wanted.action) {
	case MEMBLOCK_ACTION_ONLINE_KERNEL:
		return "kernel";
	case MEMBLOCK_ACTION_ONLINE_MOVABLE:
		return "movable";
	case MEMBLOCK_ACTION_OFFLINE:
		return job->request.wanted.zone == MEMBLOCK_ZONE_UNKNOWN
			       ? ""
			       : memblock_zone_to_string(job->request.wanted.zone);
	case MEMBLOCK_ACTION_ONLINE:
	default:
		return "";
	}
}

static int get_text(sd_bus *bus __attribute__((unused)), const char *path,
		    const char *interface __attribute__((unused)), const char *property,
		    sd_bus_message *reply, void *userdata,
		    sd_bus_error *error __attribute__((unused)))
{
	const struct job *job = find_job(userdata, path);

	if (!job)
		return -ENXIO;

	const struct {
		const char *property;
		const char *text;
	} table[] = {
		{ "Kind", job_kind_to_string(job->kind) },
		{ "State", job_state_to_string(job->state) },
		{ "Result", job->state == JOB_ENDED ? memblock_ending_to_string(job->ending) : "" },
		{ "Error", job->error },
		{ "Message", job->message },
		{ "Zone", zone_text(job) },
		{ "Device", job->request.device },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (strcmp(table[i].property, property) == 0)
			return sd_bus_message_append(reply, "s",
						     table[i].text ? table[i].text : "");
	return -ENOENT;
}

static int get_number(sd_bus *bus __attribute__((unused)), const char *path,
		      const char *interface __attribute__((unused)), const char *property,
		      sd_bus_message *reply, void *userdata,
		      sd_bus_error *error __attribute__((unused)))
{
	const struct job *job = find_job(userdata, path);

	if (!job)
		return -ENXIO;
	return sd_bus_message_append(reply, "u", strcmp(property, "Id") == 0 ? job->id : job->user);
}

static int get_progress(sd_bus *bus __attribute__((unused)), const char *path,
			const char *interface __attribute__((unused)), const char *property,
			sd_bus_message *reply, void *userdata,
			sd_bus_error *error __attribute__((unused)))
{
	struct manager *manager = userdata;
	const struct job *job = find_job(manager, path);
	size_t done, wanted;

	if (!job)
		return -ENXIO;
	job_progress(job, &done, &wanted);
	return sd_bus_message_append(reply, "t",
				     (strcmp(property, "DoneBytes") == 0 ? done : wanted) *
					     memblock_inventory_block_size(manager->inventory));
}

/* The zone where it is online now; "" where it is offline, or that is not known. */
static const char *result_zone(const struct memblock_result *result)
{
	return result->zone == MEMBLOCK_ZONE_UNKNOWN ? "" : memblock_zone_to_string(result->zone);
}

static int get_results(sd_bus *bus __attribute__((unused)), const char *path,
		       const char *interface __attribute__((unused)),
		       const char *property __attribute__((unused)), sd_bus_message *reply,
		       void *userdata, sd_bus_error *error __attribute__((unused)))
{
	struct manager *manager = userdata;
	const struct job *job = find_job(manager, path);
	uint64_t size = memblock_inventory_block_size(manager->inventory);
	struct memblock_result result;
	int r;

	if (!job)
		return -ENXIO;
	r = sd_bus_message_open_container(reply, 'a', "(tsss)");
	for (size_t i = 0; r >= 0 && job_result(job, i, &result); i++)
		r = sd_bus_message_append(reply, "(tsss)", result.index * size,
					  memblock_outcome_to_string(result.outcome),
					  result.error ? strerrorname_np(-result.error) : "",
					  result_zone(&result));
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

#define CONSTANT SD_BUS_VTABLE_PROPERTY_CONST
#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD_WITH_ARGS("Cancel", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, cancel,
				SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_PROPERTY("Id", "u", get_number, 0, CONSTANT),
	SD_BUS_PROPERTY("User", "u", get_number, 0, CONSTANT),
	SD_BUS_PROPERTY("Kind", "s", get_text, 0, CONSTANT),
	SD_BUS_PROPERTY("Zone", "s", get_text, 0, CONSTANT),
	SD_BUS_PROPERTY("Device", "s", get_text, 0, CONSTANT),
	SD_BUS_PROPERTY("State", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("Result", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("Error", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("Message", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("DoneBytes", "t", get_progress, 0, CHANGES),
	SD_BUS_PROPERTY("WantedBytes", "t", get_progress, 0, CHANGES),
	SD_BUS_PROPERTY("Results", "a(tsss)", get_results, 0, SD_BUS_VTABLE_PROPERTY_EXPLICIT),
	SD_BUS_VTABLE_END,
};

int bus_add_jobs(sd_bus *connection, struct manager *manager)
{
	int r;

	r = sd_bus_add_node_enumerator(connection, NULL, JOB_PATH, enumerate, manager);
	return r < 0 ? r
		     : sd_bus_add_fallback_vtable(connection, NULL, JOB_PATH, MEMBLOCK_BUS_JOB,
						  vtable, find_object, manager);
}
