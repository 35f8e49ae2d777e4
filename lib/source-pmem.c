/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "parse.h"
#include "sources.h"

#define ND_DIR "sys/bus/nd/devices"

struct pmem_namespace {
	uint64_t start;
	uint64_t end;
	int nid;
	bool has_pages; /* its mode asks the kernel for ZONE_DEVICE pages */
	bool bound;     /* and a driver has it */
};

static int read_number(const struct memblock_root *root, const char *name, const char *attribute,
		       uint64_t *ret)
{
	char path[ATTRIBUTE_MAX + 64], text[ATTRIBUTE_MAX];
	int r;

	snprintf(path, sizeof(path), ND_DIR "/%.200s/%s", name, attribute);
	r = root_read_attribute(root, path, text);
	return r < 0 ? r : parse_u64_0x(text, ret);
}

static bool is_mode(const struct memblock_root *root, const char *name, const char *mode)
{
	char path[ATTRIBUTE_MAX + 64], text[ATTRIBUTE_MAX];

	snprintf(path, sizeof(path), ND_DIR "/%.200s/mode", name);
	return root_read_attribute(root, path, text) == 0 && strcmp(text, mode) == 0;
}

static bool has_driver(const struct memblock_root *root, const char *name)
{
	char path[ATTRIBUTE_MAX + 64], driver[ATTRIBUTE_MAX];

	/* The link alone: a captured tree has no drivers for it to lead to. */
	snprintf(path, sizeof(path), ND_DIR "/%.200s/driver", name);
	return root_read_link_name(root, path, driver) == 0;
}

/* A namespace in use is bound itself (legacy ones), or the pfn or dax device that holds it is. */
static bool is_bound(const struct memblock_root *root, const char *name)
{
	char path[ATTRIBUTE_MAX + 64], holder[ATTRIBUTE_MAX];

	if (has_driver(root, name))
		return true;
	snprintf(path, sizeof(path), ND_DIR "/%.200s/holder", name);
	return root_read_attribute(root, path, holder) == 0 && has_driver(root, holder);
}

/* -ENXIO for a namespace without a place: a seed, or one of size 0. */
static int read_namespace(const struct memblock_root *root, const char *name,
			  struct pmem_namespace *ret)
{
	struct pmem_namespace ns = { .nid = MEMBLOCK_NID_UNKNOWN };
	uint64_t size, nid;
	int r;

	r = read_number(root, name, "size", &size);
	if (r < 0)
		return r;
	if (size == 0)
		return -ENXIO;
	r = read_number(root, name, "resource", &ns.start);
	if (r < 0)
		return r == -ENOENT || r == -ENODATA ? -ENXIO : r;
	if (__builtin_add_overflow(ns.start, size, &ns.end))
		return -ERANGE;

	if (read_number(root, name, "numa_node", &nid) == 0 && nid <= INT16_MAX)
		ns.nid = (int)nid;
	ns.has_pages = is_mode(root, name, "memory") || is_mode(root, name, "dax");
	ns.bound = is_bound(root, name);
	*ret = ns;
	return 0;
}

/*
 * What iomem shows of a namespace is alike in every mode; only `memory` and `dax` have pages, and
 * of a dax namespace whose memory went to the kmem driver, what is not System RAM has none either.
 */
static void apply_namespace(struct iomem *iomem, const struct pmem_namespace *ns)
{
	bool mapped =
		ns->has_pages && ns->bound && extents_covered(&iomem->ram, ns->start, ns->end) == 0;

	for (size_t i = extents_first(&iomem->map, ns->start); i < iomem->map.n; i++) {
		struct memblock_extent *extent = &iomem->map.items[i];

		if (extent->start >= ns->end)
			return;
		if (extent->kind != MEMBLOCK_KIND_PMEM && extent->kind != MEMBLOCK_KIND_DEVICE_DAX)
			continue;
		extent->nid = ns->nid;
		extent->mapped = mapped;
		extent->zone = mapped ? MEMBLOCK_ZONE_DEVICE : MEMBLOCK_ZONE_NONE;
	}
}

/* What iomem says is a namespace's, and no namespace that could be read says is its own. */
static int find_unclear(struct iomem *iomem, const struct extents *told)
{
	int r;

	for (size_t i = 0; i < iomem->map.n; i++) {
		const struct memblock_extent *extent = &iomem->map.items[i];

		if (extent->kind != MEMBLOCK_KIND_PMEM || !extent->owner ||
		    extents_covered(told, extent->start, extent->end) ==
			    extent->end - extent->start)
			continue;
		r = extents_append(&iomem->unclear, extent);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_namespaces(struct memblock_inventory *inventory, DIR *dir, struct extents *told,
			   int *ret_damaged)
{
	int r;

	for (struct dirent *entry; (errno = 0, entry = readdir(dir));) {
		struct pmem_namespace ns;

		if (strncmp(entry->d_name, "namespace", strlen("namespace")) != 0)
			continue;
		r = read_namespace(inventory->root, entry->d_name, &ns);
		if (r == -ENXIO)
			continue;
		if (r == -EACCES || r == -EPERM)
			return r;
		if (r < 0) {
			++*ret_damaged;
			r = notes_add(&inventory->notes,
				      "/" ND_DIR "/%s: size or resource can't be read: %s",
				      entry->d_name, strerror(-r));
			if (r < 0)
				return r;
			continue;
		}
		apply_namespace(&inventory->iomem, &ns);
		r = extents_append(told,
				   &(struct memblock_extent){ .start = ns.start, .end = ns.end });
		if (r < 0)
			return r;
	}
	return -errno;
}

int source_pmem_read(struct memblock_inventory *inventory)
{
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_extents_ struct extents told = {};
	int r, q, damaged = 0;

	r = root_open_dir(inventory->root, ND_DIR, &dir);
	if (r >= 0)
		r = read_namespaces(inventory, dir, &told, &damaged);
	q = extents_flatten(&told);
	if (q >= 0)
		q = find_unclear(&inventory->iomem, &told);
	if (q < 0)
		return q;
	if (r < 0)
		return inventory_set_source_error(inventory, MEMBLOCK_SOURCE_PMEM, ND_DIR, r);
	if (damaged > 0)
		return inventory_set_source(inventory, MEMBLOCK_SOURCE_PMEM,
					    MEMBLOCK_SOURCE_DAMAGED,
					    "%d namespaces of /" ND_DIR " can't be read", damaged);
	return inventory_set_source(inventory, MEMBLOCK_SOURCE_PMEM, MEMBLOCK_SOURCE_READ, NULL);
}
