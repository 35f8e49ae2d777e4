/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "arrivals.h"
#include "block-set.h"
#include "bus-connection.h"
#include "bus-names.h"
#include "bus-signals.h"
#include "clock.h"
#include "diff.h"
#include "guard.h"
#include "journal.h"
#include "kept.h"
#include "kernel-policy.h"
#include "log.h"
#include "marked.h"
#include "marks.h"
#include "privileges.h"
#include "queue.h"
#include "spare.h"
#include "status.h"
#include "survey.h"
#include "unit.h"
#include "watch.h"
#include "worker-client.h"

/* A worker that does not answer must not keep us from reading the rest, nor the watchdog waiting.
 * Starting one takes a busy systemd some seconds, and without its answer no verdict is known. */
#define OPENER_SECONDS 15

/* There while the policy is done here: memblockd-online(8). */
#define READY "ready"

/* Held by who works here. */
#define LOCK "lock"

static void warn_config(const char *text, void *userdata __attribute__((unused)))
{
	tell(EVENT_CONFIGURATION, NO_JOB, NO_BLOCK, "%s", text);
}

static int load_config(struct manager *manager)
{
	struct config config;
	int r;

	r = config_load(manager->options.root, warn_config, NULL, &config);
	if (r < 0)
		return r;
	config_done(&manager->config);
	manager->config = config;
	return 0;
}

/* Opens what this user may not read, /proc/iomem with its addresses above all. */
static int open_by_worker(const char *path, void *userdata)
{
	struct manager *manager = userdata;
	struct worker_request request = { .verb = WORKER_OPEN };
	int r, fd;

	if (manager->opener_is_mute)
		return -EAGAIN;
	if (strlen(path) >= sizeof(request.text))
		return -ENAMETOOLONG;
	memcpy(request.text, path, strlen(path) + 1);
	r = worker_ask(manager->options.worker, &manager->opener_fd, &request, OPENER_SECONDS, &fd);
	if (r < 0) {
		manager->opener_is_mute = r == -EAGAIN;
		closep(&fd);
		return r;
	}
	return fd >= 0 ? fd : -EPROTO;
}

static int open_root(struct manager *manager)
{
	const char *path = manager->options.root;
	int r;

	r = memblock_root_new(path, &manager->root);
	if (r < 0)
		return log_error(r, "Can't open %s: %m", path ? path : "/");
	if (geteuid() != 0)
		memblock_root_set_opener(manager->root, open_by_worker, manager);
	return 0;
}

/* It is tried again and again: the same is told once. */
static int scan_failed(struct manager *manager, int r, const char *why, sd_bus_error *error)
{
	if (!why)
		why = strerror(-r);
	if (!manager->scan_error || strcmp(manager->scan_error, why) != 0)
		tell(EVENT_SCAN_FAILED, NO_JOB, NO_BLOCK, "The memory blocks could not be read: %s",
		     why);
	free(manager->scan_error);
	manager->scan_error = strdup(why);
	if (r != -ENOMEM)
		(void)sd_bus_error_set(error, MEMBLOCK_BUS_ERROR "ScanFailed", why);
	return r;
}

static int scan(struct manager *manager, struct census **ret, sd_bus_error *error)
{
	_cleanup_(memblock_inventory_unrefp) struct memblock_inventory *inventory = NULL;
	_cleanup_free_ char *why = NULL;
	int r;

	manager->opener_is_mute = false;
	r = memblock_inventory_new(manager->root, 0, &inventory, &why);
	if (r >= 0)
		r = census_new(inventory, ret);
	if (r < 0)
		return scan_failed(manager, r, why, error);
	free(TAKE_PTR(manager->scan_error));
	manager->counts.scans++;
	manager->counts.last_scan_usec = realtime_usec();
	return 0;
}

/* Whoever asks from now on is told of the new one; whoever listens, of what changed. */
static void replace_census(struct manager *manager, struct census *after,
			   const struct ranges *changed)
{
	struct census *before = manager->census;

	manager->census = after;
	manager->inventory = after->inventory;
	bus_signal_inventory(manager, before, after, changed);
	census_free(before);
}

