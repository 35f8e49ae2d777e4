/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arrivals.h"
#include "block-set.h"
#include "journal.h"
#include "kept.h"
#include "kernel-policy.h"
#include "kernel-setting.h"
#include "known.h"
#include "manager.h"
#include "queue.h"
#include "text.h"
#include "watch.h"
#include "zone-fit.h"
#include "zone.h"

/* udev's helper takes what is offline for coldplug's until that is there: memblockd-online(8). */
#define COLDPLUGGED "coldplugged"
/* What somebody took offline while no memblockd was ready, by udev's helper. */
#define OFFLINED "offlined"

/* Longer than OFFLINED/memory18446744073709551615. */
#define NAME_SIZE 48

/* The blocks of a DIMM are its own a moment after the last of them came
 * (drivers/acpi/acpi_memhotplug.c:acpi_bind_memory_blocks()): where blocks are nobody's yet, the
 * machine is read once more then. */
#define PAUSE_USEC (UINT64_C(100) * 1000)

struct arrivals {
	struct manager *manager;
	struct known known;
	struct block_set fresh;     /* known by an event; its zone is to be looked at yet */
	struct block_set in_flight; /* to be handled by a job of ours */
	unsigned job;               /* that one; 0 for none */
	bool failed;                /* to write down what is known, which is told */
	bool urgent;                /* what a scan after a crash would not show */
	bool kernel_is_told;        /* of what came and waits for that */
	bool was_awaited;           /* that what came is of a device */
	bool no_worker;             /* for the last job: the next event is waited for */
};

DEFINE_CLEANUP(struct arrivals, arrivals_free)

static void save(struct arrivals *arrivals)
{
	int r;

	r = known_save(&arrivals->known, arrivals->manager->root);
	if (r < 0 && !arrivals->failed)
		tell(EVENT_ARRIVALS, NO_JOB, NO_BLOCK,
		     "Can't write /" KEPT_FOLDER "/" KNOWN_FILE ": %s", strerror(-r));
	arrivals->failed = r < 0;
	arrivals->urgent = false;
}

/* Where what is kept makes no sense, that is told, and none of the blocks that are there is
 * touched. */
static void distrust(struct arrivals *arrivals, const char *name, int error)
{
	if (error != -ENOENT)
		tell(EVENT_ARRIVALS, NO_JOB, NO_BLOCK,
		     "/" KEPT_FOLDER "/%s makes no sense (%s): what is offline now stays so", name,
		     strerror(-error));
	known_add_all(&arrivals->known, arrivals->manager->inventory);
	save(arrivals);
}

static int read_known(struct arrivals *arrivals)
{
	int r;

	r = known_load(&arrivals->known, arrivals->manager->root);
	if (r >= 0 || r == -ENOMEM)
		return r;
	distrust(arrivals, KNOWN_FILE, r);
	return 0;
}

/* The files go once what they say is kept. */
static int take_up_offlined(struct arrivals *arrivals)
{
	_cleanup_(block_set_done) struct block_set blocks = {};
	char name[NAME_SIZE];
	int r;

	r = kept_list_blocks(arrivals->manager->root, OFFLINED, &blocks);
	if (r < 0)
		return r;
	for (size_t i = 0; i < blocks.n; i++)
		known_add(&arrivals->known, blocks.items[i]);
	save(arrivals);
	for (size_t i = 0; !arrivals->failed && i < blocks.n; i++) {
		snprintf(name, sizeof(name), OFFLINED "/memory%" PRIu64, blocks.items[i]);
		kept_remove(arrivals->manager->root, name);
	}
	return 0;
}

static void check_zone(struct arrivals *arrivals, const struct memblock_block *block,
		       struct zone_mismatch *mismatch)
{
	struct memblock_decision decision;
	enum memblock_zone zones[MEMBLOCK_ZONES_MAX];

	if (memblock_block_state(block) != MEMBLOCK_STATE_ONLINE ||
	    memblock_block_zones(block, zones) != 1)
		return;
	standing_decide(arrivals->manager, block, &decision);
	if (decision.treatment != MEMBLOCK_TREATMENT_NO)
		zone_note(mismatch, memblock_block_index(block),
			  treatment_action(decision.treatment), zones[0]);
}

