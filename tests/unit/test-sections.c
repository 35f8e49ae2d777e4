/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "btf.h"
#include "fake-btf.h"
#include "fake-kcore.h"
#include "mem-sections.h"
#include "sections.h"

#define BASE UINT64_C(0xffff888000000000)
#define TABLE BASE
#define ARRAY(root) (BASE + 0x10000 + (root)*0x1000)
#define USAGE(n) (BASE + 0x40000 + (n)*64)
#define MEMMAP UINT64_C(0xffffea0000000000)
#define FAR (BASE + (UINT64_C(1) << 40))

/* Flags of a section as the kernel writes them down. */
#define BOOT 0xf
#define ADDED 0x7

/* A made-up kernel: where it keeps what, and how its VMCOREINFO says so. */
struct kernel {
	bool flat;
	unsigned struct_size;
	unsigned length; /* of the table */
	unsigned bits;   /* of SECTION_SIZE_BITS; 0: it doesn't say */
	struct fake_btf btf;
};

static const struct kernel linux_6_1 = {
	.struct_size = 16, .length = 8, .bits = 27, .btf = BTF_OF_6_1
};

static struct fake_kcore *make_kernel(const struct kernel *kernel)
{
	struct fake_kcore *fake;
	char info[512];
	int n;

	n = snprintf(info, sizeof(info),
		     "OSRELEASE=6.1.0\nPAGESIZE=4096\nSYMBOL(mem_section)=%" PRIx64 "\n"
		     "LENGTH(mem_section)=%u\nSIZE(mem_section)=%u\n"
		     "OFFSET(mem_section.section_mem_map)=0\n",
		     TABLE, kernel->length, kernel->struct_size);
	if (kernel->bits)
		snprintf(info + n, sizeof(info) - (size_t)n, "NUMBER(SECTION_SIZE_BITS)=%u\n",
			 kernel->bits);
	fake = fake_kcore_new(info);
	add_segment(fake, BASE, 0x80000);
	return fake;
}

/* A section whose usage is the n-th. */
static void add_section(struct fake_kcore *fake, const struct kernel *kernel, uint64_t number,
			uint64_t flags, unsigned n, uint64_t map)
{
	uint64_t per_root = 4096 / kernel->struct_size, root = number / per_root;
	uint64_t at = kernel->flat ? TABLE + number * kernel->struct_size
				   : ARRAY(root) + number % per_root * kernel->struct_size;

	if (!kernel->flat)
		put_word(fake, TABLE + root * 8, ARRAY(root));
	put_word(fake, at, MEMMAP | flags);
	put_word(fake, at + kernel->btf.usage, USAGE(n));
	if (kernel->btf.map >= 0)
		put_word(fake, USAGE(n) + (uint64_t)kernel->btf.map, map);
}

static int read_tree(struct fake_tree *tree, uint64_t section_size, char **ret)
{
	_cleanup_root_ struct memblock_root *root = open_root(tree);

	return memblock_sections_read(root, section_size, 0, UINT64_MAX, ret);
}

static void assert_text(struct fake_tree *tree, const char *expected)
{
	_cleanup_free_ char *text = NULL;

	assert_int_equal(read_tree(tree, 0, &text), 0);
	assert_string_equal(text, expected);
}

struct kernel_row {
	const char *name;
	struct kernel kernel;
	uint64_t early, other; /* what two sections have for flags */
	const char *expected;
};

#define ROW_BTF(...)                                                      \
	{                                                                 \
		.has_section = true, .early = 3, .device = 4, __VA_ARGS__ \
	}

