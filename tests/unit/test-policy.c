/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "fake-tree.h"

#define _cleanup_platform_ _cleanup_(memblock_platform_freep)
DEFINE_CLEANUP(struct memblock_platform, memblock_platform_free)

#define BIT(name) (1u << MEMBLOCK_PROVIDER_##name)
#define ACPI_ALONE BIT(ACPI)
#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* What is plugged in where: blocks of 128 MiB, an item a range of blocks. */
static const struct piece {
	uint64_t first, n;
	int nids[2]; /* -1: none */
	const char *device;
	enum memblock_provider provider;
} pieces[] = {
	{ 0, 8, { 0, -1 }, "firmware", MEMBLOCK_PROVIDER_FIRMWARE },
	{ 8, 2, { 0, -1 }, "PNP0C80:00", MEMBLOCK_PROVIDER_ACPI },
	{ 10, 2, { 1, -1 }, "PNP0C80:01", MEMBLOCK_PROVIDER_ACPI },
	{ 12, 2, { 1, -1 }, "virtio0", MEMBLOCK_PROVIDER_VIRTIO_MEM },
	{ 14, 1, { 2, -1 }, "virtio0", MEMBLOCK_PROVIDER_VIRTIO_MEM },
	{ 16, 1, { 0, -1 }, "dax0.0", MEMBLOCK_PROVIDER_DAX },
	{ 17, 1, { 0, -1 }, "dax1.0", MEMBLOCK_PROVIDER_CXL },
	{ 18, 1, { 0, -1 }, "nvgrace", MEMBLOCK_PROVIDER_DRIVER },
	{ 19, 1, { 0, -1 }, "lmb", MEMBLOCK_PROVIDER_LMB },
	{ 20, 1, { 0, -1 }, "standby", MEMBLOCK_PROVIDER_STANDBY },
	{ 21, 1, { 0, 1 }, NULL, MEMBLOCK_PROVIDER_UNKNOWN },
	{ 22, 1, { -1, -1 }, NULL, MEMBLOCK_PROVIDER_UNKNOWN },
};

/* The first block of each. */
enum {
	FIRMWARE = 0,
	DIMM0 = 8,
	DIMM1 = 10,
	VIRTIO = 12,
	VIRTIO_UP = 14,
	DAX = 16,
	CXL = 17,
	GPU = 18,
	LMB = 19,
	STANDBY = 20,
	ON_TWO_NODES = 21,
	ON_NO_NODE = 22,
};

static struct memblock_inventory *make_inventory(void)
{
	struct memblock_report_range ranges[ARRAY_SIZE(pieces)] = {};
	struct memblock_inventory *inventory = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		const struct piece *piece = &pieces[i];

		ranges[i] = (struct memblock_report_range){
			.range = { piece->first * MIB(128), (piece->first + piece->n) * MIB(128) },
			.state = MEMBLOCK_STATE_OFFLINE,
			.nids = piece->nids,
			.n_nids = (size_t)(piece->nids[0] >= 0) + (piece->nids[1] > 0),
			.device = piece->device,
			.provider = piece->provider,
		};
	}
	assert_int_equal(memblock_inventory_new_of_report(
				 &(struct memblock_report){
					 .block_size = MIB(128),
					 .ranges = ranges,
					 .n_ranges = ARRAY_SIZE(ranges),
				 },
				 &inventory),
			 0);
	return inventory;
}

static struct memblock_decision decide(const struct memblock_policy *policy,
				       const struct memblock_platform *platform, uint64_t index)
{
	_cleanup_inventory_ struct memblock_inventory *inventory = make_inventory();
	struct memblock_decision decision;

	memblock_policy_decide(policy, platform, inventory, block_of(inventory, index), &decision);
	assert_non_null(decision.why);
	return decision;
}

/* Whether one rule fits one block. */
struct rule_row {
	const char *name;
	uint64_t block;
	bool fits;
	struct memblock_rule rule;
	const char *architecture, *virtualization;
};

