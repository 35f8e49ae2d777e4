/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fake-tree.h"

/* A report of an inventory, made of what the accessors tell: a range for each run of blocks that
 * are alike. */
struct teller {
	const struct memblock_inventory *inventory;
	struct memblock_report report;
	struct memblock_report_range *ranges;
	struct memblock_report_source sources[MEMBLOCK_SOURCE_COUNT];
	const char *notes[64];
	enum memblock_zone *zones;
	enum memblock_reason *reasons;
	/* what was told last of one block */
	struct memblock_extent *composition;
	uint64_t *subsections;
	char **evidence;
	unsigned n_done;
};

static void forget_details(struct teller *teller)
{
	free(TAKE_PTR(teller->composition));
	free(TAKE_PTR(teller->subsections));
	memblock_strv_free(TAKE_PTR(teller->evidence));
}

static void teller_done(struct teller *teller)
{
	forget_details(teller);
	free(teller->ranges);
	free(teller->zones);
	free(teller->reasons);
}
#define _cleanup_teller_ _cleanup_(teller_done)

static int tell_details(uint64_t index, void *userdata, struct memblock_report_details *ret)
{
	struct teller *teller = userdata;
	const struct memblock_block *block = block_of(teller->inventory, index);
	enum memblock_source source;
	int n;

	forget_details(teller);
	n = memblock_block_composition(teller->inventory, block, &teller->composition);
	assert_true(n >= 0 || n == -ENODATA);
	ret->composition = teller->composition;
	ret->n_extents = n < 0 ? 0 : (size_t)n;
	n = memblock_block_subsections(teller->inventory, block, &teller->subsections,
				       &ret->n_words, &source);
	assert_true(n >= 0 || n == -ENODATA);
	ret->derived = teller->subsections;
	ret->words_per_section = n;
	assert_true(memblock_block_evidence(teller->inventory, block, &teller->evidence) >= 0);
	ret->evidence = (const char *const *)teller->evidence;
	return 0;
}

static void count_done(void *userdata)
{
	struct teller *teller = userdata;

	teller->n_done++;
}

static void tell_block(struct teller *teller, size_t n)
{
	const struct memblock_block *block = memblock_inventory_block(teller->inventory, n);
	const struct memblock_device *device = memblock_block_device(teller->inventory, block);
	uint64_t start = memblock_block_start(teller->inventory, block);
	enum memblock_zone *zones = &teller->zones[n * MEMBLOCK_ZONES_MAX];
	enum memblock_reason *reasons = &teller->reasons[n * MEMBLOCK_REASON_COUNT];
	struct memblock_report_range range = {
		.range = { start, start + teller->report.block_size },
		.state = memblock_block_state(block),
		.zones = zones,
		.n_zones = memblock_block_zones(block, zones),
		.removable = memblock_block_removable(block),
		.reasons = reasons,
		.device = device ? memblock_device_name(device) : NULL,
		.provider = device ? memblock_device_provider(device) : MEMBLOCK_PROVIDER_UNKNOWN,
	};

	range.n_nids = memblock_block_nodes(teller->inventory, block, &range.nids);
	for (int i = 0; i < MEMBLOCK_REASON_COUNT; i++)
		if (memblock_block_has_reason(block, (enum memblock_reason)i))
			reasons[range.n_reasons++] = (enum memblock_reason)i;
	teller->ranges[n] = range;
}

static bool same(const struct memblock_report_range *a, const struct memblock_report_range *b)
{
	return a->range.end == b->range.start && a->state == b->state &&
	       a->removable == b->removable && a->device == b->device && a->n_nids == b->n_nids &&
	       (a->n_nids == 0 || memcmp(a->nids, b->nids, a->n_nids * sizeof(int)) == 0) &&
	       a->n_zones == b->n_zones &&
	       memcmp(a->zones, b->zones, a->n_zones * sizeof(*a->zones)) == 0 &&
	       a->n_reasons == b->n_reasons &&
	       memcmp(a->reasons, b->reasons, a->n_reasons * sizeof(*a->reasons)) == 0;
}

static void tell_blocks(struct teller *teller)
{
	size_t n = memblock_inventory_n_blocks(teller->inventory);

	teller->ranges = calloc(n + 1, sizeof(*teller->ranges));
	teller->zones = calloc(n + 1, MEMBLOCK_ZONES_MAX * sizeof(*teller->zones));
	teller->reasons = calloc(n + 1, MEMBLOCK_REASON_COUNT * sizeof(*teller->reasons));
	assert_true(teller->ranges && teller->zones && teller->reasons);

	for (size_t i = 0; i < n; i++) {
		struct memblock_report_range *last = &teller->ranges[teller->report.n_ranges];

		tell_block(teller, i);
		if (teller->report.n_ranges > 0 && same(last - 1, &teller->ranges[i]))
			last[-1].range.end = teller->ranges[i].range.end;
		else
			teller->ranges[teller->report.n_ranges++] = teller->ranges[i];
	}
	teller->report.ranges = teller->ranges;
}