static const struct kernel_row kernel_rows[] = {
	{ "two levels, the map behind a head (6.1.192, 6.8 and later)",
	  { false, 16, 8, 27, BTF_OF_6_1 },
	  0x1f,
	  ADDED,
	  "section 0 flags 1f map 0000000000ffffff\nsection 600 flags 7 map 8000000000000000\n" },
	{ "two levels, the map in front, no enum of flags (5.10)",
	  { false, 16, 8, 0, ROW_BTF(.usage = 8, .map = 0) },
	  BOOT,
	  ADDED,
	  "section 0 flags f map 0000000000ffffff\nsection 600 flags 7 map 8000000000000000\n" },
	{ "with CONFIG_PAGE_EXTENSION",
	  { false, 32, 8, 27, BTF_OF_6_1 },
	  BOOT,
	  ADDED,
	  "section 0 flags f map 0000000000ffffff\nsection 600 flags 7 map 8000000000000000\n" },
	{ "usage at another place",
	  { false, 32, 8, 27, ROW_BTF(.usage = 24, .map = 16, .has_enum = true) },
	  BOOT,
	  ADDED,
	  "section 0 flags f map 0000000000ffffff\nsection 600 flags 7 map 8000000000000000\n" },
	{ "one flat array",
	  { true, 16, 1024, 27, BTF_OF_6_1 },
	  BOOT,
	  0x17,
	  "section 0 flags f map 0000000000ffffff\nsection 600 flags 17 map 8000000000000000\n" },
	{ "no sub-section map",
	  { false, 16, 8, 27, ROW_BTF(.usage = 8, .map = -1, .has_enum = true) },
	  BOOT,
	  ADDED,
	  "section 0 flags f map -\nsection 600 flags 7 map -\n" },
	{ "the bits of flags at other places",
	  { false,
	    16,
	    8,
	    27,
	    { .has_section = true,
	      .usage = 8,
	      .map = 16,
	      .early = 5,
	      .device = 3,
	      .has_enum = true } },
	  0x27,
	  BOOT,
	  "section 0 flags f map 0000000000ffffff\nsection 600 flags 17 map 8000000000000000\n" },
	{ "no device flag, and a flag of something else in its place",
	  { false,
	    16,
	    8,
	    27,
	    { .has_section = true,
	      .usage = 8,
	      .map = 16,
	      .early = 3,
	      .device = -1,
	      .has_enum = true } },
	  0x1f,
	  0x17,
	  "section 0 flags f map 0000000000ffffff\nsection 600 flags 7 map 8000000000000000\n" },
	{ "sections of 16 MiB (ppc64)",
	  { false, 16, 8, 24, BTF_OF_6_1 },
	  BOOT,
	  ADDED,
	  "section 0 flags f map ff\nsection 600 flags 7 map 00\n" },
};

static void test_kernel(void **state)
{
	const struct kernel_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_kcore_ struct fake_kcore *fake = make_kernel(&row->kernel);
	_cleanup_free_ char *text = NULL;

	write_btf(tree, &row->kernel.btf);
	add_section(fake, &row->kernel, 0, row->early, 1, 0xffffff);
	add_section(fake, &row->kernel, 600, row->other, 2, UINT64_C(1) << 63);
	write_kcore(tree, fake);
	if (row->kernel.bits)
		assert_text(tree, row->expected);
	else
		assert_int_equal(read_tree(tree, 0, &text), -ENODATA);
	assert_int_equal(
		read_tree(tree, UINT64_C(1) << (row->kernel.bits ? row->kernel.bits : 27), &text),
		0);
	assert_string_equal(text, row->expected);
}

/* A section of 1 GiB, as arm64 had it, has a map of eight words. */
static void test_long_map(void **state)
{
	struct kernel kernel = { false, 16, 8, 30, BTF_OF_6_1 };
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_kcore_ struct fake_kcore *fake = make_kernel(&kernel);

	(void)state;
	kernel.btf.map_words = 8;
	write_btf(tree, &kernel.btf);
	add_section(fake, &kernel, 3, BOOT, 1, 0x123);
	put_word(fake, USAGE(1) + 16 + 7 * 8, UINT64_C(0xfedc) << 48);
	write_kcore(tree, fake);
	assert_text(tree, "section 3 flags f map fedc000000000000"
			  "000000000000000000000000000000000000000000000000"
			  "000000000000000000000000000000000000000000000000"
			  "0000000000000123\n");
}

/* More sections than are read in one go, with maps side by side, apart, and in falling order. */
static void test_many(void **state)
{
	const struct kernel kernel = { false, 16, 16, 27, BTF_OF_6_1 };
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_kcore_ struct fake_kcore *fake = make_kernel(&kernel);
	_cleanup_free_ char *text = NULL;
	const char *line;

	(void)state;
	write_btf(tree, &kernel.btf);
	add_segment(fake, FAR, 0x1000);
	for (unsigned i = 0; i < 1500; i++)
		add_section(fake, &kernel, 2 * i, BOOT, i % 3 == 0 ? i : 4000 - i, i);
	put_word(fake, ARRAY(0) + 8, 0);
	put_word(fake, ARRAY(0) + 2 * 16 + 8, FAR);
	put_word(fake, FAR + 16, 1);
	write_kcore(tree, fake);

	assert_int_equal(read_tree(tree, 0, &text), 0);
	line = text;
	for (unsigned i = 1; i < 1500; i++) {
		char expected[64];

		snprintf(expected, sizeof(expected), "section %u flags f map %016x\n", 2 * i, i);
		assert_memory_equal(line, expected, strlen(expected));
		line += strlen(expected);
	}
	assert_string_equal(line, "");
}

