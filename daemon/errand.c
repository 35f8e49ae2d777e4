/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "errand.h"
#include "macros.h"
#include "spare.h"
#include "timer.h"

#define CONNECT_PAUSE_USEC (UINT64_C(500) * 1000)
/* A worker that was told to stop is out of its write, or has ended itself, well before this. */
#define STUCK_USEC (UINT64_C(5) * 1000 * 1000)
/* It may be asked for the next thing at once, to put back: starting another takes time. */
#define STOPPED_USEC (UINT64_C(1000) * 1000)

enum awaits {
	AWAITS_NOTHING,
	AWAITS_WORKER, /* to be there */
	AWAITS_ANSWER,
	AWAITS_STOP,   /* the answer, since it was told to stop */
	AWAITS_KERNEL, /* the same, however long it takes */
};

struct errand {
	struct spare *spare;
	unsigned max_tries;
	struct errand_listener listener;
	struct worker *worker;
	sd_event_source *timer;
	enum awaits awaits;
	struct worker_request request;
	uint64_t limit_usec;
	unsigned tries; /* to find a worker */
	int reason;     /* why it was stopped; 0 where it was not */
};

DEFINE_CLEANUP(struct errand, errand_free)

static void await(struct errand *errand, enum awaits awaits, uint64_t usec)
{
	errand->awaits = awaits;
	timer_set(errand->timer, usec);
}

static void await_nothing(struct errand *errand)
{
	errand->awaits = AWAITS_NOTHING;
	timer_unset(errand->timer);
}

static void on_answer(const struct worker_answer *given, void *userdata)
{
	struct errand *errand = userdata;
	struct worker_answer answer = *given;

	await_nothing(errand);
	/* One that was told to stop may hear of it late: nobody else gets it. */
	if (errand->reason == 0)
		spare_give(errand->spare, TAKE_PTR(errand->worker));
	else
		await(errand, AWAITS_NOTHING, STOPPED_USEC);
	if (answer.result < 0 && errand->reason < 0)
		answer.result = errand->reason;
	errand->listener.ended(&answer, errand->listener.userdata);
}

static int send_request(struct errand *errand)
{
	int r;

	if (!errand->worker || worker_is_gone(errand->worker)) {
		errand->worker = worker_free(errand->worker);
		r = spare_take(errand->spare, &errand->worker);
		if (r < 0)
			return r;
	}
	return worker_send(errand->worker, &errand->request, on_answer, errand);
}

static void find_worker(struct errand *errand)
{
	int r;

	r = send_request(errand);
	if (r >= 0) {
		await(errand, AWAITS_ANSWER, errand->limit_usec);
		return;
	}
	/* It went since we looked, or is not there yet. */
	errand->worker = worker_free(errand->worker);
	if (r != -ENOMEM && ++errand->tries < errand->max_tries) {
		await(errand, AWAITS_WORKER, CONNECT_PAUSE_USEC);
		return;
	}
	await_nothing(errand);
	errand->listener.no_worker(r, errand->listener.userdata);
}

static int on_timer(sd_event_source *source __attribute__((unused)),
		    uint64_t usec __attribute__((unused)), void *userdata)
{
	struct errand *errand = userdata;

	switch (errand->awaits) {
	case AWAITS_WORKER:
		find_worker(errand);
		break;
	case AWAITS_ANSWER:
		errand_stop(errand, -ETIMEDOUT);
		break;
	case AWAITS_STOP:
		errand->awaits = AWAITS_KERNEL;
		errand->listener.stuck(errand->listener.userdata);
		break;
	case AWAITS_NOTHING:
		errand->worker = worker_free(errand->worker);
		break;
	case AWAITS_KERNEL:
		break;
	}
	return 0;
}

int errand_new(sd_event *event, struct spare *spare, unsigned tries,
	       const struct errand_listener *listener, struct errand **ret)
{
	_cleanup_(errand_freep) struct errand *errand = calloc(1, sizeof(*errand));
	int r;

	if (!errand)
		return -ENOMEM;
	errand->spare = spare;
	errand->max_tries = tries;
	errand->listener = *listener;

	r = timer_new(event, 1000, on_timer, errand, &errand->timer);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(errand);
	return 0;
}

struct errand *errand_free(struct errand *errand)
{
	if (!errand)
		return NULL;

	worker_free(errand->worker);
	sd_event_source_disable_unref(errand->timer);
	free(errand);
	return NULL;
}

void errand_begin(struct errand *errand, const struct worker_request *request, uint64_t limit_usec)
{
	errand->request = *request;
	errand->limit_usec = limit_usec;
	errand->tries = 0;
	errand->reason = 0;
	find_worker(errand);
}

void errand_stop(struct errand *errand, int reason)
{
	if (!errand_is_busy(errand) || errand->reason < 0)
		return;

	errand->reason = reason;
	if (errand->awaits == AWAITS_WORKER) {
		on_answer(&(const struct worker_answer){ .result = reason, .fd = -1 }, errand);
		return;
	}
	worker_stop(errand->worker);
	await(errand, AWAITS_STOP, STUCK_USEC);
}

bool errand_is_busy(const struct errand *errand)
{
	return errand->awaits != AWAITS_NOTHING;
}
