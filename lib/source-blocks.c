/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "geometry.h"
#include "listing.h"
#include "parse.h"
#include "sources.h"

/* x86 stops at 2 GiB (arch/x86/mm/init_64.c); no machine comes near this. */
#define BLOCK_SIZE_MAX (UINT64_C(1) << 40)

/* To list fewer takes hardly longer than to start a thread. */
#define MANY_BLOCKS 2048

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
	    size < geometry_block_size_min(inventory->machine.architecture) ||
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

static int add_block(struct memblock_inventory *inventory, uint64_t index)
{
	struct memblock_range range;

	if (block_range(index, inventory->block_size, &range) < 0)
		return notes_add(&inventory->notes,
				 "/%s/memory%" PRIu64 ": no such address, the block is left out",
				 MEMORY_DIR, index);
	inventory->blocks[inventory->n_blocks++] = (struct memblock_block){
		.index = index,
		.nid = MEMBLOCK_NID_UNKNOWN,
	};
	return 0;
}

/* Numbers are a third of a block each, and qsort copies what it sorts. */
static int add_blocks(struct memblock_inventory *inventory, struct listing *memory)
{
	int r;

	if (memory->result < 0)
		return memory->result;
	r = notes_move(&inventory->notes, &memory->notes);
	if (r < 0 || memory->n == 0)
		return r;

	qsort(memory->numbers, memory->n, sizeof(*memory->numbers), compare_u64);
	inventory->blocks = calloc(memory->n, sizeof(*inventory->blocks));
	if (!inventory->blocks)
		return -ENOMEM;
	for (size_t i = 0; r >= 0 && i < memory->n; i++)
		r = add_block(inventory, memory->numbers[i]);
	return r;
}

/* The links of a folder count those in it, in sysfs as in tmpfs. */
static bool are_many(const struct memblock_inventory *inventory)
{
	struct stat st;

	return fstat(inventory->memory_fd, &st) == 0 && st.st_nlink > MANY_BLOCKS;
}

/* Every kernel has the folder around it. */
static int fail_without_memory(const struct memblock_root *root, char **ret_error)
{
	if (root_exists(root, SYSTEM_DIR))
		return fail(ret_error, -EOPNOTSUPP,
			    "No /%s: this kernel was built without memory hotplug", MEMORY_DIR);
	return fail(ret_error, -ENOENT,
		    "No /%s: /sys is not mounted, or this is not the root of a machine",
		    MEMORY_DIR);
}

static int open_memory(struct memblock_inventory *inventory, char **ret_error)
{
	inventory->memory_fd = memblock_root_open(inventory->root, MEMORY_DIR, O_DIRECTORY);
	if (inventory->memory_fd == -ENOENT)
		return fail_without_memory(inventory->root, ret_error);
	if (inventory->memory_fd < 0)
		return fail(ret_error, inventory->memory_fd, "Can't open /%s: %s", MEMORY_DIR,
			    strerror(-inventory->memory_fd));
	return read_block_size(inventory, ret_error);
}

int source_blocks_read(struct memblock_inventory *inventory, char **ret_error)
{
	_cleanup_listings_ struct listings listings = {};
	int r;

	r = open_memory(inventory, ret_error);
	if (r < 0)
		return r;

	/* Of memory first, then of its nodes. */
	r = listings_add(&listings, MEMBLOCK_NID_UNKNOWN, MEMORY_DIR);
	if (r >= 0)
		r = source_nodes_list(inventory, &listings);
	if (r < 0)
		return r;
	listings_read(&listings, inventory->root, are_many(inventory));

	r = add_blocks(inventory, &listings.items[0]);
	if (r < 0)
		return fail(ret_error, r, "Can't list /%s: %s", MEMORY_DIR, strerror(-r));
	r = source_nodes_link(inventory, &listings);
	if (r < 0)
		return r;
	return inventory_set_source(inventory, MEMBLOCK_SOURCE_BLOCKS, MEMBLOCK_SOURCE_READ, NULL);
}