struct window_row {
	const char *name;
	uint64_t first, n;
	const char *expected;
};

#define LINE(number) "section " #number " flags f map ffffffffffffffff\n"

static const struct window_row window_rows[] = {
	{ "all", 0, UINT64_MAX, LINE(3) LINE(4) LINE(9) },
	{ "from one on", 4, UINT64_MAX, LINE(4) LINE(9) },
	{ "one", 4, 1, LINE(4) },
	{ "none", 4, 0, "" },
	{ "what is between", 5, 4, "" },
	{ "up to one", 0, 4, LINE(3) },
	{ "beyond the last that the kernel has room for", 2048, 100, "" },
	{ "over the last", 9, 1 << 20, LINE(9) },
	{ "at the end of numbers", UINT64_MAX - 1, 5, "" },
};

static void test_window(void **state)
{
	const struct window_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	_cleanup_kcore_ struct fake_kcore *fake = make_kernel(&linux_6_1);
	_cleanup_free_ char *text = NULL, *other = NULL;

	write_file(tree, "memblockd/sections", LINE(3) LINE(4) LINE(9));
	assert_int_equal(memblock_sections_read(root, 0, row->first, row->n, &text), 0);
	assert_string_equal(text, row->expected);

	remove_file(tree, "memblockd/sections");
	write_btf(tree, &linux_6_1.btf);
	for (unsigned i = 0; i < 3; i++)
		add_section(fake, &linux_6_1, (uint64_t[]){ 3, 4, 9 }[i], BOOT, i, UINT64_MAX);
	write_kcore(tree, fake);
	assert_int_equal(memblock_sections_read(root, 0, row->first, row->n, &other), 0);
	assert_string_equal(other, row->expected);
}

/* What can be wrong with a kernel's own words. */
struct wrong_row {
	const char *name;
	const char *info; /* in place of what make_kernel() says */
	int result;
};

#define INFO(table, length, size, offset, bits)                                     \
	"PAGESIZE=4096\nSYMBOL(mem_section)=" table "\nLENGTH(mem_section)=" length \
	"\nSIZE(mem_section)=" size "\nOFFSET(mem_section.section_mem_map)=" offset \
	"\nNUMBER(SECTION_SIZE_BITS)=" bits "\n"
#define GOOD_TABLE "ffff888000000000"

static const struct wrong_row wrong_rows[] = {
	{ "nothing", "", -ENODATA },
	{ "no table", "PAGESIZE=4096\nLENGTH(mem_section)=8\n", -ENODATA },
	{ "a table at 0", INFO("0", "8", "16", "0", "27"), -EBADMSG },
	{ "a table that is nowhere", INFO("ffff880000000000", "8", "16", "0", "27"), -EFAULT },
	{ "a table at the end of addresses", INFO("fffffffffffffff8", "8", "16", "0", "27"),
	  -EFAULT },
	{ "a table longer than its segment", INFO(GOOD_TABLE, "65537", "16", "0", "27"), -EFAULT },
	{ "an absurd length", INFO(GOOD_TABLE, "99999999999", "16", "0", "27"), -EBADMSG },
	{ "length 0", INFO(GOOD_TABLE, "0", "16", "0", "27"), -EBADMSG },
	{ "no length", INFO(GOOD_TABLE, "-1", "16", "0", "27"), -EBADMSG },
	{ "structures of 8 bytes", INFO(GOOD_TABLE, "8", "8", "0", "27"), -EBADMSG },
	{ "structures of 24 bytes", INFO(GOOD_TABLE, "8", "24", "0", "27"), -EBADMSG },
	{ "huge structures", INFO(GOOD_TABLE, "8", "8192", "0", "27"), -EBADMSG },
	{ "no room for usage", INFO(GOOD_TABLE, "8", "16", "8", "27"), -EBADMSG },
	{ "a member outside", INFO(GOOD_TABLE, "8", "16", "9", "27"), -EBADMSG },
	{ "sections of 1 MiB", INFO(GOOD_TABLE, "8", "16", "0", "20"), -EBADMSG },
	{ "absurd sections", INFO(GOOD_TABLE, "8", "16", "0", "60"), -EBADMSG },
	{ "more than absurd sections", INFO(GOOD_TABLE, "8", "16", "0", "64"), -EBADMSG },
	{ "section size is no number", INFO(GOOD_TABLE, "8", "16", "0", "x"), -EBADMSG },
};

