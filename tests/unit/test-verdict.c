/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fake-tree.h"
#include "sources.h"
#include "verdict.h"

/*
 * Every combination of what can be known of a block, against the rules as docs/ARCHITECTURE.md has
 * them. Of each fact stands here what it makes of its rule; what the rules make together is put
 * together below, apart from the library's own code.
 */
enum finding { CLEAR, HOLDS, UNKNOWN };

enum nodes { ONE, SEVERAL, UNLINKED, NO_NUMA, FAILED, NODES_COUNT };
static const enum finding nodes_finding[] = {
	[ONE] = CLEAR,     [SEVERAL] = HOLDS,  [UNLINKED] = UNKNOWN,
	[NO_NUMA] = CLEAR, [FAILED] = UNKNOWN,
};

/* valid_zones; NO_FILE is a kernel without hot-remove. */
enum zones { NORMAL, NONE, EMPTY, STRANGE, NO_FILE, ZONES_COUNT };

enum memory {
	WHOLE,
	HOLE,
	PMEM,
	WHOLE_DAMAGED,
	HOLE_DAMAGED,
	PMEM_DAMAGED,
	HIDDEN,
	MEMORY_COUNT,
};
static const struct {
	enum finding hole, pmem;
	enum memblock_source_state source;
} memory_findings[] = {
	[WHOLE] = { CLEAR, CLEAR, MEMBLOCK_SOURCE_READ },
	[HOLE] = { HOLDS, CLEAR, MEMBLOCK_SOURCE_READ },
	[PMEM] = { HOLDS, HOLDS, MEMBLOCK_SOURCE_READ },
	[WHOLE_DAMAGED] = { CLEAR, UNKNOWN, MEMBLOCK_SOURCE_DAMAGED },
	[HOLE_DAMAGED] = { UNKNOWN, UNKNOWN, MEMBLOCK_SOURCE_DAMAGED },
	[PMEM_DAMAGED] = { UNKNOWN, HOLDS, MEMBLOCK_SOURCE_DAMAGED },
	[HIDDEN] = { UNKNOWN, UNKNOWN, MEMBLOCK_SOURCE_HIDDEN },
};

static const char *const memory_texts[] = {
	[WHOLE] = "40000000-4fffffff : System RAM\n",
	[HOLE] = "40000000-40ffffff : System RAM\n41000000-4fffffff : Reserved\n",
	[PMEM] = ("40000000-40ffffff : System RAM\n41000000-4fffffff : Persistent Memory\n"
		  "  41000000-42ffffff : namespace0.0\n"),
};

enum platform { X86, ARM_FIRMWARE, ARM_ACPI, ARM_VIRTIO, ARM_NOBODY, NOT_KNOWN, PLATFORM_COUNT };
static const struct {
	enum finding boot;
	const char *architecture;
	unsigned device;
} platforms[] = {
	[X86] = { CLEAR, "x86_64", 1 },           [ARM_FIRMWARE] = { HOLDS, "aarch64", 1 },
	[ARM_ACPI] = { UNKNOWN, "aarch64", 2 },   [ARM_VIRTIO] = { CLEAR, "aarch64", 3 },
	[ARM_NOBODY] = { UNKNOWN, "aarch64", 0 }, [NOT_KNOWN] = { UNKNOWN, NULL, 1 },
};

struct facts {
	enum memblock_state state;
	enum nodes nodes;
	enum zones zones;
	enum memory memory;
	enum platform platform;
	bool marked;
};

static enum finding zones_finding(const struct facts *facts)
{
	if (facts->zones == NO_FILE)
		return CLEAR;
	if (facts->state == MEMBLOCK_STATE_GOING_OFFLINE)
		return UNKNOWN;
	if (facts->zones == NORMAL)
		return CLEAR;
	if (facts->zones != NONE)
		return UNKNOWN;
	switch (facts->nodes) {
	case ONE:
	case NO_NUMA:
		return HOLDS;
	case SEVERAL:
		return CLEAR;
	default:
		return UNKNOWN;
	}
}

