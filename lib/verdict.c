/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <string.h>

#include "composition.h"
#include "geometry.h"
#include "report.h"
#include "verdict.h"

/* What a rule finds; a negative errno beside these. */
enum finding {
	FINDING_CLEAR,
	FINDING_HOLDS,
	FINDING_UNKNOWN,
};

typedef int (*rule_function)(const struct memblock_inventory *inventory,
			     const struct memblock_block *block, struct notes *evidence);

/* Adds a sentence and answers with the finding. */
#define conclude(evidence, finding, ...)                             \
	({                                                           \
		int conclude_r = notes_add((evidence), __VA_ARGS__); \
		conclude_r < 0 ? conclude_r : (int)(finding);        \
	})

/* The reason that a source of facts is missing, for a sentence. */
static const char *source_text(const struct memblock_inventory *inventory,
			       enum memblock_source source)
{
	const char *text = inventory->sources[source].text;

	return text ? text : memblock_source_state_to_string(inventory->sources[source].state);
}

/* mm/memory_hotplug.c:offline_pages() wants one zone, which is one node; since Linux 5.19
 * drivers/base/node.c clears the zone of a block that a second node links. */
static int rule_mixed_nodes(const struct memblock_inventory *inventory,
			    const struct memblock_block *block, struct notes *evidence)
{
	if (block->nid == MEMBLOCK_NID_SEVERAL) {
		const struct node_set *set = &inventory->node_sets.items[block->nodes];
		int r = 0;

		for (size_t i = 0; i < set->n && r >= 0; i++)
			r = notes_add(evidence,
				      "mixed-nodes: it hangs on node %d "
				      "(/sys/devices/system/node/node%d/memory%" PRIu64 ")",
				      set->nids[i], set->nids[i], block->index);
		return r < 0 ? r : FINDING_HOLDS;
	}
	if (block->nid >= 0 && inventory_has_whole(inventory, MEMBLOCK_SOURCE_NODES))
		return conclude(evidence, FINDING_CLEAR, "one node: %d", block->nid);
	if (inventory->sources[MEMBLOCK_SOURCE_NODES].state == MEMBLOCK_SOURCE_ABSENT)
		return conclude(evidence, FINDING_CLEAR, "one node: this kernel knows no nodes");
	if (!inventory_has_whole(inventory, MEMBLOCK_SOURCE_NODES))
		return conclude(evidence, FINDING_UNKNOWN, "nodes not known: %s",
				source_text(inventory, MEMBLOCK_SOURCE_NODES));
	return conclude(evidence, FINDING_UNKNOWN, "nodes not known: no node links memory%" PRIu64,
			block->index);
}

/* Names the zones: which part of the block lies in which, where zoneinfo tells. */
static int describe_zones(const struct memblock_inventory *inventory,
			  const struct memblock_block *block, struct notes *evidence)
{
	_cleanup_extents_ struct extents composition = {};
	int r;

	if (!evidence || !inventory_has(inventory, MEMBLOCK_SOURCE_IOMEM))
		return 0;

	r = composition_of(inventory, block, &composition);
	for (size_t i = 0, next; r >= 0 && i < composition.n; i = next) {
		const struct memblock_extent *first = &composition.items[i];
		struct memblock_extent part = *first;

		/* Holes between two parts of a zone don't part it. */
		for (next = i + 1; next < composition.n; next++) {
			const struct memblock_extent *extent = &composition.items[next];

			if (extent->kind == MEMBLOCK_KIND_RAM && extent->zone != first->zone)
				break;
			if (extent->kind == MEMBLOCK_KIND_RAM)
				part.end = extent->end;
		}
		if (first->kind == MEMBLOCK_KIND_RAM && first->zone != MEMBLOCK_ZONE_NONE &&
		    first->zone != MEMBLOCK_ZONE_UNKNOWN)
			r = notes_add(evidence,
				      "mixed-zones: " RANGE_FORMAT " lies in zone %s "
				      "(/proc/zoneinfo)",
				      RANGE_ARGUMENTS(&part), memblock_zone_to_string(part.zone));
	}
	return r;
}

