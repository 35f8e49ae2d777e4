/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "fuzz.h"
#include "kernel-record.h"

/* What the kernel's own policy was before memblockd changed it. */

static void done(struct kernel_record records[KERNEL_SETTINGS])
{
	for (int i = 0; i < KERNEL_SETTINGS; i++)
		kernel_record_done(&records[i]);
}

/* What was read, and will be written back one day, is a value that the kernel takes; as text it
 * reads the same again. */
static void check(const struct kernel_record records[KERNEL_SETTINGS])
{
	_cleanup_free_ char *text = kernel_records_to_text(records), *copy = NULL, *again = NULL;
	struct kernel_record others[KERNEL_SETTINGS] = {};

	for (int i = 0; i < KERNEL_SETTINGS; i++) {
		const struct kernel_record *record = &records[i];

		must(record->found || !record->wrote);
		must(!record->found || kernel_setting_takes((enum kernel_setting)i, record->found));
		(void)kernel_record_next(record, "online", record->wrote);
	}
	must(text);
	copy = strdup(text);
	must(copy && kernel_records_from_text(copy, others) >= 0);
	again = kernel_records_to_text(others);
	must(again && strcmp(text, again) == 0);
	done(others);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	_cleanup_free_ char *text = take_text(&input);
	struct kernel_record records[KERNEL_SETTINGS] = {};

	if (kernel_records_from_text(text, records) >= 0)
		check(records);
	done(records);
	return 0;
}