/* The rules put together. */
static struct verdict expected_verdict(const struct facts *facts)
{
	const struct {
		enum memblock_reason reason;
		enum finding finding;
		bool online_only;
	} rules[] = {
		{ MEMBLOCK_REASON_MIXED_NODES, nodes_finding[facts->nodes], true },
		{ MEMBLOCK_REASON_MIXED_ZONES, zones_finding(facts), true },
		{ MEMBLOCK_REASON_HOLE, memory_findings[facts->memory].hole, false },
		{ MEMBLOCK_REASON_MIXED_PMEM, memory_findings[facts->memory].pmem, false },
		{ MEMBLOCK_REASON_BOOT_MEMORY, platforms[facts->platform].boot, true },
		{ MEMBLOCK_REASON_MARKED, facts->marked ? HOLDS : CLEAR, false },
		{ MEMBLOCK_REASON_NO_HOTREMOVE, facts->zones == NO_FILE ? HOLDS : CLEAR, false },
	};
	bool unknown = facts->state == MEMBLOCK_STATE_UNKNOWN;
	struct verdict verdict = {};

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		enum finding finding = rules[i].finding;

		if (rules[i].online_only && facts->state == MEMBLOCK_STATE_OFFLINE)
			continue;
		if (rules[i].online_only && facts->state == MEMBLOCK_STATE_UNKNOWN)
			continue;
		if (finding == HOLDS)
			verdict.reasons |= (uint16_t)(1u << rules[i].reason);
		unknown = unknown || finding == UNKNOWN;
	}
	verdict.removable = verdict.reasons ? MEMBLOCK_ANSWER_NO
			    : unknown       ? MEMBLOCK_ANSWER_UNKNOWN
					    : MEMBLOCK_ANSWER_YES;
	return verdict;
}

/* An inventory in memory: no file is opened here. */
struct fixture {
	struct memblock_inventory inventory;
	struct memblock_block block;
	struct node_set set;
	int nids[2];
	struct memblock_device devices[4];
	struct mark mark;
};

static void set_nodes(struct fixture *f, enum nodes nodes)
{
	static const enum memblock_source_state states[] = {
		[ONE] = MEMBLOCK_SOURCE_READ,      [SEVERAL] = MEMBLOCK_SOURCE_READ,
		[UNLINKED] = MEMBLOCK_SOURCE_READ, [NO_NUMA] = MEMBLOCK_SOURCE_ABSENT,
		[FAILED] = MEMBLOCK_SOURCE_FAILED,
	};

	f->inventory.sources[MEMBLOCK_SOURCE_NODES].state = states[nodes];
	f->block.nid = nodes == ONE       ? 3
		       : nodes == SEVERAL ? MEMBLOCK_NID_SEVERAL
					  : MEMBLOCK_NID_UNKNOWN;
}

static void set_zones(struct fixture *f, enum zones zones)
{
	static const char *const words[] = { "Normal", "none", "", "Future", "" };
	char text[16];
	const char *unknown;

	snprintf(text, sizeof(text), "%s", words[zones]);
	f->block.zones = zones_parse(text, &unknown);
	f->inventory.has_valid_zones = zones != NO_FILE;
}

static void set_memory(struct fixture *f, enum memory memory)
{
	_cleanup_free_ char *text = NULL;

	f->inventory.sources[MEMBLOCK_SOURCE_IOMEM].state = memory_findings[memory].source;
	if (memory == HIDDEN)
		return;
	text = strdup(memory_texts[memory % WHOLE_DAMAGED]);
	assert_non_null(text);
	assert_int_equal(iomem_parse(&f->inventory.iomem, text, 4096, NULL), 0);
}

