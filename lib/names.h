/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "libmemblock.h"

/* The zone that a word of valid_zones or /proc/zoneinfo names; MEMBLOCK_ZONE_UNKNOWN for a word
 * that no kernel of ours has. */
enum memblock_zone zone_from_string(const char *word);

/* -EINVAL for a word that memoryN/state never says. */
int state_from_string(const char *word, enum memblock_state *ret);
