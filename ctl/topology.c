/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "topology.h"

#ifdef HAVE_NUMA
#include <numa.h>

bool topology_available(void)
{
	return numa_available() >= 0;
}

long long topology_free(int nid)
{
	long long free_bytes;

	return numa_node_size64(nid, &free_bytes) < 0 ? -ENODATA : free_bytes;
}

char *topology_distances(int nid, char text[DISTANCES_TEXT_MAX])
{
	size_t length = 0;

	*text = '\0';
	for (int other = 0; other <= numa_max_node() && length < DISTANCES_TEXT_MAX; other++) {
		int distance = numa_distance(nid, other);

		if (distance > 0)
			length += (size_t)snprintf(text + length, DISTANCES_TEXT_MAX - length,
						   "%s%d", length > 0 ? "," : "", distance);
	}
	return text;
}
#else
bool topology_available(void)
{
	return false;
}

long long topology_free(int nid __attribute__((unused)))
{
	return -ENODATA;
}

char *topology_distances(int nid __attribute__((unused)), char text[DISTANCES_TEXT_MAX])
{
	*text = '\0';
	return text;
}
#endif
