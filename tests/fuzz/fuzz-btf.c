/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "btf.h"
#include "fuzz.h"

/* The kernel's description of its types, through libbpf. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_root_ struct memblock_root *root = NULL;
	_cleanup_notes_ struct notes notes = {};
	static struct fake_tree *tree;
	struct section_layout layout;
	int r;

	if (!tree)
		tree = fake_tree_empty();
	write_bytes(tree, BTF_PATH, data, size);
	root = open_root(tree);
	r = btf_section_layout(root, &notes, &layout);
	must((r == -EBADMSG) == (notes.n > 0));
	must(r < 0 || (layout.early <= NO_BIT && layout.device <= NO_BIT));
	return 0;
}
