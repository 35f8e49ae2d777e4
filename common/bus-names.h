/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* org.memblockd1(5). */
#define MEMBLOCK_BUS_NAME "org.memblockd1"
#define MEMBLOCK_BUS_PATH "/org/memblockd1"
#define MEMBLOCK_BUS_MANAGER "org.memblockd1.Manager"
#define MEMBLOCK_BUS_BLOCK "org.memblockd1.Block"
#define MEMBLOCK_BUS_NODE "org.memblockd1.Node"
#define MEMBLOCK_BUS_DEVICE "org.memblockd1.Device"
#define MEMBLOCK_BUS_JOB "org.memblockd1.Job"
#define MEMBLOCK_BUS_ERROR "org.memblockd1.Error."

/* One row of Manager.ListRanges and ListBlocks: start, size, state, nid, nodes, zones, removable,
 * reasons, device. */
#define MEMBLOCK_BUS_RANGE "(ttsiauassass)"
/* One step of PlanOnline and PlanOffline: start, size, outcome, busy, bytes to move. */
#define MEMBLOCK_BUS_STEP "(ttsst)"
/* One block of CountPages: start, size, busy, bytes that can't be moved, bytes to move; then the
 * counts in the order of struct memblock_pages. */
#define MEMBLOCK_BUS_PAGES "(ttstttttttttttttt)"
/* Blocks of one call: as many as fit a message with room to spare. */
#define MEMBLOCK_BUS_PAGES_MAX 16384
