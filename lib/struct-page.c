/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "geometry.h"
#include "mem-sections.h"
#include "parse.h"
#include "sources.h"
#include "struct-page.h"

/* 56 to 96 bytes on every kernel so far. */
#define SIZE_MOST 1024

struct struct_pages {
	struct kcore *kcore;
	struct mem_sections *sections;
	uint64_t size;         /* of one */
	uint64_t count_offset; /* of its reference count */
	uint64_t per_section;
	uint8_t buffer[];
};

struct struct_pages *struct_pages_close(struct struct_pages *pages)
{
	if (!pages)
		return NULL;
	mem_sections_free(pages->sections);
	kcore_close(pages->kcore);
	free(pages);
	return NULL;
}

/* With another page size than the kernel's own, numbers of pages would lead anywhere. */
static int read_layout(const struct vmcoreinfo *info, uint64_t page_size, uint64_t *ret_size,
		       uint64_t *ret_offset)
{
	uint64_t own_page_size;
	int r;

	r = vmcoreinfo_number(info, "PAGESIZE", &own_page_size);
	if (r >= 0)
		r = vmcoreinfo_number(info, "SIZE(page)", ret_size);
	if (r >= 0)
		r = vmcoreinfo_number(info, "OFFSET(page._refcount)", ret_offset);
	if (r < 0)
		return r;
	return own_page_size == page_size && *ret_size <= SIZE_MOST &&
			       *ret_size >= sizeof(uint32_t) &&
			       *ret_offset <= *ret_size - sizeof(uint32_t)
		       ? 0
		       : -EBADMSG;
}

/* Kernels before 5.14 don't tell how large a section is. */
static int find_section_size(const struct memblock_root *root, uint64_t block_size, uint64_t *ret)
{
	_cleanup_(machine_done) struct machine machine = {};
	int r;

	r = machine_names(root, &machine);
	if (r >= 0)
		*ret = geometry_section_size(machine.architecture, machine.release, block_size);
	return r;
}

int struct_pages_open(const struct memblock_root *root, uint64_t block_size, uint64_t page_size,
		      struct struct_pages **ret)
{
	_cleanup_(struct_pages_closep) struct struct_pages *pages = NULL;
	_cleanup_(kcore_closep) struct kcore *kcore = NULL;
	uint64_t size, offset, section_size = 0;
	int r;

	r = kcore_open(root, NULL, &kcore);
	if (r >= 0)
		r = read_layout(kcore_vmcoreinfo(kcore), page_size, &size, &offset);
	if (r >= 0)
		r = find_section_size(root, block_size, &section_size);
	if (r < 0)
		return r;

	pages = calloc(1, sizeof(*pages) + STRUCT_PAGES_MAX * size);
	if (!pages)
		return -ENOMEM;
	pages->kcore = TAKE_PTR(kcore);
	pages->size = size;
	pages->count_offset = offset;
	r = mem_sections_new(pages->kcore, section_size, NULL, &pages->sections);
	if (r < 0)
		return r;
	pages->per_section = mem_sections_section_size(pages->sections) / page_size;
	if (pages->per_section == 0)
		return -EBADMSG;

	*ret = TAKE_PTR(pages);
	return 0;
}

/* Of one section. */
static int read_counts(struct struct_pages *pages, uint64_t pfn, size_t n, uint32_t *ret)
{
	uint64_t mem_map;
	int r;

	r = mem_sections_read(pages->sections, pfn / pages->per_section, &mem_map, NULL);
	if (r < 0)
		return r;
	if (mem_map == 0)
		return -ENODATA;
	r = kcore_read(pages->kcore, mem_map_base(mem_map) + pfn * pages->size, pages->buffer,
		       n * pages->size);
	for (size_t i = 0; r >= 0 && i < n; i++)
		memcpy(&ret[i], pages->buffer + i * pages->size + pages->count_offset,
		       sizeof(*ret));
	return r;
}

int struct_pages_read_counts(struct struct_pages *pages, uint64_t pfn, size_t n, uint32_t *ret)
{
	int r = 0;

	for (size_t done = 0, some; r >= 0 && done < n; done += some) {
		uint64_t left = pages->per_section - (pfn + done) % pages->per_section;

		some = (size_t)MIN(left, (uint64_t)(n - done));
		r = read_counts(pages, pfn + done, some, ret + done);
	}
	return r < 0 ? r : 0;
}
