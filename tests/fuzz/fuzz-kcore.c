/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-kernel.h"

/* /proc/kcore: the ELF header, segments, notes, and the kernel's tables of sections and pages. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fake_tree *tree;

	if (!tree)
		tree = fake_kernel_tree();
	write_bytes(tree, "proc/kcore", data, size);
	read_kernel(tree);
	return 0;
}
