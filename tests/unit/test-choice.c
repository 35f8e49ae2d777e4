/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "inventory.h"
#include "plan.h"
#include "unit.h"

#define _cleanup_plan_ _cleanup_(memblock_plan_freep)
#define _cleanup_inventory_ _cleanup_(memblock_inventory_unrefp)

#define BLOCK_SIZE MIB(128)
#define PAGES (BLOCK_SIZE / 4096)
#define B(n) ((uint64_t)(n)*BLOCK_SIZE)
#define BLOCKS_MAX 16
#define AVOID_MAX 4

static const struct memblock_memory plenty = {
	.total = GIB(1 << 20),
	.available = GIB(1 << 20),
	.kernel_free = GIB(1 << 20),
};
static const struct memblock_limits no_limits = { .reserve = 1 };

/*
 * A machine is written as a word a block: zone (M Movable, K the kernel's, U another, O offline),
 * node, device if it has one, and then
 *   =N  counted, N % to move          !N  counted, N pages of slab, so busy
 *   ~N  N % to move, by a sample      *   with a poisoned page
 *   ?   without a verdict             #   not removable
 */
static const struct device {
	char letter;
	const char *name;
	enum memblock_provider provider;
} devices[] = {
	{ 'a', "PNP0C80:00", MEMBLOCK_PROVIDER_ACPI },
	{ 'b', "PNP0C80:01", MEMBLOCK_PROVIDER_ACPI },
	{ 'c', "PNP0C80:02", MEMBLOCK_PROVIDER_ACPI },
	{ 'd', "PNP0C80:03", MEMBLOCK_PROVIDER_ACPI },
	{ 'f', "firmware", MEMBLOCK_PROVIDER_FIRMWARE },
	{ 'v', "virtio0", MEMBLOCK_PROVIDER_VIRTIO_MEM },
	{ 'x', "dax0.0", MEMBLOCK_PROVIDER_DAX },
	{ 'y', "dax1.0", MEMBLOCK_PROVIDER_CXL },
};

static const enum memblock_zone zones[] = {
	['M'] = MEMBLOCK_ZONE_MOVABLE,
	['K'] = MEMBLOCK_ZONE_NORMAL,
	['U'] = MEMBLOCK_ZONE_UNKNOWN,
	['O'] = MEMBLOCK_ZONE_MOVABLE,
};

static const enum memblock_reason marked = MEMBLOCK_REASON_MARKED;

struct machine_text {
	struct memblock_report_range ranges[BLOCKS_MAX];
	int nids[BLOCKS_MAX];
	struct memblock_pages pages[BLOCKS_MAX];
	size_t n;
	size_t n_pages;
};

static void set_device(struct memblock_report_range *range, char letter)
{
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		if (devices[i].letter == letter) {
			range->device = devices[i].name;
			range->provider = devices[i].provider;
			return;
		}
	fail_msg("there is no device %c", letter);
}

/* One mark of a word, and the number behind it. */
static void parse_mark(struct memblock_report_range *range, struct memblock_pages *pages, char mark,
		       uint64_t value)
{
	switch (mark) {
	case '=':
	case '~':
		pages->examined = mark == '~' ? PAGES / 8 : PAGES;
		pages->movable = pages->examined * value / 100;
		break;
	case '!':
		pages->examined = PAGES;
		pages->slab = value;
		break;
	case '*':
		pages->poisoned = 1;
		break;
	case '?':
		range->removable = MEMBLOCK_ANSWER_UNKNOWN;
		break;
	case '#':
		range->removable = MEMBLOCK_ANSWER_NO;
		range->reasons = &marked;
		range->n_reasons = 1;
		break;
	default:
		set_device(range, mark);
	}
}

static void parse_word(struct machine_text *machine, const char *word)
{
	size_t n = machine->n++;
	struct memblock_report_range *range = &machine->ranges[n];
	struct memblock_pages *pages = &machine->pages[machine->n_pages];

	machine->nids[n] = word[1] - '0';
	*range = (struct memblock_report_range){
		.range = { B(n), B(n + 1) },
		.state = *word == 'O' ? MEMBLOCK_STATE_OFFLINE : MEMBLOCK_STATE_ONLINE,
		.zones = &zones[(unsigned char)*word],
		.n_zones = 1,
		.nids = &machine->nids[n],
		.n_nids = 1,
		.removable = MEMBLOCK_ANSWER_YES,
	};
	*pages = (struct memblock_pages){ .index = n, .all = PAGES };
	for (const char *p = word + 2; *p && *p != ' ';) {
		char *end, mark = *p++;

		parse_mark(range, pages, mark, strtoull(p, &end, 10));
		p = end;
	}
	pages->free = pages->examined - pages->movable - pages->slab - pages->poisoned;
	if (pages->examined > 0)
		machine->n_pages++;
}

