/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _printf_(text, first) __attribute__((__format__(printf, text, first)))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* Hands what a cleanup attribute watches to somebody else. */
#define TAKE_PTR(p)                         \
	({                                  \
		__typeof__(p) taken_ = (p); \
		(p) = NULL;                 \
		taken_;                     \
	})

#define TAKE_FD(fd)                \
	({                         \
		int taken_ = (fd); \
		(fd) = -1;         \
		taken_;            \
	})

/* Defines func##p, for _cleanup_(func##p), out of a destructor. */
#define DEFINE_CLEANUP(type, func)           \
	static inline void func##p(type **p) \
	{                                    \
		if (*p)                      \
			func(*p);            \
	}

static inline void freep(void *p)
{
	free(*(void **)p);
}

/* Never loses the errno of what failed before it. */
static inline void closep(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd);
	errno = saved;
}

static inline void closedirp(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
}

#define _cleanup_free_ _cleanup_(freep)
#define _cleanup_close_ _cleanup_(closep)
#define _cleanup_closedir_ _cleanup_(closedirp)

/* Makes room for one more item behind n of them, doubling. 0 or -ENOMEM; items and capacity stay as
 * they are on failure. Call it through ARRAY_GROW. */
static inline int array_grow(void **items, size_t *capacity, size_t n, size_t item_size)
{
	size_t wanted = MAX(n * 2, (size_t)8);
	void *grown;

	if (n < *capacity)
		return 0;
	grown = reallocarray(*items, wanted, item_size);
	if (!grown)
		return -ENOMEM;

	*items = grown;
	*capacity = wanted;
	return 0;
}

#define ARRAY_GROW(items, capacity, n) \
	array_grow((void **)&(items), &(capacity), (n), sizeof((items)[0]))

/* For qsort and bsearch, of items that begin with a uint64_t: by that number. */
static inline int compare_u64(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Where the item of a number is, or belongs, among n items that begin with a uint64_t and rise by
 * it. Call it through PLACE_OF. */
static inline size_t place_of_u64(const void *items, size_t n, size_t item_size, uint64_t number)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (*(const uint64_t *)(const void *)((const char *)items + middle * item_size) <
		    number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

#define PLACE_OF(items, n, number) place_of_u64((items), (n), sizeof((items)[0]), (number))
