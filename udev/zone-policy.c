/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "kept-file.h"
#include "kernel-record.h"
#include "macros.h"
#include "zone-policy.h"

struct records {
	struct kernel_record items[KERNEL_SETTINGS];
};

static void records_done(struct records *records)
{
	for (int i = 0; i < KERNEL_SETTINGS; i++)
		kernel_record_done(&records->items[i]);
}

static int read_records(const struct state *state, struct records *ret)
{
	_cleanup_free_ char *text = NULL;
	int r;

	r = kept_read_at(state->folder, KERNEL_RECORD_FILE, &text);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : kernel_records_from_text(text, ret->items);
}

static int keep(const struct state *state, const struct records *records)
{
	_cleanup_free_ char *text = kernel_records_to_text(records->items);

	return text ? kept_write_at(state->folder, KERNEL_RECORD_FILE, text) : -ENOMEM;
}

static int note_wrote(const struct state *state, struct records *records,
		      enum kernel_setting setting, const char *wrote)
{
	struct kernel_record *record = &records->items[setting];

	free(record->wrote);
	record->wrote = strdup(wrote);
	return record->wrote ? keep(state, records) : -ENOMEM;
}

/* What was found is on disk before it is changed. */
static int write_setting(const struct state *state, struct records *records,
			 enum kernel_setting setting, const char *now, const char *told)
{
	struct kernel_record *record = &records->items[setting];
	int r = 0;

	if (!record->found) {
		record->found = strdup(now);
		r = record->found ? keep(state, records) : -ENOMEM;
	}
	if (r >= 0)
		r = kernel_setting_write(state->root, setting, told);
	return r < 0 ? r : note_wrote(state, records, setting, told);
}

static int set(const struct state *state, struct records *records, enum kernel_setting setting,
	       const struct memblock_kernel_policy *policy)
{
	_cleanup_free_ char *told = kernel_setting_told(policy, setting), *now = NULL;
	int r;

	if (!told)
		return 0;
	r = kernel_setting_read(state->root, setting, &now);
	if (r < 0)
		return r;
	switch (kernel_record_next(&records->items[setting], told, now)) {
	case KERNEL_STEP_WRITE:
		return now ? write_setting(state, records, setting, now, told) : 0;
	case KERNEL_STEP_DONE:
		return note_wrote(state, records, setting, told);
	case KERNEL_STEP_NONE:
	case KERNEL_STEP_BACK:
	case KERNEL_STEP_FORGET:
		break;
	}
	return 0;
}

int zone_policy_set(const struct state *state, const struct memblock_kernel_policy *told)
{
	_cleanup_(records_done) struct records records = {};
	int r;

	r = read_records(state, &records);
	if (r >= 0)
		r = set(state, &records, KERNEL_AUTO_MOVABLE_RATIO, told);
	return r < 0 ? r : set(state, &records, KERNEL_ONLINE_POLICY, told);
}
