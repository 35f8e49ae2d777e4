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
 *    several threads as long as none of them changes a reference count at the same time. Threads of
 *    our own read the blocks of a large machine; they are gone when a function returns.
 *  - Nothing is written to the machine but by memblock_write_state().
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
struct memblock_plan;
struct memblock_transition;

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

/* Why a block can never be taken offline. Later versions may know more, which come last. */
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
	MEMBLOCK_SOURCE_SECTIONS, /* the kernel's own table of sections, in /proc/kcore */
	MEMBLOCK_SOURCE_PAGES,    /* /proc/kpageflags */
};

/* What became of a source. */
enum memblock_source_state {
	MEMBLOCK_SOURCE_ABSENT,  /* this machine has no such thing */
	MEMBLOCK_SOURCE_READ,    /* read whole */
	MEMBLOCK_SOURCE_DAMAGED, /* read, but part of it made no sense */
	MEMBLOCK_SOURCE_HIDDEN,  /* there, but kept from this user */
	MEMBLOCK_SOURCE_FAILED,  /* there, but it could not be read */
	MEMBLOCK_SOURCE_UNASKED, /* read where somebody asks for it alone, and nobody did */
};

/* What a write to memoryN/state asks for, drivers/base/memory.c:state_store(). */
enum memblock_action {
	MEMBLOCK_ACTION_OFFLINE,
	MEMBLOCK_ACTION_ONLINE, /* in the zone that the kernel chooses */
	MEMBLOCK_ACTION_ONLINE_KERNEL,
	MEMBLOCK_ACTION_ONLINE_MOVABLE,
};

/* Why a plan can't be. Later versions may know more. */
enum memblock_refusal {
	MEMBLOCK_REFUSAL_NONE,
	MEMBLOCK_REFUSAL_INVALID_RANGE,  /* empty, reversed, or overlapping another */
	MEMBLOCK_REFUSAL_NOT_ALIGNED,    /* it doesn't fall on block borders */
	MEMBLOCK_REFUSAL_NO_SUCH_BLOCK,  /* a range that holds no block, or not all of its blocks */
	MEMBLOCK_REFUSAL_NO_SUCH_NODE,   /* no block hangs on it */
	MEMBLOCK_REFUSAL_NO_SUCH_DEVICE, /* it brought no block */
	MEMBLOCK_REFUSAL_NOT_REMOVABLE,  /* the verdict says no */
	MEMBLOCK_REFUSAL_NOT_ONLINABLE,  /* offline memory with holes or device memory inside */
	MEMBLOCK_REFUSAL_WRONG_ZONE,     /* online already, in another zone than was asked for */
	MEMBLOCK_REFUSAL_TOO_FEW_BLOCKS, /* less can be changed than was asked for */
	MEMBLOCK_REFUSAL_TOO_LITTLE_MEMORY, /* less than the reserve would be left */
	MEMBLOCK_REFUSAL_MOVABLE_RATIO,     /* too little kernel memory would be left */
	MEMBLOCK_REFUSAL_NOT_KNOWN,         /* a fact that it needs could not be had */
	MEMBLOCK_REFUSAL_POISONED,          /* it holds poisoned pages: once offline, it stays so */
};

/* What became of one block of a transition. */
enum memblock_outcome {
	MEMBLOCK_OUTCOME_NOT_TRIED,
	MEMBLOCK_OUTCOME_DONE,
	MEMBLOCK_OUTCOME_ALREADY,  /* it had that state already, or somebody else gave it that */
	MEMBLOCK_OUTCOME_LEFT_OUT, /* by best effort: its verdict says no */
	MEMBLOCK_OUTCOME_FAILED,
	MEMBLOCK_OUTCOME_PUT_BACK,     /* changed, and then put back as it was found */
	MEMBLOCK_OUTCOME_NOT_PUT_BACK, /* changed, and could not be put back */
};

