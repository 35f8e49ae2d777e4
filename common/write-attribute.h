/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>

/* Writes to a file that is there, by way of the root. 0 or a negative errno. */
int write_attribute(const struct memblock_root *root, const char *path, const char *text);
