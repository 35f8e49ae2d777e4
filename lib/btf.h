/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "notes.h"
#include "root.h"

/*
 * How this kernel lays out what it keeps of a section. Its release doesn't tell: where the map is
 * changed in stable releases too (0 in 6.6.9, 16 in 6.1.192). BTF, the kernel's own description of
 * its types, does.
 */
struct section_layout {
	uint64_t usage;    /* where struct mem_section has its usage, in bytes */
	bool has_map;      /* a kernel without SPARSEMEM_VMEMMAP keeps none */
	uint64_t map;      /* where struct mem_section_usage has its subsection_map */
	uint64_t map_size; /* of that, in bytes */
	unsigned early;    /* the numbers of flag bits; NO_BIT where this kernel has none */
	unsigned device;
};

#define NO_BIT 64

#define BTF_PATH "sys/kernel/btf/vmlinux"

/* Reads it from /sys/kernel/btf/vmlinux. notes may be NULL; it gets a sentence for what makes no
 * sense. Errors: -ENOENT where there is no such file, -EOPNOTSUPP where this library was built
 * without libbpf, -EBADMSG for a file that is torn, -ENODATA where it doesn't know these types,
 * -ENOMEM, and what reading gave. */
int btf_section_layout(const struct memblock_root *root, struct notes *notes,
		       struct section_layout *ret);