/* Those that somebody else brought online, the kernel perhaps, are left as they are. */
static void look_at_fresh(struct arrivals *arrivals)
{
	struct zone_mismatch mismatch = { .manager = arrivals->manager, .job = NO_JOB };
	const struct memblock_block *block;

	if (arrivals->fresh.n == 0)
		return;
	standing_refresh(arrivals->manager);
	for (size_t i = 0; i < arrivals->fresh.n; i++) {
		block = memblock_inventory_find(arrivals->manager->inventory,
						arrivals->fresh.items[i]);
		if (block)
			check_zone(arrivals, block, &mismatch);
	}
	zone_tell(&mismatch);
	arrivals->fresh.n = 0;
	/* What brought this memory may bring more. */
	kernel_policy_update(arrivals->manager->kernel_policy);
}

static bool is_to_be_handled(const struct arrivals *arrivals, uint64_t index)
{
	return !known_has(&arrivals->known, index) && !block_set_has(&arrivals->in_flight, index);
}

/* Whether a block is new and offline; one that is online, or that others fight over, is none of
 * ours. */
static bool is_new(struct arrivals *arrivals, const struct memblock_block *block,
		   struct zone_mismatch *mismatch)
{
	uint64_t index = memblock_block_index(block);

	if (!is_to_be_handled(arrivals, index))
		return false;
	if (memblock_block_state(block) == MEMBLOCK_STATE_OFFLINE &&
	    !rivals_fight_over(&arrivals->manager->rivals, index))
		return true;
	known_add(&arrivals->known, index);
	check_zone(arrivals, block, mismatch);
	return false;
}

static int list_new(struct arrivals *arrivals, struct ranges *ret)
{
	const struct memblock_inventory *inventory = arrivals->manager->inventory;
	uint64_t size = memblock_inventory_block_size(inventory);
	struct zone_mismatch mismatch = { .manager = arrivals->manager, .job = NO_JOB };
	const struct memblock_block *block;
	int r = 0;

	for (size_t i = 0; r >= 0 && (block = memblock_inventory_block(inventory, i)); i++) {
		uint64_t start = memblock_block_start(inventory, block);

		if (is_new(arrivals, block, &mismatch))
			r = ranges_join(ret, start, start + size);
	}
	zone_tell(&mismatch);
	return r;
}

/* Blocks side by side of which the same is to be told. */
struct telling {
	const char *what;
	struct memblock_decision decision;
	uint64_t first, n;
};

static void tell_blocks(struct telling *telling)
{
	const struct memblock_rule *rule = telling->decision.rule;

	char blocks[LIST_TEXT_MAX];

	if (telling->n > 0)
		tell(EVENT_ARRIVALS, NO_JOB, telling->first, "Block%s %s %s: %s%s%s%s",
		     telling->n > 1 ? "s" : "", blocks_text(telling->first, telling->n, blocks),
		     telling->what, telling->decision.why, rule ? " (" : "",
		     rule ? rule->place : "", rule ? ")" : "");
	telling->n = 0;
}

static void tell_block(struct telling *telling, uint64_t index, const char *what,
		       const struct memblock_decision *decision)
{
	if (telling->n > 0 && telling->first + telling->n == index && telling->what == what &&
	    telling->decision.why == decision->why && telling->decision.rule == decision->rule) {
		telling->n++;
		return;
	}
	tell_blocks(telling);
	*telling = (struct telling){ what, *decision, index, 1 };
}

/* The steps of a plan by the numbers of their blocks, to be freed; NULL where there is no memory.
 */
static struct memblock_step *sort_steps(const struct memblock_plan *plan, size_t *ret_n)
{
	const struct memblock_step *step;
	struct memblock_step *steps;
	size_t n = 0;

	while (memblock_plan_step(plan, n))
		n++;
	steps = calloc(n + 1, sizeof(*steps));
	if (!steps)
		return NULL;
	for (size_t i = 0; (step = memblock_plan_step(plan, i)); i++)
		steps[i] = *step;
	if (n > 0)
		qsort(steps, n, sizeof(*steps), compare_u64);
	*ret_n = n;
	return steps;
}

/* What is told of a block that doesn't get all that its rule says; NULL where it does. */
static const char *shortfall(const struct memblock_step *step, enum memblock_treatment treatment)
{
	if (!step)
		return "will be left offline";
	return is_kept_from_movable(treatment, step->action) ? KEPT_FROM_MOVABLE : NULL;
}

static void take_block(struct arrivals *arrivals, uint64_t index, const struct memblock_step *step,
		       struct telling *telling)
{
	struct memblock_decision decision;
	const char *what;

	standing_decide(arrivals->manager,
			memblock_inventory_find(arrivals->manager->inventory, index), &decision);
	what = shortfall(step, decision.treatment);
	if (what)
		tell_block(telling, index, what, &decision);
	if (step)
		(void)block_set_add(&arrivals->in_flight, index);
	else
		known_add(&arrivals->known, index);
}

