/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "fake-tree.h"
#include "kernel-setting.h"
#include "stop.h"
#include "worker-protocol.h"
#include "worker.h"

#define STATE "sys/devices/system/memory/memory8/state"
#define ACPI "sys/bus/acpi/devices/PNP0C80:0a/eject"
#define UEVENT "sys/devices/system/memory/memory8/uevent"
#define KMEM "sys/bus/dax/drivers/kmem/unbind"

/* What write(2) does in a worker, since no file of ours makes a writer wait as the kernel does. */
static enum writing {
	WRITES,
	WAITS,    /* until a signal comes, as offline_pages() does */
	RESTARTS, /* whatever signal comes, as it waits for the hotplug lock */
} writing;
static int announce = -1; /* where it says that it is about to wait */

ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size)
{
	sigset_t all, before;

	if (writing == WRITES)
		return __real_write(fd, data, size);
	/* What comes after the word and before the wait is for the wait, as it would be in the
	 * kernel. */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, &before);
	(void)__real_write(announce, "", 1);
	do
		(void)ppoll(NULL, 0, NULL, &before);
	while (writing == RESTARTS);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	errno = EINTR;
	return -1;
}

/* A worker, and our end of its connection. */
struct peer {
	int fd;
	int announced;
	uint32_t done; /* of the last reply */
	pid_t pid;
};

static void peer_done(struct peer *peer)
{
	closep(&peer->fd);
	closep(&peer->announced);
	if (peer->pid > 0) {
		(void)kill(peer->pid, SIGKILL);
		(void)waitpid(peer->pid, NULL, 0);
	}
}
#define _cleanup_peer_ _cleanup_(peer_done)

