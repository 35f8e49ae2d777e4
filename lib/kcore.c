/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kcore.h"

/* Far more than any kernel writes there: two or three headers for each range of RAM, and notes of a
 * few pages. */
#define HEADERS_MAX (UINT64_C(1) << 20)
#define NOTES_SIZE_MAX ((size_t)1 << 20)
#define HEADERS_AT_ONCE 512

#if __BYTE_ORDER == __LITTLE_ENDIAN
#define OUR_BYTE_ORDER ELFDATA2LSB
#else
#define OUR_BYTE_ORDER ELFDATA2MSB
#endif

#define VMCOREINFO_NOTE "VMCOREINFO"

/* A piece of memory: [start, end) by virtual address lies at an offset of the file. */
struct segment {
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	uint64_t reach; /* the highest end of this one and of all before it */
};

struct kcore {
	int fd;
	struct segment *segments; /* by start; they may overlap */
	size_t n_segments;
	size_t capacity;
	struct vmcoreinfo vmcoreinfo;
};

/* -EBADMSG where the file ends before. */
static int read_at(int fd, uint64_t offset, void *ret, size_t size)
{
	ssize_t n;

	if (offset > INT64_MAX - size)
		return -EBADMSG;
	n = read_up_to_at(fd, ret, size, offset);
	if (n < 0)
		return (int)n;
	return (size_t)n == size ? 0 : -EBADMSG;
}

static bool is_ours(const Elf64_Ehdr *header)
{
	return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
	       header->e_ident[EI_CLASS] == ELFCLASS64 &&
	       header->e_ident[EI_DATA] == OUR_BYTE_ORDER && header->e_type == ET_CORE &&
	       header->e_phentsize == sizeof(Elf64_Phdr);
}

/* How many program headers there are: where they are too many for their field, the first section
 * header has the number (elf(5), PN_XNUM). */
static int count_headers(int fd, const Elf64_Ehdr *header, uint64_t *ret)
{
	Elf64_Shdr section;
	int r;

	*ret = header->e_phnum;
	if (header->e_phnum != PN_XNUM)
		return 0;
	if (header->e_shoff == 0)
		return -EBADMSG;
	r = read_at(fd, header->e_shoff, &section, sizeof(section));
	if (r < 0)
		return r;
	*ret = section.sh_info;
	return section.sh_info <= HEADERS_MAX ? 0 : -EBADMSG;
}

static int add_segment(struct kcore *kcore, const Elf64_Phdr *header)
{
	struct segment segment = { .start = header->p_vaddr, .offset = header->p_offset };
	uint64_t end_offset;
	int r;

	/* Some architectures give offsets that pread(2) can't reach (riscv64's vmalloc area lies
	 * below what fs/proc/kcore.c:kc_vaddr_to_offset() counts from). */
	if (__builtin_add_overflow(segment.start, header->p_filesz, &segment.end) ||
	    __builtin_add_overflow(segment.offset, header->p_filesz, &end_offset) ||
	    end_offset > INT64_MAX)
		return 0;

	r = ARRAY_GROW(kcore->segments, kcore->capacity, kcore->n_segments);
	if (r < 0)
		return r;
	kcore->segments[kcore->n_segments++] = segment;
	return 0;
}

/* A note: its header, its name and its contents, each filled up to four bytes. *data is moved
 * behind it. -EBADMSG for one that is cut short. */
static int next_note(const char **data, size_t *size, Elf64_Nhdr *ret, const char **ret_name,
		     const char **ret_contents)
{
	uint64_t contents_at, end;

	if (*size < sizeof(*ret))
		return -EBADMSG;
	memcpy(ret, *data, sizeof(*ret));
	contents_at = sizeof(*ret) + (((uint64_t)ret->n_namesz + 3) & ~UINT64_C(3));
	end = contents_at + ret->n_descsz;
	if (end > *size)
		return -EBADMSG;

	*ret_name = *data + sizeof(*ret);
	*ret_contents = *data + contents_at;
	end = MIN((end + 3) & ~UINT64_C(3), *size);
	*data += end;
	*size -= end;
	return 0;
}

static int find_vmcoreinfo(struct kcore *kcore, const char *data, size_t size)
{
	while (size > 0) {
		const char *name, *contents;
		Elf64_Nhdr note;
		int r;

		r = next_note(&data, &size, &note, &name, &contents);
		if (r < 0)
			return r;
		if (note.n_namesz != sizeof(VMCOREINFO_NOTE) ||
		    memcmp(name, VMCOREINFO_NOTE, sizeof(VMCOREINFO_NOTE)) != 0)
			continue;
		vmcoreinfo_done(&kcore->vmcoreinfo);
		kcore->vmcoreinfo.text = strndup(contents, note.n_descsz);
		return kcore->vmcoreinfo.text ? 0 : -ENOMEM;
	}
	return 0;
}

