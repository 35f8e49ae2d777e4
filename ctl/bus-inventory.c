/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "bus-details.h"
#include "bus-inventory.h"

/* MEMBLOCK_BUS_RANGE without its brackets, as sd-bus wants it inside. */
#define ROW "ttsiauassass"

/* What came over the bus, until an inventory is made of it. */
struct told {
	sd_bus *bus;
	sd_bus_message *manager, *ranges, *objects;
	struct bus_rows rows;
	struct memblock_report_source sources[32];
	const char **notes;
	struct memblock_report report;
};

static void told_done(struct told *told)
{
	sd_bus_message_unref(told->manager);
	sd_bus_message_unref(told->ranges);
	sd_bus_message_unref(told->objects);
	bus_rows_done(&told->rows);
	free(told->notes);
	bus_release(told->bus);
}

void bus_rows_done(struct bus_rows *rows)
{
	free(rows->items);
}

static struct bus_row *add_row(struct bus_rows *rows)
{
	if (ARRAY_GROW(rows->items, rows->capacity, rows->n) < 0)
		return NULL;
	rows->items[rows->n] = (struct bus_row){};
	return &rows->items[rows->n++];
}

/* Zones that this version never heard of are kept as such, so that their number is right. */
static int read_zones(sd_bus_message *message, struct bus_row *row)
{
	const char *word;
	int r;

	r = sd_bus_message_enter_container(message, 'a', "s");
	while (r >= 0 && (r = sd_bus_message_read_basic(message, 's', &word)) > 0)
		if (row->range.n_zones < ARRAY_SIZE(row->zones)) {
			row->zones[row->range.n_zones] = MEMBLOCK_ZONE_UNKNOWN;
			memblock_zone_from_string(word, &row->zones[row->range.n_zones++]);
		}
	return r < 0 ? r : sd_bus_message_exit_container(message);
}

