/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "fake-kcore.h"

/* Blocks of 4 MiB, so that files stay small. */
#define BLOCK_SIZE MIB(4)
#define PER_BLOCK 1024
#define N_BLOCKS 4
#define BIT(n) (UINT64_C(1) << (n))
#define LRU BIT(5)
#define SLAB BIT(7)
#define FREE BIT(10)
#define HWPOISON BIT(19)
#define NOPAGE BIT(20)
#define RESERVED BIT(32)
#define OWNER BIT(37)
#define PARAMETER "sys/module/memory_hotplug/parameters/memmap_on_memory"

static uint64_t flags[N_BLOCKS * PER_BLOCK];

static void fill(size_t first, size_t n, uint64_t word)
{
	for (size_t i = first; i < first + n; i++)
		flags[i] = word;
}

static void write_flags(struct fake_tree *tree, size_t size)
{
	write_bytes(tree, "proc/kpageflags", flags, size);
}

static int read_range(struct fake_tree *tree, uint64_t first, uint64_t n, uint64_t limit,
		      struct memblock_pages **ret)
{
	const struct memblock_range range = { first * BLOCK_SIZE, (first + n) * BLOCK_SIZE };
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	size_t n_read = 0;
	int r;

	r = memblock_pages_read(root, BLOCK_SIZE, 4096, &range, 1, limit, ret, &n_read);
	assert_int_equal(n_read, r < 0 ? 0 : n);
	return r;
}

/* Of each block read, "free 1024; slab 3, free 5 of 8" where not all were looked at. */
static void assert_pages(const struct memblock_pages *pages, size_t n, const char *words)
{
	char text[1024] = "";

	for (size_t i = 0; i < n; i++) {
		size_t length = strlen(text);

		assert_int_equal(pages[i].all, PER_BLOCK);
		snprintf(text + length, sizeof(text) - length, "%s%s", i ? "; " : "",
			 page_words(&pages[i]));
		length = strlen(text);
		if (pages[i].examined < pages[i].all)
			snprintf(text + length, sizeof(text) - length, " of %u",
				 (unsigned)pages[i].examined);
	}
	assert_string_equal(text, words);
}

static void test_all(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_free_ struct memblock_pages *pages = NULL;

	(void)state;
	fill(0, N_BLOCKS * PER_BLOCK, FREE);
	fill(PER_BLOCK, 3, SLAB);
	fill(PER_BLOCK * 2 - 1, 2, LRU);
	write_flags(tree, sizeof(flags));
	assert_int_equal(read_range(tree, 1, 2, 0, &pages), 0);
	assert_int_equal(pages[0].index, 1);
	assert_int_equal(pages[1].index, 2);
	assert_pages(pages, 2, "slab 3, free 1020, movable 1; free 1023, movable 1");
}

static const struct short_row {
	const char *name;
	size_t size;
	const char *words;
} short_rows[] = {
	{ "empty", 0, " of 0;  of 0" },
	{ "ends between two blocks", PER_BLOCK * 8, "free 1024;  of 0" },
	{ "ends inside a block", PER_BLOCK * 8 + 100 * 8, "free 1024; free 100 of 100" },
	{ "ends inside a word", PER_BLOCK * 8 + 100 * 8 + 3, "free 1024; free 100 of 100" },
};

static void test_short(void **state)
{
	const struct short_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_free_ struct memblock_pages *pages = NULL;

	fill(0, N_BLOCKS * PER_BLOCK, FREE);
	write_flags(tree, row->size);
	assert_int_equal(read_range(tree, 0, 2, 0, &pages), 0);
	assert_pages(pages, 2, row->words);
}

/* Pages that are not there were not looked at. */
static void test_absent_pages(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_free_ struct memblock_pages *pages = NULL;

	(void)state;
	fill(0, N_BLOCKS * PER_BLOCK, FREE);
	fill(512, 512, NOPAGE);
	write_flags(tree, sizeof(flags));
	assert_int_equal(read_range(tree, 0, 1, 0, &pages), 0);
	assert_pages(pages, 1, "free 512 of 512");
}

