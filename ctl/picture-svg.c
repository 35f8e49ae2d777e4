/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "new-file.h"
#include "picture.h"
#include "size.h"

/* In the units of SVG. */
#define CELL 12
#define GAP 2
#define PITCH (CELL + GAP)
#define LEFT 170
#define TOP 50

static int row_y(size_t row)
{
	return TOP + (int)row * PITCH;
}

/* A rectangle with a tool tip for each run's part in a row. */
static void write_part(FILE *file, const struct picture *picture, const struct run *run,
		       uint64_t first, uint64_t n, uint64_t column, size_t row)
{
	const struct cell_spec *spec = &cell_specs[run->cell];
	char range[RANGE_TEXT_MAX];

	fprintf(file, "<g><title>%s: %s",
		range_to_text(first * picture->cell_size, (first + n) * picture->cell_size, range),
		spec->meaning);
	if (run->nid >= 0)
		fprintf(file, ", node %d", run->nid);
	fputs("</title>", file);
	for (uint64_t i = 0; i < n; i++)
		fprintf(file,
			"<rect x=\"%" PRIu64 "\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/>",
			LEFT + (column + i) * PITCH, row_y(row), CELL, CELL, spec->color);
	fputs("</g>\n", file);
}

static void write_row_label(FILE *file, uint64_t address, size_t row)
{
	fprintf(file, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">0x%016" PRIx64 "</text>\n",
		LEFT - 10, row_y(row) + CELL - 2, address);
}

/* Returns how many rows there are; writes them where there is a file. */
static size_t write_rows(FILE *file, const struct picture *picture)
{
	uint64_t current = UINT64_MAX;
	size_t rows = 0;

	for (size_t i = 0; i < picture->n; i++) {
		const struct run *run = &picture->runs[i];
		uint64_t end = run->first + run->n;

		for (uint64_t at = run->first, next; at < end; at = next) {
			next = MIN(end, (at / PICTURE_ROW + 1) * PICTURE_ROW);
			if (at / PICTURE_ROW != current) {
				current = at / PICTURE_ROW;
				rows++;
				if (file)
					write_row_label(file,
							current * PICTURE_ROW * picture->cell_size,
							rows - 1);
			}
			if (file)
				write_part(file, picture, run, at, next - at, at % PICTURE_ROW,
					   rows - 1);
		}
	}
	return rows;
}

static int legend_lines(const struct picture *picture)
{
	int n = 0;

	for (int i = 0; i < CELL_COUNT; i++)
		n += picture_has(picture, (enum cell)i);
	return n;
}

static void write_legend(FILE *file, const struct picture *picture, size_t rows)
{
	int y = row_y(rows) + PITCH;

	for (int i = 0; i < CELL_COUNT; i++) {
		if (!picture_has(picture, (enum cell)i))
			continue;
		fprintf(file,
			"<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\" "
			"stroke=\"#999999\"/><text x=\"%d\" y=\"%d\">%s</text>\n",
			LEFT, y, CELL, CELL, cell_specs[i].color, LEFT + PITCH + 4, y + CELL - 2,
			cell_specs[i].meaning);
		y += PITCH + 2;
	}
}

static void write_picture(FILE *file, const struct picture *picture)
{
	size_t rows = write_rows(NULL, picture);
	int width = LEFT + PICTURE_ROW * PITCH + 20;
	int height = row_y(rows) + 2 * PITCH + legend_lines(picture) * (PITCH + 2);

	fprintf(file,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\" font-family=\"monospace\" font-size=\"12\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#f4f4f4\"/>\n"
		"<text x=\"20\" y=\"28\" font-size=\"16\">%s</text>\n",
		width, height, width, height, picture->title);
	write_rows(file, picture);
	write_legend(file, picture, rows);
	fputs("</svg>\n", file);
}

/* Writes into a descriptor, which stays open. */
static int write_to(int fd, const struct picture *picture)
{
	int r = 0, copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	FILE *file = copy < 0 ? NULL : fdopen(copy, "w");

	if (!file) {
		r = -errno;
		closep(&copy);
		return r;
	}

	write_picture(file, picture);
	if (ferror(file))
		r = -EIO;
	if (fclose(file) != 0 && r == 0)
		r = -errno;
	return r;
}

int picture_write_svg(const struct picture *picture, const char *path)
{
	_cleanup_(new_file_done) struct new_file file = { .fd = -1 };
	int r;

	if (strcmp(path, "-") == 0) {
		write_picture(stdout, picture);
		return 0;
	}

	r = new_file_open(&file, path, 0666);
	if (r < 0)
		return r;
	r = write_to(file.fd, picture);
	if (r < 0)
		return log_error(r, "Can't write %s: %m", path);
	return new_file_commit(&file);
}
