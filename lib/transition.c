/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "macros.h"
#include "plan.h"
#include "step.h"

/*
 * Two ways over the same list: on, until as many blocks as are wanted have the new state, and where
 * that can't be reached, back over those that may have been changed.
 */

struct item {
	struct memblock_step step; /* with the zone that was found right before the write */
	struct memblock_result result;
	bool writing; /* found() said that the write is to be done, and it isn't reported yet */
	bool touched; /* it may have been changed by us, and would be put back */
};

struct memblock_transition {
	struct item *items;
	size_t n;
	size_t current; /* the item that comes next, as long as it hasn't ended */
	size_t oldest;  /* the first of those that are written to */
	size_t n_writing;
	size_t wanted;
	size_t done;
	size_t left; /* not settled yet */
	bool best_effort;
	bool undoing;
	int stop; /* why it is to end early */
	int error;
	enum memblock_ending ending;
};

/* How it ends that not all is done, and nothing more will be. */
static enum memblock_ending ending_short(const struct memblock_transition *transition)
{
	if (transition->best_effort)
		return transition->done > 0 ? MEMBLOCK_ENDING_PARTIAL : MEMBLOCK_ENDING_FAILED;

	for (size_t i = 0; i < transition->n; i++)
		if (transition->items[i].result.outcome == MEMBLOCK_OUTCOME_NOT_PUT_BACK)
			return MEMBLOCK_ENDING_NOT_PUT_BACK;
	return MEMBLOCK_ENDING_FAILED;
}

/* Back to the next item that is to be put back. */
static void go_back(struct memblock_transition *transition)
{
	while (transition->current > 0)
		if (transition->items[--transition->current].touched)
			return;
	transition->ending = ending_short(transition);
}

/* What is wanted can't be reached any more. */
static void give_up(struct memblock_transition *transition)
{
	if (transition->best_effort) {
		transition->ending = ending_short(transition);
		return;
	}
	transition->undoing = true;
	transition->current = transition->n;
	go_back(transition);
}

static bool has_prospects(const struct memblock_transition *transition)
{
	if (transition->stop < 0)
		return false;
	return transition->best_effort ? transition->left > 0
				       : transition->left >= transition->wanted - transition->done;
}

/* Whether enough is being written to for what is wanted, if all goes well. */
static bool has_enough(const struct memblock_transition *transition)
{
	return transition->done + transition->n_writing >= transition->wanted;
}

/* On to the next item that can serve. How it goes on is open while any is written to. */
static void go_on(struct memblock_transition *transition)
{
	while (transition->current < transition->n &&
	       (transition->items[transition->current].writing ||
		transition->items[transition->current].result.outcome !=
			MEMBLOCK_OUTCOME_NOT_TRIED))
		transition->current++;
	if (transition->n_writing > 0)
		return;
	if (has_enough(transition))
		transition->ending = MEMBLOCK_ENDING_DONE;
	else if (!has_prospects(transition))
		give_up(transition);
}

int memblock_transition_new(const struct memblock_plan *plan, struct memblock_transition **ret)
{
	_cleanup_(memblock_transition_freep) struct memblock_transition *transition = NULL;

	transition = calloc(1, sizeof(*transition));
	if (!transition)
		return -ENOMEM;
	transition->items = calloc(MAX(plan->n, (size_t)1), sizeof(*transition->items));
	if (!transition->items)
		return -ENOMEM;

	transition->n = plan->n;
	transition->wanted = plan->wanted;
	transition->best_effort = plan->best_effort;
	for (size_t i = 0; i < plan->n; i++) {
		const struct memblock_step *step = &plan->steps[i];

		transition->items[i].step = *step;
		transition->items[i].result = (struct memblock_result){
			.index = step->index,
			.outcome = step->outcome,
			.zone = step->zone,
		};
		transition->done += step->outcome == MEMBLOCK_OUTCOME_ALREADY;
		transition->left += step->outcome == MEMBLOCK_OUTCOME_NOT_TRIED;
	}
	go_on(transition);

	*ret = TAKE_PTR(transition);
	return 0;
}

struct memblock_transition *memblock_transition_free(struct memblock_transition *transition)
{
	if (!transition)
		return NULL;

	free(transition->items);
	free(transition);
	return NULL;
}

static bool has_ended(const struct memblock_transition *transition)
{
	return transition->ending != MEMBLOCK_ENDING_NOT_YET;
}

/* Whether nothing more is to be begun before what is written to is reported. */
static bool is_waiting(const struct memblock_transition *transition)
{
	return transition->n_writing > 0 &&
	       (transition->undoing || transition->current == transition->n ||
		has_enough(transition) || !has_prospects(transition));
}

