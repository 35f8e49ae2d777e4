/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "bus.h"
#include "ctl.h"
#include "json.h"
#include "size.h"
#include "style.h"
#include "text.h"
#include "totals.h"

/* Nobody reads more block numbers than this in a summary. */
#define RANGES_SHOWN 6

static void print_amount(const struct memblock_inventory *inventory, const char *label,
			 enum style style, uint64_t blocks, uint64_t offline)
{
	char text[SIZE_TEXT_MAX];

	size_to_text(blocks * memblock_inventory_block_size(inventory), text);
	printf("%14s: %s%s%s in %" PRIu64 " block%s", label, style_on(style), text, style_off(),
	       blocks, blocks == 1 ? "" : "s");
	if (offline > 0)
		printf(", %" PRIu64 " of them offline", offline);
	putchar('\n');
}

/* Of offline blocks too. */
static void print_verdict(const struct memblock_inventory *inventory, const char *label,
			  enum style style, const struct totals *totals,
			  enum memblock_answer removable)
{
	print_amount(inventory, label, style, totals->removable[removable],
		     totals->removable_offline[removable]);
}

/* "0, 8, 12-14 and 3 more": the blocks of one reason, whatever others they have. */
static void print_ranges(const struct memblock_inventory *inventory, enum memblock_reason reason)
{
	uint64_t first = 0, n = 0;
	unsigned ranges = 0;

	for (size_t i = 0; i <= memblock_inventory_n_blocks(inventory); i++) {
		const struct memblock_block *block = memblock_inventory_block(inventory, i);
		bool has = block && memblock_block_has_reason(block, reason);
		char text[LIST_TEXT_MAX];

		if (has && n > 0 && memblock_block_index(block) == first + n) {
			n++;
			continue;
		}
		if (n > 0 && ranges++ < RANGES_SHOWN)
			printf("%s%s", ranges > 1 ? ", " : "", blocks_text(first, n, text));
		n = has;
		first = has ? memblock_block_index(block) : 0;
	}
	if (ranges > RANGES_SHOWN)
		printf(" and %u more", ranges - RANGES_SHOWN);
}

static void print_reasons(const struct memblock_inventory *inventory, const struct totals *totals)
{
	const char *name;

	for (int i = 0; (name = memblock_reason_to_string((enum memblock_reason)i)); i++) {
		if (totals->reasons[i] == 0)
			continue;
		printf("%14s  %s%-14s%s block%s ", "", style_on(STYLE_BAD), name, style_off(),
		       totals->reasons[i] == 1 ? "" : "s");
		print_ranges(inventory, (enum memblock_reason)i);
		putchar('\n');
	}
}

/* The sources that gave less than all, each with why. */
static void print_sources(const struct memblock_inventory *inventory)
{
	const char *label = "Not read:";

	for (int i = 0; memblock_source_to_string((enum memblock_source)i); i++) {
		const char *text = missing_source(inventory, (enum memblock_source)i);

		if (!text || is_on_demand((enum memblock_source)i))
			continue;
		printf("%15s %s\n", label, text);
		label = "";
	}
}

/* Only memblockd knows, and only since it started. */
static void print_mismatches(const struct ctl *ctl)
{
	_cleanup_bus_ sd_bus *bus = NULL;
	uint32_t n = 0;

	if (!ctl->of_daemon || bus_connect(&bus, NULL) < 0 ||
	    sd_bus_get_property_trivial(bus, MEMBLOCK_BUS_NAME, MEMBLOCK_BUS_PATH,
					MEMBLOCK_BUS_MANAGER, "ZoneMismatches", NULL, 'u', &n) < 0)
		return;
	if (n > 0)
		printf("%14s: %s%" PRIu32 " block%s went online in another zone than was "
		       "wanted%s; see journalctl -u memblockd\n",
		       "Wrong zone", style_on(STYLE_BAD), n, n == 1 ? "" : "s", style_off());
}

