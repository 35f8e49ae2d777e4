#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each fault at each step of a job: memory is as the rule says, the journal has a line of it, nothing is
left behind, and the next job works. MATRIX=all tries all cells, else those that make check has time
for; MATRIX_RECORD names a file that gets what came of each."""

import contextlib
import functools
import json
import os
import pathlib
import re
import signal
import threading

from authority import Polkit
from bench import Bench, mounted, unmount
from harness import main
from kernel import CONFIG, Machine, place
from service import DBUS_ERROR, NOBODY, BusError, owned, pump

# What became of memory, and the job's error. "as found": nothing was done, or all of it put back. A
# block that the kernel took away is not looked at.
DONE, AS_FOUND, LEFT = "done", "as found", "one block left offline"
BUSY = AS_FOUND + ", Busy"
NEVER = None  # nothing of the kind happens at that step
# The rule: what was done whole stays, all else is put back, whatever went wrong. What can't be put back
# is said.
COLUMNS = ("queued", "first", "between", "last", "back", "after")
EXPECTED = {
    "killed": (AS_FOUND, AS_FOUND, *(AS_FOUND + ", Interrupted",) * 3, DONE),
    "killed_in_record": (NEVER, AS_FOUND, NEVER, AS_FOUND + ", Interrupted", NEVER, NEVER),
    "stopped": (*(AS_FOUND,) * 5, DONE),
    "worker_killed": (*(AS_FOUND + ", NoWorker",) * 4, LEFT + ", Busy", DONE),
    "block_removed": (*(AS_FOUND + ", Vanished",) * 4, BUSY, AS_FOUND + ", Vanished"),
    "changed_by_rival": (*(DONE,) * 4, BUSY, DONE),
    "refusing_busy": (*(BUSY,) * 4, LEFT + ", Busy", DONE),
    "refusing_invalid": (*(AS_FOUND + ", Refused",) * 4, LEFT + ", Busy", DONE),
    "never_answering": (*(AS_FOUND + ", TimedOut",) * 4, LEFT + ", Busy", DONE),
    "never_coming_back": (*(AS_FOUND + ", TimedOut",) * 4, LEFT + ", Busy", DONE),
    "run_full": (*(AS_FOUND + ", Failed",) * 3, DONE, BUSY, DONE),
    "bus_restarted": (*(DONE,) * 4, BUSY, DONE),
    "polkit_gone": (*(DONE,) * 4, BUSY, DONE),
    "suspended": (*(DONE,) * 4, BUSY, DONE),
}
# What make check has time for. Of other rows it tries the last write, but not where time limits pass.
QUICK = {
    "killed": COLUMNS,
    "killed_in_record": COLUMNS,
    "stopped": COLUMNS,
    "never_answering": (),
    "never_coming_back": (),
    "run_full": ("queued", "first"),
}
FIRST, NEXT, MARKED = 16, 10, 12  # blocks: the job's first, that of the job after it, a third


class Cell:
    """A job in the middle, and what is needed to go on with it."""

    def __init__(self, bench, stack, step, fault):
        self.bench = bench
        self.stack = stack
        self.client = bench.client
        self.step = step
        self.fault = fault
        if fault is polkit_gone:
            self.polkit = bench.polkit or stack.enter_context(Polkit(bench.bus))
            self.client = stack.enter_context(bench.bus.client(None if os.geteuid() else NOBODY))
        self.order = bench.order([place(FIRST, fault.blocks)])
        self.guarded = threading.Event()
        self.last_words = ""  # of daemons that are gone
        self.job = None

    def begin(self):
        self.job = self.client.offline([place(FIRST, self.fault.blocks)], **self.fault.options)

    def hold(self, nth, *words):
        """Begins the job, and waits until it stands in the write of that block."""
        block = self.order[nth]
        self.bench.worker.script(block, *words)
        self.begin()
        pump(lambda: [index for index, _ in self.bench.worker.writes()].count(block) == len(words),
             "the write that is held")

    def resume(self, word="ok"):
        """The write that stands still, or comes next, does that."""
        self.bench.worker.resume(word)
        self.guarded.set()

    def restart(self):
        """Another memblockd, after one that is gone."""
        self.last_words += self.bench.daemon.said()
        self.bench.worker.scripts.clear()
        self.bench.start()

    def ending(self):
        """Waits for the end of all jobs; tells what became of memory and the error."""
        pump(lambda: all(entry[3] == "ended" for entry in self.client.call("ListJobs")), "all ends")
        found, now = self.bench.found, self.bench.kernel.states()
        changed = {index for index, facts in now.items() if facts != found[index]}
        assert changed <= set(self.order), f"changed: {changed}"
        there = set(self.order) & set(now)
        memory = DONE if changed == there else AS_FOUND if not changed else \
            LEFT if len(changed) == 1 else f"changed: {changed}"
        return ", ".join(filter(None, (memory, self.error())))

    def error(self):
        self.job.client = self.client
        try:
            return self.job.get("Error")
        except BusError:
            return ""  # nothing is known of it any more

    def lines(self):
        """What the journal says of how it ended."""
        said = self.last_words + self.bench.daemon.said()
        return re.findall(rf"^.*Job {self.job.id} \(offline\)(?:: | was ).*$", said, re.M)


# Steps: where the job stands

def queued(cell):
    """Behind a guard that takes its time."""
    cell.bench.worker.guard = lambda index: cell.guarded.wait(60) and 0
    cell.client.call("Mark", "(a(tt)ss)", [place(MARKED)], "", "Ours")
    pump(lambda: MARKED in cell.bench.worker.asked("guard"), "a guard")
    cell.bench.worker.script(cell.order[0], "held")
    cell.begin()


def first(cell):
    cell.hold(0, "held")


def between(cell):
    """It waits for somebody else who takes the second block offline."""
    state = cell.bench.kernel.memory / f"memory{cell.order[1]}/state"
    cell.bench.kernel.write(state, "going-offline\n")
    cell.bench.worker.script(cell.order[1], "held")
    cell.begin()
    pump(lambda: cell.job.get("DoneBytes") > 0, "the first block is done")
    resume = cell.resume

    def give_up(word="ok"):
        cell.bench.kernel.write(state, "online\n")
        resume(word)
    cell.resume = give_up


def last(cell):
    cell.hold(-1, "held")


def back(cell):
    """The last block refused, and the one before is brought online again."""
    cell.bench.worker.script(cell.order[-1], "EBUSY")
    cell.hold(-2, "ok", "held")


def after(cell):
    """The last write is done, and its answer is not there yet."""
    cell.hold(-1, "held-after")


# Faults

def fault(blocks=3, small_run=False, **options):
    """What a cell needs for it: how many blocks, a /run that can be filled, the job's options."""
    def decorate(function):
        function.blocks = blocks
        function.small_run = small_run
        function.options = options
        return function
    return decorate


