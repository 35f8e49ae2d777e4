#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls that nobody means, as root and as nobody, with a polkit that says no, yes or nothing: each is
answered, what polkit did not allow changes nothing, and memblockd is left as it was, with as many
descriptors and little more memory.

What to call is found by introspection. SEED repeats a run, and BUS_FUZZ_SECONDS makes it longer.
"""

import contextlib
import math
import os
import random
import string
import struct
import time
import xml.etree.ElementTree

from authority import Polkit
from harness import main, sanitizers
from kernel import BLOCK, Kernel, Machine, Worker, place
from service import (DBUS_ERROR, MEMBLOCKD, NOBODY, PATH, Bus, BusError, Daemon, GLib,
                     pump)

TOP = (1 << 64) - 1
NUMBERS = (0, 1, 2, 4095, 4096, BLOCK - 1, BLOCK, BLOCK + 1, 16 * BLOCK, 39 * BLOCK, 40 * BLOCK,
           1 << 31, 1 << 32, 1 << 52, 1 << 63, (1 << 63) - 1, TOP - BLOCK + 1, TOP - 1, TOP)
BITS = {"y": 8, "n": -16, "q": 16, "i": -32, "u": 32, "x": -64, "t": 64, "h": -32}
DOUBLES = (0.0, -0.0, -1.0, 1e308, math.nan, math.inf, -math.inf)
TEXTS = ("", "kernel", "movable", "Movable", "Normal", "none", "firmware", "-", "/", "..", "%s%n",
         "x" * 300, "x" * 70000, "\N{SNOWMAN}", "a\nb", " ", "\x7f", "memory20", "0", "-1", "PNP0C80:00")
PATHS = ("/", PATH, f"{PATH}/block/memory20", f"{PATH}/block/memory0020", f"{PATH}/block",
         f"{PATH}/block/memory{TOP}", f"{PATH}/block/memory{TOP + 1}", f"{PATH}/job/0",
         f"{PATH}/job/1", f"{PATH}/job/4294967296", f"{PATH}/node/node0", f"{PATH}/device/x",
         f"{PATH}/device/_", f"{PATH}/x" + "/x" * 200)
SIGNATURES = ("", "s", "u", "v", "a{sv}", "a(tt)", "aay", "(tuu)", "a(tt)s", "a(ss)sa{sv}", "a(tt)sa{ss}",
              "a(tt)sa{sv}b", "tt", "ao", "g", "h", "ad", "a{st}", "(((((((t)))))))", "aaaaat")
OPTIONS = ("size", "node", "device", "best-effort", "timeout", "nonsense", "")
PROPERTIES = "org.freedesktop.DBus.Properties"
# The bus and libraries say these of calls that never reach a handler of ours.
LOST = ("NoReply", "Failed", "Disconnected", "Timeout")


def many_ranges(count):
    """The same range again and again, made at once: value by value it takes seconds."""
    data = struct.pack("=QQ", *place(20)) * count
    return GLib.Variant.new_from_bytes(GLib.VariantType.new("a(tt)"), GLib.Bytes.new(data), True)


class Dice:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def number(self, kind):
        """What fits, most of it at the edges."""
        bits = BITS[kind]
        value = self.random.choice(NUMBERS + (self.random.getrandbits(64),))
        if bits > 0:
            return self.random.choice((value & ((1 << bits) - 1), 0, (1 << bits) - 1))
        top = 1 << (-bits - 1)
        return self.random.choice((value % (2 * top) - top, -1, -2, -top, top - 1))

    def text(self):
        return self.random.choice(TEXTS + ("".join(self.random.choices(string.printable, k=9)),))

    def count(self):
        return self.random.choice((0, 1, 1, 1, 2, 7, 300))

    def variant(self, depth=0):
        if depth < 30 and self.random.random() < 0.2:
            return GLib.Variant("v", self.variant(depth + 10))
        return self.value(self.random.choice(("t", "i", "s", "b", "u", "d", "a(tt)", "o", "x", "as")))

    def deep(self):
        """About as deep as the bus lets through."""
        value = GLib.Variant("t", 1)
        for _ in range(self.random.choice((30, 55))):
            value = GLib.Variant("v", value)
        return value

    def basic(self, kind):
        if kind == "b":
            return GLib.Variant("b", self.random.random() < 0.5)
        if kind == "d":
            return GLib.Variant("d", self.random.choice(DOUBLES))
        if kind == "o":
            return GLib.Variant("o", self.random.choice(PATHS))
        if kind == "g":
            return GLib.Variant("g", self.random.choice(("", "t", "a{sv}", "i" * 255)))
        if kind == "v":
            return GLib.Variant("v", self.deep() if self.random.random() < 0.1 else self.variant())
        return GLib.Variant("s", self.text()) if kind == "s" else GLib.Variant(kind, self.number(kind))

    def value(self, kind):
        if kind == "a{sv}":
            names = self.random.sample(OPTIONS, self.random.choice((0, 0, 1, 2)))
            return GLib.Variant(kind, {name: self.variant() for name in names})
        if kind == "a(tt)" and self.random.random() < 0.02:
            return many_ranges(self.random.choice((65536, 65537)))
        if kind.startswith("a{"):
            return GLib.Variant(kind, {})
        if kind.startswith("a"):
            array = GLib.VariantBuilder.new(GLib.VariantType.new(kind))
            for _ in range(2 if kind.startswith("aa") else self.count()):
                array.add_value(self.value(kind[1:]))
            return array.end()
        if kind.startswith("("):
            return self.arguments(kind[1:-1])
        return self.basic(kind)

    def arguments(self, signature):
        values, rest = [], signature
        while rest:
            kind = first(rest)
            values.append(self.value(kind))
            rest = rest[len(kind):]
        return GLib.Variant.new_tuple(*values)


def first(signature):
    """The first complete type of it."""
    if signature[0] == "a":
        return "a" + first(signature[1:])
    depth = 0
    for end, letter in enumerate(signature, 1):
        depth += (letter in "({") - (letter in ")}")
        if depth == 0:
            return signature[:end]
    raise ValueError(signature)


def members(client):
    """Every method that there is: its object, interface and name, and its arguments' types."""
    found = []
    paths = [PATH, f"{PATH}/block/memory20", f"{PATH}/block/memory32", *client.objects()]
    for path in dict.fromkeys(paths):
        tree = xml.etree.ElementTree.fromstring(client.introspect(path))
        for face in tree.iter("interface"):
            name = face.get("name")
            found += [(path, name, method.get("name"), "".join(
                one.get("type") for one in method.iter("arg") if one.get("direction") != "out"))
                for method in face.iter("method")]
            found += [(path, PROPERTIES, "Set", (name, one.get("name")))
                      for one in face.iter("property")]
    return found


