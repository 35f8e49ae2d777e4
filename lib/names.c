/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "macros.h"
#include "names.h"

/* One table per enum: the only place where its words stand. */
#define DEFINE_TO_STRING(name, type)                                                          \
	const char *memblock_##name##_to_string(type value)                                   \
	{                                                                                     \
		return (size_t)value < ARRAY_SIZE(name##_names) ? name##_names[value] : NULL; \
	}

#define DEFINE_FROM_STRING(name, type, compare)                        \
	int memblock_##name##_from_string(const char *word, type *ret) \
	{                                                              \
		for (size_t i = 0; i < ARRAY_SIZE(name##_names); i++)  \
			if (compare(word, name##_names[i]) == 0) {     \
				*ret = (type)i;                        \
				return 0;                              \
			}                                              \
		return -EINVAL;                                        \
	}

/* Where names.h counts an enum, it counts as many values as have a word. */
#define ASSERT_COUNT(name, count) \
	_Static_assert(ARRAY_SIZE(name##_names) == (count), "names.h does not count every " #name)

/* clang-format off */

static const char *const state_names[] = {
	[MEMBLOCK_STATE_UNKNOWN] = "unknown",
	[MEMBLOCK_STATE_OFFLINE] = "offline",
	[MEMBLOCK_STATE_ONLINE] = "online",
	[MEMBLOCK_STATE_GOING_OFFLINE] = "going-offline",
};
DEFINE_TO_STRING(state, enum memblock_state)
DEFINE_FROM_STRING(state, enum memblock_state, strcmp)

static const char *const answer_names[] = {
	[MEMBLOCK_ANSWER_UNKNOWN] = "unknown",
	[MEMBLOCK_ANSWER_YES] = "yes",
	[MEMBLOCK_ANSWER_NO] = "no",
};
DEFINE_TO_STRING(answer, enum memblock_answer)
DEFINE_FROM_STRING(answer, enum memblock_answer, strcmp)

static const char *const reason_names[] = {
	[MEMBLOCK_REASON_MIXED_NODES] = "mixed-nodes",
	[MEMBLOCK_REASON_MIXED_ZONES] = "mixed-zones",
	[MEMBLOCK_REASON_HOLE] = "hole",
	[MEMBLOCK_REASON_MIXED_PMEM] = "mixed-pmem",
	[MEMBLOCK_REASON_BOOT_MEMORY] = "boot-memory",
	[MEMBLOCK_REASON_RESERVED_PAGES] = "reserved-pages",
	[MEMBLOCK_REASON_MARKED] = "marked",
	[MEMBLOCK_REASON_NO_HOTREMOVE] = "no-hotremove",
};
ASSERT_COUNT(reason, MEMBLOCK_REASON_COUNT);
DEFINE_TO_STRING(reason, enum memblock_reason)
DEFINE_FROM_STRING(reason, enum memblock_reason, strcmp)

static const char *const kind_names[] = {
	[MEMBLOCK_KIND_HOLE] = "hole",
	[MEMBLOCK_KIND_RAM] = "ram",
	[MEMBLOCK_KIND_PMEM] = "pmem",
	[MEMBLOCK_KIND_DEVICE_DAX] = "device-dax",
	[MEMBLOCK_KIND_SOFT_RESERVED] = "soft-reserved",
	[MEMBLOCK_KIND_FIRMWARE_RESERVED] = "firmware-reserved",
};
ASSERT_COUNT(kind, MEMBLOCK_KIND_COUNT);
DEFINE_TO_STRING(kind, enum memblock_kind)
DEFINE_FROM_STRING(kind, enum memblock_kind, strcmp)

/* Spelled as lsmem does; the kernel says HighMem and none. */
static const char *const zone_names[] = {
	[MEMBLOCK_ZONE_UNKNOWN] = "Unknown",
	[MEMBLOCK_ZONE_NONE] = "None",
	[MEMBLOCK_ZONE_DMA] = "DMA",
	[MEMBLOCK_ZONE_DMA32] = "DMA32",
	[MEMBLOCK_ZONE_NORMAL] = "Normal",
	[MEMBLOCK_ZONE_HIGHMEM] = "Highmem",
	[MEMBLOCK_ZONE_MOVABLE] = "Movable",
	[MEMBLOCK_ZONE_DEVICE] = "Device",
};
ASSERT_COUNT(zone, MEMBLOCK_ZONE_COUNT);
DEFINE_TO_STRING(zone, enum memblock_zone)
DEFINE_FROM_STRING(zone, enum memblock_zone, strcasecmp)

static const char *const provider_names[] = {
	[MEMBLOCK_PROVIDER_UNKNOWN] = "unknown",
	[MEMBLOCK_PROVIDER_FIRMWARE] = "firmware",
	[MEMBLOCK_PROVIDER_ACPI] = "acpi",
	[MEMBLOCK_PROVIDER_VIRTIO_MEM] = "virtio-mem",
	[MEMBLOCK_PROVIDER_DAX] = "dax",
	[MEMBLOCK_PROVIDER_CXL] = "cxl",
	[MEMBLOCK_PROVIDER_DRIVER] = "driver",
	[MEMBLOCK_PROVIDER_LMB] = "lmb",
	[MEMBLOCK_PROVIDER_STANDBY] = "standby",
};
ASSERT_COUNT(provider, MEMBLOCK_PROVIDER_COUNT);
DEFINE_TO_STRING(provider, enum memblock_provider)
DEFINE_FROM_STRING(provider, enum memblock_provider, strcmp)

static const char *const source_names[] = {
	[MEMBLOCK_SOURCE_MACHINE] = "machine",
	[MEMBLOCK_SOURCE_BLOCKS] = "blocks",
	[MEMBLOCK_SOURCE_NODES] = "nodes",
	[MEMBLOCK_SOURCE_IOMEM] = "iomem",
	[MEMBLOCK_SOURCE_ZONEINFO] = "zoneinfo",
	[MEMBLOCK_SOURCE_SRAT] = "srat",
	[MEMBLOCK_SOURCE_PMEM] = "pmem",
	[MEMBLOCK_SOURCE_DEVICES] = "devices",
	[MEMBLOCK_SOURCE_MARKS] = "marks",
	[MEMBLOCK_SOURCE_SECTIONS] = "sections",
	[MEMBLOCK_SOURCE_PAGES] = "pages",
};
ASSERT_COUNT(source, MEMBLOCK_SOURCE_COUNT);
DEFINE_TO_STRING(source, enum memblock_source)
DEFINE_FROM_STRING(source, enum memblock_source, strcmp)

static const char *const source_state_names[] = {
	[MEMBLOCK_SOURCE_ABSENT] = "absent",
	[MEMBLOCK_SOURCE_READ] = "read",
	[MEMBLOCK_SOURCE_DAMAGED] = "damaged",
	[MEMBLOCK_SOURCE_HIDDEN] = "hidden",
	[MEMBLOCK_SOURCE_FAILED] = "failed",
	[MEMBLOCK_SOURCE_UNASKED] = "unasked",
};
DEFINE_TO_STRING(source_state, enum memblock_source_state)
DEFINE_FROM_STRING(source_state, enum memblock_source_state, strcmp)

static const char *const action_names[] = {
	[MEMBLOCK_ACTION_OFFLINE] = "offline",
	[MEMBLOCK_ACTION_ONLINE] = "online",
	[MEMBLOCK_ACTION_ONLINE_KERNEL] = "online_kernel",
	[MEMBLOCK_ACTION_ONLINE_MOVABLE] = "online_movable",
};
DEFINE_TO_STRING(action, enum memblock_action)
DEFINE_FROM_STRING(action, enum memblock_action, strcmp)

static const char *const refusal_names[] = {
	[MEMBLOCK_REFUSAL_NONE] = "None",
	[MEMBLOCK_REFUSAL_INVALID_RANGE] = "InvalidRange",
	[MEMBLOCK_REFUSAL_NOT_ALIGNED] = "NotAligned",
	[MEMBLOCK_REFUSAL_NO_SUCH_BLOCK] = "NoSuchBlock",
	[MEMBLOCK_REFUSAL_NO_SUCH_NODE] = "NoSuchNode",
	[MEMBLOCK_REFUSAL_NO_SUCH_DEVICE] = "NoSuchDevice",
	[MEMBLOCK_REFUSAL_NOT_REMOVABLE] = "NotRemovable",
	[MEMBLOCK_REFUSAL_NOT_ONLINABLE] = "NotOnlinable",
	[MEMBLOCK_REFUSAL_WRONG_ZONE] = "WrongZone",
	[MEMBLOCK_REFUSAL_TOO_FEW_BLOCKS] = "TooFewBlocks",
	[MEMBLOCK_REFUSAL_TOO_LITTLE_MEMORY] = "TooLittleMemory",
	[MEMBLOCK_REFUSAL_MOVABLE_RATIO] = "MovableRatio",
	[MEMBLOCK_REFUSAL_NOT_KNOWN] = "NotKnown",
	[MEMBLOCK_REFUSAL_POISONED] = "Poisoned",
};
DEFINE_TO_STRING(refusal, enum memblock_refusal)

static const char *const outcome_names[] = {
	[MEMBLOCK_OUTCOME_NOT_TRIED] = "not-tried",
	[MEMBLOCK_OUTCOME_DONE] = "done",
	[MEMBLOCK_OUTCOME_ALREADY] = "already",
	[MEMBLOCK_OUTCOME_LEFT_OUT] = "left-out",
	[MEMBLOCK_OUTCOME_FAILED] = "failed",
	[MEMBLOCK_OUTCOME_PUT_BACK] = "put-back",
	[MEMBLOCK_OUTCOME_NOT_PUT_BACK] = "not-put-back",
};
DEFINE_TO_STRING(outcome, enum memblock_outcome)
DEFINE_FROM_STRING(outcome, enum memblock_outcome, strcmp)

static const char *const ending_names[] = {
	[MEMBLOCK_ENDING_NOT_YET] = "not-yet",
	[MEMBLOCK_ENDING_DONE] = "done",
	[MEMBLOCK_ENDING_PARTIAL] = "partial",
	[MEMBLOCK_ENDING_FAILED] = "failed",
	[MEMBLOCK_ENDING_NOT_PUT_BACK] = "not-put-back",
};
DEFINE_TO_STRING(ending, enum memblock_ending)
DEFINE_FROM_STRING(ending, enum memblock_ending, strcmp)

static const char *const treatment_names[] = {
	[MEMBLOCK_TREATMENT_DEFAULT] = "default",
	[MEMBLOCK_TREATMENT_KERNEL] = "kernel",
	[MEMBLOCK_TREATMENT_MOVABLE] = "movable",
	[MEMBLOCK_TREATMENT_NO] = "no",
};
DEFINE_TO_STRING(treatment, enum memblock_treatment)
DEFINE_FROM_STRING(treatment, enum memblock_treatment, strcmp)

/* clang-format on */

enum memblock_zone zone_from_string(const char *word)
{
	enum memblock_zone zone;

	return memblock_zone_from_string(word, &zone) < 0 ? MEMBLOCK_ZONE_UNKNOWN : zone;
}

int state_from_string(const char *word, enum memblock_state *ret)
{
	enum memblock_state state;

	/* "unknown" is our own word, not one of the kernel's. */
	if (memblock_state_from_string(word, &state) < 0 || state == MEMBLOCK_STATE_UNKNOWN)
		return -EINVAL;
	*ret = state;
	return 0;
}
