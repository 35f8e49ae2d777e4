/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

#define USEC_PER_SEC UINT64_C(1000000)

/* Reads a span of time: numbers with a unit behind each (us, ms, s, sec, min, h), with or without
 * spaces: 90s, 5min, 1min 30s. A bare number is seconds. 0, -EINVAL, or -ERANGE past 63 bits of
 * microseconds, so that it can be added to any clock. */
int timespan_parse(const char *text, uint64_t *ret_usec);
