/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* How far a change is: a bar on standard error where that is a terminal, nothing elsewhere. */
struct progress {
	bool shown; /* there is a terminal */
	bool drawn; /* the bar stands in the last line */
};

void progress_begin(struct progress *progress);
/* Draws it anew. text says what is being done. */
void progress_draw(struct progress *progress, const char *text, uint64_t done, uint64_t wanted);
/* Wipes it away, for other lines. */
void progress_wipe(struct progress *progress);