static void print_status(const struct ctl *ctl, const struct memblock_inventory *inventory,
			 const struct totals *totals)
{
	const char *architecture = memblock_inventory_architecture(inventory);
	const char *release = memblock_inventory_release(inventory);
	uint64_t section = memblock_inventory_section_size(inventory);
	char block_size[SIZE_TEXT_MAX], section_size[SIZE_TEXT_MAX];

	printf("%14s: Linux %s, %s%s%s\n", "Machine", release ? release : "(release not known)",
	       architecture ? architecture : "architecture not known",
	       ctl->root ? ", captured in " : "", ctl->root ? ctl->root : "");
	printf("%14s: %s each, sections of %s\n", "Blocks",
	       size_to_text(memblock_inventory_block_size(inventory), block_size),
	       section ? size_to_text(section, section_size) : "a size not known");
	print_amount(inventory, "Online", STYLE_PLAIN, totals->online, 0);
	print_amount(inventory, "Offline", STYLE_PLAIN, totals->offline, 0);
	print_verdict(inventory, "Removable", STYLE_GOOD, totals, MEMBLOCK_ANSWER_YES);
	print_verdict(inventory, "Not removable", STYLE_BAD, totals, MEMBLOCK_ANSWER_NO);
	print_reasons(inventory, totals);
	if (totals->removable[MEMBLOCK_ANSWER_UNKNOWN] > 0)
		print_verdict(inventory, "Not known", STYLE_UNSURE, totals,
			      MEMBLOCK_ANSWER_UNKNOWN);
	print_mismatches(ctl);
	print_sources(inventory);
}

static json_object *sources_json(const struct memblock_inventory *inventory, int *r)
{
	json_object *sources = json_object_new_object();

	for (int i = 0; memblock_source_to_string((enum memblock_source)i); i++)
		if (!is_on_demand((enum memblock_source)i))
			json_add_text(sources, memblock_source_to_string((enum memblock_source)i),
				      memblock_source_state_to_string(memblock_inventory_source(
					      inventory, (enum memblock_source)i, NULL)),
				      r);
	return sources;
}

static json_object *reasons_json(const struct totals *totals, int *r)
{
	json_object *reasons = json_object_new_object();

	for (int i = 0; memblock_reason_to_string((enum memblock_reason)i); i++)
		json_add_number(reasons, memblock_reason_to_string((enum memblock_reason)i),
				totals->reasons[i], r);
	return reasons;
}

static int print_json(const struct memblock_inventory *inventory, const struct totals *totals)
{
	_cleanup_json_ json_object *status = json_object_new_object();
	uint64_t section = memblock_inventory_section_size(inventory);
	int r = 0;

	json_add_text(status, "architecture", memblock_inventory_architecture(inventory), &r);
	json_add_text(status, "release", memblock_inventory_release(inventory), &r);
	json_add_number(status, "block_size", memblock_inventory_block_size(inventory), &r);
	if (section)
		json_add_number(status, "section_size", section, &r);
	else
		json_add_text(status, "section_size", NULL, &r);
	json_add_number(status, "subsection_size", MEMBLOCK_SUBSECTION_SIZE, &r);
	json_add_number(status, "blocks", totals->blocks, &r);
	json_add_number(status, "online", totals->online, &r);
	json_add_number(status, "offline", totals->offline, &r);
	json_add_number(status, "removable", totals->removable[MEMBLOCK_ANSWER_YES], &r);
	json_add_number(status, "not_removable", totals->removable[MEMBLOCK_ANSWER_NO], &r);
	json_add_number(status, "not_known", totals->removable[MEMBLOCK_ANSWER_UNKNOWN], &r);
	json_add(status, "reasons", reasons_json(totals, &r), &r);
	json_add(status, "sources", sources_json(inventory, &r), &r);
	return r < 0 ? r : json_print(status);
}

static int status_run(struct ctl *ctl, char **arguments __attribute__((unused)))
{
	_cleanup_(memblock_inventory_unrefp) struct memblock_inventory *inventory = NULL;
	struct totals totals;
	int r;

	r = load_inventory(ctl, &inventory);
	if (r < 0)
		return r;

	totals_of(inventory, &totals);
	if (ctl->json)
		return print_json(inventory, &totals);
	print_status(ctl, inventory, &totals);
	return 0;
}

const struct verb verb_status = {
	.name = "status",
	.arguments = "",
	.help = "Tell in short what memory there is and what of it can't go (default)",
	.run = status_run,
	.max_arguments = 0,
};