static void tell(struct teller *teller, const struct memblock_inventory *inventory)
{
	teller->inventory = inventory;
	teller->report = (struct memblock_report){
		.block_size = memblock_inventory_block_size(inventory),
		.section_size = memblock_inventory_section_size(inventory),
		.page_size = memblock_inventory_page_size(inventory),
		.architecture = memblock_inventory_architecture(inventory),
		.release = memblock_inventory_release(inventory),
		.sources = teller->sources,
		.n_sources = ARRAY_SIZE(teller->sources),
		.notes = teller->notes,
		.root = inventory->root,
		.details = tell_details,
		.done = count_done,
		.userdata = teller,
	};
	for (int i = 0; i < MEMBLOCK_SOURCE_COUNT; i++)
		teller->sources[i].state = memblock_inventory_source(
			inventory, (enum memblock_source)i, &teller->sources[i].text);
	for (size_t i = 0; i < ARRAY_SIZE(teller->notes) - 1; i++)
		teller->notes[i] = memblock_inventory_note(inventory, i);
	tell_blocks(teller);
}

static void assert_same_text(const char *a, const char *b)
{
	if (a && b)
		assert_string_equal(a, b);
	else
		assert_ptr_equal(a, b);
}

static void assert_same_composition(const struct memblock_inventory *a,
				    const struct memblock_inventory *b,
				    const struct memblock_block *x, const struct memblock_block *y)
{
	_cleanup_free_ struct memblock_extent *extents = NULL, *others = NULL;
	_cleanup_free_ uint64_t *words = NULL, *more = NULL;
	enum memblock_source source, other_source;
	size_t n_words, n_more;
	int n;

	n = memblock_block_composition(a, x, &extents);
	assert_int_equal(memblock_block_composition(b, y, &others), n);
	for (int i = 0; i < n; i++) {
		assert_same_text(extents[i].owner, others[i].owner);
		assert_int_equal(extents[i].start, others[i].start);
		assert_int_equal(extents[i].end, others[i].end);
		assert_int_equal(extents[i].kind, others[i].kind);
		assert_int_equal(extents[i].zone, others[i].zone);
		assert_int_equal(extents[i].nid, others[i].nid);
		assert_int_equal(extents[i].mapped, others[i].mapped);
	}

	n = memblock_block_subsections(a, x, &words, &n_words, &source);
	assert_int_equal(memblock_block_subsections(b, y, &more, &n_more, &other_source), n);
	if (n < 0)
		return;
	assert_int_equal(n_words, n_more);
	assert_int_equal(source, other_source);
	assert_memory_equal(words, more, n_words * sizeof(*words));
}

static void assert_same_evidence(const struct memblock_inventory *a,
				 const struct memblock_inventory *b, const struct memblock_block *x,
				 const struct memblock_block *y)
{
	char **lines, **others;
	int n;

	n = memblock_block_evidence(a, x, &lines);
	assert_true(n >= 0);
	assert_int_equal(memblock_block_evidence(b, y, &others), n);
	for (int i = 0; i <= n; i++)
		assert_same_text(lines[i], others[i]);
	memblock_strv_free(lines);
	memblock_strv_free(others);
}

static void assert_same_block(const struct memblock_inventory *a,
			      const struct memblock_inventory *b, size_t n)
{
	const struct memblock_block *x = memblock_inventory_block(a, n);
	const struct memblock_block *y = memblock_inventory_block(b, n);
	const struct memblock_device *device = memblock_block_device(a, x);
	const struct memblock_device *other = memblock_block_device(b, y);
	const int *nids = NULL, *others = NULL;
	size_t n_nids = memblock_block_nodes(a, x, &nids);

	assert_int_equal(memblock_block_index(x), memblock_block_index(y));
	assert_int_equal(memblock_block_start(a, x), memblock_block_start(b, y));
	assert_int_equal(memblock_block_state(x), memblock_block_state(y));
	assert_int_equal(memblock_block_nid(x), memblock_block_nid(y));
	assert_int_equal(memblock_block_nodes(b, y, &others), n_nids);
	for (size_t i = 0; i < n_nids; i++)
		assert_int_equal(nids[i], others[i]);
	assert_int_equal(x->zones, y->zones);
	assert_int_equal(x->reasons, y->reasons);
	assert_int_equal(memblock_block_removable(x), memblock_block_removable(y));
	assert_int_equal(memblock_block_kernel_removable(a, x),
			 memblock_block_kernel_removable(b, y));
	assert_same_text(device ? memblock_device_name(device) : NULL,
			 other ? memblock_device_name(other) : NULL);
	if (device)
		assert_int_equal(memblock_device_provider(device), memblock_device_provider(other));
	assert_same_composition(a, b, x, y);
	assert_same_evidence(a, b, x, y);
}

