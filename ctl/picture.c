/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "picture.h"
#include "size.h"

/* More letters than this nobody looks at: then one letter stands for several blocks. */
#define CELLS_MAX 4096

/* Colours that the colour-blind can tell apart (Okabe and Ito). */
const struct cell_spec cell_specs[CELL_COUNT] = {
	[CELL_NOTHING] = { '.', "nothing", STYLE_FAINT, "#ffffff", "nothing" },
	[CELL_KERNEL] = { 'K', "kernel", STYLE_GOOD, "#009e73",
			  "can go, in a zone for kernel memory" },
	[CELL_MOVABLE] = { 'M', "movable", STYLE_MOVABLE, "#56b4e9",
			   "can go, in the movable zone" },
	[CELL_OFFLINE] = { 'o', "offline", STYLE_FAINT, "#bbbbbb", "offline" },
	[CELL_UNKNOWN] = { '?', "unknown", STYLE_UNSURE, "#f0e442", "not known" },
	[CELL_STUCK] = { 'X', "stuck", STYLE_BAD, "#d55e00", "can never go" },
	[CELL_RAM] = { 'R', "ram", STYLE_GOOD, "#009e73", "System RAM" },
	[CELL_PMEM] = { 'P', "pmem", STYLE_DEVICE, "#cc79a7", "persistent memory" },
	[CELL_DEVICE_DAX] = { 'D', "device-dax", STYLE_DEVICE, "#aa4499", "device dax" },
	[CELL_SOFT_RESERVED] = { 'S', "soft-reserved", STYLE_RESERVED, "#e69f00", "soft-reserved" },
	[CELL_FIRMWARE_RESERVED] = { 'F', "firmware-reserved", STYLE_RESERVED, "#0072b2",
				     "reserved by firmware" },
	[CELL_SEVERAL] = { '*', "several", STYLE_BAD, "#d55e00",
			   "several of these in one sub-section" },
};

void picture_done(struct picture *picture)
{
	free(picture->runs);
}

/* Adds cells behind the last ones. */
static void add_cells(struct picture *picture, uint64_t first, uint64_t n, enum cell cell, int nid)
{
	struct run *last = picture->n > 0 ? &picture->runs[picture->n - 1] : NULL;

	if (last && last->first + last->n == first && last->cell == cell && last->nid == nid)
		last->n += n;
	else
		picture->runs[picture->n++] = (struct run){ first, n, cell, nid };
}

static enum cell cell_of_block(const struct memblock_block *block)
{
	enum memblock_zone zones[MEMBLOCK_ZONES_MAX];

	if (memblock_block_removable(block) == MEMBLOCK_ANSWER_NO)
		return CELL_STUCK;
	if (memblock_block_state(block) == MEMBLOCK_STATE_OFFLINE)
		return CELL_OFFLINE;
	if (memblock_block_removable(block) == MEMBLOCK_ANSWER_UNKNOWN)
		return CELL_UNKNOWN;
	return memblock_block_zones(block, zones) == 1 && zones[0] == MEMBLOCK_ZONE_MOVABLE
		       ? CELL_MOVABLE
		       : CELL_KERNEL;
}

int picture_of_machine(const struct memblock_inventory *inventory, struct picture *ret)
{
	_cleanup_(picture_done) struct picture picture = {};
	uint64_t size = memblock_inventory_block_size(inventory), scale = 1;
	size_t n = memblock_inventory_n_blocks(inventory);
	char text[SIZE_TEXT_MAX];

	while (n / scale > CELLS_MAX)
		scale *= 2;
	picture.cell_size = size * scale;
	if (scale > 1)
		snprintf(picture.title, sizeof(picture.title),
			 "memory by %" PRIu64 " blocks (%s) a letter, the worst of them shown",
			 scale, size_to_text(picture.cell_size, text));
	else
		snprintf(picture.title, sizeof(picture.title), "memory by block of %s",
			 size_to_text(size, text));

	picture.runs = calloc(n + 1, sizeof(*picture.runs));
	if (!picture.runs)
		return -ENOMEM;
	for (size_t i = 0; i < n;) {
		uint64_t number =
			memblock_block_index(memblock_inventory_block(inventory, i)) / scale;
		enum cell worst = CELL_NOTHING;

		for (; i < n; i++) {
			const struct memblock_block *block = memblock_inventory_block(inventory, i);

			if (memblock_block_index(block) / scale != number)
				break;
			worst = MAX(worst, cell_of_block(block));
		}
		add_cells(&picture, number, 1, worst, MEMBLOCK_NID_UNKNOWN);
	}

	*ret = picture;
	picture = (struct picture){};
	return 0;
}

