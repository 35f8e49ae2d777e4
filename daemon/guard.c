/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "journal.h"
#include "manager.h"
#include "queue.h"
#include "worker-client.h"

/* One block that is guarded, or is to be, or no longer is to be. */
struct guarded {
	uint64_t index;
	bool wanted;
	bool is_there;
	bool failed; /* told; tried again when asked for */
};

struct guard {
	struct manager *manager;
	struct worker *worker;
	struct guarded *blocks; /* sorted by index */
	size_t n;
	uint64_t index; /* the one that is under way */
	bool is_adding; /* or else it is being freed */
	bool is_busy;
	bool retry; /* was asked for while a job ran */
};

int guard_new(struct manager *manager, struct guard **ret)
{
	struct guard *guard = calloc(1, sizeof(*guard));

	if (!guard)
		return -ENOMEM;
	guard->manager = manager;
	*ret = guard;
	return 0;
}

struct guard *guard_free(struct guard *guard)
{
	if (!guard)
		return NULL;

	worker_free(guard->worker);
	free(guard->blocks);
	free(guard);
	return NULL;
}

static struct guarded *find(const struct guard *guard, uint64_t index)
{
	const struct guarded key = { .index = index };

	return guard->n ? bsearch(&key, guard->blocks, guard->n, sizeof(key), compare_u64) : NULL;
}

/* One that is offline may come online. */
static bool is_to_be_guarded(const struct manager *manager, const struct memblock_block *block)
{
	return manager->config.guard && !manager->options.read_only &&
	       memblock_block_removable(block) == MEMBLOCK_ANSWER_NO &&
	       memblock_block_state(block) != MEMBLOCK_STATE_OFFLINE;
}

/* Whether it has to stay in the list though nobody wants it: a guard is there, or on its way. */
static bool may_be_there(const struct guard *guard, const struct guarded *block)
{
	return block && (block->is_there || (guard->is_busy && guard->index == block->index));
}

/* The new list: all that are wanted, and those that are there still. */
static int choose(struct guard *guard)
{
	const struct memblock_inventory *inventory = guard->manager->inventory;
	size_t max = memblock_inventory_n_blocks(inventory) + guard->n, n = 0;
	_cleanup_free_ struct guarded *blocks = calloc(max + 1, sizeof(*blocks));
	const struct memblock_block *block;

	if (!blocks)
		return -ENOMEM;
	for (size_t i = 0; (block = memblock_inventory_block(inventory, i)); i++) {
		uint64_t index = memblock_block_index(block);
		const struct guarded *old = find(guard, index);

		if (!is_to_be_guarded(guard->manager, block) && !may_be_there(guard, old))
			continue;
		blocks[n] = old ? *old : (struct guarded){ .index = index };
		blocks[n++].wanted = is_to_be_guarded(guard->manager, block);
	}

	free(guard->blocks);
	guard->blocks = TAKE_PTR(blocks);
	guard->n = n;
	return 0;
}

static void go_on(struct guard *guard);

static void on_reply(const struct worker_answer *answer, void *userdata)
{
	struct guard *guard = userdata;
	struct guarded *block = find(guard, guard->index);

	/* What was asked for then, whatever is wanted by now. */
	if (block && answer->result >= 0)
		block->is_there = guard->is_adding;
	if (block && answer->result < 0) {
		block->failed = true;
		tell(EVENT_GUARD, NO_JOB, block->index, "memory%" PRIu64 " can't be %s: %s",
		     block->index, guard->is_adding ? "guarded" : "freed of its guard",
		     strerror(-answer->result));
	}
	go_on(guard);
}

static bool is_due(const struct guarded *block)
{
	return block->wanted != block->is_there && !block->failed;
}

/* What is to be freed comes first: a job may wait for it. */
static struct guarded *find_next(const struct guard *guard)
{
	struct guarded *next = NULL;

	for (size_t i = 0; i < guard->n; i++) {
		if (!is_due(&guard->blocks[i]))
			continue;
		if (!guard->blocks[i].wanted)
			return &guard->blocks[i];
		if (!next)
			next = &guard->blocks[i];
	}
	return next;
}

bool guard_is_busy(const struct guard *guard)
{
	return guard->is_busy;
}

static int send_request(struct guard *guard, const struct guarded *block)
{
	const struct worker_request request = {
		.verb = block->wanted ? WORKER_GUARD : WORKER_UNGUARD,
		.block = block->index,
	};
	int r;

	if (!guard->worker || worker_is_gone(guard->worker)) {
		guard->worker = worker_free(guard->worker);
		r = worker_new(guard->manager->event, guard->manager->options.worker,
			       &guard->worker);
		if (r < 0)
			return r;
	}
	guard->index = block->index;
	guard->is_adding = block->wanted;
	return worker_send(guard->worker, &request, on_reply, guard);
}

static void go_on(struct guard *guard)
{
	struct guarded *block;
	int r;

	guard->is_busy = false;
	while ((block = find_next(guard))) {
		r = send_request(guard, block);
		guard->is_busy = r >= 0;
		if (r >= 0)
			return;
		block->failed = true;
		tell(EVENT_GUARD, NO_JOB, block->index, "memory%" PRIu64 " is not guarded: %s",
		     block->index, strerror(-r));
	}
	guard->worker = worker_free(guard->worker);
	queue_wake(guard->manager->queue);
}

void guard_update(struct guard *guard, bool retry)
{
	if (!guard->manager->config.guard && guard->n == 0)
		return;
	/* A job that puts back has to be able to; behind its end comes the next refresh. */
	if (queue_is_running(guard->manager->queue)) {
		guard->retry = guard->retry || retry;
		return;
	}
	retry = retry || guard->retry;
	guard->retry = false;
	for (size_t i = 0; retry && i < guard->n; i++)
		guard->blocks[i].failed = false;
	if (choose(guard) >= 0 && !guard->is_busy)
		go_on(guard);
}
