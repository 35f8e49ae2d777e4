/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "inventory.h"

#define SYSTEM_DIR "sys/devices/system"
#define MEMORY_DIR SYSTEM_DIR "/memory"

/*
 * The sources of facts, one file each. Every function fills its part of the inventory and says
 * what became of the source; but for the blocks themselves, only -ENOMEM is an error. The order
 * below is the order in which they build on each other.
 */
int source_machine_read(struct memblock_inventory *inventory);
int source_blocks_read(struct memblock_inventory *inventory, char **ret_error);
int source_states_read(struct memblock_inventory *inventory);
int source_iomem_read(struct memblock_inventory *inventory);
int source_zoneinfo_read(struct memblock_inventory *inventory);
int source_srat_read(struct memblock_inventory *inventory);
int source_pmem_read(struct memblock_inventory *inventory);
int source_devices_read(struct memblock_inventory *inventory);
int source_marks_read(struct memblock_inventory *inventory);

/* The nodes, in two steps: their folders are added to those to be read, and what was read in them
 * links the blocks. source_blocks_read() does both, since all folders are read at the same time. */
struct listings;
int source_nodes_list(struct memblock_inventory *inventory, struct listings *listings);
int source_nodes_link(struct memblock_inventory *inventory, const struct listings *listings);

/* Their parsers, apart for tests and fuzzers. Text is cut up in place. Each returns how many lines
 * or entries made no sense, or -ENOMEM. */
int iomem_parse(struct iomem *iomem, char *text, uint64_t page_size, struct notes *notes);
int zoneinfo_parse(struct zone_spans *spans, char *text, uint64_t page_size, struct notes *notes);
int srat_parse(struct extents *affinities, const uint8_t *table, size_t size, struct notes *notes);
int marks_parse(struct marks *marks, char *text, struct notes *notes);

/* valid_zones' text as a list; *ret_unknown is set to the first word that names no zone we know. */
zone_list zones_parse(char *text, const char **ret_unknown);

/* Whether logical memory blocks of a pseries machine may come here; whether a balloon (Hyper-V,
 * Xen) may add plain System RAM, which nothing tells from what was there at boot. */
bool machine_has_lmbs(const struct memblock_root *root);
bool machine_has_balloon(const struct memblock_root *root);

/* Where a machine's architecture is told, on kernels from 6.1 on. */
#define ARCHITECTURE_PATH "proc/sys/kernel/arch"
/* Fills architecture and release, as far as they are known. 0 or -ENOMEM. */
int machine_names(const struct memblock_root *root, struct machine *machine);
/* Finds out how large a page is, 0 where nothing tells. architecture may be NULL. 0 or -ENOMEM. */
int machine_page_size(const struct memblock_root *root, const char *architecture, uint64_t *ret);

/* A line of /proc/meminfo, in bytes. -ENODATA where there is none that makes sense. */
int meminfo_value(const char *text, const char *key, uint64_t *ret);

/* How many pages of the kernel's zones are free or hold pages of files.
 * Text is cut up in place. -ENODATA where no such zone tells. */
int zoneinfo_kernel_free(char *text, uint64_t *ret);

/* Sum of managed pages in /proc/zoneinfo: with MemTotal of /proc/meminfo it tells the page size of
 * a captured tree. */
uint64_t zoneinfo_managed_pages(const char *text);

void iomem_done(struct iomem *iomem);
void marks_done(struct marks *marks);
/* The owner whose name an extent holds; NULL for NULL. */
const struct owner *owner_of(const char *name);
