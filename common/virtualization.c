/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "macros.h"
#include "virtualization.h"

/* Longer than any of its words. */
#define WORD_MAX 32

/* ret is untouched where it can't be started. */
static void spawn(int output, pid_t *ret)
{
	static char name[] = "systemd-detect-virt", vm[] = "--vm";
	char *arguments[] = { name, vm, NULL };
	posix_spawn_file_actions_t actions;
	pid_t child;
	int r;

	r = posix_spawn_file_actions_init(&actions);
	if (r != 0)
		return;
	r = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY,
						     0);
	if (r == 0)
		r = posix_spawnp(&child, name, &actions, NULL, arguments, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (r == 0)
		*ret = child;
}

/* Reads up to the end, or as much as a word takes. */
static void read_word(int fd, char word[WORD_MAX])
{
	size_t size = 0;

	while (size < WORD_MAX - 1) {
		ssize_t n = read(fd, word + size, WORD_MAX - 1 - size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		size += (size_t)n;
	}
	word[size] = '\0';
}

/* Its exit status says no more than its word: 1 with "none". */
static void ask(char word[WORD_MAX])
{
	int pipes[2];
	pid_t child = 0;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return;
	spawn(pipes[1], &child);
	(void)close(pipes[1]);
	if (child > 0)
		read_word(pipes[0], word);
	(void)close(pipes[0]);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		continue;
}

int virtualization_read(const struct memblock_root *root, char **ret)
{
	_cleanup_close_ int fd = -1;
	char word[WORD_MAX] = "", *copy = NULL;
	size_t n;

	if (memblock_root_is_live(root)) {
		ask(word);
	} else {
		fd = memblock_root_open(root, "memblockd/virtualization", 0);
		if (fd >= 0)
			read_word(fd, word);
	}

	/* One word and a line feed, or it is none. */
	n = strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789-");
	if (n > 0 && (strcmp(word + n, "\n") == 0 || !word[n])) {
		copy = strndup(word, n);
		if (!copy)
			return -ENOMEM;
	}
	*ret = copy;
	return 0;
}
