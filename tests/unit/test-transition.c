/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "plan.h"
#include "step.h"
#include "unit.h"

#define BLOCKS_MAX 8
#define LOG_SIZE 512

/* The block that a row's step is about. */
#define OFF(n)                                                              \
	{                                                                   \
		.index = (n), .state = ON_NOW, .zone = MEMBLOCK_ZONE_NORMAL \
	}
#define OFF_MOVABLE(n)                                                       \
	{                                                                    \
		.index = (n), .state = ON_NOW, .zone = MEMBLOCK_ZONE_MOVABLE \
	}
#define ON(n)                                                                    \
	{                                                                        \
		.index = (n), .state = OFF_NOW, .action = MEMBLOCK_ACTION_ONLINE \
	}
#define ON_MOVABLE(n)                                                                    \
	{                                                                                \
		.index = (n), .state = OFF_NOW, .action = MEMBLOCK_ACTION_ONLINE_MOVABLE \
	}
#define SETTLED(n, word)                                         \
	{                                                        \
		.index = (n), .outcome = MEMBLOCK_OUTCOME_##word \
	}
#define ON_NOW MEMBLOCK_STATE_ONLINE
#define OFF_NOW MEMBLOCK_STATE_OFFLINE
#define GOING MEMBLOCK_STATE_GOING_OFFLINE
#define NO_STATE MEMBLOCK_STATE_UNKNOWN
#define NORMAL MEMBLOCK_ZONE_NORMAL
#define MOVABLE MEMBLOCK_ZONE_MOVABLE
#define NO_ZONE MEMBLOCK_ZONE_UNKNOWN

static struct memblock_transition *begin(const struct memblock_step *steps, size_t n, size_t wanted,
					 bool best_effort)
{
	_cleanup_(memblock_plan_freep) struct memblock_plan *plan = NULL;
	struct memblock_transition *transition = NULL;

	assert_int_equal(memblock_plan_new_of_steps(steps, n, wanted, best_effort, &plan), 0);
	assert_int_equal(memblock_transition_new(plan, &transition), 0);
	assert_non_null(transition);
	return transition;
}

#define _cleanup_transition_ _cleanup_(memblock_transition_freep)

/*
 * A script: what happens in turn, and at the end what became of each block. Each line stands for
 * one call of the driver.
 */
enum call {
	CALL_END, /* no more calls */
	CALL_FOUND,
	CALL_REPORT,
	CALL_WITHDRAW,
	CALL_CANCEL,
	CALL_ABANDON,
};

struct event {
	enum call call;
	int error;
	enum memblock_state state;
	enum memblock_zone zone;
	const char *then; /* what is next: "memory3 offline", "" for nothing; NULL: not asked */
};

#define FOUND(...)                      \
	{                               \
		CALL_FOUND, __VA_ARGS__ \
	}
#define REPORT(...)                      \
	{                                \
		CALL_REPORT, __VA_ARGS__ \
	}
#define WITHDRAW(next)                                \
	{                                             \
		.call = CALL_WITHDRAW, .then = (next) \
	}
#define CANCEL(why, next)                                           \
	{                                                           \
		.call = CALL_CANCEL, .error = (why), .then = (next) \
	}
#define ABANDON(why, next)                                           \
	{                                                            \
		.call = CALL_ABANDON, .error = (why), .then = (next) \
	}

struct row {
	const char *name;
	struct memblock_step steps[4];
	size_t n, wanted;
	bool best_effort;
	struct event events[12];
	enum memblock_ending ending;
	int error;
	size_t done;
	const char *results; /* outcome, error, zone where online */
};

#define FOUND_ON FOUND(0, ON_NOW, NORMAL, NULL)
#define WENT(next) REPORT(0, OFF_NOW, NO_ZONE, next)
#define IS_BUSY(next) REPORT(-EBUSY, ON_NOW, NORMAL, next)
#define TWO_OFF .steps = { OFF(1), OFF(2) }, .n = 2, .wanted = 2
#define ENDS(word) .ending = MEMBLOCK_ENDING_##word