static int rule_mixed_zones(const struct memblock_inventory *inventory,
			    const struct memblock_block *block, struct notes *evidence)
{
	enum memblock_zone zones[MEMBLOCK_ZONES_MAX];
	size_t n = memblock_block_zones(block, zones);
	int r;

	if (!inventory->has_valid_zones && !inventory->says_removable)
		return FINDING_CLEAR; /* rule 8 says more */
	/* While a block is being taken offline, the file tells of the offline block. */
	if (block->state == MEMBLOCK_STATE_GOING_OFFLINE)
		return conclude(evidence, FINDING_UNKNOWN,
				"zone not known: it is being taken offline");
	if (n != 1 || zones[0] == MEMBLOCK_ZONE_UNKNOWN)
		return conclude(evidence, FINDING_UNKNOWN,
				"zone not known: memory%" PRIu64 "/valid_zones names none that "
				"is known here",
				block->index);
	if (zones[0] != MEMBLOCK_ZONE_NONE)
		return conclude(evidence, FINDING_CLEAR, "one zone: %s",
				memblock_zone_to_string(zones[0]));
	if (block->nid == MEMBLOCK_NID_SEVERAL)
		return conclude(evidence, FINDING_CLEAR,
				"valid_zones says none, as it does for several nodes");
	if (inventory->sources[MEMBLOCK_SOURCE_NODES].state != MEMBLOCK_SOURCE_ABSENT &&
	    (block->nid == MEMBLOCK_NID_UNKNOWN ||
	     !inventory_has_whole(inventory, MEMBLOCK_SOURCE_NODES)))
		return conclude(evidence, FINDING_UNKNOWN,
				"several zones or several nodes: valid_zones says none, "
				"and the nodes are not known");
	r = notes_add(evidence, "mixed-zones: memory%" PRIu64 "/valid_zones says none, on one node",
		      block->index);
	if (r >= 0)
		r = describe_zones(inventory, block, evidence);
	return r < 0 ? r : FINDING_HOLDS;
}

/* Names the holes: what of the block no System RAM covers, at most so many. */
static int describe_holes(const struct memblock_inventory *inventory,
			  const struct memblock_block *block, struct notes *evidence)
{
	_cleanup_extents_ struct extents slice = {};
	unsigned told = 0, left = 0;
	int r;

	if (!evidence)
		return 0;

	r = extents_slice(&inventory->iomem.map, block_start(inventory, block),
			  block_end(inventory, block), &slice);
	if (r < 0)
		return r;

	for (size_t i = 0; i < slice.n && r >= 0; i++) {
		const struct memblock_extent *extent = &slice.items[i];

		if (extent->kind == MEMBLOCK_KIND_RAM)
			continue;
		if (told == 16) {
			left++;
			continue;
		}
		told++;
		r = notes_add(evidence,
			      "hole: " RANGE_FORMAT " is %s, not System RAM (/proc/iomem)",
			      RANGE_ARGUMENTS(extent), memblock_kind_to_string(extent->kind));
	}
	if (r >= 0 && left > 0)
		r = notes_add(evidence, "hole: and %u more ranges (/proc/iomem)", left);
	if (r >= 0 && told == 0)
		r = notes_add(evidence, "hole: System RAM ends inside a page (/proc/iomem)");
	return r;
}

/* Whether iomem shows System RAM on every byte, whole pages or not. */
static bool is_ram_throughout(const struct memblock_inventory *inventory,
			      const struct memblock_block *block)
{
	const struct extents *map = &inventory->iomem.map;
	uint64_t at = block_start(inventory, block), end = block_end(inventory, block);

	for (size_t i = extents_first(map, at); at < end; i++) {
		if (i == map->n || map->items[i].start > at ||
		    map->items[i].kind != MEMBLOCK_KIND_RAM)
			return false;
		at = map->items[i].end;
	}
	return true;
}

/* mm/memory_hotplug.c:offline_pages() counts the pages of System RAM and wants them all. */
static int rule_hole(const struct memblock_inventory *inventory, const struct memblock_block *block,
		     struct notes *evidence)
{
	uint64_t covered;
	int r;

