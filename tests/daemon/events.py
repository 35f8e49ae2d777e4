#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's events: whatever comes, in the end the daemon knows what is so."""

import json
import os
import random
import re
import shutil
import subprocess

from harness import Skip, ctl, main
from kernel import BLOCK, Kernel, Machine, place, uevents_environment
from reading import rows
from service import PATH, Bus, Daemon, pump

EVENTS = 3000


def listening(bus, machine, **options):
    return Daemon(bus, machine.path, "--uevents", environment=uevents_environment(machine.path),
                  **options)


class Storm:
    """Random changes of a machine, each with the kernel's event after it."""

    def __init__(self, kernel, seed):
        self.kernel = kernel
        self.random = random.Random(seed)
        self.there = {index: kernel.state(index) for index in kernel.indices()}
        self.number = 0

    def event(self, action, index):
        self.number += 1
        self.kernel.uevent(action, index, self.number)

    def step(self):
        index = self.random.randrange(16, 120)
        if index not in self.there:
            self.kernel.add(index, nodes=(self.random.randrange(2),))
            self.there[index] = "offline"
            self.event("add", index)
        elif self.there[index] == "online":
            self.kernel.offline(index)
            self.there[index] = "offline"
            self.event("offline", index)
        elif self.random.random() < 0.5:
            self.kernel.online(index, self.random.choice((1, 2, 3)))
            self.there[index] = "online"
            self.event("online", index)
        else:
            self.kernel.remove(index)
            del self.there[index]
            self.event("remove", index)


def served(client):
    return client.call("ListRanges")


def wait_same(client, machine):
    """The daemon has caught up once it serves what a fresh look gives."""
    pump(lambda: served(client) == rows(machine.path), f"{served(client)} is {rows(machine.path)}")


def check_storm():
    """Thousands of events, and the end is what a fresh scan says."""
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    with Bus() as bus, bus.client() as client, Machine() as machine:
        with listening(bus, machine):
            storm = Storm(Kernel(machine.path), seed)
            for number in range(EVENTS):
                storm.step()
                if number % 500 == 0:
                    served(client)
            wait_same(client, machine)
            client.wait_heard("Settled")
            told = len(client.heard("BlocksChanged"))
            # How many bursts it is depends on how busy the machine is.
            assert told < EVENTS / 4, f"{told} signals (SEED={seed})"
            assert not client.heard("InterfacesAdded", f"{PATH}/block/memory50")
            fresh = json.loads(ctl("--root", machine.path, "status", "-J").stdout)
            assert client.get("Blocks") == fresh["blocks"], f"SEED={seed}"
    return f"{EVENTS} events, {told} signals"


def check_a_burst_is_one_signal():
    """A DIMM of many blocks that comes and goes online."""
    with Bus() as bus, bus.client() as client, Machine() as machine:
        with listening(bus, machine):
            client.wait_tried()
            kernel = Kernel(machine.path)
            for index in range(40, 104):
                kernel.add(index)
            for index in range(40, 104):
                kernel.uevent("add", index)
            changed = client.wait_heard("BlocksChanged").arguments[0]
            client.wait_heard("Settled")
            assert changed == [place(40, 64)], changed
            assert len(client.heard("BlocksChanged")) == len(client.heard("Settled")) == 1
            assert served(client) == rows(machine.path)
            told = client.wait_heard("PropertiesChanged", PATH).arguments[1]
            assert told["Blocks"] == 104, told


def check_nothing_new_is_not_told():
    """An event after which all is as before: nothing but Settled comes of it."""
    with Bus() as bus, bus.client() as client, Machine() as machine:
        with listening(bus, machine):
            client.wait_tried()
            kernel = Kernel(machine.path)
            kernel.uevent("offline", 3)
            client.wait_heard("Settled")
            assert not client.heard("BlocksChanged"), client.signals
            assert not client.heard("PropertiesChanged"), client.signals