static const struct row rows[] = {
	/* On. */
	{ "nothing to do", .n = 0, .wanted = 0, ENDS(DONE), .results = "" },
	{ "all is so already", .steps = { SETTLED(1, ALREADY), SETTLED(2, ALREADY) }, .n = 2,
	  .wanted = 2, ENDS(DONE), .done = 2, .results = "already already" },
	{ "one is left out", .steps = { OFF(1), SETTLED(2, LEFT_OUT) }, .n = 2, .wanted = 2,
	  .best_effort = true, .events = { FOUND_ON, WENT("") }, ENDS(PARTIAL), .done = 1,
	  .results = "done left-out" },
	{ "all are left out", .steps = { SETTLED(1, LEFT_OUT) }, .n = 1, .wanted = 1,
	  .best_effort = true, ENDS(FAILED), .results = "left-out" },
	{ "more is wanted than there is", .steps = { OFF(1), OFF(2) }, .n = 2, .wanted = 3,
	  ENDS(FAILED), .results = "not-tried,Normal not-tried,Normal" },
	{ "all go", TWO_OFF, .events = { FOUND_ON, WENT("memory2 offline"), FOUND_ON, WENT("") },
	  ENDS(DONE), .done = 2, .results = "done done" },
	{ "online", .steps = { ON_MOVABLE(1) }, .n = 1, .wanted = 1,
	  .events = { FOUND(0, OFF_NOW, NO_ZONE, ""), REPORT(0, ON_NOW, MOVABLE, "") }, ENDS(DONE),
	  .done = 1, .results = "done,Movable" },
	{ "online in another zone after all", .steps = { ON_MOVABLE(1) }, .n = 1, .wanted = 1,
	  .events = { FOUND(0, OFF_NOW, NO_ZONE, NULL), REPORT(0, ON_NOW, NORMAL, "") }, ENDS(DONE),
	  .done = 1, .results = "done,Normal" },
	{ "enough", .steps = { OFF(1), OFF(2), OFF(3) }, .n = 3, .wanted = 1,
	  .events = { FOUND_ON, WENT("") }, ENDS(DONE), .done = 1,
	  .results = "done not-tried,Normal not-tried,Normal" },
	{ "one is replaced", .steps = { OFF(1), OFF(2), OFF(3) }, .n = 3, .wanted = 2,
	  .events = { FOUND_ON, IS_BUSY("memory2 offline"), FOUND_ON, WENT("memory3 offline"),
		      FOUND_ON, WENT("") },
	  ENDS(DONE), .done = 2, .results = "failed(16),Normal done done" },
	{ "by best effort it goes on", .steps = { OFF(1), OFF(2) }, .n = 2, .wanted = 2,
	  .best_effort = true,
	  .events = { FOUND_ON, IS_BUSY("memory2 offline"), FOUND_ON, WENT("") }, ENDS(PARTIAL),
	  .error = -EBUSY, .done = 1, .results = "failed(16),Normal done" },
	{ "by best effort none goes", TWO_OFF, .best_effort = true,
	  .events = { FOUND_ON, IS_BUSY(NULL), FOUND(-ENODEV, NO_STATE, NO_ZONE, "") },
	  ENDS(FAILED), .error = -EBUSY, .results = "failed(16),Normal failed(19)" },

	/* What is found right before the write. */
	{ "somebody else was first", TWO_OFF,
	  .events = { FOUND(0, OFF_NOW, NO_ZONE, "memory2 offline"), FOUND_ON, IS_BUSY("") },
	  ENDS(FAILED), .error = -EBUSY, .done = 1, .results = "already failed(16),Normal" },
	{ "somebody else onlined it", .steps = { ON_MOVABLE(1) }, .n = 1, .wanted = 1,
	  .events = { FOUND(0, ON_NOW, MOVABLE, "") }, ENDS(DONE), .done = 1,
	  .results = "already,Movable" },
	{ "in the wrong zone", .steps = { ON_MOVABLE(1) }, .n = 1, .wanted = 1,
	  .events = { FOUND(0, ON_NOW, NORMAL, "") }, ENDS(FAILED), .error = -EINVAL,
	  .results = "failed(22),Normal" },
	{ "in a zone that isn't known", .steps = { ON_MOVABLE(1) }, .n = 1, .wanted = 1,
	  .events = { FOUND(0, ON_NOW, NO_ZONE, "") }, ENDS(DONE), .done = 1,
	  .results = "already" },
	{ "gone", TWO_OFF, .events = { FOUND(-ENODEV, NO_STATE, NO_ZONE, "") }, ENDS(FAILED),
	  .error = -ENODEV, .results = "failed(19) not-tried,Normal" },
	{ "not readable", TWO_OFF, .events = { FOUND(-EIO, NO_STATE, NO_ZONE, "") }, ENDS(FAILED),
	  .error = -EIO, .results = "failed(5) not-tried,Normal" },
	{ "being taken offline by somebody", .steps = { OFF(1) }, .n = 1, .wanted = 1,
	  .events = { FOUND(0, GOING, NO_ZONE, ""), REPORT(-EINVAL, OFF_NOW, NO_ZONE, "") },
	  ENDS(DONE), .done = 1, .results = "already" },

	/* What the write gave, and what is so. */
	{ "it failed, but the block went", .steps = { OFF(1) }, .n = 1, .wanted = 1,
	  .events = { FOUND_ON, REPORT(-EPIPE, OFF_NOW, NO_ZONE, "") }, ENDS(DONE), .done = 1,
	  .results = "done" },
	{ "it gave nothing, but the block stays", .steps = { OFF(1) }, .n = 1, .wanted = 1,
	  .events = { FOUND_ON, REPORT(0, ON_NOW, NORMAL, "") }, ENDS(FAILED), .error = -EIO,
	  .results = "failed(5),Normal" },
	{ "somebody else's, says the kernel", TWO_OFF,
	  .events = { FOUND_ON, REPORT(-EINVAL, OFF_NOW, NO_ZONE, "memory2 offline"), FOUND_ON,
		      IS_BUSY("") },
	  ENDS(FAILED), .error = -EBUSY, .done = 1, .results = "already failed(16),Normal" },
	{ "somebody else's, in another zone", .steps = { ON_MOVABLE(1) }, .n = 1, .wanted = 1,
	  .events = { FOUND(0, OFF_NOW, NO_ZONE, NULL), REPORT(-EINVAL, ON_NOW, NORMAL, "") },
	  ENDS(FAILED), .error = -EINVAL, .results = "failed(22),Normal" },
	{ "it gave nothing, and the state can't be read", .steps = { OFF(1) }, .n = 1, .wanted = 1,
	  .events = { FOUND_ON, REPORT(0, NO_STATE, NO_ZONE, "") }, ENDS(DONE), .done = 1,
	  .results = "done" },
	{ "it failed, and the block is as it was", .steps = { OFF(1) }, .n = 1, .wanted = 1,
	  .events = { FOUND_ON, REPORT(-EPIPE, NO_STATE, NO_ZONE, "memory1 online_kernel"),
		      FOUND(0, ON_NOW, NORMAL, "") },
	  ENDS(FAILED), .error = -EPIPE, .results = "failed(32),Normal" },
	{ "it failed, and went on in the kernel", .steps = { OFF(1) }, .n = 1, .wanted = 1,
	  .events = { FOUND_ON, REPORT(-EPIPE, GOING, NO_ZONE, "memory1 online_kernel"),
		      FOUND(0, OFF_NOW, NO_ZONE, NULL), REPORT(0, ON_NOW, NORMAL, "") },
	  ENDS(FAILED), .error = -EPIPE, .results = "put-back(32),Normal" },
	{ "refused, and the state can't be read", .steps = { OFF(1) }, .n = 1, .wanted = 1,
	  .events = { FOUND_ON, REPORT(-EINVAL, NO_STATE, NO_ZONE, "") }, ENDS(FAILED),
	  .error = -EINVAL, .results = "failed(22)" },
	{ "it failed, and the block is gone", .steps = { OFF(1) }, .n = 1, .wanted = 1,
	  .events = { FOUND_ON, REPORT(-ENODEV, NO_STATE, NO_ZONE, NULL),
		      FOUND(-ENODEV, NO_STATE, NO_ZONE, "") },
	  ENDS(FAILED), .error = -ENODEV, .results = "failed(19)" },
	{ "onlined, and somebody takes it offline", .steps = { ON(1) }, .n = 1, .wanted = 1,
	  .events = { FOUND(0, OFF_NOW, NO_ZONE, NULL), REPORT(0, GOING, NO_ZONE, "") },
	  ENDS(FAILED), .error = -EIO, .results = "failed(5)" },
	{ "a report that nobody waits for", .steps = { OFF(1) }, .n = 1, .wanted = 1,
	  .events = { WENT("memory1 offline"), FOUND_ON, WENT(""), IS_BUSY(""), FOUND_ON },
	  ENDS(DONE), .done = 1, .results = "done" },

	/* Back. */
	{ "put back, the last first", .steps = { OFF(1), OFF_MOVABLE(2), OFF(3) }, .n = 3,
	  .wanted = 3,
	  .events = { FOUND_ON, WENT(NULL), FOUND(0, ON_NOW, MOVABLE, NULL), WENT(NULL), FOUND_ON,
		      IS_BUSY("memory2 online_movable"), FOUND(0, OFF_NOW, NO_ZONE, NULL),
		      REPORT(0, ON_NOW, MOVABLE, "memory1 online_kernel"),
		      FOUND(0, OFF_NOW, NO_ZONE, NULL), REPORT(0, ON_NOW, NORMAL, "") },
	  ENDS(FAILED), .error = -EBUSY,
	  .results = "put-back,Normal put-back,Movable failed(16),Normal" },
	{ "to the zone where it was found", TWO_OFF,
	  .events = { FOUND(0, ON_NOW, MOVABLE, NULL), WENT(NULL), FOUND_ON,
		      IS_BUSY("memory1 online_movable"), FOUND(0, OFF_NOW, NO_ZONE, NULL),
		      REPORT(0, ON_NOW, MOVABLE, "") },
	  ENDS(FAILED), .error = -EBUSY, .results = "put-back,Movable failed(16),Normal" },
	{ "onlined, and taken offline again", .steps = { ON(1), ON(2) }, .n = 2, .wanted = 2,
	  .events = { FOUND(0, OFF_NOW, NO_ZONE, NULL), REPORT(0, ON_NOW, NORMAL, NULL),
		      FOUND(0, OFF_NOW, NO_ZONE, NULL),
		      REPORT(-EPERM, OFF_NOW, NO_ZONE, "memory1 offline"), FOUND_ON, WENT("") },
	  ENDS(FAILED), .error = -EPERM, .results = "put-back failed(1)" },
	{ "it can't be put back", TWO_OFF,
	  .events = { FOUND_ON, WENT(NULL), FOUND_ON, IS_BUSY(NULL),
		      FOUND(0, OFF_NOW, NO_ZONE, NULL), REPORT(-ENOMEM, OFF_NOW, NO_ZONE, "") },
	  ENDS(NOT_PUT_BACK), .error = -EBUSY, .done = 1,
	  .results = "not-put-back(12) failed(16),Normal" },
	{ "one can't be put back, the others are", .steps = { OFF(1), OFF(2), OFF(3) }, .n = 3,
	  .wanted = 3,
	  .events = { FOUND_ON, WENT(NULL), FOUND_ON, WENT(NULL), FOUND_ON, IS_BUSY(NULL),
		      FOUND(0, OFF_NOW, NO_ZONE, NULL),
		      REPORT(0, OFF_NOW, NO_ZONE, "memory1 online_kernel"),
		      FOUND(0, OFF_NOW, NO_ZONE, NULL), REPORT(0, ON_NOW, NORMAL, "") },
	  ENDS(NOT_PUT_BACK), .error = -EBUSY, .done = 1,
	  .results = "put-back,Normal not-put-back(5) failed(16),Normal" },
	{ "put back in another zone", TWO_OFF,
	  .events = { FOUND_ON, WENT(NULL), FOUND_ON, IS_BUSY(NULL),
		      FOUND(0, OFF_NOW, NO_ZONE, NULL), REPORT(-EINVAL, ON_NOW, MOVABLE, "") },
	  ENDS(NOT_PUT_BACK), .error = -EBUSY, .done = 1,
	  .results = "not-put-back(22),Movable failed(16),Normal" },
	{ "put back, as far as is known", TWO_OFF,
	  .events = { FOUND_ON, WENT(NULL), FOUND_ON, IS_BUSY(NULL),
		      FOUND(-EIO, NO_STATE, NO_ZONE, ""), REPORT(0, NO_STATE, NO_ZONE, "") },
	  ENDS(FAILED), .error = -EBUSY, .results = "put-back failed(16),Normal" },
	{ "it failed, and nothing is known", TWO_OFF,
	  .events = { FOUND_ON, WENT(NULL), FOUND_ON, IS_BUSY(NULL),
		      FOUND(-EIO, NO_STATE, NO_ZONE, NULL), REPORT(-EPIPE, NO_STATE, NO_ZONE, "") },
	  ENDS(NOT_PUT_BACK), .error = -EBUSY, .done = 1,
	  .results = "not-put-back(32) failed(16),Normal" },
	{ "somebody else put it back", TWO_OFF,
	  .events = { FOUND_ON, WENT(NULL), FOUND_ON, IS_BUSY(NULL), FOUND(0, ON_NOW, NORMAL, "") },
	  ENDS(FAILED), .error = -EBUSY, .results = "put-back,Normal failed(16),Normal" },
	{ "somebody else put it elsewhere", TWO_OFF,
	  .events = { FOUND_ON, WENT(NULL), FOUND_ON, IS_BUSY(NULL),
		      FOUND(0, ON_NOW, MOVABLE, "") },
	  ENDS(NOT_PUT_BACK), .error = -EBUSY, .done = 1,
	  .results = "not-put-back(22),Movable failed(16),Normal" },
	{ "gone before it is put back", TWO_OFF,
	  .events = { FOUND_ON, WENT(NULL), FOUND_ON, IS_BUSY(NULL),
		      FOUND(-ENODEV, NO_STATE, NO_ZONE, "") },
	  ENDS(NOT_PUT_BACK), .error = -EBUSY, .done = 1,
	  .results = "not-put-back(19) failed(16),Normal" },

	/* Cancelled. */
	{ "before the first", TWO_OFF, .events = { CANCEL(-ECANCELED, "") }, ENDS(FAILED),
	  .error = -ECANCELED, .results = "not-tried,Normal not-tried,Normal" },
	{ "between two", TWO_OFF,
	  .events = { FOUND_ON, WENT(NULL), CANCEL(-ECANCELED, "memory1 online_kernel"),
		      FOUND(0, OFF_NOW, NO_ZONE, NULL), REPORT(0, ON_NOW, NORMAL, "") },
	  ENDS(FAILED), .error = -ECANCELED, .results = "put-back,Normal not-tried,Normal" },
	{ "within a write", TWO_OFF,
	  .events = { FOUND_ON, CANCEL(-ETIMEDOUT, ""), REPORT(-EINTR, ON_NOW, NORMAL, "") },
	  ENDS(FAILED), .error = -ETIMEDOUT, .results = "failed(110),Normal not-tried,Normal" },
	{ "within a write that fails by itself", TWO_OFF,
	  .events = { FOUND_ON, CANCEL(-ECANCELED, NULL), IS_BUSY("") }, ENDS(FAILED),
	  .error = -ECANCELED, .results = "failed(16),Normal not-tried,Normal" },
	{ "within a write that works", TWO_OFF,
	  .events = { FOUND_ON, CANCEL(-ECANCELED, NULL), WENT("memory1 online_kernel"),
		      FOUND(0, OFF_NOW, NO_ZONE, NULL), REPORT(0, ON_NOW, NORMAL, "") },
	  ENDS(FAILED), .error = -ECANCELED, .results = "put-back,Normal not-tried,Normal" },
	{ "within the last write, too late", .steps = { OFF(1) }, .n = 1, .wanted = 1,
	  .events = { FOUND_ON, CANCEL(-ECANCELED, NULL), WENT("") }, ENDS(DONE), .done = 1,
	  .results = "done" },
	{ "with others to take its place", .steps = { OFF(1), OFF(2) }, .n = 2, .wanted = 1,
	  .events = { FOUND_ON, CANCEL(-ECANCELED, NULL), IS_BUSY("") }, ENDS(FAILED),
	  .error = -ECANCELED, .results = "failed(16),Normal not-tried,Normal" },
	{ "after one that failed and was replaced", .steps = { OFF(1), OFF(2) }, .n = 2,
	  .wanted = 1, .events = { FOUND_ON, IS_BUSY(NULL), CANCEL(-ECANCELED, "") }, ENDS(FAILED),
	  .error = -ECANCELED, .results = "failed(16),Normal not-tried,Normal" },
	{ "twice", TWO_OFF,
	  .events = { FOUND_ON, CANCEL(-ECANCELED, NULL), CANCEL(-ETIMEDOUT, NULL),
		      REPORT(-EINTR, ON_NOW, NORMAL, "") },
	  ENDS(FAILED), .error = -ECANCELED, .results = "failed(125),Normal not-tried,Normal" },
	{ "by best effort", TWO_OFF, .best_effort = true,
	  .events = { FOUND_ON, WENT(NULL), CANCEL(-ECANCELED, "") }, ENDS(PARTIAL),
	  .error = -ECANCELED, .done = 1, .results = "done not-tried,Normal" },
	{ "by best effort, within a write", TWO_OFF, .best_effort = true,
	  .events = { FOUND_ON, CANCEL(-ECANCELED, NULL), REPORT(-EINTR, ON_NOW, NORMAL, "") },
	  ENDS(FAILED), .error = -ECANCELED, .results = "failed(125),Normal not-tried,Normal" },
	{ "while it is put back", TWO_OFF,
	  .events = { FOUND_ON, WENT(NULL), FOUND_ON, IS_BUSY(NULL),
		      CANCEL(-ECANCELED, "memory1 online_kernel"), FOUND(0, OFF_NOW, NO_ZONE, NULL),
		      REPORT(0, ON_NOW, NORMAL, "") },
	  ENDS(FAILED), .error = -EBUSY, .results = "put-back,Normal failed(16),Normal" },
	{ "when all is over", .steps = { OFF(1) }, .n = 1, .wanted = 1,
	  .events = { FOUND_ON, WENT(NULL), CANCEL(-ECANCELED, ""), ABANDON(-EPIPE, NULL) },
	  ENDS(DONE), .done = 1, .results = "done" },
	{ "EINTR without a cancel", .steps = { OFF(1) }, .n = 1, .wanted = 1,
	  .events = { FOUND_ON, REPORT(-EINTR, ON_NOW, NORMAL, "") }, ENDS(FAILED), .error = -EINTR,
	  .results = "failed(4),Normal" },

	/* Abandoned. */
	{ "before the first write", TWO_OFF, .events = { ABANDON(-EPIPE, "") }, ENDS(FAILED),
	  .error = -EPIPE, .results = "not-tried,Normal not-tried,Normal" },
	{ "within the first", TWO_OFF, .events = { FOUND_ON, ABANDON(-EPIPE, "") }, ENDS(FAILED),
	  .error = -EPIPE, .results = "failed(32),Normal not-tried,Normal" },
	{ "within the second", TWO_OFF,
	  .events = { FOUND_ON, WENT(NULL), FOUND_ON, ABANDON(-EPIPE, ""), WENT("") },
	  ENDS(NOT_PUT_BACK), .error = -EPIPE, .done = 1,
	  .results = "not-put-back(32) failed(32),Normal" },
	{ "by best effort, within the second", TWO_OFF, .best_effort = true,
	  .events = { FOUND_ON, WENT(NULL), FOUND_ON, ABANDON(-EPIPE, "") }, ENDS(PARTIAL),
	  .error = -EPIPE, .done = 1, .results = "done failed(32),Normal" },
	{ "while it is put back", TWO_OFF,
	  .events = { FOUND_ON, WENT(NULL), FOUND_ON, IS_BUSY(NULL),
		      FOUND(0, OFF_NOW, NO_ZONE, NULL), ABANDON(-EPIPE, "") },
	  ENDS(NOT_PUT_BACK), .error = -EBUSY, .done = 1,
	  .results = "not-put-back(32) failed(16),Normal" },
	/* Several at a time. */
	{ "two go together", TWO_OFF,
	  .events = { FOUND(0, ON_NOW, NORMAL, "memory2 offline"), FOUND(0, ON_NOW, NORMAL, ""),
		      WENT(""), WENT("") },
	  ENDS(DONE), .done = 2, .results = "done done" },
	{ "no more than are wanted", .steps = { OFF(1), OFF(2), OFF(3) }, .n = 3, .wanted = 2,
	  .events = { FOUND_ON, FOUND(0, ON_NOW, NORMAL, ""), FOUND_ON, IS_BUSY("memory3 offline"),
		      WENT("memory3 offline"), FOUND_ON, WENT("") },
	  ENDS(DONE), .done = 2, .results = "failed(16),Normal done done" },
	{ "one of them is so already", .steps = { OFF(1), OFF(2), OFF(3) }, .n = 3, .wanted = 3,
	  .events = { FOUND_ON, FOUND(0, OFF_NOW, NO_ZONE, "memory3 offline"), FOUND_ON, WENT(""),
		      WENT("") },
	  ENDS(DONE), .done = 3, .results = "done already done" },
	{ "the first fails, the second is put back", TWO_OFF,
	  .events = { FOUND_ON, FOUND_ON, IS_BUSY(""), WENT("memory2 online_kernel"),
		      FOUND(0, OFF_NOW, NO_ZONE, ""), REPORT(0, ON_NOW, NORMAL, "") },
	  ENDS(FAILED), .error = -EBUSY, .results = "failed(16),Normal put-back,Normal" },
	{ "one is gone, and no other is begun", .steps = { OFF(1), OFF(2), OFF(3) }, .n = 3,
	  .wanted = 3,
	  .events = { FOUND_ON, FOUND(-ENODEV, NO_STATE, NO_ZONE, ""),
		      WENT("memory1 online_kernel"), FOUND(0, OFF_NOW, NO_ZONE, NULL),
		      REPORT(0, ON_NOW, NORMAL, "") },
	  ENDS(FAILED), .error = -ENODEV,
	  .results = "put-back,Normal failed(19) not-tried,Normal" },
	{ "those that were not begun come again", .steps = { OFF(1), OFF(2), OFF(3) }, .n = 3,
	  .wanted = 3, .best_effort = true,
	  .events = { FOUND_ON, FOUND_ON, FOUND_ON, IS_BUSY(""), WITHDRAW("memory2 offline"),
		      FOUND_ON, WENT("memory3 offline"), FOUND_ON, WENT("") },
	  ENDS(PARTIAL), .error = -EBUSY, .done = 2, .results = "failed(16),Normal done done" },
	{ "none of them was begun, and it is cancelled", TWO_OFF,
	  .events = { FOUND_ON, FOUND_ON, CANCEL(-ECANCELED, ""), WITHDRAW("") }, ENDS(FAILED),
	  .error = -ECANCELED, .results = "not-tried,Normal not-tried,Normal" },
	{ "what puts back was not begun", TWO_OFF,
	  .events = { FOUND_ON, WENT(NULL), FOUND_ON, IS_BUSY(NULL), FOUND(0, OFF_NOW, NO_ZONE, ""),
		      WITHDRAW("memory1 online_kernel"), FOUND(0, OFF_NOW, NO_ZONE, ""),
		      REPORT(0, ON_NOW, NORMAL, "") },
	  ENDS(FAILED), .error = -EBUSY, .results = "put-back,Normal failed(16),Normal" },
	{ "both are written to when it is abandoned", TWO_OFF,
	  .events = { FOUND_ON, FOUND_ON, WENT(""), ABANDON(-EPIPE, "") }, ENDS(NOT_PUT_BACK),
	  .error = -EPIPE, .done = 1, .results = "not-put-back(32) failed(32),Normal" },
	{ "nothing to withdraw", TWO_OFF,
	  .events = { WITHDRAW("memory1 offline"), ABANDON(-EPIPE, "") }, ENDS(FAILED),
	  .error = -EPIPE, .results = "not-tried,Normal not-tried,Normal" },
};

