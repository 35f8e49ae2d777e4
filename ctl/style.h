/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

enum style {
	STYLE_PLAIN,
	STYLE_BOLD,
	STYLE_FAINT,
	STYLE_GOOD,
	STYLE_BAD,
	STYLE_UNSURE,
	STYLE_MOVABLE,
	STYLE_DEVICE,
	STYLE_RESERVED,
};

/* What switches a style on or off; "" where there are no colours: they are used only on a terminal
 * that has them, and never with NO_COLOR (no-color.org). */
const char *style_on(enum style style);
const char *style_off(void);
/* How many columns a line of output may take. */
unsigned output_width(void);
