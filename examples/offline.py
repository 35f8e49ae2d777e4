#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks memblockd by D-Bus, with dbus-python. Without an argument it lists memory and why some of it
can never go offline; with a number it takes so many MiB offline and waits for the end of the job."""

import sys

import dbus
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

NAME = "org.memblockd1"
PATH = "/org/memblockd1"


def print_ranges(manager):
    for start, size, state, _, nodes, zones, removable, reasons, device in manager.ListRanges():
        print(f"{start:#018x} {size >> 20:6} MiB", state, ",".join(map(str, nodes)), "/".join(zones),
              device or "-", removable, ",".join(reasons))


def offline(bus, manager, mib):
    loop = GLib.MainLoop()
    ended = {}

    def on_job_removed(_, path, result):
        ended[path] = result
        loop.quit()

    # Before the job is there, so that its end can't be missed.
    manager.connect_to_signal("JobRemoved", on_job_removed)
    job = manager.Offline(dbus.Array([], "(tt)"), "", {"size": dbus.UInt64(mib << 20)})
    while job not in ended:
        loop.run()

    properties = dbus.Interface(bus.get_object(NAME, job), dbus.PROPERTIES_IFACE)
    for start, outcome, error, zone in properties.Get("org.memblockd1.Job", "Results"):
        print(f"{start:#018x}", outcome, error, zone)
    print(ended[job], properties.Get("org.memblockd1.Job", "Message"))
    return ended[job] == "done"


def main():
    DBusGMainLoop(set_as_default=True)
    bus = dbus.SystemBus()
    manager = dbus.Interface(bus.get_object(NAME, PATH), "org.memblockd1.Manager")
    if len(sys.argv) < 2:
        print_ranges(manager)
        return True
    try:
        return offline(bus, manager, int(sys.argv[1]))
    except dbus.DBusException as error:
        print(f"{error.get_dbus_name()}: {error.get_dbus_message()}", file=sys.stderr)
        return False


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
