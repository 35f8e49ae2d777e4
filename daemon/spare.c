/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "macros.h"
#include "spare.h"
#include "timer.h"

/* As long as a person takes to ask the next thing. */
#define KEPT_USEC (UINT64_C(30) * 1000 * 1000)

struct spare {
	sd_event *event;
	const char *path;
	struct worker *worker; /* NULL for none */
	sd_event_source *timer;
};

DEFINE_CLEANUP(struct spare, spare_free)

static int on_timer(sd_event_source *source __attribute__((unused)),
		    uint64_t usec __attribute__((unused)), void *userdata)
{
	struct spare *spare = userdata;

	spare->worker = worker_free(spare->worker);
	return 0;
}

int spare_new(sd_event *event, const char *path, struct spare **ret)
{
	_cleanup_(spare_freep) struct spare *spare = calloc(1, sizeof(*spare));
	int r;

	if (!spare)
		return -ENOMEM;
	spare->event = event;
	spare->path = path;
	r = timer_new(event, 0, on_timer, spare, &spare->timer);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(spare);
	return 0;
}

struct spare *spare_free(struct spare *spare)
{
	if (!spare)
		return NULL;

	worker_free(spare->worker);
	sd_event_source_disable_unref(spare->timer);
	free(spare);
	return NULL;
}

int spare_take(struct spare *spare, struct worker **ret)
{
	struct worker *worker = TAKE_PTR(spare->worker);

	timer_unset(spare->timer);
	if (worker && !worker_is_gone(worker)) {
		*ret = worker;
		return 0;
	}
	worker_free(worker);
	return worker_new(spare->event, spare->path, ret);
}

void spare_give(struct spare *spare, struct worker *worker)
{
	if (!worker || worker_is_gone(worker) || spare->worker) {
		worker_free(worker);
		return;
	}
	spare->worker = worker;
	timer_set(spare->timer, KEPT_USEC);
}