class Table:
    """A machine, and root and nobody who ask its memblockd. Without root both are one."""

    def __init__(self, grants):
        self.grants = grants
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.bus = stack.enter_context(Bus())
            self.machine = stack.enter_context(Machine())
            self.kernel = Kernel(self.machine.path)
            self.worker = stack.enter_context(Worker(self.kernel))
            self.polkit = stack.enter_context(Polkit(self.bus, self.grants))
            self.daemon = stack.enter_context(
                Daemon(self.bus, self.machine.path, worker=self.worker.path))
            self.client = stack.enter_context(self.bus.client())
            self.stranger = stack.enter_context(
                self.bus.client(NOBODY if os.geteuid() == 0 else None))
            self.client.wait_tried()
            self.found = members(self.client)
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        return self.stack.__exit__(*error)

    def begin(self, dice, client):
        """One call of a method that there is, or nearly; returns what it was, and its answer."""
        path, face, member, signature = dice.random.choice(self.found)
        if isinstance(signature, tuple):
            arguments = GLib.Variant("(ssv)", (*signature, dice.variant()))
        else:
            if dice.random.random() < 0.2:
                signature = dice.random.choice(SIGNATURES)
            arguments = dice.arguments(signature)
        if dice.random.random() < 0.1:
            path = dice.random.choice(PATHS)
        descriptors = [0] * dice.random.choice((1, 16)) if dice.random.random() < 0.02 else ()
        words = arguments.print_(True) if arguments.get_size() < 1000 else arguments.get_size()
        call = f"{path} {face}.{member} {words}"
        return call, client.begin_with(member, arguments, path=path, interface=face,
                                       interactive=dice.random.random() < 0.5,
                                       descriptors=descriptors)

    def burst(self, dice, client, count):
        """Each call gets an answer, and each refusal a name and a text. Polkit's answer may be that
        there is none: who asked is gone then, and with him all that he has open."""
        sent = [self.begin(dice, client) for _ in range(count)]
        pump(lambda: len(self.polkit.open) == sum(not answer for _, answer in sent),
             "all but those that wait for polkit are answered")
        for call, answer in sent:
            if not answer or not isinstance(answer[0], BusError):
                continue
            assert answer[0].text, f"{call}: {answer[0]}"
            assert answer[0].name not in [DBUS_ERROR + name for name in LOST], f"{call}: {answer[0]}"
        assert not client.connection.is_closed(), "the bus takes it for no client any more"
        assert self.daemon.process.poll() is None, self.daemon.said()

    def kept(self):
        """All that a call could change: blocks, marks, configuration, jobs and their files."""
        folders = [self.machine.path / name for name in ("var", "run", "etc", "usr")]
        files = {path: path.read_bytes() for folder in folders for path in folder.rglob("*")
                 if path.is_file()}
        return self.kernel.states(), files, self.client.call("ListJobs"), \
            self.client.call("ListMarks"), self.client.get_all()

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.daemon.process.pid}/fd"))

    def memory(self):
        """Resident, in MiB."""
        status = open(f"/proc/{self.daemon.process.pid}/status", encoding="ascii").read()
        return int(status.partition("VmRSS:")[2].split()[0]) >> 10

    def settle(self):
        pump(lambda: all(job[3] == "ended" for job in self.client.call("ListJobs")), "jobs end")


