/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "bus-inventory.h"
#include "bus-job.h"
#include "columns.h"
#include "json.h"
#include "log.h"
#include "size.h"

/* The most that ListBlocks gives at once. */
#define BLOCKS_AT_ONCE 10000

struct monitor {
	sd_bus *bus;
	sd_event *event;
	bool json;
	uint64_t block_size;
};

static void monitor_done(struct monitor *monitor)
{
	sd_event_unref(monitor->event);
	bus_release(monitor->bus);
}

/* Whoever reads us wants each line at once. Who does no more ends it. */
static void flush_line(struct monitor *monitor)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		(void)sd_event_exit(monitor->event, 0);
}

static void print_line(struct monitor *monitor, const char *format, ...)
	__attribute__((__format__(printf, 2, 3)));
static void print_line(struct monitor *monitor, const char *format, ...)
{
	time_t now = time(NULL);
	struct tm local;
	char clock[16];
	va_list ap;

	strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &local));
	printf("%s ", clock);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
	flush_line(monitor);
}

static json_object *new_event(const char *event, int *r)
{
	json_object *object = json_object_new_object();

	json_add_number(object, "time", (uint64_t)time(NULL), r);
	json_add_text(object, "event", event, r);
	return object;
}

/* Takes the object over. */
static void print_event(struct monitor *monitor, json_object *object, int r)
{
	_cleanup_json_ json_object *taken = object;
	const char *text = NULL;

	if (r >= 0)
		text = json_object_to_json_string_ext(
			taken, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text) {
		(void)log_oom();
		return;
	}
	puts(text);
	flush_line(monitor);
}

/* What happens to memblockd, or to nothing in particular. */
static void tell(struct monitor *monitor, const char *event, const char *text)
{
	int r = 0;

	if (monitor->json)
		print_event(monitor, new_event(event, &r), r);
	else
		print_line(monitor, "%s", text);
}

static json_object *cell_json(enum json_form type, const char *text)
{
	if (!*text && type != JSON_STRING)
		return NULL;
	if (type == JSON_NUMBER || type == JSON_NUMBER_IF_BYTES)
		return json_object_new_int64(strtoll(text, NULL, 10));
	if (type == JSON_BOOLEAN)
		return json_object_new_boolean(strcmp(text, "yes") == 0);
	return json_object_new_string(text);
}

static void add_cell(json_object *object, const struct column_spec *spec, const char *text, int *r)
{
	json_object *value = cell_json(spec->json, text);
	char name[32] = "";

	for (size_t i = 0; i < sizeof(name) - 1 && spec->name[i]; i++)
		name[i] = (char)tolower((unsigned char)spec->name[i]);
	if (value)
		json_add(object, name, value, r);
	else
		json_add_text(object, name, NULL, r);
}

/* One row as list has it: into a JSON object, or as a line. */
static int print_row(const struct cell_context *context, json_object *object)
{
	unsigned shown = object ? SHOWN_JSON : SHOWN_TABLE;
	int r = 0;

	for (int i = 0; r >= 0 && i < COLUMN_COUNT; i++) {
		_cleanup_free_ char *text = NULL;

		if (!(column_specs[i].shown & shown))
			continue;
		r = column_specs[i].print(context, &text);
		if (r < 0)
			return r;
		if (object)
			add_cell(object, &column_specs[i], text, &r);
		else if (*text)
			printf("%s%s", i == 0 ? "  " : " ", text);
	}
	if (!object)
		putchar('\n');
	return r;
}

static unsigned all_splits(void)
{
	unsigned split = 0;

	for (int i = 0; i < COLUMN_COUNT; i++)
		if (column_specs[i].shown & SHOWN_JSON)
			split |= column_specs[i].split;
	return split;
}

/* Rows go into a JSON array, or are printed. */
static int print_rows(const struct memblock_inventory *inventory, json_object *array)
{
	struct row row = {};
	struct row_facts facts;
	struct cell_context context = { inventory, &row, &facts, array != NULL, array != NULL };
	int r = 0;

	while (r >= 0 && next_row(inventory, all_splits(), row.first + row.n, &row)) {
		json_object *object = array ? json_object_new_object() : NULL;

		row_facts_of(inventory, &row, &facts);
		r = print_row(&context, object);
		if (array)
			json_append(array, object, &r);
	}
	return r;
}