static void assert_next(const struct memblock_transition *transition, const char *then)
{
	char text[64] = "";
	enum memblock_action action;
	uint64_t index;

	if (memblock_transition_next(transition, &index, &action))
		snprintf(text, sizeof(text), "memory%" PRIu64 " %s", index,
			 memblock_action_to_string(action));
	if (then)
		assert_string_equal(text, then);
}

static void play(struct memblock_transition *transition, const struct event *event)
{
	switch (event->call) {
	case CALL_FOUND:
		memblock_transition_found(transition, event->error, event->state, event->zone);
		break;
	case CALL_REPORT:
		memblock_transition_report(transition, event->error, event->state, event->zone);
		break;
	case CALL_WITHDRAW:
		memblock_transition_withdraw(transition);
		break;
	case CALL_CANCEL:
		memblock_transition_cancel(transition, event->error);
		break;
	default:
		memblock_transition_abandon(transition, event->error);
		break;
	}
	assert_next(transition, event->then);
}

static const char *results_text(const struct memblock_transition *transition, const struct row *row)
{
	static char text[LOG_SIZE];
	struct memblock_result result;
	size_t length = 0;

	*text = '\0';
	for (size_t i = 0; memblock_transition_result(transition, i, &result); i++) {
		char error[16] = "";
		bool online = result.zone != MEMBLOCK_ZONE_UNKNOWN;

		assert_int_equal(result.index, row->steps[i].index);
		if (result.error)
			snprintf(error, sizeof(error), "(%d)", -result.error);
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s%s%s%s",
					   i ? " " : "", memblock_outcome_to_string(result.outcome),
					   error, online ? "," : "",
					   online ? memblock_zone_to_string(result.zone) : "");
	}
	return text;
}

