#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""memblockd at start, at reload, at a scan and at a job, while one call after the other fails."""

import pathlib
import signal
import sys

from faults import FEW, Faults, each_failure, names
from harness import main

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "daemon"))
from bench import Bench  # noqa: E402
from kernel import Machine, place  # noqa: E402
from service import BusError, pump  # noqa: E402

BLOCKS = (8, 9)
OFFLINE = [place(BLOCKS[0], len(BLOCKS))]


def ended_well(daemon, what):
    """As far as that may be: by itself, with a status and a line that tell of it."""
    status = daemon.process.poll()
    # libsystemd aborts where it frees a bus to which an object could not be added.
    aborted = status == -signal.SIGABRT and "failed at src/libsystemd/" in daemon.said()
    assert (status > 0 or aborted) and "Sanitizer" not in daemon.said(), f"{what}: memblockd ends with {status}: {daemon.said()}"
    assert daemon.said().strip(), \
        f"{what}: memblockd ends and doesn't say why"


def machine():
    """Small, so that there are few calls."""
    return Machine(normal=8, movable=4, offline=0)


class Victim(Bench):
    """A bench whose daemon is one of which calls fail; it is started anew where that ended it."""

    def __init__(self, faults):
        super().__init__(machine=machine, environment={
            name: faults.environment[name] for name in ("LD_PRELOAD", "FAULTS", "LSAN_OPTIONS")})
        self.faults = faults
        self.ended = 0

    def ask(self, member, *arguments):
        """A call may fail, or find nobody: what matters is how things are afterwards."""
        try:
            return self.client.call(member, *arguments)
        except BusError as error:
            return error

    def ask_of_job(self, path):
        """Its result; nothing where who began it is gone."""
        try:
            return self.client.job(path).get("Result")
        except BusError:
            return None

    def has_ended(self):
        return self.daemon.process.poll() is not None

    def recover(self, what):
        """Until somebody serves again. Who ended must have said why, with a status that tells."""
        self.faults.disarm()
        pump(lambda: self.has_ended() or self.settled(),
             f"{what}: memblockd serves or ends: {self.daemon.said()}")
        if self.has_ended():
            ended_well(self.daemon, what)
            self.ended += 1
            self.daemon.over = True
            self.client.signals.clear()  # of jobs whose numbers come again
            self.start()
            pump(self.settled, f"{what}: the next memblockd puts back: {self.daemon.said()}")

    def settled(self):
        """Somebody answers, and has no job under way."""
        jobs = self.ask("ListJobs")
        return not isinstance(jobs, BusError) and all(
            entry[3] in ("ended", "abandoned") for entry in jobs)


def whole_files(bench, what):
    """What memblockd keeps is never half written, and nothing of writing it is left."""
    for folder in ("run/memblockd", "var/lib/memblockd"):
        for path in (bench.machine.path / folder).rglob("*"):
            assert not path.name.endswith(".new"), f"{what}: {path} is left"
    bench.no_job_files()


def sweep(work, check):
    """work(victim) once for each call of it, which fails; then check(victim, answer, what)."""
    with Faults() as faults, Victim(faults) as victim:
        victim.client.wait_tried()
        work(victim)
        victim.faults.arm()
        work(victim)
        counts = faults.counts()
        faults.disarm()
        check(victim, None, "nothing fails")
        live = faults.live()
        failures = each_failure(counts)
        for failure in failures:
            what = names(*failure)
            faults.arm(*failure)
            answer = work(victim)
            what = f"{what} in {faults.callers()}"
            victim.recover(what)
            check(victim, answer, what)
        return f"{len(failures)}, of which {victim.ended} ended it", faults.live() - live


def nothing_kept(words, kept):
    """Failures are many: what each of them leaked would show."""
    assert kept < FEW, f"{words}; {kept} more allocations are kept"
    return words


def check_start():
    """It serves, or ends and says why; what it keeps is whole either way, and the next one serves."""
    ended = 0
    with Faults() as faults, Victim(faults) as victim:
        def start(what):
            victim.start(wait=False)
            pump(lambda: victim.has_ended() or "READY=1" in victim.daemon.told() or
                 "could not be told" in victim.daemon.said(), f"{what}: it is ready")

        def stop(what):
            if victim.has_ended():
                ended_well(victim.daemon, what)
                victim.daemon.over = True
                return 1
            assert victim.daemon.stop() == 0, f"{what}: {victim.daemon.said()}"
            return 0

        stop("nothing fails")
        faults.arm()
        start("nothing fails")
        counts = faults.counts()
        stop("nothing fails")
        failures = each_failure(counts)
        for failure in failures:
            faults.arm(*failure)
            start(names(*failure))
            faults.disarm()
            what = f"{names(*failure)} in {faults.callers()}"
            ended += stop(what)
            whole_files(victim, what)
    return f"{len(failures)}, of which {ended} ended it"


def check_reload():
    def check(victim, _answer, what):
        victim.client.call("Reload")
        whole_files(victim, what)

    return nothing_kept(*sweep(lambda victim: victim.ask("Reload"), check))


def check_scan():
    def check(victim, _answer, what):
        victim.client.call("Rescan")
        rows = victim.client.call("ListRanges")
        assert rows == victim.rows, f"{what}: {rows}"
        whole_files(victim, what)

    def work(victim):
        if not hasattr(victim, "rows"):
            victim.rows = victim.client.call("ListRanges")
        return victim.ask("Rescan")

    return nothing_kept(*sweep(work, check))


def check_job():
    """All of it or nothing, and the next one works."""
    def work(victim):
        answer = victim.ask("Offline", "(a(tt)sa{sv})", OFFLINE, "", {})
        if not isinstance(answer, BusError):
            pump(lambda: victim.has_ended() or not victim.faults.armed() or victim.settled(),
                 "the job ends")
        return answer

    def put_back(victim):
        for index in BLOCKS:
            if victim.kernel.state(index) == "offline":
                victim.kernel.set(index, *victim.found[index])
        victim.client.call("Rescan")

    def check(victim, answer, what):
        gone = [index for index in BLOCKS if victim.kernel.state(index) == "offline"]
        assert len(gone) in (0, len(BLOCKS)), f"{what}: {gone} offline"
        result = isinstance(answer, str) and victim.ask_of_job(answer)
        assert not result or (result == "done") == bool(gone), f"{what}: {result}, {gone} offline"
        if list(victim.jobs_folder().iterdir()):  # it could not be taken away
            assert victim.daemon.stop() == 0, victim.daemon.said()
            victim.client.signals.clear()
            victim.start()
            now = [index for index in BLOCKS if victim.kernel.state(index) == "offline"]
            assert now == gone, f"{what}: the next memblockd makes {now} offline of {gone}"
        whole_files(victim, what)
        put_back(victim)
        victim.client.offline(OFFLINE).ended("done")
        put_back(victim)

    words, _ = sweep(work, check)  # what became of jobs is kept for a while
    return words


main(globals())
