/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus-paths.h"

char *block_path(uint64_t index, char ret[BUS_PATH_MAX])
{
	snprintf(ret, BUS_PATH_MAX, BLOCK_PATH "/memory%" PRIu64, index);
	return ret;
}

char *node_path(int nid, char ret[BUS_PATH_MAX])
{
	snprintf(ret, BUS_PATH_MAX, NODE_PATH "/node%d", nid);
	return ret;
}

char *job_object_path(unsigned id, char ret[BUS_PATH_MAX])
{
	snprintf(ret, BUS_PATH_MAX, JOB_PATH "/%u", id);
	return ret;
}

int path_number(const char *path, const char *prefix, uint64_t *ret)
{
	size_t length = strlen(prefix);
	const char *digits = path + length;
	uint64_t number;
	char *end;

	if (strncmp(path, prefix, length) != 0 || *digits < '0' || *digits > '9')
		return -ENOENT;
	errno = 0;
	number = strtoull(digits, &end, 10);
	/* One object has one path: no leading zeros. */
	if (errno || *end || (*digits == '0' && digits[1]))
		return -ENOENT;

	*ret = number;
	return 0;
}
