/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

/* Long enough for any size: "1023.9E", and for a byte count. */
#define SIZE_TEXT_MAX 48

/* A size as lsmem prints it: binary units, one letter, one decimal rounded half up, and a decimal
 * that comes out as 0 left away: 128M, 1.1G, 0B. Returns text. */
char *size_to_text(uint64_t bytes, char text[SIZE_TEXT_MAX]);

/* Reads a size: digits, and B, K, M, G, T, P or E, small or large, of which all but B may be
 * followed by "iB". Binary units; a bare number counts units of the given size. 0, -EINVAL, or
 * -ERANGE past 64 bits. */
int size_parse(const char *text, uint64_t unit, uint64_t *ret);

/* "0x0000000040000000-0x0000000047ffffff", as lsmem prints [start, end). Returns text. */
#define RANGE_TEXT_MAX 40
char *range_to_text(uint64_t start, uint64_t end, char text[RANGE_TEXT_MAX]);