bool memblock_transition_next(const struct memblock_transition *transition, uint64_t *ret_index,
			      enum memblock_action *ret_action)
{
	const struct memblock_step *step;

	if (has_ended(transition) || is_waiting(transition))
		return false;

	step = &transition->items[transition->current].step;
	*ret_index = step->index;
	*ret_action = transition->undoing ? memblock_step_undo(step) : step->action;
	return true;
}

static void begin_write(struct memblock_transition *transition, struct item *item)
{
	item->writing = true;
	if (transition->n_writing++ == 0)
		transition->oldest = (size_t)(item - transition->items);
}

static struct item *end_write(struct memblock_transition *transition)
{
	struct item *item = &transition->items[transition->oldest];

	item->writing = false;
	transition->n_writing--;
	while (transition->n_writing > 0 && !transition->items[transition->oldest].writing)
		transition->oldest++;
	return item;
}

/* Settles an item on the way on. */
static void settle(struct memblock_transition *transition, struct item *item,
		   enum memblock_outcome outcome, int error)
{
	item->result.outcome = outcome;
	item->result.error = error;
	if (transition->error == 0)
		transition->error = error;
	transition->left--;
	transition->done += outcome != MEMBLOCK_OUTCOME_FAILED;
	go_on(transition);
}

static bool found_on_the_way_on(struct memblock_transition *transition, struct item *item,
				int error, enum memblock_state state, enum memblock_zone zone)
{
	if (error < 0) {
		settle(transition, item, MEMBLOCK_OUTCOME_FAILED, error);
	} else if (state != action_state(item->step.action)) {
		if (zone != MEMBLOCK_ZONE_UNKNOWN)
			item->step.zone = zone;
		begin_write(transition, item);
		go_on(transition);
	} else if (action_excludes_zone(item->step.action, zone)) {
		/* What the kernel says to whom writes `online` to an online block. */
		settle(transition, item, MEMBLOCK_OUTCOME_FAILED, -EINVAL);
	} else {
		settle(transition, item, MEMBLOCK_OUTCOME_ALREADY, 0);
	}
	return item->writing;
}

static void reported_on_the_way_on(struct memblock_transition *transition, struct item *item,
				   int error, enum memblock_state state, enum memblock_zone zone)
{
	bool offlining = item->step.action == MEMBLOCK_ACTION_OFFLINE;
	bool reached = state == action_state(item->step.action);
	bool unclear = state == MEMBLOCK_STATE_UNKNOWN;
	bool underway = offlining && state == MEMBLOCK_STATE_GOING_OFFLINE;

	/* An online block in a zone that was not asked for is somebody else's work, if our write
	 * failed; so is a state that the kernel refused to give it a second time. */
	if (error < 0 && reached && action_excludes_zone(item->step.action, zone)) {
		settle(transition, item, MEMBLOCK_OUTCOME_FAILED, error);
	} else if (error == -EINVAL && reached) {
		settle(transition, item, MEMBLOCK_OUTCOME_ALREADY, 0);
	} else if (reached || (unclear && error >= 0)) {
		item->touched = true;
		settle(transition, item, MEMBLOCK_OUTCOME_DONE, 0);
	} else {
		/* Nobody knows what a worker did before it died, or the kernel is still at it. */
		item->touched = (unclear || underway) && error != -EINVAL;
		if (error == -EINTR && transition->stop < 0)
			error = transition->stop;
		settle(transition, item, MEMBLOCK_OUTCOME_FAILED, error < 0 ? error : -EIO);
	}
}

/* Settles an item on the way back. */
static void settle_back(struct memblock_transition *transition, struct item *item,
			enum memblock_outcome outcome, int error)
{
	if (outcome == MEMBLOCK_OUTCOME_PUT_BACK && item->result.outcome == MEMBLOCK_OUTCOME_DONE)
		transition->done--;
	if (error < 0)
		item->result.error = error;
	item->result.outcome = outcome;
	go_back(transition);
}

static bool found_on_the_way_back(struct memblock_transition *transition, struct item *item,
				  int error, enum memblock_state state, enum memblock_zone zone)
{
	enum memblock_action undo = memblock_step_undo(&item->step);
	bool back = error >= 0 && state == action_state(undo);

	if (item->result.outcome == MEMBLOCK_OUTCOME_FAILED && (back || error == -ENODEV)) {
		go_back(transition); /* it was not changed after all */
	} else if (error == -ENODEV) {
		settle_back(transition, item, MEMBLOCK_OUTCOME_NOT_PUT_BACK, error);
	} else if (!back) {
		begin_write(transition, item);
	} else if (action_excludes_zone(undo, zone)) {
		settle_back(transition, item, MEMBLOCK_OUTCOME_NOT_PUT_BACK, -EINVAL);
	} else {
		settle_back(transition, item, MEMBLOCK_OUTCOME_PUT_BACK, 0);
	}
	return item->writing;
}

