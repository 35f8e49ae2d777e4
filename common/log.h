/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <errno.h>

/* One line on standard error, with the program's name in front. */
void log_line(const char *format, ...) __attribute__((__format__(printf, 1, 2)));

/* The same, and answers with a negative errno, which %m names too. */
int log_error(int error, const char *format, ...) __attribute__((__format__(printf, 2, 3)));

static inline int log_oom(void)
{
	return log_error(-ENOMEM, "Out of memory");
}
