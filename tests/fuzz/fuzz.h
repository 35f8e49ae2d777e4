/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../unit/fake-tree.h"

/* What every target has: takes one input, whatever it is, and returns 0. Sanitizers end the program
 * where something is wrong, and must() does. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What holds whatever comes in. */
#define must(condition)                                         \
	do {                                                    \
		if (!(condition))                               \
			broken(#condition, __FILE__, __LINE__); \
	} while (0)
_Noreturn void broken(const char *condition, const char *file, int line);

/* What is left of an input. */
struct input {
	const uint8_t *data;
	size_t size;
};

/* Takes all of an input as text, up to the first NUL byte, as the readers of files do. To be freed;
 * no byte longer than it is, so that a look behind its end is seen. */
char *take_text(struct input *input);
/* Takes what is in front of the next form feed, by which an input holds several files. */
char *take_part(struct input *input);
/* Takes a number of so many bytes, the lowest first; 0 for what is not there. */
uint64_t take_number(struct input *input, size_t n_bytes);
/* Takes so many bytes, or what is left. */
struct input take_bytes(struct input *input, size_t n);

/* The lowest descriptor that is free: the same before and after, where none was left open. */
int lowest_descriptor(void);