static void test_wrong(void **state)
{
	const struct wrong_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_kcore_ struct fake_kcore *fake = make_kernel(&linux_6_1);
	_cleanup_free_ char *text = NULL;

	write_btf(tree, &linux_6_1.btf);
	add_section(fake, &linux_6_1, 0, BOOT, 1, UINT64_MAX);
	free(fake->vmcoreinfo);
	fake->vmcoreinfo = strdup(row->info);
	assert_non_null(fake->vmcoreinfo);
	write_kcore(tree, fake);
	assert_int_equal(read_tree(tree, 0, &text), row->result);
	assert_int_equal(!text, row->result < 0);
}

/* Pointers of the kernel's that lead nowhere. */
static void test_wild_pointers(void **state)
{
	static const uint64_t places[] = { TABLE + 8, ARRAY(0) + 8, ARRAY(0) + 16 * 8 + 8 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
		_cleanup_kcore_ struct fake_kcore *fake = make_kernel(&linux_6_1);
		_cleanup_free_ char *text = NULL;

		write_btf(tree, &linux_6_1.btf);
		add_section(fake, &linux_6_1, 0, BOOT, 1, UINT64_MAX);
		add_section(fake, &linux_6_1, 8, BOOT, 2, UINT64_MAX);
		put_word(fake, places[i], UINT64_MAX - 8);
		write_kcore(tree, fake);
		assert_int_equal(read_tree(tree, 0, &text), -EFAULT);
	}
}

static void test_wrong_section_size(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_kcore_ struct fake_kcore *fake = make_kernel(&linux_6_1);
	_cleanup_free_ char *text = NULL;

	(void)state;
	write_btf(tree, &linux_6_1.btf);
	write_kcore(tree, fake);
	assert_int_equal(read_tree(tree, MIB(256), &text), -EINVAL);
	assert_int_equal(read_tree(tree, MIB(128), &text), 0);
	assert_string_equal(text, "");
}

/* An error that names no file is of /proc/kcore. */
static void test_no_btf(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_kcore_ struct fake_kcore *fake = make_kernel(&linux_6_1);
	_cleanup_free_ char *text = NULL;

	(void)state;
	write_btf(tree, &linux_6_1.btf);
	assert_int_equal(read_tree(tree, MIB(128), &text), -ENOENT);
	write_kcore(tree, fake);
	remove_file(tree, "sys/kernel/btf/vmlinux");
	assert_int_equal(read_tree(tree, MIB(128), &text), -ENODATA);
}

/* A kernel that doesn't tell how large its sections are is not read behind the maps that it has,
 * whatever size somebody says. */
static void test_too_long_a_map(void **state)
{
	const struct kernel kernel = { false, 16, 8, 0, BTF_OF_6_1 };
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_kcore_ struct fake_kcore *fake = make_kernel(&kernel);
	_cleanup_free_ char *text = NULL;

	(void)state;
	write_btf(tree, &kernel.btf);
	add_section(fake, &kernel, 3, BOOT, 1, 0x123);
	write_kcore(tree, fake);
	assert_int_equal(read_tree(tree, MIB(256), &text), -EINVAL);
	assert_int_equal(read_tree(tree, MIB(128), &text), 0);
	assert_string_equal(text, "section 3 flags f map 0000000000000123\n");
}

/* The linker sends the library's reads here, so that something can happen between two of them. */
ssize_t __real_pread(int fd, void *buffer, size_t size, off_t offset);
ssize_t __wrap_pread(int fd, void *buffer, size_t size, off_t offset);

static struct fake_tree *changing_tree;
static const struct fake_kcore *changed;
static uint64_t trigger; /* word that is read before it changes */

ssize_t __wrap_pread(int fd, void *buffer, size_t size, off_t offset)
{
	ssize_t n = __real_pread(fd, buffer, size, offset);

	if (changed && n >= (ssize_t)sizeof(trigger) && memmem(buffer, (size_t)n, &trigger, 8)) {
		write_kcore(changing_tree, changed);
		changed = NULL;
	}
	return n;
}

/* Between the read of the table and that of the maps one section goes, and another is added anew
 * with another usage. */
