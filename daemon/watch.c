/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "arrivals.h"
#include "block-set.h"
#include "bus-signals.h"
#include "clock.h"
#include "manager.h"
#include "monitor.h"
#include "watch.h"

/* A burst is over when nothing has come for this long. Onlining a block takes the kernel some
 * milliseconds; under an emulator, some tens. */
#define QUIET_USEC (UINT64_C(50) * 1000)
/* A burst that doesn't end is told of in between. */
#define PATIENCE_USEC (UINT64_C(2) * 1000 * 1000)
/* A scan of very many blocks takes longer than all that. However many events there are, refreshes
 * must not take more than a part of the time. What is quiet is as long as the last one of its kind
 * took: half of the time at most, while events trickle. Patience is this many times as long: a
 * ninth of the time, while they don't end. */
#define PATIENCE_TIMES 8

struct watch {
	struct manager *manager;
	struct monitor *monitor;
	sd_event_source *timer; /* off while nothing happens */
	uint64_t last_usec;
	uint64_t told_usec; /* when the burst began, or was told of last */
	uint64_t wait_usec; /* until when somebody waits for more */
	/* What the next refresh reads: blocks that went online or offline, or everything, where
	 * more happened than that. */
	struct block_set blocks;
	bool everything;
	uint64_t cost_usec[2]; /* of the last refresh of blocks, and of the last of everything */
};

DEFINE_CLEANUP(struct watch, watch_free)

static uint64_t next_cost(const struct watch *watch)
{
	return watch->cost_usec[watch->everything];
}

static uint64_t when_quiet(const struct watch *watch)
{
	return MAX(watch->last_usec + MAX(QUIET_USEC, next_cost(watch)), watch->wait_usec);
}

static uint64_t when_impatient(const struct watch *watch)
{
	return watch->told_usec + MAX(PATIENCE_USEC, PATIENCE_TIMES * next_cost(watch));
}

static void arm(struct watch *watch, uint64_t usec)
{
	(void)sd_event_source_set_time(watch->timer, usec);
	(void)sd_event_source_set_enabled(watch->timer, SD_EVENT_ONESHOT);
}

static bool is_armed(const struct watch *watch)
{
	int enabled = SD_EVENT_OFF;

	(void)sd_event_source_get_enabled(watch->timer, &enabled);
	return enabled != SD_EVENT_OFF;
}

static void add_block(struct watch *watch, uint64_t index)
{
	if (!watch->everything && block_set_add(&watch->blocks, index) < 0)
		watch->everything = true;
}

static void on_block(const char *action, uint64_t index, void *userdata)
{
	struct watch *watch = userdata;

	if (manager_note_block(watch->manager, action, index))
		add_block(watch, index);
	else
		watch->everything = true;
}

static void on_other(void *userdata)
{
	struct watch *watch = userdata;

	watch->everything = true;
}

/* The timer isn't moved for each event: it looks when it runs whether it is time. */
static void on_change(void *userdata)
{
	struct watch *watch = userdata;

	arrivals_noted(watch->manager->arrivals);
	watch->last_usec = monotonic_usec();
	if (is_armed(watch))
		return;
	watch->told_usec = watch->last_usec;
	arm(watch, when_quiet(watch));
}

/* What is under way belongs to the burst: memory that came with it is brought online. */
static bool is_awaited(const struct watch *watch)
{
	return is_armed(watch) || arrivals_have_job(watch->manager->arrivals);
}

/* Reads what may have changed. */
static int read_changes(struct watch *watch)
{
	if (!watch->everything && manager_reread(watch->manager, &watch->blocks) >= 0)
		return 0;
	watch->everything = true;
	return manager_refresh(watch->manager);
}

/* The CPU's time, not the clock's: where others keep it from the CPU, a refresh is no dearer. One
 * that waited for a worker in vain is. */
static int refresh(struct watch *watch, bool quiet)
{
	uint64_t began = monotonic_usec(), cpu_began = cpu_usec(), cost;
	bool wanted = watch->everything;
	int r;

	r = read_changes(watch);
	watch->told_usec = monotonic_usec();
	cost = watch->everything && watch->manager->opener_is_mute ? watch->told_usec - began
								   : cpu_usec() - cpu_began;
	/* Where some blocks don't do, that costs as much as everything. */
	watch->cost_usec[wanted] = watch->cost_usec[watch->everything] = cost;
	if (r >= 0) {
		block_set_done(&watch->blocks);
		watch->everything = false;
	}
	arrivals_seen(watch->manager->arrivals, quiet);
	return r;
}

static int on_timer(sd_event_source *source __attribute__((unused)),
		    uint64_t usec __attribute__((unused)), void *userdata)
{
	struct watch *watch = userdata;
	uint64_t now = monotonic_usec();
	bool quiet = now >= when_quiet(watch);
	bool over = quiet && !is_awaited(watch);

	if (!over && now < when_impatient(watch)) {
		arm(watch, quiet ? when_impatient(watch) : when_quiet(watch));
		return 0;
	}
	if (!quiet)
		arm(watch, when_quiet(watch));
	if (refresh(watch, quiet) >= 0 && over && !is_awaited(watch))
		bus_signal_settled(watch->manager);
	return 0;
}

int watch_new(struct manager *manager, struct watch **ret)
{
	_cleanup_(watch_freep) struct watch *watch = calloc(1, sizeof(*watch));
	const struct monitor_listener listener = { on_block, on_other, on_change, watch };
	int r;

	if (!watch)
		return -ENOMEM;
	watch->manager = manager;

	r = sd_event_add_time(manager->event, &watch->timer, CLOCK_MONOTONIC, 0, 1000, on_timer,
			      watch);
	if (r >= 0)
		r = sd_event_source_set_enabled(watch->timer, SD_EVENT_OFF);
	if (r >= 0)
		r = monitor_new(manager->event, &listener, &watch->monitor);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(watch);
	return 0;
}

struct watch *watch_free(struct watch *watch)
{
	if (!watch)
		return NULL;

	monitor_free(watch->monitor);
	sd_event_source_disable_unref(watch->timer);
	block_set_done(&watch->blocks);
	free(watch);
	return NULL;
}

void watch_wait(struct watch *watch, uint64_t usec, const struct block_set *blocks)
{
	for (size_t i = 0; blocks && i < blocks->n; i++)
		add_block(watch, blocks->items[i]);
	watch->everything = watch->everything || !blocks;
	watch->wait_usec = monotonic_usec() + usec;
	arm(watch, when_quiet(watch));
}