static void fixture_init(struct fixture *f, const struct facts *facts)
{
	static char firmware[] = "firmware", dimm[] = "PNP0C80:00", virtio[] = "virtio0";
	static char reason[] = "keep it";
	static char architecture[16];

	*f = (struct fixture){
		.nids = { 0, 1 },
		.devices = { {},
			     { firmware, MEMBLOCK_PROVIDER_FIRMWARE },
			     { dimm, MEMBLOCK_PROVIDER_ACPI },
			     { virtio, MEMBLOCK_PROVIDER_VIRTIO_MEM } },
		.mark = { MIB(1024), MIB(1024) + 1, NULL, reason },
		.block = { .index = 8, .state = (uint8_t)facts->state },
	};
	f->set = (struct node_set){ f->nids, 2 };
	f->block.device = (uint16_t)platforms[facts->platform].device;
	f->inventory.block_size = MIB(128);
	f->inventory.node_sets = (struct node_sets){ &f->set, 1, 1 };
	f->inventory.devices = (struct devices){ f->devices, 4, 4 };
	f->inventory.marks = (struct marks){ &f->mark, facts->marked, 1 };
	if (platforms[facts->platform].architecture) {
		snprintf(architecture, sizeof(architecture), "%s",
			 platforms[facts->platform].architecture);
		f->inventory.machine.architecture = architecture;
	}
	set_nodes(f, facts->nodes);
	set_zones(f, facts->zones);
	set_memory(f, facts->memory);
}

static void fixture_done(struct fixture *f)
{
	iomem_done(&f->inventory.iomem);
}

/* Each reason that is given has a sentence that begins with its word, in the order of the rules. */
static bool is_told(const struct notes *evidence, uint16_t reasons)
{
	size_t at = 0;

	for (int i = 0; i < MEMBLOCK_REASON_COUNT; i++) {
		const char *word = memblock_reason_to_string((enum memblock_reason)i);

		if (!(reasons & 1u << i))
			continue;
		while (at < evidence->n && (strncmp(evidence->items[at], word, strlen(word)) != 0 ||
					    evidence->items[at][strlen(word)] != ':'))
			at++;
		if (at == evidence->n)
			return false;
	}
	return true;
}

static bool is_right(const struct facts *facts)
{
	struct verdict expected = expected_verdict(facts), silent, told;
	_cleanup_notes_ struct notes evidence = {};
	_cleanup_(fixture_done) struct fixture f;
	bool right;

	fixture_init(&f, facts);
	assert_int_equal(verdict_of(&f.inventory, &f.block, NULL, &silent), 0);
	assert_int_equal(verdict_of(&f.inventory, &f.block, &evidence, &told), 0);
	right = silent.reasons == expected.reasons && silent.removable == expected.removable &&
		told.reasons == silent.reasons && told.removable == silent.removable &&
		is_told(&evidence, told.reasons);
	if (!right)
		print_error("state %d nodes %d zones %d memory %d platform %d marked %d: "
			    "%s %x, expected %s %x\n",
			    facts->state, facts->nodes, facts->zones, facts->memory,
			    facts->platform, facts->marked,
			    memblock_answer_to_string(told.removable), told.reasons,
			    memblock_answer_to_string(expected.removable), expected.reasons);
	return right;
}

static void test_all_combinations(void **state)
{
	const size_t n = 4 * NODES_COUNT * ZONES_COUNT * MEMORY_COUNT * PLATFORM_COUNT * 2;
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		size_t left = i;
		struct facts facts;

		facts.state = (enum memblock_state)(left % 4);
		left /= 4;
		facts.nodes = (enum nodes)(left % NODES_COUNT);
		left /= NODES_COUNT;
		facts.zones = (enum zones)(left % ZONES_COUNT);
		left /= ZONES_COUNT;
		facts.memory = (enum memory)(left % MEMORY_COUNT);
		left /= MEMORY_COUNT;
		facts.platform = (enum platform)(left % PLATFORM_COUNT);
		facts.marked = left / PLATFORM_COUNT;
		if (!is_right(&facts) && ++wrong == 10)
			break;
	}
	assert_int_equal(wrong, 0);
}

/* The whole way, from a tree: each rule alone, what it answers and what it says. */
struct row {
	const char *name;
	const char *state, *zones;
	int links[4];
	const char *iomem, *architecture, *mark;
	enum memblock_answer answer;
	const char *reasons;
	const char *evidence[4];
};

