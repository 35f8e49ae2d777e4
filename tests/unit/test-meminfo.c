/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "fake-tree.h"

#define MEMINFO "MemTotal:       1000 kB\nMemFree:  1 kB\nMemAvailable:    400 kB\n"
#define ZONE(name, free, inactive, active)                                              \
	"Node 0, zone " name "\n  per-node stats\n      nr_inactive_file 7777\n"        \
	"  pages free     " free "\n        min      3\n      nr_free_pages " free      \
	"\n      nr_zone_inactive_file " inactive "\n      nr_zone_active_file " active \
	"\n      nr_zone_inactive_anon 7777\n  start_pfn: 1\n"
#define NORMAL ZONE("  Normal", "1", "20", "300")

struct row {
	const char *name;
	const char *architecture, *meminfo, *zoneinfo; /* NULL: no such file */
	int result;
	uint64_t kernel_pages; /* of 4 KiB */
};

static const struct row rows[] = {
	{ "one zone", "x86_64", MEMINFO, NORMAL, 0, 321 },
	{ "all zones of the kernel's", "x86_64", MEMINFO,
	  ZONE("DMA", "1", "0", "0") ZONE("DMA32", "10", "0", "0") ZONE("Normal", "100", "0", "0")
		  ZONE("HighMem", "1000", "0", "0"),
	  0, 1111 },
	{ "Movable and Device are left out", "x86_64", MEMINFO,
	  ZONE("Movable", "9", "9", "9") NORMAL ZONE("Device", "9", "9", "9"), 0, 321 },
	{ "so is what isn't known", "x86_64", MEMINFO,
	  NORMAL ZONE("Future", "9", "9", "9") "Node x\n      nr_free_pages 9\n", 0, 321 },
	{ "two nodes", "x86_64", MEMINFO, NORMAL NORMAL, 0, 642 },
	{ "an unpopulated zone", "x86_64", MEMINFO,
	  "Node 0, zone DMA\n  pages free     0\n        min 0\n" NORMAL, 0, 321 },
	{ "larger pages", "ppc64", MEMINFO, "Node 0, zone Normal\n  managed 15\n" NORMAL, 0,
	  321 * 16 },
	{ "page size not known", "ppc64", MEMINFO, NORMAL, -ENODATA, 0 },
	{ "architecture not known", NULL, MEMINFO, NORMAL, -ENODATA, 0 },
	{ "only Movable", "x86_64", MEMINFO, ZONE("Movable", "9", "9", "9"), -ENODATA, 0 },
	{ "an empty zoneinfo", "x86_64", MEMINFO, "", -ENODATA, 0 },
	{ "lines before the first zone", "x86_64", MEMINFO, "      nr_free_pages 9\n" NORMAL, 0,
	  321 },
	{ "free is no number", "x86_64", MEMINFO, "Node 0, zone DMA\n nr_free_pages lots\n",
	  -ENODATA, 0 },
	{ "the sum overflows", "x86_64", MEMINFO,
	  ZONE("DMA", "18446744073709551615", "1", "0") NORMAL, -ENODATA, 0 },
	{ "the bytes overflow", "x86_64", MEMINFO, ZONE("DMA", "9007199254740992", "1", "0"),
	  -ENODATA, 0 },
	{ "no zoneinfo", "x86_64", MEMINFO, NULL, -ENOENT, 0 },
	{ "no meminfo", "x86_64", NULL, NORMAL, -ENOENT, 0 },
	{ "an empty meminfo", "x86_64", "", NORMAL, -ENODATA, 0 },
	{ "no MemTotal", "x86_64", "MemAvailable: 1 kB\n", NORMAL, -ENODATA, 0 },
	{ "no MemAvailable", "x86_64", "MemTotal: 1 kB\nXMemAvailable: 1 kB\n", NORMAL, -ENODATA,
	  0 },
	{ "MemAvailable is no number", "x86_64", "MemTotal: 1 kB\nMemAvailable: lots\n", NORMAL,
	  -ENODATA, 0 },
	{ "MemAvailable is torn", "x86_64", "MemTotal: 1 kB\nMemAvailable: 40", NORMAL, -ENODATA,
	  0 },
	{ "in a unit of the future", "x86_64", "MemTotal: 1 kB\nMemAvailable: 1 MB\n", NORMAL,
	  -ENODATA, 0 },
	{ "MemTotal overflows", "x86_64", "MemTotal: 18446744073709551615 kB\n", NORMAL, -ENODATA,
	  0 },
	{ "a byte of 0", "x86_64", NULL, NORMAL, -EBADMSG, 0 },
};

static void write_optional(struct fake_tree *tree, const char *path, const char *text)
{
	if (text)
		write_file(tree, path, "%s", text);
}

static void test_read(void **state)
{
	const struct row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	struct memblock_memory memory = { .total = 4711 };

	write_optional(tree, "proc/sys/kernel/arch", row->architecture);
	write_optional(tree, "proc/meminfo", row->meminfo);
	write_optional(tree, "proc/zoneinfo", row->zoneinfo);
	if (row->result == -EBADMSG)
		write_bytes(tree, "proc/meminfo", "MemTotal: \0", 11);

	assert_int_equal(memblock_memory_read(root, &memory), row->result);
	if (row->result < 0) {
		assert_int_equal(memory.total, 4711);
		return;
	}
	assert_int_equal(memory.total, 1000 * 1024);
	assert_int_equal(memory.available, 400 * 1024);
	assert_int_equal(memory.kernel_free, row->kernel_pages * 4096);
}

/* This machine, whatever it is: the figures hang together. */
static void test_live(void **state)
{
	_cleanup_root_ struct memblock_root *root = NULL;
	struct memblock_memory memory;

	(void)state;
	assert_int_equal(memblock_root_new(NULL, &root), 0);
	if (memblock_memory_read(root, &memory) < 0)
		skip();
	assert_true(memory.available > 0 && memory.available <= memory.total);
	assert_true(memory.kernel_free > 0 && memory.kernel_free <= memory.total);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_live) };

	return RUN_ROWS(rows, test_read) + RUN_TESTS(tests);
}