/* Asks for blocks from an index on, and leaves out those from another on. */
static int list_blocks(struct monitor *monitor, uint64_t first, uint64_t end, sd_bus_error *error,
		       sd_bus_message **reply, struct bus_rows *rows)
{
	uint64_t count = MIN(end - first, (uint64_t)BLOCKS_AT_ONCE);
	int r;

	r = sd_bus_call_method(monitor->bus, MEMBLOCK_BUS_NAME, MEMBLOCK_BUS_PATH,
			       MEMBLOCK_BUS_MANAGER, "ListBlocks", error, reply, "tu", first,
			       (uint32_t)count);
	if (r >= 0)
		r = bus_rows_read(rows, *reply);
	while (rows->n > 0 &&
	       rows->items[rows->n - 1].range.range.start / monitor->block_size >= end)
		rows->n--;
	return r;
}

/* How the blocks of a range are now. Returns where to go on, or a negative errno. */
static int print_blocks(struct monitor *monitor, uint64_t *first, uint64_t end, json_object *array)
{
	_cleanup_(memblock_inventory_unrefp) struct memblock_inventory *inventory = NULL;
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_(bus_rows_done) struct bus_rows rows = {};
	int r;

	r = list_blocks(monitor, *first, end, &error, &reply, &rows);
	if (r < 0)
		return bus_tell(&error, r);
	r = bus_rows_inventory(&rows, monitor->block_size, &inventory);
	if (r >= 0)
		r = print_rows(inventory, array);
	if (r < 0)
		return log_error(r, "Can't tell of the blocks: %m");
	*first = rows.n > 0 ? rows.items[rows.n - 1].range.range.end / monitor->block_size : end;
	return 0;
}

static int print_range(struct monitor *monitor, uint64_t start, uint64_t size, json_object *array)
{
	uint64_t first = start / monitor->block_size;
	uint64_t end = (start + size) / monitor->block_size;
	int r = 0;

	while (r >= 0 && first < end)
		r = print_blocks(monitor, &first, end, array);
	return r;
}

static void tell_range(struct monitor *monitor, uint64_t start, uint64_t size)
{
	char range[RANGE_TEXT_MAX], blocks[LIST_TEXT_MAX];

	print_line(monitor, "Changed: %s, block%s %s", range_to_text(start, start + size, range),
		   size == monitor->block_size ? "" : "s",
		   blocks_text(start / monitor->block_size, size / monitor->block_size, blocks));
	(void)print_range(monitor, start, size, NULL);
	flush_line(monitor);
}

static int on_blocks_changed(sd_bus_message *message, void *userdata,
			     sd_bus_error *error __attribute__((unused)))
{
	struct monitor *monitor = userdata;
	json_object *event = NULL, *ranges = NULL, *memory = NULL;
	uint64_t start, size;
	int r, bad = 0;

	if (monitor->json) {
		event = new_event("blocks-changed", &bad);
		ranges = json_object_new_array();
		memory = json_object_new_array();
		json_add(event, "ranges", ranges, &bad);
		json_add(event, "memory", memory, &bad);
	}
	r = sd_bus_message_enter_container(message, 'a', "(tt)");
	while (r >= 0 && (r = sd_bus_message_read(message, "(tt)", &start, &size)) > 0) {
		json_object *range;

		if (!monitor->json) {
			tell_range(monitor, start, size);
			continue;
		}
		range = json_object_new_object();
		json_add_number(range, "start", start, &bad);
		json_add_number(range, "size", size, &bad);
		json_append(ranges, range, &bad);
		(void)print_range(monitor, start, size, memory);
	}
	if (monitor->json)
		print_event(monitor, event, bad);
	return 0;
}

/* When it is asked, a job that just came may have ended. */
static void print_job(struct monitor *monitor, bool ended, const struct bus_job *job)
{
	char size[SIZE_TEXT_MAX];

	size_to_text(job->wanted, size);
	if (ended)
		print_line(monitor, "Job %" PRIu32 " ended: %s, %s, %s%s%s%s%s", job->id, job->kind,
			   size, job->result, *job->error ? ", " : "", job->error,
			   *job->text ? ": " : "", job->text);
	else
		print_line(monitor, "Job %" PRIu32 " is queued: %s, %s", job->id, job->kind, size);
}

static void print_job_json(struct monitor *monitor, const char *event, const struct bus_job *job)
{
	json_object *object;
	int r = 0;

	object = new_event(event, &r);
	json_add_number(object, "job", job->id, &r);
	json_add_text(object, "kind", job->kind, &r);
	json_add_text(object, "state", job->state, &r);
	json_add_number(object, "wanted", job->wanted, &r);
	json_add_text(object, "result", job->result, &r);
	json_add_text(object, "error", job->error, &r);
	json_add_text(object, "message", job->text, &r);
	print_event(monitor, object, r);
}

