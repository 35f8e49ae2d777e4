/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "block-set.h"
#include "bus-signals.h"
#include "errand.h"
#include "journal.h"
#include "kept.h"
#include "kernel-policy.h"
#include "kernel-record.h"
#include "manager.h"
#include "standing.h"

/* systemd may be slow to start a worker; at the end it is waited for too. */
#define WORKER_TRIES 8
#define LIMIT_USEC (UINT64_C(5) * 1000 * 1000)

struct kernel_policy {
	struct manager *manager;
	struct errand *errand;
	struct kernel_record records[KERNEL_SETTINGS];
	char *told[KERNEL_SETTINGS]; /* what each is to be; NULL for what the policy leaves alone */
	bool failed[KERNEL_SETTINGS]; /* told; tried again with the next update */
	bool was_so[KERNEL_SETTINGS]; /* as it is told, by nothing that we wrote */
	enum kernel_setting setting;  /* the one that is under way */
	enum kernel_step step;
	char *value;  /* that is being written */
	bool changed; /* the records, since the bus was told */
	bool written; /* a setting, since blocks were read */
	bool stopping;
	bool stuck; /* the kernel doesn't come back */
};

DEFINE_CLEANUP(struct kernel_policy, kernel_policy_free)

static void go_on(struct kernel_policy *policy);

static int keep(struct kernel_policy *policy)
{
	_cleanup_free_ char *text = kernel_records_to_text(policy->records);

	policy->changed = true;
	if (!text)
		return -ENOMEM;
	if (*text)
		return kept_write(policy->manager->root, KERNEL_RECORD_FILE, text);
	kept_remove(policy->manager->root, KERNEL_RECORD_FILE);
	return 0;
}

static void fail(struct kernel_policy *policy, int error)
{
	policy->failed[policy->setting] = true;
	tell(EVENT_KERNEL_POLICY, NO_JOB, NO_BLOCK, "/%s can't be set to %s: %s",
	     kernel_setting_path(policy->setting), policy->value, strerror(-error));
}

static void note_written(struct kernel_policy *policy)
{
	struct kernel_record *record = &policy->records[policy->setting];

	tell(EVENT_KERNEL_POLICY, NO_JOB, NO_BLOCK, "/%s: %s%s, was %s",
	     kernel_setting_path(policy->setting), policy->value,
	     policy->step == KERNEL_STEP_BACK ? " again" : "",
	     record->wrote ? record->wrote : record->found);
	if (policy->step == KERNEL_STEP_BACK) {
		kernel_record_done(record);
	} else {
		free(record->wrote);
		record->wrote = TAKE_PTR(policy->value);
	}
	(void)keep(policy);
	policy->written = true;
}

static void on_ended(const struct worker_answer *answer, void *userdata)
{
	struct kernel_policy *policy = userdata;
	bool was_stuck = policy->stuck;

	policy->stuck = false;
	if (answer->result < 0 && was_stuck)
		policy->failed[policy->setting] = true; /* that was told */
	else if (answer->result < 0)
		fail(policy, answer->result);
	else
		note_written(policy);
	go_on(policy);
}

static void on_no_worker(int error, void *userdata)
{
	struct kernel_policy *policy = userdata;

	fail(policy, error);
	for (int i = 0; i < KERNEL_SETTINGS; i++)
		policy->failed[i] = true;
	go_on(policy);
}

static void on_stuck(void *userdata)
{
	struct kernel_policy *policy = userdata;

	fail(policy, -ETIMEDOUT);
	policy->stuck = true;
	if (policy->stopping)
		manager_stop(policy->manager);
}

/* What was found is on disk before it is changed. Returns whether a worker is at it. */
static bool write_setting(struct kernel_policy *policy, const char *now, const char *value)
{
	struct kernel_record *record = &policy->records[policy->setting];
	struct worker_request request = { .verb = WORKER_SET, .setting = policy->setting };
	int r = 0;

	free(policy->value);
	policy->value = strdup(value);
	if (!policy->value)
		return false;
	if (!record->found) {
		record->found = strdup(now);
		r = record->found ? keep(policy) : -ENOMEM;
		if (r < 0)
			kernel_record_done(record);
	}
	if (r < 0 || strlen(value) >= sizeof(request.text)) {
		fail(policy, r < 0 ? r : -ENAMETOOLONG);
		return false;
	}
	memcpy(request.text, value, strlen(value) + 1);
	errand_begin(policy->errand, &request, LIMIT_USEC);
	return true;
}

/* Whether a worker is at it. */
static bool do_step(struct kernel_policy *policy, const char *now, const char *told)
{
	struct kernel_record *record = &policy->records[policy->setting];

	switch (policy->step) {
	case KERNEL_STEP_WRITE:
		return now && told && write_setting(policy, now, told);
	case KERNEL_STEP_BACK:
		return now && write_setting(policy, now, record->found);
	case KERNEL_STEP_DONE:
		record->wrote = told ? strdup(told) : NULL;
		break;
	case KERNEL_STEP_FORGET:
		kernel_record_done(record);
		break;
	case KERNEL_STEP_NONE:
		return false;
	}
	(void)keep(policy);
	return false;
}

/* What somebody changed since it was found as it is told is as much theirs as what they change of
 * ours. */
