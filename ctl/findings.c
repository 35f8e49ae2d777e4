/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "findings.h"
#include "json.h"
#include "style.h"

static const char *const severities[] = {
	[SEVERITY_INFO] = "info",
	[SEVERITY_WARNING] = "warning",
};

static char *format_text(struct findings *findings, const char *format, va_list ap) _printf_(2, 0);
static char *format_text(struct findings *findings, const char *format, va_list ap)
{
	char *text;

	if (findings->error == 0 && vasprintf(&text, format, ap) >= 0)
		return text;
	findings->error = -ENOMEM;
	return NULL;
}

void findings_add(struct findings *findings, enum severity severity, const char *id,
		  const char *summary, ...)
{
	char *text;
	va_list ap;

	va_start(ap, summary);
	text = format_text(findings, summary, ap);
	va_end(ap);
	if (!text)
		return;
	if (ARRAY_GROW(findings->items, findings->capacity, findings->n) < 0) {
		free(text);
		findings->error = -ENOMEM;
		return;
	}
	findings->items[findings->n++] = (struct finding){
		.severity = severity,
		.id = id,
		.summary = text,
	};
}

void findings_add_evidence(struct findings *findings, const char *format, ...)
{
	struct finding *finding;
	char *text;
	va_list ap;

	va_start(ap, format);
	text = format_text(findings, format, ap);
	va_end(ap);
	if (!text)
		return;
	finding = &findings->items[findings->n - 1];
	if (ARRAY_GROW(finding->evidence, finding->capacity, finding->n_evidence) < 0) {
		free(text);
		findings->error = -ENOMEM;
		return;
	}
	finding->evidence[finding->n_evidence++] = text;
}

void findings_set_advice(struct findings *findings, const char *format, ...)
{
	char *text;
	va_list ap;

	va_start(ap, format);
	text = format_text(findings, format, ap);
	va_end(ap);
	if (text)
		findings->items[findings->n - 1].advice = text;
}

void findings_done(struct findings *findings)
{
	for (size_t i = 0; i < findings->n; i++) {
		struct finding *finding = &findings->items[i];

		for (size_t j = 0; j < finding->n_evidence; j++)
			free(finding->evidence[j]);
		free(finding->evidence);
		free(finding->summary);
		free(finding->advice);
	}
	free(findings->items);
}

size_t findings_warnings(const struct findings *findings)
{
	size_t n = 0;

	for (size_t i = 0; i < findings->n; i++)
		n += findings->items[i].severity == SEVERITY_WARNING;
	return n;
}

void findings_print(const struct findings *findings)
{
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->items[i];
		bool warning = finding->severity == SEVERITY_WARNING;

		printf("%s%s%s %s: %s.\n", style_on(warning ? STYLE_BAD : STYLE_FAINT),
		       severities[finding->severity], style_off(), finding->id, finding->summary);
		for (size_t j = 0; j < finding->n_evidence; j++)
			printf("    %s\n", finding->evidence[j]);
		if (finding->advice)
			printf("    %s %s\n", warning ? "->" : "--", finding->advice);
	}
}

static json_object *evidence_json(const struct finding *finding, int *r)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < finding->n_evidence; i++)
		json_append(list, json_object_new_string(finding->evidence[i]), r);
	return list;
}

json_object *findings_json(const struct findings *findings, int *r)
{
	json_object *list = json_object_new_array();

	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->items[i];
		json_object *object = json_object_new_object();

		json_add_text(object, "id", finding->id, r);
		json_add_text(object, "severity", severities[finding->severity], r);
		json_add_text(object, "summary", finding->summary, r);
		json_add(object, "evidence", evidence_json(finding, r), r);
		json_add_text(object, "advice", finding->advice, r);
		json_append(list, object, r);
	}
	return list;
}
