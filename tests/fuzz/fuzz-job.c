/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fuzz.h"
#include "job-file.h"
#include "journal.h"

/* The file of a job that a killed daemon left, and the plan that is made of it to put back what was
 * done. */

void tell(enum event_id event, unsigned job, uint64_t block, const char *format, ...)
{
	(void)event;
	(void)job;
	(void)block;
	(void)format;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(saved_job_done) struct saved_job saved = {};
	struct input input = { data, size };
	_cleanup_free_ char *text = take_text(&input);
	struct memblock_plan *plan;
	int r;

	r = saved_job_parse(text, &saved);
	must(r >= 0 || r == -EBADMSG);
	if (r < 0)
		return 0;
	must(job_kind_to_string(saved.kind));
	for (size_t i = 0; i < saved.n; i++)
		must(memblock_action_to_string(memblock_step_undo(&saved.steps[i])));
	must(memblock_plan_new_of_steps(saved.steps, saved.n, saved.wanted, saved.best_effort,
					&plan) >= 0);
	memblock_plan_free(plan);
	return 0;
}