static struct memblock_inventory *inventory_of(const struct memblock_report_range *ranges, size_t n,
					       const struct memblock_pages *pages, size_t n_pages)
{
	const struct memblock_report report = {
		.block_size = BLOCK_SIZE,
		.page_size = 4096,
		.ranges = ranges,
		.n_ranges = n,
	};
	struct memblock_inventory *inventory = NULL;

	assert_int_equal(memblock_inventory_new_of_report(&report, &inventory), 0);
	assert_int_equal(memblock_inventory_set_pages(inventory, pages, n_pages), 0);
	return inventory;
}

static struct memblock_inventory *machine_of(const char *text)
{
	static struct machine_text machine;

	machine.n = machine.n_pages = 0;
	for (const char *word = text; word; word = strchr(word, ' ')) {
		word += *word == ' ';
		parse_word(&machine, word);
	}
	return inventory_of(machine.ranges, machine.n, machine.pages, machine.n_pages);
}

struct row {
	const char *name;
	const char *machine;
	size_t size;  /* in blocks; 0: the first few by name */
	size_t named; /* so many */
	const char *steps;
	uint64_t avoid[AVOID_MAX];
	size_t n_avoid;
	struct memblock_request request; /* the rest of it */
	enum memblock_refusal refusal;
	const char *says;
};

#define AVOID(...)                \
	.avoid = { __VA_ARGS__ }, \
	.n_avoid = sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t)

