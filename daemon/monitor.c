/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <libudev.h>
#include <stdbool.h>
#include <string.h>

#include "macros.h"
#include "monitor.h"
#include "range.h"

/* A DIMM of many blocks is one burst; the kernel drops what doesn't fit, for all until it is
 * empty (net/netlink/af_netlink.c:netlink_overrun()). As much as systemd's own monitors take. */
#define RECEIVE_BUFFER (128 << 20)

struct monitor {
	struct udev *udev;
	struct udev_monitor *monitor;
	sd_event_source *source;
	struct monitor_listener listener;
};

DEFINE_CLEANUP(struct monitor, monitor_free)

struct monitor *monitor_free(struct monitor *monitor)
{
	if (!monitor)
		return NULL;

	sd_event_source_disable_unref(monitor->source);
	udev_monitor_unref(monitor->monitor);
	udev_unref(monitor->udev);
	free(monitor);
	return NULL;
}

/* Of memory blocks, synthetic `change` events (udevadm trigger) tell nothing new. */
static bool matters(struct udev_device *device)
{
	static const char *const actions[] = { "add", "remove", "online", "offline" };
	const char *subsystem = udev_device_get_subsystem(device);
	const char *action = udev_device_get_action(device);

	if (!subsystem || !action)
		return false;
	if (strcmp(subsystem, "memory") != 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (strcmp(action, actions[i]) == 0)
			return true;
	return false;
}

/* Whether it is of one block, and was the kernel that said so of itself. */
static bool is_of_block(struct udev_device *device, uint64_t *ret)
{
	const char *name = udev_device_get_sysname(device);
	uint64_t last;

	return strcmp(udev_device_get_subsystem(device), "memory") == 0 && name &&
	       !udev_device_get_property_value(device, "SYNTH_UUID") &&
	       block_range_parse(name, ret, &last) >= 0 && *ret == last;
}

static void tell_event(const struct monitor_listener *listener, struct udev_device *device)
{
	uint64_t index;

	if (is_of_block(device, &index))
		listener->block(udev_device_get_action(device), index, listener->userdata);
	else
		listener->other(listener->userdata);
}

/* Returns whether anything happened. */
static bool drain(const struct monitor *monitor)
{
	const struct monitor_listener *listener = &monitor->listener;
	bool any = false;

	for (;;) {
		struct udev_device *device;

		errno = 0;
		device = udev_monitor_receive_device(monitor->monitor);
		if (device) {
			if (matters(device)) {
				any = true;
				tell_event(listener, device);
			}
			udev_device_unref(device);
			continue;
		}
		/* Lost events are events; the socket goes on once it is empty. */
		if (errno == ENOBUFS) {
			any = true;
			listener->other(listener->userdata);
		} else if (errno != EINTR) {
			return any;
		}
	}
}

static int on_event(sd_event_source *source __attribute__((unused)), int fd __attribute__((unused)),
		    uint32_t revents __attribute__((unused)), void *userdata)
{
	struct monitor *monitor = userdata;

	if (drain(monitor))
		monitor->listener.changed(monitor->listener.userdata);
	return 0;
}

/* The kernel's own events, not udevd's: they come at once, and where there is no udevd too. Nothing
 * of what we read is made by a rule. */
static int open_monitor(struct monitor *monitor)
{
	static const char *const subsystems[] = { "memory", "nd", "dax" };
	int r;

	monitor->udev = udev_new();
	if (!monitor->udev)
		return -ENOMEM;
	monitor->monitor = udev_monitor_new_from_netlink(monitor->udev, "kernel");
	if (!monitor->monitor)
		return errno ? -errno : -ENOMEM;

	for (size_t i = 0; i < ARRAY_SIZE(subsystems); i++) {
		r = udev_monitor_filter_add_match_subsystem_devtype(monitor->monitor, subsystems[i],
								    NULL);
		if (r < 0)
			return r;
	}
	/* Without the right the kernel's default size stands, and losses are told. */
	(void)udev_monitor_set_receive_buffer_size(monitor->monitor, RECEIVE_BUFFER);
	return udev_monitor_enable_receiving(monitor->monitor);
}

int monitor_new(sd_event *event, const struct monitor_listener *listener, struct monitor **ret)
{
	_cleanup_(monitor_freep) struct monitor *monitor = calloc(1, sizeof(*monitor));
	int r;

	if (!monitor)
		return -ENOMEM;
	monitor->listener = *listener;

	r = open_monitor(monitor);
	if (r < 0)
		return r;
	r = sd_event_add_io(event, &monitor->source, udev_monitor_get_fd(monitor->monitor), EPOLLIN,
			    on_event, monitor);
	/* What somebody did to a block is known before a worker's answer leads to the next one. */
	if (r >= 0)
		r = sd_event_source_set_priority(monitor->source, SD_EVENT_PRIORITY_IMPORTANT);
	if (r < 0)
		return r;

	*ret = TAKE_PTR(monitor);
	return 0;
}
