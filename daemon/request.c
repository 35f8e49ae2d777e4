/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "request.h"

void request_done(struct request *request)
{
	ranges_done(&request->ranges);
	free(request->device);
	*request = (struct request){};
}

uint64_t request_time_limit(const struct request *request, const struct config *config)
{
	return request->timeout_usec ? request->timeout_usec : config->timeout_usec;
}