/* Blocks were read, all or some: what hangs on them follows. */
static void take_up(struct manager *manager, struct census *after, const struct ranges *changed)
{
	replace_census(manager, after, changed);
	refusals_clean(&manager->refusals, manager->inventory, monotonic_usec());
	guard_update(manager->guard, false);
	marked_update(manager->marked);
	status_changed(manager->status);
}

int manager_refresh(struct manager *manager, sd_bus_error *error)
{
	_cleanup_(ranges_done) struct ranges changed = {};
	struct census *after;
	int r;

	r = scan(manager, &after, error);
	if (r < 0)
		return r;

	(void)diff_inventories(manager->inventory, after->inventory, &changed);
	take_up(manager, after, &changed);
	return 0;
}

static int read_blocks(struct manager *manager, const struct block_set *blocks, struct ranges *ret)
{
	uint64_t size = memblock_inventory_block_size(manager->inventory);
	_cleanup_free_ uint64_t *changed = NULL;
	size_t n;
	int r;

	r = memblock_inventory_reread(manager->inventory, blocks->items, blocks->n, &changed, &n);
	for (size_t i = 0; r >= 0 && i < n; i++)
		r = ranges_join(ret, changed[i] * size, (changed[i] + 1) * size);
	return r;
}

int manager_reread(struct manager *manager, const struct block_set *blocks)
{
	_cleanup_(ranges_done) struct ranges changed = {};
	struct census *after;
	int r;

	r = read_blocks(manager, blocks, &changed);
	if (r >= 0)
		r = census_new(manager->inventory, &after);
	if (r < 0)
		return r;

	manager->counts.last_scan_usec = realtime_usec();
	take_up(manager, after, &changed);
	return 0;
}

int manager_reread_or_refresh(struct manager *manager, const struct block_set *blocks)
{
	int r = manager_reread(manager, blocks);

	return r < 0 ? manager_refresh(manager, NULL) : r;
}

int manager_recount(struct manager *manager, const struct memblock_block *block)
{
	_cleanup_(ranges_done) struct ranges changed = {};
	uint64_t start = memblock_block_start(manager->inventory, block);
	struct census *after;
	int r;

	r = ranges_add(&changed, start, start + memblock_inventory_block_size(manager->inventory));
	if (r >= 0)
		r = census_new(manager->inventory, &after);
	if (r < 0)
		return r;

	replace_census(manager, after, &changed);
	marked_update(manager->marked);
	status_changed(manager->status);
	return 0;
}

void manager_note_block(struct manager *manager, const char *action, uint64_t index)
{
	bool online = strcmp(action, "online") == 0;

	manager->counts.block_events++;
	arrivals_note(manager->arrivals, action, index);
	if (!online && strcmp(action, "offline") != 0)
		return;
	queue_note_change(manager->queue, index, online);
	if (rivals_note(&manager->rivals, index, monotonic_usec()))
		tell(EVENT_RIVALS, NO_JOB, index,
		     "memory%" PRIu64 " was taken offline and online by others %d times within "
		     "minutes; memblockd keeps out of that",
		     index, RIVALS_CHANGES);
}

int manager_reload(struct manager *manager)
{
	int r;

	(void)sd_notifyf(false, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, monotonic_usec());
	r = load_config(manager);
	if (r >= 0) {
		bus_signal_configuration(manager);
		guard_update(manager->guard, true);
		standing_refresh(manager);
		kernel_policy_update(manager->kernel_policy);
	}
	(void)sd_notify(false, "READY=1");
	status_changed(manager->status);
	return r;
}

void manager_stop(struct manager *manager)
{
	bool idle;

	if (!manager->stopping) {
		(void)sd_notify(false, "STOPPING=1\nSTATUS=Stopping");
		kept_remove(manager->root, READY);
	}
	manager->stopping = true;
	/* A write that is under way ends while systemd is asked. */
	idle = queue_stop(manager->queue);
	/* At shutdown memory stays as it is: who would need it back? */
	if (unit_is_shutting_down(manager) ||
	    (idle && (unit_is_restarting(manager) || kernel_policy_stop(manager->kernel_policy))))
		(void)sd_event_exit(manager->event, 0);
}

