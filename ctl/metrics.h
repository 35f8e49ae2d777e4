/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>
#include <stdbool.h>
#include <stdio.h>

/* Text that Prometheus reads. Of a family (what OpenMetrics calls the samples of one name) the type
 * decides how its samples are named. */
enum metric_type {
	METRIC_GAUGE,
	METRIC_COUNTER, /* NAME_total */
	METRIC_INFO,    /* NAME_info, always 1 */
};

struct metric {
	const char *name;
	enum metric_type type;
	const char *unit; /* which the name ends with; NULL for none */
	const char *help;
};

struct metrics {
	FILE *file;
	bool prometheus; /* the older format: it knows no info and no unit, names the family of a
			  * counter as its samples, and has no end */
};

/* What stands in front of the samples of a family. */
void metrics_begin(const struct metrics *metrics, const struct metric *metric);
/* One sample; labels are 'name="value"' with commas between, "" for none. */
void metrics_sample(const struct metrics *metrics, const struct metric *metric, const char *labels,
		    uint64_t value);
/* The same of a family that has but one sample, which has no labels. */
void metrics_single(const struct metrics *metrics, const struct metric *metric, uint64_t value);
void metrics_end(const struct metrics *metrics);

/* Writes a label's value as it stands between its quotes. */
void metrics_escape(FILE *file, const char *value);

/* What an inventory tells. 0 or -ENOMEM, untold. */
int metrics_write_inventory(const struct metrics *metrics,
			    const struct memblock_inventory *inventory);
/* What memblockd alone knows. Where it doesn't answer any more, nothing is written. 0 or -ENOMEM,
 * untold. */
int metrics_write_daemon(const struct metrics *metrics);