@fault()
def killed(cell):
    cell.bench.daemon.kill()
    # The end of its connection ends a write.
    if cell.step in (queued, between):
        cell.resume()
    cell.restart()


@fault()
def killed_in_record(cell):
    """What was to be done next is written down in part."""
    cell.bench.daemon.kill()
    record, = cell.bench.jobs_folder().iterdir()
    record.write_bytes(record.read_bytes()[:-len("offline\n")])
    cell.restart()


@fault()
def stopped(cell):
    cell.bench.daemon.signal(signal.SIGTERM)
    pump(lambda: "STOPPING=1" in cell.bench.daemon.told(), "STOPPING=1")
    if cell.step in (queued, between, back):  # a write that takes memory offline ends by itself
        cell.resume()
    assert cell.bench.daemon.wait() == 0, cell.bench.daemon.said()
    cell.restart()


@fault()
def worker_killed(cell):
    cell.resume("dies")


@fault()
def block_removed(cell):
    cell.resume("vanishes")


@fault()
def changed_by_rival(cell):
    cell.resume("rival")


@fault()
def refusing_busy(cell):
    cell.resume("EBUSY")


@fault()
def refusing_invalid(cell):
    cell.resume("EINVAL")


@fault(timeout=3000000)
def never_answering(cell):
    cell.resume("hang")


