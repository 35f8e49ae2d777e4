/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "links.h"
#include "size.h"
#include "text.h"

#define ND "sys/bus/nd/devices"
#define DAX "sys/bus/dax/devices"

/* More than anybody reads. */
#define SHOWN 8

/* Devices as a whole: those that a few blocks keep from being pulled, and those whose place doesn't
 * suit the kernel. */

/* Where persistent memory lies. */
struct place {
	char name[64];
	uint64_t start, end;
};

struct places {
	struct place *items;
	size_t n, capacity;
};

static bool is_stuck(const struct memblock_block *block)
{
	unsigned reasons = block_reasons(block) & ~(1u << MEMBLOCK_REASON_MARKED);

	return memblock_block_removable(block) == MEMBLOCK_ANSWER_NO && reasons;
}

static void tell_stuck(struct doctor *doctor, const struct memblock_device *device, size_t stuck,
		       size_t all, bool boots)
{
	struct findings *findings = &doctor->findings;
	const struct memblock_block *block;
	size_t n = 0;

	findings_add(findings, boots ? SEVERITY_INFO : SEVERITY_WARNING, "device-stuck",
		     "%s can't be removed: %zu of its %zu memory blocks can never be taken offline",
		     memblock_device_name(device), stuck, all);
	for (size_t i = 0; (block = memblock_inventory_block(doctor->inventory, i)); i++) {
		char text[LIST_TEXT_MAX];

		if (memblock_block_device(doctor->inventory, block) == device && is_stuck(block) &&
		    n++ < SHOWN)
			findings_add_evidence(findings, "memory%" PRIu64 ": %s",
					      memblock_block_index(block),
					      reasons_text(block_reasons(block), text));
	}
	if (n > SHOWN)
		findings_add_evidence(findings, "and %zu more", n - SHOWN);
	if (!boots)
		findings_set_advice(findings,
				    "memblockctl show tells why of each block. The others can be "
				    "taken offline, but the device stays.");
}

static void judge_device(struct doctor *doctor, const struct memblock_device *device)
{
	enum memblock_provider provider = memblock_device_provider(device);
	const struct memblock_block *block;
	size_t stuck = 0, all = 0;
	bool boots = false;

	if (provider != MEMBLOCK_PROVIDER_ACPI && provider != MEMBLOCK_PROVIDER_VIRTIO_MEM &&
	    provider != MEMBLOCK_PROVIDER_DAX && provider != MEMBLOCK_PROVIDER_CXL)
		return;
	for (size_t i = 0; (block = memblock_inventory_block(doctor->inventory, i)); i++) {
		if (memblock_block_device(doctor->inventory, block) != device)
			continue;
		all++;
		stuck += is_stuck(block);
		/* Nobody wants to pull what the machine booted from. */
		boots |= memblock_block_index(block) == 0;
	}
	if (stuck > 0 && stuck * 2 <= all)
		tell_stuck(doctor, device, stuck, all, boots);
}

static int read_number(struct doctor *doctor, const char *folder, const char *name,
		       const char *attribute, uint64_t *ret)
{
	char path[256], text[ATTRIBUTE_TEXT_MAX], *end;
	int r;

	snprintf(path, sizeof(path), "%s/%.60s/%s", folder, name, attribute);
	r = read_attribute(doctor->root, path, text);
	if (r < 0)
		return r;
	errno = 0;
	*ret = strtoull(text, &end, 0);
	return errno || end == text || *end || *text == '-' ? -EBADMSG : 0;
}

/* Where a device lies; -ENODATA for one that has no place, or that this user may not see. */
static int read_place(struct doctor *doctor, const char *folder, const char *name,
		      struct place *ret)
{
	uint64_t start, size;
	int r;

	r = read_number(doctor, folder, name, "resource", &start);
	if (r >= 0)
		r = read_number(doctor, folder, name, "size", &size);
	if (r == -ENOMEM)
		return r;
	if (r < 0 || size == 0 || start + size < start)
		return -ENODATA;
	*ret = (struct place){ .start = start, .end = start + size };
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	return 0;
}

