/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "array.h"
#include "geometry.h"
#include "names.h"
#include "parse.h"
#include "sources.h"

#define MEMORY_DIR "sys/devices/system/memory"

/* x86 stops at 2 GiB (arch/x86/mm/init_64.c); no machine comes near this. */
#define BLOCK_SIZE_MAX (UINT64_C(1) << 40)

static int fail(char **ret_error, int error, const char *format, ...) _printf_(3, 4);
static int fail(char **ret_error, int error, const char *format, ...)
{
	va_list ap;
	int r;

	if (!ret_error)
		return error;

	va_start(ap, format);
	r = vasprintf(ret_error, format, ap);
	va_end(ap);
	if (r < 0)
		*ret_error = NULL;
	return error;
}

/* Documentation/ABI/testing/sysfs-devices-memory: hexadecimal, without 0x. */
static int read_block_size(struct memblock_inventory *inventory, char **ret_error)
{
	char text[ATTRIBUTE_MAX] = "";
	uint64_t size;
	int r;

	r = root_read_attribute_at(inventory->root, inventory->memory_fd, "block_size_bytes", text);
	if (r < 0)
		return fail(ret_error, r, "Can't read /%s/block_size_bytes: %s", MEMORY_DIR,
			    strerror(-r));

	r = parse_u64(text, 16, &size);
	if (r < 0 || !is_power_of_two(size) || size < MEMBLOCK_SUBSECTION_SIZE ||
	    size > BLOCK_SIZE_MAX)
		return fail(
			ret_error, -EBADMSG,
			"/%s/block_size_bytes says \"%.32s\", which is no size of a memory block",
			MEMORY_DIR, text);

	inventory->block_size = size;
	inventory->section_size = geometry_section_size(inventory->machine.architecture,
							inventory->machine.release, size);
	return 0;
}

static int add_block(struct memblock_inventory *inventory, const char *name)
{
	uint64_t index, end;
	int r;

	r = parse_suffix(name, "memory", &index);
	if (r == -EINVAL)
		return 0; /* memory_failure, power, the attributes */
	if (r < 0 || __builtin_mul_overflow(index + 1, inventory->block_size, &end) || end == 0)
		return notes_add(&inventory->notes,
				 "/%s/%s: no such address, the block is left out", MEMORY_DIR,
				 name);

	r = ARRAY_GROW(inventory->blocks, inventory->blocks_capacity, inventory->n_blocks);
	if (r < 0)
		return r;

	inventory->blocks[inventory->n_blocks++] = (struct memblock_block){
		.index = index,
		.nid = MEMBLOCK_NID_UNKNOWN,
	};
	return 0;
}

static int compare_blocks(const void *a, const void *b)
{
	const struct memblock_block *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

static int list_blocks(struct memblock_inventory *inventory, DIR *dir)
{
	int r;

	for (struct dirent *entry; (errno = 0, entry = readdir(dir));) {
		r = add_block(inventory, entry->d_name);
		if (r < 0)
			return r;
	}
	if (errno != 0)
		return -errno;

	if (inventory->n_blocks > 0)
		qsort(inventory->blocks, inventory->n_blocks, sizeof(*inventory->blocks),
		      compare_blocks);
	return 0;
}

zone_list zones_parse(char *text, const char **ret_unknown)
{
	zone_list zones = 0;
	char *cursor = NULL;
	unsigned shift = 0;

	*ret_unknown = NULL;
	for (char *word = strtok_r(text, " ", &cursor); word; word = strtok_r(NULL, " ", &cursor)) {
		enum memblock_zone zone = zone_from_string(word);

		if (shift == 4 * MEMBLOCK_ZONES_MAX)
			break;
		if (zone == MEMBLOCK_ZONE_UNKNOWN && !*ret_unknown)
			*ret_unknown = word;
		/* One more than the zone, so that 0 ends the list. */
		zones |= (zone_list)((zone + 1) << shift);
		shift += 4;
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

/* A folder without a state file is a block that went between readdir and open, or none at all. */
static int read_attributes(struct memblock_inventory *inventory)
{
	size_t kept = 0;
	int r;

	for (size_t i = 0; i < inventory->n_blocks; i++) {
		struct memblock_block block = inventory->blocks[i];

		r = read_state(inventory, &block);
		if (r == -ENOENT || r == -ENODEV)
			continue;
		if (r < 0)
			return r;
		r = read_zones(inventory, &block);
		if (r < 0)
			return r;
		inventory->blocks[kept++] = block;
	}

	inventory->n_blocks = kept;
	return 0;
}

int source_blocks_read(struct memblock_inventory *inventory, char **ret_error)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int r;

	r = root_open_dir(inventory->root, MEMORY_DIR, &dir);
	if (r == -ENOENT)
		return fail(ret_error, -EOPNOTSUPP,
			    "No /%s: this kernel was built without memory hotplug", MEMORY_DIR);
	if (r < 0)
		return fail(ret_error, r, "Can't open /%s: %s", MEMORY_DIR, strerror(-r));

	inventory->memory_fd = fcntl(dirfd(dir), F_DUPFD_CLOEXEC, 3);
	if (inventory->memory_fd < 0)
		return fail(ret_error, -errno, "Can't open /%s: %m", MEMORY_DIR);

	r = read_block_size(inventory, ret_error);
	if (r < 0)
		return r;
	r = list_blocks(inventory, dir);
	if (r < 0)
		return fail(ret_error, r, "Can't list /%s: %s", MEMORY_DIR, strerror(-r));
	r = read_attributes(inventory);
	if (r < 0)
		return r;

	return inventory_set_source(inventory, MEMBLOCK_SOURCE_BLOCKS, MEMBLOCK_SOURCE_READ, NULL);
}
