/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "log.h"
#include "macros.h"
#include "stop.h"
#include "worker.h"

DEFINE_CLEANUP(struct memblock_root, memblock_root_unref)

static void print_help(void)
{
	puts("memblockd-worker [SWITCH...]\n\n"
	     "Opens files for memblockd and writes for it, on a connection that systemd passes.\n\n"
	     "Switches:\n"
	     "      --root DIR             use the captured tree in DIR instead of this machine\n"
	     "  -h, --help                 print this help\n"
	     "  -V, --version              print the version");
}

/* 1 to go on, 0 where all is done. */
static int parse_command_line(int argc, char **argv, const char **ret_root)
{
	static const struct option options[] = {
		{ "root", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{},
	};
	int c;

	while ((c = getopt_long(argc, argv, "hV", options, NULL)) != -1)
		switch (c) {
		case 'r':
			*ret_root = optarg;
			break;
		case 'h':
			print_help();
			return 0;
		case 'V':
			puts("memblockd-worker " PACKAGE_VERSION);
			return 0;
		default:
			return -EINVAL;
		}
	if (optind < argc) {
		log_line("It takes no arguments; try --help");
		return -EINVAL;
	}
	return 1;
}

/* The connection that systemd accepted, or systemd-socket-activate in tests. */
static int take_connection(void)
{
	const int fd = SD_LISTEN_FDS_START;
	int flags;

	if (sd_listen_fds(1) != 1 || sd_is_socket_unix(fd, SOCK_SEQPACKET, 0, NULL, 0) <= 0) {
		log_line("It is started by systemd, which passes a connection of packets");
		return -EINVAL;
	}
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
		return log_error(-errno, "Can't set up the connection: %m");
	return fd;
}

static int run(const char *path)
{
	_cleanup_(memblock_root_unrefp) struct memblock_root *root = NULL;
	int fd, r;

	fd = take_connection();
	if (fd < 0)
		return fd;
	r = memblock_root_new(path, &root);
	if (r < 0)
		return log_error(r, "Can't use the tree %s: %m", path ?: "/");
	r = stop_setup(fd);
	if (r < 0)
		return log_error(r, "Can't set up signals: %m");
	r = worker_serve(root, fd);
	if (r < 0)
		return log_error(r, "The connection broke: %m");
	return 0;
}

int main(int argc, char **argv)
{
	const char *root = NULL;
	int r;

	r = parse_command_line(argc, argv, &root);
	if (r < 0)
		return 2;
	if (r > 0)
		r = run(root);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
