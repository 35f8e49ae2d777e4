/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <string.h>

#include "parse.h"
#include "report.h"
#include "sources.h"

static bool makes_sense(const struct memblock_report *report,
			const struct memblock_report_range *range)
{
	const struct memblock_range *bytes = &range->range;

	for (size_t i = 0; i < range->n_nids; i++)
		if (range->nids[i] < 0 || (i > 0 && range->nids[i] <= range->nids[i - 1]))
			return false;
	for (size_t i = 0; i < range->n_reasons; i++)
		if ((unsigned)range->reasons[i] >= MEMBLOCK_REASON_COUNT)
			return false;
	return bytes->start < bytes->end && bytes->start % report->block_size == 0 &&
	       bytes->end % report->block_size == 0 && range->n_zones <= MEMBLOCK_ZONES_MAX;
}

static int set_nodes(struct memblock_inventory *inventory, struct memblock_block *block,
		     const struct memblock_report_range *range)
{
	int set;

	block->nid = range->n_nids == 0 ? MEMBLOCK_NID_UNKNOWN : range->nids[0];
	if (range->n_nids <= 1)
		return 0;

	set = inventory_node_set(inventory, range->nids, range->n_nids);
	if (set < 0)
		return set;
	block->nid = MEMBLOCK_NID_SEVERAL;
	block->nodes = (uint16_t)set;
	return 0;
}

static int set_device(struct memblock_inventory *inventory, struct memblock_block *block,
		      const struct memblock_report_range *range)
{
	int device;

	if (!range->device)
		return 0;
	device = inventory_device(inventory, range->device, range->provider);
	if (device < 0)
		return device;
	block->device = (uint16_t)device;
	return 0;
}

/* What all blocks of a range have in common. */
static int make_block(struct memblock_inventory *inventory,
		      const struct memblock_report_range *range, struct memblock_block *ret)
{
	struct memblock_block block = {
		.index = range->range.start / inventory->block_size,
		.state = (uint8_t)range->state,
		.removable = (uint8_t)range->removable,
		.told_removable = (uint8_t)range->removable,
	};
	int r;

	for (size_t i = 0; i < range->n_zones; i++)
		block.zones = zone_list_add(block.zones, i, range->zones[i]);
	for (size_t i = 0; i < range->n_reasons; i++)
		block.reasons |= (uint16_t)(1u << range->reasons[i]);
	block.told_reserved = memblock_block_has_reason(&block, MEMBLOCK_REASON_RESERVED_PAGES);
	r = set_nodes(inventory, &block, range);
	if (r >= 0)
		r = set_device(inventory, &block, range);
	if (r >= 0)
		*ret = block;
	return r;
}

static int take_blocks(struct memblock_inventory *inventory, const struct memblock_report *report)
{
	uint64_t n = 0, end = 0;

	for (size_t i = 0; i < report->n_ranges; i++) {
		const struct memblock_range *bytes = &report->ranges[i].range;

		if (!makes_sense(report, &report->ranges[i]) || bytes->start < end)
			return -EINVAL;
		n += (bytes->end - bytes->start) / report->block_size;
		end = bytes->end;
	}

	inventory->blocks = calloc(n, sizeof(*inventory->blocks));
	if (n > 0 && !inventory->blocks)
		return -ENOMEM;
	for (size_t i = 0; i < report->n_ranges; i++) {
		const struct memblock_range *bytes = &report->ranges[i].range;
		struct memblock_block block;
		int r;

		r = make_block(inventory, &report->ranges[i], &block);
		if (r < 0)
			return r;
		for (; block.index < bytes->end / report->block_size; block.index++)
			inventory->blocks[inventory->n_blocks++] = block;
	}
	return 0;
}

static int copy_text(const char *text, char **ret)
{
	if (!text)
		return 0;
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

static int take_sources(struct memblock_inventory *inventory, const struct memblock_report *report)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < MIN(report->n_sources, MEMBLOCK_SOURCE_COUNT); i++) {
		inventory->sources[i].state = report->sources[i].state;
		r = copy_text(report->sources[i].text, &inventory->sources[i].text);
	}
	for (const char *const *note = report->notes; r >= 0 && note && *note; note++)
		r = notes_add(&inventory->notes, "%s", *note);
	return r;
}

static int take_machine(struct memblock_inventory *inventory, const struct memblock_report *report)
{
	struct machine *machine = &inventory->machine;
	int r;

	inventory->block_size = report->block_size;
	inventory->section_size = report->section_size;
	machine->page_size = report->page_size;
	r = copy_text(report->architecture, &machine->architecture);
	if (r >= 0)
		r = copy_text(report->release, &machine->release);
	if (r < 0 || !report->root)
		return r;

	/* Not to be had is no error: then nobody can be told what `removable` says. */
	inventory->root = memblock_root_ref(report->root);
	inventory->memory_fd = memblock_root_open(report->root, MEMORY_DIR, O_DIRECTORY);
	return 0;
}

