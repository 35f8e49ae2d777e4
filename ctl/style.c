/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "style.h"

/* clang-format off */
static const char *const codes[] = {
	[STYLE_PLAIN] = "",
	[STYLE_BOLD] = "\033[1m",
	[STYLE_FAINT] = "\033[2m",
	[STYLE_GOOD] = "\033[32m",
	[STYLE_BAD] = "\033[1;31m",
	[STYLE_UNSURE] = "\033[33m",
	[STYLE_MOVABLE] = "\033[36m",
	[STYLE_DEVICE] = "\033[35m",
	[STYLE_RESERVED] = "\033[34m",
};
/* clang-format on */

static bool find_colors(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return !(no_color && *no_color) && term && strcmp(term, "dumb") != 0 &&
	       isatty(STDOUT_FILENO);
}

/* Asked for every letter of a map, found out once. */
static bool use_colors(void)
{
	static int found = -1;

	if (found < 0)
		found = find_colors();
	return found;
}

const char *style_on(enum style style)
{
	return use_colors() ? codes[style] : "";
}

const char *style_off(void)
{
	return use_colors() ? "\033[0m" : "";
}

unsigned output_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}