static const struct memblock_range low = { MIB(128) * 8, MIB(128) * 10 };
static const struct memblock_range across = { MIB(128) * 9, MIB(128) * 11 };
static const struct memblock_range half = { MIB(128) * 8, MIB(128) * 8 + MIB(64) };
static const struct memblock_range first_of_virtio = { MIB(128) * 12, MIB(128) * 13 };
static const struct memblock_range two_ranges[] = { { 0, MIB(128) }, { MIB(128) * 8, MIB(1280) } };

static const struct rule_row rule_rows[] = {
	{ "an empty rule fits all", DIMM0, true, {}, "x86_64", "kvm" },
	{ "an empty rule fits what nobody knows", ON_NO_NODE, true, {}, NULL, NULL },
	{ "architecture", DIMM0, true, { .architectures = WORDS("x86_64") }, "x86_64", "kvm" },
	{ "one of two",
	  DIMM0,
	  true,
	  { .architectures = WORDS("s390x", "x86_64") },
	  "x86_64",
	  NULL },
	{ "another", DIMM0, false, { .architectures = WORDS("s390x", "ppc64") }, "x86_64", NULL },
	{ "not known", DIMM0, false, { .architectures = WORDS("s390x") }, NULL, NULL },
	{ "virtualization", DIMM0, true, { .virtualizations = WORDS("kvm") }, NULL, "kvm" },
	{ "another one", DIMM0, false, { .virtualizations = WORDS("xen") }, NULL, "kvm" },
	{ "bare metal", DIMM0, true, { .virtualizations = WORDS("none") }, NULL, "none" },
	{ "any virtual machine", DIMM0, true, { .virtualizations = WORDS("vm") }, NULL, "zvm" },
	{ "bare metal is none", DIMM0, false, { .virtualizations = WORDS("vm") }, NULL, "none" },
	{ "nor is what is not known",
	  DIMM0,
	  false,
	  { .virtualizations = WORDS("vm") },
	  NULL,
	  NULL },
	{ "not known, not bare", DIMM0, false, { .virtualizations = WORDS("none") }, NULL, NULL },
	{ "provider", DIMM0, true, { .providers = WORDS("acpi") }, NULL, NULL },
	{ "other providers", DIMM0, false, { .providers = WORDS("dax", "cxl") }, NULL, NULL },
	{ "provider not known", ON_NO_NODE, true, { .providers = WORDS("unknown") }, NULL, NULL },
	{ "device", DIMM1, true, { .devices = WORDS("PNP0C80:01") }, NULL, NULL },
	{ "another device", DIMM0, false, { .devices = WORDS("PNP0C80:01") }, NULL, NULL },
	{ "device by *", DIMM1, true, { .devices = WORDS("virtio*", "PNP*") }, NULL, NULL },
	{ "device by ?", DIMM1, true, { .devices = WORDS("PNP0C80:0?") }, NULL, NULL },
	{ "device not known", ON_NO_NODE, false, { .devices = WORDS("*") }, NULL, NULL },
	{ "node", DIMM1, true, { .nodes = (const int[]){ 7, 1 }, .n_nodes = 2 }, NULL, NULL },
	{ "another node", DIMM0, false, { .nodes = (const int[]){ 1 }, .n_nodes = 1 }, NULL, NULL },
	{ "one of two nodes",
	  ON_TWO_NODES,
	  false,
	  { .nodes = (const int[]){ 1 }, .n_nodes = 1 },
	  NULL,
	  NULL },
	{ "both nodes",
	  ON_TWO_NODES,
	  true,
	  { .nodes = (const int[]){ 1, 0 }, .n_nodes = 2 },
	  NULL,
	  NULL },
	{ "no node", ON_NO_NODE, false, { .nodes = (const int[]){ 0 }, .n_nodes = 1 }, NULL, NULL },
	{ "range", DIMM0, true, { .ranges = &low, .n_ranges = 1 }, NULL, NULL },
	{ "outside of it", FIRMWARE, false, { .ranges = &low, .n_ranges = 1 }, NULL, NULL },
	{ "half a block", DIMM0, false, { .ranges = &half, .n_ranges = 1 }, NULL, NULL },
	{ "the second range", DIMM0, true, { .ranges = two_ranges, .n_ranges = 2 }, NULL, NULL },
	{ "a device goes with its lowest block: out",
	  DIMM0 + 1,
	  false,
	  { .ranges = &across, .n_ranges = 1 },
	  NULL,
	  NULL },
	{ "a device goes with its lowest block: in",
	  VIRTIO_UP,
	  true,
	  { .ranges = &first_of_virtio, .n_ranges = 1 },
	  NULL,
	  NULL },
	{ "and with its node",
	  VIRTIO_UP,
	  true,
	  { .nodes = (const int[]){ 1 }, .n_nodes = 1 },
	  NULL,
	  NULL },
	{ "what no device owns goes alone",
	  FIRMWARE + 1,
	  false,
	  { .ranges = two_ranges, .n_ranges = 1 },
	  NULL,
	  NULL },
	{ "all at once",
	  DIMM0,
	  true,
	  { .architectures = WORDS("x86_64"),
	    .virtualizations = WORDS("vm"),
	    .providers = WORDS("acpi"),
	    .devices = WORDS("PNP*"),
	    .nodes = (const int[]){ 0 },
	    .n_nodes = 1,
	    .ranges = &low,
	    .n_ranges = 1 },
	  "x86_64",
	  "kvm" },
	{ "all but one",
	  DIMM0,
	  false,
	  { .architectures = WORDS("x86_64"),
	    .virtualizations = WORDS("vm"),
	    .providers = WORDS("acpi"),
	    .devices = WORDS("PNP*"),
	    .nodes = (const int[]){ 1 },
	    .n_nodes = 1,
	    .ranges = &low,
	    .n_ranges = 1 },
	  "x86_64",
	  "kvm" },
};

