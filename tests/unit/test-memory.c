/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "fake-btf.h"
#include "fake-kcore.h"
#include "fake-tree.h"
#include "plan.h"

/*
 * Memory runs out at the first request, the second, and so on until none is left that could fail:
 * the answer is -ENOMEM each time, and the sanitizers see that nothing leaks. The linker sends the
 * library's requests here (-Wl,--wrap).
 */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
char *__real_strdup(const char *text);
int __real_vasprintf(char **ret, const char *format, va_list ap)
	__attribute__((__format__(printf, 2, 0)));
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *text);
int __wrap_vasprintf(char **ret, const char *format, va_list ap)
	__attribute__((__format__(printf, 2, 0)));

static long left = -1; /* requests until one fails; below 0, none does */
static bool refused;   /* whether one did */

static bool is_refused(void)
{
	if (left < 0 || left-- > 0)
		return false;
	refused = true;
	errno = ENOMEM;
	return true;
}

/* What clang makes of realloc(NULL, size). */
void *__wrap_malloc(size_t size)
{
	return is_refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return is_refused() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return is_refused() ? NULL : __real_realloc(p, size);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return is_refused() ? NULL : __real_reallocarray(p, n, size);
}

char *__wrap_strdup(const char *text)
{
	return is_refused() ? NULL : __real_strdup(text);
}

int __wrap_vasprintf(char **ret, const char *format, va_list ap)
{
	return is_refused() ? -1 : __real_vasprintf(ret, format, ap);
}

static struct fake_tree *tree_of_everything(void)
{
	struct fake_tree *tree = fake_tree_new();

	add_block(tree, 8, "online", "none", 0, 1);
	add_block(tree, 9, "online", "Future", 0);
	add_block(tree, 10, "melting", "Normal", 1);
	add_block(tree, 11, "online", "Normal", 0, 1, 2);
	add_block(tree, UINT64_MAX, "online", "Normal", 0);
	write_file(tree, "proc/iomem",
		   "40000000-43ffffff : System RAM\n"
		   "44000000-443fffff : Persistent Memory\n"
		   "  44000000-443fffff : namespace0.0\n"
		   "48000000-4fffffff : dax0.0\n"
		   "  48000000-4fffffff : System RAM (kmem)\n"
		   "50000000-57ffffff : System RAM\n"
		   "torn\n");
	write_file(tree, "proc/zoneinfo",
		   "Node 0, zone Normal\n  spanned  1000000\n  start_pfn:  0\n"
		   "Node 1, zone Normal\n  spanned  1000000\n  start_pfn:  0\nNode x\n");
	write_file(tree, "proc/meminfo", "MemTotal: 4000 kB\n");
	write_bytes(tree, "sys/firmware/acpi/tables/SRAT", "SRAT", 4);
	add_namespace(tree, "namespace0.0", "0x44000000", "4194304", "memory", "../nd_pmem");
	add_namespace(tree, "namespace0.1", "rubbish", "1", "memory", NULL);
	make_link(tree, "sys/bus/acpi/devices/PNP0C80:00/physical_node", "../memory10");
	write_file(tree, "var/lib/memblockd/marks", "0x0-0xffffffff dax0.0 why\nrubbish\n");
	return tree;
}

static int scan_with(struct memblock_root *root, long requests)
{
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	_cleanup_free_ char *error = NULL;
	int r;

	left = requests;
	refused = false;
	r = memblock_inventory_new(root, 0, &inventory, &error);
	left = -1;
	assert_int_equal(r < 0, !inventory);
	return r;
}

static void assert_scan_notices(struct fake_tree *tree)
{
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	long n;

	assert_int_equal(scan_with(root, -1), 0);
	for (n = 0; n < 10000; n++) {
		int r = scan_with(root, n);

		if (!refused)
			break;
		if (r != -ENOMEM)
			print_error("request %ld was refused, and nobody minded\n", n);
		assert_int_equal(r, -ENOMEM);
	}
	assert_true(n > 20 && n < 10000);
}

static void test_scan(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = tree_of_everything();

	(void)state;
	assert_scan_notices(tree);
}

/* Of arm64 the page size is found out from two files. */
static void test_scan_page_size(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = tree_of_everything();

	(void)state;
	write_file(tree, "proc/sys/kernel/arch", "aarch64\n");
	assert_scan_notices(tree);
}