static void test_gone_between(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_kcore_ struct fake_kcore *fake = make_kernel(&linux_6_1);

	(void)state;
	write_btf(tree, &linux_6_1.btf);
	for (unsigned i = 0; i < 4; i++)
		add_section(fake, &linux_6_1, i, BOOT, i, 0xabcdef + i);
	write_kcore(tree, fake);
	put_word(fake, ARRAY(0) + 16, 0);
	put_word(fake, ARRAY(0) + 24, 0);
	put_word(fake, ARRAY(0) + 2 * 16 + 8, USAGE(9));
	changing_tree = tree;
	changed = fake;
	trigger = 0xabcdef;
	assert_text(tree, "section 0 flags f map 0000000000abcdef\n"
			  "section 3 flags f map 0000000000abcdf2\n");
	assert_null(changed);
}

struct source_row {
	const char *name;
	enum memblock_source_state state;
	const char *text;
	bool kcore, btf, torn, no_section, sections;
};

static const struct source_row source_rows[] = {
	{ "nothing", MEMBLOCK_SOURCE_ABSENT, "no /proc/kcore", .btf = true },
	{ "no BTF", MEMBLOCK_SOURCE_ABSENT, "no /sys/kernel/btf/vmlinux", .kcore = true },
	{ "torn BTF", MEMBLOCK_SOURCE_FAILED, "can't read /sys/kernel/btf/vmlinux: Bad message",
	  .kcore = true, .torn = true },
	{ "BTF without sections", MEMBLOCK_SOURCE_FAILED,
	  "/sys/kernel/btf/vmlinux doesn't tell where sections are", .kcore = true, .btf = true,
	  .no_section = true },
	{ "both", MEMBLOCK_SOURCE_READ, NULL, .kcore = true, .btf = true },
	{ "a captured tree's own", MEMBLOCK_SOURCE_READ, NULL, .sections = true, .torn = true },
};

static void test_source(void **state)
{
	const struct source_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_kcore_ struct fake_kcore *fake = make_kernel(&linux_6_1);
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	struct fake_btf btf = BTF_OF_6_1;
	const char *text = NULL;

	btf.has_section = !row->no_section;
	write_btf(tree, &btf);
	if (row->torn)
		write_bytes(tree, BTF_PATH, "\x9f\xeb\x01\x00garbage", 11);
	else if (!row->btf)
		remove_file(tree, BTF_PATH);
	add_section(fake, &linux_6_1, 1, BOOT, 1, 0x5);
	if (row->kcore)
		write_kcore(tree, fake);
	if (row->sections)
		write_file(tree, "memblockd/sections", "section 1 flags f map 5\n");
	add_block(tree, 1, "online", "Normal", 0);
	inventory = scan(tree);

	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_SECTIONS, &text),
			 MEMBLOCK_SOURCE_UNASKED);
	assert_int_equal(memblock_inventory_read_sections(inventory), 0);
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_SECTIONS, &text),
			 row->state);
	if (row->text)
		assert_string_equal(text, row->text);
	else
		assert_null(text);
	assert_int_equal(has_note(inventory, BTF_PATH), row->torn && row->kcore);
	assert_int_equal(sections_find(&inventory->sections, 1) != NULL,
			 row->state == MEMBLOCK_SOURCE_READ);
}

/* The kernel's own word for the size of sections, where its architecture didn't tell. */
static void test_section_size(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_kcore_ struct fake_kcore *fake = make_kernel(&linux_6_1);
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	write_btf(tree, &linux_6_1.btf);
	write_kcore(tree, fake);
	write_file(tree, "proc/sys/kernel/arch", "s390x\n");
	write_file(tree, "proc/sys/kernel/osrelease", "6.15.0\n");
	write_file(tree, "sys/devices/system/memory/block_size_bytes", "10000000\n");
	inventory = scan(tree);
	assert_int_equal(memblock_inventory_section_size(inventory), 0);
	assert_int_equal(memblock_inventory_read_sections(inventory), 0);
	assert_int_equal(memblock_inventory_section_size(inventory), MIB(128));
}

/* What may stand in memblockd/sections. */
struct line_row {
	const char *name;
	const char *text;
	int damaged;
	size_t n;
};

