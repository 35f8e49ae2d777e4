/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fake-tree.h"
#include "pages.h"

#define ALL 32768 /* pages of a block of 128 MiB */
#define LINE                                                                                \
	"block 8 all 32768 examined 55 poisoned 1 memmap 2 reserved 3 slab 4 page-table 5 " \
	"offline 6 free 7 movable 8 kernel 9 unclear 10\n"

static void test_text(void **state)
{
	static const struct memblock_pages pages[] = {
		{ 8, ALL, 55, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 },
		{ .index = 9, .all = ALL },
	};
	_cleanup_free_ struct memblock_pages *back = NULL;
	_cleanup_free_ char *text = NULL, *none = NULL;
	size_t n;

	(void)state;
	assert_int_equal(memblock_pages_to_text(pages, 2, &text), 0);
	assert_true(strncmp(text, LINE, strlen(LINE)) == 0);
	assert_int_equal(memblock_pages_from_text(text, &back, &n), 0);
	assert_int_equal(n, 2);
	assert_memory_equal(back, pages, sizeof(pages));
	free(TAKE_PTR(back));

	assert_int_equal(memblock_pages_to_text(NULL, 0, &none), 0);
	assert_string_equal(none, "");
	assert_int_equal(memblock_pages_from_text("", &back, &n), 0);
	assert_int_equal(n, 0);
}

#define REST " slab 0 page-table 0 offline 0 free 0 movable 0 kernel 0 unclear 0"
static const struct text_row {
	const char *name, *text;
} text_rows[] = {
	{ "cut inside a word", "block 8 all 1 exam" },
	{ "cut inside a number", "block 8 all 9 examined 1 poisoned 0 memmap 0 reserved 1" REST },
	{ "the second line is cut", LINE "block 9" },
	{ "an empty line", "\n" },
	{ "another word", "block 8 each 1 examined 0 poisoned 0 memmap 0 reserved 0" REST "\n" },
	{ "another order", "block 8 examined 0 all 1 poisoned 0 memmap 0 reserved 0" REST "\n" },
	{ "no number", "block x all 1 examined 0 poisoned 0 memmap 0 reserved 0" REST "\n" },
	{ "negative", "block -8 all 1 examined 0 poisoned 0 memmap 0 reserved 0" REST "\n" },
	{ "past 64 bits",
	  "block 18446744073709551616 all 1 examined 0 poisoned 0 memmap 0 reserved 0" REST "\n" },
	{ "junk behind", "block 8 all 1 examined 0 poisoned 0 memmap 0 reserved 0" REST " \n" },
	{ "a block of no pages",
	  "block 8 all 0 examined 0 poisoned 0 memmap 0 reserved 0" REST "\n" },
	{ "a block that no machine has",
	  "block 8 all 4294967296 examined 0 poisoned 0 memmap 0 reserved 0" REST "\n" },
	{ "more examined than there are",
	  "block 8 all 1 examined 2 poisoned 2 memmap 0 reserved 0" REST "\n" },
	{ "it doesn't add up",
	  "block 8 all 9 examined 2 poisoned 1 memmap 0 reserved 0" REST "\n" },
	{ "it adds up by overflow",
	  "block 8 all 9 examined 2 poisoned 18446744073709551615 memmap 3 reserved 0" REST "\n" },
};

static void test_bad_text(void **state)
{
	const struct text_row *row = *state;
	struct memblock_pages *pages = NULL;
	size_t n = 7;

	assert_int_equal(memblock_pages_from_text(row->text, &pages, &n), -EBADMSG);
	assert_null(pages);
	assert_int_equal(n, 7);
}

static const struct limit_row {
	const char *name;
	uint64_t per_block, n, limit;
} limit_rows[] = {
	{ "nothing", ALL, 0, 0 },
	{ "64 GiB", ALL, 512, 0 },
	{ "a block more", ALL, 513, 4088 },
	{ "a TiB", ALL, 8192, 256 },
	{ "a TiB in blocks of 2 GiB", (uint64_t)ALL * 16, 512, 4096 },
	{ "128 TiB: never so few that a sample tells nothing", ALL, 1 << 20, 64 },
	{ "small blocks", 32, 1 << 20, 0 },
	{ "overflow", UINT64_MAX, 2, 1048576 },
};

static void test_limit(void **state)
{
	const struct limit_row *row = *state;

	assert_int_equal(memblock_pages_limit(row->per_block, row->n), row->limit);
}