static void test_rule(void **state)
{
	const struct rule_row *row = *state;
	struct memblock_rule rule = row->rule;
	struct memblock_policy policy = { .rules = &rule, .n_rules = 1 };
	struct memblock_platform platform = { .architecture = row->architecture,
					      .virtualization = row->virtualization };
	struct memblock_decision decision;

	/* No default says so. */
	rule.treatment = MEMBLOCK_TREATMENT_KERNEL;
	decision = decide(&policy, &platform, row->block);
	assert_ptr_equal(decision.rule, row->fits ? &rule : NULL);
	assert_int_equal(decision.treatment == MEMBLOCK_TREATMENT_KERNEL, row->fits);
}

/* The first that fits counts, and beats the command line. */
static void test_order(void **state)
{
	const struct memblock_rule rules[] = {
		{ .name = "a", .treatment = MEMBLOCK_TREATMENT_NO, .providers = WORDS("dax") },
		{ .name = "b",
		  .treatment = MEMBLOCK_TREATMENT_MOVABLE,
		  .nodes = (const int[]){ 1 },
		  .n_nodes = 1 },
		{ .name = "c", .treatment = MEMBLOCK_TREATMENT_KERNEL, .providers = WORDS("acpi") },
		{ .name = "d", .treatment = MEMBLOCK_TREATMENT_NO, .providers = WORDS("acpi") },
	};
	struct memblock_policy policy = { .rules = rules, .n_rules = ARRAY_SIZE(rules) };
	struct memblock_platform platform = { .command_line = "memhp_default_state=online" };

	(void)state;
	assert_ptr_equal(decide(&policy, &platform, DIMM0).rule, &rules[2]);
	assert_ptr_equal(decide(&policy, &platform, DIMM1).rule, &rules[1]);
	assert_ptr_equal(decide(&policy, &platform, DAX).rule, &rules[0]);
	assert_null(decide(&policy, &platform, CXL).rule);
	assert_int_equal(decide(&policy, &platform, CXL).treatment, MEMBLOCK_TREATMENT_DEFAULT);
}

/* What is done by default: a letter for each of the blocks below. */
static const uint64_t tried[] = {
	FIRMWARE, DIMM0, VIRTIO, DAX, CXL, GPU, LMB, STANDBY, ON_NO_NODE
};

struct default_row {
	const char *name, *architecture, *virtualization, *command_line;
	bool has_online_policy;
	const char *treatments; /* d, k, m, n */
};

