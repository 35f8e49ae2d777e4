/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "bus.h"
#include "metrics.h"

/* Properties of the Manager. */
struct figures {
	const char *version;
	uint64_t jobs[MEMBLOCK_ENDING_NOT_PUT_BACK + 1]; /* by how they ended */
	uint64_t block_events;
	uint32_t zone_mismatches;
	uint64_t scans;
	uint64_t last_scan_usec;
};

static const struct bus_member members[] = {
	{ "Version", 's', offsetof(struct figures, version) },
	{ "BlockEvents", 't', offsetof(struct figures, block_events) },
	{ "ZoneMismatches", 'u', offsetof(struct figures, zone_mismatches) },
	{ "Scans", 't', offsetof(struct figures, scans) },
	{ "LastScan", 't', offsetof(struct figures, last_scan_usec) },
	{},
};

static const struct metric build = { "memblockd_build", METRIC_INFO, NULL,
				     "The memblockd that runs." };
static const struct metric jobs = { "memblockd_jobs", METRIC_COUNTER, NULL, "Jobs that ended." };
static const struct metric block_events = { "memblockd_block_events", METRIC_COUNTER, NULL,
					    "Events of memory blocks that the kernel sent." };
static const struct metric zone_mismatches = {
	"memblockd_zone_mismatches",
	METRIC_COUNTER,
	NULL,
	"Memory blocks that went online in another zone than was wanted.",
};
static const struct metric scans = { "memblockd_scans", METRIC_COUNTER, NULL,
				     "Times that all memory blocks were read." };
static const struct metric last_scan = { "memblockd_last_scan_timestamp_seconds", METRIC_GAUGE,
					 "seconds",
					 "When memory blocks were read last, all or some." };

/* JobResults, a(st). */
static int read_jobs(const char *name, sd_bus_message *message, void *target)
{
	struct figures *figures = target;
	enum memblock_ending ending;
	const char *word;
	uint64_t n;
	int r;

	if (strcmp(name, "JobResults") != 0)
		return 0;
	r = sd_bus_message_enter_container(message, 'v', "a(st)");
	if (r >= 0)
		r = sd_bus_message_enter_container(message, 'a', "(st)");
	while (r >= 0 && (r = sd_bus_message_read(message, "(st)", &word, &n)) > 0)
		if (memblock_ending_from_string(word, &ending) >= 0)
			figures->jobs[ending] = n;
	if (r >= 0)
		r = sd_bus_message_exit_container(message);
	if (r >= 0)
		r = sd_bus_message_exit_container(message);
	return r < 0 ? r : 1;
}

static void write_jobs(const struct metrics *metrics, const struct figures *figures)
{
	char labels[64];

	metrics_begin(metrics, &jobs);
	for (int i = MEMBLOCK_ENDING_DONE; i <= MEMBLOCK_ENDING_NOT_PUT_BACK; i++) {
		snprintf(labels, sizeof(labels), "result=\"%s\"",
			 memblock_ending_to_string((enum memblock_ending)i));
		metrics_sample(metrics, &jobs, labels, figures->jobs[i]);
	}
}

static int write_build(const struct metrics *metrics, const char *version)
{
	_cleanup_free_ char *labels = NULL;
	size_t length;
	FILE *file = open_memstream(&labels, &length);

	if (!file)
		return -ENOMEM;
	fputs("version=\"", file);
	metrics_escape(file, version);
	fputs("\"", file);
	if (fclose(file) != 0 || !labels)
		return -ENOMEM;
	metrics_begin(metrics, &build);
	metrics_sample(metrics, &build, labels, 1);
	return 0;
}

int metrics_write_daemon(const struct metrics *metrics)
{
	_cleanup_message_ sd_bus_message *reply = NULL;
	_cleanup_bus_ sd_bus *bus = NULL;
	struct figures figures = {};

	if (bus_connect(&bus, NULL) < 0 ||
	    bus_get_all(bus, MEMBLOCK_BUS_PATH, MEMBLOCK_BUS_MANAGER, NULL, &reply) < 0 ||
	    bus_read_members(reply, members, &figures, read_jobs) < 0 || !figures.version)
		return 0;

	write_jobs(metrics, &figures);
	metrics_single(metrics, &block_events, figures.block_events);
	metrics_single(metrics, &zone_mismatches, figures.zone_mismatches);
	metrics_single(metrics, &scans, figures.scans);
	metrics_single(metrics, &last_scan, figures.last_scan_usec / 1000000);
	return write_build(metrics, figures.version);
}