/* A table whose one range is good, and so makes the list of ranges grow. */
static void test_scan_srat(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = tree_of_everything();
	uint8_t table[128] = { 'S', 'R', 'A', 'T', 128, 0, 0, 0, 3 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		table[48 + 40 * i] = 1;
		table[49 + 40 * i] = 40;
		table[50 + 40 * i] = (uint8_t)i;
		table[48 + 40 * i + 8 + 3] = (uint8_t)(0x40 * i);
		table[48 + 40 * i + 16 + 3] = 0x40;
		table[48 + 40 * i + 28] = 1;
	}
	write_bytes(tree, "sys/firmware/acpi/tables/SRAT", table, sizeof(table));
	assert_scan_notices(tree);
}

/* On arm64 a scan reads the kernel's table of sections where there are DIMMs. */
static void test_scan_sections(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = tree_of_everything();

	(void)state;
	write_file(tree, "proc/sys/kernel/arch", "aarch64\n");
	write_file(tree, "memblockd/sections",
		   "section 9 flags f map ffffffffffffffff\ntorn\n"
		   "section 10 flags f map ffffffffffffffff\n");
	assert_scan_notices(tree);
}

static void test_scan_kcore(void **state)
{
	static const struct fake_btf btf = BTF_OF_6_1;
	const uint64_t base = 0x10000;
	_cleanup_tree_ struct fake_tree *tree = tree_of_everything();
	_cleanup_kcore_ struct fake_kcore *fake =
		fake_kcore_new("PAGESIZE=4096\nSYMBOL(mem_section)=10000\nLENGTH(mem_section)=1\n"
			       "SIZE(mem_section)=16\nOFFSET(mem_section.section_mem_map)=0\n"
			       "NUMBER(SECTION_SIZE_BITS)=27\n");

	(void)state;
	write_file(tree, "proc/sys/kernel/arch", "aarch64\n");
	write_btf(tree, &btf);
	add_segment(fake, base, 0x4000);
	put_word(fake, base, base + 0x1000);
	put_word(fake, base + 0x1000 + 160, 0xf);
	put_word(fake, base + 0x1000 + 168, base + 0x3000);
	write_kcore(tree, fake);
	assert_scan_notices(tree);
}

/* The text of an error is a luxury: without it the error is still the same. */
static void test_error_text(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_root_ struct memblock_root *root = open_root(tree);

	(void)state;
	for (long n = 1; n < 10; n++) {
		int r = scan_with(root, n);

		assert_true(r == -ENOMEM || r == -ENOENT);
	}
	assert_int_equal(scan_with(root, 1000), -ENOENT);
}

static int tell_details(uint64_t index __attribute__((unused)),
			void *userdata __attribute__((unused)), struct memblock_report_details *ret)
{
	static const struct memblock_extent extent = { .start = 0, .end = MIB(128) };
	static const char *const evidence[] = { "one", "two", NULL };
	static const uint64_t word = UINT64_MAX;

	*ret = (struct memblock_report_details){ .composition = &extent,
						 .n_extents = 1,
						 .subsections = &word,
						 .n_words = 1,
						 .words_per_section = 1,
						 .evidence = evidence };
	return 0;
}

static const struct memblock_report_range told_range = {
	.range = { 0, MIB(256) },
	.nids = (const int[]){ 0, 1 },
	.n_nids = 2,
	.device = "PNP0C80:00",
};

static const struct memblock_report told_report = {
	.block_size = MIB(128),
	.architecture = "x86_64",
	.release = "6.1.0",
	.ranges = &told_range,
	.n_ranges = 1,
	.sources = &(const struct memblock_report_source){ MEMBLOCK_SOURCE_READ, "why" },
	.n_sources = 1,
	.notes = (const char *const[]){ "one", "two", NULL },
	.details = tell_details,
};

/* What somebody else read is copied, or not taken at all. */
static void test_report(void **state)
{
	long n;

	(void)state;
	for (n = 0; n < 1000; n++) {
		struct memblock_inventory *inventory = NULL;
		int r;

		left = n;
		refused = false;
		r = memblock_inventory_new_of_report(&told_report, &inventory);
		left = -1;
		memblock_inventory_unref(inventory);
		if (!refused)
			break;
		assert_int_equal(r, -ENOMEM);
	}
	assert_true(n > 8 && n < 1000);
}

