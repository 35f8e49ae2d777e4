/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "btf.h"
#include "mem-sections.h"
#include "parse.h"
#include "sources.h"

#define SECTIONS_PATH "memblockd/sections"

/* Sections that are read together. */
#define BATCH 512
/* Maps that lie no further apart are read in one go: those of sections that were there at boot lie
 * side by side, 32 to 64 bytes from one to the next (mm/sparse.c:mem_section_usage_size()). */
#define NEAR 256
#define RUN_MAX ((size_t)1 << 16)

/* Flags that all kernels have at the same place: present, has a memmap, online. */
#define COMMON_FLAGS 0x7

/* What is asked, and what came of it. */
struct reading {
	const struct memblock_root *root;
	uint64_t first;
	uint64_t end;
	struct notes *notes; /* NULL where nobody wants them */
	const char *path;    /* of the file that it has come to */
	uint64_t section_size;
};

struct entry {
	uint64_t number;
	uint64_t mem_map;
	uint64_t usage;
};

/* One batch of sections, and the maps of those. */
struct batch {
	struct entry entries[BATCH];
	size_t n;
	size_t map_size;
	uint8_t *maps;
	uint8_t *run;
};

static void batch_done(struct batch *batch)
{
	free(batch->maps);
	free(batch->run);
}

static int collect(struct mem_sections *sections, const struct reading *reading, uint64_t *from,
		   struct batch *batch)
{
	batch->n = 0;
	while (batch->n < BATCH && *from < reading->end) {
		struct entry *entry = &batch->entries[batch->n];
		int r;

		r = mem_sections_next(sections, *from, &entry->number);
		if (r == 0 || (r > 0 && entry->number >= reading->end))
			*from = reading->end;
		if (r <= 0 || *from == reading->end)
			return r < 0 ? r : 0;
		r = mem_sections_read(sections, entry->number, &entry->mem_map, &entry->usage);
		if (r < 0)
			return r;
		*from = entry->number + 1;
		batch->n += entry->usage != 0;
	}
	return 0;
}

/* How many entries from one on have maps so near to each other that they are read in one go. */
static size_t run_length(const struct batch *batch, size_t first)
{
	const struct entry *entries = batch->entries;
	size_t i = first + 1;

	while (i < batch->n && entries[i].usage > entries[i - 1].usage &&
	       entries[i].usage - entries[i - 1].usage <= NEAR + batch->map_size &&
	       entries[i].usage - entries[first].usage <= RUN_MAX - batch->map_size)
		i++;
	return i - first;
}

static int read_maps(const struct kcore *kcore, uint64_t offset, struct batch *batch)
{
	for (size_t i = 0, n; i < batch->n; i += n) {
		uint64_t start = batch->entries[i].usage, address;
		int r;

		n = run_length(batch, i);
		if (__builtin_add_overflow(start, offset, &address))
			return -EFAULT;
		r = kcore_read(kcore, address, batch->run,
			       batch->entries[i + n - 1].usage - start + batch->map_size);
		if (r < 0)
			return r;
		for (size_t j = i; j < i + n; j++)
			memcpy(batch->maps + j * batch->map_size,
			       batch->run + (batch->entries[j].usage - start), batch->map_size);
	}
	return 0;
}

/* Leaves out what went away, or came anew, while its map was read. */
static int drop_changed(struct mem_sections *sections, struct batch *batch)
{
	size_t n = 0;

	mem_sections_forget(sections);
	for (size_t i = 0; i < batch->n; i++) {
		struct entry now = batch->entries[i];
		int r;

		r = mem_sections_read(sections, now.number, &now.mem_map, &now.usage);
		if (r < 0)
			return r;
		if (now.usage != batch->entries[i].usage)
			continue;
		batch->entries[n] = now;
		memmove(batch->maps + n * batch->map_size, batch->maps + i * batch->map_size,
			batch->map_size);
		n++;
	}
	batch->n = n;
	return 0;
}

static uint32_t flag_at(uint64_t mem_map, unsigned bit, uint32_t flag)
{
	return bit < NO_BIT && mem_map >> bit & 1 ? flag : 0;
}

static void print_map(FILE *file, const uint8_t *map, const struct batch *batch, uint64_t bits)
{
	uint64_t word;

	if (batch->map_size == 0) {
		fputs("-", file);
		return;
	}
	for (uint64_t digits = (bits + 3) / 4; digits-- > 0;) {
		memcpy(&word, map + digits / 16 * sizeof(word), sizeof(word));
		fprintf(file, "%x", (unsigned)(word >> digits % 16 * 4 & 0xf));
	}
}

static void print_batch(FILE *file, const struct batch *batch, const struct section_layout *layout,
			uint64_t section_size)
{
	for (size_t i = 0; i < batch->n; i++) {
		uint64_t mem_map = batch->entries[i].mem_map;
		uint32_t flags = (mem_map & COMMON_FLAGS) |
				 flag_at(mem_map, layout->early, MEMBLOCK_SECTION_EARLY) |
				 flag_at(mem_map, layout->device, MEMBLOCK_SECTION_DEVICE);

		fprintf(file, "section %" PRIu64 " flags %x map ", batch->entries[i].number, flags);
		print_map(file, batch->maps + i * batch->map_size, batch,
			  section_size / MEMBLOCK_SUBSECTION_SIZE);
		fputc('\n', file);
	}
}

/* What lies behind the map is none of it, and for nobody's eyes: older kernels have us told by
 * others how large a section is. */
