/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "macros.h"
#include "progress.h"
#include "size.h"

#define BAR_MAX 50

void progress_begin(struct progress *progress)
{
	const char *term = getenv("TERM");

	*progress = (struct progress){
		.shown = term && strcmp(term, "dumb") != 0 && isatty(STDERR_FILENO),
	};
}

static unsigned terminal_width(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void progress_draw(struct progress *progress, const char *text, uint64_t done, uint64_t wanted)
{
	char part[SIZE_TEXT_MAX], all[SIZE_TEXT_MAX], bar[BAR_MAX + 1], line[256];
	unsigned width, full;
	int n;

	if (!progress->shown)
		return;

	n = snprintf(line, sizeof(line), " %s of %s, %s", size_to_text(done, part),
		     size_to_text(wanted, all), text);
	width = terminal_width();
	width = width > (unsigned)n + 4 ? MIN(width - (unsigned)n - 4, (unsigned)BAR_MAX) : 0;
	full = wanted > 0 ? (unsigned)((double)MIN(done, wanted) / (double)wanted * width) : width;
	memset(bar, '.', width);
	memset(bar, '#', full);
	bar[width] = '\0';

	fflush(stdout);
	fprintf(stderr, "\r\033[K[%s]%s", bar, line);
	progress->drawn = true;
}

void progress_wipe(struct progress *progress)
{
	if (progress->drawn)
		fputs("\r\033[K", stderr);
	progress->drawn = false;
}
