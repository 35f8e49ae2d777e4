/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fake-kcore.h"
#include "kcore.h"

#define BASE UINT64_C(0xffff888000000000)
#define INFO                                                                     \
	"OSRELEASE=6.1.0\nPAGESIZE=4096\nSYMBOL(mem_section)=ffff888000001000\n" \
	"NUMBER(PG_slab)=-1\nSIZE(page)=64\nHUGE=99999999999999999999\nLAST=7"

static int open_kcore(struct fake_tree *tree, struct notes *notes, struct kcore **ret)
{
	_cleanup_root_ struct memblock_root *root = open_root(tree);

	return kcore_open(root, notes, ret);
}

static struct kcore *must_open(struct fake_tree *tree)
{
	struct kcore *kcore = NULL;

	assert_int_equal(open_kcore(tree, NULL, &kcore), 0);
	return kcore;
}

static struct fake_kcore *two_segments(void)
{
	struct fake_kcore *fake = fake_kcore_new(INFO);

	add_segment(fake, BASE + 0x10000, 0x1000);
	add_segment(fake, BASE, 0x2000);
	put_word(fake, BASE, 1);
	put_word(fake, BASE + 0x1ff8, 2);
	put_word(fake, BASE + 0x10000, 3);
	return fake;
}

struct read_row {
	const char *name;
	uint64_t address;
	size_t size;
	int result;
	uint64_t word;
};

static const struct read_row read_rows[] = {
	{ "the first word", BASE, 8, 0, 1 },
	{ "the last word of a segment", BASE + 0x1ff8, 8, 0, 2 },
	{ "another segment", BASE + 0x10000, 8, 0, 3 },
	{ "nothing at all", BASE, 0, 0, 0 },
	{ "below all segments", BASE - 8, 8, -EFAULT, 0 },
	{ "between them", BASE + 0x8000, 8, -EFAULT, 0 },
	{ "behind all", BASE + 0x11000, 8, -EFAULT, 0 },
	{ "over the end of one", BASE + 0x1ffc, 8, -EFAULT, 0 },
	{ "past the end of addresses", UINT64_MAX - 3, 8, -EFAULT, 0 },
	{ "at 0", 0, 8, -EFAULT, 0 },
};

static void test_read(void **state)
{
	const struct read_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_kcore_ struct fake_kcore *fake = two_segments();
	_cleanup_(kcore_closep) struct kcore *kcore = NULL;
	uint64_t word = 0;

	write_kcore(tree, fake);
	kcore = must_open(tree);
	assert_int_equal(kcore_read(kcore, row->address, &word, row->size), row->result);
	assert_int_equal(word, row->word);
}

/* arm64 has the kernel's image inside of the vmalloc area. */
static void test_overlap(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_kcore_ struct fake_kcore *fake = fake_kcore_new(INFO);
	_cleanup_(kcore_closep) struct kcore *kcore = NULL;
	uint64_t word = 0;

	(void)state;
	add_segment(fake, BASE, 0x8000);
	put_word(fake, BASE + 0x7000, 7);
	add_segment(fake, BASE + 0x1000, 0x1000);
	add_segment(fake, BASE + 0x4000, 0x1000);
	write_kcore(tree, fake);
	kcore = must_open(tree);
	assert_int_equal(kcore_read(kcore, BASE + 0x7000, &word, 8), 0);
	assert_int_equal(word, 7);
	assert_int_equal(kcore_read(kcore, BASE + 0x8000, &word, 8), -EFAULT);
}

static void test_many_headers(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_kcore_ struct fake_kcore *fake = two_segments();
	_cleanup_(kcore_closep) struct kcore *kcore = NULL;
	uint64_t word = 0;

	(void)state;
	fake->headers = PN_XNUM + 10;
	write_kcore(tree, fake);
	kcore = must_open(tree);
	assert_int_equal(kcore_read(kcore, BASE + 0x10000, &word, 8), 0);
	assert_int_equal(word, 3);
}

struct number_row {
	const char *name;
	int result;
	uint64_t value;
};

static const struct number_row number_rows[] = {
	{ "PAGESIZE", 0, 4096 },
	{ "SYMBOL(mem_section)", 0, BASE + 0x1000 },
	{ "SIZE(page)", 0, 64 },
	{ "LAST", 0, 7 },
	{ "NUMBER(PG_slab)", -EBADMSG, 0 },
	{ "HUGE", -EBADMSG, 0 },
	{ "OSRELEASE", -EBADMSG, 0 },
	{ "SIZE", -ENODATA, 0 },
	{ "SIZE(page", -ENODATA, 0 },
	{ "PAGE", -ENODATA, 0 },
	{ "6.1.0", -ENODATA, 0 },
};

static void test_number(void **state)
{
	const struct number_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_kcore_ struct fake_kcore *fake = two_segments();
	_cleanup_(kcore_closep) struct kcore *kcore = NULL;
	uint64_t value = 0;

	write_kcore(tree, fake);
	kcore = must_open(tree);
	assert_int_equal(vmcoreinfo_number(kcore_vmcoreinfo(kcore), row->name, &value),
			 row->result);
	assert_int_equal(value, row->value);
}

static void test_absent(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	struct kcore *kcore = NULL;

	(void)state;
	assert_int_equal(open_kcore(tree, NULL, &kcore), -ENOENT);
	assert_null(kcore);
}

static void test_hidden(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	struct kcore *kcore = NULL;
	char path[128];
	int r = 0;

	(void)state;
	write_file(tree, "proc/kcore", "ELF");
	snprintf(path, sizeof(path), "%s/proc/kcore", tree->path);
	assert_int_equal(chmod(path, 0), 0);
	if (!drop_privileges(tree))
		skip();
	r = open_kcore(tree, NULL, &kcore);
	regain_privileges();
	assert_int_equal(r, -EACCES);
	assert_null(kcore);
}

