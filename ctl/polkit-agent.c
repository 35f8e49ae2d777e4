/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "polkit-agent.h"

#define AGENT "/usr/bin/pkttyagent"

/* It speaks for its parent, and closes the descriptor once it can be asked. */
static void run_agent(int notify)
{
	char text[16];
	int kept = dup(notify); /* the other one closes by itself */

	snprintf(text, sizeof(text), "%d", kept);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)execl(AGENT, AGENT, "--fallback", "--notify-fd", text, NULL);
	_exit(127);
}

void polkit_agent_open(void)
{
	static bool opened;
	int ends[2];
	pid_t child;
	char byte;

	if (opened || geteuid() == 0 || !isatty(STDIN_FILENO) || access(AGENT, X_OK) < 0)
		return;
	opened = true;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return;

	child = fork();
	if (child == 0)
		run_agent(ends[1]);
	(void)close(ends[1]);
	/* Whether it is ready or gone, the other end is closed then. */
	while (child > 0 && read(ends[0], &byte, 1) < 0 && errno == EINTR)
		;
	(void)close(ends[0]);
}
