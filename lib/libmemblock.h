/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef LIBMEMBLOCK_H
#define LIBMEMBLOCK_H

/*
 * libmemblock: what a Linux machine's memory blocks (/sys/devices/system/memory/memoryN) are made
 * of, and which of them can never be taken offline.
 *
 * Rules that hold for every function here:
 *  - int returns are 0 or more on success and a negative errno on failure; outputs come last, are
 *    named ret_ and are untouched on failure.
 *  - Sizes and addresses are bytes, ranges are [start, end), node numbers (nid) are the kernel's.
 *  - Nothing is printed, no signal is touched, no global state is kept. Objects may be used by
 *    several threads as long as none of them changes a reference count at the same time.
 *  - Nothing is ever written to the machine.
 *  - Strings and structures returned const belong to the object that they were asked of.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

struct memblock_root;
struct memblock_inventory;
struct memblock_block;
struct memblock_device;

/* The node numbers that stand for no single node, as the kernel's maintainers proposed them. */
#define MEMBLOCK_NID_UNKNOWN (-1)
#define MEMBLOCK_NID_SEVERAL (-2)

/* 2 MiB on every architecture: SUBSECTION_SHIFT, include/linux/mmzone.h. */
#define MEMBLOCK_SUBSECTION_SIZE (UINT64_C(1) << 21)

/* memoryN/state, drivers/base/memory.c:state_show(). */
enum memblock_state {
	MEMBLOCK_STATE_UNKNOWN,
	MEMBLOCK_STATE_OFFLINE,
	MEMBLOCK_STATE_ONLINE,
	MEMBLOCK_STATE_GOING_OFFLINE,
};

/* A verdict. Unknown is an answer: a fact that it needs could not be had. */
enum memblock_answer {
	MEMBLOCK_ANSWER_UNKNOWN,
	MEMBLOCK_ANSWER_YES,
	MEMBLOCK_ANSWER_NO,
};

/* Why a block can never be taken offline. Later versions may know more. */
enum memblock_reason {
	MEMBLOCK_REASON_MIXED_NODES,    /* it hangs on several nodes */
	MEMBLOCK_REASON_MIXED_ZONES,    /* its pages lie in several zones of one node */
	MEMBLOCK_REASON_HOLE,           /* full pages of System RAM don't cover it */
	MEMBLOCK_REASON_MIXED_PMEM,     /* persistent or device memory lies inside */
	MEMBLOCK_REASON_BOOT_MEMORY,    /* its architecture keeps what it booted with (arm64) */
	MEMBLOCK_REASON_RESERVED_PAGES, /* the kernel reserved pages in it at boot */
	MEMBLOCK_REASON_MARKED,         /* an administrator said so */
	MEMBLOCK_REASON_NO_HOTREMOVE,   /* this kernel can't offline memory at all */
};

/* What lies in a range of physical memory. */
enum memblock_kind {
	MEMBLOCK_KIND_HOLE,
	MEMBLOCK_KIND_RAM,
	MEMBLOCK_KIND_PMEM,
	MEMBLOCK_KIND_DEVICE_DAX,
	MEMBLOCK_KIND_SOFT_RESERVED,
	MEMBLOCK_KIND_FIRMWARE_RESERVED,
};

/* A memory zone, include/linux/mmzone.h:enum zone_type. NONE is what valid_zones says of a block
 * whose pages lie in several zones or nodes; UNKNOWN is a zone that this library never heard of. */
enum memblock_zone {
	MEMBLOCK_ZONE_UNKNOWN,
	MEMBLOCK_ZONE_NONE,
	MEMBLOCK_ZONE_DMA,
	MEMBLOCK_ZONE_DMA32,
	MEMBLOCK_ZONE_NORMAL,
	MEMBLOCK_ZONE_HIGHMEM,
	MEMBLOCK_ZONE_MOVABLE,
	MEMBLOCK_ZONE_DEVICE,
};

/* More zones than any kernel names for one block. */
#define MEMBLOCK_ZONES_MAX 4

/* What brought a block into the machine. */
enum memblock_provider {
	MEMBLOCK_PROVIDER_UNKNOWN,
	MEMBLOCK_PROVIDER_FIRMWARE, /* there at boot */
	MEMBLOCK_PROVIDER_ACPI,     /* a DIMM: ACPI device PNP0C80 */
	MEMBLOCK_PROVIDER_VIRTIO_MEM,
	MEMBLOCK_PROVIDER_DAX,     /* device dax, onlined by the kmem driver */
	MEMBLOCK_PROVIDER_CXL,     /* the same of a CXL region */
	MEMBLOCK_PROVIDER_DRIVER,  /* another driver, of a coherent GPU for one */
	MEMBLOCK_PROVIDER_LMB,     /* a logical memory block of a pseries machine */
	MEMBLOCK_PROVIDER_STANDBY, /* standby storage of an s390 machine */
};

