/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

struct manager;

/*
 * For udev: a file memoryN in /run/memblockd-marked for each block that can't go, with properties
 * of it; none where there are so many of them that it is the machine's nature. A worker writes it,
 * and where it is news has the kernel send a `change` event of the block, with which udev reads
 * them. They stay when the daemon ends: what they say is so without it.
 */
struct marked;

int marked_new(struct manager *manager, struct marked **ret);
/* Takes NULL; always returns NULL. */
struct marked *marked_free(struct marked *marked);

/* Brings the files in line with the newest inventory, by and by in the event loop. */
void marked_update(struct marked *marked);