/* A sample looks everywhere: at each eighth of the block, and never twice at a page. */
static void test_sample(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_free_ struct memblock_pages *pages = NULL;

	(void)state;
	for (size_t eighth = 0; eighth < 8; eighth++) {
		fill(0, N_BLOCKS * PER_BLOCK, FREE);
		fill(PER_BLOCK + eighth * 128, 128, SLAB);
		write_flags(tree, sizeof(flags));
		assert_int_equal(read_range(tree, 1, 1, 64, &pages), 0);
		assert_pages(pages, 1, "slab 8, free 56 of 64");
		free(TAKE_PTR(pages));
	}
}

/* Whatever the limit, so many are looked at, and all where there are no more. */
static void test_limits(void **state)
{
	static const uint64_t limits[] = { 1, 5, 8, 16, 24, 1000, 1016, 1024, 5000 };
	static const uint64_t examined[] = { 1, 5, 8, 16, 24, 1000, 1016, 1024, 1024 };
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();

	(void)state;
	fill(0, N_BLOCKS * PER_BLOCK, FREE);
	write_flags(tree, sizeof(flags));
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		_cleanup_free_ struct memblock_pages *pages = NULL;

		assert_int_equal(read_range(tree, 3, 1, limits[i], &pages), 0);
		assert_int_equal(pages[0].examined, examined[i]);
	}
}

/* The memmap of 1024 pages takes 16; padded to a pageblock 512. */
static const struct memmap_row {
	const char *name, *parameter, *release;
	size_t n;
	uint64_t word;
	const char *words;
} memmap_rows[] = {
	{ "no parameter", NULL, "5.15.0", 16, RESERVED, "reserved 16, free 1008" },
	{ "N", "N", "5.15.0", 16, RESERVED, "reserved 16, free 1008" },
	{ "Y", "Y", "5.15.0", 16, RESERVED, "memmap 16, free 1008" },
	{ "1", "1", "5.15.0", 16, RESERVED, "memmap 16, free 1008" },
	{ "Y, more than that", "Y", "5.15.0", 20, RESERVED, "memmap 16, reserved 4, free 1004" },
	{ "force", "force", "6.0.0", 512, RESERVED, "memmap 512, free 512" },
	{ "it says so itself", NULL, "6.1.0", 16, OWNER, "memmap 16, free 1008" },
	{ "it would say so", "Y", "6.1.0", 16, RESERVED, "reserved 16, free 1008" },
};

static void test_memmap(void **state)
{
	const struct memmap_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_free_ struct memblock_pages *pages = NULL;

	write_file(tree, "proc/sys/kernel/osrelease", "%s\n", row->release);
	if (row->parameter)
		write_file(tree, PARAMETER, "%s\n", row->parameter);
	fill(0, N_BLOCKS * PER_BLOCK, FREE);
	fill(PER_BLOCK, row->n, row->word);
	write_flags(tree, sizeof(flags));
	assert_int_equal(read_range(tree, 1, 1, 0, &pages), 0);
	assert_pages(pages, 1, row->words);
}

static const struct refused_row {
	const char *name;
	uint64_t block_size, page_size;
	struct memblock_range range;
	int error;
} refused_rows[] = {
	{ "odd blocks", MIB(3), 4096, { 0, MIB(3) }, -EINVAL },
	{ "no page size", BLOCK_SIZE, 0, { 0, BLOCK_SIZE }, -EINVAL },
	{ "pages larger than blocks", 4096, BLOCK_SIZE, { 0, BLOCK_SIZE }, -EINVAL },
	{ "a block of too many pages", UINT64_C(1) << 45, 4096, { 0, UINT64_C(1) << 45 }, -EINVAL },
	{ "an empty range", BLOCK_SIZE, 4096, { 0, 0 }, -EINVAL },
	{ "a reversed range", BLOCK_SIZE, 4096, { BLOCK_SIZE, 0 }, -EINVAL },
	{ "a border inside a block", BLOCK_SIZE, 4096, { 0, MIB(6) }, -EINVAL },
	{ "no such file", BLOCK_SIZE, 4096, { 0, BLOCK_SIZE }, -ENOENT },
};

