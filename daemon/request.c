/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>

#include "request.h"

void request_done(struct request *request)
{
	ranges_done(&request->ranges);
	free(request->device);
	*request = (struct request){};
}
