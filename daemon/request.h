/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "config.h"
#include "ranges.h"

/* What a job is asked to do; it owns what the library's request points at. */
struct request {
	struct memblock_request wanted;
	struct ranges ranges;
	char *device;
	uint64_t timeout_usec; /* of one block; 0: as the configuration says */
	bool by_policy; /* memory that was added: the policy says what becomes of each block */
};

void request_done(struct request *request);
/* How long one block may take. */
uint64_t request_time_limit(const struct request *request, const struct config *config);