static void test_refused(void **state)
{
	const struct refused_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	struct memblock_pages *pages = NULL;
	size_t n = 7;

	assert_int_equal(memblock_pages_read(root, row->block_size, row->page_size, &row->range, 1,
					     0, &pages, &n),
			 row->error);
	assert_null(pages);
	assert_int_equal(n, 7);
}

static void test_kept_text(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_free_ struct memblock_pages *pages = NULL;

	(void)state;
	write_file(tree, "proc/kpageflags", "not looked at");
	write_file(tree, "memblockd/pages",
		   "block 2 all 1024 examined 9 poisoned 0 memmap 0 reserved 0 slab 9 page-table 0 "
		   "offline 0 free 0 movable 0 kernel 0 unclear 0\n");
	assert_int_equal(read_range(tree, 1, 2, 0, &pages), 0);
	assert_pages(pages, 2, " of 0; slab 9 of 9");

	write_file(tree, "memblockd/pages",
		   "block 2 all 512 examined 9 poisoned 0 memmap 0 reserved 0 slab 9 page-table 0 "
		   "offline 0 free 0 movable 0 kernel 0 unclear 0\n");
	assert_int_equal(read_range(tree, 2, 1, 0, &pages), -EBADMSG);
	write_file(tree, "memblockd/pages", "torn");
	assert_int_equal(read_range(tree, 2, 1, 0, &pages), -EBADMSG);
}

#define KERNEL UINT64_C(0xffff888000000000)
#define VMEMMAP UINT64_C(0xffffea0000000000)
#define PRESENT 0x3
#define VMCOREINFO                                                                        \
	"PAGESIZE=4096\nSYMBOL(mem_section)=ffff888000001000\nLENGTH(mem_section)=2048\n" \
	"SIZE(mem_section)=16\nOFFSET(mem_section.section_mem_map)=0\n"                   \
	"NUMBER(SECTION_SIZE_BITS)=27\n"
#define LAYOUT "SIZE(page)=64\nOFFSET(page._refcount)=52\n"

/* What a page without flags is: blocks 0 and 1 lie in section 0. */
static const struct kcore_row {
	const char *name, *vmcoreinfo;
	uint64_t mem_map, segment; /* how many struct pages can be read */
	const char *words;
} kcore_rows[] = {
	{ "counts are told", VMCOREINFO LAYOUT, VMEMMAP | PRESENT, PER_BLOCK * 2,
	  "slab 1, free 1013, kernel 10" },
	{ "no reference counts", VMCOREINFO "SIZE(page)=64\n", VMEMMAP | PRESENT, PER_BLOCK * 2,
	  "slab 1, free 512, unclear 511" },
	{ "a count outside of its structure",
	  VMCOREINFO "SIZE(page)=64\nOFFSET(page._refcount)=61\n", VMEMMAP | PRESENT, PER_BLOCK * 2,
	  "slab 1, free 512, unclear 511" },
	{ "too large a structure", VMCOREINFO "SIZE(page)=65536\nOFFSET(page._refcount)=52\n",
	  VMEMMAP | PRESENT, PER_BLOCK * 2, "slab 1, free 512, unclear 511" },
	{ "another page size than what was asked about",
	  "PAGESIZE=8192\nSYMBOL(mem_section)=ffff888000001000\nLENGTH(mem_section)=2048\n"
	  "SIZE(mem_section)=16\nOFFSET(mem_section.section_mem_map)=0\n"
	  "NUMBER(SECTION_SIZE_BITS)=27\n" LAYOUT,
	  VMEMMAP | PRESENT, PER_BLOCK * 2, "slab 1, free 512, unclear 511" },
	{ "no table of sections", LAYOUT, VMEMMAP | PRESENT, PER_BLOCK * 2,
	  "slab 1, free 512, unclear 511" },
	{ "the section is not there", VMCOREINFO LAYOUT, 0, PER_BLOCK * 2,
	  "slab 1, free 512, unclear 511" },
	{ "its memmap is in no segment", VMCOREINFO LAYOUT, KERNEL | PRESENT, PER_BLOCK * 2,
	  "slab 1, free 512, unclear 511" },
	{ "and fails in the middle", VMCOREINFO LAYOUT, VMEMMAP | PRESENT, PER_BLOCK + 512,
	  "slab 1, free 758, kernel 10, unclear 255" },
};