#define DIGITS_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct line_row line_rows[] = {
	{ "nothing", "", 0, 0 },
	{ "a line", "section 1 flags f map ffffffffffffffff\n", 0, 1 },
	{ "no line feed", "section 1 flags f map ff", 0, 1 },
	{ "no map", "section 1 flags f map -\n", 0, 1 },
	{ "a long map", "section 1 flags f map 0\nsection 2 flags 17 map " DIGITS_64 "\n", 0, 2 },
	{ "falling order", "section 2 flags f map 0\nsection 1 flags f map 0\n", 1, 1 },
	{ "the same twice", "section 2 flags f map 0\nsection 2 flags f map 0\n", 1, 1 },
	{ "an empty line", "\n", 1, 0 },
	{ "it ends before the map", "section 1 flags f map\n", 1, 0 },
	{ "an empty map", "section 1 flags f map \n", 1, 0 },
	{ "two dashes", "section 1 flags f map --\n", 1, 0 },
	{ "0x in front", "section 1 flags f map 0x5\n", 1, 0 },
	{ "a space behind", "section 1 flags f map 5 \n", 1, 0 },
	{ "a space in front", " section 1 flags f map 5\n", 1, 0 },
	{ "no flags", "section 1 flags  map 5\n", 1, 0 },
	{ "flags of 33 bits", "section 1 flags 100000000 map 5\n", 1, 0 },
	{ "a negative number", "section -1 flags f map 5\n", 1, 0 },
	{ "a huge number", "section 99999999999999999999 flags f map 5\n", 1, 0 },
	{ "rubbish between two", "section 1 flags f map 5\nrubbish\n\nsection 2 flags f map 5\n", 2,
	  2 },
};

static void test_lines(void **state)
{
	const struct line_row *row = *state;
	_cleanup_sections_ struct sections sections = {};
	_cleanup_notes_ struct notes notes = {};

	assert_int_equal(sections_parse(&sections, row->text, &notes), row->damaged);
	assert_int_equal(notes.n, row->damaged);
	assert_int_equal(sections.n, row->n);
}

static void test_endless_map(void **state)
{
	_cleanup_sections_ struct sections sections = {};
	char text[10000];
	int n = snprintf(text, sizeof(text), "section 1 flags f map ");

	(void)state;
	memset(text + n, 'f', sizeof(text) - (size_t)n);
	text[n + 8192] = '\0';
	assert_int_equal(sections_parse(&sections, text, NULL), 0);
	assert_int_equal(sections.items[0].n_words, 512);
	text[n + 8192] = 'f';
	text[n + 8193] = '\0';
	sections_done(&sections);
	assert_int_equal(sections_parse(&sections, text, NULL), 1);
}

/* Two blocks of two sections of 128 MiB, the second with a hole in iomem. */
static struct memblock_inventory *two_blocks(struct fake_tree *tree)
{
	write_file(tree, "sys/devices/system/memory/block_size_bytes", "10000000\n");
	write_file(tree, "proc/iomem",
		   "40000000-53ffffff : System RAM\n54400000-5fffffff : System RAM\n");
	add_block(tree, 4, "online", "Normal", 0);
	add_block(tree, 5, "online", "Normal", 0);
	return scan(tree);
}

static void assert_map(const struct memblock_inventory *inventory, uint64_t index,
		       enum memblock_source expected_source, uint64_t first, uint64_t second)
{
	_cleanup_free_ uint64_t *words = NULL;
	enum memblock_source source;
	size_t n = 0;

	assert_int_equal(memblock_block_subsections(inventory, block_of(inventory, index), &words,
						    &n, &source),
			 1);
	assert_int_equal(source, expected_source);
	assert_int_equal(n, 2);
	assert_int_equal(words[0], first);
	assert_int_equal(words[1], second);
}

static void assert_flags(const struct memblock_inventory *inventory, uint64_t index, uint32_t first,
			 uint32_t second)
{
	_cleanup_free_ uint32_t *flags = NULL;

	assert_int_equal(
		memblock_block_section_flags(inventory, block_of(inventory, index), &flags), 2);
	assert_int_equal(flags[0], first);
	assert_int_equal(flags[1], second);
}

static void test_set(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = two_blocks(tree);
	const struct memblock_block *block = block_of(inventory, 5);
	uint64_t *words = NULL;
	uint32_t *flags = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(memblock_block_section_flags(inventory, block, &flags), -ENODATA);
	assert_int_equal(memblock_block_subsections_from(inventory, block, MEMBLOCK_SOURCE_SECTIONS,
							 &words, &n),
			 -ENODATA);
	assert_int_equal(
		memblock_block_subsections_from(inventory, block, MEMBLOCK_SOURCE_SRAT, &words, &n),
		-EINVAL);
	assert_map(inventory, 5, MEMBLOCK_SOURCE_IOMEM, 0xfffffffcffffffff, UINT64_MAX);
	assert_false(has_evidence(inventory, block, "section"));

	assert_int_equal(memblock_inventory_set_sections(
				 inventory, "section 10 flags f map fffffffcffffffff\n"
					    "section 11 flags 17 map ffffffffffffffff\n"),
			 0);
	assert_map(inventory, 5, MEMBLOCK_SOURCE_SECTIONS, 0xfffffffcffffffff, UINT64_MAX);
	assert_flags(inventory, 5, 0xf, 0x17);
	assert_true(has_evidence(inventory, block, "there since boot: 1 of 2 sections"));
	assert_true(has_evidence(inventory, block, "device memory, now or before: 1 of 2"));
	assert_false(has_evidence(inventory, block, "differ"));
	assert_int_equal(memblock_block_section_flags(inventory, block_of(inventory, 4), &flags),
			 -ENODATA);
	assert_false(has_evidence(inventory, block_of(inventory, 4), "section"));
}

