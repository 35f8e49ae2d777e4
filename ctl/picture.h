/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "ctl.h"
#include "style.h"

/* What one cell of a map can show. */
enum cell {
	CELL_NOTHING,
	/* of blocks, the worst last */
	CELL_KERNEL,
	CELL_MOVABLE,
	CELL_OFFLINE,
	CELL_UNKNOWN,
	CELL_STUCK,
	/* of sub-sections */
	CELL_RAM,
	CELL_PMEM,
	CELL_DEVICE_DAX,
	CELL_SOFT_RESERVED,
	CELL_FIRMWARE_RESERVED,
	CELL_SEVERAL,
	CELL_COUNT,
};

/* The one table of how cells look, on terminals and in SVG. */
struct cell_spec {
	char letter;
	const char *word; /* in JSON */
	enum style style;
	const char *color;
	const char *meaning;
};

extern const struct cell_spec cell_specs[CELL_COUNT];

/* A map: cells of equal size that follow each other from an address on, in runs, so that a terabyte
 * of nothing costs nothing. */
struct run {
	uint64_t first; /* number of the first cell, counted from address 0 */
	uint64_t n;
	enum cell cell;
	int nid; /* of sub-sections; MEMBLOCK_NID_UNKNOWN where there is none */
};

struct picture {
	uint64_t cell_size;
	bool shows_nodes;
	struct run *runs;
	size_t n;
	char title[80];
};

void picture_done(struct picture *picture);

/* All of physical memory by block, or by several blocks where there are very many; then the cell
 * shows the worst of them. 0 or -ENOMEM. */
int picture_of_machine(const struct memblock_inventory *inventory, struct picture *ret);

/* One block by sub-section. 0, -ENODATA where iomem could not be had, -ENOMEM. */
int picture_of_block(const struct memblock_inventory *inventory, const struct memblock_block *block,
		     struct picture *ret);

/* How many cells make a row, and whether any cell of a kind is there (for the legend). */
#define PICTURE_ROW 64
bool picture_has(const struct picture *picture, enum cell cell);

/* The run that covers a cell, or NULL; *position is kept between calls with rising cells. */
const struct run *picture_at(const struct picture *picture, uint64_t cell, size_t *position);

void picture_print(const struct picture *picture);
/* Writes it as SVG; "-" is standard output. 0 or a negative errno, told. A file is there whole or
 * not at all. */
int picture_write_svg(const struct picture *picture, const char *path);