static void test_script(void **state)
{
	const struct row *row = *state;
	_cleanup_transition_ struct memblock_transition *transition =
		begin(row->steps, row->n, row->wanted, row->best_effort);
	size_t done, wanted;

	for (const struct event *event = row->events; event->call != CALL_END; event++)
		play(transition, event);

	assert_next(transition, "");
	assert_false(memblock_transition_is_undoing(transition));
	assert_string_equal(memblock_ending_to_string(memblock_transition_ending(transition)),
			    memblock_ending_to_string(row->ending));
	assert_int_equal(memblock_transition_error(transition), row->error);
	assert_string_equal(results_text(transition, row), row->results);
	memblock_transition_progress(transition, &done, &wanted);
	assert_int_equal(done, row->done);
	assert_int_equal(wanted, row->wanted);
}

/* What is told on the way. */
static void test_on_the_way(void **state)
{
	static const struct memblock_step steps[] = { OFF(1), OFF(2), OFF(3) };
	_cleanup_transition_ struct memblock_transition *transition = begin(steps, 3, 2, false);
	struct memblock_result result;
	size_t done, wanted;

	(void)state;
	assert_true(memblock_transition_found(transition, 0, ON_NOW, NORMAL));
	memblock_transition_report(transition, -EBUSY, ON_NOW, NORMAL);
	/* It is replaced, so nothing is lost yet. */
	assert_int_equal(memblock_transition_error(transition), 0);
	assert_int_equal(memblock_transition_ending(transition), MEMBLOCK_ENDING_NOT_YET);
	assert_true(memblock_transition_found(transition, 0, ON_NOW, NORMAL));
	memblock_transition_report(transition, 0, OFF_NOW, NO_ZONE);
	memblock_transition_progress(transition, &done, &wanted);
	assert_int_equal(done, 1);
	assert_int_equal(wanted, 2);

	memblock_transition_cancel(transition, -ETIMEDOUT);
	assert_true(memblock_transition_is_undoing(transition));
	assert_int_equal(memblock_transition_error(transition), -ETIMEDOUT);
	assert_int_equal(memblock_transition_ending(transition), MEMBLOCK_ENDING_NOT_YET);
	assert_false(memblock_transition_result(transition, 3, &result));
	assert_null(memblock_transition_free(NULL));
}