#define ZONE(node, zone, count)                                                                  \
	"Node " node ", zone " zone "\n  pages free 1\n        spanned  9\n        present  9\n" \
	"  pagesets\n    cpu: 0\n              count: " count "\n              high:  9\n"       \
	"    cpu: 1\n              count: 100\n  start_pfn: 0\n"
/* Before Linux 5.12, and since. */
#define CMA(line)                                                                            \
	"Node 0, zone Normal\n  pages free 1\n        spanned  9\n        present  9\n" line \
	"  start_pfn: 0\n"
#define ZONEINFO ZONE("0", "Normal", "200") ZONE("0", "Movable", "0") ZONE("1", "Normal", "0")
#define YES MEMBLOCK_ANSWER_YES
#define NO MEMBLOCK_ANSWER_NO
#define DONT_KNOW MEMBLOCK_ANSWER_UNKNOWN

/* Of a block on node 0, what is not named is free; of a sample 1024 pages were looked at. */
static const struct busy_row {
	const char *name, *zone, *device, *zoneinfo;
	bool sample;
	struct memblock_pages pages;
	enum memblock_answer busy;
	uint64_t unmovable, to_move; /* in pages */
} busy_rows[] = {
	{ "free", "Normal", NULL, ZONEINFO, false, {}, NO, 0, 0 },
	{ "files", "Normal", NULL, ZONEINFO, false, { .movable = 1000 }, NO, 0, 1000 },
	{ "poison", "Normal", NULL, ZONEINFO, false, { .poisoned = 1 }, NO, 0, 0 },
	{ "its own memmap", "Normal", NULL, ZONEINFO, false, { .memmap = 512 }, NO, 0, 0 },
	{ "reserved", "Movable", NULL, ZONEINFO, false, { .reserved = 1 }, YES, 1, 0 },
	{ "contiguous allocations", "Normal", NULL, CMA("  cma 9\n"), false, {}, DONT_KNOW, 0, 0 },
	{ "and slab", "Normal", NULL, CMA("  cma 9\n"), false, { .slab = 1 }, YES, 1, 0 },
	{ "free ones", "Normal", NULL, CMA("  nr_free_cma 9\n"), false, {}, DONT_KNOW, 0, 0 },
	{ "none", "Normal", NULL, CMA("  cma 0\n  nr_free_cma 0\n"), false, {}, NO, 0, 0 },
	{ "slab", "Normal", NULL, ZONEINFO, false, { .slab = 2, .movable = 1 }, YES, 2, 1 },
	{ "page tables", "Normal", NULL, ZONEINFO, false, { .page_table = 3 }, YES, 3, 0 },
	{ "kernel", "Normal", NULL, ZONEINFO, false, { .kernel = 4, .unclear = 9 }, YES, 4, 0 },
	{ "kernel, and a crowd",
	  "Normal",
	  NULL,
	  ZONEINFO,
	  false,
	  { .kernel = 4, .unclear = 301 },
	  YES,
	  305,
	  0 },
	{ "unclear, as many as the CPUs hold",
	  "Normal",
	  NULL,
	  ZONEINFO,
	  false,
	  { .unclear = 300 },
	  NO,
	  0,
	  0 },
	{ "unclear, one more", "Normal", NULL, ZONEINFO, false, { .unclear = 301 }, YES, 301, 0 },
	{ "unclear, in ZONE_MOVABLE",
	  "Movable",
	  NULL,
	  ZONEINFO,
	  false,
	  { .unclear = 9999 },
	  NO,
	  0,
	  0 },
	{ "unclear, of a zone whose lists are shorter",
	  "Normal",
	  NULL,
	  ZONE("0", "Normal", "0"),
	  false,
	  { .unclear = 101 },
	  YES,
	  101,
	  0 },
	{ "unclear, few anyway", "Normal", NULL, "", false, { .unclear = 64 }, NO, 0, 0 },
	{ "unclear, and what CPUs hold is not known",
	  "Normal",
	  NULL,
	  NULL,
	  false,
	  { .unclear = 65 },
	  DONT_KNOW,
	  0,
	  0 },
	{ "unclear, and only another node's lists are known",
	  "Normal",
	  NULL,
	  ZONE("1", "Normal", "9"),
	  false,
	  { .unclear = 65 },
	  DONT_KNOW,
	  0,
	  0 },
	{ "kernel, whatever is not known",
	  "Normal",
	  NULL,
	  NULL,
	  false,
	  { .unclear = 65, .kernel = 1 },
	  YES,
	  1,
	  0 },
	{ "unplugged by virtio-mem",
	  "Normal",
	  "virtio0",
	  ZONEINFO,
	  false,
	  { .offline = 9 },
	  NO,
	  0,
	  0 },
	{ "held by a balloon", "Normal", NULL, ZONEINFO, false, { .offline = 9 }, DONT_KNOW, 0, 0 },
	{ "held by a balloon, and slab",
	  "Normal",
	  NULL,
	  ZONEINFO,
	  false,
	  { .offline = 9, .slab = 1 },
	  YES,
	  1,
	  0 },
	{ "a sample that found nothing",
	  "Normal",
	  NULL,
	  ZONEINFO,
	  true,
	  { .movable = 3 },
	  DONT_KNOW,
	  0,
	  96 },
	{ "a sample with slab", "Normal", NULL, ZONEINFO, true, { .slab = 2 }, YES, 64, 0 },
	{ "a sample with a crowd", "Normal", NULL, ZONEINFO, true, { .unclear = 10 }, YES, 320, 0 },
};

