/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "names.h"
#include "parse.h"
#include "sources.h"

zone_list zones_parse(char *text, const char **ret_unknown)
{
	zone_list zones = 0;
	char *cursor = NULL;
	size_t n = 0;

	*ret_unknown = NULL;
	for (char *word = strtok_r(text, " ", &cursor); word; word = strtok_r(NULL, " ", &cursor)) {
		enum memblock_zone zone = zone_from_string(word);

		if (n == MEMBLOCK_ZONES_MAX)
			break;
		if (zone == MEMBLOCK_ZONE_UNKNOWN && !*ret_unknown)
			*ret_unknown = word;
		zones = zone_list_add(zones, n++, zone);
	}
	return zones;
}

/* What a block's attribute gave, for the notes. */
static int note_attribute(struct memblock_inventory *inventory, const char *path, int error,
			  const char *word)
{
	if (error == -ENOMEM)
		return error;
	if (word)
		return notes_add(&inventory->notes, "/%s/%s: unknown word \"%.32s\"", MEMORY_DIR,
				 path, word);
	return notes_add(&inventory->notes, "/%s/%s: %s", MEMORY_DIR, path,
			 error == -EFBIG ? "longer than any kernel writes it" : strerror(-error));
}

static int read_state(struct memblock_inventory *inventory, struct memblock_block *block)
{
	char path[64], text[ATTRIBUTE_MAX];
	enum memblock_state state;
	int r;

	snprintf(path, sizeof(path), "memory%" PRIu64 "/state", block->index);
	r = root_read_attribute_at(inventory->root, inventory->memory_fd, path, text);
	if (r == -ENOENT || r == -ENODEV)
		return r;
	if (r < 0)
		return note_attribute(inventory, path, r, NULL);

	r = state_from_string(text, &state);
	if (r < 0)
		return note_attribute(inventory, path, r, text);
	block->state = (uint8_t)state;
	return 0;
}

static int read_zones(struct memblock_inventory *inventory, struct memblock_block *block)
{
	char path[64], text[ATTRIBUTE_MAX];
	const char *unknown;
	int r;

	snprintf(path, sizeof(path), "memory%" PRIu64 "/valid_zones", block->index);
	r = root_read_attribute_at(inventory->root, inventory->memory_fd, path, text);
	if (r == -ENOENT || r == -ENODEV)
		return 0; /* no hot-remove in this kernel, or the block just went */
	inventory->has_valid_zones = true;
	if (r < 0)
		return note_attribute(inventory, path, r, NULL);

	block->zones = zones_parse(text, &unknown);
	if (unknown)
		return note_attribute(inventory, path, -EINVAL, unknown);
	return 0;
}

/* Looks for the node that links a block, from the block's side. A hot-added one has one only. */
static int find_link(struct memblock_inventory *inventory, struct memblock_block *block)
{
	_cleanup_closedir_ DIR *dir = NULL;
	char path[64];
	int r;

	snprintf(path, sizeof(path), MEMORY_DIR "/memory%" PRIu64, block->index);
	r = root_open_dir(inventory->root, path, &dir);
	if (r < 0)
		return r;

	for (struct dirent *entry; (entry = readdir(dir));) {
		uint64_t nid;

		if (parse_suffix(entry->d_name, "node", &nid) < 0 || nid > INT16_MAX)
			continue;
		block->nid = (int)nid;
		return 0;
	}
	return -ENOENT;
}

/*
 * A block that is being added is there before its node links it. Up to Linux 6.12, its valid_zones
 * must not be read before (drivers/base/memory.c:valid_zones_show() takes the zones of node -1), so
 * the link is waited for, all in all as long as `patience` allows. Returns whether it is safe.
 */
static bool is_linked(struct memblock_inventory *inventory, struct memblock_block *block,
		      unsigned *patience)
{
	static const long delays_ms[] = { 1, 10, 100 };

	if (!inventory->root->live || !inventory->has_nodes || block->nid != MEMBLOCK_NID_UNKNOWN ||
	    block->state != MEMBLOCK_STATE_OFFLINE)
		return true;

	while (find_link(inventory, block) < 0) {
		if (*patience == ARRAY_SIZE(delays_ms))
			return false;
		nanosleep(&(struct timespec){ .tv_nsec = delays_ms[*patience] * 1000000 }, NULL);
		++*patience;
	}
	return true;
}

static int read_block(struct memblock_inventory *inventory, struct memblock_block *block,
		      unsigned *patience)
{
	enum memblock_zone zones[MEMBLOCK_ZONES_MAX];
	int r;

	r = read_state(inventory, block);
	if (r < 0 || !is_linked(inventory, block, patience))
		return r;
	r = read_zones(inventory, block);
	if (r < 0)
		return r;

	/* No online block has several zones to choose from: it went offline in between. */
	if (block->state == MEMBLOCK_STATE_ONLINE && memblock_block_zones(block, zones) > 1)
		return read_state(inventory, block);
	return 0;
}

/* A folder without a state file is a block that went between readdir and open, or none at all. */
int source_states_read(struct memblock_inventory *inventory)
{
	unsigned patience = 0;
	size_t kept = 0;
	int r;

	for (size_t i = 0; i < inventory->n_blocks; i++) {
		struct memblock_block block = inventory->blocks[i];

		r = read_block(inventory, &block, &patience);
		if (r == -ENOENT || r == -ENODEV)
			continue;
		if (r < 0)
			return r;
		inventory->blocks[kept++] = block;
	}
	inventory->n_blocks = kept;

	inventory->says_removable =
		!inventory->has_valid_zones && kept > 0 &&
		memblock_block_kernel_removable(inventory, &inventory->blocks[0]) == 1;
	return 0;
}
