/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "change.h"
#include "failure.h"
#include "json.h"
#include "log.h"
#include "size.h"
#include "text.h"

/* Nobody reads more ranges of blocks than this in a line. */
#define RANGES_SHOWN 8

static json_object *json_block(const struct change_result *result, const struct change_block *block,
			       int *r)
{
	json_object *object = json_object_new_object();

	json_add_number(object, "block", block->index, r);
	json_add_number(object, "start", block->index * result->block_size, r);
	json_add_text(object, "outcome", memblock_outcome_to_string(block->outcome), r);
	json_add_text(object, "error", block->error ? strerrorname_np(-block->error) : NULL, r);
	json_add_text(object, "zone", block->zone, r);
	return object;
}

static int print_json_result(const struct change_result *result)
{
	_cleanup_json_ json_object *object = NULL;
	json_object *blocks = json_object_new_array();
	const char *word = result->ending == MEMBLOCK_ENDING_NOT_YET
				   ? NULL
				   : memblock_ending_to_string(result->ending);
	int r = 0;

	for (size_t i = 0; i < result->n; i++)
		json_append(blocks, json_block(result, &result->blocks[i], &r), &r);
	object = change_new_json(result->job, word, result->error, result->message, blocks, &r);
	return r < 0 ? log_oom() : json_print(object);
}

/* "8, 12-14 and 3 more". */
static void print_indices(uint64_t *indices, size_t n)
{
	unsigned ranges = 0;

	qsort(indices, n, sizeof(*indices), compare_u64);
	for (size_t i = 0, next; i < n; i = next) {
		char text[LIST_TEXT_MAX];

		for (next = i + 1; next < n && indices[next] == indices[i] + next - i;)
			next++;
		if (ranges++ < RANGES_SHOWN)
			printf("%s%s", ranges > 1 ? ", " : "",
			       blocks_text(indices[i], next - i, text));
	}
	if (ranges > RANGES_SHOWN)
		printf(" and %u more", ranges - RANGES_SHOWN);
}

/* One line for all blocks of one outcome. */
static int print_outcome(const struct change_result *result, enum memblock_outcome outcome,
			 const char *label, const char *state)
{
	_cleanup_free_ uint64_t *indices = calloc(result->n + 1, sizeof(*indices));
	char size[SIZE_TEXT_MAX];
	size_t n = 0;

	if (!indices)
		return log_oom();
	for (size_t i = 0; i < result->n; i++)
		if (result->blocks[i].outcome == outcome)
			indices[n++] = result->blocks[i].index;
	if (n == 0)
		return 0;

	printf("%s%s: %s, block%s ", label, state, size_to_text(n * result->block_size, size),
	       n == 1 ? "" : "s");
	print_indices(indices, n);
	putchar('\n');
	return 0;
}

static void print_each(const struct change_result *result)
{
	for (size_t i = 0; i < result->n; i++) {
		const struct change_block *block = &result->blocks[i];

		/* Where a size was met, those that stood by are of no interest. */
		if (block->outcome == MEMBLOCK_OUTCOME_NOT_TRIED &&
		    result->ending == MEMBLOCK_ENDING_DONE)
			continue;
		printf("memory%" PRIu64 ": %s", block->index,
		       memblock_outcome_to_string(block->outcome));
		if (block->zone)
			printf(", %s", block->zone);
		if (block->error)
			printf(", %s", strerrorname_np(-block->error));
		putchar('\n');
	}
}

static void tell_failures(const struct change_result *result)
{
	for (size_t i = 0; i < result->n; i++) {
		const struct change_block *block = &result->blocks[i];
		bool not_back = block->outcome == MEMBLOCK_OUTCOME_NOT_PUT_BACK;

		if (block->outcome == MEMBLOCK_OUTCOME_FAILED || not_back)
			log_line("memory%" PRIu64 " %s: %s (%s)", block->index,
				 not_back ? "could not be put back" : "failed",
				 block->error ? strerrorname_np(-block->error) : "not known",
				 block->error ? failure_text(block->error) : "no reason was told");
	}
}

static uint64_t count(const struct change_result *result, enum memblock_outcome outcome)
{
	uint64_t n = 0;

	for (size_t i = 0; i < result->n; i++)
		n += result->blocks[i].outcome == outcome;
	return n;
}

/* Why it did not end well, and how things are now. */
static void tell_ending(const struct change *change, const struct change_result *result)
{
	uint64_t n = count(result, MEMBLOCK_OUTCOME_DONE) + count(result, MEMBLOCK_OUTCOME_ALREADY);
	const char *error = result->error ? result->error : "Failed";
	char done[SIZE_TEXT_MAX], wanted[SIZE_TEXT_MAX], state[128];

	if (result->ending == MEMBLOCK_ENDING_DONE)
		return;
	if (result->ending == MEMBLOCK_ENDING_PARTIAL)
		snprintf(state, sizeof(state), "%s of %s is %s",
			 size_to_text(n * result->block_size, done),
			 size_to_text(result->wanted, wanted), change_words[change->kind].state);
	else if (result->ending == MEMBLOCK_ENDING_NOT_PUT_BACK)
		snprintf(state, sizeof(state), "not all could be put back");
	else
		snprintf(state, sizeof(state), "%s",
			 count(result, MEMBLOCK_OUTCOME_PUT_BACK) > 0 ? "all is put back"
								      : "nothing is changed");
	if (result->message)
		log_line("%s: %s; %s", error, result->message, state);
	else
		log_line("%s: %s", error, state);
}

static int print_result(const struct change *change, const struct change_result *result)
{
	const char *state = change_words[change->kind].state;
	int r;

	if (result->ending == MEMBLOCK_ENDING_NOT_YET) {
		printf("Job %u is queued\n", result->job);
		return 0;
	}
	if (change->verbose)
		print_each(result);
	r = print_outcome(result, MEMBLOCK_OUTCOME_DONE, "Now ", state);
	if (r >= 0)
		r = print_outcome(result, MEMBLOCK_OUTCOME_ALREADY, "Already ", state);
	if (r >= 0)
		r = print_outcome(result, MEMBLOCK_OUTCOME_LEFT_OUT, "Left out", "");
	if (r >= 0)
		r = print_outcome(result, MEMBLOCK_OUTCOME_PUT_BACK, "Put back", "");
	if (r >= 0 && change->kind == CHANGE_REMOVE && result->ending == MEMBLOCK_ENDING_DONE)
		printf("%s is removed\n", change->targets.device);
	return r;
}

static enum exit_status status_of(enum memblock_ending ending)
{
	switch (ending) {
	case MEMBLOCK_ENDING_NOT_YET:
	case MEMBLOCK_ENDING_DONE:
		return STATUS_DONE;
	case MEMBLOCK_ENDING_FAILED:
		return STATUS_NOTHING_DONE;
	default:
		return STATUS_PARTLY;
	}
}

int change_run(const struct change *change)
{
	_cleanup_(change_result_done) struct change_result result = {};
	enum exit_status status;
	int r;

	/* Whoever reads of a change may leave, and it has to be put back all the same. */
	(void)signal(SIGPIPE, SIG_IGN);
	r = change->ctl->direct ? change_direct_run(change, &result)
				: change_bus_run(change, &result);
	if (r != 0)
		return r;

	status = status_of(result.ending);
	r = change->ctl->json ? print_json_result(&result) : print_result(change, &result);
	if (r < 0) /* it is done all the same */
		return status == STATUS_DONE ? STATUS_PARTLY : status;
	if (result.ending != MEMBLOCK_ENDING_NOT_YET) {
		tell_failures(&result);
		tell_ending(change, &result);
	}
	return status;
}