static int read_notes(struct kcore *kcore, const Elf64_Phdr *header)
{
	_cleanup_free_ char *data = NULL;
	int r;

	if (header->p_filesz > NOTES_SIZE_MAX)
		return -EBADMSG;
	data = malloc(MAX(header->p_filesz, (uint64_t)1));
	if (!data)
		return -ENOMEM;
	r = read_at(kcore->fd, header->p_offset, data, header->p_filesz);
	return r < 0 ? r : find_vmcoreinfo(kcore, data, header->p_filesz);
}

static int take_header(struct kcore *kcore, const Elf64_Phdr *header)
{
	if (header->p_type == PT_LOAD)
		return add_segment(kcore, header);
	if (header->p_type == PT_NOTE)
		return read_notes(kcore, header);
	return 0;
}

static int read_program_headers(struct kcore *kcore, uint64_t offset, uint64_t n)
{
	Elf64_Phdr headers[HEADERS_AT_ONCE];

	for (uint64_t done = 0, now; done < n; done += now) {
		int r;

		now = MIN(n - done, (uint64_t)ARRAY_SIZE(headers));
		r = read_at(kcore->fd, offset + done * sizeof(*headers), headers,
			    now * sizeof(*headers));
		for (uint64_t i = 0; r >= 0 && i < now; i++)
			r = take_header(kcore, &headers[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static void sort_segments(struct kcore *kcore)
{
	uint64_t reach = 0;

	if (kcore->n_segments > 0)
		qsort(kcore->segments, kcore->n_segments, sizeof(*kcore->segments), compare_u64);
	for (size_t i = 0; i < kcore->n_segments; i++) {
		reach = MAX(reach, kcore->segments[i].end);
		kcore->segments[i].reach = reach;
	}
}

static int read_headers(struct kcore *kcore, struct notes *notes)
{
	Elf64_Ehdr header;
	uint64_t n;
	int r;

	r = read_at(kcore->fd, 0, &header, sizeof(header));
	if (r >= 0 && !is_ours(&header)) {
		r = notes_add(notes, "/" KCORE_PATH ": no core file of 64 bits in this byte order");
		return r < 0 ? r : -EBADMSG;
	}
	if (r >= 0)
		r = count_headers(kcore->fd, &header, &n);
	if (r >= 0)
		r = read_program_headers(kcore, header.e_phoff, n);
	if (r == -EBADMSG && notes_add(notes, "/" KCORE_PATH ": cut short, or its headers lie") < 0)
		return -ENOMEM;
	return r;
}

int kcore_open(const struct memblock_root *root, struct notes *notes, struct kcore **ret)
{
	_cleanup_(kcore_closep) struct kcore *kcore = NULL;
	int r;

	kcore = calloc(1, sizeof(*kcore));
	if (!kcore)
		return -ENOMEM;
	kcore->fd = memblock_root_open(root, KCORE_PATH, 0);
	if (kcore->fd < 0)
		return kcore->fd;

	r = read_headers(kcore, notes);
	if (r < 0)
		return r;
	if (!kcore->vmcoreinfo.text)
		return -ENODATA;
	sort_segments(kcore);

	*ret = TAKE_PTR(kcore);
	return 0;
}

struct kcore *kcore_close(struct kcore *kcore)
{
	if (!kcore)
		return NULL;

	closep(&kcore->fd);
	free(kcore->segments);
	vmcoreinfo_done(&kcore->vmcoreinfo);
	free(kcore);
	return NULL;
}

const struct vmcoreinfo *kcore_vmcoreinfo(const struct kcore *kcore)
{
	return &kcore->vmcoreinfo;
}

/* The segment that holds [start, end). */
static const struct segment *find_segment(const struct kcore *kcore, uint64_t start, uint64_t end)
{
	size_t low = 0, high = kcore->n_segments;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (kcore->segments[middle].start <= start)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low > 0 && kcore->segments[low - 1].reach >= end; low--)
		if (kcore->segments[low - 1].end >= end)
			return &kcore->segments[low - 1];
	return NULL;
}

int kcore_read(const struct kcore *kcore, uint64_t address, void *ret, size_t size)
{
	const struct segment *segment;
	uint64_t end;

	if (__builtin_add_overflow(address, size, &end))
		return -EFAULT;
	segment = find_segment(kcore, address, end);
	if (!segment)
		return -EFAULT;
	return read_at(kcore->fd, segment->offset + (address - segment->start), ret, size);
}
