/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-c/json.h>

#include "macros.h"

/* What doctor found, in the order in which it is told. */

enum severity {
	SEVERITY_INFO,    /* a fact: nothing is to be done */
	SEVERITY_WARNING, /* somebody should do something */
};

struct finding {
	enum severity severity;
	const char *id;
	char *summary;
	char *advice; /* NULL where there is none */
	char **evidence;
	size_t n_evidence, capacity;
};

struct findings {
	struct finding *items;
	size_t n, capacity;
	int error; /* the first one, 0 or -ENOMEM: who fills it looks once, at the end */
};

/* Begins a finding. The summary is a sentence without its full stop. */
void findings_add(struct findings *findings, enum severity severity, const char *id,
		  const char *summary, ...) _printf_(4, 5);
/* These add to the finding that was begun last. */
void findings_add_evidence(struct findings *findings, const char *format, ...) _printf_(2, 3);
void findings_set_advice(struct findings *findings, const char *format, ...) _printf_(2, 3);
void findings_done(struct findings *findings);

/* How many ask for something to be done. */
size_t findings_warnings(const struct findings *findings);

void findings_print(const struct findings *findings);
/* A list of objects; *r is set to -ENOMEM where there is no memory. */
json_object *findings_json(const struct findings *findings, int *r);
