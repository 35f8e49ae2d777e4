/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "parse.h"
#include "sources.h"

int meminfo_value(const char *text, const char *key, uint64_t *ret)
{
	size_t length = strlen(key);
	uint64_t kib;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, length) != 0 || line[length] != ':')
			continue;
		line += length + 1;
		line += strspn(line, " ");
		if (parse_u64_at(&line, 10, &kib) < 0 || strncmp(line, " kB\n", 4) != 0 ||
		    __builtin_mul_overflow(kib, 1024, ret))
			return -ENODATA;
		return 0;
	}
	return -ENODATA;
}

static int read_meminfo(const struct memblock_root *root, struct memblock_memory *memory)
{
	_cleanup_free_ char *text = NULL;
	int r;

	r = root_read_file(root, "proc/meminfo", &text, NULL);
	if (r >= 0)
		r = meminfo_value(text, "MemTotal", &memory->total);
	if (r >= 0)
		r = meminfo_value(text, "MemAvailable", &memory->available);
	return r;
}

static int find_page_size(const struct memblock_root *root, uint64_t *ret)
{
	char architecture[ATTRIBUTE_MAX];
	bool known = root_read_attribute(root, ARCHITECTURE_PATH, architecture) == 0;
	int r;

	r = machine_page_size(root, known ? architecture : NULL, ret);
	return r < 0 || *ret ? r : -ENODATA;
}

static int read_zones(const struct memblock_root *root, struct memblock_memory *memory)
{
	_cleanup_free_ char *text = NULL;
	uint64_t page_size, pages;
	int r;

	r = find_page_size(root, &page_size);
	if (r >= 0)
		r = root_read_file(root, "proc/zoneinfo", &text, NULL);
	if (r >= 0)
		r = zoneinfo_kernel_free(text, &pages);
	if (r >= 0 && __builtin_mul_overflow(pages, page_size, &memory->kernel_free))
		r = -ENODATA;
	return r;
}

int memblock_memory_read(struct memblock_root *root, struct memblock_memory *ret)
{
	struct memblock_memory memory;
	int r;

	r = read_meminfo(root, &memory);
	if (r >= 0)
		r = read_zones(root, &memory);
	if (r < 0)
		return r;

	*ret = memory;
	return 0;
}