/* Blocks that were told of together are many ranges' worth of the same. */
static void assert_same(const struct memblock_inventory *a, const struct memblock_inventory *b)
{
	const char *text, *other;

	assert_int_equal(memblock_inventory_block_size(a), memblock_inventory_block_size(b));
	assert_int_equal(memblock_inventory_section_size(a), memblock_inventory_section_size(b));
	assert_int_equal(memblock_inventory_page_size(a), memblock_inventory_page_size(b));
	assert_same_text(memblock_inventory_architecture(a), memblock_inventory_architecture(b));
	assert_same_text(memblock_inventory_release(a), memblock_inventory_release(b));
	for (int i = 0; i <= MEMBLOCK_SOURCE_COUNT; i++) {
		assert_int_equal(memblock_inventory_source(a, (enum memblock_source)i, &text),
				 memblock_inventory_source(b, (enum memblock_source)i, &other));
		assert_same_text(text, other);
	}
	for (size_t i = 0; i == 0 || memblock_inventory_note(a, i - 1); i++)
		assert_same_text(memblock_inventory_note(a, i), memblock_inventory_note(b, i));
	assert_int_equal(memblock_inventory_n_blocks(a), memblock_inventory_n_blocks(b));
	for (size_t i = 0; memblock_inventory_block(a, i); i++)
		assert_same_block(a, b, i);
}

static void tell_and_compare(const struct memblock_inventory *inventory)
{
	_cleanup_teller_ struct teller teller = {};
	struct memblock_inventory *told = NULL;

	tell(&teller, inventory);
	assert_int_equal(memblock_inventory_new_of_report(&teller.report, &told), 0);
	assert_same(inventory, told);
	assert_int_equal(teller.n_done, 0);
	memblock_inventory_unref(told);
	assert_int_equal(teller.n_done, 1);
}

/* Every captured tree of ring 2, where they are unpacked. */
static void test_captured_trees(void **state)
{
	const char *folder = getenv("TREES");
	_cleanup_closedir_ DIR *dir = folder ? opendir(folder) : NULL;
	unsigned n = 0;

	(void)state;
	if (!dir)
		skip();
	for (struct dirent *entry; (entry = readdir(dir));) {
		_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
		_cleanup_root_ struct memblock_root *root = NULL;
		char path[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (memblock_root_new(path, &root) < 0)
			continue;
		if (memblock_inventory_new(root, 0, &inventory, NULL) < 0)
			fail_msg("%s can't be read", path);
		tell_and_compare(inventory);
		n++;
	}
	if (n == 0)
		skip();
}

static void test_what_no_kernel_gave(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	add_block(tree, 1, "melting", "Normal", 0);
	add_block(tree, 2, "offline", "Normal Movable Future DMA", 0, 1, 2);
	add_block(tree, 3, "going-offline", "Normal Movable", NO_NODE);
	add_block(tree, 9, "online", NULL, 1, 2);
	inventory = scan(tree);
	assert_non_null(memblock_inventory_note(inventory, 0));
	tell_and_compare(inventory);
}

static void test_nothing_told(void **state)
{
	static const struct memblock_report report = { .block_size = MIB(128) };
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	assert_int_equal(memblock_inventory_new_of_report(&report, &inventory), 0);
	assert_int_equal(memblock_inventory_n_blocks(inventory), 0);
	assert_null(memblock_inventory_architecture(inventory));
	assert_null(memblock_inventory_note(inventory, 0));
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_BLOCKS, NULL),
			 MEMBLOCK_SOURCE_ABSENT);
}

static int refuse_details(uint64_t index __attribute__((unused)),
			  void *userdata __attribute__((unused)),
			  struct memblock_report_details *ret __attribute__((unused)))
{
	return -EIO;
}

static void test_details(void **state)
{
	static const struct memblock_report_range range = { .range = { 0, MIB(128) } };
	struct memblock_report report = { .block_size = MIB(128), .ranges = &range, .n_ranges = 1 };
	_cleanup_free_ struct memblock_extent *extents = NULL;
	_cleanup_free_ uint64_t *words = NULL;
	enum memblock_source source;
	char **evidence = NULL;
	size_t n;

	(void)state;
	for (int i = 0; i < 2; i++) {
		_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
		const struct memblock_block *block;

		report.details = i == 0 ? NULL : refuse_details;
		assert_int_equal(memblock_inventory_new_of_report(&report, &inventory), 0);
		block = block_of(inventory, 0);
		assert_int_equal(memblock_block_kernel_removable(inventory, block), -ENODATA);
		assert_int_equal(memblock_block_composition(inventory, block, &extents),
				 i == 0 ? -ENODATA : -EIO);
		assert_int_equal(memblock_block_subsections(inventory, block, &words, &n, &source),
				 i == 0 ? -ENODATA : -EIO);
		assert_int_equal(memblock_block_evidence(inventory, block, &evidence),
				 i == 0 ? 0 : -EIO);
	}
	assert_null(evidence[0]);
	memblock_strv_free(evidence);
}