static struct peer start(struct fake_tree *tree, enum writing how)
{
	struct peer peer = {};
	int fds[2], pipes[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	peer.pid = fork();
	assert_true(peer.pid >= 0);
	if (peer.pid == 0) {
		struct memblock_root *root = NULL;
		bool failed;

		close(fds[0]);
		close(pipes[0]);
		announce = pipes[1];
		writing = how;
		failed = memblock_root_new(tree->path, &root) < 0 || stop_setup(fds[1]) < 0 ||
			 worker_serve(root, fds[1]) < 0;
		_exit(failed);
	}
	close(fds[1]);
	close(pipes[1]);
	peer.fd = fds[0];
	peer.announced = pipes[0];
	return peer;
}

static void tell(struct peer *peer, const struct worker_request *request)
{
	assert_int_equal(send(peer->fd, request, sizeof(*request), MSG_NOSIGNAL), sizeof(*request));
}

/* Takes a reply, which must come within some seconds, and the descriptor with it or -1. */
static int hear(struct peer *peer, int *ret_fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {};
	struct worker_reply reply = {};
	struct iovec iovec = { .iov_base = &reply, .iov_len = sizeof(reply) };
	struct msghdr message = {
		.msg_iov = &iovec,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct pollfd pollfd = { .fd = peer->fd, .events = POLLIN };
	struct cmsghdr *header;

	assert_int_equal(poll(&pollfd, 1, 20000), 1);
	assert_int_equal(recvmsg(peer->fd, &message, MSG_CMSG_CLOEXEC), sizeof(reply));
	header = CMSG_FIRSTHDR(&message);
	*ret_fd = -1;
	if (header)
		memcpy(ret_fd, CMSG_DATA(header), sizeof(*ret_fd));
	peer->done = reply.done;
	return reply.result;
}

static int ask(struct peer *peer, const struct worker_request *request)
{
	_cleanup_close_ int fd = -1;
	int r;

	tell(peer, request);
	r = hear(peer, &fd);
	assert_int_equal(fd, -1);
	return r;
}

/* It must end, and say so well, within some seconds. */
static void assert_ends(struct peer *peer)
{
	int status = -1;

	for (int i = 0; i < 2000 && waitpid(peer->pid, &status, WNOHANG) == 0; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	peer->pid = 0;
}

/* With the stop unread, the kernel says so. */
static void assert_hangs_up(struct peer *peer)
{
	struct pollfd pollfd = { .fd = peer->fd, .events = POLLIN };
	char byte;

	assert_int_equal(poll(&pollfd, 1, 20000), 1);
	assert_int_equal(recv(peer->fd, &byte, sizeof(byte), 0), -1);
	assert_int_equal(errno, ECONNRESET);
}

static void assert_text(struct fake_tree *tree, const char *path, const char *text)
{
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	char found[ATTRIBUTE_MAX];

	assert_int_equal(root_read_attribute(root, path, found), 0);
	assert_string_equal(found, text);
}

static void assert_no_file(struct fake_tree *tree, const char *path)
{
	_cleanup_root_ struct memblock_root *root = open_root(tree);
	char found[ATTRIBUTE_MAX];

	assert_int_equal(root_read_attribute(root, path, found), -ENOENT);
}

static struct fake_tree *make_tree(void)
{
	struct fake_tree *tree = fake_tree_new();

	add_block(tree, 8, "online", "Normal", 0);
	write_file(tree, "proc/iomem", "text\n");
	write_file(tree, "proc/kcore", "text\n");
	write_file(tree, "proc/kpageflags", "text\n");
	write_file(tree, "proc/iomem2", "text\n");
	write_file(tree, "memblockd/pages", "text\n");
	write_file(tree, "etc/shadow", "text\n");
	write_file(tree, "sys/firmware/acpi/tables/SRAT", "text\n");
	write_file(tree, "sys/firmware/acpi/tables/DSDT", "text\n");
	write_file(tree, "sys/bus/nd/devices/namespace0.0/resource", "text\n");
	write_file(tree, "sys/bus/nd/devices/namespace0.0/size", "text\n");
	write_file(tree, "sys/bus/nd/devices/a/b/resource", "text\n");
	write_file(tree, "sys/bus/nd/devices/.a/resource", "text\n");
	write_file(tree, "sys/bus/nd/resource", "text\n");
	write_file(tree, ACPI, "-\n");
	write_file(tree, KMEM, "-\n");
	return tree;
}

struct open_row {
	const char *path;
	int result;
};

static const struct open_row open_rows[] = {
	{ "proc/iomem", 0 },
	{ "sys/firmware/acpi/tables/SRAT", 0 },
	{ "sys/bus/nd/devices/namespace0.0/resource", 0 },
	{ "memblockd/pages", -EACCES },
	{ "memblockd/../memblockd/sections", -EACCES },
	{ "sys/bus/nd/devices/namespace9.9/resource", -ENOENT },
	{ "", -EACCES },
	{ "/", -EACCES },
	{ ".", -EACCES },
	{ "etc/shadow", -EACCES },
	{ "/proc/iomem", -EACCES },
	{ "proc//iomem", -EACCES },
	{ "proc/iomem/", -EACCES },
	{ "proc/./iomem", -EACCES },
	{ "proc/../proc/iomem", -EACCES },
	{ "proc/iomem2", -EACCES },
	{ "proc/kcore", -EACCES },
	{ "proc/kpageflags", -EACCES },
	{ "proc/io*", -EACCES },
	{ "Proc/iomem", -EACCES },
	{ "proc/iomem\n", -EACCES },
	{ "sys/firmware/acpi/tables/DSDT", -EACCES },
	{ "sys/bus/nd/devices/namespace0.0/size", -EACCES },
	{ "sys/bus/nd/devices/../resource", -EACCES },
	{ "sys/bus/nd/devices/./resource", -EACCES },
	{ "sys/bus/nd/devices/.a/resource", -EACCES },
	{ "sys/bus/nd/devices/a/b/resource", -EACCES },
	{ "sys/bus/nd/devices/a/../namespace0.0/resource", -EACCES },
	{ "sys/bus/nd/devices//resource", -ENOENT },
	{ "sys/devices/system/memory/memory8/state", -EACCES },
};

static void test_open(void **state)
{
	const struct open_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_peer_ struct peer peer = start(tree, WRITES);
	struct worker_request request = { .verb = WORKER_OPEN };
	_cleanup_close_ int fd = -1;
	char text[8] = "";

	strcpy(request.text, row->path);
	tell(&peer, &request);
	assert_int_equal(hear(&peer, &fd), row->result);
	assert_int_equal(fd >= 0, row->result == 0);
	if (fd < 0)
		return;
	assert_int_equal(read(fd, text, sizeof(text)), 5);
	assert_string_equal(text, "text\n");
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
}

/* What lies outside of a tree is not to be had by a link inside. */
static void test_open_of_a_link(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_peer_ struct peer peer = {};
	struct worker_request request = { .verb = WORKER_OPEN, .text = "proc/iomem" };

	(void)state;
	remove_file(tree, "proc/iomem");
	make_link(tree, "proc/iomem", "../../../../../../../../etc/passwd");
	peer = start(tree, WRITES);
	assert_int_equal(ask(&peer, &request), -ENOENT);
}

static void test_write(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_peer_ struct peer peer = start(tree, WRITES);
	struct worker_request request = { .verb = WORKER_WRITE, .block = 8, .count = 1 };

	(void)state;
	for (int i = 0; memblock_action_to_string((enum memblock_action)i); i++) {
		request.action = (uint32_t)i;
		assert_int_equal(ask(&peer, &request), 0);
		assert_text(tree, STATE, memblock_action_to_string((enum memblock_action)i));
	}

	request.action = MEMBLOCK_ACTION_ONLINE_MOVABLE + 1;
	assert_int_equal(ask(&peer, &request), -EINVAL);
	request.action = UINT32_MAX;
	assert_int_equal(ask(&peer, &request), -EINVAL);
	request.action = MEMBLOCK_ACTION_OFFLINE;
	request.block = 9;
	assert_int_equal(ask(&peer, &request), -ENODEV);
	request.block = UINT64_MAX;
	assert_int_equal(ask(&peer, &request), -ENODEV);
	assert_text(tree, STATE, "online_movable");
}

struct several_row {
	const char *name;
	uint64_t block, count;
	int result;
	uint32_t done;
};

static const struct several_row several_rows[] = {
	{ "none", 8, 0, -EINVAL, 0 },
	{ "one", 8, 1, 0, 1 },
	{ "all that there are", 8, 3, 0, 3 },
	{ "up to one that isn't there", 9, 3, -ENODEV, 2 },
	{ "none that is there", 11, 2, -ENODEV, 0 },
	{ "as many as may be", 8, WORKER_WRITE_MAX, -ENODEV, 3 },
	{ "too many", 8, WORKER_WRITE_MAX + 1, -EINVAL, 0 },
	{ "very many", 8, UINT64_MAX, -EINVAL, 0 },
};

static void test_write_to_several(void **state)
{
	const struct several_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_peer_ struct peer peer = start(tree, WRITES);
	struct worker_request request = { .verb = WORKER_WRITE,
					  .action = MEMBLOCK_ACTION_ONLINE_MOVABLE,
					  .block = row->block,
					  .count = row->count };

	write_file(tree, STATE, "offline\n");
	for (uint64_t i = 9; i < 11; i++)
		add_block(tree, i, "offline", "Normal Movable", 0);
	assert_int_equal(ask(&peer, &request), row->result);
	assert_int_equal(peer.done, row->done);
	for (uint64_t i = 8; i < 11; i++) {
		bool written = i >= row->block && i - row->block < row->done;
		char path[64];

		snprintf(path, sizeof(path), "sys/devices/system/memory/memory%" PRIu64 "/state",
			 i);
		assert_text(tree, path, written ? "online_movable" : "offline");
	}
}

struct eject_row {
	const char *name;
	uint32_t provider;
	int result;
};

static const struct eject_row eject_rows[] = {
	{ "PNP0C80:0a", MEMBLOCK_PROVIDER_ACPI, 0 },
	{ "PNP0C80:0b", MEMBLOCK_PROVIDER_ACPI, -ENOENT },
	{ "PNP0C80:0A", MEMBLOCK_PROVIDER_ACPI, -EINVAL },
	{ "PNP0C80:", MEMBLOCK_PROVIDER_ACPI, -EINVAL },
	{ "PNP0C80", MEMBLOCK_PROVIDER_ACPI, -EINVAL },
	{ "PNP0C80:../x", MEMBLOCK_PROVIDER_ACPI, -EINVAL },
	{ "LNXCPU:00", MEMBLOCK_PROVIDER_ACPI, -EINVAL },
	{ "", MEMBLOCK_PROVIDER_ACPI, -EINVAL },
	{ "dax1.0", MEMBLOCK_PROVIDER_DAX, 0 },
	{ "dax12.34", MEMBLOCK_PROVIDER_CXL, 0 },
	{ "dax1", MEMBLOCK_PROVIDER_DAX, -EINVAL },
	{ "dax1.", MEMBLOCK_PROVIDER_DAX, -EINVAL },
	{ "dax.0", MEMBLOCK_PROVIDER_DAX, -EINVAL },
	{ "dax1.0\n", MEMBLOCK_PROVIDER_DAX, -EINVAL },
	{ "dax1.0.0", MEMBLOCK_PROVIDER_DAX, -EINVAL },
	{ "dax-1.0", MEMBLOCK_PROVIDER_DAX, -EINVAL },
	{ "da", MEMBLOCK_PROVIDER_DAX, -EINVAL },
	{ "PNP0C80:0a", MEMBLOCK_PROVIDER_DAX, -EINVAL },
	{ "virtio0", MEMBLOCK_PROVIDER_VIRTIO_MEM, -EOPNOTSUPP },
	{ "firmware", MEMBLOCK_PROVIDER_FIRMWARE, -EOPNOTSUPP },
	{ "dax1.0", MEMBLOCK_PROVIDER_UNKNOWN, -EOPNOTSUPP },
	{ "dax1.0", UINT32_MAX, -EOPNOTSUPP },
};

static void test_eject(void **state)
{
	const struct eject_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_peer_ struct peer peer = start(tree, WRITES);
	struct worker_request request = { .verb = WORKER_EJECT, .provider = row->provider };
	bool done = row->result == 0, is_acpi = row->provider == MEMBLOCK_PROVIDER_ACPI;

	strcpy(request.text, row->name);
	assert_int_equal(ask(&peer, &request), row->result);
	/* Written over what stood there: this is no sysfs. */
	assert_text(tree, ACPI, done && is_acpi ? "1" : "-");
	assert_text(tree, KMEM, done && !is_acpi ? row->name : "-");
}

/* Where the kernel has it, the whole device goes at once. */
static void test_eject_of_a_device_with_a_state(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_peer_ struct peer peer = {};
	struct worker_request request = { .verb = WORKER_EJECT,
					  .provider = MEMBLOCK_PROVIDER_DAX,
					  .text = "dax1.0" };

	(void)state;
	write_file(tree, "sys/bus/dax/devices/dax1.0/state", "offline\n");
	peer = start(tree, WRITES);
	assert_int_equal(ask(&peer, &request), 0);
	assert_text(tree, "sys/bus/dax/devices/dax1.0/state", "unplugged");
	assert_text(tree, KMEM, "-");
}

struct set_row {
	const char *value;
	uint32_t setting;
	int result;
};

static const struct set_row set_rows[] = {
	{ "online", KERNEL_AUTO_ONLINE_BLOCKS, 0 },
	{ "online_movable", KERNEL_AUTO_ONLINE_BLOCKS, 0 },
	{ "offline", KERNEL_AUTO_ONLINE_BLOCKS, 0 },
	{ "auto-movable", KERNEL_AUTO_ONLINE_BLOCKS, -EINVAL },
	{ "Online", KERNEL_AUTO_ONLINE_BLOCKS, -EINVAL },
	{ "online\n", KERNEL_AUTO_ONLINE_BLOCKS, -EINVAL },
	{ "", KERNEL_AUTO_ONLINE_BLOCKS, -EINVAL },
	{ "auto-movable", KERNEL_ONLINE_POLICY, 0 },
	{ "online", KERNEL_ONLINE_POLICY, -EINVAL },
	{ "301", KERNEL_AUTO_MOVABLE_RATIO, 0 },
	{ "12345678901", KERNEL_AUTO_MOVABLE_RATIO, -EINVAL },
	{ "-1", KERNEL_AUTO_MOVABLE_RATIO, -EINVAL },
	{ "", KERNEL_AUTO_MOVABLE_RATIO, -EINVAL },
	{ "Y", KERNEL_SETTINGS, -EINVAL },
	{ "online", UINT32_MAX, -EINVAL },
};

/* Nothing of it may stand behind what is written. */
#define LONG_WORD "longer_than_all"

static void test_set(void **state)
{
	const struct set_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_peer_ struct peer peer = {};
	struct worker_request request = { .verb = WORKER_SET, .setting = row->setting };

	for (int i = 0; i < KERNEL_SETTINGS; i++)
		write_file(tree, kernel_setting_path((enum kernel_setting)i), LONG_WORD "\n");
	strcpy(request.text, row->value);
	peer = start(tree, WRITES);
	assert_int_equal(ask(&peer, &request), row->result);
	for (uint32_t i = 0; i < KERNEL_SETTINGS; i++)
		assert_text(tree, kernel_setting_path((enum kernel_setting)i),
			    row->result == 0 && i == row->setting ? row->value : LONG_WORD);
}

static void test_set_where_there_is_none(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_peer_ struct peer peer = start(tree, WRITES);
	struct worker_request request = { .verb = WORKER_SET,
					  .setting = KERNEL_AUTO_MOVABLE_RATIO,
					  .text = "301" };

	(void)state;
	assert_int_equal(ask(&peer, &request), -ENOENT);
}

#define LINES "MEMBLOCK_REMOVABLE=0\nMEMBLOCK_REASONS=mixed-nodes no-hotremove\nMEMBLOCK_NID=-2"
#define PROPERTIES LINES "\n"

static void test_change(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_peer_ struct peer peer = {};
	struct worker_request request = { .verb = WORKER_CHANGE, .block = 8, .text = PROPERTIES };

	(void)state;
	write_file(tree, UEVENT, "-\n");
	peer = start(tree, WRITES);
	assert_int_equal(ask(&peer, &request), 0);
	assert_text(tree, UEVENT, "change");
	assert_text(tree, WORKER_MARKED "/memory8", LINES);

	/* What is so already, and then no more. */
	write_file(tree, UEVENT, "-\n");
	assert_int_equal(ask(&peer, &request), 0);
	assert_text(tree, UEVENT, "-");
	*request.text = '\0';
	assert_int_equal(ask(&peer, &request), 0);
	assert_text(tree, UEVENT, "change");
	write_file(tree, UEVENT, "-\n");
	assert_int_equal(ask(&peer, &request), 0);
	assert_text(tree, UEVENT, "-");
}

static void test_change_of_what_is_gone(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_peer_ struct peer peer = start(tree, WRITES);
	struct worker_request request = { .verb = WORKER_CHANGE, .block = 9, .text = PROPERTIES };

	(void)state;
	assert_int_equal(ask(&peer, &request), -ENOENT);
	assert_no_file(tree, WORKER_MARKED "/memory9");
}

/* Where the kernel can't be asked for the event, udev has nothing to read either. */
static void test_change_that_fails(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_peer_ struct peer peer = {};
	struct worker_request request = { .verb = WORKER_CHANGE, .block = 8, .text = PROPERTIES };

	(void)state;
	make_folder(tree, UEVENT);
	peer = start(tree, WRITES);
	assert_int_equal(ask(&peer, &request), -EISDIR);
	assert_no_file(tree, WORKER_MARKED "/memory8");
}

/* Nothing that udev would do something by. */
static void test_properties_that_are_none_of_ours(void **state)
{
	static const char *const others[] = {
		"x",
		"\n",
		"MEMBLOCK_REMOVABLE=0\n",
		PROPERTIES "MODALIAS=x\n",
		PROPERTIES "\n",
		"MODALIAS=x\n" PROPERTIES,
		"SYSTEMD_WANTS=x.service\n",
		"MEMBLOCK_REMOVABLE=1\nMEMBLOCK_REASONS=hole\nMEMBLOCK_NID=0\n",
		"MEMBLOCK_REMOVABLE=0\nMEMBLOCK_REASONS=\nMEMBLOCK_NID=0\n",
		"MEMBLOCK_REMOVABLE=0\nMEMBLOCK_REASONS=hole\nMODALIAS=x\nMEMBLOCK_NID=0\n",
		"MEMBLOCK_REMOVABLE=0\nMEMBLOCK_REASONS=hole=\nMEMBLOCK_NID=0\n",
		"MEMBLOCK_REMOVABLE=0\nMEMBLOCK_REASONS=hole\nMEMBLOCK_NID=\n",
		"MEMBLOCK_REMOVABLE=0\nMEMBLOCK_REASONS=hole\nMEMBLOCK_NID=0",
	};
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_peer_ struct peer peer = {};
	struct worker_request request = { .verb = WORKER_CHANGE, .block = 8 };

	(void)state;
	write_file(tree, UEVENT, "-\n");
	peer = start(tree, WRITES);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		snprintf(request.text, sizeof(request.text), "%s", others[i]);
		assert_int_equal(ask(&peer, &request), -EINVAL);
	}
	assert_text(tree, UEVENT, "-");
}

static void test_guard_of_a_tree(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_peer_ struct peer peer = start(tree, WRITES);
	struct worker_request request = { .verb = WORKER_GUARD, .block = 8 };

	(void)state;
	assert_int_equal(ask(&peer, &request), -EOPNOTSUPP);
	request.block = 9;
	assert_int_equal(ask(&peer, &request), -ENODEV);
	request.verb = WORKER_UNGUARD;
	assert_int_equal(ask(&peer, &request), -EOPNOTSUPP);
}

static int garble(struct peer *peer, const void *data, size_t size)
{
	int fd;

	assert_int_equal(send(peer->fd, data, size, MSG_NOSIGNAL), size);
	return hear(peer, &fd);
}

static void test_garbage(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_peer_ struct peer peer = start(tree, WRITES);
	struct worker_request requests[2] = { { .verb = WORKER_WRITE, .block = 8, .count = 1 } };
	struct worker_request request = { .verb = WORKER_STOP + 1 };

	(void)state;
	assert_int_equal(garble(&peer, "x", 1), -EINVAL);
	assert_int_equal(garble(&peer, requests, sizeof(requests[0]) - 1), -EINVAL);
	assert_int_equal(garble(&peer, requests, sizeof(requests[0]) + 1), -EINVAL);
	assert_int_equal(garble(&peer, requests, sizeof(requests)), -EINVAL);
	assert_int_equal(ask(&peer, &request), -EINVAL);
	request.verb = UINT32_MAX;
	assert_int_equal(ask(&peer, &request), -EINVAL);
	request.verb = WORKER_OPEN;
	memset(request.text, 'a', sizeof(request.text));
	assert_int_equal(ask(&peer, &request), -EINVAL);
	request.verb = WORKER_WRITE;
	request.block = 8;
	request.count = 1;
	assert_int_equal(ask(&peer, &request), -EINVAL);
	assert_text(tree, STATE, "online");
	/* And it serves on. */
	assert_int_equal(ask(&peer, &requests[0]), 0);
	assert_text(tree, STATE, "offline");
}

#define PAGES_OF_2                                                                           \
	"block 2 all 1024 examined 1024 poisoned 1 memmap 0 reserved 2 slab 3 page-table 4 " \
	"offline 0 free 1000 movable 14 kernel 0 unclear 0\n"
#define SECTIONS "section 0 flags f map 03\nsection 2 flags 1f map 01\nsection 3 flags f map -\n"

static struct fake_tree *make_tree_to_look_at(void)
{
	struct fake_tree *tree = make_tree();

	write_file(tree, "memblockd/pages", "%s", PAGES_OF_2);
	write_file(tree, "memblockd/sections", "%s", SECTIONS);
	return tree;
}

/* Blocks of 4 MiB with pages of 4 KiB, sections as large as blocks. */
#define LOOK(verb_, first, n)                                                          \
	{                                                                              \
		.verb = (verb_), .block = (first), .count = (n), .block_size = MIB(4), \
		.section_size = MIB(4), .page_size = 4096                              \
	}

/* The text must be all that there is, and stay so whoever has the descriptor. */
static void assert_sealed_text(int fd, const char *text)
{
	char found[1024] = "";
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, found, sizeof(found) - 1, 0), strlen(text));
	assert_string_equal(found, text);
	assert_int_equal(fcntl(fd, F_GET_SEALS), seals);
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
}

