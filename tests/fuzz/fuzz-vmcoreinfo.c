/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-kernel.h"

/* VMCOREINFO, in a kcore that is whole: what leads the reader about in the kernel's memory. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	_cleanup_free_ char *text = take_text(&input);
	_cleanup_kcore_ struct fake_kcore *kcore = fake_kernel_memory(text);
	static struct fake_tree *tree;

	if (!tree)
		tree = fake_kernel_tree();
	write_kcore(tree, kcore);
	read_kernel(tree);
	return 0;
}