static void put_count(struct fake_kcore *kcore, uint64_t pfn, uint32_t count)
{
	put_bytes(kcore, VMEMMAP + pfn * 64 + 52, &count, sizeof(count));
}

static void test_kcore(void **state)
{
	const struct kcore_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_kcore_ struct fake_kcore *kcore = fake_kcore_new(row->vmcoreinfo);
	_cleanup_free_ struct memblock_pages *pages = NULL;

	add_segment(kcore, KERNEL, 0x4000);
	put_word(kcore, KERNEL + 0x1000, KERNEL + 0x2000);
	put_word(kcore, KERNEL + 0x2000, row->mem_map);
	add_segment(kcore, VMEMMAP, row->segment * 64);
	for (uint64_t i = 0; i < 10; i++)
		put_count(kcore, PER_BLOCK + 300 + i, 1);
	/* Those with a flag are not asked about. */
	put_count(kcore, PER_BLOCK, 9);
	put_count(kcore, PER_BLOCK + 1, 9);
	write_kcore(tree, kcore);

	fill(0, N_BLOCKS * PER_BLOCK, FREE);
	fill(PER_BLOCK, 1, SLAB);
	fill(PER_BLOCK + 256, 511, 0);
	write_flags(tree, sizeof(flags));
	assert_int_equal(read_range(tree, 1, 1, 0, &pages), 0);
	assert_pages(pages, 1, row->words);
}

/* Of no architecture that is known: none has such small blocks. */
static void scan_small(struct fake_tree *tree, struct memblock_inventory **ret)
{
	write_file(tree, "proc/sys/kernel/arch", "m68k\n");
	write_file(tree, "sys/devices/system/memory/block_size_bytes", "%x\n",
		   (unsigned)BLOCK_SIZE);
	for (uint64_t i = 0; i < N_BLOCKS; i++)
		add_block(tree, i, i == 2 ? "offline" : "online", "Normal", 0);
	*ret = scan(tree);
}

static void test_inventory(void **state)
{
	const struct memblock_range range = { BLOCK_SIZE * 2, BLOCK_SIZE * 4 };
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	struct memblock_pages pages;
	const char *text;

	(void)state;
	write_file(tree, "proc/zoneinfo", "  managed  1000\n");
	write_file(tree, "proc/meminfo", "MemTotal: 4000 kB\n");
	scan_small(tree, &inventory);
	assert_int_equal(memblock_inventory_read_pages(inventory, NULL, 0, false), 0);
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_PAGES, &text),
			 MEMBLOCK_SOURCE_ABSENT);
	assert_string_equal(text, "no /proc/kpageflags");

	fill(0, N_BLOCKS * PER_BLOCK, FREE);
	write_flags(tree, sizeof(flags));
	assert_int_equal(memblock_inventory_read_pages(inventory, &range, 1, false), 0);
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_PAGES, &text),
			 MEMBLOCK_SOURCE_READ);
	assert_null(text);
	assert_false(memblock_block_pages(inventory, block_of(inventory, 1), &pages));
	assert_false(memblock_block_pages(inventory, block_of(inventory, 2), &pages));
	assert_true(memblock_block_pages(inventory, block_of(inventory, 3), &pages));
	assert_string_equal(page_words(&pages), "free 1024");

	write_flags(tree, PER_BLOCK * 8 + 8);
	assert_int_equal(memblock_inventory_read_pages(inventory, NULL, 0, false), 0);
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_PAGES, &text),
			 MEMBLOCK_SOURCE_DAMAGED);
	assert_non_null(text);
	assert_true(memblock_block_pages(inventory, block_of(inventory, 1), &pages));
	assert_int_equal(pages.examined, 1);
}

