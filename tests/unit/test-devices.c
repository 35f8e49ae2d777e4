/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fake-tree.h"

#define ACPI "sys/bus/acpi/devices"

/* The device of a block, as "NAME PROVIDER"; "" for not known. */
static void device_text(const struct memblock_inventory *inventory, uint64_t index, char text[128])
{
	const struct memblock_device *device;

	device = memblock_block_device(inventory, block_of(inventory, index));
	*text = '\0';
	if (device)
		snprintf(text, 128, "%s %s", memblock_device_name(device),
			 memblock_provider_to_string(memblock_device_provider(device)));
}

static void assert_device(const struct memblock_inventory *inventory, uint64_t index,
			  const char *expected)
{
	char text[128];

	device_text(inventory, index, text);
	assert_string_equal(text, expected);
}

struct row {
	const char *name, *architecture, *iomem, *extra; /* extra: a folder that is there */
	const char *device;                              /* of block 8, at 0x40000000 */
};

#define RAM "40000000-47ffffff : System RAM\n"

static const struct row rows[] = {
	{ "RAM there at boot", "x86_64", "00100000-7fffffff : System RAM\n", NULL,
	  "firmware firmware" },
	{ "RAM with the kernel in it", "aarch64",
	  RAM "  40200000-41ffffff : Kernel code\n  42000000-43ffffff : reserved\n", NULL,
	  "firmware firmware" },
	{ "RAM with a hole", "x86_64",
	  "40000000-43ffffff : System RAM\n"
	  "44000000-443fffff : Reserved\n44400000-47ffffff : System RAM\n",
	  NULL, "firmware firmware" },
	{ "no RAM", "x86_64", "40000000-47ffffff : Reserved\n00100000-3fffffff : System RAM\n",
	  NULL, "" },
	{ "nothing at all", "x86_64", "00100000-3fffffff : System RAM\n", NULL, "" },
	{ "architecture not known", NULL, RAM, NULL, "" },
	{ "Hyper-V", "x86_64", RAM, "sys/bus/vmbus/drivers/hv_balloon", "" },
	{ "Xen", "x86_64", RAM, "sys/devices/system/xen_memory/xen_memory0", "" },
	{ "a pseries machine", "ppc64le", RAM,
	  "proc/device-tree/ibm,dynamic-reconfiguration-memory", "lmb lmb" },
	{ "a ppc64 machine without LMBs", "ppc64le", RAM, NULL, "firmware firmware" },
	{ "s390, core", "s390x", "00000000-7fffffff : System RAM\n", NULL, "firmware firmware" },
	{ "s390, core with the kernel in it", "s390x",
	  "00000000-7fffffff : System RAM\n  00100000-00ae0fff : Kernel code\n"
	  "  40000000-47ffffff : Crash kernel\n",
	  NULL, "firmware firmware" },
	{ "s390, a further piece behind a gap", "s390x",
	  "00000000-2fffffff : System RAM\n40000000-4fffffff : System RAM\n", NULL, "" },
	/* Core storage in pieces, or standby storage that is online: test_standby() has it offline.
	 */
	{ "s390, a further piece right behind core", "s390x",
	  "00000000-3fffffff : System RAM\n40000000-4fffffff : System RAM\n", NULL, "" },
	{ "s390, a third piece", "s390x",
	  "00000000-37ffffff : System RAM\n38000000-3fffffff : System RAM\n"
	  "40000000-47ffffff : System RAM\n",
	  NULL, "" },
	{ "virtio-mem", "x86_64",
	  "40000000-5fffffff : virtio0\n  40000000-47ffffff : System RAM (virtio_mem)\n", NULL,
	  "virtio0 virtio-mem" },
	{ "dax by kmem", "x86_64",
	  "40000000-5fffffff : Soft Reserved\n  40000000-5fffffff : dax0.0\n"
	  "    40000000-5fffffff : System RAM (kmem)\n",
	  NULL, "dax0.0 dax" },
	{ "CXL by kmem", "x86_64",
	  "40000000-5fffffff : CXL Window 0\n  40000000-5fffffff : region0\n"
	  "    40000000-5fffffff : dax1.0\n      40000000-5fffffff : System RAM (kmem)\n",
	  NULL, "dax1.0 cxl" },
	{ "RAM of a region that no dax device has", "x86_64",
	  "40000000-5fffffff : CXL Window 0\n  40000000-5fffffff : region0\n"
	  "    40000000-5fffffff : System RAM\n",
	  NULL, "" },
	{ "two dax devices in one block", "x86_64",
	  "40000000-43ffffff : dax0.0\n  40000000-43ffffff : System RAM (kmem)\n"
	  "44000000-47ffffff : dax1.0\n  44000000-47ffffff : System RAM (kmem)\n",
	  NULL, "" },
	{ "boot RAM and a dax device in one block", "x86_64",
	  "40000000-43ffffff : System RAM\n"
	  "44000000-47ffffff : dax1.0\n  44000000-47ffffff : System RAM (kmem)\n",
	  NULL, "" },
	{ "pmem and virtio-mem in one block", "x86_64",
	  "40000000-43ffffff : Persistent Memory\n"
	  "44000000-47ffffff : virtio0\n  44000000-47ffffff : System RAM (virtio_mem)\n",
	  NULL, "virtio0 virtio-mem" },
};