static const struct default_row default_rows[] = {
	{ "a new kernel, bare metal", "x86_64", "none", "", true, "dddndnddd" },
	{ "a new kernel, virtual", "x86_64", "kvm", "", true, "dddndnddd" },
	{ "a new kernel, who knows", "x86_64", NULL, NULL, true, "dddndnddd" },
	{ "an old kernel, bare metal", "x86_64", "none", "", false, "mmmnmnmmm" },
	{ "an old kernel, virtual", "x86_64", "kvm", "", false, "dddndnddd" },
	{ "an old kernel, who knows", "x86_64", NULL, NULL, false, "dddndnddd" },
	{ "arm", "aarch64", "none", "", true, "dddndnddd" },
	{ "arm, an old kernel", "aarch64", "none", "", false, "mmmnmnmmm" },
	{ "pseries", "ppc64le", "powervm", "", true, "dddndnndn" },
	{ "s390", "s390x", "zvm", "", true, "dddndndnn" },
	{ "s390, an old kernel", "s390x", "none", "", false, "mmmnmnmnn" },
	{ "architecture not known", NULL, "none", "", false, "mmmnmnmmm" },
	{ "told offline", "x86_64", "kvm", "memhp_default_state=offline", true, "nnnnnnnnn" },
	{ "told online", "s390x", "zvm", "ro memhp_default_state=online", true, "ddddddddd" },
	{ "told kernel", "x86_64", "none", "memhp_default_state=online_kernel ro", false,
	  "kkkkkkkkk" },
	{ "told movable", "ppc64le", "kvm", "memhp_default_state=online_movable", true,
	  "mmmmmmmmm" },
	{ "the last one counts", "x86_64", "kvm",
	  "memhp_default_state=offline memhp_default_state=online_kernel", true, "kkkkkkkkk" },
	{ "what makes no sense doesn't", "x86_64", "kvm",
	  "memhp_default_state=offline memhp_default_state=on memhp_default_state=", true,
	  "nnnnnnnnn" },
	{ "- for _", "x86_64", "kvm", "memhp-default-state=offline", true, "nnnnnnnnn" },
	{ "part of a word", "x86_64", "kvm", "xmemhp_default_state=offline", true, "dddndnddd" },
	{ "part of a word, too long", "x86_64", "kvm", "memhp_default_state=offline2", true,
	  "dddndnddd" },
	{ "no value", "x86_64", "kvm", "memhp_default_state", true, "dddndnddd" },
	{ "in quotes", "x86_64", "kvm", "x=\"a memhp_default_state=offline\" b", true,
	  "dddndnddd" },
	{ "quotes that don't end", "x86_64", "kvm", "\"memhp_default_state=offline", true,
	  "dddndnddd" },
	{ "init's", "x86_64", "kvm", "ro -- memhp_default_state=offline", true, "dddndnddd" },
	{ "with a line feed", "x86_64", "kvm", "ro\tmemhp_default_state=offline\n", true,
	  "nnnnnnnnn" },
	{ "a zone policy", "x86_64", "none", "memory_hotplug.online_policy=contig-zones", false,
	  "dddndnddd" },
	{ "a ratio alone", "x86_64", "none", "memory_hotplug.auto_movable_ratio=5", false,
	  "mmmnmnmmm" },
};

static void test_default(void **state)
{
	const struct default_row *row = *state;
	struct memblock_policy policy = {};
	struct memblock_platform platform = {
		.architecture = row->architecture,
		.virtualization = row->virtualization,
		.command_line = row->command_line,
		.has_online_policy = row->has_online_policy,
		.providers = row->architecture && strcmp(row->architecture, "ppc64le") == 0
				     ? BIT(LMB)
				     : 0,
	};
	char found[ARRAY_SIZE(tried) + 1] = "";

	for (size_t i = 0; i < ARRAY_SIZE(tried); i++) {
		struct memblock_decision decision = decide(&policy, &platform, tried[i]);

		assert_null(decision.rule);
		found[i] = *memblock_treatment_to_string(decision.treatment);
	}
	assert_string_equal(found, row->treatments);
}

