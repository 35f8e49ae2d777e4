/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a command, whose output goes nowhere, and prints what it took: seconds that passed, seconds
 * of CPU for itself and in the kernel, KiB of memory at most, and its exit status. It is ended
 * after so many seconds. A program of its own because what forks counts as memory of what it starts
 * (fs/exec.c:exec_mmap()), and Python is larger than what is measured.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "log.h"
#include "macros.h"

static double now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static _Noreturn void start(unsigned limit, char **command)
{
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
		_exit(126);
	(void)alarm(limit); /* an alarm outlives execve(2) */
	(void)execvp(command[0], command);
	log_error(-errno, "Can't start %s: %m", command[0]);
	_exit(127);
}

int main(int argc, char **argv)
{
	struct rusage usage;
	unsigned limit;
	double begin;
	int status;
	pid_t pid;

	limit = argc > 2 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
	if (limit == 0) {
		log_line("timed SECONDS COMMAND...");
		return 2;
	}
	begin = now();
	pid = fork();
	if (pid == 0)
		start(limit, argv + 2);
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0) {
		log_error(-errno, "Can't run %s: %m", argv[2]);
		return 1;
	}
	printf("%.6f %.6f %.6f %ld %d\n", now() - begin, seconds(usage.ru_utime),
	       seconds(usage.ru_stime), usage.ru_maxrss,
	       WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}
