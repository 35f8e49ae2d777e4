/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "geometry.h"
#include "mem-sections.h"
#include "parse.h"

/* Bits of section_mem_map, include/linux/mmzone.h. */
#define SECTION_MARKED_PRESENT 0x1
/* A memmap begins with a page, so flags to come won't reach above that. */
#define SECTION_FLAG_BITS UINT64_C(0xfff)

/* struct mem_section takes 16 bytes, 32 with CONFIG_PAGE_EXTENSION. */
#define STRUCT_SIZE_MIN 16
#define STRUCT_SIZE_MAX 256
/* usage follows section_mem_map. */
#define USAGE_BEHIND 8

/* Twice what the largest configuration of a kernel has: ppc64, with sections of 16 MiB and 51 bits
 * of physical address. */
#define SECTIONS_MAX (UINT64_C(1) << 28)

/* Of a section; the largest that an architecture has is 1 GiB. */
#define SECTION_SIZE_MAX (UINT64_C(1) << 36)

/* The page of one of the kernel's arrays that was read last. */
struct window {
	uint8_t *data;
	uint64_t address; /* 0: nothing was read */
};

struct mem_sections {
	const struct kcore *kcore;
	uint64_t section_size;
	uint64_t page_size;
	uint64_t table;  /* address of the roots, or of the sections themselves */
	uint64_t length; /* how many of those */
	bool flat;
	uint64_t per_root; /* sections */
	uint64_t struct_size;
	uint64_t mem_map_offset;
	uint64_t usage_offset;
	struct window roots;
	struct window array;
};

/* What lies at an offset of one of the kernel's arrays, which is read a page at a time. */
static int look(const struct mem_sections *sections, struct window *window, uint64_t array,
		uint64_t size, uint64_t offset, const uint8_t **ret)
{
	uint64_t first = offset / sections->page_size * sections->page_size, address;
	int r;

	if (__builtin_add_overflow(array, first, &address))
		return -EFAULT;
	if (window->address != address) {
		window->address = 0;
		r = kcore_read(sections->kcore, address, window->data,
			       MIN(size - first, sections->page_size));
		if (r < 0)
			return r;
		window->address = address;
	}
	*ret = window->data + (offset - first);
	return 0;
}

static uint64_t word_at(const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* A word of the table, by its number. */
static int read_root(struct mem_sections *sections, uint64_t n, uint64_t *ret)
{
	const uint8_t *p;
	int r;

	r = look(sections, &sections->roots, sections->table, sections->length * sizeof(*ret),
		 n * sizeof(*ret), &p);
	if (r >= 0)
		*ret = word_at(p);
	return r;
}

/* Whether the table is one of sections, not of pointers to arrays of them (SPARSEMEM_EXTREME):
 * VMCOREINFO has its address either way (kernel/vmcore_info.c, VMCOREINFO_SYMBOL_ARRAY) and doesn't
 * tell. But the first word that isn't 0 does: a section that is there says so in bit 0 of its first
 * word, which no pointer has. */
static int find_out_kind(struct mem_sections *sections)
{
	uint64_t word = 0;
	int r = 0;

	for (uint64_t i = 0; r >= 0 && word == 0 && i < sections->length; i++)
		r = read_root(sections, i, &word);
	if (r < 0)
		return r;

	sections->flat = word & SECTION_MARKED_PRESENT;
	sections->per_root = sections->flat ? 1 : sections->page_size / sections->struct_size;
	return sections->length <= SECTIONS_MAX / sections->per_root ? 0 : -EBADMSG;
}

/* The kernel's own word for it came with Linux 5.14. */
static int find_section_size(struct mem_sections *sections, const struct vmcoreinfo *info,
			     uint64_t fallback)
{
	uint64_t bits;
	int r;

	r = vmcoreinfo_number(info, "NUMBER(SECTION_SIZE_BITS)", &bits);
	if (r == -ENODATA && fallback != 0) {
		sections->section_size = fallback;
		return 0;
	}
	if (r < 0)
		return r;
	sections->section_size = bits < 64 ? UINT64_C(1) << bits : 0;
	return 0;
}

static int read_description(struct mem_sections *sections, const struct vmcoreinfo *info,
			    uint64_t section_size)
{
	const struct {
		const char *key;
		uint64_t *ret;
	} numbers[] = {
		{ "PAGESIZE", &sections->page_size },
		{ "SYMBOL(mem_section)", &sections->table },
		{ "LENGTH(mem_section)", &sections->length },
		{ "SIZE(mem_section)", &sections->struct_size },
		{ "OFFSET(mem_section.section_mem_map)", &sections->mem_map_offset },
	};
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		r = vmcoreinfo_number(info, numbers[i].key, numbers[i].ret);
		if (r < 0)
			return r;
	}
	return find_section_size(sections, info, section_size);
}