static void reported_on_the_way_back(struct memblock_transition *transition, struct item *item,
				     int error, enum memblock_state state, enum memblock_zone zone)
{
	enum memblock_action undo = memblock_step_undo(&item->step);
	bool back = state == action_state(undo) && !action_excludes_zone(undo, zone);

	if (back || (state == MEMBLOCK_STATE_UNKNOWN && error >= 0))
		settle_back(transition, item, MEMBLOCK_OUTCOME_PUT_BACK, 0);
	else
		settle_back(transition, item, MEMBLOCK_OUTCOME_NOT_PUT_BACK,
			    error < 0 ? error : -EIO);
}

static void see(struct item *item, enum memblock_state state, enum memblock_zone zone)
{
	item->result.zone = state == MEMBLOCK_STATE_ONLINE ? zone : MEMBLOCK_ZONE_UNKNOWN;
}

bool memblock_transition_found(struct memblock_transition *transition, int error,
			       enum memblock_state state, enum memblock_zone zone)
{
	struct item *item;

	if (has_ended(transition) || is_waiting(transition))
		return false;

	item = &transition->items[transition->current];
	see(item, error < 0 ? MEMBLOCK_STATE_UNKNOWN : state, zone);
	return transition->undoing ? found_on_the_way_back(transition, item, error, state, zone)
				   : found_on_the_way_on(transition, item, error, state, zone);
}

void memblock_transition_report(struct memblock_transition *transition, int error,
				enum memblock_state state, enum memblock_zone zone)
{
	struct item *item;

	if (transition->n_writing == 0)
		return;

	item = end_write(transition);
	see(item, state, zone);
	if (transition->undoing)
		reported_on_the_way_back(transition, item, error, state, zone);
	else
		reported_on_the_way_on(transition, item, error, state, zone);
}

void memblock_transition_withdraw(struct memblock_transition *transition)
{
	if (transition->n_writing == 0)
		return;

	transition->current = transition->oldest;
	while (transition->n_writing > 0)
		(void)end_write(transition);
	if (!transition->undoing)
		go_on(transition);
}

void memblock_transition_cancel(struct memblock_transition *transition, int error)
{
	if (has_ended(transition) || transition->undoing || transition->stop < 0)
		return;

	transition->stop = transition->error = error;
	if (transition->n_writing == 0)
		give_up(transition);
}

void memblock_transition_abandon(struct memblock_transition *transition, int error)
{
	if (has_ended(transition))
		return;

	if (!transition->undoing)
		transition->error = error;
	for (size_t i = 0; i < transition->n; i++) {
		struct item *item = &transition->items[i];
		struct memblock_result *result = &item->result;
		bool written_to = item->writing;

		item->writing = false;
		if (result->outcome == MEMBLOCK_OUTCOME_NOT_TRIED && written_to)
			result->outcome = MEMBLOCK_OUTCOME_FAILED;
		else if (result->outcome == MEMBLOCK_OUTCOME_DONE && !transition->best_effort)
			result->outcome = MEMBLOCK_OUTCOME_NOT_PUT_BACK;
		else
			continue;
		result->error = error;
	}
	transition->n_writing = 0;
	transition->ending = ending_short(transition);
}

bool memblock_transition_is_undoing(const struct memblock_transition *transition)
{
	return transition->undoing && !has_ended(transition);
}

enum memblock_ending memblock_transition_ending(const struct memblock_transition *transition)
{
	return transition->ending;
}

int memblock_transition_error(const struct memblock_transition *transition)
{
	/* A block that failed and was replaced by another made nothing end. */
	bool fails = transition->undoing || has_ended(transition);

	return fails && transition->ending != MEMBLOCK_ENDING_DONE ? transition->error : 0;
}

void memblock_transition_progress(const struct memblock_transition *transition, size_t *ret_done,
				  size_t *ret_wanted)
{
	*ret_done = transition->done;
	*ret_wanted = transition->wanted;
}

bool memblock_transition_result(const struct memblock_transition *transition, size_t n,
				struct memblock_result *ret)
{
	if (n >= transition->n)
		return false;

	*ret = transition->items[n].result;
	return true;
}
