/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "ctl.h"

/* Writes a tar file with copies of all that libmemblock reads, for --root of another machine. The
 * file is there whole or not at all, for its owner's eyes alone. 0 or a negative errno, told. */
int capture(struct memblock_root *root, const char *path);
