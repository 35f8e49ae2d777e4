/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "failure.h"
#include "macros.h"

static const struct failure {
	int error;
	const char *name;
	const char *text; /* NULL: strerror(3) says it well */
} failures[] = {
	{ -EBUSY, "Busy", NULL },
	{ -EINVAL, "Refused", NULL },
	{ -EPERM, "Refused", NULL },
	{ -EACCES, "Refused", NULL },
	{ -EROFS, "Refused", "It is marked, or its files are read-only" },
	{ -ETIMEDOUT, "TimedOut", "Not done within the time limit" },
	{ -ECANCELED, "Cancelled", "The job was cancelled" },
	{ -ESTALE, "Failed", "Somebody took it offline meanwhile" },
	{ -EHWPOISON, "Poisoned", "It holds poisoned pages: once offline, it would stay so" },
	{ -ENODEV, "Vanished", "There is no such block any more" },
	{ -ECONNRESET, "NoWorker", "The worker is gone" },
};

static const struct failure *find(int error)
{
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++)
		if (failures[i].error == error)
			return &failures[i];
	return NULL;
}

const char *failure_name(int error)
{
	const struct failure *failure = find(error);

	return failure ? failure->name : "Failed";
}

const char *failure_text(int error)
{
	const struct failure *failure = find(error);

	return failure && failure->text ? failure->text : strerror(-error);
}

int failure_describe(const struct memblock_transition *transition, char **ret)
{
	int error = memblock_transition_error(transition);
	struct memblock_result result;

	for (size_t i = 0; memblock_transition_result(transition, i, &result); i++)
		if (result.error == error && error != -ECANCELED)
			return asprintf(ret, "memory%" PRIu64 ": %s", result.index,
					failure_text(error)) < 0
				       ? -ENOMEM
				       : 0;
	*ret = strdup(failure_text(error));
	return *ret ? 0 : -ENOMEM;
}
