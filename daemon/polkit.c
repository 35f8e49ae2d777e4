/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus-connection.h"
#include "polkit.h"

#define ACTION_PREFIX "org.memblockd1."

/* A person may have to find a password. */
#define ANSWER_USEC (UINT64_C(120) * 1000 * 1000)

/* No user has more questions open at a time, however many connections. */
#define QUERIES_MAX 256
#define QUERIES_OF_ONE_MAX 16

/* One question. Answered, it waits for its message to come by again. That may come by no handler:
 * where its object is gone by then, the bus is answered without us. */
struct query {
	struct query *next;
	struct polkit *polkit;
	sd_bus_message *message;
	uid_t user;
	char *action;
	sd_bus_slot *slot;
	sd_bus_track *sender;
	sd_event_source *leftover; /* when its message has come by */
	bool answered;
	bool granted;
	sd_bus_error error;
};

struct polkit {
	sd_bus *bus;
	struct query *queries;
};

static void query_free(struct query *query)
{
	sd_bus_slot_unref(query->slot);
	sd_event_source_disable_unref(query->leftover);
	sd_bus_track_unref(query->sender);
	sd_bus_message_unref(query->message);
	sd_bus_error_free(&query->error);
	free(query->action);
	free(query);
}

static void query_drop(struct query *query)
{
	struct query **place = &query->polkit->queries;

	while (*place != query)
		place = &(*place)->next;
	*place = query->next;
	query_free(query);
}

int polkit_new(sd_bus *bus, struct polkit **ret)
{
	struct polkit *polkit = calloc(1, sizeof(*polkit));

	if (!polkit)
		return -ENOMEM;
	polkit->bus = bus;
	*ret = polkit;
	return 0;
}

struct polkit *polkit_free(struct polkit *polkit)
{
	if (!polkit)
		return NULL;

	while (polkit->queries)
		query_drop(polkit->queries);
	free(polkit);
	return NULL;
}

int polkit_sender(sd_bus_message *message, uid_t *ret)
{
	_cleanup_(sd_bus_creds_unrefp) sd_bus_creds *creds = NULL;
	int r;

	r = sd_bus_query_sender_creds(message, SD_BUS_CREDS_EUID, &creds);
	return r < 0 ? r : sd_bus_creds_get_euid(creds, ret);
}

/* (bba{ss}): is authorized, is a challenge, details. */
static int read_answer(sd_bus_message *reply, struct query *query)
{
	int authorized, challenge, r;

	if (sd_bus_message_is_method_error(reply, NULL))
		return sd_bus_error_setf(&query->error, SD_BUS_ERROR_ACCESS_DENIED,
					 "%s is for root alone here: polkit does not answer (%s)",
					 query->action, sd_bus_message_get_error(reply)->message);

	r = sd_bus_message_enter_container(reply, 'r', "bba{ss}");
	if (r >= 0)
		r = sd_bus_message_read(reply, "bb", &authorized, &challenge);
	if (r < 0)
		return sd_bus_error_set_errno(&query->error, r);

	query->granted = authorized;
	if (authorized)
		return 0;
	if (challenge)
		return sd_bus_error_setf(&query->error,
					 SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
					 "%s wants a password", query->action);
	return sd_bus_error_setf(&query->error, SD_BUS_ERROR_ACCESS_DENIED,
				 "polkit does not allow %s", query->action);
}

static int on_leftover(sd_event_source *source __attribute__((unused)), void *userdata)
{
	query_drop(userdata);
	return 0;
}

/* Its message goes through all of sd-bus once more, before anything that is idle. */
static int enqueue(struct query *query)
{
	int r;

	r = sd_event_add_defer(sd_bus_get_event(query->polkit->bus), &query->leftover, on_leftover,
			       query);
	if (r >= 0)
		r = sd_event_source_set_priority(query->leftover, SD_EVENT_PRIORITY_IDLE);
	return r < 0 ? r : sd_bus_enqueue_for_read(query->polkit->bus, query->message);
}

static int on_answer(sd_bus_message *reply, void *userdata,
		     sd_bus_error *error __attribute__((unused)))
{
	struct query *query = userdata;
	int r;

	(void)read_answer(reply, query);
	query->answered = true;
	r = enqueue(query);
	if (r >= 0)
		return 0;
	(void)sd_bus_reply_method_errno(query->message, r, NULL);
	query_drop(query);
	return 0;
}

static int on_sender_gone(sd_bus_track *track __attribute__((unused)), void *userdata)
{
	query_drop(userdata);
	return 0;
}

static int watch_sender(struct query *query)
{
	int r;

	r = sd_bus_track_new(query->polkit->bus, &query->sender, on_sender_gone, query);
	return r < 0 ? r : sd_bus_track_add_sender(query->sender, query->message);
}

static int send_query(struct query *query)
{
	_cleanup_message_ sd_bus_message *call = NULL;
	int r, interactive;

	interactive = sd_bus_message_get_allow_interactive_authorization(query->message);
	if (interactive < 0)
		return interactive;
	r = sd_bus_message_new_method_call(query->polkit->bus, &call, "org.freedesktop.PolicyKit1",
					   "/org/freedesktop/PolicyKit1/Authority",
					   "org.freedesktop.PolicyKit1.Authority",
					   "CheckAuthorization");
	if (r >= 0)
		r = sd_bus_message_append(call, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name",
					  "s", sd_bus_message_get_sender(query->message),
					  query->action, 0, (uint32_t)interactive, "");
	if (r < 0)
		return r;
	return sd_bus_call_async(query->polkit->bus, &query->slot, call, on_answer, query,
				 ANSWER_USEC);
}

static struct query *find_query(struct polkit *polkit, sd_bus_message *message)
{
	for (struct query *query = polkit->queries; query; query = query->next)
		if (query->message == message)
			return query;
	return NULL;
}

static bool asks_too_much(const struct polkit *polkit, uid_t user)
{
	unsigned all = 0, own = 0;

	for (const struct query *query = polkit->queries; query; query = query->next) {
		all++;
		own += query->user == user;
	}
	return all >= QUERIES_MAX || own >= QUERIES_OF_ONE_MAX;
}

static int ask(struct polkit *polkit, sd_bus_message *message, uid_t user, const char *action,
	       sd_bus_error *error)
{
	struct query *query;
	int r;

	if (asks_too_much(polkit, user))
		return sd_bus_error_set(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
					"Too many questions to polkit are open");

	query = calloc(1, sizeof(*query));
	if (!query)
		return -ENOMEM;
	query->polkit = polkit;
	query->user = user;
	query->message = sd_bus_message_ref(message);
	query->next = polkit->queries;
	polkit->queries = query;

	r = asprintf(&query->action, ACTION_PREFIX "%s", action);
	if (r < 0) {
		query->action = NULL;
		r = -ENOMEM;
	}
	if (r >= 0)
		r = watch_sender(query);
	if (r >= 0)
		r = send_query(query);
	if (r < 0)
		query_drop(query);
	return r < 0 ? r : 0;
}

static int take_answer(struct query *query, sd_bus_error *error)
{
	int r = 1;

	if (!query->granted)
		r = sd_bus_error_move(error, &query->error);
	query_drop(query);
	return r;
}

int polkit_check(struct polkit *polkit, sd_bus_message *message, const char *action,
		 sd_bus_error *error)
{
	struct query *query = find_query(polkit, message);
	uid_t user;
	int r;

	if (query && query->answered)
		return take_answer(query, error);

	r = polkit_sender(message, &user);
	if (r < 0)
		return r;
	return user == 0 ? 1 : ask(polkit, message, user, action, error);
}