static int on_job(struct monitor *monitor, sd_bus_message *message, bool ended)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	_cleanup_(bus_job_done) struct bus_job job = {};
	const char *path;
	uint32_t id;
	int r;

	r = sd_bus_message_read(message, "uo", &id, &path);
	if (r >= 0)
		r = bus_job_read(monitor->bus, path, &error, &job);
	if (r < 0)
		(void)bus_tell(&error, r);
	else if (monitor->json)
		print_job_json(monitor, ended ? "job-removed" : "job-new", &job);
	else
		print_job(monitor, ended, &job);
	return 0;
}

static int on_job_new(sd_bus_message *message, void *userdata,
		      sd_bus_error *error __attribute__((unused)))
{
	return on_job(userdata, message, false);
}

static int on_job_removed(sd_bus_message *message, void *userdata,
			  sd_bus_error *error __attribute__((unused)))
{
	return on_job(userdata, message, true);
}

static int on_settled(sd_bus_message *message __attribute__((unused)), void *userdata,
		      sd_bus_error *error __attribute__((unused)))
{
	tell(userdata, "settled", "Settled");
	return 0;
}

static int on_zone_mismatch(sd_bus_message *message, void *userdata,
			    sd_bus_error *error __attribute__((unused)))
{
	struct monitor *monitor = userdata;
	const char *wanted, *got;
	json_object *object;
	uint64_t start;
	int r = 0;

	if (sd_bus_message_read(message, "tss", &start, &wanted, &got) < 0)
		return 0;
	if (!monitor->json) {
		print_line(monitor, "memory%" PRIu64 ": wanted in zone %s, is in %s",
			   start / monitor->block_size, wanted, got);
		return 0;
	}
	object = new_event("zone-mismatch", &r);
	json_add_number(object, "start", start, &r);
	json_add_text(object, "wanted", wanted, &r);
	json_add_text(object, "got", got, &r);
	print_event(monitor, object, r);
	return 0;
}

static int on_owner_changed(sd_bus_message *message, void *userdata,
			    sd_bus_error *error __attribute__((unused)))
{
	const char *owner;

	if (sd_bus_message_read(message, "sss", NULL, NULL, &owner) < 0)
		return 0;
	if (*owner)
		tell(userdata, "back", "memblockd is back");
	else
		tell(userdata, "gone", "memblockd is gone");
	return 0;
}

static int on_signal(sd_event_source *source,
		     const struct signalfd_siginfo *info __attribute__((unused)),
		     void *userdata __attribute__((unused)))
{
	return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int watch(struct monitor *monitor)
{
	static const struct {
		const char *signal;
		sd_bus_message_handler_t handler;
	} signals[] = {
		{ "BlocksChanged", on_blocks_changed }, { "JobNew", on_job_new },
		{ "JobRemoved", on_job_removed },       { "Settled", on_settled },
		{ "ZoneMismatch", on_zone_mismatch },
	};
	int r;

	r = sd_event_default(&monitor->event);
	if (r >= 0)
		r = bus_watch_interrupts(monitor->event, on_signal, monitor);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(signals); i++)
		r = sd_bus_match_signal(monitor->bus, NULL, MEMBLOCK_BUS_NAME, MEMBLOCK_BUS_PATH,
					MEMBLOCK_BUS_MANAGER, signals[i].signal, signals[i].handler,
					monitor);
	if (r >= 0)
		r = sd_bus_add_match(monitor->bus, NULL,
				     "type='signal',sender='org.freedesktop.DBus',"
				     "member='NameOwnerChanged',arg0='" MEMBLOCK_BUS_NAME "'",
				     on_owner_changed, monitor);
	if (r >= 0)
		r = sd_bus_set_exit_on_disconnect(monitor->bus, 1);
	if (r >= 0)
		r = sd_bus_attach_event(monitor->bus, monitor->event, 0);
	return r < 0 ? log_error(r, "Can't watch memblockd: %m") : 0;
}

static int monitor_run(struct ctl *ctl, char **arguments __attribute__((unused)))
{
	_cleanup_(monitor_done) struct monitor monitor = { .json = ctl->json };
	int r;

	r = bus_need(&monitor.bus);
	if (r >= 0)
		r = bus_block_size(monitor.bus, &monitor.block_size);
	if (r >= 0)
		r = watch(&monitor);
	if (r < 0)
		return r;

	tell(&monitor, "watching", "Watching memblockd");
	r = sd_event_loop(monitor.event);
	if (r > 0) {
		log_line("The system bus is gone");
		return STATUS_NOTHING_DONE;
	}
	return r < 0 ? log_error(r, "Can't watch memblockd: %m") : 0;
}

const struct verb verb_monitor = {
	.name = "monitor",
	.arguments = "",
	.help = "Print what happens to memory, as it happens, until Ctrl-C",
	.run = monitor_run,
	.max_arguments = 0,
	.needs_daemon = true,
};