/* How a transition ended. */
enum memblock_ending {
	MEMBLOCK_ENDING_NOT_YET,
	MEMBLOCK_ENDING_DONE,         /* all that was asked for */
	MEMBLOCK_ENDING_PARTIAL,      /* by best effort: some of it */
	MEMBLOCK_ENDING_FAILED,       /* nothing is changed, or all is put back */
	MEMBLOCK_ENDING_NOT_PUT_BACK, /* it failed, and not all could be put back */
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

/* [start, end) in bytes. */
struct memblock_range {
	uint64_t start;
	uint64_t end;
};

/* What memory is to be changed, and how. */
struct memblock_request {
	enum memblock_action action;
	const struct memblock_range *ranges; /* where, in any order; none: everywhere */
	size_t n_ranges;
	uint64_t size;           /* how much of it, in bytes; 0: all of it */
	enum memblock_zone zone; /* to take offline: no block that is online in another zone;
				  * UNKNOWN: in any */
	int nid;                 /* only blocks that hang on it; MEMBLOCK_NID_UNKNOWN: on any */
	const char *device;      /* only blocks of this device; NULL: of any */
	bool best_effort;        /* as much as goes, and nothing is put back */
	const uint64_t *avoid;   /* blocks that refused lately, in rising order: tried last */
	size_t n_avoid;
};

/* What must be left of memory when blocks have gone offline. */
struct memblock_limits {
	uint64_t reserve;       /* bytes; 0: the larger of 256 MiB and 5 % of all */
	unsigned movable_ratio; /* movable memory at most, in percent of kernel memory; 0: no limit
				 */
};

/*
 * What the pages of a block are right now, counted. Each page that was looked at is counted once,
 * so the counts add up to `examined`; the first that holds in the order below is what it counts as,
 * poisoned before all else.
 */
struct memblock_pages {
	uint64_t index;    /* of the block */
	uint64_t all;      /* pages of the block */
	uint64_t examined; /* that were looked at: all, fewer in a sample, 0 where none could be */
	uint64_t poisoned; /* hardware found a fault in them */
	uint64_t memmap;   /* the block's own memmap (altmap), which goes with the block */
	uint64_t reserved; /* the kernel's since boot; for good */
	uint64_t slab;     /* small objects of the kernel's */
	uint64_t page_table; /* page tables */
	uint64_t offline;    /* not there: virtio-mem unplugged them, or a balloon holds them */
	uint64_t free;       /* on the lists of the buddy allocator or of a CPU */
	uint64_t movable;    /* can be moved elsewhere: files, anonymous memory, huge pages */
	uint64_t kernel;     /* other memory of the kernel's */
	uint64_t unclear;    /* without any flag: free on the list of a CPU, or the kernel's */
};

/* What an administrator said of a range. */
struct memblock_mark {
	uint64_t start;
	uint64_t end;
	const char *device; /* the mark holds for blocks of this device alone; NULL: of any */
	const char *reason;
	bool stale; /* no block lies there, or none of that device */
};

/* What the machine has to spare, in bytes. */
struct memblock_memory {
	uint64_t total;       /* MemTotal of /proc/meminfo */
	uint64_t available;   /* MemAvailable of it */
	uint64_t kernel_free; /* free and file pages of all zones but Movable, of /proc/zoneinfo */
};

/* One block of a plan: how it was found, and what is to be written. */
struct memblock_step {
	uint64_t index;
	enum memblock_state state;
	enum memblock_zone zone; /* of an online block; UNKNOWN of an offline one */
	enum memblock_action action;
	enum memblock_outcome outcome; /* NOT_TRIED, or settled already: ALREADY, LEFT_OUT */
	enum memblock_answer busy; /* whether the kernel would refuse now; UNKNOWN where its pages
				    * were not counted */
	uint64_t to_move;          /* bytes that would have to be moved elsewhere */
};

/* What became of one block. */
struct memblock_result {
	uint64_t index;
	enum memblock_outcome outcome;
	int error;               /* 0, or the negative errno of what failed */
	enum memblock_zone zone; /* where it is online now; UNKNOWN where offline or not known */
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
/* What is written to memoryN/state: offline, online, online_kernel, online_movable. */
const char *memblock_action_to_string(enum memblock_action action);
/* NotRemovable and so on, the last part of an error's name on the bus; None. */
const char *memblock_refusal_to_string(enum memblock_refusal refusal);
const char *memblock_outcome_to_string(enum memblock_outcome outcome);
const char *memblock_ending_to_string(enum memblock_ending ending);
/* And back; zones in any case of letters, as the kernel and lsmem differ. -EINVAL for a word that
 * this version doesn't know. */
int memblock_state_from_string(const char *word, enum memblock_state *ret);
int memblock_answer_from_string(const char *word, enum memblock_answer *ret);
int memblock_reason_from_string(const char *word, enum memblock_reason *ret);
int memblock_kind_from_string(const char *word, enum memblock_kind *ret);
int memblock_zone_from_string(const char *word, enum memblock_zone *ret);
int memblock_provider_from_string(const char *word, enum memblock_provider *ret);
int memblock_source_from_string(const char *word, enum memblock_source *ret);
int memblock_source_state_from_string(const char *word, enum memblock_source_state *ret);
int memblock_action_from_string(const char *word, enum memblock_action *ret);
int memblock_outcome_from_string(const char *word, enum memblock_outcome *ret);
int memblock_ending_from_string(const char *word, enum memblock_ending *ret);

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
/*
 * Sets who opens files for a root that this process can't see whole. It is asked first for
 * proc/iomem, whose addresses the kernel shows to those alone who may see them, and for
 * memblockd/sections, as memblock_sections_read() would give it of all sections; and then for each
 * file that may not be opened here; never for state and valid_zones of blocks, which all may read,
 * nor for what is opened with flags. It gets a path below the root and returns a descriptor for
 * reading, which is closed after use, or a negative errno: then what this process can do by itself
 * stands. NULL sets nobody.
 */
void memblock_root_set_opener(struct memblock_root *root,
			      int (*open)(const char *path, void *userdata), void *userdata);
/* Whether this is the running machine. */
bool memblock_root_is_live(const struct memblock_root *root);

/*
 * The inventory: all memory blocks of a root at one moment, with their verdicts; it never changes,
 * but for what memblock_inventory_set_sections() and memblock_inventory_set_pages() add and
 * memblock_inventory_reread() reads, and blocks and devices live as long as it does. flags must be
 * 0. Only the blocks themselves must be readable; every other source may be missing and is then
 * reported so by memblock_inventory_source(). ret_error, if not NULL, is set to a text for people
 * that names what failed and where, or to NULL where there is none (success, out of memory); free()
 * it. Errors: -EOPNOTSUPP where the kernel has no memory blocks, -ENOENT where there is no /sys,
 * -EBADMSG where block_size_bytes makes no sense, -ENOMEM, and what reading gave.
 */
int memblock_inventory_new(struct memblock_root *root, uint64_t flags,
			   struct memblock_inventory **ret, char **ret_error);
struct memblock_inventory *memblock_inventory_ref(struct memblock_inventory *inventory);
/* Takes NULL; always returns NULL. */
struct memblock_inventory *memblock_inventory_unref(struct memblock_inventory *inventory);

/*
 * Reads anew, in place, what changes where blocks come online or go offline: state, valid_zones and
 * verdict of n blocks, in rising order of index, and of all that were not online, whose valid_zones
 * hang on what is (mm/memory_hotplug.c:zone_for_pfn_range()); then what zones span, once. Their
 * page counts are forgotten. ret tells which of them differ from before, in rising order, to be
 * freed. -ESTALE where that is not enough, and a new inventory is to be made: a block isn't in this
 * one, or is gone; its files or /proc/zoneinfo can't be read or don't make sense, or couldn't or
 * didn't before; its node, or one of its zones, isn't known; the machine is an s390, where what
 * provides a block hangs on its state; or somebody else told of it all. -ENOMEM, and what reading
 * gave. On failure all is as before.
 */
int memblock_inventory_reread(struct memblock_inventory *inventory, const uint64_t *indexes,
			      size_t n, uint64_t **ret, size_t *ret_n);

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
 * last. Of one source a hundred are kept, and one then says "... and N more". */
const char *memblock_inventory_note(const struct memblock_inventory *inventory, size_t n);

/* The n-th mark of an administrator, in the order of the file. False past the last. */
bool memblock_inventory_mark(const struct memblock_inventory *inventory, size_t n,
			     struct memblock_mark *ret);

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
/* The raw attribute memoryN/removable (documented, and 1 for every block since Linux 5.6), read
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
 * What the kernel itself keeps of sections, and what is in blocks right now. Both are root's to
 * read, cost time, and are read on demand alone. A captured tree keeps them as text in
 * memblockd/sections and memblockd/pages.
 */

/* Flags of a section, include/linux/mmzone.h: the low bits of section_mem_map. */
#define MEMBLOCK_SECTION_EARLY 0x8 /* SECTION_IS_EARLY: there at boot */
#define MEMBLOCK_SECTION_DEVICE                                             \
	0x10 /* SECTION_TAINT_ZONE_DEVICE: device memory shares it, or did; \
	      * since Linux 5.14 */

/*
 * Reads the kernel's table of n sections, from number `first` on: section numbers are addresses
 * divided by section_size, which may be 0 where the kernel's VMCOREINFO tells it (since Linux
 * 5.14). ret is text, to be freed, a line for each section that is present:
 * "section NUMBER flags HEX map HEX", the map's bit 0 being the lowest sub-section, and "map -"
 * where this kernel keeps none. From memblockd/sections of the root where there is one, else from
 * /proc/kcore by VMCOREINFO and BTF.
 * Errors: -ENOENT where this kernel has no /proc/kcore, -EACCES or -EPERM where this user may not
 * read it, -EOPNOTSUPP where this library was built without libbpf, -ENODATA where VMCOREINFO or
 * BTF don't tell what is needed, or there is no BTF, -EINVAL where the kernel's sections have
 * another size, -EBADMSG for a file that makes no sense, -ENOMEM, and what reading gave.
 */
int memblock_sections_read(struct memblock_root *root, uint64_t section_size, uint64_t first,
			   uint64_t n, char **ret);
/* Adds what such a text tells to an inventory, in place of what was known of the same sections, and
 * judges their blocks anew. A line that makes no sense becomes a note. -ENOMEM. */
int memblock_inventory_set_sections(struct memblock_inventory *inventory, const char *text);
/* Reads all sections of the inventory's root into it. What became of it is in
 * memblock_inventory_source(); only -ENOMEM is an error. */
int memblock_inventory_read_sections(struct memblock_inventory *inventory);
/* Flags of each section of a block, 0 for one that is not present: as many as
 * memblock_inventory_section_size() fit into a block. Returns how many; free() them.
 * -ENODATA where sections were not read, -ENOMEM. */
int memblock_block_section_flags(const struct memblock_inventory *inventory,
				 const struct memblock_block *block, uint32_t **ret);

/*
 * Counts the pages of all blocks of some ranges, in bytes, that fall on borders of blocks. limit:
 * how many pages of each block are looked at, spread evenly over it in runs of 8; 0: all, which
 * takes 0.1 to 0.2 us a page. What a sample of n pages tells, scaled up to the block, is off by the
 * share sqrt(8 / n) of the block at most, 19 times in 20; what it doesn't find may be there. ret
 * has an item for each block of the ranges, whether it is there or not (pages of a block that is
 * offline or absent look like free ones or like none), to be freed. From memblockd/pages of the
 * root where there is one, else from /proc/kpageflags; what pages without flags are is asked of
 * /proc/kcore where that can be read. Errors: -ENOENT where this kernel has no /proc/kpageflags,
 * -EACCES or -EPERM where this user may not read it, -EINVAL for sizes or ranges that make no
 * sense, -EBADMSG, -ENOMEM, and what reading gave.
 */
int memblock_pages_read(struct memblock_root *root, uint64_t block_size, uint64_t page_size,
			const struct memblock_range *ranges, size_t n_ranges, uint64_t limit,
			struct memblock_pages **ret, size_t *ret_n);
/* How many pages of each block to look at so that n blocks of that many pages don't take a second:
 * 0 (all) up to 64 GiB of pages of 4 KiB. */
uint64_t memblock_pages_limit(uint64_t pages_per_block, uint64_t n);
/* The same for a glance, which takes some hundredths of a second: 0 up to 256 MiB of such pages. */
uint64_t memblock_pages_glance(uint64_t pages_per_block, uint64_t n);
/* The same counts as text, a line a block, and back. -EBADMSG for a text that makes no sense,
 * -ENOMEM; free() what they give. */
int memblock_pages_to_text(const struct memblock_pages *pages, size_t n, char **ret);
int memblock_pages_from_text(const char *text, struct memblock_pages **ret, size_t *ret_n);
/* Adds counts to an inventory, in place of older ones of the same blocks, and judges those anew:
 * reserved pages are a reason. Unclear pages become free or the kernel's as far as the block's zone
 * tells: Movable holds none of the kernel's, and others as many free ones as /proc/zoneinfo says.
 * n of 0 forgets all counts. Counts of blocks that are not there, or not online, are left out.
 * -ENOMEM. */
int memblock_inventory_set_pages(struct memblock_inventory *inventory,
				 const struct memblock_pages *pages, size_t n);
/* Reads and adds those of the online blocks in some ranges, all where n_ranges is 0; sampled as
 * memblock_pages_glance() or memblock_pages_limit() says. What became of it is in
 * memblock_inventory_source(); only -ENOMEM is an error. */
int memblock_inventory_read_pages(struct memblock_inventory *inventory,
				  const struct memblock_range *ranges, size_t n_ranges,
				  bool glance);
/* The counts of a block. False where there are none. */
bool memblock_block_pages(const struct memblock_inventory *inventory,
			  const struct memblock_block *block, struct memblock_pages *ret);
/* Whether the kernel would refuse right now (EBUSY) to take an online block offline, since memory
 * of its own lies in it. UNKNOWN where its pages were not counted, or a sample found none and the
 * block isn't in zone Movable. */
enum memblock_answer memblock_block_busy(const struct memblock_inventory *inventory,
					 const struct memblock_block *block);
/* How much of a block can't be moved, and how much would have to be, in bytes; of a sample, scaled
 * up to the block. -ENODATA where its pages were not counted. */
int memblock_block_load(const struct memblock_inventory *inventory,
			const struct memblock_block *block, uint64_t *ret_unmovable,
			uint64_t *ret_to_move);
/* How many pages of a block are poisoned: all are looked at, but only where /proc/meminfo's
 * HardwareCorrupted says that there is one in the machine. Errors as memblock_pages_read(), and
 * -ENODATA where not all could be. */
int memblock_read_poison(struct memblock_root *root, uint64_t block_size, uint64_t page_size,
			 uint64_t index, uint64_t *ret_pages);

/*
 * The block's sub-sections: bit 0 of the first word is the lowest, set where any System RAM or
 * mapped device memory lies in it, as the kernel keeps them for boot memory
 * (mm/sparse.c:subsection_map_init()). Each section takes memblock_inventory_section_size() / 2 MiB
 * bits (a whole block where that is 0) and begins a new word. ret_n is the number of words, free()
 * them; ret_source says where they come from: MEMBLOCK_SOURCE_SECTIONS where they are the kernel's
 * own, which every section of the block that is there must have, else MEMBLOCK_SOURCE_IOMEM: they
 * are derived.
 * Returns how many words a section takes.
 * Errors: -ENODATA where /proc/iomem could not be had, or nothing tells whether persistent memory
 * in the block has pages; -ENOMEM.
 */
int memblock_block_subsections(const struct memblock_inventory *inventory,
			       const struct memblock_block *block, uint64_t **ret, size_t *ret_n,
			       enum memblock_source *ret_source);

/* The same from one of those two sources alone. Errors: -ENODATA where it doesn't tell, -EINVAL for
 * another source, -ENOMEM. */
int memblock_block_subsections_from(const struct memblock_inventory *inventory,
				    const struct memblock_block *block, enum memblock_source source,
				    uint64_t **ret, size_t *ret_n);

/*
 * An inventory that somebody else read and judged, and told of: memblockd for one. It answers as if
 * it had been read here.
 */

/* Neighbouring blocks that are alike in all that follows. */
struct memblock_report_range {
	struct memblock_range range; /* whole blocks, at least one */
	enum memblock_state state;
	const int *nids; /* every node, in rising order */
	size_t n_nids;
	const enum memblock_zone *zones; /* at most MEMBLOCK_ZONES_MAX, in the kernel's order */
	size_t n_zones;
	enum memblock_answer removable;
	const enum memblock_reason *reasons;
	size_t n_reasons;
	const char *device; /* its name; NULL where not known */
	enum memblock_provider provider;
};

struct memblock_report_source {
	enum memblock_source_state state;
	const char *text; /* why; NULL where there is nothing to say */
};

/* What is told of one block when somebody asks. All zero where nothing is known. */
struct memblock_report_details {
	const struct memblock_extent *composition; /* NULL where not known */
	size_t n_extents;
	const uint64_t *subsections; /* the kernel's; NULL where not known */
	const uint64_t *derived;     /* those of iomem, as many; NULL where not known */
	size_t n_words;
	int words_per_section;
	const uint32_t *section_flags; /* NULL where not known */
	size_t n_sections;
	const char *const *evidence; /* NULL-terminated; NULL for none */
};

struct memblock_report {
	uint64_t block_size;
	uint64_t section_size; /* 0 where not known, as is page_size */
	uint64_t page_size;
	const char *architecture; /* NULL where not known, as is release */
	const char *release;
	const struct memblock_report_range *ranges; /* in rising order */
	size_t n_ranges;
	const struct memblock_report_source
		*sources; /* by enum memblock_source; others are absent */
	size_t n_sources;
	const char *const *notes; /* NULL-terminated; NULL for none */
	/* Where memoryN/removable is read when somebody asks; NULL: nowhere. */
	struct memblock_root *root;
	/* Tells more of a block (NULL: nothing more is known). What it points at is taken before it
	 * is called again, but for the names of owners, which must live as long as the inventory. 0
	 * or a negative errno, which whoever asked gets. */
	int (*details)(uint64_t index, void *userdata, struct memblock_report_details *ret);
	/* Called when the inventory ends, if not NULL; never where making it fails. */
	void (*done)(void *userdata);
	void *userdata;
};

/* Makes an inventory of a report, which is copied. Errors: -EINVAL for a report that makes no
 * sense, -ENOMEM. */
int memblock_inventory_new_of_report(const struct memblock_report *report,
				     struct memblock_inventory **ret);
/* Tells it what became of a source that was asked for later on. -EINVAL for a source that there
 * isn't, or an inventory that was read here; -ENOMEM. */
int memblock_inventory_tell_source(struct memblock_inventory *inventory,
				   enum memblock_source source,
				   const struct memblock_report_source *told);

/*
 * Changing memory: a request becomes a plan, by rules alone; a transition carries the plan out, one
 * write at a time, and puts back what was done where it can't be finished.
 */

/* Reads what the machine has to spare. -ENODATA where a file lacks what is needed, and what reading
 * gave. */
int memblock_memory_read(struct memblock_root *root, struct memblock_memory *ret);
/* Whether less than the reserve is free in the kernel's zones. */
bool memblock_memory_is_short(const struct memblock_memory *memory,
			      const struct memblock_limits *limits);

/* Reads the state of a block and, where it is online, its zone (NONE for several, UNKNOWN where not
 * known or not online). -ENODEV where there is no such block, -EBADMSG for a word that no kernel
 * says. */
int memblock_read_state(struct memblock_root *root, uint64_t index, enum memblock_state *ret_state,
			enum memblock_zone *ret_zone);

/* Writes to memoryN/state, once. It can take minutes, and there is no end to an offlining but a
 * signal, which makes it -EINTR. -EINVAL where the block has that state already. -ENODEV where
 * there is no such block. */
int memblock_write_state(struct memblock_root *root, uint64_t index, enum memblock_action action);

/* Where the online blocks lie that such a request might take offline, as ranges in rising order:
 * whose pages to count before it is planned. None where it is no such request, or one that is
 * refused whatever lies in blocks. ret is to be freed, and NULL where there are none. -ENOMEM. */
int memblock_request_ranges(const struct memblock_inventory *inventory,
			    const struct memblock_request *request, struct memblock_range **ret,
			    size_t *ret_n);

/*
 * Decides which blocks to change, and in which order: a pure function. memory may be NULL, which
 * taking memory offline is refused for (MEMBLOCK_REFUSAL_NOT_KNOWN); limits are for that alone. All
 * blocks that the request names are in the plan, the likeliest to go first, those that are settled
 * last; where it asks for a size, all that might serve: memory that has the other state now, so
 * that what is offline already doesn't count towards 4 GiB to be taken offline. Of those that stand
 * by, no more are in a zone of the kernel's than the limits allow, should they all go in place of
 * Movable ones. By best effort, blocks that can't go are left out but stay wanted; where nothing
 * else is left, the plan is refused. Blocks with poisoned pages, where pages were counted, are for
 * best effort alone. A plan is always made, even one that is refused, which may have no steps.
 *
 * Memory comes online by rising address. The order to take it offline is by
 *  1. rank: not busy; pages not counted, or not all of them; in request.avoid, or poisoned; busy;
 *     then the same of blocks whose verdict or state is not known. Of each of these Movable, then
 *     the kernel's zones, then other ones.
 *  2. Where more blocks of a rank serve than are wanted: devices that can be taken out (ACPI, dax,
 *     CXL) and go whole by that; then what has nothing to move, a quarter of a block at most, a
 *     half, and so on; of what is alike so far, the node of which the smallest share of its online
 *     memory is chosen.
 *  3. what is to be moved, where that is known; of busy blocks what can't be.
 *  4. falling address.
 * Errors: -ENOMEM, -EINVAL for a request that makes no sense: an action or a zone that there isn't,
 * a zone to bring memory online in (its action says that), or neither size nor range, node or
 * device.
 */
int memblock_plan_new(const struct memblock_inventory *inventory,
		      const struct memblock_request *request, const struct memblock_memory *memory,
		      const struct memblock_limits *limits, struct memblock_plan **ret);
/* The same out of ready steps, for work that was begun elsewhere. wanted: how many blocks are to be
 * changed. -ENOMEM. */
int memblock_plan_new_of_steps(const struct memblock_step *steps, size_t n, size_t wanted,
			       bool best_effort, struct memblock_plan **ret);
/* The blocks that a plan to take memory offline would turn to first, as ranges in rising order:
 * those that are wanted and some more. Where it rests on a glance at their pages, these are to be
 * counted whole, and planned anew. free() them. -ENOMEM, -EINVAL for a step whose block has no
 * address. */
int memblock_plan_ranges(const struct memblock_plan *plan,
			 const struct memblock_inventory *inventory, struct memblock_range **ret,
			 size_t *ret_n);
/* Takes NULL; always returns NULL. */
struct memblock_plan *memblock_plan_free(struct memblock_plan *plan);
/* Why it can't be, NONE where it can; ret_text, if not NULL, is set to a sentence that names what,
 * where and why, or to NULL. */
enum memblock_refusal memblock_plan_refusal(const struct memblock_plan *plan,
					    const char **ret_text);
/* The n-th step; NULL past the last. */
const struct memblock_step *memblock_plan_step(const struct memblock_plan *plan, size_t n);
/* How many blocks are to have the new state at the end, those that have it already among them, and
 * those that best effort leaves out. */
size_t memblock_plan_wanted(const struct memblock_plan *plan);
bool memblock_plan_best_effort(const struct memblock_plan *plan);
/* What puts a step back as it was found: online memory goes back to its kind of zone, or where the
 * kernel chooses if that isn't known. */
enum memblock_action memblock_step_undo(const struct memblock_step *step);

/*
 * A transition, which opens no file. Who drives it asks for the next block, reads its state, tells
 * how it was found, writes if told so, reads the state again, and reports; until there is no next
 * one. It keeps a copy of the plan, and whether that is refused is not asked. Of more candidates
 * than are wanted, one that fails is replaced by the next; where there are none left, what was done
 * is put back, the last first, unless it is by best effort. -ENOMEM.
 */
int memblock_transition_new(const struct memblock_plan *plan, struct memblock_transition **ret);
struct memblock_transition *memblock_transition_free(struct memblock_transition *transition);
/* The block to turn to next, and what to write to it; false where nothing is left to do, or nothing
 * before what is being written to is reported. It is asked for right before
 * memblock_transition_found(). */
bool memblock_transition_next(const struct memblock_transition *transition, uint64_t *ret_index,
			      enum memblock_action *ret_action);
/* Tells how the block was found right before the write (error: what memblock_read_state() gave).
 * True where the write is to be done; else it is settled: it has that state already, is online in
 * another kind of zone than was asked for (-EINVAL, what the kernel would say), is gone or can't be
 * read. What was found is what it would be put back to. More than one block may be written to at a
 * time: the next ones are those that are wanted if all goes well. */
bool memblock_transition_found(struct memblock_transition *transition, int error,
			       enum memblock_state state, enum memblock_zone zone);
/* Tells what came of the first write that found() wanted and that isn't reported yet, and how its
 * block was found after it: a block that has the wanted state counts whatever the write gave, and
 * as somebody else's work, never to be put back, where the kernel answered that it had it before
 * (-EINVAL). state is UNKNOWN where it could not be read: then the error decides. -EIO is the error
 * of a block that hasn't the state that a write without error should have given it. */
void memblock_transition_report(struct memblock_transition *transition, int error,
				enum memblock_state state, enum memblock_zone zone);
/* All writes that aren't reported yet were not even begun: their blocks come next again. */
void memblock_transition_withdraw(struct memblock_transition *transition);
/* Ends it early, for a reason (-ECANCELED, -ETIMEDOUT): what was done is put back, unless it is by
 * best effort. Writes that are under way are still to be reported; what they did counts, and where
 * nothing more is wanted then, all is done. -EINTR of it becomes the reason. Without effect where
 * it is being put back already, or was cancelled before. */
void memblock_transition_cancel(struct memblock_transition *transition, int error);
/* Ends it at once, and leaves all as it is: blocks that are being written to have failed for that
 * reason, and what would have been put back was not. */
void memblock_transition_abandon(struct memblock_transition *transition, int error);
/* Whether it is putting back. */
bool memblock_transition_is_undoing(const struct memblock_transition *transition);
enum memblock_ending memblock_transition_ending(const struct memblock_transition *transition);
/* The first error that made it end otherwise than done, or why it was ended early; a negative
 * errno, 0 for none. */
int memblock_transition_error(const struct memblock_transition *transition);
/* How many blocks have the new state by now, those that had it before among them, and of how many
 * that were wanted. */
void memblock_transition_progress(const struct memblock_transition *transition, size_t *ret_done,
				  size_t *ret_wanted);
/* What became of the n-th block of the plan. False past the last. */
bool memblock_transition_result(const struct memblock_transition *transition, size_t n,
				struct memblock_result *ret);

/*
 * Policy: what is done with memory that was added. Rules of an administrator come first, the first
 * that fits counts; then what the kernel's command line says; then our defaults. A pure function.
 */

/* What is done with a block that was added. */
enum memblock_treatment {
	MEMBLOCK_TREATMENT_DEFAULT, /* online, in the zone that the kernel chooses */
	MEMBLOCK_TREATMENT_KERNEL,  /* online in a zone of the kernel's */
	MEMBLOCK_TREATMENT_MOVABLE, /* online in zone Movable, as long as the ratio allows */
	MEMBLOCK_TREATMENT_NO,      /* left as it is */
};

/* A rule fits a block that fits each of its lists; an empty list (NULL, or n of 0) fits all. */
struct memblock_rule {
	const char *name;  /* of [Rule NAME] */
	const char *place; /* FILE:LINE, for people */
	enum memblock_treatment treatment;
	const char *const *architectures; /* as uname -m says; NULL-terminated, as the next three */
	const char *const *virtualizations; /* as systemd-detect-virt says: kvm, none, ...; "vm" is
					     * any virtual machine */
	const char *const *providers;       /* words of enum memblock_provider */
	const char *const *devices;         /* names of devices; * and ? stand for others */
	const int *nodes;
	size_t n_nodes;
	const struct memblock_range *ranges; /* which hold the whole block */
	size_t n_ranges;
};

/* What a policy needs to know of the machine. */
struct memblock_platform {
	const char *architecture;   /* NULL where not known, as the next two */
	const char *virtualization; /* as systemd-detect-virt --vm says; "none" on bare metal */
	const char *command_line;   /* /proc/cmdline */
	bool has_online_policy; /* /sys/module/memory_hotplug/parameters/online_policy is there */
	unsigned providers;     /* a bit for each enum memblock_provider whose memory may come here;
				 * never FIRMWARE, whose memory has been there since boot */
};

struct memblock_policy {
	const struct memblock_rule *rules; /* of the administrator */
	size_t n_rules;
	unsigned movable_ratio; /* percent; 0: no limit */
	bool ratio_is_set;      /* by the administrator: else the kernel's command line counts */
	bool leave_kernel;      /* the kernel is told nothing */
	bool kernel_is_short;   /* memblock_memory_is_short(): zone Movable is not to grow now */
};

/* What is done where no rule fits. */
struct memblock_default {
	enum memblock_treatment treatment;
	unsigned providers; /* a bit for each enum memblock_provider that it is for */
	const char *why;    /* a sentence: what it rests on */
};

/* What is done with one block, and why. */
struct memblock_decision {
	enum memblock_treatment treatment;
	const struct memblock_rule *rule; /* NULL where it is a default's */
	const char *why;                  /* a sentence; of a default, what it rests on */
};

/* What the kernel is told: NULL for what is left as it is. */
struct memblock_kernel_policy {
	const char *auto_online_blocks; /* online, online_kernel, online_movable; a kernel before
					 * 5.8 knows the first alone */
	const char *online_policy;      /* auto-movable, for what is brought online as DEFAULT */
	unsigned auto_movable_ratio;    /* percent; 0: left as it is */
	const char *why_not; /* why auto_online_blocks is left: a sentence; NULL where it isn't */
	unsigned treatments; /* a bit for each enum memblock_treatment that memory may get here */
};

/* default, kernel, movable, no. */
const char *memblock_treatment_to_string(enum memblock_treatment treatment);
int memblock_treatment_from_string(const char *word, enum memblock_treatment *ret);

/* Decides about a block of an inventory, whatever its state is. All blocks of one device go to one
 * zone: the node and the address of its lowest block are those that rules see. */
void memblock_policy_decide(const struct memblock_policy *policy,
			    const struct memblock_platform *platform,
			    const struct memblock_inventory *inventory,
			    const struct memblock_block *block, struct memblock_decision *ret);
/* What is to be done with some blocks, or with all where n is 0: a plan by best effort that brings
 * online those that are offline and may come online, device by device. indexes are in rising order.
 * Blocks with holes or device memory in them, and marked ones, are left out. Where some of a device
 * is online already, the rest follows it. No device goes to zone Movable that would make it larger,
 * against what is online in the kernel's zones, than the ratio allows; it goes to the kernel's
 * then. -ENOMEM. */
int memblock_policy_plan(const struct memblock_policy *policy,
			 const struct memblock_platform *platform,
			 const struct memblock_inventory *inventory, const uint64_t *indexes,
			 size_t n, struct memblock_plan **ret);
/* The n-th default that holds on this machine; the first that is for a block's provider counts, and
 * the last is for all. False past that. */
bool memblock_policy_default(const struct memblock_platform *platform, size_t n,
			     struct memblock_default *ret);
/* Whether a rule can fit any memory that may come to this machine. */
bool memblock_policy_rule_holds(const struct memblock_rule *rule,
				const struct memblock_platform *platform);
/* Whether all memory that may come to this machine is treated alike, so that the kernel itself can
 * do it at once: never for NO, and for MOVABLE only where no ratio is to be kept. A rule by device,
 * node or range may fit or not. Wherever any may be treated as DEFAULT, the kernel is told how to
 * find a zone (memory_hotplug.online_policy and auto_movable_ratio, from 5.15 on): it does so for
 * auto_online_blocks and for "online" in a state file alike
 * (mm/memory_hotplug.c:zone_for_pfn_range()). */
void memblock_policy_for_kernel(const struct memblock_policy *policy,
				const struct memblock_platform *platform,
				struct memblock_kernel_policy *ret);

/* Reads what a policy needs of a root. virtualization: what systemd-detect-virt --vm says, NULL
 * where not known; the caller's, and copied. Frees with memblock_platform_free(), which takes NULL
 * and returns it. -ENOMEM. */
int memblock_platform_read(struct memblock_root *root, const struct memblock_inventory *inventory,
			   const char *virtualization, struct memblock_platform **ret);
struct memblock_platform *memblock_platform_free(struct memblock_platform *platform);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
