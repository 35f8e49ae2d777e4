/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>

#include "log.h"
#include "policy.h"
#include "select.h"
#include "table.h"
#include "text.h"

struct test {
	const struct policy *policy;
	struct libscols_table *table;
};

static int add_columns(struct libscols_table *table)
{
	static const char *const names[] = { "DEVICE", "PROVIDER", "STATE", "ONLINE",
					     "RULE",   "FROM",     "WHY" };
	int r;

	r = table_add_column(table, "BLOCK", 0, false, JSON_NUMBER);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(names); i++)
		r = table_add_column(table, names[i], 0, true, JSON_TEXT);
	return r;
}

static int add_block(const struct memblock_inventory *inventory, const struct memblock_block *block,
		     void *userdata)
{
	const struct memblock_device *device = memblock_block_device(inventory, block);
	const struct test *test = userdata;
	struct libscols_line *line = scols_table_new_line(test->table, NULL);
	struct memblock_decision decision;
	int r;

	if (!line)
		return log_oom();
	memblock_policy_decide(&test->policy->rules, test->policy->platform, inventory, block,
			       &decision);
	r = table_setf(line, 0, "%" PRIu64, memblock_block_index(block));
	if (r >= 0)
		r = table_setf(line, 1, "%s", device_text(inventory, block));
	if (r >= 0)
		r = table_setf(line, 2, "%s",
			       memblock_provider_to_string(device ? memblock_device_provider(device)
								  : MEMBLOCK_PROVIDER_UNKNOWN));
	if (r >= 0)
		r = table_setf(line, 3, "%s",
			       memblock_state_to_string(memblock_block_state(block)));
	if (r >= 0)
		r = table_setf(line, 4, "%s", memblock_treatment_to_string(decision.treatment));
	if (r >= 0)
		r = table_setf(line, 5, "%s", decision.rule ? decision.rule->name : "");
	if (r >= 0)
		r = table_setf(line, 6, "%s", decision.rule ? decision.rule->place : "default");
	if (r >= 0)
		r = table_setf(line, 7, "%s", decision.why);
	return r < 0 ? log_oom() : 0;
}

int policy_test(const struct ctl *ctl, const struct policy *policy, char **words)
{
	_cleanup_(scols_unref_tablep) struct libscols_table *table = NULL;
	struct test test = { .policy = policy };
	int r;

	table = table_new(ctl->json ? TABLE_JSON : TABLE_PLAIN, true, "blocks");
	if (!table || add_columns(table) < 0)
		return log_oom();
	test.table = table;
	r = for_each_block(ctl, policy->inventory, words, add_block, &test);
	return r < 0 ? r : table_print(table);
}