def seconds():
    return float(os.environ.get("BUS_FUZZ_SECONDS", 2))


def begin():
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    print(f"SEED={seed}", flush=True)
    return seed, Dice(seed)


def fuzz(table, dice, client, after):
    """Bursts, for some time; after() looks whether all is well. Returns how many calls."""
    end, calls = time.monotonic() + seconds(), 0
    table.burst(dice, client, 100)
    fds, before = table.descriptors(), table.memory()
    while time.monotonic() < end:
        table.burst(dice, client, 100)
        calls += 100
        after()
    table.settle()
    # A worker may be kept for a while, and be gone again.
    pump(lambda: table.descriptors() <= fds + 2, f"no more descriptors: {fds}, {table.descriptors()}")
    assert sanitizers(MEMBLOCKD) or table.memory() <= before + 64, \
        f"{before} MiB before, {table.memory()} after {calls} calls"
    return calls


def check_stranger_who_is_denied():
    """Nothing changes. Without root there is polkit in between all the same."""
    seed, dice = begin()
    with Table(lambda question: False) as table:
        kept = table.kept()

        def unchanged():
            assert not table.worker.writes(), f"SEED={seed}: {table.worker.log}"
            assert table.kept() == kept, f"SEED={seed}: {kept} became {table.kept()}"

        calls = fuzz(table, dice, table.stranger, unchanged)
    return f"{calls} calls, SEED={seed}"


