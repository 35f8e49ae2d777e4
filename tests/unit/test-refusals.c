/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-tree.h"
#include "refusals.h"

#define _cleanup_refusals_ _cleanup_(refusals_done)

/* The list must be just that, which ends with -1. */
static void assert_list(const struct refusals *refusals, const int *wanted)
{
	_cleanup_free_ uint64_t *list = NULL;
	size_t n = 0;

	assert_int_equal(refusals_list(refusals, &list), 0);
	for (; wanted[n] >= 0; n++) {
		assert_true(n < refusals->n);
		assert_int_equal(list[n], wanted[n]);
	}
	assert_int_equal(refusals->n, n);
	assert_int_equal(list == NULL, n == 0);
}
#define ASSERT_LIST(refusals, ...) assert_list((refusals), (const int[]){ __VA_ARGS__ - 1 })

static struct fake_tree *make_tree(void)
{
	struct fake_tree *tree = fake_tree_new();

	for (uint64_t i = 1; i <= 5; i++)
		add_block(tree, i, "online", "Normal", 0);
	return tree;
}

static void test_order(void **state)
{
	_cleanup_refusals_ struct refusals refusals = {};

	(void)state;
	ASSERT_LIST(&refusals, );
	refusals_note(&refusals, 4, 10);
	refusals_note(&refusals, 2, 20);
	refusals_note(&refusals, 5, 30);
	refusals_note(&refusals, 2, 40);
	refusals_note(&refusals, 3, 50);
	ASSERT_LIST(&refusals, 2, 3, 4, 5, );
}

static void test_an_hour_later(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_inventory_ struct memblock_inventory *inventory = scan(tree);
	_cleanup_refusals_ struct refusals refusals = {};

	(void)state;
	refusals_note(&refusals, 1, 1000);
	refusals_note(&refusals, 2, 1000);
	refusals_note(&refusals, 3, 2000);
	refusals_note(&refusals, 2, 3000);
	refusals_clean(&refusals, inventory, 1000 + REFUSALS_USEC - 1);
	ASSERT_LIST(&refusals, 1, 2, 3, );
	refusals_clean(&refusals, inventory, 1000 + REFUSALS_USEC);
	ASSERT_LIST(&refusals, 2, 3, );
	refusals_clean(&refusals, inventory, 3000 + REFUSALS_USEC);
	ASSERT_LIST(&refusals, );
}

static void test_blocks_that_went(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	_cleanup_refusals_ struct refusals refusals = {};

	(void)state;
	for (uint64_t i = 1; i <= 6; i++)
		refusals_note(&refusals, i, 1000);
	write_file(tree, "sys/devices/system/memory/memory2/state", "offline\n");
	write_file(tree, "sys/devices/system/memory/memory3/state", "going-offline\n");
	inventory = scan(tree);
	refusals_clean(&refusals, inventory, 2000);
	ASSERT_LIST(&refusals, 1, 3, 4, 5, );
}

/* The oldest makes room. */
static void test_many(void **state)
{
	_cleanup_refusals_ struct refusals refusals = {};
	_cleanup_free_ uint64_t *list = NULL;

	(void)state;
	for (uint64_t i = 0; i < REFUSALS_MAX; i++)
		refusals_note(&refusals, i, i == 77 ? 1 : 2 + i);
	refusals_note(&refusals, REFUSALS_MAX, 10000);
	assert_int_equal(refusals.n, REFUSALS_MAX);
	assert_int_equal(refusals_list(&refusals, &list), 0);
	assert_int_equal(list[76], 76);
	assert_int_equal(list[77], 78);
	assert_int_equal(list[REFUSALS_MAX - 1], REFUSALS_MAX);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_an_hour_later),
		cmocka_unit_test(test_blocks_that_went),
		cmocka_unit_test(test_many),
	};

	return RUN_TESTS(tests);
}
