/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Reads a whole string as an unsigned number: digits of the base (10 or 16) and nothing else, no
 * sign, no space, no 0x. Returns 0, -EINVAL for anything else, -ERANGE past 64 bits. */
int parse_u64(const char *text, unsigned base, uint64_t *ret);

/* The same for a number with an optional 0x in front, base 16 after it and 10 without. */
int parse_u64_0x(const char *text, uint64_t *ret);

/* Reads the digits at the cursor and moves it behind them. */
int parse_u64_at(const char **cursor, unsigned base, uint64_t *ret);

/* Reads the number in a name made of a prefix and a decimal number, as memory12 or node0. Names
 * that merely begin so (memory_failure) and numbers with leading zeros are -EINVAL. */
int parse_suffix(const char *name, const char *prefix, uint64_t *ret);

static inline bool is_power_of_two(uint64_t x)
{
	return x && !(x & (x - 1));
}
