/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>

#include "worker-protocol.h"

/* worker-protocol.h: what the other side may ask for, one function a verb. 0 or a negative errno
 * each, which is the reply. */

/* Opens a file that is on the list of worker/open.c. Returns a descriptor. */
int worker_open(struct memblock_root *root, const char *path);

/* Asks the kernel to let go of a device: of a DIMM it only begins to. -EOPNOTSUPP for a provider
 * whose devices can't be let go of, -EINVAL for what is no such device's name. */
int worker_eject(const struct memblock_root *root, uint32_t provider, const char *name);

/* Has systemd bind a block's state and online files to themselves, read-only for everybody, as long
 * as memblockd.service runs; done already is done. -EOPNOTSUPP of a captured tree. */
int worker_guard(const struct memblock_root *root, uint64_t block);
/* Has systemd take that back. */
int worker_unguard(const struct memblock_root *root, uint64_t block);

/* WORKER_PAGES and WORKER_SECTIONS: return a descriptor of text. */
int worker_count_pages(struct memblock_root *root, const struct worker_request *request);
int worker_read_sections(struct memblock_root *root, const struct worker_request *request);
/* The same of all sections, which memblockd opens as the file memblockd/sections. */
int worker_read_all_sections(struct memblock_root *root);
/* Whether the block of a WORKER_WRITE holds poisoned pages. False where that can't be had. */
bool worker_is_poisoned(struct memblock_root *root, const struct worker_request *request);

/* Sets one of the kernel's own policy: enum kernel_setting, and a value that it takes. */
int worker_set(const struct memblock_root *root, uint32_t setting, const char *value);
/* Keeps the properties of a block for udev, and where they are others than before, has the kernel
 * send a `change` event of it, with which udev reads them. -EINVAL for what are no such properties.
 */
int worker_change(const struct memblock_root *root, uint64_t block, const char *properties);

/* Serves a connection until the other side hangs up. */
int worker_serve(struct memblock_root *root, int fd);
