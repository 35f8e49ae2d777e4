/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long memblockd's answers take. Prints a number of milliseconds for each call; with many
 * clients, which are threads with a connection each, in no order.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>

#include "bus-names.h"
#include "log.h"
#include "macros.h"

#define CLIENTS_MAX 1000
#define PAGE_ROWS 10000
#define LIMIT_USEC (60 * UINT64_C(1000000))

/* What is called: the method, and how its call is made. */
struct question {
	const char *word;
	const char *interface;
	const char *member;
	int (*append)(sd_bus_message *call);
};

static int append_nothing(sd_bus_message *call)
{
	(void)call;
	return 0;
}

static int append_page(sd_bus_message *call)
{
	return sd_bus_message_append(call, "tu", UINT64_C(0), PAGE_ROWS);
}

static int append_interface(sd_bus_message *call)
{
	return sd_bus_message_append(call, "s", MEMBLOCK_BUS_MANAGER);
}

static const struct question questions[] = {
	{ "ranges", MEMBLOCK_BUS_MANAGER, "ListRanges", append_nothing },
	{ "page", MEMBLOCK_BUS_MANAGER, "ListBlocks", append_page },
	{ "status", "org.freedesktop.DBus.Properties", "GetAll", append_interface },
};

struct run {
	const struct question *question;
	size_t n_clients;
	size_t n_calls;
	uint64_t interval_nsec; /* between two calls of a client; 0: none */
	pthread_barrier_t ready;
};

struct client {
	pthread_t thread;
	struct run *run;
	size_t number;
	int result;
};

static uint64_t now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void sleep_until(uint64_t nsec)
{
	struct timespec time = {
		.tv_sec = (time_t)(nsec / 1000000000),
		.tv_nsec = (long)(nsec % 1000000000),
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
		;
}

static int ask(sd_bus *bus, const struct question *question)
{
	_cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
	int r;

	r = sd_bus_message_new_method_call(bus, &call, MEMBLOCK_BUS_NAME, MEMBLOCK_BUS_PATH,
					   question->interface, question->member);
	if (r >= 0)
		r = question->append(call);
	return r < 0 ? r : sd_bus_call(bus, call, LIMIT_USEC, NULL, &reply);
}

/* Clients that leave time between their calls begin one after the other, evenly. */
static int call_on_time(struct client *client, sd_bus *bus)
{
	const struct run *run = client->run;
	uint64_t start = now() + run->interval_nsec * client->number / run->n_clients;

	for (size_t i = 0; i < run->n_calls; i++) {
		uint64_t begin;
		int r;

		sleep_until(start + i * run->interval_nsec);
		begin = now();
		r = ask(bus, run->question);
		if (r < 0)
			return r;
		printf("%.3f\n", (double)(now() - begin) / 1e6);
	}
	return 0;
}

/* A first call, which is not counted, has the connection set up. */
static void *run_client(void *userdata)
{
	_cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
	struct client *client = userdata;
	int r;

	r = sd_bus_open_system(&bus);
	if (r >= 0)
		r = ask(bus, client->run->question);
	(void)pthread_barrier_wait(&client->run->ready);
	client->result = r < 0 ? r : call_on_time(client, bus);
	return NULL;
}

/* A client that can't be started would leave the others waiting for it, so that ends it all. */
static int run_clients(struct run *run)
{
	static struct client clients[CLIENTS_MAX];
	int r;

	r = -pthread_barrier_init(&run->ready, NULL, (unsigned)run->n_clients);
	for (size_t i = 0; i < run->n_clients && r >= 0; i++) {
		clients[i] = (struct client){ .run = run, .number = i };
		r = -pthread_create(&clients[i].thread, NULL, run_client, &clients[i]);
	}
	if (r < 0)
		return r;
	for (size_t i = 0; i < run->n_clients; i++) {
		(void)pthread_join(clients[i].thread, NULL);
		r = MIN(r, clients[i].result);
	}
	return r;
}

static int parse(char **argv, struct run *ret)
{
	*ret = (struct run){
		.n_clients = strtoul(argv[2], NULL, 10),
		.n_calls = strtoul(argv[3], NULL, 10),
		.interval_nsec = strtoul(argv[4], NULL, 10) * 1000000,
	};
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++)
		if (strcmp(argv[1], questions[i].word) == 0)
			ret->question = &questions[i];
	return ret->question && ret->n_clients > 0 && ret->n_clients <= CLIENTS_MAX ? 0 : -EINVAL;
}

int main(int argc, char **argv)
{
	struct run run;
	int r;

	if (argc != 5 || parse(argv, &run) < 0) {
		log_line("client ranges|page|status CLIENTS CALLS MILLISECONDS-BETWEEN");
		return 2;
	}
	r = run_clients(&run);
	if (r < 0)
		log_error(r, "Can't ask memblockd: %m");
	return r < 0 ? 1 : 0;
}