/* The list of defaults ends with one that is for all, and begins with the command line's. */
static void test_list_of_defaults(void **state)
{
	struct memblock_platform platform = { .architecture = "s390x", .virtualization = "none" };
	struct memblock_default found = {};
	size_t n = 0;

	(void)state;
	while (memblock_policy_default(&platform, n, &found))
		n++;
	assert_int_equal(n, 4); /* standby, driver, dax, all else */
	assert_int_equal(found.providers, (1u << MEMBLOCK_PROVIDER_COUNT) - 1);
	assert_int_equal(found.treatment, MEMBLOCK_TREATMENT_MOVABLE);

	platform.command_line = "memhp_default_state=offline";
	assert_true(memblock_policy_default(&platform, 0, &found));
	assert_int_equal(found.treatment, MEMBLOCK_TREATMENT_NO);
	assert_false(memblock_policy_default(&platform, 1, &found));
}

/* What the kernel is told. */
struct kernel_row {
	const char *name;
	const char *told;    /* "auto_online_blocks online_policy ratio" */
	const char *why_not; /* a part of it */
	unsigned providers;
	bool old_kernel;
	const char *virtualization, *command_line;
	struct memblock_rule rules[2];
	unsigned ratio;
	bool ratio_is_set, leave;
};

#define ALL_ALIKE (BIT(ACPI) | BIT(VIRTIO_MEM) | BIT(CXL) | BIT(UNKNOWN))