/* Those that are not in the plan are handled by that. */
static int take_plan(struct arrivals *arrivals, const struct ranges *found,
		     const struct memblock_plan *plan)
{
	uint64_t size = memblock_inventory_block_size(arrivals->manager->inventory);
	_cleanup_free_ struct memblock_step *steps = NULL;
	struct telling telling = {};
	size_t n;

	steps = sort_steps(plan, &n);
	if (!steps)
		return -ENOMEM;
	for (size_t i = 0; i < found->n; i++)
		for (uint64_t at = found->items[i].start; at < found->items[i].end; at += size) {
			const struct memblock_step key = { .index = at / size };

			take_block(arrivals, key.index,
				   bsearch(&key, steps, n, sizeof(key), compare_u64), &telling);
		}
	tell_blocks(&telling);
	return 0;
}

static int add_job(struct arrivals *arrivals, struct ranges *found,
		   const struct memblock_plan *plan)
{
	struct request request = {
		.wanted = { .action = MEMBLOCK_ACTION_ONLINE,
			    .nid = MEMBLOCK_NID_UNKNOWN,
			    .zone = MEMBLOCK_ZONE_UNKNOWN,
			    .best_effort = true },
		.ranges = *found,
		.by_policy = true,
	};
	const struct job *job;
	int r;

	*found = (struct ranges){};
	request.wanted.ranges = request.ranges.items;
	request.wanted.n_ranges = request.ranges.n;
	r = queue_add(arrivals->manager->queue, JOB_ONLINE, 0, &request, plan, &job);
	request_done(&request);
	if (r >= 0)
		arrivals->job = job->id;
	return r;
}

/* What brought this memory may bring more, and how the kernel finds a zone is told before that is
 * left to it. Whether it is done. */
static bool tell_kernel(struct arrivals *arrivals)
{
	if (!arrivals->kernel_is_told) {
		standing_refresh(arrivals->manager);
		kernel_policy_update(arrivals->manager->kernel_policy);
		arrivals->kernel_is_told = true;
	}
	return !kernel_policy_is_busy(arrivals->manager->kernel_policy);
}

static int bring_online(struct arrivals *arrivals, struct ranges *found)
{
	_cleanup_(memblock_plan_freep) struct memblock_plan *plan = NULL;
	int r;

	(void)kept_write(arrivals->manager->root, COLDPLUGGED, "");
	if (!tell_kernel(arrivals)) {
		/* What changes by that kernel-policy reads itself. */
		watch_wait(arrivals->manager->watch, PAUSE_USEC, &(const struct block_set){});
		return 0;
	}
	arrivals->kernel_is_told = false;
	r = standing_plan(arrivals->manager, found, &plan);
	if (r < 0)
		return r;
	r = take_plan(arrivals, found, plan);
	if (r >= 0 && arrivals->in_flight.n > 0)
		r = add_job(arrivals, found, plan);
	if (r < 0)
		arrivals->in_flight.n = 0;
	return r;
}

static bool kernel_brings_online(const struct arrivals *arrivals)
{
	_cleanup_free_ char *now = NULL;

	(void)kernel_setting_read(arrivals->manager->root, KERNEL_AUTO_ONLINE_BLOCKS, &now);
	return now && strcmp(now, "offline") != 0;
}

static void look(struct arrivals *arrivals, bool quiet)
{
	/* What the kernel is at is offline for a moment: it is not to be taken for ours. */
	bool is_left = !quiet && kernel_brings_online(arrivals);
	_cleanup_(ranges_done) struct ranges found = {};
	int r;

	if (arrivals->manager->stopping)
		return;
	r = take_up_offlined(arrivals);
	/* Blocks that are gone are new when they come back. */
	known_retain(&arrivals->known, arrivals->manager->inventory);
	look_at_fresh(arrivals);
	if (r >= 0 && !is_left)
		r = list_new(arrivals, &found);
	/* One batch at a time; the rest is looked at when that has ended. */
	if (r >= 0 && found.n > 0 && arrivals->job == 0)
		r = bring_online(arrivals, &found);
	if (r < 0)
		tell(EVENT_ARRIVALS, NO_JOB, NO_BLOCK, "Memory that was added is left offline: %s",
		     strerror(-r));
	save(arrivals);
}

