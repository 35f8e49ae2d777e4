/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>

/*
 * Ends a write that the other side wants no more. Between stop_watch() and stop_unwatch(), whatever
 * arrives on the connection interrupts a system call, and so does its end. Where that isn't enough
 * for half a second, the process ends: a writer that waits for the kernel's hotplug lock goes back
 * to waiting after each signal (drivers/base/core.c:lock_device_hotplug_sysfs()), and a signal
 * right before the system call is lost to it.
 */

/* Once, before all else. */
int stop_setup(int fd);
/* -EINTR where something has arrived already: then the write is not to be begun. */
int stop_watch(void);
/* Whether a write that was interrupted is to end. If not, the signal meant nothing: that of the
 * request itself comes late where we are at work before its sender is back in the kernel
 * (net/unix/af_unix.c:unix_dgram_sendmsg() wakes the reader first and sends the signal then). */
bool stop_is_asked(void);
void stop_unwatch(void);
