/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "../unit/fake-kcore.h"
#include "fuzz.h"

/* A kernel of three sections for targets to damage: Linux 6.1 on x86-64, in a tree that has all but
 * kcore. */

struct fake_tree *fake_kernel_tree(void);
/* Its memory, small enough to be an input, with this VMCOREINFO. */
struct fake_kcore *fake_kernel_memory(const char *vmcoreinfo);
/* Reads from a tree what the library reads from kcore: sections, and pages that show no flag. */
void read_kernel(struct fake_tree *tree);