int memblock_inventory_new_of_report(const struct memblock_report *report,
				     struct memblock_inventory **ret)
{
	_cleanup_(memblock_inventory_unrefp) struct memblock_inventory *inventory = NULL;
	int r;

	if (!is_power_of_two(report->block_size))
		return -EINVAL;

	inventory = inventory_alloc();
	if (!inventory)
		return -ENOMEM;
	inventory->reported = true;

	r = take_machine(inventory, report);
	if (r >= 0)
		r = take_sources(inventory, report);
	if (r >= 0)
		r = take_blocks(inventory, report);
	if (r < 0)
		return r;

	inventory->reporter = (struct reporter){ report->details, report->done, report->userdata };
	*ret = TAKE_PTR(inventory);
	return 0;
}

int memblock_inventory_tell_source(struct memblock_inventory *inventory,
				   enum memblock_source source,
				   const struct memblock_report_source *told)
{
	if (!inventory->reported || (size_t)source >= ARRAY_SIZE(inventory->sources))
		return -EINVAL;
	return inventory_set_source(inventory, source, told->state, told->text ? "%s" : NULL,
				    told->text);
}

static int ask(const struct memblock_inventory *inventory, const struct memblock_block *block,
	       struct memblock_report_details *ret)
{
	const struct reporter *reporter = &inventory->reporter;

	*ret = (struct memblock_report_details){};
	return reporter->details ? reporter->details(block->index, reporter->userdata, ret) : 0;
}

/* A copy of n things, to be freed. */
static void *copy_of(const void *items, size_t n, size_t size)
{
	void *copy = calloc(MAX(n, (size_t)1), size);

	if (copy && n > 0)
		memcpy(copy, items, n * size);
	return copy;
}

int reported_composition(const struct memblock_inventory *inventory,
			 const struct memblock_block *block, struct memblock_extent **ret)
{
	struct memblock_report_details details;
	struct memblock_extent *copy;
	int r;

	r = ask(inventory, block, &details);
	if (r < 0)
		return r;
	if (!details.composition)
		return -ENODATA;
	copy = copy_of(details.composition, details.n_extents, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	*ret = copy;
	return (int)details.n_extents;
}

/* Whether words that were told are the map of a block: as many for each section, and enough. */
static bool is_map(const struct memblock_inventory *inventory,
		   const struct memblock_report_details *details)
{
	uint64_t bits = inventory->block_size / MEMBLOCK_SUBSECTION_SIZE, n_sections;

	if (details->words_per_section <= 0 ||
	    details->n_words % (size_t)details->words_per_section != 0)
		return false;
	n_sections = details->n_words / (size_t)details->words_per_section;
	return n_sections > 0 && bits % n_sections == 0 &&
	       bits / n_sections <= (uint64_t)details->words_per_section * 64;
}

int reported_subsections(const struct memblock_inventory *inventory,
			 const struct memblock_block *block, enum memblock_source source,
			 uint64_t **ret, size_t *ret_n)
{
	struct memblock_report_details details;
	const uint64_t *words;
	uint64_t *copy;
	int r;

	r = ask(inventory, block, &details);
	if (r < 0)
		return r;
	words = source == MEMBLOCK_SOURCE_SECTIONS ? details.subsections : details.derived;
	if (!words || !is_map(inventory, &details))
		return -ENODATA;
	copy = copy_of(words, details.n_words, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	*ret = copy;
	*ret_n = details.n_words;
	return details.words_per_section;
}

int reported_section_flags(const struct memblock_inventory *inventory,
			   const struct memblock_block *block, uint32_t **ret)
{
	struct memblock_report_details details;
	uint32_t *copy;
	int r;

	r = ask(inventory, block, &details);
	if (r < 0)
		return r;
	if (!details.section_flags)
		return -ENODATA;
	copy = copy_of(details.section_flags, details.n_sections, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	*ret = copy;
	return (int)details.n_sections;
}

int reported_verdict(const struct memblock_inventory *inventory, const struct memblock_block *block,
		     struct verdict *ret)
{
	const uint16_t reserved = (uint16_t)(1u << MEMBLOCK_REASON_RESERVED_PAGES);
	struct verdict verdict = {
		.reasons = (uint16_t)(block->reasons & ~reserved),
		.removable = (enum memblock_answer)block->told_removable,
	};
	int r;

	r = find_reserved_pages(inventory, block, NULL);
	if (r < 0)
		return r;
	if (r > 0 || block->told_reserved)
		verdict.reasons |= reserved;
	if (r > 0)
		verdict.removable = MEMBLOCK_ANSWER_NO;

	*ret = verdict;
	return 0;
}

int reported_evidence(const struct memblock_inventory *inventory,
		      const struct memblock_block *block, struct notes *evidence)
{
	struct memblock_report_details details;
	int r;

	r = ask(inventory, block, &details);
	for (const char *const *line = details.evidence; r >= 0 && line && *line; line++)
		r = notes_add(evidence, "%s", *line);
	/* Where it was told already, so is what it rests on. */
	if (r >= 0 && !block->told_reserved)
		r = find_reserved_pages(inventory, block, evidence);
	return r < 0 ? r : 0;
}
