/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "names.h"
#include "parallel.h"
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

/* How many blocks one thread reads at a stretch, in some 10 ms. */
#define STRETCH_BLOCKS 2048

/* Neighbouring blocks, and what reading them found. Stretches are read at the same time: what is
 * not theirs alone is changed when they are joined, in order. */
struct stretch {
	const struct memblock_inventory *inventory;
	struct memblock_block *blocks;
	size_t n;
	bool has_valid_zones;
	struct notes notes;
	int result;
};

struct stretches {
	struct stretch *items;
	size_t n;
	int (*read)(struct stretch *stretch);
};

static void stretches_done(struct stretches *stretches)
{
	for (size_t i = 0; i < stretches->n; i++)
		notes_done(&stretches->items[i].notes);
	free(stretches->items);
}

/* What a block's attribute gave, for the notes. */
static int note_attribute(struct stretch *stretch, const char *path, int error, const char *word)
{
	if (error == -ENOMEM)
		return error;
	if (word)
		return notes_add(&stretch->notes, "/%s/%s: unknown word \"%.32s\"", MEMORY_DIR,
				 path, word);
	return notes_add(&stretch->notes, "/%s/%s: %s", MEMORY_DIR, path,
			 error == -EFBIG ? "longer than any kernel writes it" : strerror(-error));
}

static int read_attribute(const struct stretch *stretch, const char *path, char text[ATTRIBUTE_MAX])
{
	const struct memblock_inventory *inventory = stretch->inventory;

	return root_read_attribute_at(inventory->root, inventory->memory_fd, path, text);
}

static int read_state(struct stretch *stretch, struct memblock_block *block)
{
	char path[64], text[ATTRIBUTE_MAX];
	enum memblock_state state;
	int r;

	snprintf(path, sizeof(path), "memory%" PRIu64 "/state", block->index);
	r = read_attribute(stretch, path, text);
	if (r == -ENOENT || r == -ENODEV)
		return r;
	if (r < 0)
		return note_attribute(stretch, path, r, NULL);

	r = state_from_string(text, &state);
	if (r < 0)
		return note_attribute(stretch, path, r, text);
	block->state = (uint8_t)state;
	return 0;
}

static int read_zones(struct stretch *stretch, struct memblock_block *block)
{
	char path[64], text[ATTRIBUTE_MAX];
	const char *unknown;
	int r;

	snprintf(path, sizeof(path), "memory%" PRIu64 "/valid_zones", block->index);
	r = read_attribute(stretch, path, text);
	if (r == -ENOENT || r == -ENODEV)
		return 0; /* no hot-remove in this kernel, or the block just went */
	stretch->has_valid_zones = true;
	if (r < 0)
		return note_attribute(stretch, path, r, NULL);

	block->zones = zones_parse(text, &unknown);
	if (unknown)
		return note_attribute(stretch, path, -EINVAL, unknown);
	return 0;
}

/*
 * A block that is being added is there before its node links it. Up to Linux 6.12, its valid_zones
 * must not be read before: drivers/base/memory.c:valid_zones_show() takes the zones of node -1.
 */
static bool may_lack_link(const struct memblock_inventory *inventory,
			  const struct memblock_block *block)
{
	return inventory->root->live && inventory->has_nodes &&
	       block->nid == MEMBLOCK_NID_UNKNOWN && block->state == MEMBLOCK_STATE_OFFLINE;
}

static int read_block(struct stretch *stretch, struct memblock_block *block)
{
	enum memblock_zone zones[MEMBLOCK_ZONES_MAX];
	int r;

	r = read_state(stretch, block);
	if (r < 0 || may_lack_link(stretch->inventory, block))
		return r;
	r = read_zones(stretch, block);
	if (r < 0)
		return r;

	/* No online block has several zones to choose from: it went offline in between. */
	if (block->state == MEMBLOCK_STATE_ONLINE && memblock_block_zones(block, zones) > 1)
		return read_state(stretch, block);
	return 0;
}

