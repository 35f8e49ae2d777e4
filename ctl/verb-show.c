/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "block-json.h"
#include "json.h"
#include "log.h"
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

static int print_composition(const struct memblock_inventory *inventory,
			     const struct memblock_block *block)
{
	_cleanup_free_ struct memblock_extent *extents = NULL;
	int n;

	n = memblock_block_composition(inventory, block, &extents);
	if (n == -ENODATA) {
		print_line("Made of", "");
		return 0;
	}
	if (n < 0)
		return n;

	printf("%14s:\n", "Made of");
	for (int i = 0; i < n; i++)
		print_extent(&extents[i]);
	return 0;
}

static int print_subsections(const struct memblock_inventory *inventory,
			     const struct memblock_block *block)
{
	_cleanup_(subsections_done) struct subsections map = {};
	int r;

	r = subsections_read(inventory, block, &map);
	if (r == -ENODATA) {
		print_line("Sub-sections", "");
		return 0;
	}
	if (r < 0)
		return r;

	printf("%14s: %" PRIu64 " of %" PRIu64 ", %s\n", "Sub-sections", map.present, map.all,
	       map.derived ? "derived from /proc/iomem" : "as the kernel has them");
	for (size_t i = 0; i < map.n_sections; i++)
		printf("%16ssection %" PRIu64 ": %s\n", "", map.first_section + i, map.sections[i]);
	return 0;
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
	bool *first = userdata;
	int r;

	if (!*first)
		putchar('\n');
	*first = false;

	print_head(inventory, block);
	r = print_composition(inventory, block);
	if (r >= 0)
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

static int take_nothing(const struct memblock_inventory *inventory __attribute__((unused)),
			const struct memblock_block *block __attribute__((unused)),
			void *userdata __attribute__((unused)))
{
	return 0;
}

/* Every word is looked up before the first is printed: no half an object for a wrong one. */
static int show_json(const struct ctl *ctl, const struct memblock_inventory *inventory,
		     char **words)
{
	bool first = true;
	int r;

	r = for_each_block(ctl, inventory, words, take_nothing, NULL);
	if (r < 0)
		return r;

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