struct look_row {
	const char *name;
	struct worker_request request;
	int result;
	const char *text;
};

static const struct look_row look_rows[] = {
	{ "sections", LOOK(WORKER_SECTIONS, 0, 4), 0, SECTIONS },
	{ "some sections", LOOK(WORKER_SECTIONS, 2, 1), 0, "section 2 flags 1f map 01\n" },
	{ "no such section", LOOK(WORKER_SECTIONS, 5, 10), 0, "" },
	{ "no sections", LOOK(WORKER_SECTIONS, 0, 0), -EINVAL, NULL },
	{ "too many sections", LOOK(WORKER_SECTIONS, 0, WORKER_COUNT_MAX + 1), -EINVAL, NULL },
	{ "sections past the last", LOOK(WORKER_SECTIONS, UINT64_MAX, 1), -EINVAL, NULL },
	{ "pages", LOOK(WORKER_PAGES, 2, 1), 0, PAGES_OF_2 },
	{ "no blocks", LOOK(WORKER_PAGES, 2, 0), -EINVAL, NULL },
	{ "too many blocks", LOOK(WORKER_PAGES, 2, WORKER_COUNT_MAX + 1), -EINVAL, NULL },
	{ "more blocks than fit a number", LOOK(WORKER_PAGES, 2, UINT64_MAX), -EINVAL, NULL },
	{ "blocks past the last address", LOOK(WORKER_PAGES, UINT64_MAX / MIB(4), 2), -EINVAL,
	  NULL },
	{ "blocks of no size",
	  { .verb = WORKER_PAGES, .count = 1, .page_size = 4096 },
	  -EINVAL,
	  NULL },
	{ "pages of no size",
	  { .verb = WORKER_PAGES, .count = 1, .block_size = MIB(4) },
	  -EINVAL,
	  NULL },
	{ "pages of an odd size",
	  { .verb = WORKER_PAGES, .count = 1, .block_size = MIB(4), .page_size = 4095 },
	  -EINVAL,
	  NULL },
};

