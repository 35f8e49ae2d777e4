/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "block-set.h"
#include "kept-file.h"

struct manager;

/* What the daemon keeps in /run/memblockd, over its restarts and until the next boot. Names are
 * below that folder. */
#define KEPT_FOLDER "run/memblockd"

/* Makes that folder and, unless NULL, one below it. 0 or a negative errno. */
int kept_make_folder(const struct manager *manager, const char *name);
/* Reads a file of text at once, to be freed. -ENOENT where there is none, -EBADMSG for what is no
 * text. */
int kept_read(const struct manager *manager, const char *name, char **ret);
/* Writes a file for everybody to read, which is there whole or not at all. */
int kept_write(const struct manager *manager, const char *name, const char *text);
/* Finds the blocks of which there is a file memoryN in a folder: none where there is no folder.
 * -ENOMEM, or why it can't be read. */
int kept_list_blocks(const struct manager *manager, const char *folder, struct block_set *ret);
/* What isn't there is removed. */
void kept_remove(const struct manager *manager, const char *name);
