/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "block-json.h"
#include "json.h"
#include "load-pages.h"
#include "log.h"
#include "ranges.h"
#include "select.h"
#include "size.h"
#include "style.h"
#include "subsections.h"
#include "text.h"

static void print_line(const char *label, const char *text)
{
	printf("%14s: %s\n", label, *text ? text : "not known");
}

static void print_head(const struct memblock_inventory *inventory,
		       const struct memblock_block *block)
{
	uint64_t size = memblock_inventory_block_size(inventory);
	uint64_t start = memblock_block_start(inventory, block);
	char text[LIST_TEXT_MAX], range[RANGE_TEXT_MAX], bytes[SIZE_TEXT_MAX];
	static const enum style styles[] = { STYLE_UNSURE, STYLE_GOOD, STYLE_BAD };
	enum memblock_answer removable = memblock_block_removable(block);

	printf("%smemory%" PRIu64 "%s  %s  %s\n", style_on(STYLE_BOLD), memblock_block_index(block),
	       style_off(), range_to_text(start, start + size, range), size_to_text(size, bytes));
	print_line("State", memblock_state_to_string(memblock_block_state(block)));
	if (memblock_inventory_source(inventory, MEMBLOCK_SOURCE_NODES, NULL) ==
	    MEMBLOCK_SOURCE_ABSENT)
		print_line("Nodes", "this kernel knows none");
	else
		print_line("Nodes", nodes_text(inventory, block, text));
	print_line("Zones", zones_text(block, text));
	print_line("Device", device_text(inventory, block));
	printf("%14s: %s%s%s", "Removable", style_on(styles[removable]),
	       memblock_answer_to_string(removable), style_off());
	if (*reasons_text(block_reasons(block), text))
		printf("  %s", text);
	putchar('\n');
}

static void print_extent(const struct memblock_extent *extent)
{
	char range[RANGE_TEXT_MAX], bytes[SIZE_TEXT_MAX];

	printf("%16s%s %6s  %s", "", range_to_text(extent->start, extent->end, range),
	       size_to_text(extent->end - extent->start, bytes),
	       memblock_kind_to_string(extent->kind));
	if (extent->nid >= 0)
		printf(", node %d", extent->nid);
	if (extent->zone != MEMBLOCK_ZONE_NONE)
		printf(", zone %s", extent->zone == MEMBLOCK_ZONE_UNKNOWN
					    ? "not known"
					    : memblock_zone_to_string(extent->zone));
	if (extent->owner)
		printf(", %s", extent->owner);
	putchar('\n');
}

/* n is negative where they are not known. */
static void print_composition(const struct memblock_extent *extents, int n)
{
	if (n < 0) {
		print_line("Made of", "");
		return;
	}
	printf("%14s:\n", "Made of");
	for (int i = 0; i < n; i++)
		print_extent(&extents[i]);
}

static void print_flags(uint32_t flags)
{
	static const struct {
		uint32_t flag;
		const char *word;
	} words[] = {
		{ MEMBLOCK_SECTION_EARLY, "early" },
		{ MEMBLOCK_SECTION_DEVICE, "shared with device memory" },
	};
	const char *separator = "  ";

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (flags & words[i].flag) {
			printf("%s%s", separator, words[i].word);
			separator = ", ";
		}
}

/* flags: of each section, NULL where not known. */
static void print_map(const struct subsections *map, const uint32_t *flags, const char *label,
		      const char *source)
{
	printf("%14s: %" PRIu64 " of %" PRIu64 ", %s\n", label, map->present, map->all, source);
	for (size_t i = 0; i < map->n_sections; i++) {
		printf("%16ssection %" PRIu64 ": %s", "", map->first_section + i, map->sections[i]);
		if (flags)
			print_flags(flags[i]);
		putchar('\n');
	}
}

static void print_differences(const struct memblock_inventory *inventory,
			      const struct memblock_block *block, const struct subsections *kernel,
			      const struct subsections *derived)
{
	uint64_t start = memblock_block_start(inventory, block), first, n;

	for (uint64_t at = 0; subsections_differ(kernel, derived, at, &first, &n); at = first + n) {
		uint64_t from = start + first * MEMBLOCK_SUBSECTION_SIZE;
		char range[RANGE_TEXT_MAX];

		printf("%14s%c %s  %s\n", at == 0 ? "Differs" : "", at == 0 ? ':' : ' ',
		       range_to_text(from, from + n * MEMBLOCK_SUBSECTION_SIZE, range),
		       subsections_have(kernel, first) ? "in the kernel's alone"
						       : "in the derived one alone");
	}
}

