/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bus.h"
#include "columns.h"
#include "complete.h"
#include "groups.h"
#include "log.h"

static int offer_verbs(struct typing *typing)
{
	for (const struct verb *const *verb = verbs; *verb; verb++)
		complete_offer(typing, (*verb)->name, (*verb)->help);
	return 0;
}

/* A list that grows by commas; a + in front adds to what is shown anyway. */
static int offer_columns(struct typing *typing)
{
	const char *comma = strrchr(typing->word, ',');

	typing->word = comma ? comma + 1 : typing->word + (*typing->word == '+');
	for (int i = 0; i < COLUMN_COUNT; i++)
		complete_offer(typing, column_specs[i].name, column_specs[i].help);
	return 0;
}

static int offer_whens(struct typing *typing)
{
	complete_offer(typing, "always", "below the table");
	complete_offer(typing, "never", "the table alone");
	complete_offer(typing, "only", "without the table");
	return 0;
}

/* Memory goes online in a zone that is chosen, and offline out of the one that it is in. */
static int offer_zones(struct typing *typing)
{
	if (typing->ctl.verb == &verb_online ||
	    (typing->first && strcmp(typing->first, "online") == 0)) {
		complete_offer(typing, "kernel", "may never go offline again");
		complete_offer(typing, "movable", "goes offline again");
		return 0;
	}
	for (int zone = MEMBLOCK_ZONE_DMA; zone < MEMBLOCK_ZONE_DEVICE; zone++)
		complete_offer(typing, memblock_zone_to_string((enum memblock_zone)zone), "");
	return 0;
}

/* Whether a verb may have something to do with a block. */
static bool is_of_use(const struct verb *verb, const struct memblock_block *block)
{
	bool is_offline = memblock_block_state(block) == MEMBLOCK_STATE_OFFLINE;

	if (verb == &verb_online)
		return is_offline;
	if (verb == &verb_offline)
		return !is_offline && memblock_block_removable(block) != MEMBLOCK_ANSWER_NO;
	if (verb == &verb_unmark)
		return memblock_block_has_reason(block, MEMBLOCK_REASON_MARKED);
	return true;
}

static void offer_each_block(const struct typing *typing,
			     const struct memblock_inventory *inventory, const char *prefix)
{
	const struct memblock_block *block;

	for (size_t i = 0; (block = memblock_inventory_block(inventory, i)); i++) {
		char text[48];

		if (!is_of_use(typing->ctl.verb, block))
			continue;
		snprintf(text, sizeof(text), "%s%" PRIu64, prefix, memblock_block_index(block));
		complete_offer(typing, text, memblock_state_to_string(memblock_block_state(block)));
	}
}

static int offer_blocks(struct typing *typing, const struct memblock_inventory *inventory)
{
	offer_each_block(typing, inventory, *typing->word == 'm' ? "memory" : "");
	return 0;
}

/* What firmware brought stays, so there is nothing to remove. */
static int offer_device(const struct typing *typing, const struct memblock_device *device,
			const char *prefix)
{
	enum memblock_provider provider = memblock_device_provider(device);
	_cleanup_free_ char *text = NULL;

	if (typing->ctl.verb == &verb_remove && provider == MEMBLOCK_PROVIDER_FIRMWARE)
		return 0;
	if (asprintf(&text, "%s%s", prefix, memblock_device_name(device)) < 0) {
		text = NULL;
		return log_oom();
	}
	complete_offer(typing, text, memblock_provider_to_string(provider));
	return 0;
}

static int offer_each_device(const struct typing *typing,
			     const struct memblock_inventory *inventory, const char *prefix)
{
	_cleanup_(groups_done) struct groups groups = {};
	int r = 0;

	if (groups_by_device(inventory, &groups) < 0)
		return log_oom();
	for (size_t i = 0; r >= 0 && i < groups.n; i++)
		if (groups.items[i].key)
			r = offer_device(typing,
					 (const struct memblock_device *)groups.items[i].key,
					 prefix);
	return r;
}

static int offer_devices(struct typing *typing, const struct memblock_inventory *inventory)
{
	return offer_each_device(typing, inventory, "");
}

static int offer_devices_as_memory(struct typing *typing,
				   const struct memblock_inventory *inventory)
{
	return offer_each_device(typing, inventory, "device:");
}

static int offer_each_node(const struct typing *typing, const struct memblock_inventory *inventory)
{
	_cleanup_(groups_done) struct groups groups = {};

	if (groups_by_node(inventory, &groups) < 0)
		return log_oom();
	for (size_t i = 0; i < groups.n; i++) {
		char text[32];

		snprintf(text, sizeof(text), "node:%d", (int)groups.items[i].key);
		complete_offer(typing, text, "a node");
	}
	return 0;
}

static int offer_memory(struct typing *typing, const struct memblock_inventory *inventory)
{
	int r;

	r = offer_each_node(typing, inventory);
	if (r >= 0)
		r = offer_devices_as_memory(typing, inventory);
	if (r >= 0)
		offer_each_block(typing, inventory, "memory");
	return r;
}

/* Those that can still be cancelled. Of another machine nothing is asked: ssh may want a password.
 */
static int offer_jobs(struct typing *typing)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_bus_ sd_bus *bus = NULL;
	const char *kind, *state;
	char text[16];
	uint32_t id;
	int r;

	if (typing->ctl.host)
		return 0;
	r = bus_need(&bus);
	if (r >= 0)
		r = bus_ask(bus, "ListJobs", &reply);
	if (r < 0)
		return r;

	r = sd_bus_message_enter_container(reply, 'a', "(uosstt)");
	while (r >= 0 && (r = sd_bus_message_read(reply, "(uosstt)", &id, NULL, &kind, &state, NULL,
						  NULL)) > 0) {
		snprintf(text, sizeof(text), "%" PRIu32, id);
		if (strcmp(state, "ended") != 0)
			complete_offer(typing, text, kind);
	}
	return r < 0 ? log_error(r, "Can't list the jobs: %m") : 0;
}

/* By the names that --help has for arguments. */
static const struct argument {
	const char *name;
	int (*offer)(struct typing *typing);
	int (*offer_of)(struct typing *typing, const struct memblock_inventory *inventory);
} arguments[] = {
	{ "BLOCK", NULL, offer_blocks },
	{ "JOB", offer_jobs, NULL },
	{ "LIST", offer_columns, NULL },
	{ "MEMORY", NULL, offer_memory },
	{ "NAME", NULL, offer_devices },
	{ "VERB", offer_verbs, NULL },
	{ "WHEN", offer_whens, NULL },
	{ "ZONE", offer_zones, NULL },
	{ "device:NAME", NULL, offer_devices_as_memory },
};

static int offer_argument(struct typing *typing, const struct argument *argument)
{
	_cleanup_(memblock_inventory_unrefp) struct memblock_inventory *inventory = NULL;
	int r;

	if (argument->offer)
		return argument->offer(typing);
	if (typing->ctl.host)
		return 0;
	r = load_inventory(&typing->ctl, &inventory);
	return r < 0 ? r : argument->offer_of(typing, inventory);
}

/* Small letters stand for themselves. */
int complete_argument(struct typing *typing, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(arguments); i++)
		if (strcmp(arguments[i].name, name) == 0)
			return offer_argument(typing, &arguments[i]);
	if (*name >= 'a')
		complete_offer(typing, name, "");
	else
		printf("\t%s\n", name);
	return 0;
}