static bool is_theirs(struct kernel_policy *policy, enum kernel_setting setting, const char *told,
		      const char *now)
{
	if (policy->records[setting].found)
		return false;
	if (told && now && strcmp(told, now) == 0)
		policy->was_so[setting] = true;
	return policy->was_so[setting];
}

static bool look_at(struct kernel_policy *policy, enum kernel_setting setting)
{
	const char *told = policy->stopping ? NULL : policy->told[setting];
	_cleanup_free_ char *now = NULL;

	if (policy->failed[setting] ||
	    kernel_setting_read(policy->manager->root, setting, &now) < 0 ||
	    is_theirs(policy, setting, told, now))
		return false;
	policy->setting = setting;
	policy->step = kernel_record_next(&policy->records[setting], told, now);
	return do_step(policy, now, told);
}

/* How a zone is chosen is set before what is brought online at all, and put back after it. */
static enum kernel_setting nth(const struct kernel_policy *policy, int n)
{
	bool back = policy->stopping || !policy->told[KERNEL_AUTO_ONLINE_BLOCKS];

	return (enum kernel_setting)(back ? n : KERNEL_SETTINGS - 1 - n);
}

static void go_on(struct kernel_policy *policy)
{
	for (int i = 0; i < KERNEL_SETTINGS; i++)
		if (look_at(policy, nth(policy, i)))
			return;
	if (policy->changed)
		bus_signal_kernel_policy(policy->manager);
	policy->changed = false;
	/* In which zone an offline block would come online hangs on it, and no event tells
	 * (mm/memory_hotplug.c:zone_for_pfn_range()). */
	if (policy->written && !policy->stopping)
		(void)manager_reread_or_refresh(policy->manager, &(const struct block_set){});
	policy->written = false;
	if (policy->stopping)
		manager_stop(policy->manager);
}

/* A file that makes no sense is told of, and what was changed stays changed. */
static int read_records(struct kernel_policy *policy)
{
	_cleanup_free_ char *text = NULL;
	int r;

	r = kept_read(policy->manager->root, KERNEL_RECORD_FILE, &text);
	if (r >= 0)
		r = kernel_records_from_text(text, policy->records);
	if (r < 0 && r != -ENOENT && r != -ENOMEM)
		tell(EVENT_KERNEL_POLICY, NO_JOB, NO_BLOCK,
		     "/" KEPT_FOLDER "/" KERNEL_RECORD_FILE
		     " makes no sense (%s): what was changed of the "
		     "kernel's own policy stays changed",
		     strerror(-r));
	return r == -ENOMEM ? r : 0;
}

int kernel_policy_new(struct manager *manager, struct kernel_policy **ret)
{
	_cleanup_(kernel_policy_freep) struct kernel_policy *policy = calloc(1, sizeof(*policy));
	const struct errand_listener listener = { on_ended, on_no_worker, on_stuck, policy };
	int r;

	if (!policy)
		return -ENOMEM;
	policy->manager = manager;
	r = read_records(policy);
	if (r >= 0)
		r = errand_new(manager->event, manager->spare, WORKER_TRIES, &listener,
			       &policy->errand);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(policy);
	return 0;
}

struct kernel_policy *kernel_policy_free(struct kernel_policy *policy)
{
	if (!policy)
		return NULL;

	errand_free(policy->errand);
	for (int i = 0; i < KERNEL_SETTINGS; i++) {
		kernel_record_done(&policy->records[i]);
		free(policy->told[i]);
	}
	free(policy->value);
	free(policy);
	return NULL;
}

static void tell_setting(struct kernel_policy *policy, enum kernel_setting setting,
			 const struct memblock_kernel_policy *told)
{
	char *before = policy->told[setting], *now = kernel_setting_told(told, setting);

	if (!before || !now || strcmp(before, now) != 0)
		policy->was_so[setting] = false;
	policy->failed[setting] = false;
	policy->told[setting] = now;
	free(before);
}

void kernel_policy_update(struct kernel_policy *policy)
{
	struct memblock_kernel_policy told;

	if (!policy || policy->stopping)
		return;
	standing_for_kernel(policy->manager, &told);
	for (int i = 0; i < KERNEL_SETTINGS; i++)
		tell_setting(policy, (enum kernel_setting)i, &told);
	if (!errand_is_busy(policy->errand))
		go_on(policy);
}

bool kernel_policy_is_busy(const struct kernel_policy *policy)
{
	return policy && !policy->stuck && errand_is_busy(policy->errand);
}

bool kernel_policy_stop(struct kernel_policy *policy)
{
	bool any = false;

	if (!policy || policy->stuck)
		return true;
	if (policy->stopping)
		return !errand_is_busy(policy->errand);
	policy->stopping = true;
	for (int i = 0; i < KERNEL_SETTINGS; i++)
		policy->failed[i] = false;
	if (errand_is_busy(policy->errand))
		return false;
	for (int i = 0; !any && i < KERNEL_SETTINGS; i++)
		any = look_at(policy, nth(policy, i));
	return !any || !errand_is_busy(policy->errand);
}

const char *kernel_policy_found(const struct kernel_policy *policy, enum kernel_setting setting)
{
	return policy ? policy->records[setting].found : NULL;
}

const char *kernel_policy_wrote(const struct kernel_policy *policy, enum kernel_setting setting)
{
	return policy ? policy->records[setting].wrote : NULL;
}