static void test_look(void **state)
{
	const struct look_row *row = *state;
	_cleanup_tree_ struct fake_tree *tree = make_tree_to_look_at();
	_cleanup_peer_ struct peer peer = start(tree, WRITES);
	_cleanup_close_ int fd = -1;

	tell(&peer, &row->request);
	assert_int_equal(hear(&peer, &fd), row->result);
	if (row->text)
		assert_sealed_text(fd, row->text);
	else
		assert_int_equal(fd, -1);
}

/* What memblockd opens as a file is the same. */
static void test_open_of_sections(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = make_tree_to_look_at();
	_cleanup_peer_ struct peer peer = start(tree, WRITES);
	struct worker_request request = { .verb = WORKER_OPEN, .text = "memblockd/sections" };
	_cleanup_close_ int fd = -1;

	(void)state;
	tell(&peer, &request);
	assert_int_equal(hear(&peer, &fd), 0);
	assert_sealed_text(fd, SECTIONS);
}

/* There may be nothing to look at, and nothing that makes sense. */
static void test_look_at_nothing(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_peer_ struct peer peer = start(tree, WRITES);
	struct worker_request pages = LOOK(WORKER_PAGES, 2, 1);
	struct worker_request sections = LOOK(WORKER_SECTIONS, 0, 1);

	(void)state;
	assert_int_equal(ask(&peer, &pages), -ENOENT);
	assert_int_equal(ask(&peer, &sections), -ENOENT);
	write_file(tree, "proc/kcore",
		   "this is no ELF file, but it is long enough to be one's head "
		   "and some of what is behind it");
	write_file(tree, "memblockd/pages", "nonsense\n");
	assert_int_equal(ask(&peer, &pages), -EBADMSG);
	assert_int_equal(ask(&peer, &sections), -EBADMSG);
}