static const struct kernel_row kernel_rows[] = {
	{ "a virtual machine",
	  "online auto-movable 301",
	  NULL,
	  ALL_ALIKE,
	  false,
	  "kvm",
	  "",
	  {},
	  301,
	  false,
	  false },
	{ "bare metal",
	  "online auto-movable 301",
	  NULL,
	  ACPI_ALONE,
	  false,
	  "none",
	  NULL,
	  {},
	  301,
	  false,
	  false },
	{ "nothing that is known",
	  "online auto-movable 301",
	  NULL,
	  0,
	  false,
	  NULL,
	  NULL,
	  {},
	  301,
	  false,
	  false },
	{ "an old kernel", "online - 0", NULL, ACPI_ALONE, true, "kvm", "", {}, 301, true, false },
	{ "an old kernel, bare metal",
	  "- - 0",
	  "within no ratio",
	  ACPI_ALONE,
	  true,
	  "none",
	  "",
	  {},
	  301,
	  false,
	  false },
	{ "the same without a ratio",
	  "online_movable - 0",
	  NULL,
	  ACPI_ALONE,
	  true,
	  "none",
	  "",
	  {},
	  0,
	  true,
	  false },
	{ "without a ratio",
	  "online auto-movable 1000000",
	  NULL,
	  ACPI_ALONE,
	  false,
	  "kvm",
	  "",
	  {},
	  0,
	  true,
	  false },
	{ "hands off",
	  "- - 0",
	  "KernelPolicy=leave",
	  ACPI_ALONE,
	  false,
	  "kvm",
	  "",
	  {},
	  301,
	  false,
	  true },
	{ "dax may come",
	  "- auto-movable 301",
	  "not all treated alike",
	  ACPI_ALONE | BIT(DAX),
	  false,
	  "kvm",
	  "",
	  {},
	  301,
	  false,
	  false },
	{ "dax alone",
	  "- - 0",
	  "left as it is",
	  BIT(DAX),
	  false,
	  "kvm",
	  "",
	  {},
	  301,
	  false,
	  false },
	{ "a GPU may come",
	  "- auto-movable 301",
	  "not all treated alike",
	  ACPI_ALONE | BIT(DRIVER),
	  false,
	  "none",
	  "",
	  {},
	  301,
	  false,
	  false },
	{ "told offline",
	  "- - 0",
	  "left as it is",
	  ALL_ALIKE,
	  false,
	  "kvm",
	  "memhp_default_state=offline",
	  {},
	  301,
	  false,
	  false },
	{ "told online",
	  "online - 0",
	  NULL,
	  ALL_ALIKE | BIT(DAX),
	  false,
	  "kvm",
	  "memhp_default_state=online",
	  {},
	  301,
	  false,
	  false },
	{ "told online, and a ratio in the file",
	  "online - 7",
	  NULL,
	  ALL_ALIKE,
	  false,
	  "kvm",
	  "memhp_default_state=online",
	  {},
	  7,
	  true,
	  false },
	{ "told kernel",
	  "online_kernel - 0",
	  NULL,
	  ALL_ALIKE,
	  false,
	  "kvm",
	  "memhp_default_state=online_kernel",
	  {},
	  301,
	  false,
	  false },
	{ "told movable",
	  "- - 0",
	  "within no ratio",
	  ALL_ALIKE,
	  false,
	  "kvm",
	  "memhp_default_state=online_movable",
	  {},
	  301,
	  false,
	  false },
	{ "a zone policy",
	  "online - 0",
	  NULL,
	  ALL_ALIKE,
	  false,
	  "kvm",
	  "memory_hotplug.online_policy=contig-zones",
	  {},
	  301,
	  false,
	  false },
	{ "a ratio on the command line",
	  "online auto-movable 0",
	  NULL,
	  ALL_ALIKE,
	  false,
	  "kvm",
	  "memory_hotplug.auto_movable_ratio=50",
	  {},
	  301,
	  false,
	  false },
	{ "the file's ratio beats it",
	  "online auto-movable 80",
	  NULL,
	  ALL_ALIKE,
	  false,
	  "kvm",
	  "memory-hotplug.auto-movable-ratio=50",
	  {},
	  80,
	  true,
	  false },
	{ "a rule for all",
	  "online_kernel - 0",
	  NULL,
	  ALL_ALIKE | BIT(DAX),
	  false,
	  "kvm",
	  "",
	  { { .treatment = MEMBLOCK_TREATMENT_KERNEL } },
	  301,
	  false,
	  false },
	{ "a rule for all beats the command line",
	  "online_kernel - 0",
	  NULL,
	  ALL_ALIKE,
	  false,
	  "kvm",
	  "memhp_default_state=offline",
	  { { .treatment = MEMBLOCK_TREATMENT_KERNEL } },
	  301,
	  false,
	  false },
	{ "a rule that says the same",
	  "online auto-movable 301",
	  NULL,
	  ALL_ALIKE,
	  false,
	  "kvm",
	  "",
	  { { .providers = WORDS("acpi") } },
	  301,
	  false,
	  false },
	{ "a rule for dax makes all alike",
	  "online auto-movable 301",
	  NULL,
	  ALL_ALIKE | BIT(DAX),
	  false,
	  "kvm",
	  "",
	  { { .providers = WORDS("dax") } },
	  301,
	  false,
	  false },
	{ "a rule for some",
	  "- auto-movable 301",
	  "not all treated alike",
	  ALL_ALIKE,
	  false,
	  "kvm",
	  "",
	  { { .treatment = MEMBLOCK_TREATMENT_KERNEL, .providers = WORDS("acpi") } },
	  301,
	  false,
	  false },
	{ "for what can't come",
	  "online auto-movable 301",
	  NULL,
	  ACPI_ALONE,
	  false,
	  "kvm",
	  "",
	  { { .treatment = MEMBLOCK_TREATMENT_KERNEL, .providers = WORDS("standby") } },
	  301,
	  false,
	  false },
	{ "for another architecture",
	  "online auto-movable 301",
	  NULL,
	  ACPI_ALONE,
	  false,
	  "kvm",
	  "",
	  { { .treatment = MEMBLOCK_TREATMENT_KERNEL, .architectures = WORDS("s390x") } },
	  301,
	  false,
	  false },
	{ "for another virtual machine",
	  "online auto-movable 301",
	  NULL,
	  ACPI_ALONE,
	  false,
	  "kvm",
	  "",
	  { { .treatment = MEMBLOCK_TREATMENT_KERNEL, .virtualizations = WORDS("none", "xen") } },
	  301,
	  false,
	  false },
	{ "by device",
	  "- auto-movable 301",
	  "not all treated alike",
	  ACPI_ALONE,
	  false,
	  "kvm",
	  "",
	  { { .treatment = MEMBLOCK_TREATMENT_NO, .devices = WORDS("PNP0C80:07") } },
	  301,
	  false,
	  false },
	{ "by node",
	  "- auto-movable 301",
	  "not all treated alike",
	  ACPI_ALONE,
	  false,
	  "kvm",
	  "",
	  { { .treatment = MEMBLOCK_TREATMENT_NO, .nodes = (const int[]){ 9 }, .n_nodes = 1 } },
	  301,
	  false,
	  false },
	{ "by range",
	  "- auto-movable 301",
	  "not all treated alike",
	  ACPI_ALONE,
	  false,
	  "kvm",
	  "",
	  { { .treatment = MEMBLOCK_TREATMENT_NO, .ranges = &low, .n_ranges = 1 } },
	  301,
	  false,
	  false },
	{ "by device, behind a rule for all",
	  "online_kernel - 0",
	  NULL,
	  ACPI_ALONE,
	  false,
	  "kvm",
	  "",
	  { { .treatment = MEMBLOCK_TREATMENT_KERNEL },
	    { .treatment = MEMBLOCK_TREATMENT_NO, .devices = WORDS("*") } },
	  301,
	  false,
	  false },
};

