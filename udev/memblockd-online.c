/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "macros.h"
#include "onliner.h"
#include "range.h"
#include "tell.h"

DEFINE_CLEANUP(struct memblock_root, memblock_root_unref)

static void print_help(void)
{
	puts("memblockd-online [SWITCH...] memoryN\n\n"
	     "Brings a memory block that was added online, as memblockd.conf says, where "
	     "memblockd\n"
	     "itself doesn't run. udev starts it.\n\n"
	     "Switches:\n"
	     "      --root DIR             use the captured tree in DIR instead of this machine\n"
	     "  -h, --help                 print this help\n"
	     "  -V, --version              print the version");
}

static int parse_block(int argc, char **argv, uint64_t *ret)
{
	uint64_t last;

	if (optind + 1 != argc || strncmp(argv[optind], "memory", strlen("memory")) != 0 ||
	    block_range_parse(argv[optind], ret, &last) < 0 || last != *ret) {
		log_line("It takes one memory block, as memory40; try --help");
		return -EINVAL;
	}
	return 1;
}

/* 1 to go on, 0 where all is done. */
static int parse_command_line(int argc, char **argv, const char **ret_root, uint64_t *ret_index)
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
			puts("memblockd-online " PACKAGE_VERSION);
			return 0;
		default:
			return -EINVAL;
		}
	return parse_block(argc, argv, ret_index);
}

/* Events of udevadm trigger, coldplug among them, have it (lib/kobject_uevent.c). */
static bool is_synthetic(void)
{
	return getenv("SYNTH_UUID");
}

/* Who took memory offline is at work here: from now on nothing that is found offline is ours. */
static bool is_offlining(void)
{
	const char *action = getenv("ACTION");

	return action && strcmp(action, "offline") == 0;
}

static bool is_offline(struct memblock_root *root, uint64_t index)
{
	enum memblock_state state;
	enum memblock_zone zone;

	return memblock_read_state(root, index, &state, &zone) >= 0 &&
	       state == MEMBLOCK_STATE_OFFLINE;
}

static int note_offlined(const struct memblock_root *root, const struct state *state,
			 uint64_t index)
{
	int r, ended;

	ended = state_end_coldplug(state);
	r = state_forget(state, index);
	if (r >= 0 && !state_daemon_is_ready(root))
		r = state_note_offlined(state, index);
	return ended < 0 ? ended : r;
}

static int handle_event(struct memblock_root *root, uint64_t index)
{
	_cleanup_(state_done) struct state state = { .folder = -1, .added = -1 };
	int r;

	if (!is_synthetic() && !is_offlining() && state_daemon_is_ready(root))
		return 0;
	if (!is_offlining() && !is_offline(root, index))
		return 0;
	r = state_open(root, &state);
	if (r < 0)
		return r;
	if (is_offlining())
		return note_offlined(root, &state, index);
	if (is_synthetic())
		return state_is_coldplugged(&state) ? 0 : onliner_run(&state);
	r = state_note(&state, index);
	return r < 0 ? r : onliner_run(&state);
}

int main(int argc, char **argv)
{
	_cleanup_(memblock_root_unrefp) struct memblock_root *root = NULL;
	const char *path = NULL;
	uint64_t index;
	int r;

	r = parse_command_line(argc, argv, &path, &index);
	if (r <= 0)
		return r < 0 ? 2 : EXIT_SUCCESS;
	r = memblock_root_new(path, &root);
	if (r < 0) {
		log_error(r, "Can't use the tree %s: %m", path ?: "/");
		return EXIT_FAILURE;
	}
	r = handle_event(root, index);
	if (r < 0)
		tell(root, "memory%" PRIu64 " is left as it is: %s", index, strerror(-r));
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