/* All is read before any of it is taken over. */
static void test_reread(void **state)
{
	static const uint64_t indexes[] = { 8 };
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	long n;

	(void)state;
	add_block(tree, 8, "online", "Normal", 0);
	write_file(tree, "proc/zoneinfo",
		   "Node 0, zone Normal\n  spanned  1000000\n  start_pfn:  0\n");
	inventory = scan(tree);
	write_file(tree, "sys/devices/system/memory/memory8/state", "offline\n");
	for (n = 0; n < 1000; n++) {
		_cleanup_free_ uint64_t *changed = NULL;
		size_t n_changed;
		int r;

		left = n;
		refused = false;
		r = memblock_inventory_reread(inventory, indexes, 1, &changed, &n_changed);
		left = -1;
		if (!refused)
			break;
		assert_int_equal(r, -ENOMEM);
		assert_int_equal(memblock_block_state(block_of(inventory, 8)),
				 MEMBLOCK_STATE_ONLINE);
	}
	assert_true(n > 4 && n < 1000);
	assert_int_equal(memblock_block_state(block_of(inventory, 8)), MEMBLOCK_STATE_OFFLINE);
}

typedef int (*question)(const struct memblock_inventory *inventory,
			const struct memblock_block *block);

static int ask_evidence(const struct memblock_inventory *inventory,
			const struct memblock_block *block)
{
	char **evidence = NULL;
	int r = memblock_block_evidence(inventory, block, &evidence);

	memblock_strv_free(evidence);
	return r;
}

static int ask_composition(const struct memblock_inventory *inventory,
			   const struct memblock_block *block)
{
	_cleanup_free_ struct memblock_extent *extents = NULL;

	return memblock_block_composition(inventory, block, &extents);
}

static int ask_subsections(const struct memblock_inventory *inventory,
			   const struct memblock_block *block)
{
	_cleanup_free_ uint64_t *words = NULL;
	enum memblock_source source;
	size_t n;

	return memblock_block_subsections(inventory, block, &words, &n, &source);
}

static int plan_for(const struct memblock_inventory *inventory, const struct memblock_block *block,
		    enum memblock_action action, struct memblock_plan **ret)
{
	const struct memblock_memory memory = { GIB(8), GIB(8), GIB(8) };
	const struct memblock_limits limits = {};
	const struct memblock_range range = {
		memblock_block_start(inventory, block),
		memblock_block_start(inventory, block) + MIB(128),
	};
	const struct memblock_request request = {
		.action = action,
		.ranges = &range,
		.n_ranges = 1,
		.nid = MEMBLOCK_NID_UNKNOWN,
	};

	return memblock_plan_new(inventory, &request, &memory, &limits, ret);
}

/* Of these blocks, each is refused. */
static int ask_refusal(const struct memblock_inventory *inventory,
		       const struct memblock_block *block)
{
	_cleanup_(memblock_plan_freep) struct memblock_plan *plan = NULL;
	int r = plan_for(inventory, block, MEMBLOCK_ACTION_OFFLINE, &plan);

	assert_int_equal(r < 0, !plan);
	if (plan)
		assert_int_equal(memblock_plan_refusal(plan, NULL), MEMBLOCK_REFUSAL_NOT_REMOVABLE);
	return r;
}

/* Online they are already. */
static int ask_transition(const struct memblock_inventory *inventory,
			  const struct memblock_block *block)
{
	_cleanup_(memblock_plan_freep) struct memblock_plan *plan = NULL, *copy = NULL;
	_cleanup_(memblock_transition_freep) struct memblock_transition *transition = NULL;
	int r;

	r = plan_for(inventory, block, MEMBLOCK_ACTION_ONLINE, &plan);
	if (r >= 0)
		r = memblock_plan_new_of_steps(memblock_plan_step(plan, 0), 1, 1, false, &copy);
	if (r >= 0)
		r = memblock_transition_new(copy, &transition);
	assert_int_equal(r < 0, !transition);
	return r;
}

static int ask_memory(const struct memblock_inventory *inventory,
		      const struct memblock_block *block __attribute__((unused)))
{
	struct memblock_memory memory;

	return memblock_memory_read(inventory->root, &memory);
}

