/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "ctl.h"
#include "rows.h"

enum column {
	COLUMN_RANGE,
	COLUMN_SIZE,
	COLUMN_STATE,
	COLUMN_REMOVABLE,
	COLUMN_BLOCK,
	COLUMN_NODE,
	COLUMN_ZONES,
	COLUMN_REASONS,
	COLUMN_NID,
	COLUMN_NODES,
	COLUMN_DEVICE,
	COLUMN_SUBSECTIONS,
	COLUMN_KERNEL_REMOVABLE,
	COLUMN_BUSY,
	COLUMN_UNMOVABLE,
	COLUMN_COUNT,
};

/* Where a column stands by itself: shown unless others are asked for. */
enum shown {
	SHOWN_TABLE = 1 << 0,
	SHOWN_JSON = 1 << 1,
};

enum json_form {
	JSON_TEXT,            /* as lsmem has it: null where empty */
	JSON_STRING,          /* a string always, of letters that need no escape */
	JSON_NUMBER,          /* null where empty */
	JSON_BOOLEAN,         /* of yes and no; null where empty */
	JSON_NUMBER_IF_BYTES, /* a number with --bytes, else text */
};

struct cell_context {
	const struct memblock_inventory *inventory;
	const struct row *row;
	const struct row_facts *facts;
	bool bytes;
	bool json;
};

/* The one table of list's columns: the source of its switches, output, help and completions. */
struct column_spec {
	const char *name;
	const char *help;
	unsigned split; /* how it splits rows where no --split says otherwise */
	unsigned shown;
	enum json_form json;
	bool left; /* flush left */
	/* Sets ret to a text to be freed. 0 or a negative errno. */
	int (*print)(const struct cell_context *context, char **ret);
	bool pages; /* made of what the pages of blocks are, which have to be counted for it */
};

extern const struct column_spec column_specs[COLUMN_COUNT];

/* A chosen list of columns, twice as many as there are at most, as lsmem allows. */
struct columns {
	enum column items[2 * COLUMN_COUNT];
	size_t n;
};

/* "RANGE,SIZE" or "+NODE,ZONES" (behind what is there), in any case. 0 or -EINVAL, with the word
 * that is no column in ret_bad, which points into text. */
int columns_parse(struct columns *columns, char *text, const char **ret_bad);

unsigned columns_split(const struct columns *columns);
/* Whether pages have to be counted for one of them. */
bool columns_need_pages(const struct columns *columns);