/*
 * A kernel in memory, with rivals, and blocks that come to nothing; what it does is settled by a
 * number. The same number makes the same story.
 */
struct simulated_block {
	enum memblock_state state;
	enum memblock_zone zone;
	enum memblock_state found_state; /* before our first write to it */
	enum memblock_zone found_zone;
	bool written; /* by us */
	bool ours;    /* our write changed it, and nobody else did after that */
	bool gone;
	unsigned trouble; /* how often of 100 times a write fails */
};

struct story {
	uint64_t seed;
	struct memblock_step steps[BLOCKS_MAX];
	struct simulated_block blocks[BLOCKS_MAX];
	size_t n, wanted;
	bool best_effort;
	unsigned rivals;    /* how often of 100 times one of them acts */
	unsigned blindness; /* how often of 100 times a state can't be read */
	size_t together;    /* how many blocks are written to in a row */
	unsigned calls;
};

static unsigned roll(struct story *story, unsigned sides)
{
	story->seed = story->seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(story->seed >> 33) % sides;
}

static bool happens(struct story *story, unsigned percent)
{
	return roll(story, 100) < percent;
}

static void make_block(struct story *story, size_t i, enum memblock_action action)
{
	struct memblock_step *step = &story->steps[i];
	struct simulated_block *block = &story->blocks[i];
	bool offlining = action == MEMBLOCK_ACTION_OFFLINE;

	*step = (struct memblock_step){ .index = i, .action = action };
	*block = (struct simulated_block){ .trouble = happens(story, 70) ? 0 : roll(story, 101) };
	if (happens(story, 10))
		step->outcome = MEMBLOCK_OUTCOME_ALREADY;
	else if (story->best_effort && happens(story, 10))
		step->outcome = MEMBLOCK_OUTCOME_LEFT_OUT;

	step->state = offlining == (step->outcome == MEMBLOCK_OUTCOME_ALREADY) ? OFF_NOW : ON_NOW;
	if (step->state == ON_NOW)
		step->zone = offlining && happens(story, 50) ? NORMAL : MOVABLE;
	block->state = step->state;
	block->zone = step->zone;
}