static int tell_map(uint64_t index __attribute__((unused)), void *userdata,
		    struct memblock_report_details *ret)
{
	*ret = *(const struct memblock_report_details *)userdata;
	return 0;
}

/* Of a block of 2 GiB, which has 1024 sub-sections. Readers count on what a map says of itself. */
static void test_map(void **state)
{
	static const struct map_row {
		size_t n_words;
		int per_section;
		bool good;
	} rows[] = {
		{ 16, 16, true }, { 16, 1, true },  { 16, 2, true },   { 32, 2, true },
		{ 1, 1, false },  { 15, 1, false }, { 16, 0, false },  { 16, 3, false },
		{ 2, 16, false }, { 0, 1, false },  { 16, -1, false },
	};
	static const struct memblock_report_range range = { .range = { 0, MIB(2048) } };
	static const uint64_t told[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
		struct memblock_report_details details = {
			.subsections = told,
			.derived = told,
			.n_words = rows[i].n_words,
			.words_per_section = rows[i].per_section,
		};
		const struct memblock_report report = { .block_size = MIB(2048),
							.ranges = &range,
							.n_ranges = 1,
							.details = tell_map,
							.userdata = &details };
		_cleanup_free_ uint64_t *words = NULL;
		enum memblock_source source;
		size_t n;

		assert_int_equal(memblock_inventory_new_of_report(&report, &inventory), 0);
		assert_int_equal(memblock_block_subsections(inventory, block_of(inventory, 0),
							    &words, &n, &source),
				 rows[i].good ? rows[i].per_section : -ENODATA);
	}
}

struct nonsense_row {
	const char *name;
	uint64_t block_size;
	struct memblock_range ranges[2];
	int nids[2];
	size_t n_nids, n_zones;
};

static const struct nonsense_row nonsense_rows[] = {
	{ "no block size", 0, { { 0, MIB(128) }, { MIB(128), MIB(256) } }, {}, 0, 0 },
	{ "an odd block size", MIB(3), { { 0, MIB(3) }, { MIB(3), MIB(6) } }, {}, 0, 0 },
	{ "an empty range", MIB(128), { { 0, 0 }, { MIB(128), MIB(256) } }, {}, 0, 0 },
	{ "a reversed range", MIB(128), { { MIB(128), 0 }, { MIB(128), MIB(256) } }, {}, 0, 0 },
	{ "a border inside a block",
	  MIB(128),
	  { { 0, MIB(64) }, { MIB(128), MIB(256) } },
	  {},
	  0,
	  0 },
	{ "ranges that overlap", MIB(128), { { 0, MIB(256) }, { MIB(128), MIB(384) } }, {}, 0, 0 },
	{ "falling ranges", MIB(128), { { MIB(128), MIB(256) }, { 0, MIB(128) } }, {}, 0, 0 },
	{ "falling nodes", MIB(128), { { 0, MIB(128) }, { MIB(128), MIB(256) } }, { 1, 0 }, 2, 0 },
	{ "a negative node", MIB(128), { { 0, MIB(128) }, { MIB(128), MIB(256) } }, { -1 }, 1, 0 },
	{ "too many zones", MIB(128), { { 0, MIB(128) }, { MIB(128), MIB(256) } }, {}, 0, 5 },
};

static void test_nonsense(void **state)
{
	static const enum memblock_zone zones[5] = {};
	const struct nonsense_row *row = *state;
	struct memblock_inventory *inventory = NULL;
	struct memblock_report_range ranges[2];
	const struct memblock_report report = { .block_size = row->block_size,
						.ranges = ranges,
						.n_ranges = ARRAY_SIZE(ranges) };

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		ranges[i] = (struct memblock_report_range){ .range = row->ranges[i],
							    .nids = row->nids,
							    .n_nids = row->n_nids,
							    .zones = zones,
							    .n_zones = row->n_zones };
	assert_int_equal(memblock_inventory_new_of_report(&report, &inventory), -EINVAL);
	assert_null(inventory);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_captured_trees),
		cmocka_unit_test(test_what_no_kernel_gave),
		cmocka_unit_test(test_nothing_told),
		cmocka_unit_test(test_details),
		cmocka_unit_test(test_map),
	};

	return RUN_ROWS(nonsense_rows, test_nonsense) + RUN_TESTS(tests);
}