static struct memblock_pages fill(struct memblock_pages pages, uint64_t examined)
{
	pages.all = ALL;
	pages.examined = examined;
	pages.free = examined - (pages.poisoned + pages.memmap + pages.reserved + pages.slab +
				 pages.page_table + pages.offline + pages.movable + pages.kernel +
				 pages.unclear);
	pages.index = 8;
	return pages;
}

static void test_busy(void **state)
{
	const struct busy_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	struct memblock_pages pages = fill(row->pages, row->sample ? 1024 : ALL);
	const struct memblock_block *block;
	uint64_t unmovable, to_move;

	if (row->zoneinfo)
		write_file(tree, "proc/zoneinfo", "%s", row->zoneinfo);
	if (row->device)
		write_file(
			tree, "proc/iomem",
			"40000000-47ffffff : %s\n  40000000-47ffffff : System RAM (virtio_mem)\n",
			row->device);
	add_block(tree, 8, "online", row->zone, 0);
	inventory = scan(tree);
	block = block_of(inventory, 8);
	assert_int_equal(memblock_block_busy(inventory, block), DONT_KNOW);
	assert_int_equal(memblock_block_load(inventory, block, &unmovable, &to_move), -ENODATA);

	assert_int_equal(memblock_inventory_set_pages(inventory, &pages, 1), 0);
	assert_int_equal(memblock_block_busy(inventory, block), row->busy);
	assert_int_equal(memblock_block_load(inventory, block, &unmovable, &to_move), 0);
	assert_int_equal(unmovable, row->unmovable * 4096);
	assert_int_equal(to_move, row->to_move * 4096);
}

static struct memblock_inventory *scan_blocks(struct fake_tree *tree)
{
	write_file(tree, "proc/iomem", "00000000-ffffffff : System RAM\n");
	write_file(tree, "proc/zoneinfo", ZONEINFO);
	for (uint64_t i = 4; i < 10; i++)
		add_block(tree, i, i == 6 ? "offline" : "online", "Normal", 0);
	return scan(tree);
}

static void assert_counted(const struct memblock_inventory *inventory, uint64_t index,
			   const char *words)
{
	struct memblock_pages pages;

	assert_int_equal(memblock_block_pages(inventory, block_of(inventory, index), &pages),
			 words != NULL);
	if (words)
		assert_string_equal(page_words(&pages), words);
}

static void assert_source(const struct memblock_inventory *inventory,
			  enum memblock_source_state state)
{
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_PAGES, NULL), state);
}

/* In any order, over those of before, and without what makes no sense here. */
static void test_set(void **state)
{
	static const struct memblock_pages first[] = {
		{ .index = 9, .all = ALL, .examined = 9, .free = 9 },
		{ .index = 4, .all = ALL, .examined = 4, .free = 4 },
		{ .index = 6, .all = ALL, .examined = 6, .free = 6 },
		{ .index = 77, .all = ALL, .examined = 7, .free = 7 },
		{ .index = 5, .all = ALL, .examined = 5, .free = 4 },
		{ .index = 7, .all = 3, .examined = 3, .free = 3 },
	};
	static const struct memblock_pages second[] = {
		{ .index = 8, .all = ALL, .examined = 8, .free = 8 },
		{ .index = 9, .all = ALL, .examined = 1, .movable = 1 },
		{ .index = 5, .all = ALL },
	};
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = scan_blocks(tree);

	(void)state;
	assert_source(inventory, MEMBLOCK_SOURCE_UNASKED);
	assert_int_equal(memblock_inventory_set_pages(inventory, first, ARRAY_SIZE(first)), 0);
	assert_source(inventory, MEMBLOCK_SOURCE_READ);
	assert_counted(inventory, 4, "free 4");
	assert_counted(inventory, 9, "free 9");
	for (uint64_t i = 5; i < 9; i++)
		assert_counted(inventory, i, NULL);

	assert_int_equal(memblock_inventory_set_pages(inventory, second, ARRAY_SIZE(second)), 0);
	assert_counted(inventory, 4, "free 4");
	assert_counted(inventory, 5, "");
	assert_counted(inventory, 8, "free 8");
	assert_counted(inventory, 9, "movable 1");
	assert_int_equal(memblock_block_busy(inventory, block_of(inventory, 5)), DONT_KNOW);

	assert_int_equal(memblock_inventory_set_pages(inventory, NULL, 0), 0);
	assert_counted(inventory, 4, NULL);
	assert_source(inventory, MEMBLOCK_SOURCE_UNASKED);
}