/* Where facts come from. */
enum memblock_source {
	MEMBLOCK_SOURCE_MACHINE,  /* architecture, release, page size */
	MEMBLOCK_SOURCE_BLOCKS,   /* /sys/devices/system/memory */
	MEMBLOCK_SOURCE_NODES,    /* /sys/devices/system/node */
	MEMBLOCK_SOURCE_IOMEM,    /* /proc/iomem */
	MEMBLOCK_SOURCE_ZONEINFO, /* /proc/zoneinfo */
	MEMBLOCK_SOURCE_SRAT,     /* /sys/firmware/acpi/tables/SRAT */
	MEMBLOCK_SOURCE_PMEM,     /* /sys/bus/nd/devices */
	MEMBLOCK_SOURCE_DEVICES,  /* ACPI, virtio, dax, CXL devices that own blocks */
	MEMBLOCK_SOURCE_MARKS,    /* /var/lib/memblockd/marks */
};

/* What became of a source. */
enum memblock_source_state {
	MEMBLOCK_SOURCE_ABSENT,  /* this machine has no such thing */
	MEMBLOCK_SOURCE_READ,    /* read whole */
	MEMBLOCK_SOURCE_DAMAGED, /* read, but part of it made no sense */
	MEMBLOCK_SOURCE_HIDDEN,  /* there, but kept from this user */
	MEMBLOCK_SOURCE_FAILED,  /* there, but it could not be read */
};

/* One piece of physical memory. This structure never grows; new facts get functions. */
struct memblock_extent {
	uint64_t start;
	uint64_t end;
	enum memblock_kind kind;
	enum memblock_zone zone; /* MEMBLOCK_ZONE_NONE where it lies in no zone */
	int nid;                 /* MEMBLOCK_NID_UNKNOWN where not known */
	bool mapped;             /* System RAM, or pmem and dax with pages of the kernel's own */
	const char *owner;       /* namespace0.0, dax1.0, virtio0, ...; NULL for none */
};

/*
 * Words. Each enum has one table of words, used on the bus, in JSON, in tables and in files.
 * The functions return NULL for a value outside the enum, so counting up to NULL visits them all.
 */
const char *memblock_state_to_string(enum memblock_state state);
const char *memblock_answer_to_string(enum memblock_answer answer);
const char *memblock_reason_to_string(enum memblock_reason reason);
const char *memblock_kind_to_string(enum memblock_kind kind);
/* As lsmem spells them: None, DMA, DMA32, Normal, Highmem, Movable, Device, Unknown. */
const char *memblock_zone_to_string(enum memblock_zone zone);
const char *memblock_provider_to_string(enum memblock_provider provider);
const char *memblock_source_to_string(enum memblock_source source);
const char *memblock_source_state_to_string(enum memblock_source_state state);

/*
 * The root: a handle on a machine's /sys and /proc, or on a captured tree that holds copies of
 * them. path is a folder, NULL or "/" for the running machine. Links that point out of a captured
 * tree are followed inside it only.
 * Errors: -ENOENT, -ENOTDIR, -EACCES, -ENOMEM.
 */
int memblock_root_new(const char *path, struct memblock_root **ret);
struct memblock_root *memblock_root_ref(struct memblock_root *root);
/* Takes NULL; always returns NULL. */
struct memblock_root *memblock_root_unref(struct memblock_root *root);
const char *memblock_root_path(const struct memblock_root *root);
/* Opens a file or folder below the root for reading; path is relative to it ("proc/iomem"). flags
 * may hold O_DIRECTORY, O_NOFOLLOW and O_PATH, all else is -EINVAL. No link leads out of a captured
 * tree, and neither a FIFO nor a device makes the caller wait. Returns a descriptor, or a negative
 * errno. */
int memblock_root_open(const struct memblock_root *root, const char *path, int flags);
/* Whether this is the running machine. */
bool memblock_root_is_live(const struct memblock_root *root);

/*
 * The inventory: all memory blocks of a root at one moment, with their verdicts; it never changes,
 * and blocks and devices live as long as it does. flags must be 0. Only the blocks
 * themselves must be readable; every other source may be missing and is then reported so by
 * memblock_inventory_source(). ret_error, if not NULL, is set to a text for people that names what
 * failed and where, or to NULL where there is none (success, out of memory); free() it.
 * Errors: -EOPNOTSUPP where the kernel has no memory blocks, -EBADMSG where block_size_bytes makes
 * no sense, -ENOMEM, and what reading gave.
 */
int memblock_inventory_new(struct memblock_root *root, uint64_t flags,
			   struct memblock_inventory **ret, char **ret_error);
struct memblock_inventory *memblock_inventory_ref(struct memblock_inventory *inventory);
/* Takes NULL; always returns NULL. */
struct memblock_inventory *memblock_inventory_unref(struct memblock_inventory *inventory);

