/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints how each memory block is after each event of it. The events are the kernel's, by libudev;
 * an event says that something happened, and the files what is so now. */
#include <inttypes.h>
#include <libmemblock.h>
#include <libudev.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct udev_monitor *open_monitor(struct udev *udev)
{
	struct udev_monitor *monitor = udev_monitor_new_from_netlink(udev, "kernel");

	if (monitor &&
	    udev_monitor_filter_add_match_subsystem_devtype(monitor, "memory", NULL) >= 0 &&
	    udev_monitor_enable_receiving(monitor) >= 0)
		return monitor;
	return udev_monitor_unref(monitor);
}

static void print_block(struct memblock_root *root, const char *name)
{
	enum memblock_state state;
	enum memblock_zone zone;
	uint64_t index;

	if (sscanf(name, "memory%" SCNu64, &index) != 1)
		return;
	if (memblock_read_state(root, index, &state, &zone) < 0)
		printf("%s: gone\n", name);
	else if (state == MEMBLOCK_STATE_ONLINE)
		printf("%s: online, %s\n", name, memblock_zone_to_string(zone));
	else
		printf("%s: %s\n", name, memblock_state_to_string(state));
	fflush(stdout);
}

static void follow(struct udev_monitor *monitor, struct memblock_root *root)
{
	struct pollfd fd = { .fd = udev_monitor_get_fd(monitor), .events = POLLIN };
	struct udev_device *device;

	printf("watching\n");
	fflush(stdout);
	while (poll(&fd, 1, -1) > 0)
		while ((device = udev_monitor_receive_device(monitor))) {
			print_block(root, udev_device_get_sysname(device));
			udev_device_unref(device);
		}
}

int main(int argc, char **argv)
{
	struct memblock_root *root = NULL;
	struct udev *udev = udev_new();
	struct udev_monitor *monitor = udev ? open_monitor(udev) : NULL;
	int r = memblock_root_new(argc > 1 ? argv[1] : NULL, &root);

	if (monitor && r >= 0)
		follow(monitor, root);
	fprintf(stderr, "%s\n", r < 0 ? strerror(-r) : "Can't follow the kernel's events");

	memblock_root_unref(root);
	udev_monitor_unref(monitor);
	udev_unref(udev);
	return EXIT_FAILURE;
}