static void assert_noticed(const struct memblock_inventory *inventory,
			   const struct memblock_block *block, question ask)
{
	for (left = 0; left < 1000;) {
		long n = left;
		int r = ask(inventory, block);

		left = -1;
		if (r >= 0) {
			assert_true(n > 0);
			return;
		}
		assert_int_equal(r, -ENOMEM);
		left = n + 1;
	}
	fail();
}

static void test_questions(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = tree_of_everything();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	write_file(tree, "proc/iomem",
		   "40000000-43ffffff : System RAM\n"
		   "44000000-443fffff : Persistent Memory\n");
	inventory = scan(tree);
	for (size_t i = 0; i < memblock_inventory_n_blocks(inventory); i++) {
		const struct memblock_block *block = memblock_inventory_block(inventory, i);

		assert_noticed(inventory, block, ask_evidence);
		assert_noticed(inventory, block, ask_composition);
		assert_noticed(inventory, block, ask_subsections);
	}
}

static void test_report_questions(void **state)
{
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	assert_int_equal(memblock_inventory_new_of_report(&told_report, &inventory), 0);
	assert_noticed(inventory, block_of(inventory, 1), ask_evidence);
	assert_noticed(inventory, block_of(inventory, 1), ask_composition);
	assert_noticed(inventory, block_of(inventory, 1), ask_subsections);
}

static void test_plans(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	add_block(tree, 8, "online", "none", 0, 1);
	write_file(tree, "proc/iomem", "40000000-43ffffff : System RAM\n");
	write_file(tree, "proc/meminfo", "MemTotal: 64 kB\nMemAvailable: 64 kB\n");
	write_file(tree, "proc/zoneinfo", "Node 0, zone Normal\n managed 1\n nr_free_pages 1\n");
	write_file(tree, "proc/sys/kernel/arch", "ppc64\n");
	write_file(tree, "var/lib/memblockd/marks", "0x0-0xffffffff - why\n");
	inventory = scan(tree);
	assert_noticed(inventory, block_of(inventory, 8), ask_refusal);
	assert_noticed(inventory, block_of(inventory, 8), ask_transition);
	assert_noticed(inventory, block_of(inventory, 8), ask_memory);
}

static int ask_platform(const struct memblock_inventory *inventory,
			const struct memblock_block *block)
{
	struct memblock_platform *platform = NULL;
	int r;

	(void)block;
	r = memblock_platform_read(inventory->root, inventory, "kvm", &platform);
	memblock_platform_free(platform);
	return r;
}

static void ignore(const char *text, void *userdata)
{
	(void)text;
	(void)userdata;
}

static int ask_config(const struct memblock_inventory *inventory,
		      const struct memblock_block *block)
{
	_cleanup_(config_done) struct config config = {};

	(void)block;
	return config_load(memblock_root_path(inventory->root), ignore, NULL, &config);
}

static void test_policy(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	add_block(tree, 8, "online", "none", 0, 1);
	write_file(tree, "proc/cmdline", "ro\n");
	write_file(tree, "run/memblockd.conf.d/a.conf",
		   "[Rule a]\nProvider=acpi cxl\nNode=0 1\nRange=0x0-0xfff\nOnline=no\n"
		   "[Rule b]\nDevice=x\nProvider=y\n[Rule a]\nNode=3\nOnline=kernel\n");
	inventory = scan(tree);
	assert_noticed(inventory, block_of(inventory, 8), ask_platform);
	assert_noticed(inventory, block_of(inventory, 8), ask_config);
}

static void test_root(void **state)
{
	struct memblock_root *root = NULL;

	(void)state;
	for (left = 0; left < 2;) {
		long n = left;

		assert_int_equal(memblock_root_new("/", &root), -ENOMEM);
		assert_null(root);
		left = n + 1;
	}
	left = -1;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scan),
		cmocka_unit_test(test_scan_page_size),
		cmocka_unit_test(test_scan_srat),
		cmocka_unit_test(test_scan_sections),
		cmocka_unit_test(test_scan_kcore),
		cmocka_unit_test(test_error_text),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_plans),
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_reread),
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_report_questions),
	};

	return RUN_TESTS(tests);
}