/* Size of a memory block in bytes (block_size_bytes); a power of two. */
uint64_t memblock_inventory_block_size(const struct memblock_inventory *inventory);
/* Size of a section in bytes (SECTION_SIZE_BITS of the architecture), 0 where not known. */
uint64_t memblock_inventory_section_size(const struct memblock_inventory *inventory);
/* Size of a page in bytes, 0 where not known. */
uint64_t memblock_inventory_page_size(const struct memblock_inventory *inventory);
/* As uname -m and -r say them; NULL where not known. */
const char *memblock_inventory_architecture(const struct memblock_inventory *inventory);
const char *memblock_inventory_release(const struct memblock_inventory *inventory);
/* What became of a source (ABSENT of one that this version doesn't know); ret_text, if not NULL, is
 * set to why, NULL where there is nothing to say. */
enum memblock_source_state memblock_inventory_source(const struct memblock_inventory *inventory,
						     enum memblock_source source,
						     const char **ret_text);
/* The n-th thing that looked wrong while reading, as a sentence that names the file; NULL past the
 * last. */
const char *memblock_inventory_note(const struct memblock_inventory *inventory, size_t n);

/* Blocks in rising order of index. Returns NULL past the last. */
size_t memblock_inventory_n_blocks(const struct memblock_inventory *inventory);
const struct memblock_block *memblock_inventory_block(const struct memblock_inventory *inventory,
						      size_t n);
/* The block memoryINDEX, NULL where there is none. */
const struct memblock_block *memblock_inventory_find(const struct memblock_inventory *inventory,
						     uint64_t index);
/* The block that holds an address, NULL where there is none. */
const struct memblock_block *memblock_inventory_find_address(
	const struct memblock_inventory *inventory, uint64_t address);

/* Devices in no order; the n-th, NULL past the last. */
const struct memblock_device *memblock_inventory_device(const struct memblock_inventory *inventory,
							size_t n);
/* PNP0C80:00, virtio0, dax1.0, the name of a driver; "firmware", "standby", "lmb" for what no
 * device owns. */
const char *memblock_device_name(const struct memblock_device *device);
enum memblock_provider memblock_device_provider(const struct memblock_device *device);

/* The number in memoryINDEX: start address divided by the block size. */
uint64_t memblock_block_index(const struct memblock_block *block);
/* Its first address. */
uint64_t memblock_block_start(const struct memblock_inventory *inventory,
			      const struct memblock_block *block);
enum memblock_state memblock_block_state(const struct memblock_block *block);
/* N, MEMBLOCK_NID_UNKNOWN or MEMBLOCK_NID_SEVERAL. */
int memblock_block_nid(const struct memblock_block *block);
/* Every node that the block hangs on, in rising order. Returns how many. */
size_t memblock_block_nodes(const struct memblock_inventory *inventory,
			    const struct memblock_block *block, const int **ret_nids);
/* valid_zones in the kernel's order: of an offline block the first is what a plain `online` gives.
 * Returns how many; 0 where the file could not be read. */
size_t memblock_block_zones(const struct memblock_block *block,
			    enum memblock_zone ret_zones[MEMBLOCK_ZONES_MAX]);
/* NULL where not known. */
const struct memblock_device *memblock_block_device(const struct memblock_inventory *inventory,
						    const struct memblock_block *block);
/* The verdict: NO where any reason holds, UNKNOWN where a needed fact is missing, else YES. It
 * says nothing of what the block holds right now. */
enum memblock_answer memblock_block_removable(const struct memblock_block *block);
bool memblock_block_has_reason(const struct memblock_block *block, enum memblock_reason reason);
/* The raw attribute memoryN/removable (documented, and 1 for every block since Linux 5.7), read
 * now. Returns 0 or 1, or a negative errno. */
int memblock_block_kernel_removable(const struct memblock_inventory *inventory,
				    const struct memblock_block *block);

/*
 * What the verdict rests on, as sentences that name ranges and files: a NULL-terminated list, to
 * be freed with memblock_strv_free(). Returns how many, or -ENOMEM.
 */
int memblock_block_evidence(const struct memblock_inventory *inventory,
			    const struct memblock_block *block, char ***ret);
void memblock_strv_free(char **strv);

/*
 * What a block is made of: extents in rising order that cover it without gap. Returns how many;
 * free() the list. Their owners live as long as the inventory.
 * Errors: -ENODATA where /proc/iomem could not be had, -ENOMEM.
 */
int memblock_block_composition(const struct memblock_inventory *inventory,
			       const struct memblock_block *block, struct memblock_extent **ret);

/*
 * The block's sub-sections: bit 0 of the first word is the lowest, set where any System RAM or
 * mapped device memory lies in it, as the kernel keeps them for boot memory
 * (mm/sparse.c:subsection_map_init()). Each section takes memblock_inventory_section_size() / 2 MiB
 * bits (a whole block where that is 0) and begins a new word. ret_n is the number of words, free()
 * them; ret_source says where they come from: MEMBLOCK_SOURCE_IOMEM where they are derived. Returns
 * how many words a section takes.
 * Errors: -ENODATA where /proc/iomem could not be had, or nothing tells whether persistent memory
 * in the block has pages; -ENOMEM.
 */
int memblock_block_subsections(const struct memblock_inventory *inventory,
			       const struct memblock_block *block, uint64_t **ret, size_t *ret_n,
			       enum memblock_source *ret_source);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
