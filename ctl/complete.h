/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "ctl.h"

/* A command line that is being typed: what stands before its last word, and that word. */
struct typing {
	struct ctl ctl;                    /* the verb (NULL: none yet) and the common switches */
	const struct option_spec *waiting; /* the switch whose argument the last word is */
	const char *first;                 /* the verb's first argument; NULL: none yet */
	size_t n_arguments;
	const char *last; /* the last word, whole */
	const char *word; /* the part of it that is to be completed */
};

/* Prints what the last of these words may become, a line each: the whole word, a tab, and what it
 * is. A line that begins with its tab names what the shell has to know: DIR, FILE. 0 or a negative
 * errno, told. */
int complete(char **words);

/* Prints one of them, if it begins as the word does. */
void complete_offer(const struct typing *typing, const char *text, const char *help);

/* Prints all that an argument may be which --help calls so: BLOCK, ZONE. 0 or a negative errno,
 * told. */
int complete_argument(struct typing *typing, const char *name);