/* Asked a second time while a job is under way, it ends at once. */
static int on_stop_signal(sd_event_source *source __attribute__((unused)),
			  const struct signalfd_siginfo *info __attribute__((unused)),
			  void *userdata)
{
	struct manager *manager = userdata;

	if (manager->stopping && queue_is_busy(manager->queue))
		(void)sd_event_exit(manager->event, 0);
	else
		manager_stop(manager);
	return 0;
}

static int on_reload_signal(sd_event_source *source __attribute__((unused)),
			    const struct signalfd_siginfo *info __attribute__((unused)),
			    void *userdata)
{
	(void)manager_reload(userdata);
	return 0;
}

/* The signals are blocked by main(). */
static int watch_signals(struct manager *manager)
{
	int r;

	r = sd_event_add_signal(manager->event, NULL, SIGTERM, on_stop_signal, manager);
	if (r >= 0)
		r = sd_event_add_signal(manager->event, NULL, SIGINT, on_stop_signal, manager);
	if (r >= 0)
		r = sd_event_add_signal(manager->event, NULL, SIGHUP, on_reload_signal, manager);
	return r;
}

/* Events first, then the scan: what happens in between is seen twice rather than never. */
static int watch_and_scan(struct manager *manager)
{
	bool follow = !manager->options.root || manager->options.uevents;
	int r;

	if (follow) {
		r = watch_new(manager, &manager->watch);
		if (r < 0)
			return log_error(r, "Can't follow the kernel's events: %m");
	}
	/* The right to a large buffer has served. Root by hand keeps its own, to read iomem. */
	if (geteuid() != 0) {
		r = privileges_drop();
		if (r < 0)
			return log_error(r, "Can't give up privileges: %m");
	}
	r = scan(manager, &manager->census, NULL);
	if (r < 0)
		return r;
	manager->inventory = manager->census->inventory;
	marks_tell_stale(manager->inventory);
	return 0;
}

static void on_first_sections(struct findings *findings, void *userdata)
{
	struct manager *manager = userdata;
	const struct memblock_block *block = memblock_inventory_block(manager->inventory, 0);

	if (block)
		(void)asked_add_sections(manager, findings, block);
}

/* Whether the kernel's table of sections can be read here is told before anybody asks for it: one
 * block's are tried. */
static int try_sections(struct manager *manager)
{
	const struct memblock_block *block = memblock_inventory_block(manager->inventory, 0);
	struct survey_question question = {};
	struct survey *survey;
	int r;

	r = surveyor_new(manager, &manager->surveyor);
	if (r < 0 || !block)
		return r;
	question.sections.start = memblock_block_start(manager->inventory, block);
	question.sections.end =
		question.sections.start + memblock_inventory_block_size(manager->inventory);
	return survey_new(manager->surveyor, &question, on_first_sections, manager, &survey);
}

/* The job of another memblockd must not be taken for one that was interrupted, and on the bus it
 * would be met too late. */
static int lock_machine(struct manager *manager)
{
	int r;

	if (manager->options.read_only)
		return 0;
	r = kept_lock(manager->root, LOCK);
	manager->lock_fd = MAX(r, -1);
	if (r == -ENOMEM)
		return log_oom();
	if (r == -EWOULDBLOCK)
		return log_error(r, "Another memblockd is at work here; it holds /" KEPT_FOLDER
				    "/" LOCK);
	if (r < 0)
		tell(EVENT_STARTED, NO_JOB, NO_BLOCK,
		     "Can't lock /" KEPT_FOLDER "/" LOCK
		     ", so another memblockd may be at work: %s",
		     strerror(-r));
	return 0;
}

/* What a killed daemon left comes before what anybody new may ask for. */
static int take_up_jobs(struct manager *manager)
{
	int r;

	r = guard_new(manager, &manager->guard);
	if (r >= 0)
		r = queue_new(manager, &manager->queue);
	if (r >= 0 && !manager->options.read_only) {
		r = queue_recover(manager->queue);
		if (r < 0 && r != -ENOMEM) {
			tell(EVENT_JOB_INTERRUPTED, NO_JOB, NO_BLOCK,
			     "Can't look for jobs that were interrupted: %s", strerror(-r));
			r = 0;
		}
	}
	return r < 0 ? log_error(r, "Can't set up jobs: %m") : 0;
}

