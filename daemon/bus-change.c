/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "bus-change.h"
#include "bus-paths.h"
#include "bus-request.h"
#include "census.h"
#include "marks.h"
#include "polkit.h"
#include "queue.h"

static int refuse_changes(const struct manager *manager, sd_bus_error *error)
{
	return manager->options.read_only
		       ? sd_bus_error_set(error, MEMBLOCK_BUS_ERROR "ReadOnly",
					  "memblockd was started with --read-only")
		       : 0;
}

/* As bus_authorize(), for what changes something. */
static int authorize_change(struct manager *manager, sd_bus_message *message, const char *action,
			    sd_bus_error *error)
{
	int r = refuse_changes(manager, error);

	return r < 0 ? r : bus_authorize(manager, message, action, error);
}

/* What a call asks for, until the pages that it is about are counted. */
struct wish {
	enum job_kind kind;
	struct request request;
};

static void wish_free(void *userdata)
{
	struct wish *wish = userdata;

	request_done(&wish->request);
	free(wish);
}

/* Reads the machine anew, and has the pages counted that the request might move, before answer()
 * makes the plan. Takes the request over. */
static int count_first(sd_bus_message *message, struct manager *manager, enum job_kind kind,
		       struct request *request, bus_survey_function answer, sd_bus_error *error)
{
	struct survey_question question = {};
	struct wish *wish;
	int r;

	r = queue_look(manager, request, &question.pages, error);
	if (r < 0)
		return r;
	wish = calloc(1, sizeof(*wish));
	if (!wish) {
		ranges_done(&question.pages);
		return -ENOMEM;
	}
	wish->kind = kind;
	wish->request = *request;
	*request = (struct request){};
	question.plan = &wish->request;
	r = bus_survey(manager, message, &question, answer, wish, wish_free, error);
	ranges_done(&question.pages);
	return r;
}

/* Makes the plan, and an error of one that is refused. */
static int make_plan(struct manager *manager, const struct request *request,
		     const struct findings *findings, struct memblock_plan **ret,
		     sd_bus_error *error)
{
	_cleanup_(memblock_plan_freep) struct memblock_plan *plan = NULL;
	enum memblock_refusal refusal;
	const char *text;
	int r;

	r = queue_plan(manager, request, findings, &plan);
	if (r < 0)
		return r;
	refusal = memblock_plan_refusal(plan, &text);
	if (refusal != MEMBLOCK_REFUSAL_NONE)
		return bus_set_refusal(error, refusal, text);
	*ret = TAKE_PTR(plan);
	return 0;
}