static void test_device(void **state)
{
	const struct row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	remove_file(tree, "proc/sys/kernel/arch");
	if (row->architecture)
		write_file(tree, "proc/sys/kernel/arch", "%s\n", row->architecture);
	write_file(tree, "proc/iomem", "%s", row->iomem);
	if (row->extra)
		make_folder(tree, row->extra);
	add_block(tree, 8, "online", "Normal", 0);
	inventory = scan(tree);
	assert_device(inventory, 8, row->device);
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_DEVICES, NULL),
			 MEMBLOCK_SOURCE_READ);
}

static struct fake_tree *tree_with_dimms(void)
{
	struct fake_tree *tree = fake_tree_new();

	for (uint64_t i = 8; i < 14; i++)
		add_block(tree, i, "online", "Normal", 0);
	write_file(tree, "proc/iomem", "00100000-7fffffff : System RAM\n");
	make_link(tree, ACPI "/PNP0C80:00/physical_node", "../../../devices/system/memory/memory8");
	make_link(tree, ACPI "/PNP0C80:00/physical_node1", "../../system/memory/memory9");
	make_link(tree, ACPI "/PNP0C80:01/physical_node", "../../system/memory/memory12");
	return tree;
}

static void test_acpi(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = tree_with_dimms();
	_cleanup_inventory_ struct memblock_inventory *inventory = scan(tree);

	(void)state;
	assert_device(inventory, 8, "PNP0C80:00 acpi");
	assert_device(inventory, 9, "PNP0C80:00 acpi");
	assert_device(inventory, 10, "firmware firmware");
	assert_device(inventory, 12, "PNP0C80:01 acpi");
	assert_device(inventory, 13, "firmware firmware");
	assert_non_null(memblock_inventory_device(inventory, 0));
	assert_non_null(memblock_inventory_device(inventory, 2));
	assert_null(memblock_inventory_device(inventory, 3));
}

static void test_acpi_oddities(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = tree_with_dimms();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	make_link(tree, ACPI "/PNP0C80:01/physical_node1", "../../system/memory/memory99");
	make_link(tree, ACPI "/PNP0C80:01/physical_node2", "../../system/cpu/cpu0");
	write_file(tree, ACPI "/PNP0C80:01/physical_node3", "no link\n");
	write_file(tree, ACPI "/PNP0C80:01/status", "15\n");
	make_folder(tree, ACPI "/PNP0C80:03");
	make_link(tree, ACPI "/PNP0C80:04", "../nowhere");
	make_link(tree, ACPI "/LNXSYSTM:00/physical_node", "../../system/memory/memory13");
	inventory = scan(tree);
	assert_device(inventory, 12, "PNP0C80:01 acpi");
	assert_device(inventory, 13, "firmware firmware");
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_DEVICES, NULL),
			 MEMBLOCK_SOURCE_READ);
}

/* Of a device that can't be read nobody knows which blocks are its own. */
static void test_acpi_left_out(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = tree_with_dimms();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	write_file(tree, ACPI "/PNP0C80:02", "no folder\n");
	inventory = scan(tree);
	assert_device(inventory, 12, "PNP0C80:01 acpi");
	assert_device(inventory, 13, "");
	assert_non_null(strstr(memblock_inventory_note(inventory, 0), "/" ACPI));
}

static void test_acpi_failed(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	write_file(tree, ACPI, "no folder\n");
	inventory = scan(tree);
	assert_non_null(memblock_inventory_note(inventory, 0));
	assert_non_null(strstr(memblock_inventory_note(inventory, 0), "/" ACPI));
}

/* Standby storage is offline until somebody wants it, and begins where core storage ends. */
static void test_standby(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	write_file(tree, "proc/sys/kernel/arch", "s390x\n");
	write_file(tree, "proc/iomem",
		   "00000000-3fffffff : System RAM\n40000000-4fffffff : System RAM\n");
	add_block(tree, 7, "online", "Normal", 0);
	add_block(tree, 8, "offline", "Normal Movable", 0);
	inventory = scan(tree);
	assert_device(inventory, 7, "firmware firmware");
	assert_device(inventory, 8, "standby standby");
}

