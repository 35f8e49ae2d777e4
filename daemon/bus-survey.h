/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <systemd/sd-bus.h>

#include "survey.h"

/* Method calls that are answered once a worker has looked at what they are about. Meanwhile other
 * callers are served. */
struct bus_surveys;

/* More questions than anybody waits for at a time, and than one user has open. */
#define BUS_SURVEYS_MAX 64
#define BUS_SURVEYS_OF_ONE_MAX 32

/* Answers a call. A negative errno, with the error set or not, becomes the answer. */
typedef int (*bus_survey_function)(struct manager *manager, sd_bus_message *message,
				   struct findings *findings, void *userdata, sd_bus_error *error);

int bus_surveys_new(struct manager *manager, sd_bus *bus, struct bus_surveys **ret);
/* Forgets what is being asked. Takes NULL; always returns NULL. */
struct bus_surveys *bus_surveys_free(struct bus_surveys *surveys);

/*
 * Begins a survey, for a handler to return what comes of that. answer() is called once, later, or
 * before this returns where the question is empty; never where the sender leaves. done(), if not
 * NULL, frees userdata in any case.
 */
int bus_surveys_begin(struct bus_surveys *surveys, sd_bus_message *message,
		      struct survey_question *question, bus_survey_function answer, void *userdata,
		      void (*done)(void *userdata), sd_bus_error *error);