#define NO MEMBLOCK_ANSWER_NO
#define YES MEMBLOCK_ANSWER_YES
#define DONT_KNOW MEMBLOCK_ANSWER_UNKNOWN
#define RAM "00100000-7fffffff : System RAM\n"
#define AMD64 "x86_64"

static const struct row rows[] = {
	{ "removable",
	  "online",
	  "Normal",
	  { 0, -1 },
	  RAM,
	  AMD64,
	  NULL,
	  YES,
	  "",
	  { "one node: 0", "one zone: Normal", "System RAM covers it whole (/proc/iomem)",
	    "no persistent or device memory inside (/proc/iomem)" } },
	{ "mixed-nodes",
	  "online",
	  "none",
	  { 0, 2, -1 },
	  RAM,
	  AMD64,
	  NULL,
	  NO,
	  "mixed-nodes",
	  { "mixed-nodes: it hangs on node 0 (/sys/devices/system/node/node0/memory8)",
	    "mixed-nodes: it hangs on node 2 (/sys/devices/system/node/node2/memory8)",
	    "valid_zones says none, as it does for several nodes" } },
	{ "mixed-nodes on Linux 5.15, which names a zone",
	  "online",
	  "Normal",
	  { 0, 1, -1 },
	  RAM,
	  AMD64,
	  NULL,
	  NO,
	  "mixed-nodes",
	  { "one zone: Normal" } },
	{ "mixed-zones",
	  "online",
	  "none",
	  { 0, -1 },
	  RAM,
	  AMD64,
	  NULL,
	  NO,
	  "mixed-zones",
	  { "mixed-zones: memory8/valid_zones says none, on one node" } },
	{ "hole",
	  "online",
	  "Normal",
	  { 0, -1 },
	  "40000000-43ffffff : System RAM\n44000000-443fffff : Reserved\n"
	  "44400000-47dfffff : System RAM\n",
	  AMD64,
	  NULL,
	  NO,
	  "hole",
	  { "hole: 0x44000000-0x443fffff is firmware-reserved, not System RAM (/proc/iomem)",
	    "hole: 0x47e00000-0x47ffffff is hole, not System RAM (/proc/iomem)" } },
	{ "a hole of one page",
	  "online",
	  "Normal",
	  { 0, -1 },
	  "40000000-43ffffff : System RAM\n44001000-47ffffff : System RAM\n",
	  AMD64,
	  NULL,
	  NO,
	  "hole",
	  { "0x44000000-0x44000fff" } },
	{ "a page lost between two resources",
	  "online",
	  "Normal",
	  { 0, -1 },
	  "40000000-43fffbff : System RAM\n43fffc00-47ffffff : System RAM\n",
	  AMD64,
	  NULL,
	  NO,
	  "hole",
	  { "hole: System RAM ends inside a page (/proc/iomem)" } },
	{ "nothing of it is RAM",
	  "online",
	  "Normal",
	  { 0, -1 },
	  "00100000-3fffffff : System RAM\n",
	  AMD64,
	  NULL,
	  NO,
	  "hole",
	  { "hole: 0x40000000-0x47ffffff is hole" } },
	{ "mixed-pmem",
	  "online",
	  "Normal",
	  { 0, -1 },
	  "40000000-43ffffff : System RAM\n44000000-4fffffff : Persistent Memory\n"
	  "  44000000-4fffffff : namespace0.0\n",
	  AMD64,
	  NULL,
	  NO,
	  "hole,mixed-pmem",
	  { "mixed-pmem: 0x44000000-0x4fffffff is pmem of namespace0.0 (/proc/iomem)" } },
	{ "pmem without a namespace",
	  "online",
	  "Normal",
	  { 0, -1 },
	  "40000000-43ffffff : System RAM\n44000000-4fffffff : Persistent Memory\n",
	  AMD64,
	  NULL,
	  NO,
	  "hole,mixed-pmem",
	  { "is pmem of no namespace (/proc/iomem)" } },
	{ "device dax",
	  "online",
	  "Normal",
	  { 0, -1 },
	  "40000000-43ffffff : System RAM\n44000000-4fffffff : dax0.0\n",
	  AMD64,
	  NULL,
	  NO,
	  "hole,mixed-pmem",
	  { "is device-dax of dax0.0" } },
	{ "RAM of the kmem driver is RAM",
	  "online",
	  "Movable",
	  { 1, -1 },
	  "00100000-3fffffff : System RAM\n40000000-4fffffff : dax0.0\n"
	  "  40000000-4fffffff : System RAM (kmem)\n",
	  AMD64,
	  NULL,
	  YES,
	  "",
	  { "one zone: Movable" } },
	{ "virtio-mem",
	  "online",
	  "Movable",
	  { 0, -1 },
	  "40000000-7fffffff : virtio0\n  40000000-47ffffff : System RAM (virtio_mem)\n",
	  AMD64,
	  NULL,
	  YES,
	  "",
	  {} },
	{ "pmem behind it",
	  "online",
	  "Normal",
	  { 0, -1 },
	  "40000000-47ffffff : System RAM\n48000000-4fffffff : Persistent Memory\n",
	  AMD64,
	  NULL,
	  YES,
	  "",
	  {} },
	{ "boot-memory",
	  "online",
	  "Normal",
	  { 0, -1 },
	  RAM,
	  "aarch64",
	  NULL,
	  NO,
	  "boot-memory",
	  { "boot-memory: no DIMM, dax or virtio device owns it" } },
	{ "arm64, virtio-mem",
	  "online",
	  "Normal",
	  { 0, -1 },
	  "40000000-7fffffff : virtio0\n  40000000-47ffffff : System RAM (virtio_mem)\n",
	  "aarch64",
	  NULL,
	  YES,
	  "",
	  { "not boot memory: virtio0 brought it" } },
	{ "arm64, nobody knows whose",
	  "online",
	  "Normal",
	  { 0, -1 },
	  "40000000-43ffffff : dax0.0\n  40000000-43ffffff : System RAM (kmem)\n"
	  "44000000-47ffffff : dax1.0\n  44000000-47ffffff : System RAM (kmem)\n",
	  "aarch64",
	  NULL,
	  DONT_KNOW,
	  "",
	  { "boot memory: not known what brought it" } },
	{ "marked",
	  "online",
	  "Normal",
	  { 0, -1 },
	  RAM,
	  AMD64,
	  "0x40000000-0x47ffffff - why\n",
	  NO,
	  "marked",
	  { "marked: why" } },
	{ "no-hotremove",
	  "online",
	  NULL,
	  { 0, -1 },
	  RAM,
	  AMD64,
	  NULL,
	  NO,
	  "no-hotremove",
	  { "no-hotremove: no block has valid_zones: this kernel can't offline memory" } },
	{ "hidden iomem",
	  "online",
	  "Normal",
	  { 0, -1 },
	  "00000000-00000000 : System RAM\n",
	  AMD64,
	  NULL,
	  DONT_KNOW,
	  "",
	  { "holes not known: /proc/iomem hides its addresses", "device memory not known" } },
	{ "no iomem",
	  "online",
	  "Normal",
	  { 0, -1 },
	  NULL,
	  AMD64,
	  NULL,
	  DONT_KNOW,
	  "",
	  { "holes not known: no /proc/iomem", "device memory not known: no /proc/iomem" } },
	{ "damaged iomem",
	  "online",
	  "Normal",
	  { 0, -1 },
	  RAM "torn\n",
	  AMD64,
	  NULL,
	  DONT_KNOW,
	  "",
	  { "device memory not known: 1 lines of /proc/iomem make no sense" } },
	{ "damaged iomem, and a hole where the line may have been",
	  "online",
	  "Normal",
	  { 0, -1 },
	  "00100000-43ffffff : System RAM\ntorn\n",
	  AMD64,
	  NULL,
	  DONT_KNOW,
	  "",
	  { "holes not known: 1 lines" } },
	{ "hidden iomem, but two nodes",
	  "online",
	  "none",
	  { 0, 1, -1 },
	  "00000000-00000000 : System RAM\n",
	  AMD64,
	  NULL,
	  NO,
	  "mixed-nodes",
	  {} },
	{ "nowhere linked, none",
	  "online",
	  "none",
	  { -1 },
	  RAM,
	  AMD64,
	  NULL,
	  DONT_KNOW,
	  "",
	  { "several zones or several nodes: valid_zones says none" } },
	{ "architecture not known",
	  "online",
	  "Normal",
	  { 0, -1 },
	  RAM,
	  NULL,
	  NULL,
	  DONT_KNOW,
	  "",
	  { "boot memory: architecture not known" } },
	{ "an architecture that nobody knows",
	  "online",
	  "Normal",
	  { 0, -1 },
	  RAM,
	  "x86_6",
	  NULL,
	  DONT_KNOW,
	  "",
	  { "boot memory: not known whether x86_6 keeps it" } },
	{ "offline: removable",
	  "offline",
	  "Normal Movable",
	  { 0, -1 },
	  RAM,
	  AMD64,
	  NULL,
	  YES,
	  "",
	  {} },
	{ "offline: two nodes are no matter",
	  "offline",
	  "Normal",
	  { 0, 1, -1 },
	  RAM,
	  AMD64,
	  NULL,
	  YES,
	  "",
	  {} },
	{ "offline: a hole",
	  "offline",
	  "Normal Movable",
	  { 0, -1 },
	  "00100000-43ffffff : System RAM\n",
	  AMD64,
	  NULL,
	  NO,
	  "hole",
	  {} },
	{ "offline: boot memory is no matter",
	  "offline",
	  "Normal",
	  { 0, -1 },
	  RAM,
	  "aarch64",
	  NULL,
	  YES,
	  "",
	  {} },
	{ "offline: no zones known is no matter",
	  "offline",
	  "",
	  { 0, -1 },
	  RAM,
	  AMD64,
	  NULL,
	  YES,
	  "",
	  {} },
	{ "offline: marked",
	  "offline",
	  "Normal",
	  { 0, -1 },
	  RAM,
	  AMD64,
	  "0x40000000-0x47ffffff - why\n",
	  NO,
	  "marked",
	  {} },
	{ "offline: hidden iomem",
	  "offline",
	  "Normal",
	  { 0, -1 },
	  "00000000-00000000 : System RAM\n",
	  AMD64,
	  NULL,
	  DONT_KNOW,
	  "",
	  {} },
	{ "going offline",
	  "going-offline",
	  "Normal Movable",
	  { 0, -1 },
	  RAM,
	  AMD64,
	  NULL,
	  DONT_KNOW,
	  "",
	  { "zone not known: it is being taken offline" } },
	{ "going offline, with a hole",
	  "going-offline",
	  "Normal",
	  { 0, -1 },
	  "00100000-43ffffff : System RAM\n",
	  AMD64,
	  NULL,
	  NO,
	  "hole",
	  {} },
	{ "state not known", "melting", "Normal", { 0, -1 }, RAM, AMD64, NULL, DONT_KNOW, "", {} },
	{ "state not known, two nodes",
	  "melting",
	  "none",
	  { 0, 1, -1 },
	  RAM,
	  AMD64,
	  NULL,
	  DONT_KNOW,
	  "",
	  {} },
	{ "state not known, a hole",
	  "melting",
	  "Normal",
	  { 0, -1 },
	  "00100000-43ffffff : System RAM\n",
	  AMD64,
	  NULL,
	  NO,
	  "hole",
	  {} },
	{ "s390, below the size of the crash kernel",
	  "online",
	  "Normal",
	  { 0, -1 },
	  "00000000-7fffffff : System RAM\n  20000000-6fffffff : Crash kernel\n",
	  "s390x",
	  NULL,
	  NO,
	  "boot-memory",
	  { "boot-memory: it lies below 0x50000000, the size of the crash kernel (/proc/iomem), "
	    "and "
	    "s390 keeps that much from 0 on" } },
	{ "s390, above it",
	  "online",
	  "Normal",
	  { 0, -1 },
	  "00000000-7fffffff : System RAM\n  20000000-2fffffff : Crash kernel\n",
	  "s390x",
	  NULL,
	  YES,
	  "",
	  {} },
	{ "everything at once",
	  "online",
	  NULL,
	  { 0, 1, -1 },
	  "40000000-40ffffff : System RAM\n41000000-41ffffff : Persistent Memory\n",
	  "aarch64",
	  "0x40000000-0x47ffffff - why\n",
	  NO,
	  "mixed-nodes,hole,mixed-pmem,boot-memory,marked,no-hotremove",
	  {} },
};