	if (!inventory_has(inventory, MEMBLOCK_SOURCE_IOMEM))
		return conclude(evidence, FINDING_UNKNOWN, "holes not known: %s",
				source_text(inventory, MEMBLOCK_SOURCE_IOMEM));

	covered = extents_covered(&inventory->iomem.ram, block_start(inventory, block),
				  block_end(inventory, block));
	if (covered == inventory->block_size)
		return conclude(evidence, FINDING_CLEAR,
				"System RAM covers it whole (/proc/iomem)");
	if (!inventory_has_whole(inventory, MEMBLOCK_SOURCE_IOMEM))
		return conclude(evidence, FINDING_UNKNOWN, "holes not known: %s",
				source_text(inventory, MEMBLOCK_SOURCE_IOMEM));
	if (inventory->machine.page_size == 0 && is_ram_throughout(inventory, block))
		return conclude(evidence, FINDING_UNKNOWN,
				"holes not known: page size not known, and System RAM ends within "
				"64 KiB of a page (/proc/iomem)");

	r = describe_holes(inventory, block, evidence);
	return r < 0 ? r : FINDING_HOLDS;
}

static int rule_mixed_pmem(const struct memblock_inventory *inventory,
			   const struct memblock_block *block, struct notes *evidence)
{
	const struct extents *map = &inventory->iomem.map;
	uint64_t end = block_end(inventory, block);
	bool found = false;
	int r;

	if (!inventory_has(inventory, MEMBLOCK_SOURCE_IOMEM))
		return conclude(evidence, FINDING_UNKNOWN, "device memory not known: %s",
				source_text(inventory, MEMBLOCK_SOURCE_IOMEM));

	for (size_t i = extents_first(map, block_start(inventory, block)); i < map->n; i++) {
		const struct memblock_extent *extent = &map->items[i];

		if (extent->start >= end)
			break;
		if (extent->kind != MEMBLOCK_KIND_PMEM && extent->kind != MEMBLOCK_KIND_DEVICE_DAX)
			continue;
		found = true;
		r = notes_add(evidence, "mixed-pmem: " RANGE_FORMAT " is %s of %s (/proc/iomem)",
			      RANGE_ARGUMENTS(extent), memblock_kind_to_string(extent->kind),
			      extent->owner ? extent->owner : "no namespace");
		if (r < 0)
			return r;
	}
	if (found)
		return FINDING_HOLDS;
	if (!inventory_has_whole(inventory, MEMBLOCK_SOURCE_IOMEM))
		return conclude(evidence, FINDING_UNKNOWN, "device memory not known: %s",
				source_text(inventory, MEMBLOCK_SOURCE_IOMEM));
	return conclude(evidence, FINDING_CLEAR,
			"no persistent or device memory inside (/proc/iomem)");
}

/* Whether the kernel's own flags say of any section of a block that it was there at boot: 1 or 0,
 * -ENODATA where they were not read, or -ENOMEM. */
static int is_early(const struct memblock_inventory *inventory, const struct memblock_block *block)
{
	_cleanup_free_ uint32_t *flags = NULL;
	int n = memblock_block_section_flags(inventory, block, &flags);

	for (int i = 0; i < n; i++)
		if (flags[i] & MEMBLOCK_SECTION_EARLY)
			return 1;
	return MIN(n, 0);
}

/* Where the kernel's own flag can't be read, what brought the memory tells as much, but of a DIMM:
 * firmware may have had it in the memory map. */
static int arm64_memory_of(const struct memblock_inventory *inventory,
			   const struct memblock_device *device, struct notes *evidence)
{
	if (!device)
		return conclude(evidence, FINDING_UNKNOWN,
				"boot memory: not known what brought it: %s",
				source_text(inventory, MEMBLOCK_SOURCE_SECTIONS));

	switch (device->provider) {
	case MEMBLOCK_PROVIDER_FIRMWARE:
		return conclude(evidence, FINDING_HOLDS,
				"boot-memory: no DIMM, dax or virtio device owns it, and arm64 "
				"keeps the memory that it booted with");
	case MEMBLOCK_PROVIDER_ACPI:
		return conclude(evidence, FINDING_UNKNOWN,
				"boot memory: not known whether %s was there at boot: %s",
				device->name, source_text(inventory, MEMBLOCK_SOURCE_SECTIONS));
	default:
		return conclude(evidence, FINDING_CLEAR, "not boot memory: %s brought it",
				device->name);
	}
}

