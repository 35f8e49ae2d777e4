/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "census.h"
#include "clock.h"
#include "eject.h"
#include "errand.h"
#include "manager.h"
#include "timer.h"

/* Ejecting is asynchronous (drivers/acpi/device_sysfs.c:eject_store()). */
#define EJECT_USEC (UINT64_C(60) * 1000 * 1000)
#define PAUSE_USEC (UINT64_C(200) * 1000)

struct eject {
	struct manager *manager;
	const struct job *job;
	struct eject_listener listener;
	struct errand *errand;
	sd_event_source *timer; /* to look once more whether it is gone */
	uint64_t until_usec;    /* so long; from the answer on */
};

DEFINE_CLEANUP(struct eject, eject_free)

static void end(struct eject *eject, int error)
{
	eject->listener.ended(error, eject->listener.userdata);
}

/* Whether no block that was to go is there, or at least none is online. */
static void look_at_blocks(const struct eject *eject, bool *ret_gone, bool *ret_offline)
{
	const struct memblock_step *step;

	*ret_gone = *ret_offline = true;
	for (size_t i = 0; (step = memblock_plan_step(eject->job->plan, i)); i++) {
		enum memblock_state state;
		enum memblock_zone zone;
		int r = memblock_read_state(eject->manager->root, step->index, &state, &zone);

		*ret_gone = *ret_gone && r == -ENODEV;
		*ret_offline = *ret_offline &&
			       (r == -ENODEV || (r >= 0 && state == MEMBLOCK_STATE_OFFLINE));
	}
}

static void look_whether_gone(struct eject *eject)
{
	bool gone, offline;

	look_at_blocks(eject, &gone, &offline);
	if (gone) {
		end(eject, 0);
	} else if (monotonic_usec() >= eject->until_usec) {
		end(eject, -ETIMEDOUT);
	} else {
		timer_set(eject->timer, PAUSE_USEC);
	}
}

static int on_timer(sd_event_source *source __attribute__((unused)),
		    uint64_t usec __attribute__((unused)), void *userdata)
{
	look_whether_gone(userdata);
	return 0;
}

static void on_ended(const struct worker_answer *answer, void *userdata)
{
	struct eject *eject = userdata;

	eject->listener.stuck(false, eject->listener.userdata);
	if (answer->result < 0) {
		end(eject, answer->result);
		return;
	}
	eject->until_usec = monotonic_usec() + EJECT_USEC;
	look_whether_gone(eject);
}

static void on_no_worker(int error, void *userdata)
{
	end(userdata, error);
}

static void on_stuck(void *userdata)
{
	struct eject *eject = userdata;

	eject->listener.stuck(true, eject->listener.userdata);
}

int eject_new(struct manager *manager, const struct job *job, const struct eject_listener *listener,
	      struct eject **ret)
{
	_cleanup_(eject_freep) struct eject *eject = calloc(1, sizeof(*eject));
	const struct errand_listener errand = { on_ended, on_no_worker, on_stuck, eject };
	int r;

	if (!eject)
		return -ENOMEM;
	eject->manager = manager;
	eject->job = job;
	eject->listener = *listener;

	r = timer_new(manager->event, 1000, on_timer, eject, &eject->timer);
	if (r >= 0)
		r = errand_new(manager->event, manager->spare, ERRAND_TRIES, &errand,
			       &eject->errand);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(eject);
	return 0;
}

struct eject *eject_free(struct eject *eject)
{
	if (!eject)
		return NULL;

	errand_free(eject->errand);
	sd_event_source_disable_unref(eject->timer);
	free(eject);
	return NULL;
}

void eject_begin(struct eject *eject)
{
	const char *device = eject->job->request.device;
	const struct memblock_device *known = census_find_device(eject->manager->inventory, device);
	struct worker_request request = { .verb = WORKER_EJECT };
	bool gone, offline;

	look_at_blocks(eject, &gone, &offline);
	if (!offline) {
		/* Somebody else brought one online, and the kernel would unbind it all the same
		 * (drivers/dax/kmem.c:dev_dax_kmem_remove()). */
		end(eject, -EBUSY);
		return;
	}
	if (strlen(device) >= sizeof(request.text)) {
		end(eject, -ENAMETOOLONG);
		return;
	}
	request.provider = known ? memblock_device_provider(known) : MEMBLOCK_PROVIDER_UNKNOWN;
	memcpy(request.text, device, strlen(device) + 1);
	errand_begin(eject->errand, &request, EJECT_USEC);
}
