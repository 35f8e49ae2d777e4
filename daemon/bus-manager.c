/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "bus-change.h"
#include "bus-pages.h"
#include "bus-paths.h"
#include "bus-policy.h"
#include "bus-rows.h"
#include "queue.h"

/* As many as fit a message with room to spare. */
#define BLOCKS_OF_A_PAGE 10000

static int list_ranges(sd_bus_message *message, void *userdata,
		       sd_bus_error *error __attribute__((unused)))
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	struct manager *manager = userdata;
	const struct census *census = manager->census;
	int r;

	r = sd_bus_message_new_method_return(message, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', MEMBLOCK_BUS_RANGE);
	for (size_t i = 0; r >= 0 && i < census->n_rows; i++)
		r = bus_append_row(reply, census->inventory, &census->rows[i]);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

/* A row a block. */
static int append_blocks(sd_bus_message *reply, const struct memblock_inventory *inventory,
			 uint64_t first, uint32_t count)
{
	struct row row = { first_block_from(inventory, first), 1 };
	int r;

	r = sd_bus_message_open_container(reply, 'a', MEMBLOCK_BUS_RANGE);
	for (; r >= 0 && count > 0 && memblock_inventory_block(inventory, row.first); count--) {
		r = bus_append_row(reply, inventory, &row);
		row.first++;
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int list_blocks(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	struct manager *manager = userdata;
	uint64_t first;
	uint32_t count;
	int r;

	r = sd_bus_message_read(message, "tu", &first, &count);
	if (r < 0)
		return r;
	if (count > BLOCKS_OF_A_PAGE)
		return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
					 "At most %d blocks are told of in one call",
					 BLOCKS_OF_A_PAGE);

	r = sd_bus_message_new_method_return(message, &reply);
	if (r >= 0)
		r = append_blocks(reply, manager->inventory, first, count);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int reply_block(sd_bus_message *message, const struct memblock_block *block)
{
	char path[BUS_PATH_MAX];

	return sd_bus_reply_method_return(message, "o",
					  block_path(memblock_block_index(block), path));
}

static int get_block(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct manager *manager = userdata;
	const struct memblock_block *block;
	uint64_t index;
	int r;

	r = sd_bus_message_read(message, "t", &index);
	if (r < 0)
		return r;
	block = memblock_inventory_find(manager->inventory, index);
	if (!block)
		return sd_bus_error_setf(error, MEMBLOCK_BUS_ERROR "NoSuchBlock",
					 "There is no memory block %" PRIu64, index);
	return reply_block(message, block);
}

static int get_block_by_address(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct manager *manager = userdata;
	const struct memblock_block *block;
	uint64_t address;
	int r;

	r = sd_bus_message_read(message, "t", &address);
	if (r < 0)
		return r;
	block = memblock_inventory_find_address(manager->inventory, address);
	if (!block)
		return sd_bus_error_setf(error, MEMBLOCK_BUS_ERROR "NoSuchBlock",
					 "There is no memory block at the address 0x%" PRIx64,
					 address);
	return reply_block(message, block);
}

static int list_marks(sd_bus_message *message, void *userdata,
		      sd_bus_error *error __attribute__((unused)))
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	struct manager *manager = userdata;
	struct memblock_mark found;
	int r;

	r = sd_bus_message_new_method_return(message, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(ttssb)");
	for (size_t i = 0; r >= 0 && memblock_inventory_mark(manager->inventory, i, &found); i++)
		r = sd_bus_message_append(reply, "(ttssb)", found.start, found.end - found.start,
					  found.device ? found.device : "", found.reason,
					  (int)found.stale);
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int list_jobs(sd_bus_message *message, void *userdata,
		     sd_bus_error *error __attribute__((unused)))
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	struct manager *manager = userdata;
	uint64_t size = memblock_inventory_block_size(manager->inventory);
	const struct job *job;
	int r;

	r = sd_bus_message_new_method_return(message, &reply);
	if (r >= 0)
		r = sd_bus_message_open_container(reply, 'a', "(uosstt)");
	for (size_t i = 0; r >= 0 && (job = queue_job(manager->queue, i)); i++) {
		char path[BUS_PATH_MAX];
		size_t done, wanted;

		job_progress(job, &done, &wanted);
		r = sd_bus_message_append(
			reply, "(uosstt)", job->id, job_object_path(job->id, path),
			job_kind_to_string(job->kind), job_state_to_string(job->state), done * size,
			wanted * size);
	}
	if (r >= 0)
		r = sd_bus_message_close_container(reply);
	return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int rescan(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct manager *manager = userdata;
	int r;

	r = bus_authorize(manager, message, "inspect", error);
	if (r <= 0)
		return r < 0 ? r : 1;
	r = manager_refresh(manager, error);
	return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}

static int reload(sd_bus_message *message, void *userdata, sd_bus_error *error)
{
	struct manager *manager = userdata;
	int r;

	r = bus_authorize(manager, message, "reload", error);
	if (r <= 0)
		return r < 0 ? r : 1;
	r = manager_reload(manager);
	return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}

static uint64_t subsection_size(const struct memblock_inventory *inventory __attribute__((unused)))
{
	return MEMBLOCK_SUBSECTION_SIZE;
}

static uint64_t n_blocks(const struct memblock_inventory *inventory)
{
	return memblock_inventory_n_blocks(inventory);
}

/* Numbers that the inventory tells. */
static const struct {
	const char *property;
	uint64_t (*get)(const struct memblock_inventory *inventory);
} numbers[] = {
	{ "BlockSize", memblock_inventory_block_size },
	{ "SectionSize", memblock_inventory_section_size },
	{ "PageSize", memblock_inventory_page_size },
	{ "SubsectionSize", subsection_size },
	{ "Blocks", n_blocks },
};

static int get_number(sd_bus *bus __attribute__((unused)), const char *path __attribute__((unused)),
		      const char *interface __attribute__((unused)), const char *property,
		      sd_bus_message *reply, void *userdata,
		      sd_bus_error *error __attribute__((unused)))
{
	struct manager *manager = userdata;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (strcmp(numbers[i].property, property) == 0)
			return sd_bus_message_append(reply, "t",
						     numbers[i].get(manager->inventory));
	return -ENOENT;
}

static int get_totals(sd_bus *bus __attribute__((unused)), const char *path __attribute__((unused)),
		      const char *interface __attribute__((unused)), const char *property,
		      sd_bus_message *reply, void *userdata,
		      sd_bus_error *error __attribute__((unused)))
{
	struct manager *manager = userdata;
	const struct totals *totals = &manager->census->all.totals;
	const struct {
		const char *property;
		uint64_t blocks;
	} table[] = {
		{ "OnlineBytes", totals->online },
		{ "OfflineBytes", totals->offline },
		{ "RemovableBytes", totals->removable[MEMBLOCK_ANSWER_YES] },
		{ "NotRemovableBytes", totals->removable[MEMBLOCK_ANSWER_NO] },
		{ "UnknownBytes", totals->removable[MEMBLOCK_ANSWER_UNKNOWN] },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (strcmp(table[i].property, property) == 0)
			return sd_bus_message_append(
				reply, "t",
				table[i].blocks *
					memblock_inventory_block_size(manager->inventory));
	return -ENOENT;
}

static int get_text(sd_bus *bus __attribute__((unused)), const char *path __attribute__((unused)),
		    const char *interface __attribute__((unused)), const char *property,
		    sd_bus_message *reply, void *userdata,
		    sd_bus_error *error __attribute__((unused)))
{
	struct manager *manager = userdata;
	const struct {
		const char *property;
		const char *text;
	} table[] = {
		{ "Version", PACKAGE_VERSION },
		{ "Architecture", memblock_inventory_architecture(manager->inventory) },
		{ "Release", memblock_inventory_release(manager->inventory) },
		{ "SubsectionSource", manager->asked.has_kernel_map ? "kernel" : "derived" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (strcmp(table[i].property, property) == 0)
			return sd_bus_message_append(reply, "s",
						     table[i].text ? table[i].text : "");
	return -ENOENT;
}

static int get_sources(sd_bus *bus __attribute__((unused)),
		       const char *path __attribute__((unused)),
		       const char *interface __attribute__((unused)),
		       const char *property __attribute__((unused)), sd_bus_message *reply,
		       void *userdata, sd_bus_error *error __attribute__((unused)))
{
	struct manager *manager = userdata;
	const char *name, *text;
	int r;

	r = sd_bus_message_open_container(reply, 'a', "(sss)");
	for (int i = 0; r >= 0 && (name = memblock_source_to_string((enum memblock_source)i));
	     i++) {
		enum memblock_source_state state =
			asked_state(manager, (enum memblock_source)i, &text);

		r = sd_bus_message_append(reply, "(sss)", name,
					  memblock_source_state_to_string(state), text ? text : "");
	}
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_notes(sd_bus *bus __attribute__((unused)), const char *path __attribute__((unused)),
		     const char *interface __attribute__((unused)),
		     const char *property __attribute__((unused)), sd_bus_message *reply,
		     void *userdata, sd_bus_error *error __attribute__((unused)))
{
	struct manager *manager = userdata;
	const char *note;
	int r;

	r = sd_bus_message_open_container(reply, 'a', "s");
	for (size_t i = 0; r >= 0 && (note = memblock_inventory_note(manager->inventory, i)); i++)
		r = sd_bus_message_append(reply, "s", note);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_flag(sd_bus *bus __attribute__((unused)), const char *path __attribute__((unused)),
		    const char *interface __attribute__((unused)), const char *property,
		    sd_bus_message *reply, void *userdata,
		    sd_bus_error *error __attribute__((unused)))
{
	struct manager *manager = userdata;
	bool is_guard = strcmp(property, "Guard") == 0;

	return sd_bus_message_append(reply, "b",
				     is_guard ? (int)manager->config.guard
					      : (int)manager->options.read_only);
}

static int get_job_results(sd_bus *bus __attribute__((unused)),
			   const char *path __attribute__((unused)),
			   const char *interface __attribute__((unused)),
			   const char *property __attribute__((unused)), sd_bus_message *reply,
			   void *userdata, sd_bus_error *error __attribute__((unused)))
{
	struct manager *manager = userdata;
	int r;

	r = sd_bus_message_open_container(reply, 'a', "(st)");
	for (int i = MEMBLOCK_ENDING_DONE; r >= 0 && i <= MEMBLOCK_ENDING_NOT_PUT_BACK; i++)
		r = sd_bus_message_append(reply, "(st)",
					  memblock_ending_to_string((enum memblock_ending)i),
					  manager->counts.jobs[i]);
	return r < 0 ? r : sd_bus_message_close_container(reply);
}

#define FREE_FOR_ALL SD_BUS_VTABLE_UNPRIVILEGED
#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define CONSTANT SD_BUS_VTABLE_PROPERTY_CONST
#define SILENT 0
#define COUNT(member) (offsetof(struct manager, counts) + offsetof(struct counts, member))
#define CONFIG(member) (offsetof(struct manager, config) + offsetof(struct config, member))

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),

	SD_BUS_METHOD_WITH_ARGS("ListRanges", SD_BUS_NO_ARGS,
				SD_BUS_RESULT("a" MEMBLOCK_BUS_RANGE, ranges), list_ranges,
				FREE_FOR_ALL),
	SD_BUS_METHOD_WITH_ARGS("ListBlocks", SD_BUS_ARGS("t", first, "u", count),
				SD_BUS_RESULT("a" MEMBLOCK_BUS_RANGE, blocks), list_blocks,
				FREE_FOR_ALL),
	SD_BUS_METHOD_WITH_ARGS("GetBlock", SD_BUS_ARGS("t", index), SD_BUS_RESULT("o", block),
				get_block, FREE_FOR_ALL),
	SD_BUS_METHOD_WITH_ARGS("GetBlockByAddress", SD_BUS_ARGS("t", address),
				SD_BUS_RESULT("o", block), get_block_by_address, FREE_FOR_ALL),
	SD_BUS_METHOD_WITH_ARGS("PlanOnline",
				SD_BUS_ARGS("a(tt)", ranges, "s", zone, "a{sv}", options),
				SD_BUS_RESULT("a" MEMBLOCK_BUS_STEP, steps, "t", size),
				bus_plan_online, FREE_FOR_ALL),
	SD_BUS_METHOD_WITH_ARGS("PlanOffline",
				SD_BUS_ARGS("a(tt)", ranges, "s", zone, "a{sv}", options),
				SD_BUS_RESULT("a" MEMBLOCK_BUS_STEP, steps, "t", size),
				bus_plan_offline, FREE_FOR_ALL),
	SD_BUS_METHOD_WITH_ARGS("CountPages", SD_BUS_ARGS("a(tt)", ranges),
				SD_BUS_RESULT("a" MEMBLOCK_BUS_PAGES, blocks), bus_count_pages,
				FREE_FOR_ALL),
	SD_BUS_METHOD_WITH_ARGS("Online", SD_BUS_ARGS("a(tt)", ranges, "s", zone, "a{sv}", options),
				SD_BUS_RESULT("o", job), bus_online, FREE_FOR_ALL),
	SD_BUS_METHOD_WITH_ARGS("Offline",
				SD_BUS_ARGS("a(tt)", ranges, "s", zone, "a{sv}", options),
				SD_BUS_RESULT("o", job), bus_offline, FREE_FOR_ALL),
	SD_BUS_METHOD_WITH_ARGS("Remove", SD_BUS_ARGS("s", device, "a{sv}", options),
				SD_BUS_RESULT("o", job), bus_remove_device, FREE_FOR_ALL),
	SD_BUS_METHOD_WITH_ARGS("Mark", SD_BUS_ARGS("a(tt)", ranges, "s", device, "s", reason),
				SD_BUS_NO_RESULT, bus_mark, FREE_FOR_ALL),
	SD_BUS_METHOD_WITH_ARGS("Unmark", SD_BUS_ARGS("a(tt)", ranges), SD_BUS_NO_RESULT,
				bus_unmark, FREE_FOR_ALL),
	SD_BUS_METHOD_WITH_ARGS("ListMarks", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ttssb)", marks),
				list_marks, FREE_FOR_ALL),
	SD_BUS_METHOD_WITH_ARGS("ListJobs", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(uosstt)", jobs),
				list_jobs, FREE_FOR_ALL),
	SD_BUS_METHOD_WITH_ARGS("Rescan", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, rescan, FREE_FOR_ALL),
	SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, reload, FREE_FOR_ALL),

	SD_BUS_SIGNAL_WITH_ARGS("BlocksChanged", SD_BUS_ARGS("a(tt)", ranges), 0),
	SD_BUS_SIGNAL_WITH_ARGS("Settled", SD_BUS_NO_ARGS, 0),
	SD_BUS_SIGNAL_WITH_ARGS("JobNew", SD_BUS_ARGS("u", id, "o", job), 0),
	SD_BUS_SIGNAL_WITH_ARGS("JobRemoved", SD_BUS_ARGS("u", id, "o", job, "s", result), 0),
	SD_BUS_SIGNAL_WITH_ARGS("ZoneMismatch", SD_BUS_ARGS("t", start, "s", wanted, "s", got), 0),

	SD_BUS_PROPERTY("Version", "s", get_text, 0, CONSTANT),
	SD_BUS_PROPERTY("Architecture", "s", get_text, 0, CONSTANT),
	SD_BUS_PROPERTY("Release", "s", get_text, 0, CONSTANT),
	SD_BUS_PROPERTY("BlockSize", "t", get_number, 0, CONSTANT),
	SD_BUS_PROPERTY("SectionSize", "t", get_number, 0, CONSTANT),
	SD_BUS_PROPERTY("SubsectionSize", "t", get_number, 0, CONSTANT),
	SD_BUS_PROPERTY("PageSize", "t", get_number, 0, CONSTANT),
	SD_BUS_PROPERTY("Blocks", "t", get_number, 0, CHANGES),
	SD_BUS_PROPERTY("OnlineBytes", "t", get_totals, 0, CHANGES),
	SD_BUS_PROPERTY("OfflineBytes", "t", get_totals, 0, CHANGES),
	SD_BUS_PROPERTY("RemovableBytes", "t", get_totals, 0, CHANGES),
	SD_BUS_PROPERTY("NotRemovableBytes", "t", get_totals, 0, CHANGES),
	SD_BUS_PROPERTY("UnknownBytes", "t", get_totals, 0, CHANGES),
	SD_BUS_PROPERTY("Sources", "a(sss)", get_sources, 0, CHANGES),
	SD_BUS_PROPERTY("Notes", "as", get_notes, 0, CHANGES),
	SD_BUS_PROPERTY("SubsectionSource", "s", get_text, 0, CHANGES),
	SD_BUS_PROPERTY("ReadOnly", "b", get_flag, 0, CONSTANT),
	SD_BUS_PROPERTY("Reserve", "t", NULL, CONFIG(reserve), CHANGES),
	SD_BUS_PROPERTY("Timeout", "t", NULL, CONFIG(timeout_usec), CHANGES),
	SD_BUS_PROPERTY("MovableRatio", "u", NULL, CONFIG(movable_ratio), CHANGES),
	SD_BUS_PROPERTY("Guard", "b", get_flag, 0, CHANGES),
	SD_BUS_PROPERTY("Policy", "a(sss)", bus_get_policy, 0, CHANGES),
	SD_BUS_PROPERTY("KernelPolicy", "a(sss)", bus_get_kernel_policy, 0, CHANGES),
	SD_BUS_PROPERTY("ZoneMismatches", "u", NULL, offsetof(struct manager, zone_mismatches),
			CHANGES),
	SD_BUS_PROPERTY("JobResults", "a(st)", get_job_results, 0, SILENT),
	SD_BUS_PROPERTY("BlockEvents", "t", NULL, COUNT(block_events), SILENT),
	SD_BUS_PROPERTY("Scans", "t", NULL, COUNT(scans), SILENT),
	SD_BUS_PROPERTY("LastScan", "t", NULL, COUNT(last_scan_usec), SILENT),
	SD_BUS_VTABLE_END,
};

int bus_add_manager(sd_bus *connection, struct manager *manager)
{
	int r;

	r = sd_bus_add_object_manager(connection, NULL, MEMBLOCK_BUS_PATH);
	return r < 0 ? r
		     : sd_bus_add_object_vtable(connection, NULL, MEMBLOCK_BUS_PATH,
						MEMBLOCK_BUS_MANAGER, vtable, manager);
}
