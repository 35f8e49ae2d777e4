/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "journal.h"
#include "log.h"
#include "manager.h"
#include "worker-protocol.h"

enum {
	OPT_ROOT = 0x100,
	OPT_READ_ONLY,
	OPT_UEVENTS,
	OPT_WORKER,
};

static const struct option long_options[] = {
	{ "root", required_argument, NULL, OPT_ROOT },
	{ "read-only", no_argument, NULL, OPT_READ_ONLY },
	{ "uevents", no_argument, NULL, OPT_UEVENTS },
	{ "worker", required_argument, NULL, OPT_WORKER },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{},
};

static void print_help(void)
{
	puts("memblockd [SWITCH...]\n"
	     "\n"
	     "Tells over D-Bus what this machine's memory blocks are made of, and takes memory\n"
	     "online and offline. See memblockd(8).\n"
	     "\n"
	     "      --root DIR       serve the captured tree in DIR instead of this machine\n"
	     "      --read-only      change nothing, and open nothing for writing\n"
	     "      --uevents        with --root: follow this machine's uevents all the same\n"
	     "      --worker SOCKET  where workers are found (" WORKER_SOCKET ")\n"
	     "  -h, --help           print this help\n"
	     "  -V, --version        print the version");
}

/* Returns 1 to go on, 0 where all is said, -EINVAL for wrong usage, told. */
static int parse(int argc, char **argv, struct options *ret)
{
	int c;

	*ret = (struct options){ .worker = WORKER_SOCKET };
	while ((c = getopt_long(argc, argv, "hV", long_options, NULL)) != -1)
		switch (c) {
		case OPT_ROOT:
			ret->root = strcmp(optarg, "/") == 0 ? NULL : optarg;
			break;
		case OPT_READ_ONLY:
			ret->read_only = true;
			break;
		case OPT_UEVENTS:
			ret->uevents = true;
			break;
		case OPT_WORKER:
			ret->worker = optarg;
			break;
		case 'h':
			print_help();
			return 0;
		case 'V':
			puts("memblockd " PACKAGE_VERSION);
			return 0;
		default:
			return -EINVAL;
		}

	if (optind < argc) {
		log_line("\"%s\" is one word too many; see --help", argv[optind]);
		return -EINVAL;
	}
	return 1;
}

/* Where standard error is closed, messages would go into whatever is opened first. */
static void fill_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	closep(&fd);
}

/* What a scan took for a while goes back to the system when it is over. Left alone, glibc takes
 * large arrays out of its heap once one of them was freed, and what lies above a hole keeps that.
 */
#define LARGE_ARRAY (128 << 10)

/* Who is asked for memory when there is little must not wait for his own to be read in. Where the
 * limit is low, to lock would make allocations fail. */
static void lock_memory(const struct options *options)
{
	struct rlimit limit;

	if (!options->root && getrlimit(RLIMIT_MEMLOCK, &limit) == 0 &&
	    limit.rlim_cur == RLIM_INFINITY)
		(void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
}

static int run(const struct options *options)
{
	_cleanup_(manager_freep) struct manager *manager = NULL;
	_cleanup_(sd_event_unrefp) sd_event *event = NULL;
	sigset_t signals;
	int r;

	(void)mallopt(M_MMAP_THRESHOLD, LARGE_ARRAY);
	lock_memory(options);
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGTERM);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
		return log_error(-errno, "Can't block signals: %m");

	r = sd_event_default(&event);
	if (r >= 0)
		r = sd_event_set_watchdog(event, true);
	if (r < 0)
		return log_error(r, "Can't set up the event loop: %m");
	r = manager_new(options, event, &manager);
	if (r < 0)
		return r;

	r = sd_event_loop(event);
	tell(EVENT_STOPPED, NO_JOB, NO_BLOCK, "memblockd ends%s%s", r < 0 ? ": " : "",
	     r < 0 ? strerror(-r) : "");
	return r;
}

int main(int argc, char **argv)
{
	struct options options;
	int r;

	fill_standard_files();
	r = parse(argc, argv, &options);
	if (r == 0)
		return EXIT_SUCCESS;
	if (r < 0)
		return 2;
	return run(&options) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
