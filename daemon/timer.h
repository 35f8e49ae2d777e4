/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

/* Timers that run once each time they are set. */

/* One that is not set yet. */
static inline int timer_new(sd_event *event, uint64_t accuracy_usec,
			    sd_event_time_handler_t function, void *userdata, sd_event_source **ret)
{
	int r;

	r = sd_event_add_time(event, ret, CLOCK_MONOTONIC, 0, accuracy_usec, function, userdata);
	return r < 0 ? r : sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
}

static inline void timer_set_at(sd_event_source *timer, uint64_t usec)
{
	(void)sd_event_source_set_time(timer, usec);
	(void)sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

/* From now on. */
static inline void timer_set(sd_event_source *timer, uint64_t usec)
{
	(void)sd_event_source_set_time_relative(timer, usec);
	(void)sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

static inline void timer_unset(sd_event_source *timer)
{
	(void)sd_event_source_set_enabled(timer, SD_EVENT_OFF);
}

static inline bool timer_is_set(sd_event_source *timer)
{
	int enabled = SD_EVENT_OFF;

	(void)sd_event_source_get_enabled(timer, &enabled);
	return enabled != SD_EVENT_OFF;
}
