/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "bus-connection.h"
#include "bus-survey.h"
#include "polkit.h"

/* One call that waits for its answer. */
struct call {
	struct call *next;
	struct bus_surveys *surveys;
	uid_t user;
	sd_bus_message *message;
	sd_bus_track *sender;
	struct survey *survey; /* NULL once it is over */
	bus_survey_function answer;
	void *userdata;
	void (*done)(void *userdata);
};

struct bus_surveys {
	struct manager *manager;
	sd_bus *bus;
	struct surveyor *surveyor;
	struct call *calls;
};

DEFINE_CLEANUP(struct bus_surveys, bus_surveys_free)

int bus_surveys_new(struct manager *manager, sd_bus *bus, struct bus_surveys **ret)
{
	_cleanup_(bus_surveys_freep) struct bus_surveys *surveys = calloc(1, sizeof(*surveys));
	int r;

	if (!surveys)
		return -ENOMEM;
	surveys->manager = manager;
	surveys->bus = bus;
	r = surveyor_new(manager, &surveys->surveyor);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(surveys);
	return 0;
}

static void call_drop(struct call *call)
{
	struct call **place = &call->surveys->calls;

	while (*place != call)
		place = &(*place)->next;
	*place = call->next;

	survey_free(call->survey);
	sd_bus_track_unref(call->sender);
	sd_bus_message_unref(call->message);
	if (call->done)
		call->done(call->userdata);
	free(call);
}

struct bus_surveys *bus_surveys_free(struct bus_surveys *surveys)
{
	if (!surveys)
		return NULL;

	while (surveys->calls)
		call_drop(surveys->calls);
	surveyor_free(surveys->surveyor);
	free(surveys);
	return NULL;
}

static int on_sender_gone(sd_bus_track *track __attribute__((unused)), void *userdata)
{
	call_drop(userdata);
	return 0;
}

static int watch_sender(struct call *call)
{
	int r;

	r = sd_bus_track_new(call->surveys->bus, &call->sender, on_sender_gone, call);
	return r < 0 ? r : sd_bus_track_add_sender(call->sender, call->message);
}

static int answer(struct call *call, struct findings *findings, sd_bus_error *error)
{
	return call->answer(call->surveys->manager, call->message, findings, call->userdata, error);
}

static void on_findings(struct findings *findings, void *userdata)
{
	_cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
	struct call *call = userdata;
	int r;

	call->survey = NULL;
	r = answer(call, findings, &error);
	if (r < 0)
		(void)sd_bus_reply_method_errno(call->message, r, &error);
	call_drop(call);
}

/* The call itself is one of them. */
static bool asks_too_much(const struct call *call)
{
	unsigned all = 0, own = 0;

	for (const struct call *other = call->surveys->calls; other; other = other->next) {
		all++;
		own += other->user == call->user;
	}
	return all > BUS_SURVEYS_MAX || own > BUS_SURVEYS_OF_ONE_MAX;
}

static int begin(struct call *call, struct survey_question *question, sd_bus_error *error)
{
	int r;

	r = polkit_sender(call->message, &call->user);
	if (r < 0)
		return r;
	if (asks_too_much(call))
		return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
					"Too many questions to a worker are open");
	r = watch_sender(call);
	return r < 0 ? r
		     : survey_new(call->surveys->surveyor, question, on_findings, call,
				  &call->survey);
}

int bus_surveys_begin(struct bus_surveys *surveys, sd_bus_message *message,
		      struct survey_question *question, bus_survey_function function,
		      void *userdata, void (*done)(void *userdata), sd_bus_error *error)
{
	struct findings nothing = {};
	struct call *call = calloc(1, sizeof(*call));
	bool is_empty = question->pages.n == 0 && question->sections.end == 0;
	int r;

	if (!call) {
		if (done)
			done(userdata);
		return -ENOMEM;
	}
	*call = (struct call){
		.next = surveys->calls,
		.surveys = surveys,
		.message = sd_bus_message_ref(message),
		.answer = function,
		.userdata = userdata,
		.done = done,
	};
	surveys->calls = call;

	r = is_empty ? answer(call, &nothing, error) : begin(call, question, error);
	if (is_empty || r < 0)
		call_drop(call);
	return r < 0 ? r : 1;
}