static void test_look_that_is_not_wanted(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = make_tree_to_look_at();
	_cleanup_peer_ struct peer peer = start(tree, WRITES);
	const struct worker_request pages = LOOK(WORKER_PAGES, 2, 1);
	const struct worker_request stop = { .verb = WORKER_STOP };
	int fd;

	(void)state;
	assert_int_equal(kill(peer.pid, SIGSTOP), 0);
	tell(&peer, &pages);
	tell(&peer, &stop);
	assert_int_equal(kill(peer.pid, SIGCONT), 0);
	assert_int_equal(hear(&peer, &fd), -EINTR);
	assert_int_equal(fd, -1);
}

/* Pages enough to keep a worker busy for some seconds, and not on disk. */
static void tell_to_count_for_long(struct fake_tree *tree, struct peer *peer)
{
	const struct worker_request request = { .verb = WORKER_PAGES,
						.count = WORKER_COUNT_MAX,
						.block_size = GIB(1),
						.page_size = 4096 };
	char path[512];

	write_file(tree, "proc/kpageflags", "%s", "");
	snprintf(path, sizeof(path), "%s/proc/kpageflags", tree->path);
	assert_int_equal(truncate(path, (off_t)(request.count * (GIB(1) / 4096) * 8)), 0);
	tell(peer, &request);
	nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
}