static int make_room(struct batch *batch, const struct section_layout *layout,
		     uint64_t section_size)
{
	uint64_t bits = section_size / MEMBLOCK_SUBSECTION_SIZE;

	batch->map_size = layout->has_map ? (bits + 63) / 64 * sizeof(uint64_t) : 0;
	if (batch->map_size > layout->map_size)
		return -EINVAL;
	batch->maps = calloc(BATCH, MAX(batch->map_size, (size_t)1));
	batch->run = malloc(RUN_MAX);
	return batch->maps && batch->run ? 0 : -ENOMEM;
}

static int print_sections(const struct kcore *kcore, struct mem_sections *sections,
			  const struct section_layout *layout, const struct reading *reading,
			  FILE *file)
{
	_cleanup_(batch_done) struct batch batch = {};
	uint64_t from = reading->first;
	int r;

	r = make_room(&batch, layout, reading->section_size);
	while (r >= 0 && from < reading->end) {
		r = collect(sections, reading, &from, &batch);
		if (r >= 0 && layout->has_map)
			r = read_maps(kcore, layout->map, &batch);
		if (r >= 0)
			r = drop_changed(sections, &batch);
		if (r >= 0)
			print_batch(file, &batch, layout, reading->section_size);
	}
	return r;
}

static int close_text(FILE *file)
{
	bool failed = ferror(file);

	return fclose(file) != 0 || failed ? -ENOMEM : 0;
}

static int read_kernel(struct reading *reading, char **ret)
{
	_cleanup_(mem_sections_freep) struct mem_sections *sections = NULL;
	_cleanup_(kcore_closep) struct kcore *kcore = NULL;
	_cleanup_free_ char *text = NULL;
	struct section_layout layout;
	size_t size;
	FILE *file;
	int r, closed;

	reading->path = KCORE_PATH;
	r = kcore_open(reading->root, reading->notes, &kcore);
	if (r < 0)
		return r;
	reading->path = BTF_PATH;
	r = btf_section_layout(reading->root, reading->notes, &layout);
	if (r < 0)
		return r;
	reading->path = KCORE_PATH;
	r = mem_sections_new(kcore, reading->section_size, reading->notes, &sections);
	if (r >= 0)
		r = mem_sections_set_usage(sections, layout.usage);
	if (r < 0)
		return r;
	reading->section_size = mem_sections_section_size(sections);

	file = open_memstream(&text, &size);
	if (!file)
		return -ENOMEM;
	r = print_sections(kcore, sections, &layout, reading, file);
	closed = close_text(file);
	if (r >= 0) /* glibc's fclose() says nothing where it has no memory for the text */
		r = text ? closed : -ENOMEM;
	if (r >= 0)
		*ret = TAKE_PTR(text);
	return r;
}

/* Lines of sections that were not asked for go; what is no such line stays, for who reads them. */
static void keep_window(char *text, uint64_t first, uint64_t end)
{
	char *to = text;

	for (char *line = text, *next; *line; line = next) {
		const char *p = line + strlen("section ");
		uint64_t number;
		size_t size;

		next = strchrnul(line, '\n');
		next += *next == '\n';
		size = (size_t)(next - line);
		if (strncmp(line, "section ", strlen("section ")) == 0 &&
		    parse_u64_at(&p, 10, &number) == 0 && (number < first || number >= end))
			continue;
		memmove(to, line, size);
		to += size;
	}
	*to = '\0';
}

static int read_sections(struct reading *reading, char **ret)
{
	int r = -ENOENT;

	if (!reading->root->live || reading->root->opener) {
		reading->path = SECTIONS_PATH;
		r = root_read_file(reading->root, SECTIONS_PATH, ret, NULL);
	}
	if (r == -ENOENT)
		return read_kernel(reading, ret);
	if (r >= 0)
		keep_window(*ret, reading->first, reading->end);
	return r;
}

int memblock_sections_read(struct memblock_root *root, uint64_t section_size, uint64_t first,
			   uint64_t n, char **ret)
{
	struct reading reading = { .root = root, .first = first, .section_size = section_size };
	_cleanup_free_ char *text = NULL;
	int r;

	if (__builtin_add_overflow(first, n, &reading.end))
		reading.end = UINT64_MAX;
	r = read_sections(&reading, &text);
	/* Who gets the error doesn't get the path. */
	if (r == -ENOENT && strcmp(reading.path, BTF_PATH) == 0)
		return -ENODATA;
	if (r < 0)
		return r;
	if (section_size != 0 && reading.section_size != section_size)
		return -EINVAL;

	*ret = TAKE_PTR(text);
	return 0;
}

static int set_error(struct memblock_inventory *inventory, const char *path, int error)
{
	if (error == -EOPNOTSUPP)
		return inventory_set_source(inventory, MEMBLOCK_SOURCE_SECTIONS,
					    MEMBLOCK_SOURCE_ABSENT,
					    "this libmemblock was built without libbpf");
	if (error == -ENODATA)
		return inventory_set_source(inventory, MEMBLOCK_SOURCE_SECTIONS,
					    MEMBLOCK_SOURCE_FAILED,
					    "/%s doesn't tell where sections are", path);
	return inventory_set_source_error(inventory, MEMBLOCK_SOURCE_SECTIONS, path, error);
}

int memblock_inventory_read_sections(struct memblock_inventory *inventory)
{
	struct reading reading = {
		.root = inventory->root,
		.end = UINT64_MAX,
		.notes = &inventory->notes,
		.section_size = inventory->section_size,
	};
	_cleanup_free_ char *text = NULL;
	int r;

	if (!inventory->root)
		return 0;
	r = read_sections(&reading, &text);
	if (r < 0)
		return set_error(inventory, reading.path, r);
	/* The kernel's own word is better than what its architecture and release tell. */
	if (reading.section_size <= inventory->block_size)
		inventory->section_size = reading.section_size;
	return memblock_inventory_set_sections(inventory, text);
}