static struct memblock_inventory *scan_row(struct fake_tree *tree, const struct row *row)
{
	remove_file(tree, "proc/sys/kernel/arch");
	if (row->architecture)
		write_file(tree, "proc/sys/kernel/arch", "%s\n", row->architecture);
	if (row->iomem)
		write_file(tree, "proc/iomem", "%s", row->iomem);
	if (row->mark)
		write_file(tree, "var/lib/memblockd/marks", "%s", row->mark);
	add_block_on(tree, 8, row->state, row->zones, row->links);
	return scan(tree);
}

static void test_row(void **state)
{
	const struct row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = scan_row(tree, row);
	const struct memblock_block *block = block_of(inventory, 8);

	assert_string_equal(reason_words(block), row->reasons);
	assert_int_equal(memblock_block_removable(block), row->answer);
	for (size_t i = 0; i < ARRAY_SIZE(row->evidence) && row->evidence[i]; i++)
		if (!has_evidence(inventory, block, row->evidence[i]))
			fail_msg("not said: %s", row->evidence[i]);
}

static void test_acpi_on_arm64(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	const struct memblock_block *block;

	(void)state;
	write_file(tree, "proc/sys/kernel/arch", "aarch64\n");
	write_file(tree, "proc/iomem", RAM);
	add_block(tree, 8, "online", "Normal", 0);
	make_link(tree, "sys/bus/acpi/devices/PNP0C80:00/physical_node",
		  "../../system/memory/memory8");
	inventory = scan(tree);
	block = block_of(inventory, 8);
	assert_int_equal(memblock_block_removable(block), DONT_KNOW);
	assert_true(has_evidence(inventory, block, "not known whether PNP0C80:00 was there"));
}