static void test_stop_of_a_count(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_peer_ struct peer peer = start(tree, WRITES);
	const struct worker_request stop = { .verb = WORKER_STOP };

	(void)state;
	tell_to_count_for_long(tree, &peer);
	tell(&peer, &stop);
	assert_hangs_up(&peer);
	assert_ends(&peer);
}

static void test_hang_up_of_a_count(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = fake_tree_new();
	_cleanup_peer_ struct peer peer = start(tree, WRITES);

	(void)state;
	tell_to_count_for_long(tree, &peer);
	closep(&peer.fd);
	peer.fd = -1;
	assert_ends(&peer);
}

/* Poisoned pages stay online, but for who doesn't mind, and where none can be found. */
static void test_write_of_poison(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = make_tree_to_look_at();
	_cleanup_peer_ struct peer peer = {};
	struct worker_request request = { .verb = WORKER_WRITE,
					  .action = MEMBLOCK_ACTION_OFFLINE,
					  .block = 2,
					  .count = 1,
					  .block_size = MIB(4),
					  .page_size = 4096 };

	(void)state;
	add_block(tree, 2, "online", "Normal", 0);
	add_block(tree, 3, "online", "Normal", 0);
	write_file(tree, "proc/meminfo", "HardwareCorrupted:     4 kB\n");
	peer = start(tree, WRITES);
	assert_int_equal(ask(&peer, &request), -EHWPOISON);
	assert_text(tree, "sys/devices/system/memory/memory2/state", "online");

	request.action = MEMBLOCK_ACTION_ONLINE_MOVABLE;
	assert_int_equal(ask(&peer, &request), 0);
	request.action = MEMBLOCK_ACTION_OFFLINE;
	request.block = 3;
	assert_int_equal(ask(&peer, &request), 0);
	request.block = 2;
	request.page_size = 4095;
	assert_int_equal(ask(&peer, &request), 0);
	request.page_size = 0;
	assert_int_equal(ask(&peer, &request), 0);
	assert_text(tree, "sys/devices/system/memory/memory2/state", "offline");
}