static const struct row rows[] = {
	/* The rank. */
	{ "counted before not counted", "M0 M0=50 M0", 1, .steps = "1 2 0" },
	{ "movable before the kernel's", "M0=90 K0=0 U0=0", 1, .steps = "0 1 2" },
	{ "counted before movable", "M0 K0=0", 1, .steps = "1 0" },
	{ "not counted at all", "K0 M0 K1 M1 U0", 3, .steps = "3 1 0 2 4" },
	{ "busy last", "M0=0 M0!9 K0=0 M0 U0", 1, .steps = "0 2 3 4 1" },
	{ "what can't move is less", "M0!9 M0!1 M0!5 M0!9", 1, .steps = "1 2 3 0" },
	{ "busy, of any zone", "K0!1 M0!9", 1, .steps = "1 0" },
	{ "refused lately", "M0=0 M0=0 M0 K0 M0!9", 1, .steps = "0 2 3 1 4", AVOID(1) },
	{ "refused lately, several", "M0=0 M0=0 M0=0 M0=0 M0=0", 1, .steps = "3 1 4 2 0",
	  AVOID(0, 2, 4) },
	{ "refused lately, and others", "M0=0 M0=0", 1, .steps = "0 1", AVOID(1, 7, 1 << 30) },
	{ "refused lately, and busy", "M0!1 M0!2", 1, .steps = "0 1", AVOID(0) },
	{ "no verdict", "M0?=0 M0!9 M0=0", 1, .steps = "2 1 0" },
	{ "no verdict, in the same order", "M0?!9 K0?=0 M0?=0 M0?", 1, .steps = "2 1 3 0" },
	{ "not removable", "M0#=0 M0=50", 1, .steps = "1" },
	{ "by a sample", "K0~0 M0~50 M0!9", 1, .steps = "1 0 2" },

	/* What there is to move. */
	{ "the least to move", "M0=60 M0=1 M0=30 M0=0 M0=99", 2, .steps = "3 1 2 0 4" },
	{ "the same to move", "M0=3 M0=3 M0=3", 1, .steps = "2 1 0" },
	{ "all of them", "M0=60 M0=1 M0=30", 3, .steps = "1 2 0" },
	{ "the least, by a sample", "M0~60 M0~10 M0 M0~30", 1, .steps = "1 3 0 2" },
	{ "the least of each rank", "M0=60 K0=20 M0=50 K0=10", 3, .steps = "2 0 3 1" },
	{ "as much as goes", "M0=60 M0=1 K0=0", 9, .steps = "1 0 2",
	  .request = { .best_effort = true } },

	/* By name. */
	{ "named, all", "M0!9 M0=50 M0=10", .named = 3, .steps = "2 1 0" },
	{ "named, refused lately", "M0=10 M0=50 M0!9", .named = 3, .steps = "1 0 2", AVOID(0) },
	{ "named, settled by address", "O0 M0#=50 M0#=10 M0=0", .named = 4,
	  .steps = "3 2=left-out 1=left-out 0=already", .request = { .best_effort = true } },

	/* Whole devices. */
	{ "a whole DIMM", "M0=0 M0a=90 M0a=90", 2, .steps = "2 1 0" },
	{ "larger than what is wanted", "M0=0 M0a=20 M0a=20", 1, .steps = "0 2 1" },
	{ "and what is left over", "M0=0 M0=50 M0a=90 M0a=90", 3, .steps = "3 2 0 1" },
	{ "with a block that is busy", "M0=0 M0a=20 M0a!9", 1, .steps = "0 1 2" },
	{ "with a block that can't go", "M0=0 M0a=20 M0a#=0", 1, .steps = "0 1" },
	{ "with a block that refused lately", "M0=0 M0a=20 M0a=0", 1, .steps = "0 1 2", AVOID(2) },
	{ "with a block that is offline", "M0=0 M0a=20 O0a", 1, .steps = "1 0" },
	{ "with a block in a later rank", "M0a=20 M0=0 K0a=0", 1, .steps = "1 0 2" },
	{ "with a block in an earlier rank", "M0a=20 K0a=20 K0=0 K0=0", 2, .steps = "0 1 3 2" },
	{ "the cheapest", "M0a=60 M0a=60 M0b=30 M0b=30 M0c=90 M0c=90", 2, .steps = "3 2 1 0 5 4" },
	{ "the cheapest a block", "M0a=60 M0b=40 M0b=40", 2, .steps = "2 1 0" },
	{ "two of them", "M0a=60 M0a=60 M0=0 M0b=70 M0b=70 M0=0", 4, .steps = "1 0 4 3 5 2" },
	{ "the next that fits", "M0a=0 M0a=0 M0a=0 M0b=90 M0b=90 M0=0", 2, .steps = "4 3 5 2 1 0" },
	{ "not of firmware", "M0=0 M0f=20", 1, .steps = "0 1" },
	{ "not of virtio-mem", "M0=0 M0v=20", 1, .steps = "0 1" },
	{ "dax", "M0=0 M0x=20", 1, .steps = "1 0" },
	{ "CXL", "M0=0 M0y=20", 1, .steps = "1 0" },
	{ "not counted", "M0a M0a M0 M0", 2, .steps = "1 0 3 2" },
	{ "a device by name", "M0a=20 M0a=10 M0a=30 M0=0", 1, .steps = "1 0 2",
	  .request = { .device = "PNP0C80:00" } },
	{ "in a range", "M0a=20 M0a=20 M0b=20 M0=0", 1, .named = 3, .steps = "2 1 0" },
	{ "partly in a range", "M0a=20 M0b=10 M0a=20 M0b=10", 1, .named = 3, .steps = "1 2 0" },

	/* Nodes. */
	{ "of each node alike", "M0=0 M0=0 M0=0 M0=0 M1=0 M1=0 M1=0 M1=0", 4,
	  .steps = "7 3 6 2 5 4 1 0" },
	{ "in proportion", "M0=0 M0=0 M0=0 M0=0 M0=0 M0=0 M1=0 M1=0", 4,
	  .steps = "7 5 4 3 6 2 1 0" },
	{ "of all online memory", "M0=0 M0=0 O0 M1=0 M1=0 K1=0 K1=0", 3, .steps = "4 1 3 0 6 5" },
	{ "of three nodes", "M0=0 M0=0 M1=0 M1=0 M2=0 M2=0", 3, .steps = "5 3 1 4 2 0" },
	{ "much more to move counts more", "M0=0 M0=0 M1=26 M1=26", 2, .steps = "1 0 3 2" },
	{ "a little doesn't", "M0=1 M0=2 M1=25 M1=20", 2, .steps = "0 3 1 2" },
	{ "what came before counts", "M0=0 K0=0 K0=0 K1=0 K1=0 K1=0", 2, .steps = "0 5 4 3 2 1" },
	{ "shares go on from step to step", "M0=0 M0=30 M0=30 M1=30 M1=30 M1=30", 3,
	  .steps = "0 5 4 3 2 1" },
	{ "devices", "M0a=10 M0b=9 M1c=20 M1d=21", 2, .steps = "1 2 0 3" },
	{ "what devices took counts", "M0a=0 M0a=0 M0=0 M0=0 M1=0 M1=0", 3,
	  .steps = "1 0 5 4 3 2" },
	{ "a node by name", "M0=0 M0=50 M1=0 M1=0", 1, .steps = "0 1", .request = { .nid = 1 } },

	/* Poison. */
	{ "poisoned", "M0=0 M0*=0", .named = 2, .steps = "0 1=left-out",
	  .refusal = MEMBLOCK_REFUSAL_POISONED,
	  .says = "memory1 holds 1 poisoned page: once offline, it would stay so; only best effort "
		  "takes it offline all the same" },
	{ "poisoned, by best effort", "M0=50 M0*=0 M0!9", .named = 3, .steps = "0 1 2",
	  .request = { .best_effort = true } },
	{ "poisoned, by size", "M0=90 M0*=0", 1, .steps = "0" },
	{ "poisoned, by size and best effort", "M0=90 M0*=0 M0!9", 1, .steps = "0 1 2",
	  .request = { .best_effort = true } },
	{ "nothing but poison", "M0*=0 M0*=0", 1, .steps = "",
	  .refusal = MEMBLOCK_REFUSAL_TOO_FEW_BLOCKS, .says = "0 MiB can be taken offline" },
	{ "poisoned, and not removable", "M0#*=0", .named = 1, .steps = "0=left-out",
	  .refusal = MEMBLOCK_REFUSAL_NOT_REMOVABLE },

	/* All together: the kernel's comes after Movable, which is wanted whole; then a DIMM of
	 * the node that gave less, then its cheapest. */
	{ "together", "K0a=10 K0a=10 K1b=20 K1b=20 K0=0 K1=80 K1!1 M0=0 M0=99 K0 K1=0", 5,
	  .steps = "7 8 3 2 4 10 1 0 5 9 6" },

	/* Bringing online is as it was. */
	{ "online", "O0 O1 O0 O1", 2, .steps = "0 1 2 3",
	  .request = { .action = MEMBLOCK_ACTION_ONLINE } },
};

