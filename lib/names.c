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

/* clang-format off */

static const char *const state_names[] = {
	[MEMBLOCK_STATE_UNKNOWN] = "unknown",
	[MEMBLOCK_STATE_OFFLINE] = "offline",
	[MEMBLOCK_STATE_ONLINE] = "online",
	[MEMBLOCK_STATE_GOING_OFFLINE] = "going-offline",
};
DEFINE_TO_STRING(state, enum memblock_state)

static const char *const answer_names[] = {
	[MEMBLOCK_ANSWER_UNKNOWN] = "unknown",
	[MEMBLOCK_ANSWER_YES] = "yes",
	[MEMBLOCK_ANSWER_NO] = "no",
};
DEFINE_TO_STRING(answer, enum memblock_answer)

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
DEFINE_TO_STRING(reason, enum memblock_reason)

static const char *const kind_names[] = {
	[MEMBLOCK_KIND_HOLE] = "hole",
	[MEMBLOCK_KIND_RAM] = "ram",
	[MEMBLOCK_KIND_PMEM] = "pmem",
	[MEMBLOCK_KIND_DEVICE_DAX] = "device-dax",
	[MEMBLOCK_KIND_SOFT_RESERVED] = "soft-reserved",
	[MEMBLOCK_KIND_FIRMWARE_RESERVED] = "firmware-reserved",
};
DEFINE_TO_STRING(kind, enum memblock_kind)

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
DEFINE_TO_STRING(zone, enum memblock_zone)

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
DEFINE_TO_STRING(provider, enum memblock_provider)

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
};
DEFINE_TO_STRING(source, enum memblock_source)

static const char *const source_state_names[] = {
	[MEMBLOCK_SOURCE_ABSENT] = "absent",
	[MEMBLOCK_SOURCE_READ] = "read",
	[MEMBLOCK_SOURCE_DAMAGED] = "damaged",
	[MEMBLOCK_SOURCE_HIDDEN] = "hidden",
	[MEMBLOCK_SOURCE_FAILED] = "failed",
};
DEFINE_TO_STRING(source_state, enum memblock_source_state)

/* clang-format on */

enum memblock_zone zone_from_string(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(zone_names); i++)
		if (strcasecmp(word, zone_names[i]) == 0)
			return (enum memblock_zone)i;
	return MEMBLOCK_ZONE_UNKNOWN;
}

int state_from_string(const char *word, enum memblock_state *ret)
{
	/* "unknown" is our own word, not one of the kernel's. */
	for (size_t i = MEMBLOCK_STATE_OFFLINE; i < ARRAY_SIZE(state_names); i++)
		if (strcmp(word, state_names[i]) == 0) {
			*ret = (enum memblock_state)i;
			return 0;
		}
	return -EINVAL;
}
