/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "extents.h"
#include "libmemblock.h"
#include "names.h"
#include "notes.h"
#include "pages.h"
#include "root.h"
#include "sections.h"

/* valid_zones as the block keeps it: a zone in each four bits, the kernel's first in the lowest;
 * 0 where the file could not be read. */
typedef uint16_t zone_list;

/* Puts a zone behind n others. One more than the zone is kept, so that 0 ends the list. */
static inline zone_list zone_list_add(zone_list zones, size_t n, enum memblock_zone zone)
{
	return (zone_list)(zones | (zone + 1u) << 4 * n);
}

/* The only zone of a list, which is where an online block lies; MEMBLOCK_ZONE_UNKNOWN for a list of
 * none or of several. */
static inline enum memblock_zone only_zone(zone_list zones)
{
	return zones && zones <= 0xf ? (enum memblock_zone)(zones - 1) : MEMBLOCK_ZONE_UNKNOWN;
}

/* 24 bytes, so that a machine of a million blocks costs 24 MB. */
struct memblock_block {
	uint64_t index;
	int32_t nid;
	uint16_t nodes;  /* index into node_sets, for a block on several nodes */
	uint16_t device; /* index into devices; 0 is "not known" */
	zone_list zones;
	uint16_t reasons; /* bit mask by enum memblock_reason */
	uint8_t state;
	uint8_t removable;
	/* The verdict that somebody else told, and whether reserved pages were among his reasons.
	 */
	uint8_t told_removable;
	bool told_reserved;
};

/* The nodes of a block that hangs on several. */
struct node_set {
	int *nids;
	size_t n;
};

struct node_sets {
	struct node_set *items;
	size_t n;
	size_t capacity;
};

struct memblock_device {
	char *name;
	enum memblock_provider provider;
};

struct devices {
	struct memblock_device *items; /* the first stands for "not known" and is not shown */
	size_t n;
	size_t capacity;
};

struct machine {
	char *architecture;
	char *release;
	uint64_t page_size;
};

void machine_done(struct machine *machine);

/* A named resource that owns what lies in it: namespace0.0, dax1.0, virtio0, region0. Extents point
 * at its name, owner_of() finds back. */
struct owner {
	enum memblock_provider provider; /* of its System RAM */
	char name[];
};

struct iomem {
	struct extents map;     /* everything, innermost resources, nodes and zones not known yet */
	struct extents ram;     /* whole pages of each System RAM resource at any depth */
	struct extents unclear; /* namespaces of which nothing tells whether they have pages */
	struct owner **owners;
	size_t n_owners;
	size_t owners_capacity;
	uint64_t crash_size; /* of the crash kernel's reservation, 0 for none */
};

/* What a zone of a node spans; spans of different nodes may overlap. */
struct zone_span {
	uint64_t start;
	uint64_t end;
	int nid;
	enum memblock_zone zone;
	uint64_t held_by_cpus; /* pages on the CPUs' own free lists */
	bool has_cma;          /* some of its pages are kept for contiguous allocations */
};

struct zone_spans {
	struct zone_span *items;
	size_t n;
	size_t capacity;
};

/* A memory range of an administrator's mark. */
struct mark {
	uint64_t start;
	uint64_t end;
	char *device; /* NULL for any */
	char *reason;
};

struct marks {
	struct mark *items;
	size_t n;
	size_t capacity;
};

struct source_status {
	enum memblock_source_state state;
	char *text;
};

/* Who tells more of a block, where the inventory was not read here. */
struct reporter {
	int (*details)(uint64_t index, void *userdata, struct memblock_report_details *ret);
	void (*done)(void *userdata);
	void *userdata;
};

struct memblock_inventory {
	unsigned n_ref;
	struct memblock_root *root;
	int memory_fd; /* /sys/devices/system/memory */
	uint64_t block_size;
	uint64_t section_size;

	struct memblock_block *blocks;
	size_t n_blocks;
	bool has_valid_zones; /* no block of a kernel without hot-remove has the attribute */
	bool says_removable;  /* but here `removable` says 1: rather the tree is not whole */
	bool has_nodes;       /* a kernel without NUMA has no node folders */

	struct machine machine;
	struct node_sets node_sets;
	struct devices devices;
	struct iomem iomem;
	struct zone_spans spans;
	struct extents affinities; /* SRAT: nid of each range */
	struct marks marks;
	struct sections sections; /* empty until somebody asks for them */
	struct page_counts pages; /* the same */

	struct source_status sources[MEMBLOCK_SOURCE_COUNT];
	struct notes notes;
	bool reported; /* by somebody else: there are no facts here but those of blocks */
	struct reporter reporter;
};

DEFINE_CLEANUP(struct memblock_inventory, memblock_inventory_unref)

/* One without any fact yet; NULL where there is no memory. */
struct memblock_inventory *inventory_alloc(void);

/* Sets what became of a source, with a text that says why (NULL for none). 0 or -ENOMEM. */
int inventory_set_source(struct memblock_inventory *inventory, enum memblock_source source,
			 enum memblock_source_state state, const char *format, ...) _printf_(4, 5);
/* The same for a read that gave a negative errno: -ENOENT is absent, -EACCES and -EPERM hidden,
 * all else failed. Returns 0 so that the scan goes on, or -ENOMEM where the error was that. */
int inventory_set_source_error(struct memblock_inventory *inventory, enum memblock_source source,
			       const char *path, int error);
/* Whether a source was read, if only in part. */
bool inventory_has(const struct memblock_inventory *inventory, enum memblock_source source);
/* Whether it was read without damage. */
bool inventory_has_whole(const struct memblock_inventory *inventory, enum memblock_source source);

/* Where the block of a number lies, whether it is there or not. -EINVAL where no address does. */
static inline int block_range(uint64_t index, uint64_t block_size, struct memblock_range *ret)
{
	uint64_t start, end;

	if (__builtin_mul_overflow(index, block_size, &start) ||
	    __builtin_add_overflow(start, block_size, &end))
		return -EINVAL;
	*ret = (struct memblock_range){ start, end };
	return 0;
}

struct memblock_block *inventory_find(const struct memblock_inventory *inventory, uint64_t index);
static inline uint64_t block_start(const struct memblock_inventory *inventory,
				   const struct memblock_block *block)
{
	return block->index * inventory->block_size;
}
static inline uint64_t block_end(const struct memblock_inventory *inventory,
				 const struct memblock_block *block)
{
	return block_start(inventory, block) + inventory->block_size;
}

/* Whether a block is part of a device that comes and goes as a whole; memory of the machine's own,
 * or of nobody knows whom, is not. */
bool block_has_owner(const struct memblock_inventory *inventory,
		     const struct memblock_block *block);

/* Whether a node links a block. */
bool block_hangs_on(const struct memblock_inventory *inventory, const struct memblock_block *block,
		    int nid);

/* Whether a mark is of a block: some byte of it lies in the range, and the device is the one named.
 */
bool mark_holds(const struct memblock_inventory *inventory, const struct mark *mark,
		const struct memblock_block *block);

/* The index of a device of this name, added where there is none yet; or a negative errno. */
int inventory_device(struct memblock_inventory *inventory, const char *name,
		     enum memblock_provider provider);

/* The index of a set of nodes, given in rising order, added where there is none like it yet; or a
 * negative errno. */
int inventory_node_set(struct memblock_inventory *inventory, const int *nids, size_t n);
