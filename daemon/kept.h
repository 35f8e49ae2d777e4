/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "block-set.h"
#include "kept-file.h"
#include "macros.h"

/* What the daemon keeps in /run/memblockd, over its restarts and until the next boot. Names are
 * below that folder. */
#define KEPT_FOLDER "run/memblockd"

/* Opens that folder or, unless NULL, one below it; makes it, if told so. */
int kept_open(const struct memblock_root *root, const char *name, bool make);
/* 0 where it is there then. */
int kept_make_folder(const struct memblock_root *root, const char *name);
/* The same as kept_open() for reading what is in it. */
int kept_list(const struct memblock_root *root, const char *name, DIR **ret);
/* As kept_read_at() and kept_write_at(). */
int kept_read(const struct memblock_root *root, const char *name, char **ret);
int kept_write(const struct memblock_root *root, const char *name, const char *text);
/* Puts more at the end of one that is there. */
int kept_append(const struct memblock_root *root, const char *name, const char *text);
/* As kept_lock_at(); makes the folder. */
int kept_lock(const struct memblock_root *root, const char *name);
/* Finds the blocks of which there is a file memoryN in a folder: none where there is no folder.
 * -ENOMEM, or why it can't be read. */
int kept_list_blocks(const struct memblock_root *root, const char *folder, struct block_set *ret);
/* The same of the folder in which a worker writes for udev. */
int kept_list_marked(const struct memblock_root *root, struct block_set *ret);
/* What isn't there is removed. */
void kept_remove(const struct memblock_root *root, const char *name);
