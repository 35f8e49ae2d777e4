/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "fake-tree.h"

#define _cleanup_plan_ _cleanup_(memblock_plan_freep)
DEFINE_CLEANUP(struct memblock_plan, memblock_plan_free)

/* Neighbouring blocks of 128 MiB that are alike. */
struct piece {
	uint64_t first, n;
	enum memblock_zone zone; /* of an online block; NONE of one that is offline */
	const char *device;
	enum memblock_provider provider;
	enum memblock_reason reason; /* BOOT_MEMORY: none */
};

#define NO_REASON MEMBLOCK_REASON_BOOT_MEMORY
#define BOOT(n)                                                                                 \
	{                                                                                       \
		0, (n), MEMBLOCK_ZONE_NORMAL, "firmware", MEMBLOCK_PROVIDER_FIRMWARE, NO_REASON \
	}
#define DIMM(first, n)                                                                            \
	{                                                                                         \
		(first), (n), MEMBLOCK_ZONE_NONE, "PNP0C80:00", MEMBLOCK_PROVIDER_ACPI, NO_REASON \
	}
#define DIMM_ONLINE(first, n, zone)                                                       \
	{                                                                                 \
		(first), (n), MEMBLOCK_ZONE_##zone, "PNP0C80:00", MEMBLOCK_PROVIDER_ACPI, \
			NO_REASON                                                         \
	}
#define DIMM_WITH(first, reason)                                                               \
	{                                                                                      \
		(first), 1, MEMBLOCK_ZONE_NONE, "PNP0C80:00", MEMBLOCK_PROVIDER_ACPI, (reason) \
	}
#define OTHER_DIMM(first, n)                                                                      \
	{                                                                                         \
		(first), (n), MEMBLOCK_ZONE_NONE, "PNP0C80:01", MEMBLOCK_PROVIDER_ACPI, NO_REASON \
	}
#define BALLOON(first, n)                                                                    \
	{                                                                                    \
		(first), (n), MEMBLOCK_ZONE_NONE, NULL, MEMBLOCK_PROVIDER_UNKNOWN, NO_REASON \
	}
#define DAX(first, n)                                                                        \
	{                                                                                    \
		(first), (n), MEMBLOCK_ZONE_NONE, "dax0.0", MEMBLOCK_PROVIDER_DAX, NO_REASON \
	}

#define SHORT UINT32_MAX

struct row {
	const char *name;
	struct piece pieces[6];
	unsigned ratio;     /* SHORT: none, but too little of the kernel's memory is free */
	const char *online; /* Online= of the one rule; NULL: none */
	const char *plan;   /* INDEX:WORD ..., less "online" */
};

static const struct row rows[] = {
	{ "a DIMM, of itself", { BOOT(8), DIMM(8, 2) }, 301, NULL, "8:_movable 9:_movable" },
	{ "kernel", { BOOT(8), DIMM(8, 2) }, 301, "kernel", "8:_kernel 9:_kernel" },
	{ "default", { BOOT(8), DIMM(8, 2) }, 301, "default", "8: 9:" },
	{ "no", { BOOT(8), DIMM(8, 2) }, 301, "no", "" },
	{ "a hole",
	  { BOOT(8), DIMM_WITH(8, MEMBLOCK_REASON_HOLE), DIMM(9, 1) },
	  0,
	  NULL,
	  "9:_movable" },
	{ "device memory",
	  { BOOT(8), DIMM_WITH(8, MEMBLOCK_REASON_MIXED_PMEM), DIMM(9, 1) },
	  0,
	  NULL,
	  "9:_movable" },
	{ "a mark",
	  { BOOT(8), DIMM_WITH(8, MEMBLOCK_REASON_MARKED), DIMM(9, 1) },
	  0,
	  NULL,
	  "9:_movable" },
	{ "dax is left alone", { BOOT(8), DAX(8, 2) }, 301, NULL, "" },
	{ "just within the ratio",
	  { BOOT(2), DIMM(8, 6) },
	  300,
	  NULL,
	  "8:_movable 9:_movable 10:_movable 11:_movable 12:_movable 13:_movable" },
	{ "beyond it, all of a device",
	  { BOOT(2), DIMM(8, 3) },
	  100,
	  NULL,
	  "8:_kernel 9:_kernel 10:_kernel" },
	{ "what is movable already counts",
	  { BOOT(2), DIMM_ONLINE(8, 2, MOVABLE), OTHER_DIMM(10, 1) },
	  100,
	  NULL,
	  "10:_kernel" },
	{ "one device fits, the other doesn't",
	  { BOOT(4), DIMM(8, 3), OTHER_DIMM(12, 2) },
	  100,
	  NULL,
	  "8:_movable 9:_movable 10:_movable 12:_kernel 13:_kernel" },
	{ "blocks of nobody, one by one",
	  { BOOT(2), BALLOON(8, 3) },
	  100,
	  "movable",
	  "8:_movable 9:_movable 10:_kernel" },
	{ "no limit",
	  { BOOT(1), DIMM(8, 4) },
	  0,
	  NULL,
	  "8:_movable 9:_movable 10:_movable 11:_movable" },
	{ "too little of the kernel's memory is free",
	  { BOOT(8), DIMM(8, 2) },
	  SHORT,
	  "movable",
	  "8:_kernel 9:_kernel" },
	{ "the same, and not for Movable", { BOOT(8), DIMM(8, 1) }, SHORT, "kernel", "8:_kernel" },
	{ "the rest follows to the kernel",
	  { BOOT(8), DIMM_ONLINE(8, 1, NORMAL), DIMM(9, 1) },
	  301,
	  NULL,
	  "9:_kernel" },
	{ "the rest follows to Movable",
	  { BOOT(8), DIMM_ONLINE(8, 1, MOVABLE), DIMM(9, 1) },
	  301,
	  "default",
	  "9:_movable" },
	{ "but not beyond the ratio",
	  { BOOT(1), DIMM_ONLINE(8, 1, MOVABLE), DIMM(9, 1) },
	  100,
	  "kernel",
	  "9:_kernel" },
	{ "a device in both kinds of zone leads nowhere",
	  { BOOT(8), DIMM_ONLINE(8, 1, MOVABLE), DIMM_ONLINE(9, 1, NORMAL), DIMM(10, 1) },
	  301,
	  "kernel",
	  "10:_kernel" },
	{ "no stays no", { BOOT(8), DIMM_ONLINE(8, 1, MOVABLE), DIMM(9, 1) }, 301, "no", "" },
	{ "blocks of a device come side by side",
	  { BOOT(8), DIMM(8, 1), OTHER_DIMM(9, 1), DIMM(10, 1) },
	  0,
	  NULL,
	  "8:_movable 10:_movable 9:_movable" },
};

