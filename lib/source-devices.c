/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "geometry.h"
#include "parse.h"
#include "sources.h"

#define ACPI_DIR "sys/bus/acpi/devices"
#define DAX_DIR "sys/bus/dax/devices"

static int assign(struct memblock_inventory *inventory, struct memblock_block *block,
		  const char *name, enum memblock_provider provider)
{
	int device;

	device = inventory_device(inventory, name, provider);
	if (device < 0)
		return device;
	block->device = (uint16_t)device;
	return 0;
}

/* The folder of an ACPI memory device links to each block that it holds: physical_node,
 * physical_node1, ... (drivers/acpi/glue.c:acpi_bind_one()). */
static int read_acpi_device(struct memblock_inventory *inventory, const char *name)
{
	_cleanup_closedir_ DIR *dir = NULL;
	char path[2 * ATTRIBUTE_MAX], target[ATTRIBUTE_MAX];
	int r;

	snprintf(path, sizeof(path), ACPI_DIR "/%s", name);
	r = root_open_dir(inventory->root, path, &dir);
	if (r < 0)
		return r;

	for (struct dirent *entry; (errno = 0, entry = readdir(dir));) {
		struct memblock_block *block;
		uint64_t index;

		if (strncmp(entry->d_name, "physical_node", strlen("physical_node")) != 0)
			continue;
		r = read_link_name_at(dirfd(dir), entry->d_name, target);
		if (r < 0 && r != -ENOENT && r != -EINVAL)
			return r;
		if (r < 0 || parse_suffix(target, "memory", &index) < 0)
			continue;
		block = inventory_find(inventory, index);
		if (!block)
			continue;
		r = assign(inventory, block, name, MEMBLOCK_PROVIDER_ACPI);
		if (r < 0)
			return r;
	}
	return -errno;
}

/* What can't be read is told of, and the rest is read: 1 for that. */
static int note_failure(struct memblock_inventory *inventory, const char *path, int error)
{
	int r;

	if (error >= 0 || error == -ENOMEM)
		return error;
	if (error == -ENOENT)
		return 0;
	r = notes_add(&inventory->notes, "/%s: %s", path, strerror(-error));
	return r < 0 ? r : 1;
}

/* 1 where something was left out, which is told. */
static int read_acpi(struct memblock_inventory *inventory)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int r, left_out = 0;

	r = root_open_dir(inventory->root, ACPI_DIR, &dir);
	if (r < 0)
		return r;

	for (struct dirent *entry; (errno = 0, entry = readdir(dir));) {
		if (strncmp(entry->d_name, "PNP0C80:", strlen("PNP0C80:")) != 0)
			continue;
		r = read_acpi_device(inventory, entry->d_name);
		r = note_failure(inventory, ACPI_DIR, r);
		if (r < 0)
			return r;
		left_out |= r;
	}
	return errno ? -errno : left_out;
}

/* A dax device that the device_dax driver has is mapped with pages (drivers/dax/device.c); one that
 * kmem has shows as System RAM, and what alignment left over of it has none. */
static void read_dax(struct memblock_inventory *inventory)
{
	struct extents *map = &inventory->iomem.map;

	for (size_t i = 0; i < map->n; i++) {
		struct memblock_extent *extent = &map->items[i];
		char path[2 * ATTRIBUTE_MAX], driver[ATTRIBUTE_MAX];

		if (extent->kind != MEMBLOCK_KIND_DEVICE_DAX || !extent->owner)
			continue;
		snprintf(path, sizeof(path), DAX_DIR "/%s", extent->owner);
		if (!root_exists(inventory->root, path))
			continue; /* its namespace has said what is known */
		snprintf(path, sizeof(path), DAX_DIR "/%s/driver", extent->owner);
		extent->mapped = root_read_link_name(inventory->root, path, driver) == 0 &&
				 strcmp(driver, "device_dax") == 0;
		extent->zone = extent->mapped ? MEMBLOCK_ZONE_DEVICE : MEMBLOCK_ZONE_NONE;
	}
}

/* Where the System RAM resource that holds an address begins. */
static uint64_t resource_start(const struct memblock_inventory *inventory, uint64_t address)
{
	const struct extents *ram = &inventory->iomem.ram;
	size_t i = extents_first(ram, address);

	return i < ram->n ? ram->items[i].start : address;
}

