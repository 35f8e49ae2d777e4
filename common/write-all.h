/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>

/* Writes text whole, from where the file stands. 0 or a negative errno. */
int write_all(int fd, const char *text);
/* Writes to an attribute that is there, at once and by way of the root. 0 or a negative errno. */
int write_attribute(const struct memblock_root *root, const char *path, const char *text);
