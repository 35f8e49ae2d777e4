/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

/* Reads what names memory blocks: 8, memory8, 8-12 or memory8-memory12, first not above last.
 * 0 or -EINVAL. */
int block_range_parse(const char *text, uint64_t *ret_first, uint64_t *ret_last);

/* Reads an address range: 0x..-0x.., hexadecimal digits, and says nothing of which comes first. 0
 * or -EINVAL. */
int address_range_parse(const char *text, uint64_t *ret_first, uint64_t *ret_last);
