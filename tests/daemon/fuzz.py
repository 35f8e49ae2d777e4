#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Arguments that nobody means: each call is answered, nothing is written that was not asked for,
and the daemon lives."""

import os
import random
import string

from bench import Bench
from harness import main
from kernel import BLOCK
from service import DBUS_ERROR, PATH, GLib, pump

TOP = (1 << 64) - 1
NUMBERS = (0, 1, 2, 4095, 4096, BLOCK - 1, BLOCK, BLOCK + 1, 16 * BLOCK, 39 * BLOCK, 40 * BLOCK,
           1 << 31, 1 << 32, 1 << 52, 1 << 63, (1 << 63) - 1, TOP - BLOCK + 1, TOP - 1, TOP)
METHODS = {
    "ListRanges": "()", "ListBlocks": "(tu)", "GetBlock": "(t)", "GetBlockByAddress": "(t)",
    "PlanOnline": "(a(tt)sa{sv})", "PlanOffline": "(a(tt)sa{sv})", "Online": "(a(tt)sa{sv})",
    "Offline": "(a(tt)sa{sv})", "Remove": "(sa{sv})", "Mark": "(a(tt)ss)", "Unmark": "(a(tt))",
    "CountPages": "(a(tt))",
    "ListMarks": "()", "ListJobs": "()", "Rescan": "()", "Reload": "()"}
OPTIONS = ("size", "node", "device", "best-effort", "timeout", "nonsense", "")


class Dice:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def text(self):
        return self.random.choice(("", "kernel", "movable", "Movable", "Normal", "none", "firmware",
                                   "-", "/", "..", "%s%n", "x" * 3000, "\N{SNOWMAN}", "a\nb", " ",
                                   "".join(self.random.choices(string.printable, k=9))))

    def value(self, kind):
        if kind == "t":
            return self.random.choice(NUMBERS)
        if kind == "u":
            return self.random.choice((0, 1, 10000, 10001, (1 << 32) - 1))
        if kind == "i":
            return self.random.choice((0, 1, -1, -2, -3, 1 << 20, -(1 << 31), (1 << 31) - 1))
        if kind == "b":
            return self.random.random() < 0.5
        if kind == "s":
            return self.text()
        if kind == "a(tt)":
            count = self.random.choice((0, 1, 1, 1, 2, 7, 300))
            return [(self.value("t"), self.value("t")) for _ in range(count)]
        options = self.random.sample(OPTIONS, self.random.choice((0, 0, 1, 2)))
        return {name: self.variant() for name in options}

    def variant(self):
        kind = self.random.choice(("t", "i", "s", "b", "u", "a(tt)"))
        return GLib.Variant(kind, self.value(kind))

    def arguments(self, signature):
        kinds, rest = [], signature[1:-1]
        while rest:
            kind = next(kind for kind in ("a(tt)", "a{sv}", "t", "u", "s")
                        if rest.startswith(kind))
            kinds.append(kind)
            rest = rest[len(kind):]
        return [self.value(kind) for kind in kinds]


def answered(bench, answers, what):
    pump(lambda: all(answers), f"every call is answered: {what}")
    assert bench.daemon.process.poll() is None, bench.daemon.said()


def check_absurd_arguments():
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    dice = Dice(seed)
    with Bench() as bench:
        errors = 0
        for _ in range(40):
            sent, answers = [], []
            for _ in range(25):
                member = dice.random.choice(tuple(METHODS))
                arguments = dice.arguments(METHODS[member])
                sent.append((member, arguments))
                answers.append(bench.client.begin(member, METHODS[member], *arguments))
            answered(bench, answers, f"SEED={seed}")
            for call, answer in zip(sent, answers):
                if isinstance(answer[0], Exception):
                    errors += 1
                    assert answer[0].text, f"SEED={seed}: {call}: {answer[0]}"
                    assert answer[0].name not in (DBUS_ERROR + "NoReply", DBUS_ERROR + "Failed",
                                                  DBUS_ERROR + "Disconnected"), \
                        f"SEED={seed}: {call}: {answer[0]}"
        pump(lambda: all(job[3] == "ended" for job in bench.client.call("ListJobs")),
             f"all jobs end (SEED={seed})")
        assert bench.client.get("Blocks") == 40
    return f"{errors} refused of 1000"


def check_wrong_types():
    with Bench() as bench:
        for member, signature in METHODS.items():
            for wrong in ("(s)", "(u)", "(a(tt)s)", "(aay)", "(v)", "(a{sv}a(tt)s)", "(tuu)"):
                if wrong == signature:
                    continue
                value = {"(s)": ("x",), "(u)": (1,), "(a(tt)s)": ([(0, 1)], ""),
                         "(aay)": ([[1]],), "(v)": (GLib.Variant("t", 1),),
                         "(a{sv}a(tt)s)": ({}, [], ""), "(tuu)": (1, 2, 3)}[wrong]
                bench.client.refused(DBUS_ERROR + "InvalidArgs", member, wrong, *value)
        bench.client.refused(DBUS_ERROR + "UnknownMethod", "Nonsense")
        bench.client.refused(DBUS_ERROR + "InvalidArgs", "Details", "(s)", "x",
                             path=f"{PATH}/block/memory3", interface="org.memblockd1.Block")
        assert not bench.worker.writes()


def check_properties_can_not_be_written():
    with Bench() as bench:
        for path, face, name, value in (
                (PATH, "org.memblockd1.Manager", "Reserve", GLib.Variant("t", 0)),
                (PATH, "org.memblockd1.Manager", "ReadOnly", GLib.Variant("b", False)),
                (f"{PATH}/block/memory3", "org.memblockd1.Block", "State",
                 GLib.Variant("s", "offline"))):
            bench.client.refused(DBUS_ERROR + "PropertyReadOnly", "Set", "(ssv)", face, name, value,
                                 path=path, interface="org.freedesktop.DBus.Properties")
        assert not bench.worker.writes()


def check_very_many_ranges():
    with Bench() as bench:
        for count in (1000, 100000):
            answer = bench.client.begin("PlanOffline", "(a(tt)sa{sv})",
                                        [(16 * BLOCK, BLOCK)] * count, "", {})
            answered(bench, [answer], f"{count} ranges")
        assert bench.client.get("Blocks") == 40 and not bench.worker.writes()


if __name__ == "__main__":
    main(globals())
