/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>

#include "metrics.h"

static const struct {
	const char *suffix; /* of samples */
	const char *word;
} types[] = {
	[METRIC_GAUGE] = { "", "gauge" },
	[METRIC_COUNTER] = { "_total", "counter" },
	[METRIC_INFO] = { "_info", "info" },
};

void metrics_begin(const struct metrics *metrics, const struct metric *metric)
{
	const char *suffix = metrics->prometheus ? types[metric->type].suffix : "";
	bool is_plain = metrics->prometheus && metric->type == METRIC_INFO;

	fprintf(metrics->file, "# HELP %s%s %s\n", metric->name, suffix, metric->help);
	fprintf(metrics->file, "# TYPE %s%s %s\n", metric->name, suffix,
		types[is_plain ? METRIC_GAUGE : metric->type].word);
	if (metric->unit && !metrics->prometheus)
		fprintf(metrics->file, "# UNIT %s %s\n", metric->name, metric->unit);
}

void metrics_sample(const struct metrics *metrics, const struct metric *metric, const char *labels,
		    uint64_t value)
{
	bool has_labels = *labels != '\0';

	fprintf(metrics->file, "%s%s%s%s%s %" PRIu64 "\n", metric->name, types[metric->type].suffix,
		has_labels ? "{" : "", labels, has_labels ? "}" : "", value);
}

void metrics_single(const struct metrics *metrics, const struct metric *metric, uint64_t value)
{
	metrics_begin(metrics, metric);
	metrics_sample(metrics, metric, "", value);
}

void metrics_end(const struct metrics *metrics)
{
	if (!metrics->prometheus)
		fputs("# EOF\n", metrics->file);
}

void metrics_escape(FILE *file, const char *value)
{
	for (; *value; value++)
		if (*value == '\n')
			fputs("\\n", file);
		else
			fprintf(file, "%s%c", *value == '"' || *value == '\\' ? "\\" : "", *value);
}