/* What kmem can't use of a dax device: it adds whole memory blocks (drivers/dax/kmem.c). */
static int judge_dax(struct doctor *doctor, const char *name,
		     void *userdata __attribute__((unused)))
{
	uint64_t mask = memblock_inventory_block_size(doctor->inventory) - 1, lost;
	char path[128], block[SIZE_TEXT_MAX], text[SIZE_TEXT_MAX];
	struct place place;
	int r;

	/* Who else has it may use all of it. A captured tree has the link alone. */
	snprintf(path, sizeof(path), DAX "/%.60s/driver", name);
	r = read_place(doctor, DAX, name, &place);
	if (r < 0 || !links_to(doctor->root, path, "kmem"))
		return r == -ENOMEM ? r : 0;
	lost = MIN(((place.start + mask) & ~mask) - place.start, place.end - place.start);
	if (lost < place.end - place.start)
		lost += MIN(place.end & mask, place.end - place.start - lost);
	if (lost == 0)
		return 0;

	size_to_text(lost, text);
	size_to_text(mask + 1, block);
	findings_add(&doctor->findings, SEVERITY_WARNING, "dax-border",
		     "%s of %s are not used: it doesn't lie on borders of memory blocks", text,
		     name);
	findings_add_evidence(&doctor->findings,
			      "/" DAX "/%s: 0x%" PRIx64 "-0x%" PRIx64 ", blocks of %s", name,
			      place.start, place.end - 1, block);
	findings_set_advice(&doctor->findings,
			    "Create it anew so that it begins and ends at a multiple of %s, if "
			    "that much is worth it.",
			    block);
	return 0;
}

/* Sections shared by sub-section came with Linux 5.3; Red Hat's 4.18 has them too, from 8.3 on at
 * the latest, and whether its older ones have is not known here. */
static bool shares_sections(const struct doctor *doctor)
{
	const char *release = memblock_inventory_release(doctor->inventory);

	return !release || strstr(release, ".el8") || !doctor_kernel_is_older(doctor, 5, 3);
}

static int take_namespace(struct doctor *doctor, const char *name, void *userdata)
{
	struct places *places = userdata;
	struct place place;
	int r;

	if (strncmp(name, "namespace", strlen("namespace")) != 0)
		return 0;
	r = read_place(doctor, ND, name, &place);
	if (r == -ENODATA)
		return 0;
	if (r >= 0)
		r = ARRAY_GROW(places->items, places->capacity, places->n);
	if (r < 0)
		return r;
	places->items[places->n++] = place;
	return 0;
}

static int compare_places(const void *a, const void *b)
{
	const struct place *one = a, *other = b;

	return one->start < other->start ? -1 : one->start > other->start;
}

static void judge_sections(struct doctor *doctor, struct places *places)
{
	uint64_t section = memblock_inventory_section_size(doctor->inventory);

	if (places->n > 0)
		qsort(places->items, places->n, sizeof(*places->items), compare_places);
	for (size_t i = 1; i < places->n; i++) {
		const struct place *one = &places->items[i - 1], *other = &places->items[i];

		if ((one->end - 1) / section != other->start / section)
			continue;
		findings_add(&doctor->findings, SEVERITY_WARNING, "pmem-section",
			     "%s and %s share a section, of which this kernel can use one alone",
			     one->name, other->name);
		findings_add_evidence(&doctor->findings,
				      "/" ND "/%s: ends at 0x%" PRIx64 ", /" ND
				      "/%s: begins at 0x%" PRIx64,
				      one->name, one->end - 1, other->name, other->start);
		findings_set_advice(&doctor->findings,
				    "Linux 5.3 and later can. On this one, create them anew with "
				    "ndctl so that a multiple of 0x%" PRIx64 " lies between them.",
				    section);
	}
}

int doctor_devices(struct doctor *doctor)
{
	_cleanup_free_ struct place *items = NULL;
	struct places places = {};
	const struct memblock_device *device;
	int r;

	for (size_t i = 0; (device = memblock_inventory_device(doctor->inventory, i)); i++)
		judge_device(doctor, device);
	r = doctor_for_each(doctor, DAX, judge_dax, NULL);
	if (r < 0 || shares_sections(doctor) ||
	    memblock_inventory_section_size(doctor->inventory) == 0)
		return r;
	r = doctor_for_each(doctor, ND, take_namespace, &places);
	items = places.items;
	if (r >= 0)
		judge_sections(doctor, &places);
	return r;
}
