/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <sys/socket.h>

#include "fuzz.h"
#include "stop.h"
#include "worker.h"

/*
 * Packets that a memblockd that was taken over may send to a worker: as large as a request, but for
 * the last one. What is written, and whether it may be, is for tests/unit/test-worker.c.
 */
#define PACKETS_MAX 8

/* Nothing is ever stopped: there is no need of signals, which libFuzzer has for itself. */
int stop_setup(int fd)
{
	(void)fd;
	return 0;
}

int stop_watch(void)
{
	return 0;
}

bool stop_is_asked(void)
{
	return false;
}

void stop_unwatch(void)
{
}

static struct fake_tree *make_tree(void)
{
	static const uint64_t flags[1024];
	struct fake_tree *tree = fake_tree_new();

	add_block(tree, 8, "online", "Movable", 0);
	write_file(tree, "sys/devices/system/memory/memory8/uevent", "%s", "");
	write_file(tree, "sys/devices/system/memory/auto_online_blocks", "offline\n");
	write_file(tree, "sys/bus/acpi/devices/PNP0C80:0a/eject", "%s", "");
	write_file(tree, "sys/bus/dax/drivers/kmem/unbind", "%s", "");
	write_file(tree, "sys/bus/nd/devices/namespace0.0/resource", "0x40000000\n");
	write_file(tree, "proc/iomem", "00000000-47ffffff : System RAM\n");
	write_file(tree, "proc/meminfo", "HardwareCorrupted:     4 kB\n");
	write_file(tree, "memblockd/sections", "section 8 flags f map ffffffffffffffff\n");
	write_bytes(tree, "proc/kpageflags", flags, sizeof(flags));
	return tree;
}

/* Chance would rarely come to a verb that there is. */
static void send_packet(int socket, const struct input *packet)
{
	struct worker_request request = {};

	memcpy(&request, packet->data, packet->size);
	request.verb %= WORKER_STOP + 2;
	must(send(socket, &request, packet->size, MSG_DONTWAIT) == (ssize_t)packet->size);
}

static void serve(struct memblock_root *root, struct input input)
{
	_cleanup_close_ int ours = -1, theirs = -1;
	int fds[2];

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == 0);
	ours = fds[0];
	theirs = fds[1];
	for (int i = 0; input.size > 0 && i < PACKETS_MAX; i++) {
		struct input packet = take_bytes(&input, sizeof(struct worker_request));

		send_packet(ours, &packet);
	}
	must(shutdown(ours, SHUT_WR) == 0);
	must(worker_serve(root, theirs) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_root_ struct memblock_root *root = NULL;
	static struct fake_tree *tree;
	int descriptor;

	if (!tree)
		tree = make_tree();
	root = open_root(tree);
	descriptor = lowest_descriptor();
	serve(root, (struct input){ data, size });
	must(lowest_descriptor() == descriptor);
	return 0;
}
