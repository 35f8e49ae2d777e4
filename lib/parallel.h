/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/*
 * Does n pieces of work by as many calls of do_piece(), which get their numbers: in any order, on
 * as many threads as this process has CPUs. All are done when it returns. It can't fail: where no
 * thread can be started, and for a single piece, this one does it all. So a piece should take
 * longer than the start of a thread (0.1 ms), and must keep what it finds apart from the others.
 */
void parallel_do(size_t n, void (*do_piece)(size_t piece, void *userdata), void *userdata);
