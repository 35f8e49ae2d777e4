/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>
#include <stddef.h>

/* Files out of several folders that stand for one: a name in an earlier folder masks the same name
 * in later ones, and all are read in the order of their names. */
struct dropins {
	char **paths; /* absolute, below the root */
	size_t n;
};

/* Finds the files whose names end with a suffix (".conf"). failed() is told of a folder that can't
 * be read; one that isn't there is no fault. 0 or -ENOMEM. */
int dropins_find(struct memblock_root *root, const char *const *folders, size_t n_folders,
		 const char *suffix, void (*failed)(const char *folder, int error, void *userdata),
		 void *userdata, struct dropins *ret);
void dropins_done(struct dropins *dropins);