static void test_no_vmcoreinfo(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_kcore_ struct fake_kcore *fake = fake_kcore_new(NULL), *other = two_segments();
	struct kcore *kcore = NULL;

	(void)state;
	write_kcore(tree, fake);
	assert_int_equal(open_kcore(tree, NULL, &kcore), -ENODATA);
	other->note_name = "VMCOREINFx";
	write_kcore(tree, other);
	assert_int_equal(open_kcore(tree, NULL, &kcore), -ENODATA);
	assert_null(kcore);
}

/* What a file can lie about: a value of so many bytes put at an offset. The layout is that of
 * write_kcore(): ELF header, one section header, program header of the notes, those of segments. */
struct lie_row {
	const char *name;
	size_t offset;
	uint64_t value;
	size_t size;
	int result;
};

#define HEADERS (sizeof(Elf64_Ehdr) + sizeof(Elf64_Shdr))
#define NOTES_HEADER(member) (HEADERS + offsetof(Elf64_Phdr, member))
#define FIRST_SEGMENT(member) (NOTES_HEADER(member) + sizeof(Elf64_Phdr))
#define NOTES (HEADERS + 3 * sizeof(Elf64_Phdr))

static const struct lie_row lie_rows[] = {
	{ "no ELF file", 0, 0, 4, -EBADMSG },
	{ "32 bits", EI_CLASS, ELFCLASS32, 1, -EBADMSG },
	{ "another byte order", EI_DATA, 0, 1, -EBADMSG },
	{ "a program", offsetof(Elf64_Ehdr, e_type), ET_EXEC, 2, -EBADMSG },
	{ "program headers of another size", offsetof(Elf64_Ehdr, e_phentsize), 32, 2, -EBADMSG },
	{ "program headers beyond the end", offsetof(Elf64_Ehdr, e_phoff), 1 << 20, 8, -EBADMSG },
	{ "program headers beyond all ends", offsetof(Elf64_Ehdr, e_phoff), UINT64_MAX - 8, 8,
	  -EBADMSG },
	{ "more headers than there are", offsetof(Elf64_Ehdr, e_phnum), 60000, 2, -EBADMSG },
	{ "no headers", offsetof(Elf64_Ehdr, e_phnum), 0, 2, -ENODATA },
	{ "too many headers, and no section", offsetof(Elf64_Ehdr, e_phnum), PN_XNUM, 2, -EBADMSG },
	{ "notes of a terabyte", NOTES_HEADER(p_filesz), UINT64_C(1) << 40, 8, -EBADMSG },
	{ "notes beyond the end", NOTES_HEADER(p_offset), 1 << 20, 8, -EBADMSG },
	{ "notes cut short", NOTES_HEADER(p_filesz), 60, 8, -EBADMSG },
	{ "less than a note", NOTES_HEADER(p_filesz), 5, 8, -EBADMSG },
	{ "empty notes", NOTES_HEADER(p_filesz), 0, 8, -ENODATA },
	{ "a name of 4 GiB", NOTES, UINT32_MAX, 4, -EBADMSG },
	{ "contents of 4 GiB", NOTES + 4, UINT32_MAX, 4, -EBADMSG },
	{ "a segment that wraps", FIRST_SEGMENT(p_filesz), UINT64_MAX, 8, 0 },
	{ "a segment at an absurd offset", FIRST_SEGMENT(p_offset), UINT64_MAX - 4096, 8, 0 },
	{ "a segment beyond the end", FIRST_SEGMENT(p_offset), 1 << 24, 8, 0 },
};

static void lie(struct fake_tree *tree, const struct lie_row *row)
{
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	_cleanup_free_ char *data = NULL;
	size_t size;

	assert_int_equal(root_read_file(root, KCORE_PATH, &data, &size), 0);
	assert_true(row->offset + row->size <= size);
	memcpy(data + row->offset, &row->value, row->size);
	write_bytes(tree, KCORE_PATH, data, size);
}

static void test_lie(void **state)
{
	const struct lie_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_kcore_ struct fake_kcore *fake = two_segments();
	_cleanup_(kcore_closep) struct kcore *kcore = NULL;
	_cleanup_notes_ struct notes notes = {};
	uint64_t word;

	write_kcore(tree, fake);
	lie(tree, row);
	assert_int_equal(open_kcore(tree, &notes, &kcore), row->result);
	assert_int_equal(notes.n, row->result == -EBADMSG);
	if (row->result == 0)
		assert_true(kcore_read(kcore, BASE + 0x10000, &word, 8) < 0);
}

static void test_cut_short(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_kcore_ struct fake_kcore *fake = two_segments();
	_cleanup_(kcore_closep) struct kcore *kcore = NULL;
	uint64_t word = 0;

	(void)state;
	fake->cut = 8;
	write_kcore(tree, fake);
	kcore = must_open(tree);
	assert_int_equal(kcore_read(kcore, BASE + 0x1ff0, &word, 8), 0);
	assert_int_equal(kcore_read(kcore, BASE + 0x1ff8, &word, 8), -EBADMSG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overlap),       cmocka_unit_test(test_many_headers),
		cmocka_unit_test(test_absent),        cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_no_vmcoreinfo), cmocka_unit_test(test_cut_short),
	};

	return RUN_ROWS(read_rows, test_read) + RUN_ROWS(number_rows, test_number) +
	       RUN_ROWS(lie_rows, test_lie) + RUN_TESTS(tests);
}
