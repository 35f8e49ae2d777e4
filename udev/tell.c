/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>

#include "log.h"
#include "macros.h"
#include "tell.h"

/* The kernel takes no longer lines (kernel/printk/printk.c:devkmsg_write()). */
#define LINE_MAX 1000

void tell(const struct memblock_root *root, const char *format, ...)
{
	_cleanup_close_ int fd = -1;
	char text[LINE_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text) - 32, format, ap);
	va_end(ap);
	log_line("%s", text);
	if (!memblock_root_is_live(root))
		return;
	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		(void)dprintf(fd, "<4>%s: %s\n", program_invocation_short_name, text);
}