/* Only so many holes are named. */
static void test_many_holes(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	char text[2048] = "";

	(void)state;
	for (unsigned i = 0; i < 20; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%x-%x : System RAM\n",
			 0x40000000 + i * 0x400000, 0x401fffff + i * 0x400000);
	write_file(tree, "proc/iomem", "%s", text);
	add_block(tree, 8, "online", "Normal", 0);
	inventory = scan(tree);
	assert_true(has_evidence(inventory, block_of(inventory, 8), "0x43e00000-0x43ffffff"));
	assert_false(has_evidence(inventory, block_of(inventory, 8), "0x44200000-0x443fffff"));
	assert_true(has_evidence(inventory, block_of(inventory, 8), "hole: and 4 more ranges"));
}

/* One node was read, of another it isn't known whether it links the block: several zones or
 * several nodes, and no way to tell. */
static void test_none_where_nodes_failed(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	write_file(tree, "proc/iomem", RAM);
	add_block(tree, 8, "online", "none", 0);
	write_file(tree, "sys/devices/system/node/node1", "not a folder\n");
	inventory = scan(tree);
	assert_false(
		memblock_block_has_reason(block_of(inventory, 8), MEMBLOCK_REASON_MIXED_ZONES));
	assert_int_not_equal(memblock_block_removable(block_of(inventory, 8)), YES);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_combinations),
		cmocka_unit_test(test_acpi_on_arm64),
		cmocka_unit_test(test_many_holes),
		cmocka_unit_test(test_none_where_nodes_failed),
	};

	return RUN_ROWS(rows, test_row) + RUN_TESTS(tests);
}