def check_blocks_that_changed_are_read_alone():
    """What happened to others, unheard of, is found once something else happens than that."""
    with Bus() as bus, bus.client() as client, Machine() as machine:
        with listening(bus, machine):
            client.wait_tried()
            kernel = Kernel(machine.path)
            scans, last = client.get("Scans"), client.get("LastScan")
            kernel.offline(3)
            kernel.offline(5)
            kernel.uevent("offline", 5)
            client.wait_heard("Settled")
            told = [signal.arguments[0] for signal in client.heard("BlocksChanged")]
            assert told == [[place(5)]], told
            assert client.wait_heard("PropertiesChanged", PATH).arguments[1]["OnlineBytes"] \
                == client.get("OnlineBytes") == 31 * BLOCK
            assert client.get("Scans") == scans and client.get("LastScan") != last

            client.signals.clear()
            kernel.add(77)
            kernel.uevent("add", 77)
            assert client.wait_heard("BlocksChanged").arguments[0] == [place(3), place(77)]
            assert client.get("Scans") == scans + 1
            assert served(client) == rows(machine.path)


def check_zones_of_offline_blocks_follow():
    """Where they would come online hangs on what is online, and no event tells of it."""
    with Bus() as bus, bus.client() as client, Machine() as machine:
        with listening(bus, machine):
            client.wait_tried()
            kernel = Kernel(machine.path)
            scans = client.get("Scans")
            kernel.offline(16)
            kernel.set(33, "offline", "Movable Normal")
            kernel.uevent("offline", 16)
            assert client.wait_heard("BlocksChanged").arguments[0] == [place(16), place(33)]
            assert served(client) == rows(machine.path)
            assert client.get("Scans") == scans


def check_what_blocks_do_not_tell_is_found():
    """Beside a block that changed, others did: all are read where it, or its event, isn't plain."""
    def is_gone(kernel):
        kernel.remove(21)
        kernel.uevent("offline", 21)
        return [place(21)]

    def an_offline_one_is_gone(kernel):
        kernel.offline(20)
        kernel.remove(39)
        kernel.uevent("offline", 20)
        return [place(20), place(39)]

    def is_new(kernel):
        kernel.add(60, state="online", zones="Normal")
        kernel.uevent("online", 60)
        return [place(60)]

    def is_synthetic(kernel):
        kernel.offline(23)
        kernel.uevent("offline", 23, synthetic=True)
        return [place(23)]

    for change in (is_gone, an_offline_one_is_gone, is_new, is_synthetic):
        with Bus() as bus, bus.client() as client, Machine() as machine:
            with listening(bus, machine):
                client.wait_tried()
                kernel = Kernel(machine.path)
                kernel.offline(3)
                wanted = [place(3), *change(kernel)]
                told = client.wait_heard("BlocksChanged").arguments[0]
                assert told == wanted, f"{change.__name__}: {told}"
                assert served(client) == rows(machine.path), change.__name__


def check_events_that_are_torn():
    """Messages that no kernel sends end nothing, and what comes behind them counts."""
    path = b"/devices/system/memory/memory20"
    with Bus() as bus, bus.client() as client, Machine() as machine:
        with listening(bus, machine) as daemon:
            kernel = Kernel(machine.path)
            for message in (b"x", b"\0" * 100, b"offline", b"offline@" + path,
                            b"offline@" + path + b"\0", b"@\0ACTION=\0",
                            b"offline@" + path + b"\0ACTION=offline", b"libudev\0" + b"\xff" * 40,
                            b"offline@" + path + b"\0ACTION=offline\0SUBSYSTEM=memory\0",
                            b"add@" + path + b"\0ACTION=add\0DEVPATH=../../x\0SUBSYSTEM=memory\0",
                            b"a" * 8000, b"offline@/devices/x\0ACTION=offline\0DEVPATH=/devices/x\0"
                            b"SUBSYSTEM=block\0SEQNUM=9\0"):
                kernel.send(message)
            kernel.offline(20)
            kernel.uevent("offline", 20)
            assert client.wait_heard("BlocksChanged").arguments[0] == [place(20)]
            assert served(client) == rows(machine.path)
            assert daemon.process.poll() is None