static void make_story(struct story *story, uint64_t seed)
{
	enum memblock_action action;

	*story = (struct story){ .seed = seed };
	story->n = 1 + roll(story, BLOCKS_MAX);
	story->best_effort = happens(story, 30);
	story->rivals = happens(story, 50) ? 0 : roll(story, 15);
	story->blindness = happens(story, 70) ? 0 : roll(story, 30);
	story->together = 1 + roll(story, 3);
	action = happens(story, 60) ? MEMBLOCK_ACTION_OFFLINE : MEMBLOCK_ACTION_ONLINE_MOVABLE;
	for (size_t i = 0; i < story->n; i++)
		make_block(story, i, action);
	story->wanted = happens(story, 50) ? story->n : 1 + roll(story, (unsigned)story->n);
}

/* Somebody else onlines a block, takes it offline, or pulls it out. */
static void let_rivals_act(struct story *story)
{
	struct simulated_block *block = &story->blocks[roll(story, (unsigned)story->n)];

	if (!happens(story, story->rivals))
		return;
	if (happens(story, 20))
		block->gone = true;
	block->state = block->state == ON_NOW ? OFF_NOW : ON_NOW;
	block->zone = block->state == OFF_NOW ? NO_ZONE : happens(story, 50) ? NORMAL : MOVABLE;
	block->ours = false;
}

