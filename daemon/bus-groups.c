/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "bus-groups.h"
#include "bus-paths.h"

static int append_nodes(sd_bus_message *reply, const struct node_mask *mask)
{
	int r;

	r = sd_bus_message_open_container(reply, 'a', "i");
	for (int nid = node_mask_next(mask, 0); r >= 0 && nid >= 0;
	     nid = node_mask_next(mask, nid + 1))
		r = sd_bus_message_append(reply, "i", nid);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

int bus_append_group(sd_bus_message *reply, const struct group *group, const char *property)
{
	const struct totals *totals = &group->totals;
	uint64_t size = memblock_inventory_block_size(group->inventory);
	const struct {
		const char *property;
		uint64_t number;
	} table[] = {
		{ "Blocks", totals->blocks },
		{ "Bytes", totals->blocks * size },
		{ "OnlineBytes", totals->online * size },
		{ "NotRemovableBytes", totals->removable[MEMBLOCK_ANSWER_NO] * size },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (strcmp(table[i].property, property) == 0)
			return sd_bus_message_append(reply, "t", table[i].number);
	return append_nodes(reply, &group->nodes);
}

bool bus_same_group(const struct group *a, const struct group *b)
{
	return a->totals.blocks == b->totals.blocks && a->totals.online == b->totals.online &&
	       a->totals.removable[MEMBLOCK_ANSWER_NO] == b->totals.removable[MEMBLOCK_ANSWER_NO] &&
	       memcmp(&a->nodes, &b->nodes, sizeof(a->nodes)) == 0;
}

int bus_add_path(char ***paths, size_t *n, const char *path)
{
	char **grown = reallocarray(*paths, *n + 2, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	*paths = grown;
	grown[*n + 1] = NULL;
	grown[*n] = strdup(path);
	return grown[(*n)++] ? 0 : -ENOMEM;
}

int device_path(const char *name, char **ret)
{
	int r = sd_bus_path_encode(DEVICE_PATH, name, ret);

	return r < 0 ? -ENOMEM : 0;
}