/* The kernel's own map, and what else it would be taken for. */
static int print_kernel_map(const struct memblock_inventory *inventory,
			    const struct memblock_block *block, const struct subsections *kernel,
			    const struct subsections *derived)
{
	_cleanup_free_ uint32_t *flags = NULL;
	uint64_t first, n;
	int n_flags;

	n_flags = memblock_block_section_flags(inventory, block, &flags);
	if (n_flags == -ENOMEM)
		return n_flags;
	print_map(kernel, n_flags == (int)kernel->n_sections ? flags : NULL, "Sub-sections",
		  "as the kernel has them");
	if (derived->all == 0)
		print_line("Derived", "");
	else if (subsections_differ(kernel, derived, 0, &first, &n))
		print_map(derived, NULL, "Derived", "from /proc/iomem");
	else
		print_line("Derived", "the same from /proc/iomem");
	if (derived->all > 0)
		print_differences(inventory, block, kernel, derived);
	return 0;
}

static void print_why_derived(const struct memblock_inventory *inventory)
{
	const char *text;
	enum memblock_source_state state =
		memblock_inventory_source(inventory, MEMBLOCK_SOURCE_SECTIONS, &text);

	if (state == MEMBLOCK_SOURCE_READ)
		text = "it keeps none of this block";
	else if (state == MEMBLOCK_SOURCE_UNASKED)
		text = "not read";
	else if (!text)
		text = memblock_source_state_to_string(state);
	printf("%16sthe kernel's own map is not known: %s\n", "", text);
}

static int print_subsections(const struct memblock_inventory *inventory,
			     const struct memblock_block *block)
{
	_cleanup_(subsections_done) struct subsections kernel = {}, derived = {};

	if (subsections_read(inventory, block, MEMBLOCK_SOURCE_SECTIONS, &kernel) == -ENOMEM ||
	    subsections_read(inventory, block, MEMBLOCK_SOURCE_IOMEM, &derived) == -ENOMEM)
		return -ENOMEM;
	if (kernel.all > 0)
		return print_kernel_map(inventory, block, &kernel, &derived);

	if (derived.all == 0) {
		print_line("Sub-sections", "");
		return 0;
	}
	print_map(&derived, NULL, "Sub-sections", "derived from /proc/iomem");
	print_why_derived(inventory);
	return 0;
}

/* What was counted, as sizes; those of a sample are scaled up to the block. */
static void print_kinds(const struct memblock_inventory *inventory,
			const struct memblock_block *block, const struct memblock_pages *pages)
{
	uint64_t block_size = memblock_inventory_block_size(inventory);
	uint64_t of = is_sample(block, pages) ? pages->examined : pages->all;
	const char *separator = "";

	printf("%16s", "");
	for (const struct page_kind *kind = page_kinds; kind->key; kind++) {
		char size[SIZE_TEXT_MAX];

		if (page_count(pages, kind) == 0)
			continue;
		printf("%s%s %s", separator,
		       size_to_text(page_count(pages, kind) * block_size / of, size), kind->word);
		separator = ", ";
	}
	if (pages->examined < pages->all)
		printf(" (%" PRIu64 " of %" PRIu64 " pages were looked at)", pages->examined,
		       pages->all);
	putchar('\n');
}

static void print_why_not_counted(const struct memblock_inventory *inventory)
{
	const char *text;

	memblock_inventory_source(inventory, MEMBLOCK_SOURCE_PAGES, &text);
	printf("%14s: not known%s%s\n", "Right now", text ? ", " : "", text ? text : "");
}

