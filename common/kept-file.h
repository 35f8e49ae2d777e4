/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>

/*
 * Files of text that outlive who wrote them, and the folders that they are in. Neither is trusted
 * to be what it was: whoever may write in the folder, and whoever made a captured tree, may have
 * put something else in its place.
 */

/* Opens a folder in an open one; makes it, if told so. -ELOOP or -ENOTDIR for a link and whatever
 * else is no folder, -EPERM for one where everybody may write, or that is somebody else's. */
int kept_open_folder_at(int above, const char *name, bool make);
/* The same by a path below a root. What is above its last name is the system's, where links are as
 * good as folders; in a captured tree they lead nowhere out of it. */
int kept_open_folder(const struct memblock_root *root, const char *path, bool make);

/* Reads a file at once, to be freed. -ENOENT where there is none, -ELOOP for a link, -EBADMSG for
 * what is no text, -EPERM for what has another name elsewhere, or is neither root's nor the
 * folder's owner's. */
int kept_read_at(int folder, const char *name, char **ret);
/* Writes it for root and the folder's owner; it is there whole or not at all. */
int kept_write_at(int folder, const char *name, const char *text);
/* The same for everybody to read, and on disk when this returns. */
int kept_save_at(int folder, const char *name, const char *text);
/* Locks a file, for root and the folder's owner alone: whoever may open a folder could lock that.
 * Held until the descriptor that it returns is closed, or whoever holds it dies. -EWOULDBLOCK where
 * somebody holds it. */
int kept_lock_at(int folder, const char *name);
