/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

#include "macros.h"
#include "parallel.h"

/* All threads share one table of open files, so more of them gain ever less. */
#define THREADS_MAX 16
/* memblockd locks its memory, and eight MiB a thread are the usual. */
#define STACK_SIZE ((size_t)256 << 10)

struct work {
	void (*do_piece)(size_t piece, void *userdata);
	void *userdata;
	size_t n;
	atomic_size_t next;
};

/* Whoever is done with a piece takes the next, so that none waits for a slow one. */
static void *do_pieces(void *userdata)
{
	struct work *work = userdata;

	for (size_t i; (i = atomic_fetch_add(&work->next, 1)) < work->n;)
		work->do_piece(i, work->userdata);
	return NULL;
}

static size_t count_cpus(void)
{
	cpu_set_t cpus[8]; /* the 8192 that Linux can have on x86 */

	if (sched_getaffinity(0, sizeof(cpus), cpus) < 0)
		return 1;
	return (size_t)CPU_COUNT_S(sizeof(cpus), cpus);
}

/* Returns how many of n could be started. They take no signal: handlers are the program's. */
static size_t start_threads(pthread_t *threads, size_t n, struct work *work)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	size_t started = 0;

	if (n == 0 || pthread_attr_init(&attributes) != 0)
		return 0;
	(void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);

	while (started < n && pthread_create(&threads[started], &attributes, do_pieces, work) == 0)
		started++;

	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attributes);
	return started;
}

void parallel_do(size_t n, void (*do_piece)(size_t piece, void *userdata), void *userdata)
{
	struct work work = { .do_piece = do_piece, .userdata = userdata, .n = n };
	pthread_t threads[THREADS_MAX - 1];
	size_t wanted, started;

	wanted = n > 1 ? MIN(MIN(n, count_cpus()), THREADS_MAX) - 1 : 0;
	started = start_threads(threads, wanted, &work);
	(void)do_pieces(&work);
	for (size_t i = 0; i < started; i++)
		(void)pthread_join(threads[i], NULL);
}
