/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "sources.h"

DEFINE_CLEANUP(struct memblock_platform, memblock_platform_free)

/* Whether a folder has an entry whose name begins so. Where it can't be read it may have one. */
static bool has_entry(const struct memblock_root *root, const char *path, const char *prefix)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int r = root_open_dir(root, path, &dir);

	if (r < 0)
		return r != -ENOENT;
	for (struct dirent *entry; (errno = 0, entry = readdir(dir));)
		if (*entry->d_name != '.' && strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
			return true;
	return errno != 0;
}

/* iomem shows names to everybody, if not addresses. */
static bool iomem_names(const char *iomem, const char *name)
{
	return iomem && strstr(iomem, name);
}

static bool is_architecture(const struct memblock_platform *platform, const char *architecture)
{
	return platform->architecture && strcmp(platform->architecture, architecture) == 0;
}

/* Memory of a GPU that its driver adds as the machine's own: Grace Hopper, POWER9 with NVLink. */
static bool may_have_coherent_gpu(const struct memblock_platform *platform)
{
	return (is_architecture(platform, "aarch64") &&
		(!platform->virtualization || strcmp(platform->virtualization, "none") == 0)) ||
	       is_architecture(platform, "ppc64") || is_architecture(platform, "ppc64le");
}

/* What brought some of the memory can bring more. */
static unsigned providers_at_hand(const struct memblock_inventory *inventory)
{
	const struct memblock_device *device;
	unsigned found = 0;

	for (size_t i = 0; (device = memblock_inventory_device(inventory, i)); i++)
		if (device->provider != MEMBLOCK_PROVIDER_FIRMWARE)
			found |= 1u << device->provider;
	return found;
}

static unsigned find_providers(const struct memblock_root *root,
			       const struct memblock_platform *platform, const char *iomem)
{
	const struct {
		enum memblock_provider provider;
		bool may_come;
	} answers[] = {
		{ MEMBLOCK_PROVIDER_UNKNOWN, machine_has_balloon(root) },
		{ MEMBLOCK_PROVIDER_ACPI,
		  root_exists(root, "sys/bus/acpi") || root_exists(root, "sys/firmware/acpi") },
		{ MEMBLOCK_PROVIDER_VIRTIO_MEM,
		  !platform->virtualization || strcmp(platform->virtualization, "none") != 0 },
		{ MEMBLOCK_PROVIDER_DAX, has_entry(root, "sys/bus/dax/devices", "") ||
						 has_entry(root, "sys/bus/nd/devices", "region") ||
						 iomem_names(iomem, "Soft Reserved") },
		{ MEMBLOCK_PROVIDER_CXL,
		  has_entry(root, "sys/bus/cxl/devices", "") || iomem_names(iomem, "CXL Window") },
		{ MEMBLOCK_PROVIDER_DRIVER, may_have_coherent_gpu(platform) },
		{ MEMBLOCK_PROVIDER_LMB, machine_has_lmbs(root) },
		{ MEMBLOCK_PROVIDER_STANDBY, is_architecture(platform, "s390x") },
	};
	unsigned found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++)
		if (answers[i].may_come)
			found |= 1u << answers[i].provider;
	return found;
}

/* What can't be read is not known. -ENOMEM. */
static int read_text(const struct memblock_root *root, const char *path, char **ret)
{
	int r = root_read_file(root, path, ret, NULL);

	return r == -ENOMEM ? r : 0;
}

/* NULL is copied as NULL. -ENOMEM. */
static int copy_text(const char *text, const char **ret)
{
	*ret = text ? strdup(text) : NULL;
	return text && !*ret ? -ENOMEM : 0;
}

int memblock_platform_read(struct memblock_root *root, const struct memblock_inventory *inventory,
			   const char *virtualization, struct memblock_platform **ret)
{
	_cleanup_(memblock_platform_freep) struct memblock_platform *platform = NULL;
	_cleanup_free_ char *iomem = NULL, *command_line = NULL;
	int r;

	platform = calloc(1, sizeof(*platform));
	if (!platform)
		return -ENOMEM;
	r = copy_text(memblock_inventory_architecture(inventory), &platform->architecture);
	if (r >= 0)
		r = copy_text(virtualization, &platform->virtualization);
	if (r >= 0)
		r = read_text(root, "proc/cmdline", &command_line);
	if (r >= 0)
		r = read_text(root, "proc/iomem", &iomem);
	if (r < 0)
		return r;

	platform->command_line = TAKE_PTR(command_line);
	platform->has_online_policy =
		root_exists(root, "sys/module/memory_hotplug/parameters/online_policy");
	platform->providers = find_providers(root, platform, iomem) | providers_at_hand(inventory);
	*ret = TAKE_PTR(platform);
	return 0;
}

struct memblock_platform *memblock_platform_free(struct memblock_platform *platform)
{
	if (!platform)
		return NULL;
	free((char *)platform->architecture);
	free((char *)platform->virtualization);
	free((char *)platform->command_line);
	free(platform);
	return NULL;
}