/* arch/arm64/mm/mmu.c:prevent_bootmem_remove_notifier(), since Linux 5.8: it asks that flag. */
static int arm64_boot_memory(const struct memblock_inventory *inventory,
			     const struct memblock_block *block, struct notes *evidence)
{
	const struct memblock_device *device = memblock_block_device(inventory, block);
	bool owned = device && device->provider != MEMBLOCK_PROVIDER_FIRMWARE;
	const char *name = owned ? device->name : "it";
	int r = is_early(inventory, block);

	if (r == -ENODATA)
		return arm64_memory_of(inventory, device, evidence);
	if (r < 0)
		return r;
	if (r == 0)
		return conclude(evidence, FINDING_CLEAR,
				"not boot memory: %s came later (flag early of its section)", name);
	return conclude(evidence, FINDING_HOLDS,
			"boot-memory: %s was there at boot (flag early of its section), and arm64 "
			"keeps the memory that it booted with",
			name);
}

/* arch/s390/kernel/setup.c:kdump_mem_notifier(): as much memory as the crash kernel takes is kept
 * from 0 on, where that will be swapped to. */
static int s390_boot_memory(const struct memblock_inventory *inventory,
			    const struct memblock_block *block, struct notes *evidence)
{
	if (!inventory_has(inventory, MEMBLOCK_SOURCE_IOMEM))
		return conclude(evidence, FINDING_UNKNOWN, "crash kernel not known: %s",
				source_text(inventory, MEMBLOCK_SOURCE_IOMEM));
	if (block_start(inventory, block) >= inventory->iomem.crash_size)
		return FINDING_CLEAR;
	return conclude(evidence, FINDING_HOLDS,
			"boot-memory: it lies below 0x%" PRIx64 ", the size of the crash kernel "
			"(/proc/iomem), and s390 keeps that much from 0 on",
			inventory->iomem.crash_size);
}

static int rule_boot_memory(const struct memblock_inventory *inventory,
			    const struct memblock_block *block, struct notes *evidence)
{
	const char *architecture = inventory->machine.architecture;

	if (!architecture)
		return conclude(evidence, FINDING_UNKNOWN, "boot memory: architecture not known");
	if (geometry_is_arm64(architecture))
		return arm64_boot_memory(inventory, block, evidence);
	if (geometry_is_s390(architecture))
		return s390_boot_memory(inventory, block, evidence);
	if (!geometry_is_known(architecture))
		return conclude(evidence, FINDING_UNKNOWN,
				"boot memory: not known whether %s keeps it", architecture);
	return FINDING_CLEAR;
}

int find_reserved_pages(const struct memblock_inventory *inventory,
			const struct memblock_block *block, struct notes *evidence)
{
	const struct memblock_pages *pages = page_counts_find(&inventory->pages, block->index);
	int r;

	if (!pages || pages->examined == 0)
		return 0;
	if (pages->reserved == 0)
		return notes_add(evidence,
				 "no reserved page among the %" PRIu64 " that were looked at "
				 "(/proc/kpageflags)",
				 pages->examined);
	r = notes_add(evidence,
		      "reserved-pages: %" PRIu64 " of %" PRIu64
		      " pages that were looked at are the "
		      "kernel's since boot (/proc/kpageflags)",
		      pages->reserved, pages->examined);
	return r < 0 ? r : 1;
}

/* mm/page_isolation.c:has_unmovable_pages(): in every zone. It never makes the verdict unknown. */
static int rule_reserved_pages(const struct memblock_inventory *inventory,
			       const struct memblock_block *block, struct notes *evidence)
{
	int r = find_reserved_pages(inventory, block, evidence);

	return r > 0 ? FINDING_HOLDS : r < 0 ? r : FINDING_CLEAR;
}