static enum cell cell_of_kind(enum memblock_kind kind)
{
	static const enum cell cells[] = {
		[MEMBLOCK_KIND_HOLE] = CELL_NOTHING,
		[MEMBLOCK_KIND_RAM] = CELL_RAM,
		[MEMBLOCK_KIND_PMEM] = CELL_PMEM,
		[MEMBLOCK_KIND_DEVICE_DAX] = CELL_DEVICE_DAX,
		[MEMBLOCK_KIND_SOFT_RESERVED] = CELL_SOFT_RESERVED,
		[MEMBLOCK_KIND_FIRMWARE_RESERVED] = CELL_FIRMWARE_RESERVED,
	};

	return (size_t)kind < ARRAY_SIZE(cells) ? cells[kind] : CELL_SEVERAL;
}

static bool is_on_several_nodes(const struct picture *picture)
{
	int nid = MEMBLOCK_NID_UNKNOWN;

	for (size_t i = 0; i < picture->n; i++) {
		if (picture->runs[i].nid >= 0 && nid >= 0 && picture->runs[i].nid != nid)
			return true;
		nid = MAX(nid, picture->runs[i].nid);
	}
	return false;
}

/* Whole sub-sections of one extent at once, and one by one where extents meet inside. */
static void add_subsections(struct picture *picture, const struct memblock_extent *extents, int n)
{
	const uint64_t size = MEMBLOCK_SUBSECTION_SIZE;
	int i = 0;

	for (uint64_t at = extents[0].start, next; at < extents[n - 1].end; at = next) {
		enum cell cell;
		int nid;

		while (extents[i].end <= at)
			i++;
		cell = cell_of_kind(extents[i].kind);
		nid = extents[i].nid;
		next = at + (extents[i].end - at) / size * size;
		if (next == at) {
			next = at + size;
			cell = CELL_SEVERAL;
			/* A block may begin with such a sub-section, and so has no smaller part. */
			for (int j = i; j < n && extents[j].start < next; j++)
				if (nid < 0)
					nid = extents[j].nid;
		}
		add_cells(picture, at / size, (next - at) / size, cell, nid);
	}
}

int picture_of_block(const struct memblock_inventory *inventory, const struct memblock_block *block,
		     struct picture *ret)
{
	_cleanup_free_ struct memblock_extent *extents = NULL;
	_cleanup_(picture_done) struct picture picture = {};
	int n;

	n = memblock_block_composition(inventory, block, &extents);
	if (n < 0)
		return n;
	picture.runs = calloc(memblock_inventory_block_size(inventory) / MEMBLOCK_SUBSECTION_SIZE,
			      sizeof(*picture.runs));
	if (!picture.runs)
		return -ENOMEM;

	picture.cell_size = MEMBLOCK_SUBSECTION_SIZE;
	add_subsections(&picture, extents, n);
	picture.shows_nodes = is_on_several_nodes(&picture);
	snprintf(picture.title, sizeof(picture.title), "memory%" PRIu64 " by sub-section of 2M%s",
		 memblock_block_index(block), picture.shows_nodes ? ", and the node of each" : "");

	*ret = picture;
	picture = (struct picture){};
	return 0;
}

bool picture_has(const struct picture *picture, enum cell cell)
{
	for (size_t i = 0; i < picture->n; i++)
		if (picture->runs[i].cell == cell)
			return true;
	return false;
}

const struct run *picture_at(const struct picture *picture, uint64_t cell, size_t *position)
{
	while (*position < picture->n &&
	       picture->runs[*position].first + picture->runs[*position].n <= cell)
		++*position;
	if (*position == picture->n || picture->runs[*position].first > cell)
		return NULL;
	return &picture->runs[*position];
}