static void test_no_page_size(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	write_flags(tree, sizeof(flags));
	scan_small(tree, &inventory);
	assert_int_equal(memblock_inventory_read_pages(inventory, NULL, 0, false), 0);
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_PAGES, NULL),
			 MEMBLOCK_SOURCE_FAILED);
}

static const struct poison_row {
	const char *name, *meminfo;
	size_t size; /* of the flags that there are */
	int result;
	uint64_t pages;
} poison_rows[] = {
	{ "none in the machine: no flags are read", "HardwareCorrupted:     0 kB\n", 0, 0, 0 },
	{ "a kernel that handles none", "MemTotal:     9 kB\n", 0, 0, 0 },
	{ "some", "HardwareCorrupted:     8 kB\n", sizeof(flags), 0, 2 },
	{ "some, and no flags", "HardwareCorrupted:     8 kB\n", 0, -ENOENT, 7 },
	{ "some, and too few flags", "HardwareCorrupted:     8 kB\n", PER_BLOCK * 8 + 16, -ENODATA,
	  7 },
	{ "no meminfo", NULL, sizeof(flags), -ENOENT, 7 },
};

static void test_poison(void **state)
{
	const struct poison_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	uint64_t pages = 7;

	if (row->meminfo)
		write_file(tree, "proc/meminfo", "%s", row->meminfo);
	fill(0, N_BLOCKS * PER_BLOCK, FREE);
	fill(PER_BLOCK - 1, 3, HWPOISON | LRU);
	if (row->size > 0)
		write_flags(tree, row->size);
	assert_int_equal(memblock_read_poison(root, BLOCK_SIZE, 4096, 1, &pages), row->result);
	assert_int_equal(pages, row->pages);
}

/* Where addresses, or places in the file, would begin anew at 0: nothing is read of block 1. */
static void test_beyond_all_addresses(void **state)
{
	const struct memblock_range range = { (UINT64_C(1) << 61) + BLOCK_SIZE,
					      (UINT64_C(1) << 61) + 2 * BLOCK_SIZE };
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	struct memblock_pages *pages = NULL;
	uint64_t poisoned = 7;
	size_t n;

	(void)state;
	write_file(tree, "proc/meminfo", "HardwareCorrupted:     8 kB\n");
	fill(0, N_BLOCKS * PER_BLOCK, HWPOISON);
	write_flags(tree, sizeof(flags));
	assert_int_equal(memblock_read_poison(root, BLOCK_SIZE, 4096, UINT64_MAX / BLOCK_SIZE + 2,
					      &poisoned),
			 -EINVAL);
	assert_int_equal(poisoned, 7);
	assert_int_equal(memblock_pages_read(root, BLOCK_SIZE, 1, &range, 1, 0, &pages, &n),
			 -EINVAL);
	assert_null(pages);
}

/* What this machine says of itself, where it may be read. */
static void test_live(void **state)
{
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	_cleanup_root_ struct memblock_root *root = NULL;
	const struct memblock_block *block;
	struct memblock_range range;
	struct memblock_pages pages;

	(void)state;
	assert_int_equal(memblock_root_new(NULL, &root), 0);
	if (memblock_inventory_new(root, 0, &inventory, NULL) < 0)
		skip();
	block = memblock_inventory_block(inventory, 0);
	if (!block || memblock_block_state(block) != MEMBLOCK_STATE_ONLINE)
		skip();
	range.start = memblock_block_start(inventory, block);
	range.end = range.start + memblock_inventory_block_size(inventory);
	assert_int_equal(memblock_inventory_read_pages(inventory, &range, 1, false), 0);
	if (!memblock_block_pages(inventory, block, &pages))
		skip();
	assert_true(pages.examined <= pages.all);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_absent_pages),
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_kept_text),
		cmocka_unit_test(test_inventory),
		cmocka_unit_test(test_no_page_size),
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_beyond_all_addresses),
	};

	return RUN_ROWS(short_rows, test_short) + RUN_ROWS(memmap_rows, test_memmap) +
	       RUN_ROWS(refused_rows, test_refused) + RUN_ROWS(kcore_rows, test_kcore) +
	       RUN_ROWS(poison_rows, test_poison) + RUN_TESTS(tests);
}
