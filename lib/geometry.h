/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * The size of a section in bytes (SECTION_SIZE_BITS, arch/ARCH/include/asm/sparsemem.h), 0 where
 * not known. architecture and release are as uname -m and -r say them, NULL where not known.
 * On arm64, riscv64 and loongarch64 a block is one section (drivers/base/memory.c:
 * memory_block_size_bytes(), which only x86, powerpc, s390 replace). s390 went from 256 to 128 MiB
 * between Linux 6.12 and 6.19; a release in between gives 0 unless the block size settles it.
 */
uint64_t geometry_section_size(const char *architecture, const char *release, uint64_t block_size);

/* No block of it is smaller, since none is smaller than a section; 0 where not known. */
uint64_t geometry_block_size_min(const char *architecture);

/* The largest page size of any architecture that has memory blocks. */
#define PAGE_SIZE_MAX UINT64_C(65536)

/* The only page size that an architecture has, 0 where it has a choice or is not known. */
uint64_t geometry_page_size(const char *architecture);

/* A release as a number to compare: 6.1.0-56-amd64 is 6001. 0 where it can't be read. */
unsigned geometry_release_number(const char *release);

/* architecture may be NULL, or what a 32-bit program is told. */
bool geometry_is_arm64(const char *architecture);
bool geometry_is_s390(const char *architecture);
/* Whether it is one that is known here, with what it does about boot memory. */
bool geometry_is_known(const char *architecture);
