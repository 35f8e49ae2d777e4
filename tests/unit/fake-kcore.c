/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <elf.h>
#include <endian.h>
#include <string.h>

#include "fake-kcore.h"

#define NOTE_NAME_SIZE 12

struct fake_kcore *fake_kcore_new(const char *vmcoreinfo)
{
	struct fake_kcore *kcore = calloc(1, sizeof(*kcore));

	assert_non_null(kcore);
	kcore->note_name = "VMCOREINFO";
	kcore->vmcoreinfo = vmcoreinfo ? strdup(vmcoreinfo) : NULL;
	assert_int_equal(!kcore->vmcoreinfo, !vmcoreinfo);
	return kcore;
}

struct fake_kcore *fake_kcore_free(struct fake_kcore *kcore)
{
	if (!kcore)
		return NULL;
	for (size_t i = 0; i < kcore->n_segments; i++)
		free(kcore->segments[i].data);
	free(kcore->vmcoreinfo);
	free(kcore);
	return NULL;
}

void add_segment(struct fake_kcore *kcore, uint64_t address, uint64_t size)
{
	struct fake_segment segment = { address, size, calloc(1, size) };

	assert_non_null(segment.data);
	assert_true(kcore->n_segments < ARRAY_SIZE(kcore->segments));
	kcore->segments[kcore->n_segments++] = segment;
}

void put_bytes(struct fake_kcore *kcore, uint64_t address, const void *data, size_t size)
{
	for (size_t i = 0; i < kcore->n_segments; i++) {
		const struct fake_segment *segment = &kcore->segments[i];

		if (address < segment->address || address + size > segment->address + segment->size)
			continue;
		memcpy(segment->data + (address - segment->address), data, size);
		return;
	}
	fail_msg("0x%" PRIx64 " is in no segment", address);
}

void put_word(struct fake_kcore *kcore, uint64_t address, uint64_t word)
{
	put_bytes(kcore, address, &word, sizeof(word));
}

/* An empty note before ours, as the kernel has others too; padded to four bytes each. */
static size_t make_notes(const struct fake_kcore *kcore, char **ret)
{
	const Elf64_Nhdr other = { .n_namesz = 5, .n_descsz = 3, .n_type = NT_PRSTATUS };
	const Elf64_Nhdr note = {
		.n_namesz = (uint32_t)strlen(kcore->note_name) + 1,
		.n_descsz = (uint32_t)(kcore->vmcoreinfo ? strlen(kcore->vmcoreinfo) : 0)
	};
	size_t size = sizeof(other) + 8 + 4 + sizeof(note) + NOTE_NAME_SIZE + note.n_descsz;
	char *p = calloc(1, size);

	assert_non_null(p);
	assert_true(note.n_namesz <= NOTE_NAME_SIZE);
	*ret = p;
	memcpy(p, &other, sizeof(other));
	memcpy(p + sizeof(other), "CORE", 5);
	if (!kcore->vmcoreinfo)
		return sizeof(other) + 8 + 4;
	p += sizeof(other) + 8 + 4;
	memcpy(p, &note, sizeof(note));
	memcpy(p + sizeof(note), kcore->note_name, note.n_namesz);
	memcpy(p + sizeof(note) + NOTE_NAME_SIZE, kcore->vmcoreinfo, note.n_descsz);
	return size;
}

static void append(char **data, size_t *size, const void *more, size_t more_size)
{
	char *grown = realloc(*data, *size + more_size);

	assert_non_null(grown);
	memcpy(grown + *size, more, more_size);
	*data = grown;
	*size += more_size;
}

void write_kcore(struct fake_tree *tree, const struct fake_kcore *kcore)
{
	size_t n = 1 + kcore->n_segments + kcore->headers, size = 0;
	_cleanup_free_ char *notes = NULL, *data = NULL;
	size_t notes_size = make_notes(kcore, &notes);
	const Elf64_Shdr many = { .sh_info = (uint32_t)n };
	const Elf64_Phdr nothing = { .p_type = PT_NULL };
	uint64_t offset = sizeof(Elf64_Ehdr) + sizeof(many) + n * sizeof(Elf64_Phdr);
	Elf64_Phdr header = { .p_type = PT_NOTE, .p_offset = offset, .p_filesz = notes_size };
	Elf64_Ehdr elf = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
			     BYTE_ORDER == LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB, EV_CURRENT },
		.e_type = ET_CORE,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(elf) + sizeof(many),
		.e_shoff = kcore->headers ? sizeof(elf) : 0,
		.e_phentsize = sizeof(header),
		.e_phnum = (uint16_t)(kcore->headers ? PN_XNUM : n),
	};

	append(&data, &size, &elf, sizeof(elf));
	append(&data, &size, &many, sizeof(many));
	for (size_t i = 0; i < kcore->headers; i++)
		append(&data, &size, &nothing, sizeof(nothing));
	append(&data, &size, &header, sizeof(header));
	offset += notes_size;
	for (size_t i = 0; i < kcore->n_segments; i++) {
		header = (Elf64_Phdr){ .p_type = PT_LOAD,
				       .p_offset = offset,
				       .p_vaddr = kcore->segments[i].address,
				       .p_filesz = kcore->segments[i].size };
		append(&data, &size, &header, sizeof(header));
		offset += header.p_filesz;
	}
	append(&data, &size, notes, notes_size);
	for (size_t i = 0; i < kcore->n_segments; i++)
		append(&data, &size, kcore->segments[i].data, kcore->segments[i].size);
	write_bytes(tree, "proc/kcore", data, size - kcore->cut);
}
