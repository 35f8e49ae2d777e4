/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fuzz.h"

/* A machine with a bit of everything: two nodes that share block 8, persistent memory in block 12,
 * a DIMM, virtio-mem, dax, and an administrator's files. */

/* One of its files. */
struct small_file {
	const char *path;
	const char *contents; /* NULL: it isn't there */
	bool link;            /* contents are where it points */
};

extern const struct small_file small_files[];
extern const size_t n_small_files;

/* Writes one as it is to be, when there is nothing in its place. */
void write_small_file(struct fake_tree *tree, const struct small_file *file);
struct fake_tree *small_machine(void);
