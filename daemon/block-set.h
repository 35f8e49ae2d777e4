/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers of blocks, in rising order. */
struct block_set {
	uint64_t *items;
	size_t n;
	size_t capacity;
};

void block_set_done(struct block_set *set);
bool block_set_has(const struct block_set *set, uint64_t index);
/* 1 where it was added, 0 where it is there already, or -ENOMEM. */
int block_set_add(struct block_set *set, uint64_t index);
/* Puts one behind all others, where it belongs unless the caller sorts them after. 0 or -ENOMEM. */
int block_set_append(struct block_set *set, uint64_t index);
/* Whether it was there. */
bool block_set_remove(struct block_set *set, uint64_t index);

/* As text, a range a line: 8-12. To be freed; NULL where there is no memory. */
char *block_set_to_text(const struct block_set *set);
/* Reads that, where ranges rise; the text is taken apart. 0, -EBADMSG or -ENOMEM. */
int block_set_from_text(char *text, struct block_set *ret);
