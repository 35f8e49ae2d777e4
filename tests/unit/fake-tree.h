/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "inventory.h"
#include "unit.h"

/*
 * A captured tree in a temporary folder, made by a few calls. There is one at a time: what a failed
 * test left behind goes when the next one is made, or when the program ends. Paths are relative to
 * the tree; folders come into being as they are needed; whatever fails, fails the test.
 */
struct fake_tree {
	char folder[64]; /* TMPDIR/memblock-XXXXXX, for what lies outside of the tree */
	char path[80];   /* the tree itself, inside of it */
};

/* An empty tree. Skips the test where the kernel can't fence one in. */
struct fake_tree *fake_tree_empty(void);
/* A tree of x86-64, Linux 6.1, blocks of 128 MiB, node 0, and no block yet. */
struct fake_tree *fake_tree_new(void);
/* Removes it. Takes NULL. */
void fake_tree_free(struct fake_tree *tree);
DEFINE_CLEANUP(struct fake_tree, fake_tree_free)
#define _cleanup_tree_ _cleanup_(fake_tree_freep)

void make_folder(struct fake_tree *tree, const char *path);
void write_file(struct fake_tree *tree, const char *path, const char *format, ...) _printf_(3, 4);
void write_bytes(struct fake_tree *tree, const char *path, const void *data, size_t size);
void make_link(struct fake_tree *tree, const char *path, const char *target);
void make_fifo(struct fake_tree *tree, const char *path);
void remove_file(struct fake_tree *tree, const char *path);

/* A block, linked from nodes that end with -1. A NULL state or zones leaves that file out. */
void add_block_on(struct fake_tree *tree, uint64_t index, const char *state, const char *zones,
		  const int *nids);
#define add_block(tree, index, state, zones, ...) \
	add_block_on((tree), (index), (state), (zones), (const int[]){ __VA_ARGS__, -1 })
#define NO_NODE -1

/* A namespace of /sys/bus/nd; NULL leaves a file out. driver is what it is bound to itself. */
void add_namespace(struct fake_tree *tree, const char *name, const char *resource, const char *size,
		   const char *mode, const char *driver);

/* Scans it, which must succeed. To be unreferenced. */
struct memblock_inventory *scan(struct fake_tree *tree);
#define _cleanup_inventory_ _cleanup_(memblock_inventory_unrefp)
#define _cleanup_root_ _cleanup_(memblock_root_unrefp)
struct memblock_root *open_root(struct fake_tree *tree);

/* The block memoryINDEX, which must be there. */
const struct memblock_block *block_of(const struct memblock_inventory *inventory, uint64_t index);
/* Whether one of the notes contains a text. */
bool has_note(const struct memblock_inventory *inventory, const char *text);
/* Whether some sentence of a block's evidence contains a text. */
bool has_evidence(const struct memblock_inventory *inventory, const struct memblock_block *block,
		  const char *text);
/* A block's reasons as words joined by commas; static memory. */
const char *reason_words(const struct memblock_block *block);

/* What pages were counted as, "free 3, slab 1"; static memory. */
const char *page_words(const struct memblock_pages *pages);

/* Becomes a user whom file modes keep out, and back; false where root can't become one. */
bool drop_privileges(struct fake_tree *tree);
void regain_privileges(void);
