/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "macros.h"
#include "metrics.h"
#include "rows.h"
#include "totals.h"

/* Blocks whose samples have the same labels. */
struct sample {
	char *labels;
	uint64_t blocks;
};

struct samples {
	struct sample *items;
	size_t n;
	size_t capacity;
};

static void samples_done(struct samples *samples)
{
	for (size_t i = 0; i < samples->n; i++)
		free(samples->items[i].labels);
	free(samples->items);
}

/* A block has one value of each, so that sums over any of them are right. */
static int labels_of(const struct memblock_inventory *inventory, const struct memblock_block *block,
		     char **ret)
{
	enum memblock_state state = memblock_block_state(block);
	char text[LIST_TEXT_MAX];
	char *labels = NULL;
	size_t length;
	FILE *file = open_memstream(&labels, &length);

	if (!file)
		return -ENOMEM;
	fputs("device=\"", file);
	metrics_escape(file, device_text(inventory, block));
	fprintf(file, "\",node=\"%s\"", nodes_text(inventory, block, text));
	fprintf(file, ",removable=\"%s\",state=\"%s\"",
		memblock_answer_to_string(memblock_block_removable(block)),
		memblock_state_to_string(state));
	/* The zones of an offline block are those that it may come to. */
	fprintf(file, ",zone=\"%s\"",
		state == MEMBLOCK_STATE_OFFLINE ? "" : zones_text(block, text));
	if (fclose(file) != 0 || !labels) {
		free(labels);
		return -ENOMEM;
	}
	*ret = labels;
	return 0;
}

static int add_blocks(struct samples *samples, const char *labels, uint64_t blocks)
{
	struct sample *sample;
	int r;

	for (size_t i = samples->n; i > 0; i--)
		if (strcmp(samples->items[i - 1].labels, labels) == 0) {
			samples->items[i - 1].blocks += blocks;
			return 0;
		}

	r = ARRAY_GROW(samples->items, samples->capacity, samples->n);
	if (r < 0)
		return r;
	sample = &samples->items[samples->n];
	*sample = (struct sample){ strdup(labels), blocks };
	if (!sample->labels)
		return -ENOMEM;
	samples->n++;
	return 0;
}

static int collect(const struct memblock_inventory *inventory, struct samples *samples)
{
	struct row row = {};
	int r = 0;

	while (r >= 0 && next_row(inventory, SPLIT_FACTS, row.first + row.n, &row)) {
		_cleanup_free_ char *labels = NULL;

		r = labels_of(inventory, memblock_inventory_block(inventory, row.first), &labels);
		if (r >= 0)
			r = add_blocks(samples, labels, row.n);
	}
	return r;
}

/* A number of blocks, and in a family of its own as bytes. */
static void write_pair(const struct metrics *metrics, const struct metric pair[2],
		       const struct samples *samples, uint64_t block_size)
{
	for (int is_bytes = 0; is_bytes < 2; is_bytes++) {
		metrics_begin(metrics, &pair[is_bytes]);
		for (size_t i = 0; i < samples->n; i++)
			metrics_sample(metrics, &pair[is_bytes], samples->items[i].labels,
				       samples->items[i].blocks * (is_bytes ? block_size : 1));
	}
}

/* Whether it would have been found, if it held. */
static bool is_looked_for(const struct memblock_inventory *inventory, const struct totals *totals,
			  enum memblock_reason reason)
{
	return totals->removable[MEMBLOCK_ANSWER_UNKNOWN] == 0 &&
	       (reason != MEMBLOCK_REASON_RESERVED_PAGES ||
		memblock_inventory_source(inventory, MEMBLOCK_SOURCE_PAGES, NULL) ==
			MEMBLOCK_SOURCE_READ);
}

static int collect_reasons(const struct memblock_inventory *inventory, struct samples *samples)
{
	struct totals totals;
	const char *word;
	char labels[64];
	int r = 0;

	totals_of(inventory, &totals);
	for (int i = 0; r >= 0 && (word = memblock_reason_to_string((enum memblock_reason)i)); i++)
		if (totals.reasons[i] > 0 ||
		    is_looked_for(inventory, &totals, (enum memblock_reason)i)) {
			snprintf(labels, sizeof(labels), "reason=\"%s\"", word);
			r = add_blocks(samples, labels, totals.reasons[i]);
		}
	return r;
}

static int collect_busy(const struct memblock_inventory *inventory, struct samples *samples)
{
	const struct memblock_block *block;
	uint64_t busy[3] = {};
	int r;

	for (size_t i = 0; (block = memblock_inventory_block(inventory, i)); i++)
		busy[memblock_block_busy(inventory, block)]++;
	if (busy[MEMBLOCK_ANSWER_YES] + busy[MEMBLOCK_ANSWER_NO] == 0)
		return 0;
	r = add_blocks(samples, "busy=\"yes\"", busy[MEMBLOCK_ANSWER_YES]);
	return r < 0 ? r : add_blocks(samples, "busy=\"no\"", busy[MEMBLOCK_ANSWER_NO]);
}

static const struct metric block_size_metric = {
	"memblockd_block_size_bytes",
	METRIC_GAUGE,
	"bytes",
	"Size of a memory block.",
};

static const struct {
	struct metric pair[2];
	int (*collect)(const struct memblock_inventory *inventory, struct samples *samples);
} pairs[] = {
	{ { { "memblockd_blocks", METRIC_GAUGE, NULL, "Memory blocks." },
	    { "memblockd_memory_bytes", METRIC_GAUGE, "bytes", "Memory in blocks." } },
	  collect },
	{ { { "memblockd_not_removable_blocks", METRIC_GAUGE, NULL,
	      "Memory blocks that can never go offline, once for each reason." },
	    { "memblockd_not_removable_bytes", METRIC_GAUGE, "bytes",
	      "Memory that can never go offline, once for each reason." } },
	  collect_reasons },
	{ { { "memblockd_counted_blocks", METRIC_GAUGE, NULL,
	      "Memory blocks whose pages were counted, by whether the kernel would refuse now to "
	      "take them offline." },
	    { "memblockd_counted_bytes", METRIC_GAUGE, "bytes",
	      "Memory whose pages were counted, by whether the kernel would refuse now to take it "
	      "offline." } },
	  collect_busy },
};

int metrics_write_inventory(const struct metrics *metrics,
			    const struct memblock_inventory *inventory)
{
	uint64_t block_size = memblock_inventory_block_size(inventory);
	int r = 0;

	metrics_single(metrics, &block_size_metric, block_size);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(pairs); i++) {
		_cleanup_(samples_done) struct samples samples = {};

		r = pairs[i].collect(inventory, &samples);
		if (r >= 0 && samples.n > 0)
			write_pair(metrics, pairs[i].pair, &samples, block_size);
	}
	return r;
}
