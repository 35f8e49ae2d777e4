/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>
#include <stdbool.h>

/* Links themselves count: a captured tree has them, if not what they lead to. Paths are relative to
 * the root. */

/* Whether something is there. */
bool is_there(const struct memblock_root *root, const char *path);
bool is_link(const struct memblock_root *root, const char *path);
/* Whether a link leads to something of that name. */
bool links_to(const struct memblock_root *root, const char *path, const char *name);