static int simulated_read(struct story *story, uint64_t index, enum memblock_state *ret_state,
			  enum memblock_zone *ret_zone)
{
	const struct simulated_block *block = &story->blocks[index];

	let_rivals_act(story);
	*ret_state = NO_STATE;
	*ret_zone = NO_ZONE;
	if (block->gone)
		return -ENODEV;
	if (happens(story, story->blindness))
		return -EIO;
	*ret_state = block->state;
	*ret_zone = block->zone;
	return 0;
}

static int simulated_write(struct story *story, uint64_t index, enum memblock_action action)
{
	struct simulated_block *block = &story->blocks[index];
	static const int errors[] = { -EBUSY, -EPERM, -EINTR, -ENOMEM, -EINVAL };

	let_rivals_act(story);
	block->written = true;
	if (block->gone)
		return -ENODEV;
	if (block->state == action_state(action))
		return -EINVAL;
	if (happens(story, block->trouble))
		return errors[roll(story, ARRAY_SIZE(errors))];

	block->state = action_state(action);
	block->zone = block->state == OFF_NOW                    ? NO_ZONE
		      : action == MEMBLOCK_ACTION_ONLINE_MOVABLE ? MOVABLE
								 : NORMAL;
	block->ours = true;
	/* The worker may die of it before it can tell. */
	return happens(story, block->trouble) ? -EPIPE : 0;
}

/* Looks at the block that comes next. Whether it is to be written to. */
static bool simulated_find(struct story *story, struct memblock_transition *transition,
			   uint64_t index, enum memblock_action action)
{
	struct simulated_block *block = &story->blocks[index];
	enum memblock_state state;
	enum memblock_zone zone;
	int r;

	assert_true(story->calls < 8 * BLOCKS_MAX);
	assert_int_equal(story->steps[index].outcome, MEMBLOCK_OUTCOME_NOT_TRIED);
	r = simulated_read(story, index, &state, &zone);
	if (!memblock_transition_found(transition, r, state, zone))
		return false;
	assert_true(r < 0 || state != action_state(action));
	if (!block->written) {
		block->found_state = state;
		block->found_zone = zone;
	}
	return true;
}

/* Writes to blocks until one fails. */
static void simulated_writes(struct story *story, struct memblock_transition *transition,
			     const uint64_t *indexes, size_t n, enum memblock_action action)
{
	enum memblock_state state;
	enum memblock_zone zone;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < n; i++) {
		r = simulated_write(story, indexes[i], action);
		if (simulated_read(story, indexes[i], &state, &zone) < 0)
			state = NO_STATE;
		memblock_transition_report(transition, r, state, zone);
	}
	memblock_transition_withdraw(transition);
}