/* Whether any block is to be looked at, and whether each of them has its device by now. */
static bool any_waits(const struct arrivals *arrivals, bool *ret_linked)
{
	const struct memblock_inventory *inventory = arrivals->manager->inventory;
	const struct memblock_block *block;
	bool any = false;

	for (size_t i = 0; (block = memblock_inventory_block(inventory, i)); i++) {
		uint64_t index = memblock_block_index(block);

		if (!is_to_be_handled(arrivals, index) && !block_set_has(&arrivals->fresh, index))
			continue;
		any = true;
		if (!memblock_block_device(inventory, block)) {
			*ret_linked = false;
			return true;
		}
	}
	*ret_linked = true;
	return any;
}

int arrivals_new(struct manager *manager, struct arrivals **ret)
{
	_cleanup_(arrivals_freep) struct arrivals *arrivals = calloc(1, sizeof(*arrivals));
	bool linked;
	int r;

	if (!arrivals)
		return -ENOMEM;
	arrivals->manager = manager;
	r = read_known(arrivals);
	if (r >= 0)
		r = take_up_offlined(arrivals);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		distrust(arrivals, OFFLINED, r);
	/* Where the helper leaves word when we are away. */
	(void)kept_make_folder(manager->root, OFFLINED);
	/* What came while no daemon ran. */
	if (any_waits(arrivals, &linked))
		watch_wait(manager->watch, PAUSE_USEC, NULL);

	*ret = TAKE_PTR(arrivals);
	return 0;
}

struct arrivals *arrivals_free(struct arrivals *arrivals)
{
	if (!arrivals)
		return NULL;

	known_done(&arrivals->known);
	block_set_done(&arrivals->fresh);
	block_set_done(&arrivals->in_flight);
	free(arrivals);
	return NULL;
}

void arrivals_note(struct arrivals *arrivals, const char *action, uint64_t index)
{
	if (!arrivals)
		return;
	if (strcmp(action, "add") == 0 || strcmp(action, "remove") == 0) {
		arrivals->urgent |= known_drop(&arrivals->known, index);
		(void)block_set_remove(&arrivals->fresh, index);
		/* What a job is for may have been found before its add came, not its remove. */
		if (strcmp(action, "remove") == 0)
			(void)block_set_remove(&arrivals->in_flight, index);
		return;
	}
	if (!known_has(&arrivals->known, index) && !block_set_has(&arrivals->in_flight, index))
		(void)block_set_add(&arrivals->fresh, index);
	known_add(&arrivals->known, index);
	arrivals->urgent |= strcmp(action, "offline") == 0;
}

void arrivals_noted(struct arrivals *arrivals)
{
	if (!arrivals)
		return;
	arrivals->no_worker = false;
	if (arrivals->urgent)
		save(arrivals);
}

bool arrivals_know(const struct arrivals *arrivals, uint64_t index)
{
	return arrivals && known_has(&arrivals->known, index);
}

void arrivals_seen(struct arrivals *arrivals, bool quiet)
{
	bool any, linked;

	if (!arrivals)
		return;
	save(arrivals);
	any = !arrivals->no_worker && any_waits(arrivals, &linked);
	arrivals->was_awaited = any && !linked && !arrivals->was_awaited;
	if (!any)
		return;
	if (arrivals->was_awaited)
		watch_wait(arrivals->manager->watch, PAUSE_USEC, NULL);
	else
		look(arrivals, quiet);
}

bool arrivals_have_job(const struct arrivals *arrivals)
{
	return arrivals && arrivals->job != 0;
}

static bool has_no_worker(const struct job *job)
{
	return job->error && strcmp(job->error, "NoWorker") == 0;
}

/* Whether a block that a job was for is handled by that. A daemon that is told to stop, or finds no
 * worker, leaves what it didn't come to for the next one. */
static bool is_handled(const struct arrivals *arrivals, const struct job *job,
		       const struct memblock_result *result)
{
	bool left = arrivals->manager->stopping || has_no_worker(job);

	return !left || result->outcome == MEMBLOCK_OUTCOME_DONE ||
	       result->outcome == MEMBLOCK_OUTCOME_ALREADY;
}

void arrivals_job_ended(struct arrivals *arrivals, const struct job *job)
{
	struct memblock_result result;

	if (!arrivals || job->id != arrivals->job)
		return;
	for (size_t i = 0; job_result(job, i, &result); i++)
		if (block_set_has(&arrivals->in_flight, result.index) &&
		    is_handled(arrivals, job, &result))
			known_add(&arrivals->known, result.index);
	/* What came meanwhile is looked at then. */
	watch_wait(arrivals->manager->watch, 0, &arrivals->in_flight);
	arrivals->job = 0;
	arrivals->in_flight.n = 0;
	save(arrivals);
	arrivals->no_worker = has_no_worker(job);
}