/* Newer ones take the place of older ones, and all others stay. */
static void test_merge(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = two_blocks(tree);

	(void)state;
	assert_int_equal(memblock_inventory_set_sections(inventory, "section 8 flags f map 1\n"
								    "section 10 flags f map 2\n"
								    "section 90 flags f map 3\n"),
			 0);
	assert_int_equal(memblock_inventory_set_sections(inventory, "section 7 flags f map 4\n"
								    "section 9 flags 7 map 5\n"
								    "section 10 flags 7 map 6\n"),
			 0);
	assert_int_equal(inventory->sections.n, 5);
	assert_map(inventory, 4, MEMBLOCK_SOURCE_SECTIONS, 1, 5);
	assert_map(inventory, 5, MEMBLOCK_SOURCE_SECTIONS, 6, 0);
	assert_flags(inventory, 5, 7, 0);
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_SECTIONS, NULL),
			 MEMBLOCK_SOURCE_READ);

	assert_int_equal(memblock_inventory_set_sections(inventory, "section 11 flags f map -\n"
								    "what?\n"),
			 0);
	assert_map(inventory, 5, MEMBLOCK_SOURCE_IOMEM, 0xfffffffcffffffff, UINT64_MAX);
	assert_true(has_note(inventory, "memblockd/sections:2: not a section"));
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_SECTIONS, NULL),
			 MEMBLOCK_SOURCE_DAMAGED);
}

static void test_difference(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = two_blocks(tree);
	const struct memblock_block *block = block_of(inventory, 5);

	(void)state;
	assert_int_equal(memblock_inventory_set_sections(
				 inventory, "section 10 flags f map ffffffffffffffff\n"
					    "section 11 flags f map fffffffffffffff0\n"),
			 0);
	assert_true(has_evidence(inventory, block,
				 "sub-sections differ: 0x54000000-0x543fffff is set in the "
				 "kernel's map and not in that of /proc/iomem"));
	assert_int_equal(memblock_inventory_set_sections(
				 inventory, "section 10 flags f map 7ffffffcffffffff\n"
					    "section 11 flags f map fffffffffffffff0\n"),
			 0);
	assert_true(has_evidence(inventory, block,
				 "sub-sections differ: 0x57e00000-0x587fffff is set in that of "
				 "/proc/iomem and not in the kernel's map"));
}

/* A block of arm64 that a DIMM holds, or nobody. */
struct dimm_row {
	const char *name;
	bool held;
	const char *sections; /* NULL: nothing tells */
	enum memblock_answer removable;
	const char *reasons;
	const char *evidence;
};

static const struct dimm_row dimm_rows[] = {
	{ "there at boot", true, "section 8 flags f map ffffffffffffffff\n", MEMBLOCK_ANSWER_NO,
	  "boot-memory", "boot-memory: PNP0C80:00 was there at boot" },
	{ "came later", true, "section 8 flags 7 map ffffffffffffffff\n", MEMBLOCK_ANSWER_YES, "",
	  "not boot memory: PNP0C80:00 came later" },
	{ "not known", true, NULL, MEMBLOCK_ANSWER_UNKNOWN, "",
	  "not known whether PNP0C80:00 was there at boot: " },
	{ "nothing of this block", true, "section 7 flags 7 map ffffffffffffffff\n",
	  MEMBLOCK_ANSWER_UNKNOWN, "", "not known whether PNP0C80:00 was there at boot" },
	{ "nobody's, there at boot", false, "section 8 flags f map ffffffffffffffff\n",
	  MEMBLOCK_ANSWER_NO, "boot-memory", "boot-memory: it was there at boot" },
	{ "nobody's, came later", false, "section 8 flags 7 map ffffffffffffffff\n",
	  MEMBLOCK_ANSWER_YES, "", "not boot memory: it came later" },
	{ "nobody's, not known", false, NULL, MEMBLOCK_ANSWER_NO, "boot-memory",
	  "boot-memory: no DIMM, dax or virtio device owns it" },
};

