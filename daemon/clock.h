/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_usec(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* The time that no one can set. */
static inline uint64_t monotonic_usec(void)
{
	return clock_usec(CLOCK_MONOTONIC);
}

/* The time of day, for people. */
static inline uint64_t realtime_usec(void)
{
	return clock_usec(CLOCK_REALTIME);
}

/* What this thread took of the CPU. */
static inline uint64_t cpu_usec(void)
{
	return clock_usec(CLOCK_THREAD_CPUTIME_ID);
}
