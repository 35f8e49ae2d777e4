/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <inttypes.h>
#include <stddef.h>

#include "macros.h"

/* [start, end) in a sentence, by its last address as the kernel writes it. */
#define RANGE_FORMAT "0x%" PRIx64 "-0x%" PRIx64
#define RANGE_ARGUMENTS(range) (range)->start, (range)->end - 1

/* A growing list of sentences: what looked wrong while reading, or what a verdict rests on. */
struct notes {
	char **items; /* NULL-terminated once there is one */
	size_t n;
	size_t capacity;
	size_t end;      /* no more are kept; 0: all */
	size_t left_out; /* since there are as many */
};

void notes_done(struct notes *notes);
#define _cleanup_notes_ _cleanup_(notes_done)

/* Of those that come from here on, up to notes_end(), a hundred are kept: a file may have a million
 * lines that make no sense. Then one more says how many there were beside. 0 or -ENOMEM. */
void notes_begin(struct notes *notes);
int notes_end(struct notes *notes);

/* Adds a sentence, with ? for what can't be printed. 0 or -ENOMEM. A NULL list takes nothing and is
 * no error: the caller wants no text. */
int notes_add(struct notes *notes, const char *format, ...) _printf_(2, 3);
/* Moves all sentences of a list to the end of another. 0 or -ENOMEM, which moves none. */
int notes_move(struct notes *to, struct notes *from);
