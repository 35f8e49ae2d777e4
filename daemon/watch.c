/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "arrivals.h"
#include "burst.h"
#include "bus-signals.h"
#include "clock.h"
#include "manager.h"
#include "monitor.h"
#include "timer.h"
#include "watch.h"

struct watch {
	struct manager *manager;
	struct monitor *monitor;
	sd_event_source *timer; /* off while nothing happens */
	struct burst burst;
};

DEFINE_CLEANUP(struct watch, watch_free)

static void on_block(const char *action, uint64_t index, void *userdata)
{
	struct watch *watch = userdata;

	manager_note_block(watch->manager, action, index);
	burst_note(&watch->burst, action, index);
}

static void on_other(void *userdata)
{
	struct watch *watch = userdata;

	watch->burst.everything = true;
}

/* The timer isn't moved for each event: it looks when it runs whether it is time. It comes sooner
 * where nothing more is to come. */
static void on_change(void *userdata)
{
	struct watch *watch = userdata;
	struct burst *burst = &watch->burst;

	arrivals_noted(watch->manager->arrivals);
	burst->last_usec = monotonic_usec();
	if (!timer_is_set(watch->timer))
		burst->told_usec = burst->last_usec;
	else if (!burst_is_whole(burst))
		return;
	timer_set_at(watch->timer, MIN(burst_quiet_at(burst), burst_patient_until(burst)));
}

/* What is under way belongs to the burst: memory that came with it is brought online. */
static bool is_awaited(const struct watch *watch)
{
	return timer_is_set(watch->timer) || arrivals_have_job(watch->manager->arrivals);
}

/* Reads what may have changed. */
static int read_changes(struct watch *watch)
{
	struct burst *burst = &watch->burst;

	if (!burst->everything && manager_reread(watch->manager, &burst->blocks) >= 0)
		return 0;
	burst->everything = true;
	return manager_refresh(watch->manager, NULL);
}

/* The CPU's time, not the clock's: where others keep it from the CPU, a refresh is no dearer. One
 * that waited for a worker in vain is. */
static int refresh(struct watch *watch, bool quiet)
{
	struct burst *burst = &watch->burst;
	uint64_t began = monotonic_usec(), cpu_began = cpu_usec(), cost;
	bool wanted = burst->everything;
	int r;

	r = read_changes(watch);
	burst->told_usec = burst->read_usec = monotonic_usec();
	cost = burst->everything && watch->manager->opener_is_mute ? burst->read_usec - began
								   : cpu_usec() - cpu_began;
	/* Where some blocks don't do, that costs as much as everything. */
	burst->cost_usec[wanted] = burst->cost_usec[burst->everything] = cost;
	if (r < 0)
		return r;
	burst_was_read(burst);
	arrivals_seen(watch->manager->arrivals, quiet);
	return 0;
}

static int on_timer(sd_event_source *source __attribute__((unused)),
		    uint64_t usec __attribute__((unused)), void *userdata)
{
	struct watch *watch = userdata;
	struct burst *burst = &watch->burst;
	uint64_t now = monotonic_usec();
	bool quiet = now >= burst_quiet_at(burst);
	bool over = quiet && !is_awaited(watch);

	if (!over && now < burst_patient_until(burst)) {
		timer_set_at(watch->timer,
			     quiet ? burst_patient_until(burst) : burst_quiet_at(burst));
		return 0;
	}
	if (!quiet)
		timer_set_at(watch->timer, burst_quiet_at(burst));
	if (refresh(watch, quiet) < 0) {
		/* No event may ever come again. */
		timer_set_at(watch->timer, burst_patient_until(burst));
	} else if (over && !is_awaited(watch)) {
		burst_settled(burst);
		bus_signal_settled(watch->manager);
	}
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

	r = timer_new(manager->event, 1000, on_timer, watch, &watch->timer);
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
	burst_done(&watch->burst);
	free(watch);
	return NULL;
}

void watch_wait(struct watch *watch, uint64_t usec, const struct block_set *blocks)
{
	struct burst *burst = &watch->burst;

	for (size_t i = 0; blocks && i < blocks->n; i++)
		burst_add(burst, blocks->items[i]);
	burst->everything = burst->everything || !blocks;
	burst->wait_usec = monotonic_usec() + usec;
	timer_set_at(watch->timer, burst_quiet_at(burst));
}
