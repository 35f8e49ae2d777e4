/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>

/* One line on standard error and, of the running machine, in the kernel's log: udev shows what its
 * programs say to nobody, and in an initramfs there is no journal yet, which takes up that log
 * later. */
void tell(const struct memblock_root *root, const char *format, ...)
	__attribute__((__format__(printf, 2, 3)));