static int reply_plan(struct manager *manager, sd_bus_message *message,
		      const struct memblock_plan *plan)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	uint64_t size = memblock_inventory_block_size(manager->inventory);
	const struct memblock_step *step;
	int r;

	r = sd_bus_message_new_method_return(message, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', MEMBLOCK_BUS_STEP);
	for (size_t i = 0; r >= 0 && (step = memblock_plan_step(plan, i)); i++)
		r = sd_bus_message_append(reply, MEMBLOCK_BUS_STEP, step->index * size, size,
					  memblock_outcome_to_string(step->outcome),
					  memblock_answer_to_string(step->busy), step->to_move);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	if (r >= 0)
		r = sd_bus_message_append(reply, "t", memblock_plan_wanted(plan) * size);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int answer_plan(struct manager *manager, sd_bus_message *message, struct findings *findings,
		       void *userdata, sd_bus_error *error)
{
	_cleanup_(memblock_plan_freep) struct memblock_plan *plan = NULL;
	const struct wish *wish = userdata;
	int r;

	r = make_plan(manager, &wish->request, findings, &plan, error);
	return r < 0 ? r : reply_plan(manager, message, plan);
}

static int plan_change(sd_bus_message *message, struct manager *manager, bool online,
		       sd_bus_error *error)
{
	_cleanup_(request_done) struct request request = {};
	int r;

	r = bus_read_change(message, online, &request, error);
	if (r < 0)
		return r;
	r = bus_authorize(manager, message, "inspect", error);
	if (r <= 0)
		return r < 0 ? r : 1;
	return count_first(message, manager, online ? JOB_ONLINE : JOB_OFFLINE, &request,
			   answer_plan, error);
}

int bus_plan_online(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return plan_change(message, userdata, true, error);
}

int bus_plan_offline(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return plan_change(message, userdata, false, error);
}

static int set_queue_error(sd_bus_error *error, int r)
{
	if (r == -EDQUOT)
		return sd_bus_error_setf(error, MEMBLOCK_BUS_ERROR "TooManyJobs",
					 "%d jobs of this user wait already", JOBS_OF_ONE_MAX);
	if (r == -ESHUTDOWN)
		return sd_bus_error_set(error, MEMBLOCK_BUS_ERROR "Stopping",
					"memblockd is stopping");
	return r;
}

static int begin_job(struct manager *manager, sd_bus_message *message, struct findings *findings,
		     void *userdata, sd_bus_error *error)
{
	_cleanup_(memblock_plan_freep) struct memblock_plan *plan = NULL;
	struct wish *wish = userdata;
	const struct job *job;
	char path[BUS_PATH_MAX];
	uid_t user;
	int r;

	r = polkit_sender(message, &user);
	if (r < 0)
		return r;
	r = queue_has_room(manager->queue, user);
	if (r < 0)
		return set_queue_error(error, r);
	r = make_plan(manager, &wish->request, findings, &plan, error);
	if (r >= 0)
		r = queue_add(manager->queue, wish->kind, user, &wish->request, plan, &job);
	if (r < 0)
		return r;
	queue_take_findings(manager->queue, job, findings);
	return sd_bus_reply_method_return(message, "o", job_object_path(job->id, path));
}

static int change(sd_bus_message *message, struct manager *manager, enum job_kind kind,
		  sd_bus_error *error)
{
	_cleanup_(request_done) struct request request = {};
	int r;

	r = bus_read_change(message, kind == JOB_ONLINE, &request, error);
	if (r >= 0)
		r = authorize_change(manager, message, job_kind_to_string(kind), error);
	if (r <= 0)
		return r < 0 ? r : 1;
	return count_first(message, manager, kind, &request, begin_job, error);
}

int bus_online(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return change(message, userdata, JOB_ONLINE, error);
}

int bus_offline(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	return change(message, userdata, JOB_OFFLINE, error);
}

/* What can't be ejected is refused before any of it is taken offline. */
static int check_ejectable(const struct manager *manager, const char *name, sd_bus_error *error)
{
	const struct memblock_device *device = census_find_device(manager->inventory, name);

	if (!device)
		return sd_bus_error_setf(error, MEMBLOCK_BUS_ERROR "NoSuchDevice",
					 "No memory block came with a device \"%s\"", name);
	switch (memblock_device_provider(device)) {
	case MEMBLOCK_PROVIDER_ACPI:
	case MEMBLOCK_PROVIDER_DAX:
	case MEMBLOCK_PROVIDER_CXL:
		return 0;
	case MEMBLOCK_PROVIDER_VIRTIO_MEM:
		return sd_bus_error_setf(error, MEMBLOCK_BUS_ERROR "NotEjectable",
					 "%s is resized by its host, not from here", name);
	default:
		return sd_bus_error_setf(
			error, MEMBLOCK_BUS_ERROR "NotEjectable",
			"Nothing can eject %s (%s); its blocks can be taken "
			"offline",
			name, memblock_provider_to_string(memblock_device_provider(device)));
	}
}

int bus_remove_device(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	_cleanup_(request_done) struct request request = {};
	struct manager *manager = userdata;
	int r;

	r = bus_read_removal(message, &request, error);
	if (r >= 0)
		r = refuse_changes(manager, error);
	if (r >= 0)
		r = check_ejectable(manager, request.device, error);
	if (r < 0)
		return r;
	r = bus_authorize(manager, message, "remove", error);
	if (r <= 0)
		return r < 0 ? r : 1;
	return count_first(message, manager, JOB_REMOVE, &request, begin_job, error);
}

int bus_mark(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	_cleanup_(ranges_done) struct ranges ranges = {};
	struct manager *manager = userdata;
	const char *device, *reason;
	int r;

	r = bus_read_ranges(message, &ranges, error);
	if (r >= 0)
		r = sd_bus_message_read(message, "ss", &device, &reason);
	if (r >= 0)
		r = marks_check(&ranges, device, reason, error);
	if (r >= 0)
		r = authorize_change(manager, message, "mark", error);
	if (r <= 0)
		return r < 0 ? r : 1;
	r = marks_set(manager, &ranges, device, reason, error);
	return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}

int bus_unmark(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	_cleanup_(ranges_done) struct ranges ranges = {};
	struct manager *manager = userdata;
	int r;

	r = bus_read_ranges(message, &ranges, error);
	if (r >= 0)
		r = authorize_change(manager, message, "mark", error);
	if (r <= 0)
		return r < 0 ? r : 1;
	r = marks_lift(manager, &ranges, error);
	return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}
