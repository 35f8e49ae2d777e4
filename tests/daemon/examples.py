#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The examples that need a daemon or the kernel's events."""

import pathlib
import sys

from bench import Bench
from harness import Skip, built, main
from kernel import Kernel, Machine, uevents_environment
from service import MEMBLOCKD, Program, pump

try:
    import dbus
except ImportError:
    dbus = None

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = MEMBLOCKD.parent.parent if MEMBLOCKD.parent.name == ".libs" else MEMBLOCKD.parent


class Example(Program):
    def said(self):
        return self._text(self.out)

    def wait_said(self, *lines):
        pump(lambda: set(lines) <= set(self.said().splitlines()) or self.process.poll() is not None,
             f"it says {lines}: {self.said()}")
        assert set(lines) <= set(self.said().splitlines()), self.said()

    def ended(self, status):
        pump(lambda: self.process.poll() is not None, f"it ends: {self.said()}")
        assert self.process.returncode == status, f"exit {self.process.returncode}: {self.said()}"
        return self.said()


def python(bench, *words):
    if not dbus:
        raise Skip("no python3-dbus")
    return Example(sys.executable, "-B", SOURCE / "examples/offline.py", *words,
                   environment={"DBUS_SYSTEM_BUS_ADDRESS": bench.bus.address})


def check_python_lists():
    with Bench() as bench, python(bench) as example:
        lines = example.ended(0).splitlines()
        assert len(lines) == len(bench.client.call("ListRanges")), lines
        assert lines[0].startswith("0x0000000000000000   2048 MiB online 0 Normal firmware yes"), lines


def check_python_takes_offline():
    with Bench() as bench:
        with python(bench, "256") as example:
            said = example.ended(0)
            assert said.splitlines()[-1].strip() == "done" and said.count(" done  ") == 2, said
        bench.unchanged(*(index for index, _ in bench.worker.writes()))
        assert len(bench.worker.writes()) == 2, bench.worker.writes()


def check_python_is_refused():
    with Bench() as bench, python(bench, "1048576") as example:
        assert "org.memblockd1.Error.TooFewBlocks" in example.ended(1), example.said()
        bench.unchanged()


def check_watch():
    with Machine() as machine:
        kernel = Kernel(machine.path)
        with Example(built(BUILD / "examples/watch"), machine.path,
                     environment=uevents_environment(machine.path)) as example:
            example.wait_said("watching")
            kernel.offline(20)
            kernel.uevent("offline", 20)
            example.wait_said("memory20: offline")
            kernel.online(20, 3)
            kernel.uevent("online", 20)
            example.wait_said("memory20: online, Movable")
            kernel.remove(21)
            kernel.uevent("remove", 21)
            example.wait_said("memory21: gone")


main(globals())