static bool makes_sense(const struct mem_sections *sections)
{
	return is_power_of_two(sections->page_size) && sections->page_size <= PAGE_SIZE_MAX &&
	       is_power_of_two(sections->struct_size) && sections->struct_size >= STRUCT_SIZE_MIN &&
	       sections->struct_size <= MIN((uint64_t)STRUCT_SIZE_MAX, sections->page_size) &&
	       sections->mem_map_offset <= sections->struct_size - sizeof(uint64_t) &&
	       is_power_of_two(sections->section_size) &&
	       sections->section_size >= MEMBLOCK_SUBSECTION_SIZE &&
	       sections->section_size <= SECTION_SIZE_MAX && sections->table != 0 &&
	       sections->length > 0 && sections->length <= SECTIONS_MAX;
}

int mem_sections_new(const struct kcore *kcore, uint64_t section_size, struct notes *notes,
		     struct mem_sections **ret)
{
	_cleanup_(mem_sections_freep) struct mem_sections *sections = NULL;
	int r;

	sections = calloc(1, sizeof(*sections));
	if (!sections)
		return -ENOMEM;
	sections->kcore = kcore;

	r = read_description(sections, kcore_vmcoreinfo(kcore), section_size);
	if (r >= 0 && !makes_sense(sections))
		r = -EBADMSG;
	if (r == -EBADMSG &&
	    notes_add(notes, "/" KCORE_PATH ": VMCOREINFO's mem_section makes no sense") < 0)
		return -ENOMEM;
	if (r < 0)
		return r;

	sections->roots.data = malloc(sections->page_size);
	sections->array.data = malloc(sections->page_size);
	if (!sections->roots.data || !sections->array.data)
		return -ENOMEM;
	r = mem_sections_set_usage(sections, sections->mem_map_offset + USAGE_BEHIND);
	if (r >= 0)
		r = find_out_kind(sections);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(sections);
	return 0;
}

struct mem_sections *mem_sections_free(struct mem_sections *sections)
{
	if (!sections)
		return NULL;

	free(sections->roots.data);
	free(sections->array.data);
	free(sections);
	return NULL;
}

int mem_sections_set_usage(struct mem_sections *sections, uint64_t offset)
{
	if (offset > sections->struct_size - sizeof(uint64_t))
		return -EBADMSG;
	sections->usage_offset = offset;
	return 0;
}

void mem_sections_forget(struct mem_sections *sections)
{
	sections->roots.address = 0;
	sections->array.address = 0;
}

uint64_t mem_sections_section_size(const struct mem_sections *sections)
{
	return sections->section_size;
}

/* How many there can be. */
static uint64_t n_sections(const struct mem_sections *sections)
{
	return sections->length * sections->per_root;
}

/* Where a section's structure can be seen; NULL where its root has no array. */
static int find_struct(struct mem_sections *sections, uint64_t number, const uint8_t **ret)
{
	uint64_t array = sections->table, length = sections->length, n = number;
	int r;

	*ret = NULL;
	if (!sections->flat) {
		r = read_root(sections, number / sections->per_root, &array);
		if (r < 0 || array == 0)
			return r;
		length = sections->per_root;
		n = number % sections->per_root;
	}
	return look(sections, &sections->array, array, length * sections->struct_size,
		    n * sections->struct_size, ret);
}

/* section_mem_map, 0 of a section that is not there. */
static uint64_t mem_map_at(const struct mem_sections *sections, const uint8_t *p)
{
	uint64_t mem_map = p ? word_at(p + sections->mem_map_offset) : 0;

	return mem_map & SECTION_MARKED_PRESENT ? mem_map : 0;
}

int mem_sections_read(struct mem_sections *sections, uint64_t number, uint64_t *ret_mem_map,
		      uint64_t *ret_usage)
{
	const uint8_t *p;
	int r;

	if (number >= n_sections(sections))
		return -ERANGE;
	r = find_struct(sections, number, &p);
	if (r < 0)
		return r;

	*ret_mem_map = mem_map_at(sections, p);
	if (ret_usage)
		*ret_usage = *ret_mem_map ? word_at(p + sections->usage_offset) : 0;
	return 0;
}

int mem_sections_next(struct mem_sections *sections, uint64_t number, uint64_t *ret)
{
	uint64_t length = n_sections(sections);

	for (; number < length; number++) {
		const uint8_t *p;
		int r;

		r = find_struct(sections, number, &p);
		if (r < 0)
			return r;
		if (mem_map_at(sections, p) != 0) {
			*ret = number;
			return 1;
		}
		if (!p) /* on to the last of this root */
			number += sections->per_root - 1 - number % sections->per_root;
	}
	return 0;
}

uint64_t mem_map_base(uint64_t mem_map)
{
	return mem_map & ~SECTION_FLAG_BITS;
}
