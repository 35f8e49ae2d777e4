/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

#include "macros.h"

#define DISTANCES_TEXT_MAX 5120

/* Whether there is anybody to ask: libnuma speaks of the running machine alone. */
bool topology_available(void);
/* Free memory of a node in bytes; a negative errno where not known. */
long long topology_free(int nid);
/* "10,21": the distance to each node, in rising order of nodes. Returns text. */
char *topology_distances(int nid, char text[DISTANCES_TEXT_MAX]);