static size_t count_rules(const struct kernel_row *row)
{
	const struct memblock_rule none = {};
	size_t n = ARRAY_SIZE(row->rules);

	while (n > 0 && memcmp(&row->rules[n - 1], &none, sizeof(none)) == 0)
		n--;
	return n;
}

static void test_kernel(void **state)
{
	const struct kernel_row *row = *state;
	struct memblock_policy policy = {
		.rules = row->rules,
		.n_rules = count_rules(row),
		.movable_ratio = row->ratio,
		.ratio_is_set = row->ratio_is_set,
		.leave_kernel = row->leave,
	};
	struct memblock_platform platform = {
		.architecture = "x86_64",
		.virtualization = row->virtualization,
		.command_line = row->command_line,
		.has_online_policy = !row->old_kernel,
		.providers = row->providers,
	};
	struct memblock_kernel_policy told;
	char text[256];

	memblock_policy_for_kernel(&policy, &platform, &told);
	assert_true(told.treatments > 0);
	snprintf(text, sizeof(text), "%s %s %u", told.auto_online_blocks ?: "-",
		 told.online_policy ?: "-", told.auto_movable_ratio);
	assert_string_equal(text, row->told);
	assert_int_equal(told.why_not != NULL, row->why_not != NULL);
	assert_true(!row->why_not || strstr(told.why_not, row->why_not));
}

static void test_rule_holds(void **state)
{
	const struct memblock_rule kvm = { .virtualizations = WORDS("kvm") };
	const struct memblock_rule dax = { .providers = WORDS("dax") };
	const struct memblock_rule node = { .nodes = (const int[]){ 3 }, .n_nodes = 1 };
	struct memblock_platform platform = { .virtualization = "kvm", .providers = ACPI_ALONE };

	(void)state;
	assert_true(memblock_policy_rule_holds(&kvm, &platform));
	assert_false(memblock_policy_rule_holds(&dax, &platform));
	assert_true(memblock_policy_rule_holds(&node, &platform));
	platform.virtualization = NULL;
	assert_false(memblock_policy_rule_holds(&kvm, &platform));
}

/* Which providers' memory may come, beside what is there. */
struct platform_row {
	const char *name, *architecture, *virtualization;
	const char *folder; /* that is there */
	const char *iomem;
	unsigned providers;
};