static void test_hang_up(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_peer_ struct peer peer = start(tree, WRITES);
	struct worker_request request = { .verb = WORKER_OPEN, .text = "proc/iomem" };

	(void)state;
	/* Who doesn't wait for the answer. */
	tell(&peer, &request);
	closep(&peer.fd);
	peer.fd = -1;
	assert_ends(&peer);
}

static const struct worker_request write_request = {
	.verb = WORKER_WRITE,
	.action = MEMBLOCK_ACTION_OFFLINE,
	.block = 8,
	.count = 1,
};
static const struct worker_request stop_request = { .verb = WORKER_STOP };

/* Until the worker is about to wait inside of its write. */
static void let_it_write(struct peer *peer)
{
	struct pollfd pollfd = { .fd = peer->announced, .events = POLLIN };
	char byte;

	assert_int_equal(poll(&pollfd, 1, 30000), 1);
	assert_int_equal(read(peer->announced, &byte, 1), 1);
}

static void test_stop(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_peer_ struct peer peer = start(tree, WAITS);
	struct worker_request request = write_request;
	int fd;

	(void)state;
	/* Of several, the rest is not begun. */
	for (request.count = 1; request.count <= 2; request.count++) {
		tell(&peer, &request);
		let_it_write(&peer);
		tell(&peer, &stop_request);
		assert_int_equal(hear(&peer, &fd), -EINTR);
		assert_int_equal(peer.done, 0);
	}
	closep(&peer.fd);
	peer.fd = -1;
	assert_ends(&peer);
}

