/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdint.h>

struct block_set;
struct manager;
struct watch;

/* Follows the kernel's events and refreshes the inventory once a burst is over: a DIMM of hundreds
 * of blocks is one refresh. Where blocks went online or offline and nothing else happened, those
 * alone are read. From here on events count, so the first scan comes after. */
int watch_new(struct manager *manager, struct watch **ret);
/* Takes NULL; always returns NULL. */
struct watch *watch_free(struct watch *watch);
/* Somebody waits for what may come with no event, or is behind its event: refreshes once more when
 * all is quiet, so much later at the earliest. Until then the burst is not over. blocks: what is to
 * be read then, beside what is by events; NULL: everything. */
void watch_wait(struct watch *watch, uint64_t usec, const struct block_set *blocks);