static const struct platform_row platform_rows[] = {
	{ "nothing", "x86_64", "none", NULL, "", 0 },
	{ "virtual", "x86_64", "kvm", NULL, "", BIT(VIRTIO_MEM) },
	{ "who knows", "x86_64", NULL, NULL, "", BIT(VIRTIO_MEM) },
	{ "ACPI", "x86_64", "none", "sys/bus/acpi", "", BIT(ACPI) },
	{ "ACPI tables", "x86_64", "none", "sys/firmware/acpi/tables", "", BIT(ACPI) },
	{ "the bus of dax", "x86_64", "none", "sys/bus/dax/devices", "", 0 },
	{ "dax", "x86_64", "none", "sys/bus/dax/devices/dax0.0", "", BIT(DAX) },
	{ "a region", "x86_64", "none", "sys/bus/nd/devices/region0", "", BIT(DAX) },
	{ "no region", "x86_64", "none", "sys/bus/nd/devices/ndbus0", "", 0 },
	{ "soft-reserved", "x86_64", "none", NULL, "00000000-3fffffff : Soft Reserved\n",
	  BIT(DAX) },
	{ "CXL", "x86_64", "none", "sys/bus/cxl/devices/root0", "", BIT(CXL) },
	{ "the bus of CXL", "x86_64", "none", "sys/bus/cxl/devices", "", 0 },
	{ "a window", "x86_64", "none", NULL, "100000000-1ffffffff : CXL Window 0\n", BIT(CXL) },
	{ "arm", "aarch64", "none", NULL, "", BIT(DRIVER) },
	{ "arm, virtual", "aarch64", "kvm", NULL, "", BIT(VIRTIO_MEM) },
	{ "arm, who knows", "aarch64", NULL, NULL, "", BIT(DRIVER) | BIT(VIRTIO_MEM) },
	{ "ppc64", "ppc64le", "none", NULL, "", BIT(DRIVER) },
	{ "pseries", "ppc64", "powervm", "proc/device-tree/ibm,dynamic-reconfiguration-memory", "",
	  BIT(DRIVER) | BIT(LMB) | BIT(VIRTIO_MEM) },
	{ "s390", "s390x", "zvm", NULL, "", BIT(STANDBY) | BIT(VIRTIO_MEM) },
	{ "Hyper-V", "x86_64", "microsoft", "sys/bus/vmbus/drivers/hv_balloon", "",
	  BIT(UNKNOWN) | BIT(VIRTIO_MEM) },
	{ "Xen", "x86_64", "xen", "sys/devices/system/xen_memory", "",
	  BIT(UNKNOWN) | BIT(VIRTIO_MEM) },
	{ "memory of dax", "x86_64", "none", NULL,
	  "00000000-07ffffff : dax0.0\n  00000000-07ffffff : System RAM (kmem)\n", BIT(DAX) },
	{ "memory of firmware", "x86_64", "none", NULL, "00000000-07ffffff : System RAM\n", 0 },
};

static void test_platform(void **state)
{
	const struct platform_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	_cleanup_platform_ struct memblock_platform *platform = NULL;
	_cleanup_root_ struct memblock_root *root = open_root(tree);

	write_file(tree, "proc/sys/kernel/arch", "%s\n", row->architecture);
	write_file(tree, "proc/iomem", "%s", row->iomem);
	if (row->folder)
		make_folder(tree, row->folder);
	add_block(tree, 0, "online", "Normal", 0);
	inventory = scan(tree);
	assert_int_equal(memblock_platform_read(root, inventory, row->virtualization, &platform),
			 0);
	assert_int_equal(platform->providers, row->providers);
	assert_string_equal(platform->architecture, row->architecture);
	assert_false(platform->has_online_policy);
	assert_null(platform->command_line);
}

static void test_platform_files(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	_cleanup_platform_ struct memblock_platform *platform = NULL;
	_cleanup_root_ struct memblock_root *root = open_root(tree);

	(void)state;
	write_file(tree, "proc/cmdline", "ro quiet\n");
	write_file(tree, "sys/module/memory_hotplug/parameters/online_policy", "contig-zones\n");
	write_file(tree, "sys/bus/cxl/devices", "nobody can list that\n");
	add_block(tree, 0, "online", "Normal", 0);
	inventory = scan(tree);
	assert_int_equal(memblock_platform_read(root, inventory, "kvm", &platform), 0);
	assert_string_equal(platform->command_line, "ro quiet\n");
	assert_string_equal(platform->virtualization, "kvm");
	assert_true(platform->has_online_policy);
	assert_int_equal(platform->providers, BIT(VIRTIO_MEM) | BIT(CXL));
	assert_null(memblock_platform_free(NULL));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_list_of_defaults),
		cmocka_unit_test(test_rule_holds),
		cmocka_unit_test(test_platform_files),
	};

	return RUN_ROWS(rule_rows, test_rule) + RUN_ROWS(default_rows, test_default) +
	       RUN_ROWS(kernel_rows, test_kernel) + RUN_ROWS(platform_rows, test_platform) +
	       RUN_TESTS(tests);
}
