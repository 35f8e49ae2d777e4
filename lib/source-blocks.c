/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "geometry.h"
#include "parse.h"
#include "sources.h"

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

/* The numbers that names in the folder end with. */
struct numbers {
	uint64_t *items;
	size_t n;
	size_t capacity;
};

static void numbers_done(struct numbers *numbers)
{
	free(numbers->items);
}

static int add_number(struct memblock_inventory *inventory, const char *name,
		      struct numbers *numbers)
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

	r = ARRAY_GROW(numbers->items, numbers->capacity, numbers->n);
	if (r < 0)
		return r;
	numbers->items[numbers->n++] = index;
	return 0;
}

static int add_blocks(struct memblock_inventory *inventory, const struct numbers *numbers)
{
	if (numbers->n == 0)
		return 0;
	inventory->blocks = calloc(numbers->n, sizeof(*inventory->blocks));
	if (!inventory->blocks)
		return -ENOMEM;

	inventory->n_blocks = numbers->n;
	for (size_t i = 0; i < numbers->n; i++)
		inventory->blocks[i] = (struct memblock_block){
			.index = numbers->items[i],
			.nid = MEMBLOCK_NID_UNKNOWN,
		};
	return 0;
}

/* Numbers are a third of a block each, and qsort copies what it sorts. */
static int list_blocks(struct memblock_inventory *inventory, DIR *dir)
{
	_cleanup_(numbers_done) struct numbers numbers = {};
	int r;

	for (struct dirent *entry; (errno = 0, entry = readdir(dir));) {
		r = add_number(inventory, entry->d_name, &numbers);
		if (r < 0)
			return r;
	}
	if (errno != 0)
		return -errno;

	if (numbers.n > 0)
		qsort(numbers.items, numbers.n, sizeof(*numbers.items), compare_u64);
	return add_blocks(inventory, &numbers);
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
	return inventory_set_source(inventory, MEMBLOCK_SOURCE_BLOCKS, MEMBLOCK_SOURCE_READ, NULL);
}
