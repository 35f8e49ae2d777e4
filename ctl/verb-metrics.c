/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bus.h"
#include "load-pages.h"
#include "log.h"
#include "metrics.h"
#include "new-file.h"
#include "write-all.h"

enum {
	OPT_BUSY = 0x200,
	OPT_PROMETHEUS,
};

static bool arg_busy, arg_prometheus;

static const struct option_spec metrics_options[] = {
	{ OPT_BUSY, "busy", NULL, "count pages too, to tell what is busy", false },
	{ OPT_PROMETHEUS, "prometheus", NULL,
	  "print the older format that node_exporter reads from files", false },
	{},
};

static const struct metric up = { "memblockd_up", METRIC_GAUGE, NULL,
				  "Whether memblockd answers." };

static int metrics_parse(struct ctl *ctl __attribute__((unused)), int id,
			 const char *argument __attribute__((unused)))
{
	switch (id) {
	case OPT_BUSY:
		arg_busy = true;
		return 0;
	case OPT_PROMETHEUS:
		arg_prometheus = true;
		return 0;
	default:
		return -ENOENT;
	}
}

static int write_metrics(const struct ctl *ctl, const struct memblock_inventory *inventory,
			 FILE *file)
{
	struct metrics metrics = { .file = file, .prometheus = arg_prometheus };
	int r;

	r = metrics_write_inventory(&metrics, inventory);
	if (r < 0)
		return r;
	if (!ctl->root && !ctl->direct)
		metrics_single(&metrics, &up, ctl->of_daemon);
	if (ctl->of_daemon)
		r = metrics_write_daemon(&metrics);
	metrics_end(&metrics);
	return r;
}

/* All of it, before anything is printed: who reads it would take a part for the whole. */
static int make_text(const struct ctl *ctl, const struct memblock_inventory *inventory, char **ret)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);
	int r;

	if (!file)
		return -ENOMEM;
	r = write_metrics(ctl, inventory, file);
	if (fclose(file) != 0 || !text)
		return -ENOMEM;
	if (r >= 0)
		*ret = TAKE_PTR(text);
	return r;
}

static int write_file(const char *path, const char *text)
{
	_cleanup_(new_file_done) struct new_file file = { .fd = -1 };
	int r;

	r = new_file_open(&file, path, 0666);
	if (r < 0)
		return r;
	r = write_all(file.fd, text);
	return r < 0 ? log_error(r, "Can't write %s: %m", path) : new_file_commit(&file);
}

static int metrics_run(struct ctl *ctl, char **arguments)
{
	_cleanup_(memblock_inventory_unrefp) struct memblock_inventory *inventory = NULL;
	_cleanup_free_ char *text = NULL;
	int r;

	/* Whoever looks every minute must not undo that somebody stopped it. */
	bus_leave_stopped();
	r = load_inventory(ctl, &inventory);
	if (r >= 0 && arg_busy) {
		r = load_pages(ctl, inventory, NULL, 0);
		if (r >= 0)
			tell_pages(ctl, inventory);
	}
	if (r < 0)
		return r;
	if (make_text(ctl, inventory, &text) < 0)
		return log_oom();
	if (*arguments)
		return write_file(*arguments, text);
	fputs(text, stdout);
	return 0;
}

const struct verb verb_metrics = {
	.name = "metrics",
	.arguments = "[FILE]",
	.help = "Print figures for Prometheus, as OpenMetrics text",
	.options = metrics_options,
	.parse = metrics_parse,
	.run = metrics_run,
	.max_arguments = 1,
};
