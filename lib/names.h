/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "libmemblock.h"

/* How many there are today. The public header keeps that to itself: what programs were compiled
 * with would stay behind. */
#define MEMBLOCK_REASON_COUNT (MEMBLOCK_REASON_NO_HOTREMOVE + 1)
#define MEMBLOCK_KIND_COUNT (MEMBLOCK_KIND_FIRMWARE_RESERVED + 1)
#define MEMBLOCK_ZONE_COUNT (MEMBLOCK_ZONE_DEVICE + 1)
#define MEMBLOCK_PROVIDER_COUNT (MEMBLOCK_PROVIDER_STANDBY + 1)
#define MEMBLOCK_SOURCE_COUNT (MEMBLOCK_SOURCE_PAGES + 1)

/* The zone that a word of valid_zones or /proc/zoneinfo names; MEMBLOCK_ZONE_UNKNOWN for a word
 * that no kernel of ours has. */
enum memblock_zone zone_from_string(const char *word);

/* Whether pages of the kernel's own can lie in it. */
static inline bool is_kernel_zone(enum memblock_zone zone)
{
	return zone >= MEMBLOCK_ZONE_DMA && zone <= MEMBLOCK_ZONE_HIGHMEM;
}

/* -EINVAL for a word that memoryN/state never says. */
int state_from_string(const char *word, enum memblock_state *ret);
