/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "names.h"
#include "unit.h"

#define WORDS_MAX 16

/* Every value below n has a word that no other has; n itself has none. */
#define assert_words(function, type, n)               \
	do {                                          \
		const char *words[WORDS_MAX];         \
                                                      \
		for (int i = 0; i < (int)(n); i++)    \
			words[i] = function((type)i); \
		assert_distinct(words, (size_t)(n));  \
		assert_null(function((type)(n)));     \
	} while (0)

static void assert_distinct(const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_non_null(words[i]);
		assert_true(*words[i]);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(words[i], words[j]);
	}
}

static void test_words(void **state)
{
	(void)state;
	assert_words(memblock_state_to_string, enum memblock_state,
		     MEMBLOCK_STATE_GOING_OFFLINE + 1);
	assert_words(memblock_answer_to_string, enum memblock_answer, MEMBLOCK_ANSWER_NO + 1);
	assert_words(memblock_reason_to_string, enum memblock_reason, MEMBLOCK_REASON_COUNT);
	assert_words(memblock_kind_to_string, enum memblock_kind, MEMBLOCK_KIND_COUNT);
	assert_words(memblock_zone_to_string, enum memblock_zone, MEMBLOCK_ZONE_COUNT);
	assert_words(memblock_provider_to_string, enum memblock_provider, MEMBLOCK_PROVIDER_COUNT);
	assert_words(memblock_source_to_string, enum memblock_source, MEMBLOCK_SOURCE_COUNT);
	assert_words(memblock_source_state_to_string, enum memblock_source_state,
		     MEMBLOCK_SOURCE_UNASKED + 1);
	assert_words(memblock_action_to_string, enum memblock_action,
		     MEMBLOCK_ACTION_ONLINE_MOVABLE + 1);
	assert_words(memblock_refusal_to_string, enum memblock_refusal,
		     MEMBLOCK_REFUSAL_POISONED + 1);
	assert_words(memblock_outcome_to_string, enum memblock_outcome,
		     MEMBLOCK_OUTCOME_NOT_PUT_BACK + 1);
	assert_words(memblock_ending_to_string, enum memblock_ending,
		     MEMBLOCK_ENDING_NOT_PUT_BACK + 1);
	assert_words(memblock_treatment_to_string, enum memblock_treatment,
		     MEMBLOCK_TREATMENT_NO + 1);
}

/* Every word finds back to its value; what is no word finds nothing. */
#define assert_back(name)                                                                      \
	do {                                                                                   \
		enum memblock_##name value = (enum memblock_##name)4711;                       \
		const char *word;                                                              \
                                                                                               \
		assert_int_equal(memblock_##name##_from_string("nonsense", &value), -EINVAL);  \
		assert_int_equal(memblock_##name##_from_string("", &value), -EINVAL);          \
		assert_int_equal(value, 4711);                                                 \
		for (int i = 0; (word = memblock_##name##_to_string((enum memblock_##name)i)); \
		     i++) {                                                                    \
			assert_int_equal(memblock_##name##_from_string(word, &value), 0);      \
			assert_int_equal(value, i);                                            \
		}                                                                              \
	} while (0)

static void test_back(void **state)
{
	(void)state;
	assert_back(state);
	assert_back(answer);
	assert_back(reason);
	assert_back(kind);
	assert_back(zone);
	assert_back(provider);
	assert_back(source);
	assert_back(source_state);
	assert_back(outcome);
	assert_back(ending);
	assert_back(treatment);
}

struct zone_row {
	const char *name;
	enum memblock_zone zone;
};

static const struct zone_row zone_rows[] = {
	{ "DMA", MEMBLOCK_ZONE_DMA },         { "DMA32", MEMBLOCK_ZONE_DMA32 },
	{ "Normal", MEMBLOCK_ZONE_NORMAL },   { "HighMem", MEMBLOCK_ZONE_HIGHMEM },
	{ "Movable", MEMBLOCK_ZONE_MOVABLE }, { "Device", MEMBLOCK_ZONE_DEVICE },
	{ "none", MEMBLOCK_ZONE_NONE },       { "None", MEMBLOCK_ZONE_NONE },
	{ "DMA3", MEMBLOCK_ZONE_UNKNOWN },    { "", MEMBLOCK_ZONE_UNKNOWN },
	{ "Future", MEMBLOCK_ZONE_UNKNOWN },
};

static void test_zone(void **state)
{
	const struct zone_row *row = *state;

	assert_int_equal(zone_from_string(row->name), row->zone);
}

struct state_row {
	const char *name;
	int result;
	enum memblock_state state;
};

static const struct state_row state_rows[] = {
	{ "online", 0, MEMBLOCK_STATE_ONLINE },
	{ "offline", 0, MEMBLOCK_STATE_OFFLINE },
	{ "going-offline", 0, MEMBLOCK_STATE_GOING_OFFLINE },
	{ "unknown", -EINVAL, MEMBLOCK_STATE_UNKNOWN },
	{ "Online", -EINVAL, MEMBLOCK_STATE_UNKNOWN },
	{ "onlin", -EINVAL, MEMBLOCK_STATE_UNKNOWN },
	{ "online ", -EINVAL, MEMBLOCK_STATE_UNKNOWN },
	{ "", -EINVAL, MEMBLOCK_STATE_UNKNOWN },
};

static void test_state(void **state)
{
	const struct state_row *row = *state;
	enum memblock_state parsed = MEMBLOCK_STATE_UNKNOWN;

	assert_int_equal(state_from_string(row->name, &parsed), row->result);
	assert_int_equal(parsed, row->state);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_words),
						   cmocka_unit_test(test_back) };

	return RUN_TESTS(tests) + RUN_ROWS(zone_rows, test_zone) + RUN_ROWS(state_rows, test_state);
}