/* A reason that a later memblockd gives is left out: its word can't be shown here. */
static int read_reasons(sd_bus_message *message, struct bus_row *row)
{
	enum memblock_reason reason;
	const char *word;
	int r;

	r = sd_bus_message_enter_container(message, 'a', "s");
	while (r >= 0 && (r = sd_bus_message_read_basic(message, 's', &word)) > 0)
		if (row->range.n_reasons < ARRAY_SIZE(row->reasons) &&
		    memblock_reason_from_string(word, &reason) >= 0)
			row->reasons[row->range.n_reasons++] = reason;
	return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int read_row(sd_bus_message *message, struct bus_row *row)
{
	struct memblock_report_range *range = &row->range;
	const char *state, *removable, *device;
	const void *nids;
	size_t nids_size;
	uint64_t size;
	int r, nid;

	r = sd_bus_message_read(message, "ttsi", &range->range.start, &size, &state, &nid);
	if (r >= 0)
		r = sd_bus_message_read_array(message, 'u', &nids, &nids_size);
	if (r >= 0)
		r = read_zones(message, row);
	if (r >= 0)
		r = sd_bus_message_read_basic(message, 's', &removable);
	if (r >= 0)
		r = read_reasons(message, row);
	if (r >= 0)
		r = sd_bus_message_read_basic(message, 's', &device);
	if (r < 0)
		return r;

	range->range.end = range->range.start + size;
	range->nids = nids;
	range->n_nids = nids_size / sizeof(*range->nids);
	range->device = *device ? device : NULL;
	/* A word that is not known here leaves "unknown", which is 0. */
	(void)memblock_state_from_string(state, &range->state);
	(void)memblock_answer_from_string(removable, &range->removable);
	return 0;
}

int bus_rows_read(struct bus_rows *rows, sd_bus_message *message)
{
	int r;

	r = sd_bus_message_enter_container(message, 'a', MEMBLOCK_BUS_RANGE);
	if (r < 0)
		return r;
	while ((r = sd_bus_message_enter_container(message, 'r', ROW)) > 0) {
		struct bus_row *row = add_row(rows);

		r = row ? read_row(message, row) : -ENOMEM;
		if (r >= 0)
			r = sd_bus_message_exit_container(message);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : sd_bus_message_exit_container(message);
}

/* The ranges of a report, which point into the rows. To be freed. */
static struct memblock_report_range *report_ranges(const struct bus_rows *rows)
{
	struct memblock_report_range *ranges = calloc(rows->n + 1, sizeof(*ranges));

	for (size_t i = 0; ranges && i < rows->n; i++) {
		ranges[i] = rows->items[i].range;
		ranges[i].zones = rows->items[i].zones;
		ranges[i].reasons = rows->items[i].reasons;
	}
	return ranges;
}

static int make_inventory(const struct bus_rows *rows, struct memblock_report *report,
			  struct memblock_inventory **ret)
{
	_cleanup_free_ struct memblock_report_range *ranges = report_ranges(rows);

	if (!ranges)
		return -ENOMEM;
	report->ranges = ranges;
	report->n_ranges = rows->n;
	return memblock_inventory_new_of_report(report, ret);
}

int bus_rows_inventory(const struct bus_rows *rows, uint64_t block_size,
		       struct memblock_inventory **ret)
{
	struct memblock_report report = { .block_size = block_size };

	return make_inventory(rows, &report, ret);
}

static int read_sources(sd_bus_message *message, struct told *told)
{
	const char *name, *state, *text;
	int r;

	r = sd_bus_message_enter_container(message, 'v', "a(sss)");
	if (r >= 0)
		r = sd_bus_message_enter_container(message, 'a', "(sss)");
	while (r >= 0 && (r = sd_bus_message_read(message, "(sss)", &name, &state, &text)) > 0) {
		struct memblock_report_source source = { .text = *text ? text : NULL };
		enum memblock_source which;

		if (memblock_source_from_string(name, &which) < 0 ||
		    memblock_source_state_from_string(state, &source.state) < 0 ||
		    (size_t)which >= ARRAY_SIZE(told->sources))
			continue;
		told->sources[which] = source;
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(message);
	return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int read_notes(sd_bus_message *message, struct told *told)
{
	const char *note;
	size_t n = 0;
	int r;

	r = sd_bus_message_enter_container(message, 'v', "as");
	if (r >= 0)
		r = sd_bus_message_enter_container(message, 'a', "s");
	while (r >= 0 && (r = sd_bus_message_read_basic(message, 's', &note)) > 0) {
		const char **grown = reallocarray(told->notes, n + 2, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		told->notes = grown;
		told->notes[n++] = note;
		told->notes[n] = NULL;
	}
	if (r >= 0)
		r = sd_bus_message_exit_container(message);
	return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int read_list(const char *name, sd_bus_message *message, void *target)
{
	int r = 0;

	if (strcmp(name, "Sources") == 0)
		r = read_sources(message, target);
	else if (strcmp(name, "Notes") == 0)
		r = read_notes(message, target);
	else
		return 0;
	return r < 0 ? r : 1;
}

static int read_manager(struct told *told)
{
	static const struct bus_member members[] = {
		{ "BlockSize", 't', offsetof(struct told, report.block_size) },
		{ "SectionSize", 't', offsetof(struct told, report.section_size) },
		{ "PageSize", 't', offsetof(struct told, report.page_size) },
		{ "Architecture", 's', offsetof(struct told, report.architecture) },
		{ "Release", 's', offsetof(struct told, report.release) },
		{},
	};
	struct memblock_report *report = &told->report;
	int r;

	r = bus_read_members(told->manager, members, told, read_list);
	if (r < 0)
		return r;
	if (report->architecture && !*report->architecture)
		report->architecture = NULL;
	if (report->release && !*report->release)
		report->release = NULL;
	report->sources = told->sources;
	report->n_sources = ARRAY_SIZE(told->sources);
	report->notes = told->notes;
	return 0;
}

static void set_provider(struct bus_rows *rows, const char *device, const char *word)
{
	enum memblock_provider provider = MEMBLOCK_PROVIDER_UNKNOWN;

	(void)memblock_provider_from_string(word, &provider);
	for (size_t i = 0; i < rows->n; i++)
		if (rows->items[i].range.device && strcmp(rows->items[i].range.device, device) == 0)
			rows->items[i].range.provider = provider;
}

struct device {
	const char *name;
	const char *provider;
};

/* One interface of an object: {s a{sv}}, entered. */
static int read_interface(struct told *told)
{
	static const struct bus_member members[] = {
		{ "Name", 's', offsetof(struct device, name) },
		{ "Provider", 's', offsetof(struct device, provider) },
		{},
	};
	struct device device = {};
	const char *interface;
	int r;

	r = sd_bus_message_read_basic(told->objects, 's', &interface);
	if (r < 0)
		return r;
	if (strcmp(interface, MEMBLOCK_BUS_DEVICE) != 0)
		return sd_bus_message_skip(told->objects, "a{sv}");
	r = bus_read_members(told->objects, members, &device, NULL);
	if (r >= 0 && device.name && device.provider)
		set_provider(&told->rows, device.name, device.provider);
	return r;
}

static int read_interfaces(struct told *told)
{
	sd_bus_message *objects = told->objects;
	int r;

	r = sd_bus_message_enter_container(objects, 'a', "{sa{sv}}");
	while (r >= 0 && (r = sd_bus_message_enter_container(objects, 'e', "sa{sv}")) > 0) {
		r = read_interface(told);
		if (r >= 0)
			r = sd_bus_message_exit_container(objects);
	}
	return r < 0 ? r : sd_bus_message_exit_container(objects);
}

/* Who provides a device stands at the device alone. */
static int read_providers(struct told *told)
{
	sd_bus_message *objects = told->objects;
	int r;

	r = sd_bus_message_enter_container(objects, 'a', "{oa{sa{sv}}}");
	while (r >= 0 && (r = sd_bus_message_enter_container(objects, 'e', "oa{sa{sv}}")) > 0) {
		r = sd_bus_message_skip(objects, "o");
		if (r >= 0)
			r = read_interfaces(told);
		if (r >= 0)
			r = sd_bus_message_exit_container(objects);
	}
	return r < 0 ? r : sd_bus_message_exit_container(objects);
}

static int ask(struct told *told, sd_bus_error *error)
{
	int r;

	r = sd_bus_call_method(told->bus, MEMBLOCK_BUS_NAME, MEMBLOCK_BUS_PATH,
			       MEMBLOCK_BUS_MANAGER, "ListRanges", error, &told->ranges, NULL);
	if (r >= 0)
		r = bus_get_all(told->bus, MEMBLOCK_BUS_PATH, MEMBLOCK_BUS_MANAGER, error,
				&told->manager);
	if (r >= 0)
		r = sd_bus_call_method(told->bus, MEMBLOCK_BUS_NAME, MEMBLOCK_BUS_PATH,
				       "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
				       error, &told->objects, NULL);
	return r;
}

static int read_answers(struct told *told)
{
	int r;

	r = bus_rows_read(&told->rows, told->ranges);
	if (r >= 0)
		r = read_manager(told);
	if (r >= 0)
		r = read_providers(told);
	return r;
}

/* With what is asked later: the details of a block, and the kernel's own attribute, which stands in
 * the files of the machine that we are on, if that is the one. */
static int make_whole_inventory(struct told *told, bool is_here, struct memblock_inventory **ret)
{
	_cleanup_(memblock_root_unrefp) struct memblock_root *root = NULL;
	struct bus_details *details;
	int r;

	r = is_here ? memblock_root_new(NULL, &root) : 0;
	if (r < 0)
		return r;
	details = bus_details_new(&told->bus);
	if (!details)
		return -ENOMEM;

	told->report.root = root;
	told->report.details = bus_details_tell;
	told->report.done = bus_details_free;
	told->report.userdata = details;
	r = make_inventory(&told->rows, &told->report, ret);
	if (r < 0)
		bus_details_free(details);
	return r;
}

int bus_inventory(const struct ctl *ctl, struct memblock_inventory **ret, char **ret_why)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(told_done) struct told told = {};
	int r;

	r = bus_connect(&told.bus, ret_why);
	if (r < 0)
		return r;
	r = ask(&told, &error);
	if (r >= 0)
		r = read_answers(&told);
	if (r >= 0)
		r = make_whole_inventory(&told, !ctl->host, ret);
	if (r < 0)
		*ret_why = bus_error_text(&error, r);
	return r;
}