static struct memblock_inventory *make_inventory(const struct piece *pieces, size_t n)
{
	struct memblock_report_range ranges[ARRAY_SIZE(rows[0].pieces)] = {};
	static const int node = 0;
	static const enum memblock_zone normal = MEMBLOCK_ZONE_NORMAL;
	struct memblock_report report = { .block_size = MIB(128), .ranges = ranges };
	struct memblock_inventory *inventory = NULL;

	for (size_t i = 0; i < n && pieces[i].n > 0; i++) {
		const struct piece *piece = &pieces[i];
		bool offline = piece->zone == MEMBLOCK_ZONE_NONE;

		ranges[report.n_ranges++] = (struct memblock_report_range){
			.range = { piece->first * MIB(128), (piece->first + piece->n) * MIB(128) },
			.state = offline ? MEMBLOCK_STATE_OFFLINE : MEMBLOCK_STATE_ONLINE,
			.nids = &node,
			.n_nids = 1,
			.zones = offline ? &normal : &piece->zone,
			.n_zones = 1,
			.reasons = &piece->reason,
			.n_reasons = piece->reason == NO_REASON ? 0 : 1,
			.device = piece->device,
			.provider = piece->provider,
		};
	}
	assert_int_equal(memblock_inventory_new_of_report(&report, &inventory), 0);
	return inventory;
}

static char *plan_words(const struct memblock_plan *plan)
{
	const struct memblock_step *step;
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	for (size_t i = 0; (step = memblock_plan_step(plan, i)); i++) {
		const char *word = memblock_action_to_string(step->action);

		assert_int_equal(strncmp(word, "online", strlen("online")), 0);
		assert_int_equal(step->state, MEMBLOCK_STATE_OFFLINE);
		assert_int_equal(step->outcome, MEMBLOCK_OUTCOME_NOT_TRIED);
		fprintf(file, "%s%d:%s", i > 0 ? " " : "", (int)step->index,
			word + strlen("online"));
	}
	assert_int_equal(fclose(file), 0);
	return text;
}

static void test_plan(void **state)
{
	const struct row *row = *state;
	_cleanup_inventory_ struct memblock_inventory *inventory =
		make_inventory(row->pieces, ARRAY_SIZE(row->pieces));
	struct memblock_platform platform = { .architecture = "x86_64", .virtualization = "none" };
	struct memblock_rule rule = { .name = "all", .place = "here:1" };
	struct memblock_policy policy = { .rules = &rule,
					  .movable_ratio = row->ratio == SHORT ? 0 : row->ratio,
					  .kernel_is_short = row->ratio == SHORT };
	_cleanup_plan_ struct memblock_plan *plan = NULL;
	_cleanup_free_ char *words = NULL;

	if (row->online) {
		assert_int_equal(memblock_treatment_from_string(row->online, &rule.treatment), 0);
		policy.n_rules = 1;
	}
	assert_int_equal(memblock_policy_plan(&policy, &platform, inventory, NULL, 0, &plan), 0);
	words = plan_words(plan);
	assert_string_equal(words, row->plan);
	assert_true(memblock_plan_best_effort(plan));
	assert_int_equal(memblock_plan_refusal(plan, NULL), MEMBLOCK_REFUSAL_NONE);
}

static void test_named(void **state)
{
	static const struct piece pieces[] = { BOOT(8), DIMM(8, 4) };
	static const uint64_t some[] = { 0, 8, 10, 77 }, online[] = { 0, 1 };
	_cleanup_inventory_ struct memblock_inventory *inventory =
		make_inventory(pieces, ARRAY_SIZE(pieces));
	struct memblock_platform platform = {};
	struct memblock_policy policy = {};
	_cleanup_plan_ struct memblock_plan *plan = NULL, *nothing = NULL;
	_cleanup_free_ char *words = NULL;

	(void)state;
	assert_int_equal(
		memblock_policy_plan(&policy, &platform, inventory, some, ARRAY_SIZE(some), &plan),
		0);
	words = plan_words(plan);
	assert_string_equal(words, "8: 10:");
	assert_int_equal(memblock_policy_plan(&policy, &platform, inventory, online,
					      ARRAY_SIZE(online), &nothing),
			 0);
	assert_null(memblock_plan_step(nothing, 0));
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_named) };

	return RUN_ROWS(rows, test_plan) + RUN_TESTS(tests);
}