/* Carries it out, and cancels at a certain call. */
static void drive(struct story *story, struct memblock_transition *transition, unsigned cancel_at)
{
	uint64_t indexes[BLOCKS_MAX];
	enum memblock_action action;
	size_t n;

	do {
		if (story->calls++ == cancel_at)
			memblock_transition_cancel(transition, -ECANCELED);
		for (n = 0; n < story->together &&
			    memblock_transition_next(transition, &indexes[n], &action);)
			n += simulated_find(story, transition, indexes[n], action);
		if (story->calls++ == cancel_at)
			memblock_transition_cancel(transition, -ECANCELED);
		simulated_writes(story, transition, indexes, n, action);
	} while (memblock_transition_next(transition, &indexes[0], &action));
}

/* Whether a block is not as it was, and that is our doing. */
static bool is_left_changed(const struct simulated_block *block)
{
	bool elsewhere = block->found_zone != NO_ZONE && block->zone != block->found_zone;

	return block->ours && !block->gone && (block->state != block->found_state || elsewhere);
}

/* What the plan settled stays so. */
static bool is_as_planned(const struct memblock_step *step, enum memblock_outcome outcome)
{
	return step->outcome == MEMBLOCK_OUTCOME_NOT_TRIED || step->outcome == outcome;
}

static void assert_all_or_nothing(const struct story *story,
				  const struct memblock_transition *transition)
{
	bool whole = memblock_transition_ending(transition) == MEMBLOCK_ENDING_DONE;
	size_t not_put_back = 0;
	struct memblock_result result;

	assert_int_not_equal(memblock_transition_ending(transition), MEMBLOCK_ENDING_PARTIAL);
	for (size_t i = 0; memblock_transition_result(transition, i, &result); i++) {
		bool stuck = result.outcome == MEMBLOCK_OUTCOME_NOT_PUT_BACK;

		not_put_back += stuck;
		assert_true(whole || result.outcome != MEMBLOCK_OUTCOME_DONE);
		assert_true(whole || stuck || !is_left_changed(&story->blocks[i]));
	}
	assert_int_equal(not_put_back > 0,
			 memblock_transition_ending(transition) == MEMBLOCK_ENDING_NOT_PUT_BACK);
}

static void assert_best_effort(const struct memblock_transition *transition)
{
	struct memblock_result result;

	assert_int_not_equal(memblock_transition_ending(transition), MEMBLOCK_ENDING_NOT_PUT_BACK);
	for (size_t i = 0; memblock_transition_result(transition, i, &result); i++) {
		assert_int_not_equal(result.outcome, MEMBLOCK_OUTCOME_PUT_BACK);
		assert_int_not_equal(result.outcome, MEMBLOCK_OUTCOME_NOT_PUT_BACK);
	}
}

static void assert_results(const struct story *story, const struct memblock_transition *transition)
{
	struct memblock_result result;
	size_t done, wanted, had = 0, stuck = 0;

	for (size_t i = 0; memblock_transition_result(transition, i, &result); i++) {
		bool failed = result.outcome == MEMBLOCK_OUTCOME_FAILED ||
			      result.outcome == MEMBLOCK_OUTCOME_NOT_PUT_BACK;

		assert_int_equal(result.index, i);
		assert_true(is_as_planned(&story->steps[i], result.outcome));
		assert_true(result.error <= 0);
		assert_true(!failed || result.error < 0);
		had += result.outcome == MEMBLOCK_OUTCOME_DONE ||
		       result.outcome == MEMBLOCK_OUTCOME_ALREADY;
		stuck += result.outcome == MEMBLOCK_OUTCOME_NOT_PUT_BACK;
		/* What somebody else did, or nobody, isn't written to again. */
		if (result.outcome == MEMBLOCK_OUTCOME_LEFT_OUT ||
		    result.outcome == MEMBLOCK_OUTCOME_NOT_TRIED)
			assert_false(story->blocks[i].written);
	}
	memblock_transition_progress(transition, &done, &wanted);
	assert_true(done >= had && done <= had + stuck);
	assert_int_equal(done >= wanted && stuck == 0,
			 memblock_transition_ending(transition) == MEMBLOCK_ENDING_DONE);
	if (memblock_transition_ending(transition) == MEMBLOCK_ENDING_DONE)
		assert_int_equal(memblock_transition_error(transition), 0);
}

static unsigned run_story(uint64_t seed, unsigned cancel_at)
{
	struct story story;
	_cleanup_transition_ struct memblock_transition *transition = NULL;

	make_story(&story, seed);
	transition = begin(story.steps, story.n, story.wanted, story.best_effort);
	drive(&story, transition, cancel_at);

	assert_int_not_equal(memblock_transition_ending(transition), MEMBLOCK_ENDING_NOT_YET);
	assert_false(memblock_transition_found(transition, 0, ON_NOW, NORMAL));
	assert_false(memblock_transition_found(transition, 0, OFF_NOW, NO_ZONE));
	assert_results(&story, transition);
	if (story.best_effort)
		assert_best_effort(transition);
	else
		assert_all_or_nothing(&story, transition);
	return story.calls;
}

static void test_stories(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 3000; seed++) {
		unsigned calls = run_story(seed, UINT32_MAX);

		for (unsigned cancel_at = 0; cancel_at < calls; cancel_at++)
			run_story(seed, cancel_at);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_on_the_way),
		cmocka_unit_test(test_stories),
	};

	return RUN_ROWS(rows, test_script) + RUN_TESTS(tests);
}