/* Blocks that are not online hold nothing. */
static void print_now(const struct memblock_inventory *inventory,
		      const struct memblock_block *block)
{
	static const char *const words[] = { "whether it is busy is not known", "busy",
					     "not busy" };
	static const enum style styles[] = { STYLE_UNSURE, STYLE_BAD, STYLE_GOOD };
	enum memblock_answer busy = memblock_block_busy(inventory, block);
	char stays[SIZE_TEXT_MAX], moves[SIZE_TEXT_MAX];
	struct memblock_pages pages;
	uint64_t unmovable, to_move;

	if (memblock_block_state(block) != MEMBLOCK_STATE_ONLINE)
		return;
	if (memblock_block_load(inventory, block, &unmovable, &to_move) < 0 ||
	    !memblock_block_pages(inventory, block, &pages)) {
		print_why_not_counted(inventory);
		return;
	}
	printf("%14s: %s%s%s, %s that can't be moved, %s to be moved\n", "Right now",
	       style_on(styles[busy]), words[busy], style_off(), size_to_text(unmovable, stays),
	       size_to_text(to_move, moves));
	print_kinds(inventory, block, &pages);
}

static int print_evidence(const struct memblock_inventory *inventory,
			  const struct memblock_block *block)
{
	_cleanup_(memblock_strv_freep) char **evidence = NULL;
	int n;

	n = memblock_block_evidence(inventory, block, &evidence);
	if (n < 0)
		return n;
	for (int i = 0; i < n; i++)
		printf("%14s%c %s\n", i == 0 ? "Evidence" : "", i == 0 ? ':' : ' ', evidence[i]);
	return 0;
}

static int print_block(const struct memblock_inventory *inventory,
		       const struct memblock_block *block, void *userdata)
{
	_cleanup_free_ struct memblock_extent *extents = NULL;
	bool *first = userdata;
	int r, n;

	/* Before a line is printed: memblockd is asked for details, and may say why not. */
	n = memblock_block_composition(inventory, block, &extents);
	if (n < 0 && n != -ENODATA)
		return log_oom();
	if (!*first)
		putchar('\n');
	*first = false;

	print_head(inventory, block);
	print_now(inventory, block);
	print_composition(extents, n);
	r = print_subsections(inventory, block);
	if (r >= 0)
		r = print_evidence(inventory, block);
	return r < 0 ? log_oom() : 0;
}

/* Block by block: all of a large machine's would take much memory at once. */
static int print_block_json(const struct memblock_inventory *inventory,
			    const struct memblock_block *block, void *userdata)
{
	_cleanup_json_ json_object *object = NULL;
	bool *first = userdata;
	int r = 0;

	object = block_json(inventory, block, &r);
	if (r < 0)
		return log_oom();
	if (!*first)
		puts(",");
	*first = false;
	return json_print(object);
}

static int add_range(const struct memblock_inventory *inventory, const struct memblock_block *block,
		     void *userdata)
{
	uint64_t start = memblock_block_start(inventory, block);

	return ranges_join(userdata, start, start + memblock_inventory_block_size(inventory)) < 0
		       ? log_oom()
		       : 0;
}

/* Every word is looked up before the first block is printed: no half an object for a wrong one. */
static int load_blocks(const struct ctl *ctl, struct memblock_inventory *inventory, char **words)
{
	_cleanup_(ranges_done) struct ranges ranges = {};
	int r;

	r = for_each_block(ctl, inventory, words, add_range, &ranges);
	if (r >= 0 && ranges.n > 0)
		r = load_pages(ctl, inventory, ranges.items, ranges.n);
	return r < 0 ? r : load_sections(ctl, inventory);
}

static int show_json(const struct ctl *ctl, const struct memblock_inventory *inventory,
		     char **words)
{
	bool first = true;
	int r;

	puts("{\n\"blocks\": [");
	r = for_each_block(ctl, inventory, words, print_block_json, &first);
	if (r >= 0)
		puts("]\n}");
	return r;
}

static int show_run(struct ctl *ctl, char **arguments)
{
	_cleanup_(memblock_inventory_unrefp) struct memblock_inventory *inventory = NULL;
	bool first = true;
	int r;

	if (!*arguments)
		return usage_error(ctl, "Which block? Numbers, ranges like 8-12, or all");

	r = load_inventory(ctl, &inventory);
	if (r >= 0)
		r = load_blocks(ctl, inventory, arguments);
	if (r < 0)
		return r;
	if (ctl->json)
		return show_json(ctl, inventory, arguments);
	return for_each_block(ctl, inventory, arguments, print_block, &first);
}

const struct verb verb_show = {
	.name = "show",
	.arguments = "BLOCK...|all",
	.help = "Tell all that is known of blocks, and what the verdict rests on",
	.run = show_run,
	.max_arguments = -1,
};