bool machine_has_lmbs(const struct memblock_root *root)
{
	return root_exists(root, "proc/device-tree/ibm,dynamic-reconfiguration-memory");
}

bool machine_has_balloon(const struct memblock_root *root)
{
	return root_exists(root, "sys/bus/vmbus/drivers/hv_balloon") ||
	       root_exists(root, "sys/devices/system/xen_memory");
}

/* Who can have brought memory that nobody owns, on this machine. */
static enum memblock_provider platform_provider(const struct memblock_inventory *inventory)
{
	const char *architecture = inventory->machine.architecture;

	if (!architecture || machine_has_balloon(inventory->root))
		return MEMBLOCK_PROVIDER_UNKNOWN;
	if (geometry_is_s390(architecture))
		return MEMBLOCK_PROVIDER_STANDBY;
	if (machine_has_lmbs(inventory->root))
		return MEMBLOCK_PROVIDER_LMB;
	return MEMBLOCK_PROVIDER_FIRMWARE;
}

/* Core storage of an s390 machine begins at 0, standby storage comes as resources of its own
 * (drivers/s390/char/sclp_cmd.c). Core storage may come in further pieces too, but is online. */
static enum memblock_provider s390_provider(const struct memblock_inventory *inventory,
					    const struct memblock_block *block, uint64_t address)
{
	if (resource_start(inventory, address) == 0)
		return MEMBLOCK_PROVIDER_FIRMWARE;
	return block->state == MEMBLOCK_STATE_OFFLINE ? MEMBLOCK_PROVIDER_STANDBY
						      : MEMBLOCK_PROVIDER_UNKNOWN;
}

/* The first extent of System RAM in a block; NULL where there is none, or several have different
 * owners. */
static const struct memblock_extent *only_ram(const struct memblock_inventory *inventory,
					      const struct memblock_block *block)
{
	const struct extents *map = &inventory->iomem.map;
	uint64_t end = block_end(inventory, block);
	const struct memblock_extent *found = NULL;

	for (size_t i = extents_first(map, block_start(inventory, block)); i < map->n; i++) {
		if (map->items[i].start >= end)
			break;
		if (map->items[i].kind != MEMBLOCK_KIND_RAM)
			continue;
		if (found && found->owner != map->items[i].owner)
			return NULL;
		if (!found)
			found = &map->items[i];
	}
	return found;
}

static int assign_by_iomem(struct memblock_inventory *inventory, enum memblock_provider platform)
{
	int r;

	for (size_t i = 0; i < inventory->n_blocks; i++) {
		struct memblock_block *block = &inventory->blocks[i];
		enum memblock_provider provider = platform;
		const struct memblock_extent *ram;
		const struct owner *owner;

		if (block->device)
			continue;
		ram = only_ram(inventory, block);
		if (!ram)
			continue;
		owner = owner_of(ram->owner);
		if (owner)
			provider = owner->provider;
		else if (platform == MEMBLOCK_PROVIDER_STANDBY)
			provider = s390_provider(inventory, block,
						 MAX(ram->start, block_start(inventory, block)));
		if (provider == MEMBLOCK_PROVIDER_UNKNOWN)
			continue;
		r = assign(inventory, block,
			   owner ? owner->name : memblock_provider_to_string(provider), provider);
		if (r < 0)
			return r;
	}
	return 0;
}

int source_devices_read(struct memblock_inventory *inventory)
{
	int r, left_out;

	left_out = note_failure(inventory, ACPI_DIR, read_acpi(inventory));
	if (left_out < 0)
		return left_out;
	if (!inventory_has(inventory, MEMBLOCK_SOURCE_IOMEM))
		return inventory_set_source(inventory, MEMBLOCK_SOURCE_DEVICES,
					    MEMBLOCK_SOURCE_HIDDEN,
					    "only ACPI devices are known without /proc/iomem");

	read_dax(inventory);
	/* What nobody owns may belong to what was left out. */
	r = assign_by_iomem(inventory,
			    left_out ? MEMBLOCK_PROVIDER_UNKNOWN : platform_provider(inventory));
	if (r < 0)
		return inventory_set_source_error(inventory, MEMBLOCK_SOURCE_DEVICES, "proc/iomem",
						  r);
	return inventory_set_source(inventory, MEMBLOCK_SOURCE_DEVICES, MEMBLOCK_SOURCE_READ, NULL);
}
