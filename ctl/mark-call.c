/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mark-call.h"
#include "log.h"

#define TAKES "blocks (8, memory8, 8-12) and address ranges (0x..-0x..)"

int mark_call_parse(const struct ctl *ctl, char **words, struct targets *ret)
{
	_cleanup_free_ char *error = NULL;
	int r;

	r = targets_parse(words, true, TAKES, ret, &error);
	if (r == -EINVAL)
		return usage_error(ctl, "%s", error);
	if (r < 0)
		return log_oom();
	if (ret->size || ret->device || ret->nid != MEMBLOCK_NID_UNKNOWN)
		return usage_error(ctl, "Marks are for " TAKES " alone");
	return 0;
}

/* The ranges in bytes, to be freed. 0 or a negative errno, told. */
static int read_ranges(sd_bus *bus, const struct targets *targets, uint64_t *ret_block_size,
		       struct memblock_range **ret)
{
	_cleanup_free_ char *error = NULL;
	int r;

	r = bus_block_size(bus, ret_block_size);
	if (r < 0 || !targets)
		return r;
	r = targets_ranges(targets, *ret_block_size, ret, &error);
	if (r == -ENXIO)
		return log_error(r, "%s", error);
	return r < 0 ? log_oom() : 0;
}

static bool overlaps(const struct mark *mark, const struct memblock_range *ranges, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (mark->start < ranges[i].end && ranges[i].start < mark->start + mark->size)
			return true;
	return false;
}

int mark_for_each(sd_bus *bus, const struct targets *targets,
		  int (*function)(const struct mark *mark, uint64_t block_size, void *userdata),
		  void *userdata)
{
	_cleanup_free_ struct memblock_range *ranges = NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	uint64_t block_size;
	struct mark mark;
	int r;

	r = read_ranges(bus, targets, &block_size, &ranges);
	if (r >= 0)
		r = bus_ask(bus, "ListMarks", &reply);
	if (r < 0)
		return r;
	r = sd_bus_message_enter_container(reply, 'a', "(ttssb)");
	while (r >= 0 && (r = sd_bus_message_read(reply, "(ttssb)", &mark.start, &mark.size,
						  &mark.device, &mark.reason, &mark.stale)) > 0)
		if (!targets || overlaps(&mark, ranges, targets->n))
			r = function(&mark, block_size, userdata);
	return r < 0 ? log_error(r, "Can't list the marks: %m") : 0;
}

int mark_call_new(sd_bus *bus, const char *method, const struct targets *targets,
		  sd_bus_message **ret)
{
	_cleanup_free_ struct memblock_range *ranges = NULL;
	_cleanup_message_ sd_bus_message *call = NULL;
	uint64_t block_size;
	int r;

	r = read_ranges(bus, targets, &block_size, &ranges);
	if (r < 0)
		return r;
	r = bus_new_call(bus, method, &call);
	if (r >= 0)
		r = bus_append_ranges(call, ranges, targets->n);
	if (r < 0)
		return log_error(r, "Can't ask memblockd: %m");
	*ret = TAKE_PTR(call);
	return 0;
}

int mark_call(sd_bus *bus, sd_bus_message *call)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	int r;

	r = bus_call(bus, call, &error, NULL);
	return r < 0 ? bus_tell(&error, r) : 0;
}
