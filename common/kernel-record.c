/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel-record.h"
#include "macros.h"

void kernel_record_done(struct kernel_record *record)
{
	free(record->found);
	free(record->wrote);
	*record = (struct kernel_record){};
}

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/* The first write was begun, and nobody knows whether it was done. */
static enum kernel_step after_a_kill(const struct kernel_record *record, const char *told,
				     const char *now)
{
	if (same(now, told))
		return KERNEL_STEP_DONE;
	return told && same(now, record->found) ? KERNEL_STEP_WRITE : KERNEL_STEP_FORGET;
}

enum kernel_step kernel_record_next(const struct kernel_record *record, const char *told,
				    const char *now)
{
	if (!record->found)
		return told && now && strcmp(told, now) != 0 ? KERNEL_STEP_WRITE : KERNEL_STEP_NONE;
	if (!now)
		return KERNEL_STEP_FORGET;
	if (!record->wrote)
		return after_a_kill(record, told, now);
	if (strcmp(now, record->wrote) != 0)
		return told ? KERNEL_STEP_NONE : KERNEL_STEP_FORGET;
	if (!told)
		return KERNEL_STEP_BACK;
	return strcmp(told, now) == 0 ? KERNEL_STEP_NONE : KERNEL_STEP_WRITE;
}

char *kernel_records_to_text(const struct kernel_record records[KERNEL_SETTINGS])
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return NULL;
	for (int i = 0; i < KERNEL_SETTINGS; i++)
		if (records[i].found)
			fprintf(file, "%s %s%s%s\n", kernel_setting_name((enum kernel_setting)i),
				records[i].found, records[i].wrote ? " " : "",
				records[i].wrote ? records[i].wrote : "");
	if (fclose(file) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* Whatever stands there is written back one day. */
static int take_line(char *line, struct kernel_record records[KERNEL_SETTINGS])
{
	const char *name = strsep(&line, " "), *found = strsep(&line, " ");
	enum kernel_setting setting;

	if (!found || kernel_setting_from_name(name, &setting) < 0 || records[setting].found ||
	    !kernel_setting_takes(setting, found) || (line && !kernel_setting_takes(setting, line)))
		return -EBADMSG;
	records[setting].found = strdup(found);
	if (line)
		records[setting].wrote = strdup(line);
	return !records[setting].found || (line && !records[setting].wrote) ? -ENOMEM : 0;
}

int kernel_records_from_text(char *text, struct kernel_record ret[KERNEL_SETTINGS])
{
	char *line;
	int r = 0;

	while (r >= 0 && (line = strsep(&text, "\n")))
		if (*line || text)
			r = take_line(line, ret);
	for (int i = 0; r < 0 && i < KERNEL_SETTINGS; i++)
		kernel_record_done(&ret[i]);
	return r;
}
