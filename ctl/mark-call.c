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

int mark_call_new(sd_bus *bus, const char *method, const struct targets *targets,
		  sd_bus_message **ret)
{
	_cleanup_free_ struct memblock_range *ranges = NULL;
	_cleanup_message_ sd_bus_message *call = NULL;
	_cleanup_free_ char *error = NULL;
	uint64_t block_size;
	int r;

	r = bus_block_size(bus, &block_size);
	if (r < 0)
		return r;
	r = targets_ranges(targets, block_size, &ranges, &error);
	if (r == -ENXIO)
		return log_error(r, "%s", error);
	if (r >= 0)
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
