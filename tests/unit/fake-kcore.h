/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fake-tree.h"

/*
 * A made-up /proc/kcore: segments of memory, and the text of VMCOREINFO. Segments are of zeros
 * until something is put into them. Make it, change what shall be wrong with it, write it into a
 * tree.
 */
struct fake_segment {
	uint64_t address;
	uint64_t size;
	uint8_t *data;
};

struct fake_kcore {
	struct fake_segment segments[8];
	size_t n_segments;
	char *vmcoreinfo;      /* NULL: there is no such note */
	const char *note_name; /* "VMCOREINFO" */
	size_t headers;        /* so many more headers of nothing, for PN_XNUM; 0 for none */
	size_t cut;            /* so many bytes are missing at the end of the file */
};

struct fake_kcore *fake_kcore_new(const char *vmcoreinfo);
struct fake_kcore *fake_kcore_free(struct fake_kcore *kcore);
DEFINE_CLEANUP(struct fake_kcore, fake_kcore_free)
#define _cleanup_kcore_ _cleanup_(fake_kcore_freep)

void add_segment(struct fake_kcore *kcore, uint64_t address, uint64_t size);
/* Puts words, or bytes, into a segment that is there. */
void put_word(struct fake_kcore *kcore, uint64_t address, uint64_t word);
void put_bytes(struct fake_kcore *kcore, uint64_t address, const void *data, size_t size);
/* Writes proc/kcore. */
void write_kcore(struct fake_tree *tree, const struct fake_kcore *kcore);
