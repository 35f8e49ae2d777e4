/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "errand.h"
#include "guard.h"
#include "journal.h"
#include "manager.h"
#include "queue.h"

/* systemd may be slow to start a worker. */
#define WORKER_TRIES 8

/* One block that is guarded, or is to be, or no longer is to be. */
struct guarded {
	uint64_t index;
	bool wanted;
	bool is_there;
	bool failed; /* told; tried again when asked for */
};

struct guard {
	struct manager *manager;
	struct errand *errand;
	struct guarded *blocks; /* sorted by index */
	size_t n;
	uint64_t index; /* the one that is under way */
	bool is_adding; /* or else it is being freed */
	bool is_stuck;  /* told; nothing else is asked of a worker until it is back */
	bool retry;     /* was asked for while a job ran */
};

DEFINE_CLEANUP(struct guard, guard_free)

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
	return block &&
	       (block->is_there || (errand_is_busy(guard->errand) && guard->index == block->index));
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

static void go_on(struct guard *guard)
{
	struct worker_request request = { .verb = WORKER_UNGUARD };
	struct guarded *block = NULL;

	/* Where it was stuck, a job may run by now. */
	if (!guard->manager->stopping && !queue_is_running(guard->manager->queue))
		block = find_next(guard);
	if (!block) {
		queue_wake(guard->manager->queue);
		return;
	}
	guard->index = block->index;
	guard->is_adding = block->wanted;
	if (guard->is_adding)
		request.verb = WORKER_GUARD;
	request.block = block->index;
	/* A mount takes milliseconds, and a worker on a busy machine some seconds. Jobs wait. */
	errand_begin(guard->errand, &request, guard->manager->config.timeout_usec);
}

static void tell_failure(const struct guard *guard, int error, const char *and_more)
{
	tell(EVENT_GUARD, NO_JOB, guard->index, "memory%" PRIu64 " can't be %s: %s%s", guard->index,
	     guard->is_adding ? "guarded" : "freed of its guard", strerror(-error), and_more);
}

/* The same would come of all others. */
static void give_up(struct guard *guard, int error)
{
	size_t n = 0;

	for (size_t i = 0; i < guard->n; i++)
		if (is_due(&guard->blocks[i])) {
			guard->blocks[i].failed = true;
			n++;
		}
	tell_failure(guard, error, n > 1 ? "; no other block is tried" : "");
}

static void on_ended(const struct worker_answer *answer, void *userdata)
{
	struct guard *guard = userdata;
	struct guarded *block = find(guard, guard->index);
	bool was_stuck = guard->is_stuck;

	guard->is_stuck = false;
	if (answer->result == -ETIMEDOUT && !was_stuck) {
		give_up(guard, answer->result);
	} else if (block && answer->result < 0 && !was_stuck) {
		block->failed = true;
		tell_failure(guard, answer->result, "");
	} else if (block && answer->result >= 0) {
		/* What was asked for then, whatever is wanted by now. */
		block->is_there = guard->is_adding;
		block->failed = false;
	}
	go_on(guard);
}

static void on_no_worker(int error, void *userdata)
{
	struct guard *guard = userdata;

	give_up(guard, error);
	go_on(guard);
}

/* Jobs don't wait for it any more. */
static void on_stuck(void *userdata)
{
	struct guard *guard = userdata;

	give_up(guard, -ETIMEDOUT);
	guard->is_stuck = true;
	queue_wake(guard->manager->queue);
}

bool guard_is_busy(const struct guard *guard)
{
	return !guard->is_stuck && errand_is_busy(guard->errand);
}

int guard_new(struct manager *manager, struct guard **ret)
{
	_cleanup_(guard_freep) struct guard *guard = calloc(1, sizeof(*guard));
	const struct errand_listener listener = { on_ended, on_no_worker, on_stuck, guard };
	int r;

	if (!guard)
		return -ENOMEM;
	guard->manager = manager;
	r = errand_new(manager->event, manager->spare, WORKER_TRIES, &listener, &guard->errand);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(guard);
	return 0;
}

struct guard *guard_free(struct guard *guard)
{
	if (!guard)
		return NULL;

	errand_free(guard->errand);
	free(guard->blocks);
	free(guard);
	return NULL;
}

void guard_update(struct guard *guard, bool retry)
{
	/* At the end all guards go with our unit. */
	if (guard->manager->stopping || (!guard->manager->config.guard && guard->n == 0))
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
	if (choose(guard) >= 0 && !errand_is_busy(guard->errand))
		go_on(guard);
}
