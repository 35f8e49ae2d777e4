/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "array.h"
#include "macros.h"

int array_grow(void **items, size_t *capacity, size_t n, size_t item_size)
{
	size_t wanted;
	void *grown;

	if (n < *capacity)
		return 0;

	wanted = MAX(n * 2, (size_t)8);
	grown = reallocarray(*items, wanted, item_size);
	if (!grown)
		return -ENOMEM;

	*items = grown;
	*capacity = wanted;
	return 0;
}
