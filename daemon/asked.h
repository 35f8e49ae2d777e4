/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>
#include <stdbool.h>

struct findings;
struct manager;

/* A source that workers alone read, and what became of it when one was asked last. */
struct asked_source {
	enum memblock_source_state state;
	char *text; /* why; NULL where there is nothing to say */
};

/* Those of them, and whether the kernel's own map of any block could be had. */
struct asked_sources {
	struct asked_source sections;
	struct asked_source pages;
	bool has_kernel_map;
};

void asked_init(struct asked_sources *sources);
void asked_done(struct asked_sources *sources);

/* Takes note of what came of a survey that asked for pages, sections, or both, and tells the bus
 * where that is news. */
void asked_learn(struct manager *manager, const struct findings *findings, bool pages,
		 bool sections);

/* What became of a source, as memblock_inventory_source(): in the scan, or when it was asked for.
 */
enum memblock_source_state asked_state(const struct manager *manager, enum memblock_source source,
				       const char **ret_text);

/* Adds the sections that were found to the inventory, if any were. They are what the kernel keeps
 * of boot memory and of devices, and don't change from one moment to the next. 0 or -ENOMEM. */
int asked_add_sections(struct manager *manager, const struct findings *findings,
		       const struct memblock_block *block);