def check_stranger_about_whom_polkit_does_not_answer():
    """Nothing changes, and when he is gone nothing of him is left."""
    seed, dice = begin()
    with Table(lambda question: None) as table:
        kept, fds = table.kept(), table.descriptors()
        end = time.monotonic() + seconds()
        while time.monotonic() < end:
            with table.bus.client(NOBODY if os.geteuid() == 0 else None) as client:
                table.burst(dice, client, 200)
                assert len(table.polkit.open) <= 16, f"SEED={seed}: {len(table.polkit.open)}"
                # Others are served meanwhile.
                assert table.kept() == kept, f"SEED={seed}: {kept} became {table.kept()}"
            table.polkit.open.clear()
            table.client.call("Ping", interface="org.freedesktop.DBus.Peer")
        assert not table.worker.writes(), f"SEED={seed}: {table.worker.log}"
        pump(lambda: table.descriptors() <= fds + 2, "no more descriptors")


def check_who_may_do_all():
    """Root, or whom polkit allows everything: jobs end, and what they can't change is as it was."""
    for who in ("client", "stranger"):
        seed, dice = begin()
        with Table(lambda question: True) as table:
            calls = fuzz(table, dice, getattr(table, who), table.settle)
            assert table.client.get("Blocks") == 40, f"SEED={seed}"
            assert len(table.client.call("ListMarks")) <= 4096
            configuration = [path for path in (table.machine.path / "etc").rglob("*")
                             if path.is_file()] if (table.machine.path / "etc").exists() else []
            assert not configuration, configuration
    return f"{calls} calls, SEED={seed}"


def check_flood():
    """One who doesn't wait for answers; another is served all the same."""
    with Table(lambda question: None) as table:
        flood = [table.stranger.begin(member, signature, *arguments) for _ in range(500)
                 for member, signature, arguments in (
                     ("ListRanges", "()", ()), ("ListBlocks", "(tu)", (0, 10000)),
                     ("Offline", "(a(tt)sa{sv})", ([place(20)], "", {})), ("Rescan", "()", ()))]
        assert table.client.get("Blocks") == 40
        if os.geteuid() == 0:
            table.client.call("Mark", "(a(tt)ss)", [place(18)], "", "Served")
        pump(lambda: sum(map(bool, flood)) >= len(flood) - 16, "all but those that wait for polkit")
        assert not table.worker.writes()


def check_wrong_types():
    with Table(lambda question: True) as table:
        dice = Dice(0)
        for path, face, member, signature in table.found:
            if isinstance(signature, tuple) or not face.startswith("org.memblockd1"):
                continue
            for wrong in SIGNATURES:
                if wrong == signature:
                    continue
                answer = table.client.begin_with(member, dice.arguments(wrong), path=path,
                                                 interface=face)
                pump(lambda answer=answer: answer, f"{member}({wrong})")
                assert isinstance(answer[0], BusError), f"{member}({wrong}): {answer}"
                assert answer[0].name == DBUS_ERROR + "InvalidArgs", f"{member}({wrong}): {answer}"
        assert not table.worker.writes()


def check_properties_can_not_be_written():
    with Table(lambda question: True) as table:
        for path, face, _, names in table.found:
            if face == PROPERTIES and isinstance(names, tuple) and names[0].startswith("org.memblockd1"):
                table.client.refused(DBUS_ERROR + "PropertyReadOnly", "Set", "(ssv)", *names,
                                     GLib.Variant("t", 0), path=path, interface=PROPERTIES)


def check_very_many_ranges():
    with Table(lambda question: True) as table:
        for count in (1000, 100000):
            answer = table.client.begin_with("PlanOffline", GLib.Variant.new_tuple(
                many_ranges(count), GLib.Variant("s", ""), GLib.Variant("a{sv}", {})))
            pump(lambda answer=answer: answer, f"{count} ranges")
        assert table.client.get("Blocks") == 40 and not table.worker.writes()


if __name__ == "__main__":
    main(globals())
