/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "stop.h"

#define PATIENCE_NSEC (500L * 1000 * 1000)

static int connection = -1;
static int connection_flags;
static timer_t timer;
static volatile sig_atomic_t watching;
static volatile sig_atomic_t stopping;

static bool is_told_to_stop(void)
{
	struct pollfd pollfd = { .fd = connection, .events = POLLIN };

	return poll(&pollfd, 1, 0) > 0;
}

static void set_timer(long nsec)
{
	const struct itimerspec when = { .it_value.tv_nsec = nsec };

	(void)timer_settime(timer, 0, &when, NULL);
}

/* Only what signal-safety(7) lists is called here. */
static void on_signal(int signal)
{
	int saved = errno;

	if (!watching)
		return;
	if (signal == SIGALRM)
		_exit(EXIT_SUCCESS);
	if (!stopping && is_told_to_stop()) {
		stopping = 1;
		set_timer(PATIENCE_NSEC);
	}
	errno = saved;
}

int stop_setup(int fd)
{
	/* Without SA_RESTART: to be interrupted is the point. */
	struct sigaction action = { .sa_handler = on_signal };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };

	connection = fd;
	connection_flags = fcntl(fd, F_GETFL);
	if (connection_flags < 0 || fcntl(fd, F_SETOWN, getpid()) < 0)
		return -errno;
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
		return -errno;

	(void)sigemptyset(&action.sa_mask);
	(void)sigaddset(&action.sa_mask, SIGIO);
	(void)sigaddset(&action.sa_mask, SIGALRM);
	if (sigaction(SIGIO, &action, NULL) < 0 || sigaction(SIGALRM, &action, NULL) < 0)
		return -errno;
	return 0;
}

int stop_watch(void)
{
	stopping = 0;
	watching = 1;
	if (fcntl(connection, F_SETFL, connection_flags | O_ASYNC) < 0)
		return -errno;
	/* What came before brings no signal. */
	return is_told_to_stop() ? -EINTR : 0;
}

bool stop_is_asked(void)
{
	return stopping;
}

void stop_unwatch(void)
{
	watching = 0;
	(void)fcntl(connection, F_SETFL, connection_flags);
	set_timer(0);
}