const struct mark *mark_of(const struct memblock_inventory *inventory,
			   const struct memblock_block *block, const struct mark *after)
{
	const struct marks *marks = &inventory->marks;

	for (size_t i = after ? (size_t)(after - marks->items) + 1 : 0; i < marks->n; i++) {
		const struct mark *mark = &marks->items[i];

		if (mark_holds(inventory, mark, block))
			return mark;
	}
	return NULL;
}

const char *why_no_marks(const struct memblock_inventory *inventory)
{
	switch (inventory->sources[MEMBLOCK_SOURCE_MARKS].state) {
	case MEMBLOCK_SOURCE_HIDDEN:
	case MEMBLOCK_SOURCE_DAMAGED:
	case MEMBLOCK_SOURCE_FAILED:
		return source_text(inventory, MEMBLOCK_SOURCE_MARKS);
	default:
		return NULL;
	}
}

static int rule_marked(const struct memblock_inventory *inventory,
		       const struct memblock_block *block, struct notes *evidence)
{
	const char *why = why_no_marks(inventory);
	int r, finding = FINDING_CLEAR;

	for (const struct mark *mark = NULL; (mark = mark_of(inventory, block, mark));) {
		r = notes_add(evidence, "marked: %s", mark->reason);
		if (r < 0)
			return r;
		finding = FINDING_HOLDS;
	}
	return why && finding == FINDING_CLEAR
		       ? conclude(evidence, FINDING_UNKNOWN, "marks not known: %s", why)
		       : finding;
}

/* drivers/base/memory.c: the attribute exists only with CONFIG_MEMORY_HOTREMOVE. */
static int rule_no_hotremove(const struct memblock_inventory *inventory,
			     const struct memblock_block *block __attribute__((unused)),
			     struct notes *evidence)
{
	if (inventory->has_valid_zones)
		return FINDING_CLEAR;
	if (inventory->says_removable)
		return conclude(evidence, FINDING_UNKNOWN,
				"not known whether this kernel can offline memory: no block has "
				"valid_zones, but `removable` says 1");
	return conclude(evidence, FINDING_HOLDS,
			"no-hotremove: no block has valid_zones: this kernel can't offline memory");
}

/* In the order in which they are reported. */
static const struct rule {
	enum memblock_reason reason;
	rule_function apply;
	bool offline;  /* holds for a block that is offline too */
	bool required; /* without its facts the verdict is unknown */
} rules[] = {
	{ MEMBLOCK_REASON_MIXED_NODES, rule_mixed_nodes, false, true },
	{ MEMBLOCK_REASON_MIXED_ZONES, rule_mixed_zones, false, true },
	{ MEMBLOCK_REASON_HOLE, rule_hole, true, true },
	{ MEMBLOCK_REASON_MIXED_PMEM, rule_mixed_pmem, true, true },
	{ MEMBLOCK_REASON_BOOT_MEMORY, rule_boot_memory, false, true },
	{ MEMBLOCK_REASON_MARKED, rule_marked, true, true },
	{ MEMBLOCK_REASON_NO_HOTREMOVE, rule_no_hotremove, true, false },
};

/* Its evidence stands last, as it does where counts come to what somebody else told. */
static const struct rule page_rule = { MEMBLOCK_REASON_RESERVED_PAGES, rule_reserved_pages, false,
				       false };

/* The kernel's flags prove nothing: that of a device stays when the device is gone. */
static int describe_flags(const struct memblock_inventory *inventory,
			  const struct memblock_block *block, struct notes *evidence)
{
	_cleanup_free_ uint32_t *flags = NULL;
	int n = memblock_block_section_flags(inventory, block, &flags), early = 0, device = 0, r;

	if (n < 0)
		return n == -ENODATA ? 0 : n;
	for (int i = 0; i < n; i++) {
		early += !!(flags[i] & MEMBLOCK_SECTION_EARLY);
		device += !!(flags[i] & MEMBLOCK_SECTION_DEVICE);
	}
	r = notes_add(evidence, "there since boot: %d of %d sections (the kernel's section flags)",
		      early, n);
	if (r >= 0 && device > 0)
		r = notes_add(evidence,
			      "shared with device memory, now or before: %d of %d sections "
			      "(the kernel's section flags)",
			      device, n);
	return r;
}