def check_events_in_the_wrong_order():
    """An event of a block that is gone again, and one of a block that is not there yet."""
    with Bus() as bus, bus.client() as client, Machine() as machine:
        with listening(bus, machine):
            kernel = Kernel(machine.path)
            kernel.uevent("add", 77)
            kernel.uevent("online", 78)
            client.wait_heard("Settled")
            kernel.add(77)
            kernel.remove(39)
            kernel.uevent("add", 39)
            changed = client.wait_heard("BlocksChanged").arguments[0]
            assert changed == [place(39), place(77)], changed
            assert served(client) == rows(machine.path)


def netlink_inode(daemon):
    """The socket that umockdev put in the place of the kernel's."""
    sockets = {}
    with open("/proc/net/unix", encoding="utf-8") as table:
        for line in table:
            words = line.split()
            if len(words) > 7 and re.search(r"/event\d+$", words[7]):
                sockets[words[7]] = words[6]
    for path in daemon.root.glob("event[0-9]*"):
        if str(path) in sockets:
            return sockets[str(path)]
    raise AssertionError(f"no socket below {daemon.root} in {sockets}")


def check_lost_events():
    """ENOBUFS: the kernel dropped events, nobody knows which."""
    if not shutil.which("strace"):
        raise Skip("no strace")
    with Bus() as bus, bus.client() as client, Machine() as machine:
        with listening(bus, machine) as daemon:
            kernel = Kernel(machine.path)
            with subprocess.Popen(
                    ["strace", "-p", str(daemon.process.pid), "-f",
                     "-o", str(daemon.folder / "trace"), "-e", "trace=recvmsg",
                     "-e", "inject=recvmsg:error=ENOBUFS:when=1",
                     "-P", f"socket:[{netlink_inode(daemon)}]"],
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE) as tracer:
                try:
                    line = tracer.stderr.readline().decode()
                    while "Requested path" in line:
                        line = tracer.stderr.readline().decode()
                    if "attached" not in line:
                        raise Skip(f"strace can't attach: {line.strip()}")
                    kernel.offline(21)
                    # Of no interest by itself; it is the one that fails to be received.
                    kernel.send(b"add@/devices/x\0ACTION=add\0DEVPATH=/devices/x\0"
                                b"SUBSYSTEM=memory\0SEQNUM=1\0")
                    assert client.wait_heard("BlocksChanged").arguments[0] == [place(21)]
                finally:
                    tracer.terminate()
                    tracer.wait()
            trace = (daemon.folder / "trace").read_text(encoding="utf-8")
            assert "ENOBUFS" in trace, trace


def check_a_scan_that_failed_is_tried_again():
    """With no event that would tell to: what the last one was about is served in the end."""
    with Bus() as bus, bus.client() as client, Machine() as machine:
        with listening(bus, machine) as daemon:
            path = machine.path / "sys/devices/system/memory/block_size_bytes"
            away = machine.path / "away"
            path.rename(away)
            kernel = Kernel(machine.path)
            kernel.remove(20)
            kernel.uevent("remove", 20)
            daemon.wait_said("could not be read")
            assert client.get("Blocks") == 40 and not client.heard("Settled")
            away.rename(path)
            client.wait_heard("Settled")
            assert client.get("Blocks") == 39


def check_blocks_of_which_the_links_come_late():
    """The event comes before the node's link; what is served in the end has the node."""
    with Bus() as bus, bus.client() as client, Machine() as machine:
        with listening(bus, machine):
            kernel = Kernel(machine.path)
            kernel.add(50, nodes=())
            kernel.uevent("add", 50)
            (machine.path / "sys/devices/system/node/node0/memory50").symlink_to(
                "../../memory/memory50")
            kernel.online(50)
            kernel.uevent("online", 50)
            wait_same(client, machine)
            assert client.get("Nid", f"{PATH}/block/memory50", "org.memblockd1.Block") == 0


if __name__ == "__main__":
    main(globals())