/* The steps as the table writes them. */
static const char *steps_text(const struct memblock_plan *plan)
{
	static char text[512];
	const struct memblock_step *step;
	size_t length = 0;

	*text = '\0';
	for (size_t i = 0; (step = memblock_plan_step(plan, i)); i++)
		length += (size_t)snprintf(
			text + length, sizeof(text) - length, "%s%" PRIu64 "%s%s", i ? " " : "",
			step->index, step->outcome ? "=" : "",
			step->outcome ? memblock_outcome_to_string(step->outcome) : "");
	return text;
}

static void test_choice(void **state)
{
	const struct row *row = *state;
	_cleanup_inventory_ struct memblock_inventory *inventory = machine_of(row->machine);
	const struct memblock_range range = { 0, B(row->named) };
	_cleanup_plan_ struct memblock_plan *plan = NULL;
	struct memblock_request request = row->request;
	const char *text;

	request.nid--; /* so that 0 is any */
	request.ranges = &range;
	request.n_ranges = row->named > 0;
	request.size = B(row->size);
	request.avoid = row->avoid;
	request.n_avoid = row->n_avoid;

	assert_int_equal(memblock_plan_new(inventory, &request, &plenty, &no_limits, &plan), 0);
	assert_string_equal(memblock_refusal_to_string(memblock_plan_refusal(plan, &text)),
			    memblock_refusal_to_string(row->refusal));
	if (row->says && !strstr(text, row->says))
		assert_string_equal(text, row->says);
	assert_string_equal(steps_text(plan), row->steps);
}

/* What was found inside of a block goes with its step. */
static void test_step(void **state)
{
	_cleanup_inventory_ struct memblock_inventory *inventory = machine_of("M0 M0=50 M0!16 O0");
	const struct memblock_range range = { 0, B(4) };
	const struct memblock_request request = { .ranges = &range, .n_ranges = 1, .nid = -1 };
	_cleanup_plan_ struct memblock_plan *plan = NULL;
	const struct memblock_step *step;

	(void)state;
	assert_int_equal(memblock_plan_new(inventory, &request, &plenty, &no_limits, &plan), 0);
	assert_string_equal(steps_text(plan), "1 0 2 3=already");
	step = memblock_plan_step(plan, 0);
	assert_int_equal(step->busy, MEMBLOCK_ANSWER_NO);
	assert_int_equal(step->to_move, BLOCK_SIZE / 2);
	step = memblock_plan_step(plan, 1);
	assert_int_equal(step->busy, MEMBLOCK_ANSWER_UNKNOWN);
	assert_int_equal(step->to_move, 0);
	step = memblock_plan_step(plan, 2);
	assert_int_equal(step->busy, MEMBLOCK_ANSWER_YES);
	assert_int_equal(step->to_move, 0);
	step = memblock_plan_step(plan, 3);
	assert_int_equal(step->busy, MEMBLOCK_ANSWER_UNKNOWN);
}