static int describe_difference(const struct memblock_inventory *inventory,
			       const struct memblock_block *block, struct notes *evidence)
{
	struct memblock_range range;
	int r = subsections_difference(inventory, block, &range);

	if (r <= 0)
		return r;
	return notes_add(evidence,
			 "sub-sections differ: " RANGE_FORMAT " is set in %s and not in %s",
			 RANGE_ARGUMENTS(&range),
			 r == SUBSECTIONS_KERNEL_ONLY ? "the kernel's map" : "that of /proc/iomem",
			 r == SUBSECTIONS_KERNEL_ONLY ? "that of /proc/iomem" : "the kernel's map");
}

/* What the kernel itself keeps of the block, where it was read. */
static int describe_sections(const struct memblock_inventory *inventory,
			     const struct memblock_block *block, struct notes *evidence)
{
	int r;

	if (!evidence || !inventory_has(inventory, MEMBLOCK_SOURCE_SECTIONS))
		return 0;
	r = describe_flags(inventory, block, evidence);
	return r < 0 ? r : describe_difference(inventory, block, evidence);
}

static int apply(const struct rule *rule, const struct memblock_inventory *inventory,
		 const struct memblock_block *block, struct notes *evidence,
		 struct verdict *verdict)
{
	int finding;

	if (block->state == MEMBLOCK_STATE_OFFLINE && !rule->offline)
		return 0;
	finding = rule->apply(inventory, block, evidence);
	if (finding < 0)
		return finding;
	/* Of a block whose state can't be read, a rule for online ones proves nothing. */
	if (finding == FINDING_HOLDS && !rule->offline && block->state == MEMBLOCK_STATE_UNKNOWN)
		finding = FINDING_UNKNOWN;

	if (finding == FINDING_HOLDS)
		verdict->reasons |= (uint16_t)(1u << rule->reason);
	if (finding == FINDING_UNKNOWN && rule->required)
		verdict->removable = MEMBLOCK_ANSWER_UNKNOWN;
	return 0;
}

int verdict_of(const struct memblock_inventory *inventory, const struct memblock_block *block,
	       struct notes *evidence, struct verdict *ret)
{
	struct verdict verdict = { .removable = MEMBLOCK_ANSWER_YES };
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(rules); i++)
		r = apply(&rules[i], inventory, block, evidence, &verdict);
	if (r >= 0)
		r = describe_sections(inventory, block, evidence);
	if (r >= 0)
		r = apply(&page_rule, inventory, block, evidence, &verdict);
	if (r < 0)
		return r;

	if (block->state == MEMBLOCK_STATE_UNKNOWN)
		verdict.removable = MEMBLOCK_ANSWER_UNKNOWN;
	if (verdict.reasons)
		verdict.removable = MEMBLOCK_ANSWER_NO;
	*ret = verdict;
	return 0;
}

int judge_block(struct memblock_inventory *inventory, struct memblock_block *block)
{
	struct verdict verdict;
	int r;

	r = inventory->reported ? reported_verdict(inventory, block, &verdict)
				: verdict_of(inventory, block, NULL, &verdict);
	if (r < 0)
		return r;

	block->reasons = verdict.reasons;
	block->removable = (uint8_t)verdict.removable;
	return 0;
}

int memblock_block_evidence(const struct memblock_inventory *inventory,
			    const struct memblock_block *block, char ***ret)
{
	_cleanup_notes_ struct notes evidence = {};
	struct verdict verdict;
	int r;

	if (inventory->reported)
		r = reported_evidence(inventory, block, &evidence);
	else
		r = verdict_of(inventory, block, &evidence, &verdict);
	if (r < 0)
		return r;
	/* So that there is a list even where no rule had a word to say. */
	if (evidence.n == 0 && !(evidence.items = calloc(1, sizeof(*evidence.items))))
		return -ENOMEM;

	r = (int)evidence.n;
	*ret = TAKE_PTR(evidence.items);
	return r;
}
