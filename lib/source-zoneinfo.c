/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "names.h"
#include "parse.h"
#include "sources.h"

#define ZONEINFO_PATH "proc/zoneinfo"

/* Linux has 1024 nodes (CONFIG_NODES_SHIFT) of six zones at most. What lies in a block is held
 * against all spans, so a file that lies must not grow them. */
#define SPANS_MAX ((size_t)1024 * 6)

static const char *skip_spaces(const char *text)
{
	return text + strspn(text, " \t");
}

/* "  spanned  12345" or "start_pfn:  12345". Returns whether the line is of that key. */
static bool parse_value(const char *line, const char *key, uint64_t *ret)
{
	line = skip_spaces(line);
	if (strncmp(line, key, strlen(key)) != 0)
		return false;
	line += strlen(key);
	if (*line == ':')
		line++;
	return (*line == ' ' || *line == '\t') && parse_u64(skip_spaces(line), 10, ret) == 0;
}

/* "Node 0, zone    DMA32" */
static int parse_header(const char *line, struct zone_span *ret)
{
	uint64_t nid;

	line += strlen("Node");
	line = skip_spaces(line);
	if (parse_u64_at(&line, 10, &nid) < 0 || nid > INT16_MAX || *line++ != ',')
		return -EINVAL;
	line = skip_spaces(line);
	if (strncmp(line, "zone", strlen("zone")) != 0)
		return -EINVAL;
	line = skip_spaces(line + strlen("zone"));

	*ret = (struct zone_span){ .nid = (int)nid, .zone = zone_from_string(line) };
	return *line ? 0 : -EINVAL;
}

/* In pages until here. */
static int add_span(struct zone_spans *spans, struct zone_span span, uint64_t first,
		    uint64_t spanned, uint64_t page_size)
{
	int r;

	if (__builtin_mul_overflow(first, page_size, &span.start) ||
	    __builtin_mul_overflow(spanned, page_size, &span.end) ||
	    __builtin_add_overflow(span.start, span.end, &span.end) || spans->n == SPANS_MAX)
		return -ERANGE;

	r = ARRAY_GROW(spans->items, spans->capacity, spans->n);
	if (r < 0)
		return r;
	spans->items[spans->n++] = span;
	return 0;
}

/* The zone whose lines are being read; in pages. */
struct zone_lines {
	bool open; /* between its header and its start */
	struct zone_span span;
	uint64_t spanned;
	uint64_t present;
};

/* Whether the lines of a zone ended before they said where it begins: a zone that has pages does
 * (mm/vmstat.c:zoneinfo_show_print(); unpopulated ones say nothing, or no more than their sizes).
 */
static bool is_cut_short(const struct zone_lines *zone)
{
	return zone->open && zone->present > 0;
}

/* "cma" since Linux 5.12; "nr_free_cma" tells of free ones alone. */
static bool read_cma(struct zone_lines *zone, const char *line)
{
	uint64_t pages;

	if (!parse_value(line, "cma", &pages) && !parse_value(line, "nr_free_cma", &pages))
		return false;
	zone->span.has_cma = zone->span.has_cma || pages > 0;
	return true;
}

static int read_line(struct zone_lines *zone, const char *line, struct zone_spans *spans,
		     uint64_t page_size)
{
	uint64_t first, pages;
	int r;

	if (strncmp(line, "Node ", strlen("Node ")) == 0) {
		*zone = (struct zone_lines){};
		r = parse_header(line, &zone->span);
		zone->open = r >= 0;
		return r;
	}
	if (zone->open && parse_value(line, "count", &pages))
		return __builtin_add_overflow(zone->span.held_by_cpus, pages,
					      &zone->span.held_by_cpus)
			       ? -ERANGE
			       : 0;
	if (!zone->open || read_cma(zone, line) || parse_value(line, "present", &zone->present) ||
	    parse_value(line, "spanned", &zone->spanned) || zone->spanned == 0 ||
	    !parse_value(line, "start_pfn", &first))
		return 0;

	zone->open = false;
	return add_span(spans, zone->span, first, zone->spanned, page_size);
}

int zoneinfo_parse(struct zone_spans *spans, char *text, uint64_t page_size, struct notes *notes)
{
	struct zone_lines zone = {};
	unsigned number = 0;
	int r, damaged = 0;

	for (char *line; (line = strsep(&text, "\n"));) {
		bool cut_short = is_cut_short(&zone) &&
				 (!text || strncmp(line, "Node ", strlen("Node ")) == 0);

		number++;
		r = read_line(&zone, line, spans, page_size);
		if (r == -ENOMEM)
			return r;
		if (r >= 0 && !cut_short)
			continue;
		damaged++;
		r = notes_add(notes, "/" ZONEINFO_PATH ":%u: %s: \"%.60s\"", number,
			      r < 0 ? "not a zone" : "the zone before has no start", line);
		if (r < 0)
			return r;
	}
	return damaged;
}

uint64_t zoneinfo_managed_pages(const char *text)
{
	uint64_t sum = 0, pages;

	for (const char *p = text; (p = strstr(p, " managed "));) {
		p = skip_spaces(p + strlen(" managed "));
		if (parse_u64_at(&p, 10, &pages) < 0 || __builtin_add_overflow(sum, pages, &sum))
			return 0;
	}
	return sum;
}

int zoneinfo_kernel_free(char *text, uint64_t *ret)
{
	/* What si_mem_available() of mm/page_alloc.c counts, by zone. */
	static const char *const keys[] = {
		"nr_free_pages",
		"nr_zone_inactive_file",
		"nr_zone_active_file",
	};
	struct zone_span zone = {};
	uint64_t sum = 0, pages;
	bool told = false;

	for (char *line; (line = strsep(&text, "\n"));) {
		if (strncmp(line, "Node ", strlen("Node ")) == 0 && parse_header(line, &zone) < 0)
			zone.zone = MEMBLOCK_ZONE_UNKNOWN;
		if (!is_kernel_zone(zone.zone))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
			if (!parse_value(line, keys[i], &pages))
				continue;
			told = told || i == 0;
			if (__builtin_add_overflow(sum, pages, &sum))
				return -ENODATA;
		}
	}
	if (!told)
		return -ENODATA;

	*ret = sum;
	return 0;
}

int source_zoneinfo_read(struct memblock_inventory *inventory)
{
	_cleanup_free_ char *text = NULL;
	int r;

	r = root_read_file(inventory->root, ZONEINFO_PATH, &text, NULL);
	if (r < 0)
		return inventory_set_source_error(inventory, MEMBLOCK_SOURCE_ZONEINFO,
						  ZONEINFO_PATH, r);
	if (inventory->machine.page_size == 0)
		return inventory_set_source(inventory, MEMBLOCK_SOURCE_ZONEINFO,
					    MEMBLOCK_SOURCE_FAILED,
					    "its pages can't be read: page size not known");

	r = zoneinfo_parse(&inventory->spans, text, inventory->machine.page_size,
			   &inventory->notes);
	if (r < 0)
		return r;
	if (r > 0)
		return inventory_set_source(inventory, MEMBLOCK_SOURCE_ZONEINFO,
					    MEMBLOCK_SOURCE_DAMAGED,
					    "%d lines of /" ZONEINFO_PATH " make no sense", r);
	return inventory_set_source(inventory, MEMBLOCK_SOURCE_ZONEINFO, MEMBLOCK_SOURCE_READ,
				    NULL);
}