static void assert_dimm(const struct memblock_inventory *inventory, const struct dimm_row *row)
{
	const struct memblock_block *block = block_of(inventory, 8);

	assert_int_equal(memblock_block_removable(block), row->removable);
	assert_string_equal(reason_words(block), row->reasons);
	assert_true(has_evidence(inventory, block, row->evidence));
}

static void test_dimm(void **state)
{
	const struct dimm_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL, *later = NULL;

	write_file(tree, "proc/sys/kernel/arch", "aarch64\n");
	write_file(tree, "proc/iomem", "40000000-47ffffff : System RAM\n");
	add_block(tree, 8, "online", "Normal", 0);
	if (row->held)
		make_link(tree, "sys/bus/acpi/devices/PNP0C80:00/physical_node", "../memory8");
	later = scan(tree);
	/* Sections of what nobody holds are read where somebody asks for them. */
	if (row->held) {
		if (row->sections)
			write_file(tree, "memblockd/sections", "%s", row->sections);
		inventory = scan(tree);
		assert_dimm(inventory, row);
	}

	/* The same where the text comes later. */
	assert_int_equal(memblock_block_removable(block_of(later, 8)),
			 row->held ? MEMBLOCK_ANSWER_UNKNOWN : MEMBLOCK_ANSWER_NO);
	assert_int_equal(memblock_inventory_set_sections(later, row->sections ? row->sections : ""),
			 0);
	assert_dimm(later, row);
}

/* A captured tree's truth/sections is what the kernel itself had: of every block that it tells of
 * the map is what is derived, and nothing is said to differ. Returns how many blocks. */
static unsigned compare_tree(const char *path)
{
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	_cleanup_root_ struct memblock_root *root = NULL;
	_cleanup_free_ char *text = NULL;
	unsigned n_blocks = 0;

	if (memblock_root_new(path, &root) < 0 ||
	    root_read_file(root, "truth/sections", &text, NULL) < 0)
		return 0;
	assert_int_equal(memblock_inventory_new(root, 0, &inventory, NULL), 0);
	assert_int_equal(memblock_inventory_set_sections(inventory, text), 0);
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_SECTIONS, NULL),
			 MEMBLOCK_SOURCE_READ);
	for (size_t i = 0; i < memblock_inventory_n_blocks(inventory); i++, n_blocks++) {
		const struct memblock_block *block = memblock_inventory_block(inventory, i);
		_cleanup_free_ uint64_t *words = NULL, *derived = NULL;
		enum memblock_source source;
		size_t n = 0, m = 0;

		assert_int_equal(memblock_block_subsections(inventory, block, &words, &n, &source),
				 memblock_block_subsections_from(
					 inventory, block, MEMBLOCK_SOURCE_IOMEM, &derived, &m));
		assert_int_equal(source, MEMBLOCK_SOURCE_SECTIONS);
		assert_int_equal(n, m);
		assert_memory_equal(words, derived, n * sizeof(*words));
		assert_true(has_evidence(inventory, block, "there since boot"));
		assert_false(has_evidence(inventory, block, "differ"));
	}
	return n_blocks;
}

static void test_captured_trees(void **state)
{
	const char *folder = getenv("TREES");
	_cleanup_closedir_ DIR *dir = folder ? opendir(folder) : NULL;
	unsigned n = 0;

	(void)state;
	if (!dir)
		skip();
	for (struct dirent *entry; (entry = readdir(dir));) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (entry->d_name[0] != '.')
			n += compare_tree(path);
	}
	if (n == 0)
		skip();
	print_message("%u blocks\n", n);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_long_map),       cmocka_unit_test(test_many),
		cmocka_unit_test(test_wild_pointers),  cmocka_unit_test(test_wrong_section_size),
		cmocka_unit_test(test_no_btf),         cmocka_unit_test(test_too_long_a_map),
		cmocka_unit_test(test_gone_between),   cmocka_unit_test(test_section_size),
		cmocka_unit_test(test_endless_map),    cmocka_unit_test(test_set),
		cmocka_unit_test(test_merge),          cmocka_unit_test(test_difference),
		cmocka_unit_test(test_captured_trees),
	};

	return RUN_ROWS(kernel_rows, test_kernel) + RUN_ROWS(window_rows, test_window) +
	       RUN_ROWS(wrong_rows, test_wrong) + RUN_ROWS(source_rows, test_source) +
	       RUN_ROWS(line_rows, test_lines) + RUN_ROWS(dimm_rows, test_dimm) + RUN_TESTS(tests);
}