/* A folder without a state file is a block that went between readdir and open, or none at all. */
static int read_blocks(struct stretch *stretch)
{
	size_t kept = 0;

	for (size_t i = 0; i < stretch->n; i++) {
		struct memblock_block block = stretch->blocks[i];
		int r = read_block(stretch, &block);

		if (r == -ENOENT || r == -ENODEV)
			continue;
		if (r < 0)
			return r;
		stretch->blocks[kept++] = block;
	}
	stretch->n = kept;
	return 0;
}

/* Looks for the node that links a block, from the block's side. A hot-added one has one only. */
static int find_link(const struct memblock_inventory *inventory, struct memblock_block *block)
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

/* Waits for a block's link, all in all as long as `patience` allows. */
static bool wait_for_link(const struct memblock_inventory *inventory, struct memblock_block *block,
			  unsigned *patience)
{
	static const long delays_ms[] = { 1, 10, 100 };

	while (find_link(inventory, block) < 0) {
		if (*patience == ARRAY_SIZE(delays_ms))
			return false;
		nanosleep(&(struct timespec){ .tv_nsec = delays_ms[*patience] * 1000000 }, NULL);
		++*patience;
	}
	return true;
}

/* One after the other: they are few, and while one is waited for the others get their links. */
static int read_latecomers(struct stretch *stretch)
{
	unsigned patience = 0;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < stretch->n; i++) {
		struct memblock_block *block = &stretch->blocks[i];

		if (may_lack_link(stretch->inventory, block) &&
		    wait_for_link(stretch->inventory, block, &patience))
			r = read_zones(stretch, block);
	}
	return r;
}

static int cut(const struct memblock_inventory *inventory, size_t blocks, struct stretches *ret)
{
	size_t n = (inventory->n_blocks + blocks - 1) / blocks;

	ret->items = calloc(MAX(n, 1), sizeof(*ret->items));
	if (!ret->items)
		return -ENOMEM;
	ret->n = n;
	for (size_t i = 0; i < n; i++)
		ret->items[i] = (struct stretch){
			.inventory = inventory,
			.blocks = inventory->blocks + i * blocks,
			.n = MIN(inventory->n_blocks - i * blocks, blocks),
		};
	return 0;
}

static void read_stretch(size_t i, void *userdata)
{
	struct stretches *stretches = userdata;

	stretches->items[i].result = stretches->read(&stretches->items[i]);
}

static int join(struct memblock_inventory *inventory, struct stretches *stretches)
{
	int r = 0;

	inventory->n_blocks = 0;
	for (size_t i = 0; r >= 0 && i < stretches->n; i++) {
		struct stretch *stretch = &stretches->items[i];

		memmove(inventory->blocks + inventory->n_blocks, stretch->blocks,
			stretch->n * sizeof(*stretch->blocks));
		inventory->n_blocks += stretch->n;
		inventory->has_valid_zones |= stretch->has_valid_zones;
		r = notes_move(&inventory->notes, &stretch->notes);
		if (stretch->result < 0)
			r = stretch->result;
	}
	return r;
}

/* Reads all blocks, so many at a stretch. */
static int read_stretches(struct memblock_inventory *inventory, size_t blocks,
			  int (*read)(struct stretch *stretch))
{
	_cleanup_(stretches_done) struct stretches stretches = { .read = read };
	int r;

	r = cut(inventory, blocks, &stretches);
	if (r < 0)
		return r;
	parallel_do(stretches.n, read_stretch, &stretches);
	return join(inventory, &stretches);
}

int source_states_read(struct memblock_inventory *inventory)
{
	int r;

	r = read_stretches(inventory, STRETCH_BLOCKS, read_blocks);
	if (r >= 0)
		r = read_stretches(inventory, MAX(inventory->n_blocks, 1), read_latecomers);
	if (r < 0)
		return r;

	inventory->says_removable =
		!inventory->has_valid_zones && inventory->n_blocks > 0 &&
		memblock_block_kernel_removable(inventory, &inventory->blocks[0]) == 1;
	return 0;
}
