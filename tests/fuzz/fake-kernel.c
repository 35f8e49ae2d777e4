/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-kernel.h"
#include "../unit/fake-btf.h"

#define BASE UINT64_C(0xffff888000000000)
#define ARRAY (BASE + 0x1000)
#define USAGE(n) (BASE + 0x2000 + (n)*64)
#define MEMMAP UINT64_C(0xffffea0000000000)
#define STRUCT_SIZE 16
#define BLOCK_SIZE MIB(128)
#define SECTION_SIZE MIB(128)

struct fake_tree *fake_kernel_tree(void)
{
	static const uint64_t no_flags[512];
	struct fake_tree *tree = fake_tree_new();

#ifdef HAVE_LIBBPF
	static const struct fake_btf btf = BTF_OF_6_1;

	write_btf(tree, &btf);
#endif
	write_bytes(tree, "proc/kpageflags", no_flags, sizeof(no_flags));
	return tree;
}

static void put_section(struct fake_kcore *kcore, uint64_t number, uint64_t flags, uint64_t map)
{
	put_word(kcore, ARRAY + number * STRUCT_SIZE, MEMMAP | flags);
	put_word(kcore, ARRAY + number * STRUCT_SIZE + 8, USAGE(number));
	put_word(kcore, USAGE(number) + 16, map);
}

struct fake_kcore *fake_kernel_memory(const char *vmcoreinfo)
{
	struct fake_kcore *kcore = fake_kcore_new(vmcoreinfo);

	add_segment(kcore, BASE, 0x2200);
	add_segment(kcore, MEMMAP, 0x1000);
	put_word(kcore, BASE, ARRAY);
	put_section(kcore, 0, 0xf, UINT64_MAX);
	put_section(kcore, 1, 0x1f, 0xffffff);
	put_section(kcore, 7, 0x7, 1);
	put_word(kcore, MEMMAP + 52, 1);
	return kcore;
}

void read_kernel(struct fake_tree *tree)
{
	const struct memblock_range range = { 0, BLOCK_SIZE };
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	_cleanup_free_ char *all = NULL, *some = NULL;
	_cleanup_free_ struct memblock_pages *pages = NULL;
	int descriptor = lowest_descriptor();
	size_t n;

	(void)memblock_sections_read(root, 0, 0, UINT64_MAX, &all);
	(void)memblock_sections_read(root, SECTION_SIZE, 1, 7, &some);
	(void)memblock_pages_read(root, BLOCK_SIZE, 4096, &range, 1, 64, &pages, &n);
	must(lowest_descriptor() == descriptor);
}
