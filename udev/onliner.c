/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "config.h"
#include "macros.h"
#include "onliner.h"
#include "tell.h"
#include "virtualization.h"
#include "zone-fit.h"
#include "zone-policy.h"

/* A burst is over when nothing came for that long; one that doesn't end is not waited for. A DIMM's
 * blocks are its own only when all of them are there
 * (drivers/acpi/acpi_memhotplug.c:acpi_bind_memory_blocks()). */
#define QUIET_NSEC 50000000
#define PATIENCE 20

/* All that one batch needs. */
struct onliner {
	struct memblock_root *root;
	struct memblock_inventory *inventory;
	struct config config;
	struct memblock_policy policy;
	struct memblock_platform *platform;
	struct memblock_plan *plan;
	struct memblock_transition *transition;
};

static void onliner_done(struct onliner *onliner)
{
	memblock_transition_free(onliner->transition);
	memblock_plan_free(onliner->plan);
	memblock_platform_free(onliner->platform);
	config_done(&onliner->config);
	memblock_inventory_unref(onliner->inventory);
}

static void warn(const char *text, void *userdata)
{
	tell(userdata, "%s", text);
}

static int read_inventory(struct onliner *onliner)
{
	_cleanup_free_ char *text = NULL;
	int r;

	r = memblock_inventory_new(onliner->root, 0, &onliner->inventory, &text);
	if (r < 0)
		tell(onliner->root, "%s", text ?: strerror(-r));
	return r;
}

static int read_policy(struct onliner *onliner)
{
	const char *root =
		memblock_root_is_live(onliner->root) ? NULL : memblock_root_path(onliner->root);
	_cleanup_free_ char *virtualization = NULL;
	int r;

	r = config_load(root, warn, onliner->root, &onliner->config);
	if (r >= 0)
		r = virtualization_read(onliner->root, &virtualization);
	if (r < 0)
		return r;
	onliner->policy = config_policy_now(&onliner->config, onliner->root);
	return memblock_platform_read(onliner->root, onliner->inventory, virtualization,
				      &onliner->platform);
}

static void carry_out(struct onliner *onliner)
{
	struct memblock_transition *transition = onliner->transition;
	enum memblock_action action;
	uint64_t index;

	while (memblock_transition_next(transition, &index, &action)) {
		enum memblock_state state = MEMBLOCK_STATE_UNKNOWN;
		enum memblock_zone zone = MEMBLOCK_ZONE_UNKNOWN;
		int r;

		r = memblock_read_state(onliner->root, index, &state, &zone);
		if (!memblock_transition_found(transition, r, state, zone))
			continue;
		r = memblock_write_state(onliner->root, index, action);
		if (memblock_read_state(onliner->root, index, &state, &zone) < 0)
			state = MEMBLOCK_STATE_UNKNOWN;
		memblock_transition_report(transition, r, state, zone);
	}
}

/* What went is none of ours, and nothing is to be said of what went well. */
static void tell_result(const struct onliner *onliner, const struct memblock_step *step,
			const struct memblock_result *result)
{
	struct memblock_decision decision;

	if (result->error == -ENODEV)
		return;
	memblock_policy_decide(&onliner->policy, onliner->platform, onliner->inventory,
			       memblock_inventory_find(onliner->inventory, result->index),
			       &decision);
	if (is_kept_from_movable(decision.treatment, step->action))
		tell(onliner->root, "memory%" PRIu64 " " KEPT_FROM_MOVABLE, result->index);
	if (!zone_fits_action(result->zone, step->action))
		tell(onliner->root, "memory%" PRIu64 " was to be %s, and is in zone %s",
		     result->index, memblock_action_to_string(step->action),
		     memblock_zone_to_string(result->zone));
	else if (result->outcome == MEMBLOCK_OUTCOME_FAILED)
		tell(onliner->root, "memory%" PRIu64 " could not be brought online: %s",
		     result->index, strerror(-result->error));
}

static bool is_zone_left_to_kernel(const struct memblock_plan *plan)
{
	const struct memblock_step *step;

	for (size_t i = 0; (step = memblock_plan_step(plan, i)); i++)
		if (step->action == MEMBLOCK_ACTION_ONLINE)
			return true;
	return false;
}

/* Where that fails memory comes online all the same. */
static void tell_kernel(const struct onliner *onliner, const struct state *state)
{
	struct memblock_kernel_policy told;
	int r;

	if (!is_zone_left_to_kernel(onliner->plan))
		return;
	memblock_policy_for_kernel(&onliner->policy, onliner->platform, &told);
	r = zone_policy_set(state, &told);
	if (r < 0)
		tell(onliner->root, "The kernel can't be told how to find a zone: %s",
		     strerror(-r));
}

/* n of 0: all that are offline. */
static int bring_online(const struct state *state, const uint64_t *indexes, size_t n)
{
	_cleanup_(onliner_done) struct onliner onliner = { .root = state->root };
	struct memblock_result result;
	int r;

	r = read_inventory(&onliner);
	if (r >= 0)
		r = read_policy(&onliner);
	if (r >= 0)
		r = memblock_policy_plan(&onliner.policy, onliner.platform, onliner.inventory,
					 indexes, n, &onliner.plan);
	if (r >= 0)
		r = memblock_transition_new(onliner.plan, &onliner.transition);
	if (r < 0)
		return r;

	tell_kernel(&onliner, state);
	carry_out(&onliner);
	for (size_t i = 0; memblock_transition_result(onliner.transition, i, &result); i++)
		tell_result(&onliner, memblock_plan_step(onliner.plan, i), &result);
	return 0;
}

/* The notes of a burst that is over. */
static ssize_t wait_for_notes(const struct state *state, uint64_t **ret)
{
	_cleanup_free_ uint64_t *indexes = NULL;
	ssize_t n = 0, before;

	for (int i = 0; i < PATIENCE; i++) {
		before = n;
		free(TAKE_PTR(indexes));
		n = state_notes(state, &indexes);
		if (n < 0 || (i > 0 && n == before))
			break;
		nanosleep(&(struct timespec){ .tv_nsec = QUIET_NSEC }, NULL);
	}
	if (n >= 0)
		*ret = TAKE_PTR(indexes);
	return n;
}

static int handle_notes(const struct state *state, bool all)
{
	_cleanup_free_ uint64_t *indexes = NULL;
	ssize_t n = wait_for_notes(state, &indexes);
	int r;

	if (n < 0 || (n == 0 && !all))
		return (int)n;
	r = bring_online(state, indexes, all ? 0 : (size_t)n);
	for (ssize_t i = 0; r >= 0 && i < n; i++)
		r = state_forget(state, indexes[i]);
	return r;
}

int onliner_run(const struct state *state)
{
	_cleanup_free_ uint64_t *left = NULL;
	ssize_t n;
	int r, all;

	do {
		r = state_lock(state);
		if (r <= 0)
			return r;
		all = state_end_coldplug(state);
		r = all < 0 ? all : handle_notes(state, all);
		state_unlock(state);
		free(TAKE_PTR(left));
		n = state_notes(state, &left);
	} while (r >= 0 && n > 0);
	return r;
}
