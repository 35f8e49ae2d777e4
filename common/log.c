/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "log.h"

static void log_v(const char *format, va_list ap) __attribute__((__format__(printf, 1, 0)));
static void log_v(const char *format, va_list ap)
{
	int saved = errno;

	/* Standard output first, so that lines come in the order in which they were written. */
	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	errno = saved;
	vfprintf(stderr, format, ap);
	fputc('\n', stderr);
	errno = saved;
}

void log_line(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	log_v(format, ap);
	va_end(ap);
}

int log_error(int error, const char *format, ...)
{
	va_list ap;

	errno = -error;
	va_start(ap, format);
	log_v(format, ap);
	va_end(ap);
	return error;
}
