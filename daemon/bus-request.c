/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "bus-request.h"

int bus_set_refusal(sd_bus_error *error, enum memblock_refusal refusal, const char *text)
{
	char name[128];

	snprintf(name, sizeof(name), MEMBLOCK_BUS_ERROR "%s", memblock_refusal_to_string(refusal));
	return sd_bus_error_set(error, name, text);
}

static int add_range(struct ranges *ranges, uint64_t start, uint64_t size, sd_bus_error *error)
{
	uint64_t end;

	if (ranges->n == BUS_RANGES_MAX)
		return sd_bus_error_setf(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
					 "More than %d ranges in one call", BUS_RANGES_MAX);
	if (size == 0 || __builtin_add_overflow(start, size, &end))
		return sd_bus_error_setf(error, MEMBLOCK_BUS_ERROR "InvalidRange",
					 "The range at 0x%" PRIx64 " of %" PRIu64 " bytes %s",
					 start, size,
					 size == 0 ? "is empty" : "ends past all addresses");
	return ranges_add(ranges, start, end);
}

int bus_read_ranges(sd_bus_message *message, struct ranges *ret, sd_bus_error *error)
{
	_cleanup_(ranges_done) struct ranges ranges = {};
	uint64_t start, size;
	int r;

	r = sd_bus_message_enter_container(message, 'a', "(tt)");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_read(message, "(tt)", &start, &size)) > 0) {
		r = add_range(&ranges, start, size, error);
		if (r < 0)
			return r;
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(message);
	if (r < 0)
		return r;

	*ret = ranges;
	ranges = (struct ranges){};
	return 0;
}

static int read_device(sd_bus_message *message, struct request *request)
{
	const char *text;
	int r;

	r = sd_bus_message_read(message, "v", "s", &text);
	if (r < 0)
		return r;
	if (strlen(text) > NAME_MAX)
		return -ENAMETOOLONG;
	free(request->device);
	request->device = strdup(text);
	request->wanted.device = request->device;
	return request->device ? 0 : -ENOMEM;
}

static int read_best_effort(sd_bus_message *message, struct request *request)
{
	int flag, r;

	r = sd_bus_message_read(message, "v", "b", &flag);
	if (r >= 0)
		request->wanted.best_effort = flag;
	return r;
}

static int read_size(sd_bus_message *message, struct request *request)
{
	return sd_bus_message_read(message, "v", "t", &request->wanted.size);
}

static int read_node(sd_bus_message *message, struct request *request)
{
	return sd_bus_message_read(message, "v", "i", &request->wanted.nid);
}

/* A time that leads past the end of the clock is as good as none, and no timer takes it. */
static int read_timeout(sd_bus_message *message, struct request *request)
{
	uint64_t usec;
	int r;

	r = sd_bus_message_read(message, "v", "t", &usec);
	if (r >= 0)
		request->timeout_usec = MIN(usec, (uint64_t)INT64_MAX);
	return r;
}

/* The one table of options. */
static const struct {
	const char *name;
	int (*read)(sd_bus_message *message, struct request *request);
	bool of_removal; /* Remove takes it too */
} options[] = {
	{ "size", read_size, false },      { "node", read_node, false },
	{ "device", read_device, false },  { "best-effort", read_best_effort, false },
	{ "timeout", read_timeout, true },
};

static int read_option(sd_bus_message *message, bool removal, struct request *request,
		       sd_bus_error *error)
{
	const char *name;
	int r;

	r = sd_bus_message_read(message, "s", &name);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (strcmp(options[i].name, name) != 0 || (removal && !options[i].of_removal))
			continue;
		r = options[i].read(message, request);
		if (r == -ENXIO)
			return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
						 "The option \"%s\" has the wrong type", name);
		if (r == -ENAMETOOLONG)
			return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
						 "The name of a device has at most %d bytes",
						 NAME_MAX);
		return r;
	}
	return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "There is no option \"%s\" here",
				 name);
}

/* A message is kept while polkit is asked about it, so that nothing in it may be without end. */
static int read_options(sd_bus_message *message, bool removal, struct request *request,
			sd_bus_error *error)
{
	size_t n = 0;
	int r;

	r = sd_bus_message_enter_container(message, 'a', "{sv}");
	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
		if (++n > ARRAY_SIZE(options))
			return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
						 "There are no more than %zu options",
						 ARRAY_SIZE(options));
		r = read_option(message, removal, request, error);
		if (r < 0)
			return r;
		r = sd_bus_message_exit_container(message);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int set_online_zone(struct request *request, const char *zone, sd_bus_error *error)
{
	if (!*zone)
		request->wanted.action = MEMBLOCK_ACTION_ONLINE;
	else if (strcmp(zone, "kernel") == 0)
		request->wanted.action = MEMBLOCK_ACTION_ONLINE_KERNEL;
	else if (strcmp(zone, "movable") == 0)
		request->wanted.action = MEMBLOCK_ACTION_ONLINE_MOVABLE;
	else
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					 "The zone is \"kernel\", \"movable\" or empty, not \"%s\"",
					 zone);
	return 0;
}

static int set_offline_zone(struct request *request, const char *zone, sd_bus_error *error)
{
	request->wanted.action = MEMBLOCK_ACTION_OFFLINE;
	if (!*zone)
		return 0;

	if (memblock_zone_from_string(zone, &request->wanted.zone) >= 0 &&
	    request->wanted.zone != MEMBLOCK_ZONE_UNKNOWN)
		return 0;
	return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "There is no zone \"%s\"", zone);
}

/* All memory of a machine is not what anybody means by saying nothing. */
static int check_selection(const struct request *request, sd_bus_error *error)
{
	const struct memblock_request *wanted = &request->wanted;

	if (wanted->n_ranges > 0 || wanted->size > 0 || wanted->nid >= 0 || wanted->device)
		return 0;
	return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
				"Which memory? Ranges, or the options size, node or device");
}

int bus_read_change(sd_bus_message *message, bool online, struct request *ret, sd_bus_error *error)
{
	_cleanup_(request_done) struct request request = { .wanted.nid = MEMBLOCK_NID_UNKNOWN };
	const char *zone;
	int r;

	r = bus_read_ranges(message, &request.ranges, error);
	if (r < 0)
		return r;
	request.wanted.ranges = request.ranges.items;
	request.wanted.n_ranges = request.ranges.n;
	r = sd_bus_message_read(message, "s", &zone);
	if (r < 0)
		return r;
	r = online ? set_online_zone(&request, zone, error)
		   : set_offline_zone(&request, zone, error);
	if (r < 0)
		return r;
	r = read_options(message, false, &request, error);
	if (r >= 0)
		r = check_selection(&request, error);
	if (r < 0)
		return r;

	*ret = request;
	request = (struct request){};
	return 0;
}

int bus_read_removal(sd_bus_message *message, struct request *ret, sd_bus_error *error)
{
	_cleanup_(request_done) struct request request = { .wanted.nid = MEMBLOCK_NID_UNKNOWN };
	const char *device;
	int r;

	r = sd_bus_message_read(message, "s", &device);
	if (r < 0)
		return r;
	request.wanted.action = MEMBLOCK_ACTION_OFFLINE;
	request.device = strdup(device);
	if (!request.device)
		return -ENOMEM;
	request.wanted.device = request.device;
	r = read_options(message, true, &request, error);
	if (r < 0)
		return r;

	*ret = request;
	request = (struct request){};
	return 0;
}
