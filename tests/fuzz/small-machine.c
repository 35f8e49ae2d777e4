/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "small-machine.h"

#define MEMORY "sys/devices/system/memory/"
#define NODE "sys/devices/system/node/"

#define IOMEM                                             \
	"00000000-00000fff : Reserved\n"                  \
	"00001000-0009fbff : System RAM\n"                \
	"00100000-5fffffff : System RAM\n"                \
	"  2fe00000-310ca8df : Kernel code\n"             \
	"60000000-63ffffff : Persistent Memory\n"         \
	"  60000000-63ffffff : namespace0.0\n"            \
	"64000000-7fffffff : System RAM\n"                \
	"80000000-8fffffff : System RAM\n"                \
	"90000000-9fffffff : virtio0\n"                   \
	"  90000000-97ffffff : System RAM (virtio_mem)\n" \
	"a0000000-afffffff : Soft Reserved\n"             \
	"  a0000000-afffffff : dax0.0\n"                  \
	"    a0000000-a7ffffff : System RAM (kmem)\n"

#define ZONEINFO                                                                         \
	"Node 0, zone      DMA\n  pages free     3776\n        spanned  4095\n"          \
	"        present  3998\n        managed  3840\n  start_pfn:           1\n"       \
	"Node 0, zone    DMA32\n  pages free     250000\n        spanned  274432\n"      \
	"        present  274432\n        managed  269000\n      nr_free_pages 250000\n" \
	"    cpu: 0\n              count: 300\n  start_pfn:           4096\n"            \
	"Node 1, zone    DMA32\n  pages free     200000\n        spanned  245760\n"      \
	"        present  229376\n        managed  229000\n      nr_free_pages 200000\n" \
	"  start_pfn:           278528\n"

#define MEMINFO                                                                                   \
	"MemTotal:        2007360 kB\nMemFree:         1800000 kB\nMemAvailable:    1700000 kB\n" \
	"HardwareCorrupted:     4 kB\n"

/* Files whose damage tells something, small ones first: the number of one is a byte of the input.
 * Seeds go by these numbers, so that what is new belongs at the end. */
const struct small_file small_files[] = {
	{ "proc/iomem", IOMEM, false },
	{ "proc/zoneinfo", ZONEINFO, false },
	{ "proc/meminfo", MEMINFO, false },
	{ "proc/cmdline", "quiet memhp_default_state=online_movable\n", false },
	{ "proc/sys/kernel/arch", "x86_64\n", false },
	{ "proc/sys/kernel/osrelease", "6.1.0-56-amd64\n", false },
	{ MEMORY "block_size_bytes", "8000000\n", false },
	{ MEMORY "auto_online_blocks", "offline\n", false },
	{ MEMORY "memory0/state", "online\n", false },
	{ MEMORY "memory0/valid_zones", "none\n", false },
	{ MEMORY "memory0/removable", "1\n", false },
	{ MEMORY "memory8/state", "online\n", false },
	{ MEMORY "memory8/valid_zones", "none\n", false },
	{ MEMORY "memory12/state", "online\n", false },
	{ MEMORY "memory12/valid_zones", "DMA32\n", false },
	{ MEMORY "memory16/state", "offline\n", false },
	{ MEMORY "memory16/valid_zones", "Normal Movable\n", false },
	{ MEMORY "memory18/state", "online\n", false },
	{ MEMORY "memory18/valid_zones", "Movable\n", false },
	{ MEMORY "memory20/state", "going-offline\n", false },
	{ MEMORY "memory20/valid_zones", "Movable\n", false },
	{ MEMORY "memory18446744073709551615/state", NULL, false },
	{ MEMORY "memory7000000/state", NULL, false },
	{ NODE "node0/memory8", "../../memory/memory8", true },
	{ NODE "node1/memory8", "../../memory/memory8", true },
	{ NODE "node1/memory16", "../../memory/memory16", true },
	{ NODE "node1/memory99", NULL, true },
	{ NODE "node1023/memory16", NULL, true },
	{ "sys/firmware/acpi/tables/SRAT", "SRAT\x30", false },
	{ "sys/bus/nd/devices/namespace0.0/resource", "0x60000000\n", false },
	{ "sys/bus/nd/devices/namespace0.0/size", "67108864\n", false },
	{ "sys/bus/nd/devices/namespace0.0/mode", "memory\n", false },
	{ "sys/bus/nd/devices/namespace0.0/driver", "../../drivers/nd_pmem", true },
	{ "sys/bus/nd/devices/namespace0.1/resource", NULL, false },
	{ "sys/bus/acpi/devices/PNP0C80:00/physical_node", "../memory/memory16", true },
	{ "sys/bus/acpi/devices/PNP0C80:00/physical_node1", "../memory/memory17", true },
	{ "sys/bus/dax/devices/dax0.0/driver", "../../drivers/kmem", true },
	{ "sys/module/memory_hotplug/parameters/memmap_on_memory", "N\n", false },
	{ "sys/module/memory_hotplug/parameters/online_policy", "contig-zones\n", false },
	{ "var/lib/memblockd/marks", "0x08000000-0x0fffffff - holds the ring buffer\n", false },
	{ "etc/memblockd.conf", "[Policy]\nMovableRatio=200\n", false },
	{ "run/memblockd.conf.d/a.conf", "[Rule a]\nProvider=acpi\nOnline=movable\n", false },
	{ "memblockd/sections",
	  "section 0 flags f map ffffffffffffffff\n"
	  "section 8 flags 1f map ffffffffffffffff\n",
	  false },
	{ "memblockd/pages",
	  "block 18 all 32768 examined 32768 poisoned 1 memmap 0 reserved 7 "
	  "slab 10 page-table 0 offline 50 free 32000 movable 600 kernel 50 "
	  "unclear 50\n",
	  false },
	{ "memblockd/virtualization", "kvm\n", false },
	{ "proc/device-tree/ibm,dynamic-reconfiguration-memory", NULL, false },
	{ "sys/devices/system/xen_memory", NULL, false },
	{ "proc/kpageflags", NULL, false },
};
const size_t n_small_files = ARRAY_SIZE(small_files);

void write_small_file(struct fake_tree *tree, const struct small_file *file)
{
	if (file->contents && file->link)
		make_link(tree, file->path, file->contents);
	else if (file->contents)
		write_bytes(tree, file->path, file->contents, strlen(file->contents));
}

struct fake_tree *small_machine(void)
{
	struct fake_tree *tree = fake_tree_empty();

	add_block(tree, 0, NULL, NULL, 0);
	add_block(tree, 1, "online", "DMA32", 0);
	add_block(tree, 9, "online", "DMA32", 1);
	add_block(tree, 12, NULL, NULL, 1);
	add_block(tree, 17, "offline", "Normal Movable", 1);
	add_block(tree, 18, NULL, NULL, 1);
	add_block(tree, 20, NULL, NULL, 1);
	for (size_t i = 0; i < n_small_files; i++)
		write_small_file(tree, &small_files[i]);
	return tree;
}
