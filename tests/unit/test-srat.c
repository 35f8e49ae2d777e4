/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fake-tree.h"
#include "sources.h"

/* A table is put together entry by entry, as ACPI 6.5, 5.2.16 lays them out. */
struct table {
	uint8_t bytes[4096 * 16];
	size_t size;
};

static void put(uint8_t *at, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

static void finish(struct table *table)
{
	put(table->bytes + 4, table->size, 4);
}

static struct table *new_table(uint8_t revision)
{
	static struct table table;

	memset(&table, 0, sizeof(table));
	memcpy(table.bytes, "SRAT", 4);
	table.bytes[8] = revision;
	table.size = 48;
	finish(&table);
	return &table;
}

static uint8_t *add_entry(struct table *table, uint8_t type, uint8_t size)
{
	uint8_t *entry = table->bytes + table->size;

	assert_true(table->size + size <= sizeof(table->bytes));
	entry[0] = type;
	entry[1] = size;
	table->size += size;
	finish(table);
	return entry;
}

static void add_memory(struct table *table, uint32_t pxm, uint64_t start, uint64_t size)
{
	uint8_t *entry = add_entry(table, 1, 40);

	put(entry + 2, pxm, 4);
	put(entry + 8, start, 8);
	put(entry + 16, size, 8);
	put(entry + 28, 1, 4);
}

static void add_lapic(struct table *table, uint32_t pxm)
{
	uint8_t *entry = add_entry(table, 0, 16);

	entry[2] = (uint8_t)pxm;
	put(entry + 4, 1, 4);
	put(entry + 9, pxm >> 8, 3);
}

/* The entries of type x2APIC, GICC and generic initiator: where domain and flags stand. */
static void add_initiator(struct table *table, uint8_t type, uint8_t size, size_t pxm_at,
			  uint32_t pxm, size_t flags_at)
{
	uint8_t *entry = add_entry(table, type, size);

	put(entry + pxm_at, pxm, 4);
	put(entry + flags_at, 1, 4);
}

static void add_x2apic(struct table *table, uint32_t pxm)
{
	add_initiator(table, 2, 24, 4, pxm, 12);
}

static void add_gicc(struct table *table, uint32_t pxm)
{
	add_initiator(table, 3, 18, 2, pxm, 10);
}

static void add_generic(struct table *table, uint32_t pxm)
{
	add_initiator(table, 5, 32, 4, pxm, 24);
}

/* "0:0-1000 1:1000-2000": node, first address and the one behind the last, hex. */
static void assert_parsed(const struct table *table, int result, const char *expected)
{
	_cleanup_extents_ struct extents affinities = {};
	_cleanup_notes_ struct notes notes = {};
	/* Of exactly its size, so that a sanitizer sees a read behind it. */
	_cleanup_free_ uint8_t *copy = malloc(table->size ? table->size : 1);
	char text[512] = "";

	assert_non_null(copy);
	memcpy(copy, table->bytes, table->size);
	assert_int_equal(srat_parse(&affinities, copy, table->size, &notes), result);
	assert_int_equal(notes.n, result > 0);
	for (size_t i = 0; i < affinities.n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "%s%d:%" PRIx64 "-%" PRIx64, i ? " " : "", affinities.items[i].nid,
			 affinities.items[i].start, affinities.items[i].end);
	assert_string_equal(text, expected);
}

static void test_memory(void **state)
{
	struct table *table = new_table(3);
	uint8_t *disabled;

	(void)state;
	assert_parsed(table, 0, "");
	add_memory(table, 0, 0x100000, 0x100000);
	add_memory(table, 1, 0x200000, 0x100000);
	add_memory(table, 0, 0, 0x1000);
	add_memory(table, 2, 0x900000, 0);
	disabled = table->bytes + table->size;
	add_memory(table, 3, 0xa00000, 0x1000);
	disabled[28] = 0;
	assert_parsed(table, 0, "0:0-1000 0:100000-200000 1:200000-300000");
}

/* Node numbers are given as domains are met, those of processors first. */
static void test_processors_first(void **state)
{
	struct table *table = new_table(3);

	(void)state;
	add_memory(table, 7, 0, 0x1000);
	add_memory(table, 5, 0x1000, 0x1000);
	add_lapic(table, 5);
	assert_parsed(table, 0, "1:0-1000 0:1000-2000");
}

struct initiator_row {
	const char *name;
	void (*add)(struct table *table, uint32_t pxm);
};

static const struct initiator_row initiator_rows[] = {
	{ "local APIC", add_lapic },
	{ "x2APIC", add_x2apic },
	{ "GICC", add_gicc },
	{ "generic initiator", add_generic },
};

static void test_initiator(void **state)
{
	const struct initiator_row *row = *state;
	struct table *table = new_table(3);

	row->add(table, 0x01020304);
	row->add(table, 0x04030201);
	row->add(table, 0x01020304);
	add_memory(table, 0x04030201, 0, 0x1000);
	add_memory(table, 9, 0x1000, 0x1000);
	add_memory(table, 0x01020304, 0x2000, 0x1000);
	assert_parsed(table, 0, "1:0-1000 2:1000-2000 0:2000-3000");
}

static void test_disabled_initiator(void **state)
{
	const struct initiator_row *row = *state;
	struct table *table = new_table(3);

	row->add(table, 7);
	/* All flags lie behind the domain: nothing else of the entry is set there. */
	memset(table->bytes + 48 + 8, 0, table->size - 48 - 8);
	if (row->add == add_lapic)
		put(table->bytes + 48 + 4, 0, 4);
	add_memory(table, 8, 0, 0x1000);
	assert_parsed(table, 0, "0:0-1000");
}

static void test_short_domains(void **state)
{
	struct table *table = new_table(1);

	(void)state;
	add_lapic(table, 0x123405);
	add_memory(table, 0x99999906, 0, 0x1000);
	add_memory(table, 0x99999905, 0x1000, 0x1000);
	assert_parsed(table, 0, "1:0-1000 0:1000-2000");
}

static void test_other_entries(void **state)
{
	struct table *table = new_table(3);

	(void)state;
	add_entry(table, 4, 12);
	add_entry(table, 6, 32);
	add_entry(table, 200, 2);
	add_entry(table, 0, 4);
	add_memory(table, 0, 0, 0x1000);
	assert_parsed(table, 0, "0:0-1000");
}

static void test_overlapping(void **state)
{
	struct table *table = new_table(3);

	(void)state;
	add_memory(table, 0, 0, 0x4000);
	add_memory(table, 1, 0x1000, 0x1000);
	assert_parsed(table, 0, "0:0-1000 1:1000-2000 0:2000-4000");
}

static void test_too_many_domains(void **state)
{
	struct table *table = new_table(3);

	(void)state;
	for (uint32_t i = 0; i < 1024; i++)
		add_lapic(table, i);
	add_memory(table, 1023, 0, 0x1000);
	add_memory(table, 1024, 0x1000, 0x1000);
	assert_parsed(table, 0, "1023:0-1000 -1:1000-2000");
}

/* Cut anywhere, it is called damaged, nothing behind its end is read, and no range is made up. */
static void test_cut_short(void **state)
{
	struct table *whole = new_table(3), cut;

	(void)state;
	add_lapic(whole, 0);
	add_memory(whole, 0, 0, 0x1000);
	for (size_t size = 0; size < whole->size; size++) {
		cut = *whole;
		cut.size = size;
		assert_parsed(&cut, size < 48 || size == 48 || size == 64 ? 1 : 2, "");
	}
	assert_parsed(whole, 0, "0:0-1000");
}

static void test_no_srat(void **state)
{
	struct table *table = new_table(3);

	(void)state;
	memcpy(table->bytes, "SLIT", 4);
	assert_parsed(table, 1, "");
}

static void test_length_of_table_lies(void **state)
{
	struct table *table = new_table(3);

	(void)state;
	add_memory(table, 0, 0, 0x1000);
	add_memory(table, 1, 0x1000, 0x1000);
	put(table->bytes + 4, UINT32_MAX, 4);
	assert_parsed(table, 1, "0:0-1000 1:1000-2000");
	put(table->bytes + 4, 48 + 40, 4);
	assert_parsed(table, 1, "0:0-1000");
	put(table->bytes + 4, 0, 4);
	assert_parsed(table, 1, "");
}

struct length_row {
	const char *name;
	uint8_t length;
};

static const struct length_row length_rows[] = {
	{ "0, which would go round for ever", 0 },
	{ "1", 1 },
	{ "beyond the end", 255 },
	{ "one beyond the end", 41 },
	{ "39, one short", 39 },
	{ "8", 8 },
};

static void test_length_of_entry_lies(void **state)
{
	const struct length_row *row = *state;
	struct table *table = new_table(3);
	_cleanup_extents_ struct extents affinities = {};
	int r;

	add_memory(table, 0, 0, 0x1000);
	table->bytes[48 + 1] = row->length;
	r = srat_parse(&affinities, table->bytes, table->size, NULL);
	assert_true(r > 0);
	assert_int_equal(affinities.n, 0);
}

/* The kernel gives up on such a table (arch/x86/mm/srat.c:bad_srat()). */
static void test_memory_too_short(void **state)
{
	struct table *table = new_table(3);

	(void)state;
	add_entry(table, 1, 8);
	add_memory(table, 0, 0, 0x1000);
	assert_parsed(table, 1, "0:0-1000");
}

static void test_range_overflows(void **state)
{
	struct table *table = new_table(3);

	(void)state;
	add_memory(table, 0, UINT64_MAX - 10, 0x1000);
	add_memory(table, 1, 0x1000, 0x1000);
	assert_parsed(table, 1, "1:1000-2000");
}

static enum memblock_source_state source_state(struct fake_tree *tree, const char **text)
{
	_cleanup_inventory_ struct memblock_inventory *inventory = scan(tree);
	enum memblock_source_state state;

	state = memblock_inventory_source(inventory, MEMBLOCK_SOURCE_SRAT, text);
	*text = *text ? "said" : NULL;
	return state;
}

static void test_source(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	struct table *table = new_table(3);
	const char *path = "sys/firmware/acpi/tables/SRAT", *text;

	(void)state;
	add_memory(table, 0, 0, 0x1000);
	assert_int_equal(source_state(tree, &text), MEMBLOCK_SOURCE_ABSENT);
	assert_non_null(text);
	write_bytes(tree, path, table->bytes, table->size);
	assert_int_equal(source_state(tree, &text), MEMBLOCK_SOURCE_READ);
	assert_null(text);
	write_bytes(tree, path, table->bytes, 60);
	assert_int_equal(source_state(tree, &text), MEMBLOCK_SOURCE_DAMAGED);
	assert_non_null(text);
	write_bytes(tree, path, "", 0);
	assert_int_equal(source_state(tree, &text), MEMBLOCK_SOURCE_DAMAGED);
	remove_file(tree, path);
	make_folder(tree, path);
	assert_int_equal(source_state(tree, &text), MEMBLOCK_SOURCE_FAILED);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_processors_first),
		cmocka_unit_test(test_short_domains),
		cmocka_unit_test(test_other_entries),
		cmocka_unit_test(test_overlapping),
		cmocka_unit_test(test_too_many_domains),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_no_srat),
		cmocka_unit_test(test_length_of_table_lies),
		cmocka_unit_test(test_memory_too_short),
		cmocka_unit_test(test_range_overflows),
		cmocka_unit_test(test_source),
	};

	return RUN_ROWS(initiator_rows, test_initiator) +
	       RUN_ROWS(initiator_rows, test_disabled_initiator) +
	       RUN_ROWS(length_rows, test_length_of_entry_lies) + RUN_TESTS(tests);
}
