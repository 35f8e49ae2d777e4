/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A file of text that outlives who wrote it, in an open folder (or AT_FDCWD). What stands at its
 * name is not trusted to be such a file. */

/* Reads it at once, to be freed. -ENOENT where there is none, -EBADMSG for what is no text. */
int kept_read_at(int folder, const char *name, char **ret);
/* Writes it for everybody to read; it is there whole or not at all. */
int kept_write_at(int folder, const char *name, const char *text);
