/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <stdio.h>

#include "picture.h"

/* A row of 64 letters in groups of 8 with its address is 90 columns wide. */
static uint64_t cells_per_row(const struct picture *picture)
{
	unsigned width = output_width(), cell_width = picture->shows_nodes ? 20 : 9;

	for (unsigned row = PICTURE_ROW; row > 16; row /= 2)
		if (20 + row / 8 * cell_width <= width)
			return row;
	return 16;
}

/* How many cells of a row are needed to reach the last that shows something. */
static uint64_t used_cells(const struct picture *picture, uint64_t first, uint64_t n,
			   size_t position)
{
	uint64_t used = 0;

	for (uint64_t i = 0; i < n; i++)
		if (picture_at(picture, first + i, &position))
			used = i + 1;
	return used;
}

static void print_cells(const struct picture *picture, uint64_t first, uint64_t n, size_t position)
{
	enum style style = STYLE_PLAIN;

	for (uint64_t i = 0; i < n; i++) {
		const struct run *run = picture_at(picture, first + i, &position);
		const struct cell_spec *spec = &cell_specs[run ? run->cell : CELL_NOTHING];

		if (i % 8 == 0)
			putchar(' ');
		if (spec->style != style) {
			printf("%s%s", style_off(), style_on(spec->style));
			style = spec->style;
		}
		putchar(run ? spec->letter : ' ');
	}
	fputs(style_off(), stdout);
}

/* Nodes above 35 share a sign: their numbers stand in show. */
static char node_letter(int nid)
{
	static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz";

	if (nid < 0)
		return '.';
	return (size_t)nid < sizeof(letters) - 1 ? letters[nid] : '#';
}

static void print_nodes(const struct picture *picture, uint64_t first, uint64_t n, size_t position)
{
	fputs("  ", stdout);
	for (uint64_t i = 0; i < n; i++) {
		const struct run *run = picture_at(picture, first + i, &position);

		if (i % 8 == 0)
			putchar(' ');
		putchar(run ? node_letter(run->nid) : ' ');
	}
}

static void print_legend(const struct picture *picture)
{
	putchar('\n');
	for (int i = 0; i < CELL_COUNT; i++)
		if (picture_has(picture, (enum cell)i))
			printf("  %s%c%s  %s\n", style_on(cell_specs[i].style),
			       cell_specs[i].letter, style_off(), cell_specs[i].meaning);
}

void picture_print(const struct picture *picture)
{
	uint64_t per_row = cells_per_row(picture), behind = UINT64_MAX, used;
	size_t position = 0;

	printf("%s%s%s\n\n", style_on(STYLE_BOLD), picture->title, style_off());

	for (uint64_t row = 0; position < picture->n; row += per_row) {
		const struct run *run = picture_at(picture, row, &position);

		/* Rows without a block are left out, however many. */
		if (!run && position == picture->n)
			break;
		if (!run && picture->runs[position].first >= row + per_row)
			row = picture->runs[position].first / per_row * per_row;
		if (row > behind)
			puts("  ...");
		behind = row + per_row;

		used = used_cells(picture, row, per_row, position);
		printf("0x%016" PRIx64, row * picture->cell_size);
		print_cells(picture, row, picture->shows_nodes ? per_row : used, position);
		if (picture->shows_nodes)
			print_nodes(picture, row, used, position);
		putchar('\n');
	}
	print_legend(picture);
}
