/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "fake-tree.h"

/* A block of each provider, in this order. */
static const enum memblock_provider providers[] = {
	MEMBLOCK_PROVIDER_ACPI,    MEMBLOCK_PROVIDER_VIRTIO_MEM, MEMBLOCK_PROVIDER_DAX,
	MEMBLOCK_PROVIDER_CXL,     MEMBLOCK_PROVIDER_DRIVER,     MEMBLOCK_PROVIDER_LMB,
	MEMBLOCK_PROVIDER_STANDBY, MEMBLOCK_PROVIDER_UNKNOWN,
};

static struct memblock_inventory *make_inventory(void)
{
	struct memblock_report_range ranges[ARRAY_SIZE(providers)] = {};
	struct memblock_inventory *inventory = NULL;
	static const int node = 0;

	for (size_t i = 0; i < ARRAY_SIZE(providers); i++)
		ranges[i] = (struct memblock_report_range){
			.range = { i * MIB(128), (i + 1) * MIB(128) },
			.state = MEMBLOCK_STATE_OFFLINE,
			.nids = &node,
			.n_nids = 1,
			.device = providers[i] ? memblock_provider_to_string(providers[i]) : NULL,
			.provider = providers[i],
		};
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

/* What a distribution's policy does with them: d(efault), k(ernel), m(ovable), n(o). */
struct row {
	const char *name, *file, *architecture, *virtualization;
	const char *treatments;
	const char *kernel; /* what auto_online_blocks becomes; NULL: is left as it is */
};

static const struct row rows[] = {
	{ "RHEL 7, bare metal", "rhel-7", "x86_64", "none", "mmmmmmmm", NULL },
	{ "RHEL 7, KVM", "rhel-7", "x86_64", "kvm", "dddddddd", "online" },
	{ "RHEL 7, POWER", "rhel-7", "ppc64le", "none", "mmmmmmmm", NULL },
	{ "RHEL 7, s390", "rhel-7", "s390x", "zvm", "nnnnnnnn", NULL },
	{ "RHEL 8, bare metal", "rhel-8", "x86_64", "none", "mmmmmmmm", NULL },
	{ "RHEL 8, KVM", "rhel-8", "x86_64", "kvm", "dddddddd", "online" },
	{ "RHEL 8, VMware", "rhel-8", "x86_64", "vmware", "dddddddd", "online" },
	{ "RHEL 8, Hyper-V", "rhel-8", "x86_64", "microsoft", "dddddddd", "online" },
	{ "RHEL 8, arm", "rhel-8", "aarch64", "none", "mmmmmmmm", NULL },
	{ "RHEL 8, POWER", "rhel-8", "ppc64le", "none", "nnnnnnnn", NULL },
	{ "RHEL 8, an LPAR", "rhel-8", "ppc64le", "powervm", "nnnnnnnn", NULL },
	{ "RHEL 8, s390", "rhel-8", "s390x", "none", "nnnnnnnn", NULL },
	{ "RHEL 8, z/VM", "rhel-8", "s390x", "zvm", "nnnnnnnn", NULL },
	{ "SUSE, bare metal", "suse-15", "x86_64", "none", "dddddddd", "online" },
	{ "SUSE, KVM", "suse-15", "x86_64", "kvm", "dddddddd", "online" },
	{ "SUSE, an LPAR", "suse-15", "ppc64le", "powervm", "dddddddd", "online" },
	{ "SUSE, s390", "suse-15", "s390x", "none", "dddddddd", "online" },
	{ "SUSE, z/VM", "suse-15", "s390x", "zvm", "nnnnnnnn", NULL },
	{ "Ubuntu, Hyper-V", "ubuntu", "x86_64", "microsoft", "dddddddd", "online" },
	{ "Ubuntu, Xen", "ubuntu", "x86_64", "xen", "dddddddd", "online" },
	{ "Ubuntu, KVM", "ubuntu", "x86_64", "kvm", "nnnnnnnn", NULL },
	{ "Ubuntu, bare metal", "ubuntu", "x86_64", "none", "nnnnnnnn", NULL },
	{ "Arch, bare metal", "kernel", "x86_64", "none", "dddddddd", "online" },
	{ "Debian, KVM", "kernel", "x86_64", "kvm", "dddddddd", "online" },
	{ "Arch, Hyper-V", "kernel", "x86_64", "microsoft", "dddddddd", "online" },
	{ "RHEL 9, s390", "kernel", "s390x", "zvm", "dddddddd", "online" },
};

static void complain(const char *text, void *userdata)
{
	(void)userdata;
	fail_msg("%s", text);
}

/* Gives a tree the file as its memblockd.conf, in which nothing may be wrong. */
static void load(struct fake_tree *tree, const char *name, struct config *ret)
{
	_cleanup_close_ int fd = -1;
	char path[512], text[4096];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/tests/policies/%s.conf", getenv("srcdir") ?: ".", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	n = read(fd, text, sizeof(text));
	assert_true(n > 0 && n < (ssize_t)sizeof(text));
	write_bytes(tree, "etc/memblockd.conf", text, (size_t)n);
	assert_int_equal(config_load(tree->path, complain, NULL, ret), 0);
}

static void test_distribution(void **state)
{
	const struct row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_empty();
	_cleanup_inventory_ struct memblock_inventory *inventory = make_inventory();
	_cleanup_(config_done) struct config config = {};
	struct memblock_platform platform = {
		.architecture = row->architecture,
		.virtualization = row->virtualization,
		.command_line = "",
		.has_online_policy = true,
		.providers = (1u << MEMBLOCK_PROVIDER_COUNT) - 1,
	};
	char found[ARRAY_SIZE(providers) + 1] = "";
	struct memblock_kernel_policy told;
	struct memblock_policy policy;

	load(tree, row->file, &config);
	policy = config_policy(&config);
	for (size_t i = 0; i < ARRAY_SIZE(providers); i++) {
		struct memblock_decision decision;

		memblock_policy_decide(&policy, &platform, inventory, block_of(inventory, i),
				       &decision);
		assert_non_null(decision.rule);
		found[i] = *memblock_treatment_to_string(decision.treatment);
	}
	assert_string_equal(found, row->treatments);

	memblock_policy_for_kernel(&policy, &platform, &told);
	if (row->kernel)
		assert_string_equal(told.auto_online_blocks, row->kernel);
	else
		assert_null(told.auto_online_blocks);
}

int main(void)
{
	return RUN_ROWS(rows, test_distribution);
}