static const struct memblock_pages with_reserved[] = {
	{ .index = 4, .all = ALL, .examined = ALL, .free = ALL - 1, .reserved = 1 },
	{ .index = 5, .all = ALL, .examined = ALL, .free = ALL },
};

static void assert_reserved(const struct memblock_inventory *inventory, uint64_t index, bool is)
{
	const struct memblock_block *block = block_of(inventory, index);

	assert_string_equal(reason_words(block), is ? "reserved-pages" : "");
	assert_int_equal(memblock_block_removable(block), is ? NO : YES);
	assert_int_equal(has_evidence(inventory, block,
				      "reserved-pages: 1 of 32768 pages that were looked at"),
			 is);
}

static void test_reserved(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = scan_blocks(tree);

	(void)state;
	assert_reserved(inventory, 4, false);
	assert_int_equal(memblock_inventory_set_pages(inventory, with_reserved, 2), 0);
	assert_reserved(inventory, 4, true);
	assert_reserved(inventory, 5, false);
	assert_true(has_evidence(inventory, block_of(inventory, 5),
				 "no reserved page among the 32768"));
	assert_int_equal(memblock_inventory_set_pages(inventory, NULL, 0), 0);
	assert_reserved(inventory, 4, false);
}

static int tell_details(uint64_t index, void *userdata __attribute__((unused)),
			struct memblock_report_details *ret)
{
	static const char *const lines[] = { "reserved-pages: so it was told", NULL };

	if (index == 5)
		ret->evidence = lines;
	return 0;
}

static const enum memblock_reason told_reason = MEMBLOCK_REASON_RESERVED_PAGES;
static const struct memblock_report_range told_ranges[] = {
	{ .range = { MIB(512), MIB(640) }, .state = MEMBLOCK_STATE_ONLINE, .removable = YES },
	{ .range = { MIB(640), MIB(768) },
	  .state = MEMBLOCK_STATE_ONLINE,
	  .removable = NO,
	  .reasons = &told_reason,
	  .n_reasons = 1 },
	{ .range = { MIB(768), MIB(896) }, .state = MEMBLOCK_STATE_ONLINE },
};

/* What was told stands, and comes back. */
static void test_reported(void **state)
{
	const struct memblock_report report = { .block_size = MIB(128),
						.page_size = 4096,
						.ranges = told_ranges,
						.n_ranges = ARRAY_SIZE(told_ranges),
						.details = tell_details };
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	const struct memblock_block *told;
	struct memblock_pages pages[3] = { with_reserved[0], with_reserved[1], with_reserved[0] };

	(void)state;
	pages[2].index = 6;
	assert_int_equal(memblock_inventory_new_of_report(&report, &inventory), 0);
	told = block_of(inventory, 5);
	for (int i = 0; i < 2; i++) {
		assert_reserved(inventory, 4, false);
		assert_int_equal(memblock_block_removable(block_of(inventory, 6)), DONT_KNOW);
		assert_int_equal(memblock_inventory_set_pages(inventory, pages, 3), 0);
		assert_reserved(inventory, 4, true);
		assert_reserved(inventory, 6, true);
		assert_string_equal(reason_words(told), "reserved-pages");
		assert_int_equal(memblock_block_removable(told), NO);
		assert_true(has_evidence(inventory, told, "so it was told"));
		assert_false(has_evidence(inventory, told, "no reserved page"));
		assert_source(inventory, MEMBLOCK_SOURCE_ABSENT);

		assert_int_equal(memblock_inventory_set_pages(inventory, NULL, 0), 0);
	}
	assert_string_equal(reason_words(told), "reserved-pages");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_reserved),
		cmocka_unit_test(test_reported),
	};

	return RUN_ROWS(text_rows, test_bad_text) + RUN_ROWS(limit_rows, test_limit) +
	       RUN_ROWS(busy_rows, test_busy) + RUN_TESTS(tests);
}
