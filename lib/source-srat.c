/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "sources.h"

#define SRAT_PATH "sys/firmware/acpi/tables/SRAT"

/* ACPI 6.6, 5.2.16: System Resource Affinity Table. */
#define HEADER_SIZE 48
#define REVISION_OFFSET 8
#define LENGTH_OFFSET 4
#define ENABLED 1u

enum entry_type {
	ENTRY_LAPIC = 0,
	ENTRY_MEMORY = 1,
	ENTRY_X2APIC = 2,
	ENTRY_GICC = 3,
	ENTRY_GENERIC_INITIATOR = 5,
	ENTRY_RINTC = 7,
};

#define PXM_MAX 1024

/* The kernel numbers nodes in the order in which it meets proximity domains, those of processors
 * first (drivers/acpi/numa/srat.c:acpi_map_pxm_to_node(), acpi_numa_init()). */
struct domains {
	uint32_t pxm[PXM_MAX];
	int n;
};

static uint32_t read32(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return le32toh(value);
}

static uint64_t read64(const uint8_t *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof(value));
	return le64toh(value);
}

/* The node of a proximity domain; MEMBLOCK_NID_UNKNOWN where there are too many. */
static int node_of(struct domains *domains, uint32_t pxm)
{
	for (int i = 0; i < domains->n; i++)
		if (domains->pxm[i] == pxm)
			return i;
	if (domains->n == PXM_MAX)
		return MEMBLOCK_NID_UNKNOWN;
	domains->pxm[domains->n] = pxm;
	return domains->n++;
}

/* Where the entries of processors and other initiators keep proximity domain and flags. */
static const struct {
	uint8_t type;
	uint8_t size;
	uint8_t pxm;
	uint8_t flags;
} initiators[] = {
	{ ENTRY_X2APIC, 24, 4, 12 },
	{ ENTRY_GICC, 18, 2, 10 },
	{ ENTRY_GENERIC_INITIATOR, 32, 4, 24 },
	{ ENTRY_RINTC, 20, 4, 12 },
};

static void meet_initiator(struct domains *domains, const uint8_t *entry, size_t size,
			   bool short_pxm)
{
	/* The oldest kind has its domain in two pieces. */
	if (entry[0] == ENTRY_LAPIC && size >= 16 && read32(entry + 4) & ENABLED) {
		uint32_t high = read32(entry + 8) & 0xffffff00;

		node_of(domains, entry[2] | (short_pxm ? 0 : high));
		return;
	}

	for (size_t i = 0; i < ARRAY_SIZE(initiators); i++)
		if (entry[0] == initiators[i].type && size >= initiators[i].size &&
		    read32(entry + initiators[i].flags) & ENABLED)
			node_of(domains, read32(entry + initiators[i].pxm));
}

static int add_memory(struct extents *affinities, struct domains *domains, const uint8_t *entry,
		      size_t size, bool short_pxm)
{
	struct memblock_extent extent = {};
	uint32_t pxm;

	if (entry[0] != ENTRY_MEMORY)
		return 0;
	if (size < 40)
		return -EBADMSG;
	if (!(read32(entry + 28) & ENABLED))
		return 0;

	pxm = read32(entry + 2);
	extent.nid = node_of(domains, short_pxm ? pxm & 0xff : pxm);
	extent.start = read64(entry + 8);
	if (__builtin_add_overflow(extent.start, read64(entry + 16), &extent.end))
		return -ERANGE;
	return extents_append(affinities, &extent);
}

/* The entry at an offset, or NULL where the table ends. *damaged is raised where it ends badly. */
static const uint8_t *next_entry(const uint8_t *table, size_t size, size_t offset, int *damaged)
{
	if (offset == size)
		return NULL;
	if (size - offset < 2 || table[offset + 1] < 2 || table[offset + 1] > size - offset) {
		++*damaged;
		return NULL;
	}
	return table + offset;
}

int srat_parse(struct extents *affinities, const uint8_t *table, size_t size, struct notes *notes)
{
	struct domains domains = {};
	bool short_pxm;
	int r, damaged = 0, ignored = 0;

	if (size < HEADER_SIZE || memcmp(table, "SRAT", 4) != 0) {
		r = notes_add(notes, "/" SRAT_PATH ": no SRAT, or cut short");
		return r < 0 ? r : 1;
	}
	if (read32(table + LENGTH_OFFSET) != size) {
		damaged++;
		size = MIN(size, MAX(read32(table + LENGTH_OFFSET), (uint32_t)HEADER_SIZE));
	}
	short_pxm = table[REVISION_OFFSET] <= 1;

	for (const uint8_t *e = next_entry(table, size, HEADER_SIZE, &ignored); e;
	     e = next_entry(table, size, (size_t)(e - table) + e[1], &ignored))
		meet_initiator(&domains, e, e[1], short_pxm);

	for (const uint8_t *e = next_entry(table, size, HEADER_SIZE, &damaged); e;
	     e = next_entry(table, size, (size_t)(e - table) + e[1], &damaged)) {
		r = add_memory(affinities, &domains, e, e[1], short_pxm);
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			damaged++;
	}

	if (damaged > 0) {
		r = notes_add(notes, "/" SRAT_PATH ": cut short, or it lies about a length");
		if (r < 0)
			return r;
	}
	r = extents_flatten(affinities);
	return r < 0 ? r : damaged;
}

int source_srat_read(struct memblock_inventory *inventory)
{
	_cleanup_free_ char *table = NULL;
	size_t size;
	int r;

	r = root_read_file(inventory->root, SRAT_PATH, &table, &size);
	if (r < 0)
		return inventory_set_source_error(inventory, MEMBLOCK_SOURCE_SRAT, SRAT_PATH, r);

	r = srat_parse(&inventory->affinities, (const uint8_t *)table, size, &inventory->notes);
	if (r < 0)
		return r;
	return inventory_set_source(inventory, MEMBLOCK_SOURCE_SRAT,
				    r > 0 ? MEMBLOCK_SOURCE_DAMAGED : MEMBLOCK_SOURCE_READ,
				    r > 0 ? "/" SRAT_PATH " is damaged" : NULL);
}