/* Room is for what is chosen, which may be the kernel's where Movable is busy. */
static void test_room(void **state)
{
	_cleanup_inventory_ struct memblock_inventory *inventory =
		machine_of("M0!9 M0!9 K0=0 K0=0");
	const struct memblock_request request = { .size = B(2), .nid = -1 };
	const struct memblock_memory memory = {
		.total = GIB(64),
		.available = GIB(32),
		.kernel_free = MIB(511),
	};
	const struct memblock_limits limits = { .reserve = MIB(256) };
	_cleanup_plan_ struct memblock_plan *plan = NULL;

	(void)state;
	assert_int_equal(memblock_plan_new(inventory, &request, &memory, &limits, &plan), 0);
	assert_string_equal(steps_text(plan), "3 2 1 0");
	assert_int_equal(memblock_plan_refusal(plan, NULL), MEMBLOCK_REFUSAL_TOO_LITTLE_MEMORY);
}

#define NODES 8
#define NODE_BLOCKS 25000
#define MANY (NODES * NODE_BLOCKS)
#define DIMM 100

/* 25 TiB, all of it Movable and of DIMMs, some of which hold a block that is busy. */
static struct memblock_inventory *large_machine(void)
{
	static const int nids[NODES] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	static char names[MANY / DIMM][24];
	_cleanup_free_ struct memblock_report_range *ranges = calloc(MANY, sizeof(*ranges));
	_cleanup_free_ struct memblock_pages *pages = calloc(MANY, sizeof(*pages));

	assert_non_null(ranges);
	assert_non_null(pages);
	for (size_t i = 0; i < MANY; i++) {
		char *name = names[i / DIMM];

		snprintf(name, sizeof(names[0]), "PNP0C80:%02zx", i / DIMM);
		ranges[i] = (struct memblock_report_range){
			.range = { B(i), B(i + 1) },
			.state = MEMBLOCK_STATE_ONLINE,
			.zones = &zones['M'],
			.n_zones = 1,
			.nids = &nids[i / NODE_BLOCKS],
			.n_nids = 1,
			.removable = MEMBLOCK_ANSWER_YES,
			.device = name,
			.provider = MEMBLOCK_PROVIDER_ACPI,
		};
		pages[i] = (struct memblock_pages){
			.index = i,
			.all = PAGES,
			.examined = PAGES,
			.slab = i % 330 == 0,
			.movable = i * 7919 % PAGES,
		};
		pages[i].free = PAGES - pages[i].movable - pages[i].slab;
	}
	return inventory_of(ranges, MANY, pages, MANY);
}

/* Each block comes once, and each node gives as much as the others but for a DIMM. */
static void test_large(void **state)
{
	_cleanup_inventory_ struct memblock_inventory *inventory = large_machine();
	_cleanup_free_ bool *seen = calloc(MANY, sizeof(*seen));
	const struct memblock_request request = { .size = B(MANY / 2 + 1), .nid = -1 };
	_cleanup_plan_ struct memblock_plan *plan = NULL;
	const struct memblock_step *step;
	uint64_t taken[NODES] = { 0 };
	size_t n;

	(void)state;
	assert_non_null(seen);
	assert_int_equal(memblock_plan_new(inventory, &request, &plenty, &no_limits, &plan), 0);
	for (n = 0; (step = memblock_plan_step(plan, n)); n++) {
		assert_false(seen[step->index]);
		seen[step->index] = true;
		if (n < MANY / 2 + 1)
			taken[step->index / NODE_BLOCKS]++;
	}
	assert_int_equal(n, MANY);
	for (size_t i = 0; i < NODES; i++)
		assert_in_range(taken[i], MANY / 2 / NODES - DIMM, MANY / 2 / NODES + DIMM);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_step),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_large),
	};

	return RUN_ROWS(rows, test_choice) + RUN_TESTS(tests);
}
