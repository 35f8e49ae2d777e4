/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fake-tree.h"

/* What a made-up kernel's BTF says of struct mem_section, mem_section_usage and the flags. */
struct fake_btf {
	bool has_section;   /* struct mem_section at all */
	unsigned usage;     /* where it has its usage, in bytes */
	int map;            /* where usage has subsection_map, in bytes; below 0: it has none */
	unsigned map_words; /* of that; 0: one */
	int early;          /* numbers of bits; below 0: it has none */
	int device;
	bool has_enum; /* of those bits */
};

/* As Linux 6.1 has it. */
#define BTF_OF_6_1                                                                   \
	{                                                                            \
		.has_section = true, .usage = 8, .map = 16, .early = 3, .device = 4, \
		.has_enum = true                                                     \
	}

/* Writes sys/kernel/btf/vmlinux. Skips the test where there is no libbpf. */
void write_btf(struct fake_tree *tree, const struct fake_btf *btf);
