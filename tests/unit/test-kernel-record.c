/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "kernel-record.h"
#include "unit.h"

struct step_row {
	const char *name;
	const char *found, *wrote, *told, *now;
	enum kernel_step step;
};

#define STEP(word) KERNEL_STEP_##word

static const struct step_row step_rows[] = {
	{ "nothing told", NULL, NULL, NULL, "a", STEP(NONE) },
	{ "a kernel without it", NULL, NULL, "b", NULL, STEP(NONE) },
	{ "so already", NULL, NULL, "a", "a", STEP(NONE) },
	{ "the first time", NULL, NULL, "b", "a", STEP(WRITE) },
	{ "as told", "a", "b", "b", "b", STEP(NONE) },
	{ "told something else by now", "a", "b", "c", "b", STEP(WRITE) },
	{ "told nothing any more", "a", "b", NULL, "b", STEP(BACK) },
	{ "changed by somebody", "a", "b", "b", "x", STEP(NONE) },
	{ "changed to what was found", "a", "b", "b", "a", STEP(NONE) },
	{ "changed, and told something else", "a", "b", "c", "x", STEP(NONE) },
	{ "changed, and told nothing any more", "a", "b", NULL, "x", STEP(FORGET) },
	{ "gone", "a", "b", "b", NULL, STEP(FORGET) },
	{ "killed before the write", "a", NULL, "b", "a", STEP(WRITE) },
	{ "killed after the write", "a", NULL, "b", "b", STEP(DONE) },
	{ "killed, and changed by somebody", "a", NULL, "b", "x", STEP(FORGET) },
	{ "killed, and told nothing any more", "a", NULL, NULL, "a", STEP(FORGET) },
};

static void test_step(void **state)
{
	const struct step_row *row = *state;
	const struct kernel_record record = { (char *)row->found, (char *)row->wrote };

	assert_int_equal(kernel_record_next(&record, row->told, row->now), row->step);
}

struct text_row {
	const char *text;
	int result;
};

static const struct text_row text_rows[] = {
	{ "", 0 },
	{ "auto_online_blocks offline online\n", 0 },
	{ "auto_online_blocks offline\n", 0 },
	{ "auto_online_blocks offline online\nonline_policy contig-zones auto-movable\n"
	  "auto_movable_ratio 301 4294967295\n",
	  0 },
	{ "auto_online_blocks\n", -EBADMSG },
	{ "auto_online_blocks online offline x\n", -EBADMSG },
	{ "auto_online_blocks  online\n", -EBADMSG },
	{ "auto_online_blocks 301\n", -EBADMSG },
	{ "auto_movable_ratio -1\n", -EBADMSG },
	{ "auto_movable_ratio 12345678901\n", -EBADMSG },
	{ "online_policy online\n", -EBADMSG },
	{ "memmap_on_memory Y\n", -EBADMSG },
	{ "../x y\n", -EBADMSG },
	{ "auto_online_blocks online\nauto_online_blocks online\n", -EBADMSG },
	{ "\n\n", -EBADMSG },
};

/* What is read is written again as it was. */
static void test_text(void **state)
{
	const struct text_row *row = *state;
	struct kernel_record records[KERNEL_SETTINGS] = {};
	_cleanup_free_ char *text = strdup(row->text), *again = NULL;

	assert_non_null(text);
	assert_int_equal(kernel_records_from_text(text, records), row->result);
	again = kernel_records_to_text(records);
	assert_string_equal(again, row->result == 0 ? row->text : "");
	for (int i = 0; i < KERNEL_SETTINGS; i++)
		kernel_record_done(&records[i]);
}

int main(void)
{
	return RUN_ROWS(step_rows, test_step) + RUN_ROWS(text_rows, test_text);
}
