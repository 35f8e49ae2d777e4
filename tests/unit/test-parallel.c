/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "fake-tree.h"
#include "parallel.h"

#define MEMORY "sys/devices/system/memory"

/* The linker sends the library's requests for threads here (-Wl,--wrap). */
int __real_pthread_create(pthread_t *ret, const pthread_attr_t *attributes,
			  void *(*start)(void *userdata), void *userdata);
int __wrap_pthread_create(pthread_t *ret, const pthread_attr_t *attributes,
			  void *(*start)(void *userdata), void *userdata);

static unsigned asked;   /* how many threads were asked for */
static unsigned allowed; /* how many more there may be */

int __wrap_pthread_create(pthread_t *ret, const pthread_attr_t *attributes,
			  void *(*start)(void *userdata), void *userdata)
{
	asked++;
	if (allowed == 0)
		return EAGAIN;
	allowed--;
	return __real_pthread_create(ret, attributes, start, userdata);
}

static int set_threads(void **state)
{
	(void)state;
	asked = 0;
	allowed = UINT32_MAX;
	return 0;
}

static void count(size_t piece, void *userdata)
{
	unsigned *counts = userdata;

	counts[piece]++;
}

static void assert_each_once(size_t n)
{
	unsigned counts[1000] = {};

	parallel_do(n, count, counts);
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		assert_int_equal(counts[i], i < n);
}

static void test_each_once(void **state)
{
	(void)state;
	assert_each_once(2);
	assert_each_once(999);
}

static void test_no_thread_for_one(void **state)
{
	(void)state;
	assert_each_once(0);
	assert_each_once(1);
	assert_int_equal(asked, 0);
}

static void test_no_thread_to_be_had(void **state)
{
	(void)state;
	allowed = 0;
	assert_each_once(999);
	assert_true(asked <= 1);
}

/* More blocks than one thread reads at a stretch. Of every thousand one went away meanwhile, and
 * one is in a state that nobody knows. */
static struct fake_tree *tree_of_many(void)
{
	struct fake_tree *tree = fake_tree_new();

	for (uint64_t i = 1; i <= 5000; i++)
		add_block(tree, i,
			  i % 1000 == 1   ? NULL
			  : i % 1000 == 0 ? "odd"
					  : "online",
			  "Normal", 0);
	return tree;
}

/* In order, whoever read them. */
static void assert_many(struct fake_tree *tree)
{
	_cleanup_inventory_ struct memblock_inventory *inventory = scan(tree);
	size_t n_blocks = 0, n_notes = 0;

	for (uint64_t i = 1; i <= 5000; i++) {
		const struct memblock_block *block;
		char says[64];

		if (i % 1000 == 1)
			continue;
		block = memblock_inventory_block(inventory, n_blocks++);
		assert_non_null(block);
		assert_int_equal(memblock_block_index(block), i);
		if (i % 1000 > 0)
			continue;
		snprintf(says, sizeof(says), "/memory%" PRIu64 "/state: unknown word", i);
		assert_non_null(memblock_inventory_note(inventory, n_notes));
		assert_non_null(strstr(memblock_inventory_note(inventory, n_notes++), says));
	}
	assert_null(memblock_inventory_block(inventory, n_blocks));
	assert_null(memblock_inventory_note(inventory, n_notes));
}

static void test_many_blocks(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = tree_of_many();

	(void)state;
	assert_many(tree);
	allowed = 0;
	assert_many(tree);
}

static void test_few_blocks(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	for (uint64_t i = 0; i < 100; i++)
		add_block(tree, i, "online", "Normal", 0);
	inventory = scan(tree);
	assert_int_equal(memblock_inventory_n_blocks(inventory), 100);
	assert_int_equal(asked, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_each_once, set_threads),
		cmocka_unit_test_setup(test_no_thread_for_one, set_threads),
		cmocka_unit_test_setup(test_no_thread_to_be_had, set_threads),
		cmocka_unit_test_setup(test_many_blocks, set_threads),
		cmocka_unit_test_setup(test_few_blocks, set_threads),
	};

	return RUN_TESTS(tests);
}