@fault(timeout=3000000)
def never_coming_back(cell):
    """As the one before, but that nothing ends it but the kernel."""
    cell.resume("stuck")
    cell.job.wait_state("abandoned")
    cell.bench.worker.release()


# So many that what is noted of them takes more than the page that is there already.
@fault(blocks=150, small_run=True)
def run_full(cell):
    filler = cell.bench.machine.path / "run/filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    cell.resume()
    pump(lambda: cell.job.get("State") == "ended", "its end")
    filler.unlink()


@fault()
def bus_restarted(cell):
    bus = cell.bench.bus
    bus.stop()
    cell.bench.daemon.wait_said("gone")
    bus.start()
    pump(lambda: owned(bus), "the name is there")
    if cell.bench.polkit:
        cell.stack.enter_context(Polkit(bus))
    cell.client = cell.job.client = cell.stack.enter_context(bus.client())
    cell.resume()


@fault()
def polkit_gone(cell):
    cell.polkit.client.close()
    cell.client.refused(DBUS_ERROR + "AccessDenied", "Offline", "(a(tt)sa{sv})", [place(NEXT)],
                        "", {})
    cell.resume()
    pump(lambda: cell.job.get("State") == "ended", "its end")
    cell.stack.enter_context(Polkit(cell.bench.bus))


@fault()
def suspended(cell):
    before = cell.bench.kernel.states()
    cell.bench.daemon.signal(signal.SIGSTOP)
    cell.resume()
    if cell.step not in (queued, between, after):
        pump(lambda: cell.bench.kernel.states() != before, "the kernel is through")
    cell.bench.daemon.signal(signal.SIGCONT)


# The table

def prepare(bench, wrong):
    bench.machine.write(CONFIG, "[Marks]\nGuard=yes\n"
                        "[Policy]\nMovableRatio=0\n[Offline]\nReserve=256M\n")  # many may go
    if wrong.small_run:
        mounted(bench.machine.path / "run", "size=64k")


def next_job_works(cell):
    cell.bench.worker.scripts.clear()
    cell.client.signals.clear()  # numbers begin anew with a daemon that has no job to put back
    cell.client.offline([place(NEXT)]).ended("done", "")
    cell.client.online([place(NEXT)]).ended("done", "")


def try_cell(step, wrong, expected, record):
    with contextlib.ExitStack() as stack:
        bench = stack.enter_context(Bench(
            machine=lambda: Machine(movable=max(16, 2 * wrong.blocks)),
            before=lambda bench: prepare(bench, wrong)))
        if wrong.small_run:
            stack.callback(unmount, bench.machine.path / "run")
        cell = Cell(bench, stack, step, wrong)
        stack.callback(cell.guarded.set)
        step(cell)
        wrong(cell)
        ending = cell.ending()
        record.setdefault(wrong.__name__, {})[step.__name__] = ending
        assert ending == expected, f"{ending}, not {expected}: {cell.lines()}"
        # What had not begun when memblockd was killed, nobody knows of.
        assert cell.lines() or (step, wrong) == (queued, killed), "the journal has no line of it"
        bench.no_job_files()
        next_job_works(cell)
        return ending


def cells(record):
    """Named as main() wants checks to be."""
    every = os.environ.get("MATRIX") == "all"
    chosen = {}
    for name, endings in EXPECTED.items():
        wanted = COLUMNS if every else QUICK.get(name, ("last",))
        for column, expected in zip(COLUMNS, endings):
            if expected is not NEVER and column in wanted:
                chosen[f"check_{name}, {column}"] = functools.partial(
                    try_cell, globals()[column], globals()[name], expected, record)
    return chosen


if __name__ == "__main__":
    RECORD = {}
    try:
        main(cells(RECORD))
    finally:
        if os.environ.get("MATRIX_RECORD"):
            pathlib.Path(os.environ["MATRIX_RECORD"]).write_text(
                json.dumps(RECORD, indent=1) + "\n", encoding="utf-8")
