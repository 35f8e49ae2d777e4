/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>
#include <stdlib.h>

/* Makes room for one more item behind n of them, doubling. Returns 0 or -ENOMEM; items and
 * capacity stay as they are on failure. Call it through ARRAY_GROW. */
int array_grow(void **items, size_t *capacity, size_t n, size_t item_size);

#define ARRAY_GROW(items, capacity, n) \
	array_grow((void **)&(items), &(capacity), (n), sizeof((items)[0]))
