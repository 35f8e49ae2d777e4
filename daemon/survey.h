/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <libmemblock.h>
#include <stdbool.h>

#include "ranges.h"

struct manager;

/*
 * What a worker finds in blocks right now: their pages, counted, and the kernel's own table of
 * sections. Asked for where somebody wants to know, never in a scan, and never waited for.
 */
struct survey;
/* Surveys of one asker, made one after the other, by one worker at a time. */
struct surveyor;

/* What to look at, as it lies in memory; empty for nothing. */
struct survey_question {
	struct ranges pages; /* blocks whose pages are counted; taken over */
	/* What they are counted for, which must outlive the survey, with pages in rising order
	 * then: where there is a choice, a glance tells which blocks a plan would take, and those
	 * alone are counted whole. NULL: count all. */
	const struct request *plan;
	struct memblock_range sections; /* whole sections */
};

struct findings {
	struct memblock_pages *pages;
	size_t n_pages;
	char *sections; /* as memblock_sections_read() gives them; NULL for none */
	/* Why one of them is missing, or not whole: a negative errno. */
	int pages_error;
	int sections_error;
	bool no_worker; /* there was nobody to ask */
};

void findings_done(struct findings *findings);

/* Called once, later; the survey is gone after it. Whoever keeps the findings leaves none behind.
 */
typedef void (*survey_function)(struct findings *findings, void *userdata);

int surveyor_new(struct manager *manager, struct surveyor **ret);
/* Takes NULL; always returns NULL. Nobody is told any more. */
struct surveyor *surveyor_free(struct surveyor *surveyor);

int survey_new(struct surveyor *surveyor, struct survey_question *question,
	       survey_function function, void *userdata, struct survey **ret);
/* Ends it early, with what the worker is doing. Takes NULL; always returns NULL. */
struct survey *survey_free(struct survey *survey);