/* Nothing is written where the stop was there before. */
static void test_stop_at_once(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_peer_ struct peer peer = start(tree, WRITES);
	int fd;

	(void)state;
	assert_int_equal(kill(peer.pid, SIGSTOP), 0);
	tell(&peer, &write_request);
	tell(&peer, &stop_request);
	assert_int_equal(kill(peer.pid, SIGCONT), 0);
	assert_int_equal(hear(&peer, &fd), -EINTR);
	assert_text(tree, STATE, "online");
}

/* A stop that came too late ends nothing else. */
static void test_stop_too_late(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_peer_ struct peer peer = start(tree, WRITES);

	(void)state;
	for (int i = 0; i < 50; i++) {
		assert_int_equal(ask(&peer, &write_request), 0);
		tell(&peer, &stop_request);
		tell(&peer, &stop_request);
	}
	assert_text(tree, STATE, "offline");
}

static void test_hang_up_while_writing(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_peer_ struct peer peer = start(tree, WAITS);

	(void)state;
	tell(&peer, &write_request);
	let_it_write(&peer);
	closep(&peer.fd);
	peer.fd = -1;
	assert_ends(&peer);
}

/* What a signal doesn't end, the end of the process does. */
static void test_stop_of_a_write_that_restarts(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_peer_ struct peer peer = start(tree, RESTARTS);

	(void)state;
	tell(&peer, &write_request);
	let_it_write(&peer);
	tell(&peer, &stop_request);
	assert_hangs_up(&peer);
	assert_ends(&peer);
}

static void test_hang_up_of_a_write_that_restarts(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_peer_ struct peer peer = start(tree, RESTARTS);

	(void)state;
	tell(&peer, &write_request);
	let_it_write(&peer);
	closep(&peer.fd);
	peer.fd = -1;
	assert_ends(&peer);
}

/* One that comes for nothing ends no write: it is begun anew. */
static void test_signal_for_nothing(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_peer_ struct peer peer = start(tree, WAITS);
	int fd;

	(void)state;
	tell(&peer, &write_request);
	for (int i = 0; i < 3; i++) {
		let_it_write(&peer);
		assert_int_equal(kill(peer.pid, SIGIO), 0);
	}
	let_it_write(&peer);
	tell(&peer, &stop_request);
	assert_int_equal(hear(&peer, &fd), -EINTR);
}

/* A signal that has no cause on the connection is none of ours. */
static void test_signals_of_others(void **state)
{
	_cleanup_tree_ struct fake_tree *tree = make_tree();
	_cleanup_peer_ struct peer peer = start(tree, RESTARTS);

	(void)state;
	tell(&peer, &write_request);
	let_it_write(&peer);
	assert_int_equal(kill(peer.pid, SIGIO), 0);
	nanosleep(&(struct timespec){ .tv_nsec = 700000000 }, NULL);
	assert_int_equal(waitpid(peer.pid, NULL, WNOHANG), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open_of_a_link),
		cmocka_unit_test(test_open_of_sections),
		cmocka_unit_test(test_look_at_nothing),
		cmocka_unit_test(test_look_that_is_not_wanted),
		cmocka_unit_test(test_stop_of_a_count),
		cmocka_unit_test(test_hang_up_of_a_count),
		cmocka_unit_test(test_write_of_poison),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_eject_of_a_device_with_a_state),
		cmocka_unit_test(test_set_where_there_is_none),
		cmocka_unit_test(test_change),
		cmocka_unit_test(test_change_of_what_is_gone),
		cmocka_unit_test(test_change_that_fails),
		cmocka_unit_test(test_properties_that_are_none_of_ours),
		cmocka_unit_test(test_guard_of_a_tree),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_hang_up),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_stop_at_once),
		cmocka_unit_test(test_stop_too_late),
		cmocka_unit_test(test_hang_up_while_writing),
		cmocka_unit_test(test_stop_of_a_write_that_restarts),
		cmocka_unit_test(test_hang_up_of_a_write_that_restarts),
		cmocka_unit_test(test_signals_of_others),
		cmocka_unit_test(test_signal_for_nothing),
	};

	return RUN_ROWS(open_rows, test_open) + RUN_ROWS(several_rows, test_write_to_several) +
	       RUN_ROWS(eject_rows, test_eject) + RUN_ROWS(set_rows, test_set) +
	       RUN_ROWS(look_rows, test_look) + RUN_TESTS(tests);
}