/* NVIDIA's driver adds the memory of a coherent GPU so: nobody booted with that. */
static void test_driver_managed(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	write_file(tree, "proc/sys/kernel/arch", "aarch64\n");
	write_file(tree, "proc/iomem",
		   "40000000-47ffffff : 0009:01:00.0\n  40000000-47ffffff : System RAM (NVIDIA)\n");
	add_block(tree, 8, "online", "Movable", 0);
	inventory = scan(tree);
	assert_device(inventory, 8, "NVIDIA driver");
	assert_int_equal(memblock_block_removable(block_of(inventory, 8)), MEMBLOCK_ANSWER_YES);
}

static void test_no_iomem(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = tree_with_dimms();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	const char *text = NULL;

	(void)state;
	write_file(tree, "proc/iomem", "00000000-00000000 : System RAM\n");
	inventory = scan(tree);
	assert_device(inventory, 8, "PNP0C80:00 acpi");
	assert_device(inventory, 10, "");
	assert_int_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_DEVICES, &text),
			 MEMBLOCK_SOURCE_HIDDEN);
	assert_non_null(strstr(text, "ACPI"));
}

/* Without iomem because the tree has none: nothing is hidden from anybody. */
static void test_iomem_absent(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = tree_with_dimms();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;

	(void)state;
	remove_file(tree, "proc/iomem");
	inventory = scan(tree);
	assert_int_not_equal(memblock_inventory_source(inventory, MEMBLOCK_SOURCE_DEVICES, NULL),
			     MEMBLOCK_SOURCE_READ);
}

struct dax_row {
	const char *name, *driver;
	bool mapped;
};

static const struct dax_row dax_rows[] = {
	{ "device_dax", "../../drivers/device_dax", true },
	{ "kmem", "../../drivers/kmem", false },
	{ "no driver", NULL, false },
};

static void test_dax(void **state)
{
	const struct dax_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = NULL;
	const struct memblock_extent *extent;

	write_file(tree, "proc/iomem",
		   "00100000-3fffffff : System RAM\n"
		   "40000000-5fffffff : Soft Reserved\n"
		   "  40000000-5fffffff : dax0.0\n");
	make_folder(tree, "sys/bus/dax/devices/dax0.0");
	if (row->driver)
		make_link(tree, "sys/bus/dax/devices/dax0.0/driver", row->driver);
	inventory = scan(tree);
	extent = &inventory->iomem.map.items[1];
	assert_int_equal(extent->kind, MEMBLOCK_KIND_DEVICE_DAX);
	assert_int_equal(extent->mapped, row->mapped);
	assert_int_equal(extent->zone, row->mapped ? MEMBLOCK_ZONE_DEVICE : MEMBLOCK_ZONE_NONE);
}

/* An index of 16 bits: the device that has no number any more is an error, not somebody else. */
static void test_many_devices(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_inventory_ struct memblock_inventory *inventory = scan(tree);
	struct devices *devices = &inventory->devices;
	size_t n;

	(void)state;
	assert_int_equal(inventory_device(inventory, "dax0.0", MEMBLOCK_PROVIDER_DAX), 1);
	assert_int_equal(inventory_device(inventory, "dax1.0", MEMBLOCK_PROVIDER_DAX), 2);
	assert_int_equal(inventory_device(inventory, "dax0.0", MEMBLOCK_PROVIDER_DAX), 1);
	devices->items = reallocarray(devices->items, 65537, sizeof(*devices->items));
	assert_non_null(devices->items);
	devices->capacity = 65537;
	for (n = devices->n; n < 65535; n++)
		devices->items[n] = (struct memblock_device){ strdup("x"), MEMBLOCK_PROVIDER_DAX };
	devices->n = n;
	assert_int_equal(inventory_device(inventory, "last", MEMBLOCK_PROVIDER_DAX), 65535);
	assert_int_equal(inventory_device(inventory, "one more", MEMBLOCK_PROVIDER_DAX), -E2BIG);
	assert_int_equal(inventory_device(inventory, "last", MEMBLOCK_PROVIDER_DAX), 65535);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_acpi),          cmocka_unit_test(test_acpi_oddities),
		cmocka_unit_test(test_acpi_left_out), cmocka_unit_test(test_acpi_failed),
		cmocka_unit_test(test_standby),       cmocka_unit_test(test_driver_managed),
		cmocka_unit_test(test_no_iomem),      cmocka_unit_test(test_iomem_absent),
		cmocka_unit_test(test_many_devices),
	};

	return RUN_ROWS(rows, test_device) + RUN_ROWS(dax_rows, test_dax) + RUN_TESTS(tests);
}
