/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "change.h"
#include "json.h"
#include "log.h"
#include "size.h"

const struct change_words change_words[CHANGE_COUNT] = {
	[CHANGE_ONLINE] = { "online", "Bringing", "online", "online", "Online", "PlanOnline" },
	[CHANGE_OFFLINE] = { "offline", "Taking", "offline", "offline", "Offline", "PlanOffline" },
	[CHANGE_REMOVE] = { "remove", "Removing", "with its device", "offline", "Remove",
			    "PlanOffline" },
};

void change_result_done(struct change_result *result)
{
	free(result->error);
	free(result->message);
	free(result->blocks);
}

struct change_block *change_result_add(struct change_result *result)
{
	struct change_block *grown =
		reallocarray(result->blocks, result->n + 1, sizeof(*result->blocks));

	if (!grown)
		return NULL;
	result->blocks = grown;
	grown[result->n] = (struct change_block){};
	return &grown[result->n++];
}

int change_errno(const char *word)
{
	for (int i = 1; i < 256; i++) {
		const char *name = strerrorname_np(i);

		if (name && strcmp(name, word) == 0)
			return -i;
	}
	return 0;
}

void change_plan_done(struct change_plan *plan)
{
	free(plan->steps);
}

int change_plan_add(struct change_plan *plan, const struct memblock_step *step)
{
	struct memblock_step *grown = reallocarray(plan->steps, plan->n + 1, sizeof(*plan->steps));

	if (!grown)
		return -ENOMEM;
	plan->steps = grown;
	grown[plan->n++] = *step;
	return 0;
}

json_object *change_new_json(unsigned job, const char *result, const char *error,
			     const char *message, json_object *blocks, int *r)
{
	json_object *object = json_object_new_object();

	if (job)
		json_add_number(object, "job", job, r);
	else
		json_add_text(object, "job", NULL, r);
	json_add_text(object, "result", result, r);
	json_add_text(object, "error", error, r);
	json_add_text(object, "message", message, r);
	json_add(object, "blocks", blocks, r);
	return object;
}

/* As an object without blocks, for those who asked for JSON. Returns the status. */
static int print_json_error(const struct change *change, unsigned job, const char *result,
			    const char *error, const char *text, enum exit_status status)
{
	_cleanup_json_ json_object *object = NULL;
	int r = 0;

	if (!change->ctl->json)
		return status;
	object = change_new_json(job, result, error, text, json_object_new_array(), &r);
	r = r < 0 ? log_oom() : json_print(object);
	return r < 0 ? r : (int)status;
}

int change_refused(const struct change *change, const char *error, const char *text)
{
	log_line("%s: %s", error, text);
	return print_json_error(change, 0, memblock_ending_to_string(MEMBLOCK_ENDING_FAILED), error,
				text, STATUS_NOTHING_DONE);
}

int change_lost(const struct change *change, unsigned job, const char *text)
{
	log_line("Job %u: %s", job, text);
	return print_json_error(change, job, NULL, NULL, text, STATUS_PARTLY);
}

int change_ranges(const struct change *change, uint64_t block_size, struct memblock_range **ret)
{
	_cleanup_free_ char *error = NULL;
	int r;

	r = targets_ranges(&change->targets, block_size, ret, &error);
	if (r == -ENXIO)
		return change_refused(
			change, memblock_refusal_to_string(MEMBLOCK_REFUSAL_NO_SUCH_BLOCK), error);
	return r < 0 ? log_oom() : 0;
}

void change_tell_begin(const struct change *change, const struct progress *progress, unsigned job,
		       uint64_t wanted)
{
	const struct change_words *words = &change_words[change->kind];
	char size[SIZE_TEXT_MAX];

	if (change->ctl->json || progress->shown)
		return;
	printf("%s %s %s", words->begins, size_to_text(wanted, size), words->ends);
	if (job)
		printf(" (job %u)", job);
	putchar('\n');
	fflush(stdout);
}