/* What is done by itself, without anybody who asks. */
static int begin_to_act(struct manager *manager)
{
	int r;

	r = standing_read(manager);
	if (r < 0 || manager->options.read_only || !manager->watch)
		return r;
	r = kernel_policy_new(manager, &manager->kernel_policy);
	if (r >= 0)
		r = arrivals_new(manager, &manager->arrivals);
	if (r >= 0)
		r = marked_new(manager, &manager->marked);
	if (r < 0)
		return r;
	kernel_policy_update(manager->kernel_policy);
	return 0;
}

int manager_new(const struct options *options, sd_event *event, struct manager **ret)
{
	_cleanup_(manager_freep) struct manager *manager = calloc(1, sizeof(*manager));
	int r;

	if (!manager)
		return log_oom();
	manager->options = *options;
	manager->event = sd_event_ref(event);
	manager->opener_fd = -1;
	manager->lock_fd = -1;
	asked_init(&manager->asked);

	r = watch_signals(manager);
	if (r >= 0)
		r = spare_new(event, options->worker, &manager->spare);
	if (r >= 0)
		r = status_new(manager, &manager->status);
	if (r >= 0)
		r = load_config(manager);
	if (r < 0)
		return log_error(r, "Can't set up: %m");
	r = open_root(manager);
	if (r >= 0)
		r = watch_and_scan(manager);
	if (r >= 0)
		r = lock_machine(manager);
	if (r >= 0)
		r = take_up_jobs(manager);
	if (r < 0)
		return r;
	r = begin_to_act(manager);
	if (r < 0)
		return log_error(r, "Can't follow the policy: %m");
	r = try_sections(manager);
	if (r >= 0)
		r = bus_new(manager, &manager->bus);
	if (r < 0)
		return log_error(r, "Can't serve on the bus: %m");
	guard_update(manager->guard, false);

	*ret = TAKE_PTR(manager);
	return 0;
}

void manager_tell_ready(struct manager *manager)
{
	int r;

	if (manager->ready)
		return;
	manager->ready = true;
	/* From now on udev's helper leaves memory that is added to us. */
	if (manager->arrivals && !manager->stopping)
		(void)kept_write(manager->root, READY, "");
	status_tell(manager->status);
	r = sd_notify(false, "READY=1");
	if (r < 0) /* it will end us, and begin anew */
		tell(EVENT_STARTED, NO_JOB, NO_BLOCK,
		     "systemd could not be told that memblockd is ready: %s", strerror(-r));
	tell(EVENT_STARTED, NO_JOB, NO_BLOCK, "memblockd " PACKAGE_VERSION ": %zu memory blocks%s",
	     memblock_inventory_n_blocks(manager->inventory),
	     manager->options.read_only ? ", read-only" : "");
	marked_update(manager->marked);
}

struct manager *manager_free(struct manager *manager)
{
	if (!manager)
		return NULL;

	/* That of another daemon, which has the name, is none of ours. */
	if (manager->arrivals && manager->ready)
		kept_remove(manager->root, READY);
	/* Jobs and guard tell the bus, so it goes after them; all give workers back. */
	queue_free(manager->queue);
	arrivals_free(manager->arrivals);
	kernel_policy_free(manager->kernel_policy);
	marked_free(manager->marked);
	guard_free(manager->guard);
	bus_free(manager->bus);
	surveyor_free(manager->surveyor);
	spare_free(manager->spare);
	status_free(manager->status);
	asked_done(&manager->asked);
	refusals_done(&manager->refusals);
	rivals_done(&manager->rivals);
	standing_done(&manager->standing);
	watch_free(manager->watch);
	census_free(manager->census);
	config_done(&manager->config);
	memblock_root_unref(manager->root);
	closep(&manager->opener_fd);
	free(manager->scan_error);
	closep(&manager->lock_fd);
	sd_event_unref(manager->event);
	free(manager);
	return NULL;
}
