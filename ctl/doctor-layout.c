/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "size.h"

/* Borders that fall inside memory blocks. */

/* More than anybody reads. */
#define SHOWN 8

/* What meets what inside a block; -1 or NULL where there is no such border. */
typedef bool border_test(const struct memblock_extent *one, const struct memblock_extent *other);

static bool is_node_border(const struct memblock_extent *one, const struct memblock_extent *other)
{
	return one->nid >= 0 && other->nid >= 0 && one->nid != other->nid;
}

static bool is_device_memory(const struct memblock_extent *extent)
{
	return extent->kind == MEMBLOCK_KIND_PMEM || extent->kind == MEMBLOCK_KIND_DEVICE_DAX;
}

static bool is_pmem_border(const struct memblock_extent *one, const struct memblock_extent *other)
{
	return is_device_memory(one) != is_device_memory(other);
}

static const char *extent_text(const struct memblock_extent *extent, bool by_node, char text[64])
{
	if (by_node)
		snprintf(text, 64, "node %d", extent->nid);
	else
		snprintf(text, 64, "%s",
			 extent->owner ? extent->owner : memblock_kind_to_string(extent->kind));
	return text;
}

/* Tells of the borders in one block. 0 or -ENOMEM. */
static int tell_borders(struct doctor *doctor, const struct memblock_block *block,
			border_test *is_border)
{
	_cleanup_free_ struct memblock_extent *extents = NULL;
	int n = memblock_block_composition(doctor->inventory, block, &extents);
	bool by_node = is_border == is_node_border, found = false;
	const struct memblock_extent *last = NULL;

	for (int i = 0; i < n; i++) {
		char one[64], other[64];

		/* Between two nodes may lie a hole. */
		if (by_node && extents[i].nid < 0)
			continue;
		if (last && is_border(last, &extents[i])) {
			findings_add_evidence(
				&doctor->findings,
				"memory%" PRIu64 ": %s ends, and %s begins at 0x%" PRIx64,
				memblock_block_index(block), extent_text(last, by_node, one),
				extent_text(&extents[i], by_node, other), extents[i].start);
			found = true;
		}
		last = &extents[i];
	}
	if (n != -ENOMEM && !found)
		findings_add_evidence(&doctor->findings, "memory%" PRIu64,
				      memblock_block_index(block));
	return n == -ENOMEM ? n : 0;
}

static int tell_blocks(struct doctor *doctor, enum memblock_reason reason, border_test *is_border)
{
	const struct memblock_block *block;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; r >= 0 && (block = memblock_inventory_block(doctor->inventory, i)); i++)
		if (memblock_block_has_reason(block, reason) && n++ < SHOWN)
			r = tell_borders(doctor, block, is_border);
	if (n > SHOWN)
		findings_add_evidence(&doctor->findings, "and %zu more", n - SHOWN);
	return r;
}

static bool any_block(const struct doctor *doctor, enum memblock_reason reason)
{
	const struct memblock_block *block;

	for (size_t i = 0; (block = memblock_inventory_block(doctor->inventory, i)); i++)
		if (memblock_block_has_reason(block, reason))
			return true;
	return false;
}

int doctor_layout(struct doctor *doctor)
{
	struct findings *findings = &doctor->findings;
	const char *missing = missing_source(doctor->inventory, MEMBLOCK_SOURCE_IOMEM);
	char size[SIZE_TEXT_MAX];
	int r = 0;

	if (missing) {
		doctor->not_read = true;
		findings_add(findings, SEVERITY_INFO, "not-read",
			     "What lies where is not known, nor what is wrong with that");
		findings_add_evidence(findings, "%s", missing);
	}
	size_to_text(memblock_inventory_block_size(doctor->inventory), size);
	if (any_block(doctor, MEMBLOCK_REASON_MIXED_NODES)) {
		findings_add(findings, SEVERITY_WARNING, "node-border",
			     "Memory blocks of several NUMA nodes can never be taken offline");
		r = tell_blocks(doctor, MEMBLOCK_REASON_MIXED_NODES, is_node_border);
		findings_set_advice(findings,
				    "Of a virtual machine, make the size of each node a multiple "
				    "of %s. Else only firmware can move the border (interleaving, "
				    "memory hole); numa=fake= must not be set.",
				    size);
	}
	if (r >= 0 && any_block(doctor, MEMBLOCK_REASON_MIXED_PMEM)) {
		findings_add(findings, SEVERITY_WARNING, "pmem-border",
			     "Memory blocks that hold persistent or device memory too can never "
			     "be taken offline");
		r = tell_blocks(doctor, MEMBLOCK_REASON_MIXED_PMEM, is_pmem_border);
		findings_set_advice(findings,
				    "Make it begin and end at a multiple of %s: by memmap= on the "
				    "kernel command line, by the machine's own set-up, or with "
				    "ndctl create-namespace --align=.",
				    size);
	}
	return r;
}
