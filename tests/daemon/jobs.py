#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Jobs: refused before the first write, done, put back, given up; never half done unsaid."""

import contextlib
import os
import socket
import tempfile
import threading
import time

from bench import Bench
from harness import main
from kernel import (BLOCK, CONFIG, OFFLINE, ONLINE, ONLINE_KERNEL, ONLINE_MOVABLE, Machine,
                    place)
from service import DBUS_ERROR, ERROR, BusError, GLib, pump, variants

CHANGE = "(a(tt)sa{sv})"
TOP = (1 << 64) - 1
JOB_FACE = "org.memblockd1.Job"


def outcomes(results):
    return {start // BLOCK: outcome for start, outcome, _, _ in results}


def errors(results):
    return {start // BLOCK: error for start, _, error, _ in results if error}


def zones(results):
    return {start // BLOCK: zone for start, _, _, zone in results if zone}


# Done

def check_offline():
    with Bench() as bench:
        job = bench.client.offline([place(16, 4)])
        new = bench.client.wait_heard("JobNew")
        assert new.arguments == (job.id, job.path), new
        results = job.ended("done", "")
        assert outcomes(results) == dict.fromkeys(range(16, 20), "done"), results
        bench.unchanged(*range(16, 20))
        assert sorted(bench.worker.writes()) == [(index, OFFLINE) for index in range(16, 20)]
        facts = job.all()
        assert "Results" not in facts, facts
        assert (facts["Id"], facts["Kind"], facts["Zone"], facts["Device"], facts["User"]) == \
            (job.id, "offline", "", "", os.geteuid()), facts
        assert facts["DoneBytes"] == facts["WantedBytes"] == 4 * BLOCK, facts
        bench.no_job_files()
        told = {}
        for signal in bench.client.heard("PropertiesChanged", job.path):
            told.update(signal.arguments[1])
        assert told["State"] == "ended" and told["Result"] == "done", told
        assert told["DoneBytes"] == 4 * BLOCK, told
        # What was changed is what is served, at once.
        assert bench.client.get("OnlineBytes") == 28 * BLOCK
        assert bench.client.get("State", "/org/memblockd1/block/memory16",
                                "org.memblockd1.Block") == "offline"


def check_what_a_job_did_is_read_alone():
    """All blocks are read for its plan, and then those of the job."""
    with Bench() as bench:
        scans = bench.client.get("Scans")
        bench.worker.script(18, "EBUSY")
        bench.client.offline([place(16, 4)], best_effort=True).ended("partial")
        assert bench.client.get("OnlineBytes") == 29 * BLOCK
        assert bench.client.get("Scans") == scans + 1


def check_online():
    with Bench() as bench:
        results = bench.client.online([place(32, 2)]).ended("done", "")
        assert zones(results) == {32: "Normal", 33: "Normal"}, results
        results = bench.client.online([place(34, 2)], "movable").ended("done", "")
        assert zones(results) == {34: "Movable", 35: "Movable"}, results
        results = bench.client.online([place(36, 2)], "kernel").ended("done", "")
        assert zones(results) == {36: "Normal", 37: "Normal"}, results
        assert {action for index, action in bench.worker.writes() if index < 34} == {ONLINE}
        assert {action for index, action in bench.worker.writes() if index in (34, 35)} == \
            {ONLINE_MOVABLE}
        assert {action for index, action in bench.worker.writes() if index > 35} == {ONLINE_KERNEL}


def check_already():
    with Bench() as bench:
        results = bench.client.offline([place(32, 8)]).ended("done", "")
        assert outcomes(results) == dict.fromkeys(range(32, 40), "already"), results
        bench.client.online([place(0, 32)]).ended("done", "")
        assert not bench.worker.writes(), bench.worker.writes()
        results = bench.client.offline([place(31, 2)]).ended("done", "")
        assert outcomes(results) == {31: "done", 32: "already"}, results


def check_by_node_device_and_zone():
    with Bench() as bench:
        bench.client.offline(node=0, size=2 * BLOCK, zone="Movable").ended("done", "")
        gone = {index for index, _ in bench.worker.writes()}
        assert len(gone) == 2 and gone <= set(range(16, 32)), gone
        bench.client.online(device="firmware").ended("done", "")
        assert bench.client.get("OfflineBytes") == 0


def check_plans():
    """A plan writes nothing, and a job does what the plan said."""
    with Bench() as bench:
        steps, size = bench.client.call("PlanOffline", CHANGE, [], "", variants(
            {"size": 3 * BLOCK}))
        assert size == 3 * BLOCK and len(steps) >= 3, steps
        assert not bench.worker.writes() and bench.client.call("ListJobs") == []
        bench.no_job_files()
        bench.client.offline(size=3 * BLOCK).ended("done", "")
        assert [index * BLOCK for index, _ in bench.worker.writes()] == \
            [start for start, _, word, _, _ in steps if word == "not-tried"][:3]
        steps, size = bench.client.call("PlanOnline", CHANGE, [place(31, 2)], "movable", {})
        assert size == 2 * BLOCK, steps
        assert {start // BLOCK: word for start, _, word, _, _ in steps}[32] == "not-tried", steps
        for start, length, _, busy, moves in steps:
            assert start % BLOCK == 0 and length % BLOCK == 0, steps
            assert (busy, moves) == ("unknown", 0), steps


# Refused before anything is written

def refused(bench, error, member, *arguments, says=(), **options):
    """As a plan and as a job, with the same name and the same words."""
    ranges, zone = (*arguments, "")[:2] if arguments else ([], "")
    plan = bench.client.refused(ERROR + error, "Plan" + member, CHANGE, ranges, zone,
                                variants(options), says=says)
    text = bench.client.refused(ERROR + error, member, CHANGE, ranges, zone, variants(options))
    assert text == plan, f"{text} and {plan}"
    nothing_came_of_it(bench)


def nothing_came_of_it(bench):
    assert not bench.worker.writes(), bench.worker.writes()
    assert bench.client.call("ListJobs") == [] and not bench.client.heard("JobNew")
    bench.unchanged()
    bench.no_job_files()


def check_ranges_that_make_no_sense():
    with Bench() as bench:
        for member in ("Online", "Offline"):
            refused(bench, "InvalidRange", member, [(16 * BLOCK, 0)])
            refused(bench, "InvalidRange", member, [(TOP, 2)])
            refused(bench, "InvalidRange", member, [(16 * BLOCK, TOP)])
            refused(bench, "InvalidRange", member, [place(16), (0, 0)])
            refused(bench, "NotAligned", member, [(16 * BLOCK + 4096, BLOCK)],
                    says=(f"{16 * BLOCK:x}", f"{18 * BLOCK - 1:x}"))
            refused(bench, "NotAligned", member, [(16 * BLOCK, 4096)],
                    says=(f"{16 * BLOCK:x}", f"{17 * BLOCK - 1:x}"))
            refused(bench, "NotAligned", member, [(1, TOP - 1)])
            refused(bench, "NoSuchBlock", member, [place(100)], says="memory100")
            refused(bench, "InvalidRange", member, [place(16, 2), place(17)], says="overlap")
            refused(bench, "NoSuchBlock", member, [place(16), place(100)])
            refused(bench, "NoSuchBlock", member, [(TOP - BLOCK + 1 - BLOCK, BLOCK)])
            refused(bench, "NotAligned", member, size=BLOCK + 1)


def check_nodes_devices_and_zones_that_are_not_there():
    with Bench() as bench:
        for member in ("Online", "Offline"):
            refused(bench, "NoSuchNode", member, node=5, says="5")
            refused(bench, "NoSuchDevice", member, device="PNP0C80:77", says="PNP0C80:77")
        refused(bench, "NoSuchBlock", "Offline", [place(16)], "Normal")
        refused(bench, "WrongZone", "Online", [place(16)], "kernel", says=("memory16", "Movable"))


def check_options_that_make_no_sense():
    with Bench() as bench:
        wrong = DBUS_ERROR + "InvalidArgs"
        for options in ({"nonsense": GLib.Variant("b", True)}, {"": GLib.Variant("b", True)},
                        {"size": GLib.Variant("u", 1)}, {"size": GLib.Variant("s", "1G")},
                        {"size": GLib.Variant("v", GLib.Variant("t", BLOCK))},
                        {"node": GLib.Variant("u", 0)}, {"device": GLib.Variant("u", 0)},
                        {"best-effort": GLib.Variant("u", 1)},
                        {"best_effort": GLib.Variant("b", True)},
                        {"timeout": GLib.Variant("i", 1)}):
            for member in ("Online", "Offline", "PlanOnline", "PlanOffline"):
                bench.client.refused(wrong, member, CHANGE, [place(16)], "", options)
            bench.client.refused(wrong, "Remove", "(sa{sv})", "firmware", options)
        for member in ("Online", "Offline", "PlanOnline", "PlanOffline"):
            bench.client.refused(wrong, member, CHANGE, [], "", {})
            bench.client.refused(wrong, member, CHANGE, [], "", variants({"best_effort": True}))
            for zone in ("nonsense", "kernel movable", "Movablex", "\N{SNOWMAN}"):
                bench.client.refused(wrong, member, CHANGE, [place(16)], zone, {})
        bench.client.refused(wrong, "Offline", CHANGE, [place(16)], "kernel", {})
        bench.client.refused(wrong, "Remove", "(sa{sv})", "firmware",
                             variants({"best_effort": True}))
        nothing_came_of_it(bench)


def hole(bench):
    """Blocks 20 and 35 have no RAM in a part of them."""
    text = ""
    for start, stop in ((0, 20 * BLOCK), (20 * BLOCK + (4 << 20), 35 * BLOCK),
                        (35 * BLOCK + (4 << 20), 256 * BLOCK)):
        text += f"{start:08x}-{stop - 1:08x} : System RAM\n"
    bench.machine.write("proc/iomem", text)


def check_blocks_that_can_never_go():
    with Bench(before=hole) as bench:
        refused(bench, "NotRemovable", "Offline", [place(20)], says=("memory20", "hole"))
        refused(bench, "NotRemovable", "Offline", [place(16, 16)], says="memory20")
        refused(bench, "NotOnlinable", "Online", [place(35)], says=("memory35", "hole"))
        # Where it is left to us which blocks, it is just not one of them; by best effort too.
        results = bench.client.offline([place(18, 4)], size=3 * BLOCK).ended("done", "")
        assert 20 not in [index for index, _ in bench.worker.writes()], results
        results = bench.client.online([place(32, 8)], best_effort=True).ended()
        assert outcomes(results)[35] == "left-out", results
        assert 35 not in [index for index, _ in bench.worker.writes()], results


def check_too_few_blocks():
    with Bench() as bench:
        refused(bench, "TooFewBlocks", "Offline", [place(16, 2)], size=3 * BLOCK)
        refused(bench, "TooFewBlocks", "Online", size=100 * BLOCK)


def check_too_little_memory():
    with Bench(before=lambda bench: bench.machine.room(16, 16, 0.2)) as bench:
        refused(bench, "TooLittleMemory", "Offline", [place(16, 8)])
        bench.client.offline([place(16, 2)]).ended("done", "")


def check_reserve_of_the_configuration():
    def set_reserve(bench):
        bench.machine.write(CONFIG, "[Offline]\nReserve=3G\n")

    with Bench(before=set_reserve) as bench:
        assert bench.client.get("Reserve") == 3 << 30
        refused(bench, "TooLittleMemory", "Offline", [place(16, 8)])


def check_movable_ratio():
    def set_ratio(bench):
        bench.machine.write(CONFIG, "[Policy]\nMovableRatio=110\n")

    with Bench(before=set_ratio) as bench:
        assert bench.client.get("MovableRatio") == 110
        refused(bench, "MovableRatio", "Offline", [place(8, 8)])
        bench.client.offline([place(16, 8)]).ended("done", "")


def check_facts_that_are_missing():
    """Nobody knows how much memory is free: none is taken away; more may be given."""
    with Bench(before=lambda b: (b.machine.path / "proc/meminfo").unlink()) as bench:
        refused(bench, "NotKnown", "Offline", [place(16)])
        bench.client.online([place(32)]).ended("done", "")


def check_read_only():
    with Bench("--read-only") as bench:
        assert bench.client.get("ReadOnly") is True
        for member in ("Online", "Offline"):
            bench.client.refused(ERROR + "ReadOnly", member, CHANGE, [place(16)], "", {})
        bench.client.refused(ERROR + "ReadOnly", "Remove", "(sa{sv})", "firmware", {})
        bench.client.refused(ERROR + "ReadOnly", "Mark", "(a(tt)ss)", [place(16)], "", "no")
        bench.client.refused(ERROR + "ReadOnly", "Unmark", "(a(tt))", [place(16)])
        assert bench.client.call("PlanOffline", CHANGE, [place(16)], "", {})
        bench.client.call("Rescan")
        nothing_came_of_it(bench)
        assert not (bench.machine.path / "run").exists()
        assert not (bench.machine.path / "var").exists()


# What kernels answer

def check_busy_puts_all_back():
    with Bench() as bench:
        bench.worker.script(18, "EBUSY")
        job = bench.client.offline([place(14, 6)])
        results = job.ended("failed", "Busy")
        assert outcomes(results)[18] == "failed" and errors(results) == {18: "EBUSY"}, results
        assert set(outcomes(results).values()) <= {"failed", "put-back", "not-tried"}, results
        assert "memory18" in job.get("Message"), job.all()
        bench.unchanged()
        back = {index: action for index, action in bench.worker.writes() if action != OFFLINE}
        for index, action in back.items():
            assert action == (ONLINE_KERNEL if index < 16 else ONLINE_MOVABLE), back
        assert back and job.get("DoneBytes") == 0, bench.worker.writes()
        bench.no_job_files()


def check_each_errno():
    for name, error in (("EBUSY", "Busy"), ("EINVAL", "Refused"), ("EPERM", "Refused"),
                        ("EINTR", "Failed"), ("ENOMEM", "Failed"), ("EIO", "Failed")):
        with Bench() as bench:
            bench.worker.script(17, name)
            results = bench.client.offline([place(16, 3)]).ended("failed", error)
            assert errors(results) == {17: name}, results
            bench.unchanged()
            bench.worker.script(33, name)
            results = bench.client.online([place(32, 3)]).ended("failed", error)
            assert errors(results) == {33: name}, results
            bench.unchanged()


def check_another_block_instead():
    """A size is met by any blocks that go."""
    with Bench() as bench:
        first = bench.order(size=2 * BLOCK)[0]
        bench.worker.script(first, "EBUSY")
        job = bench.client.offline(size=2 * BLOCK)
        results = job.ended("done")
        tried = [index for index, _ in bench.worker.writes()]
        assert tried[0] == first and len(tried) == 3, tried
        bench.unchanged(*tried[1:])
        assert errors(results) == {first: "EBUSY"}, results
        assert job.get("DoneBytes") == job.get("WantedBytes") == 2 * BLOCK
        # The sum is what is all or nothing.
        for index in range(40):
            bench.worker.script(index, "EBUSY")
        bench.found = bench.kernel.states()
        bench.client.offline(size=2 * BLOCK).ended("failed", "Busy")
        bench.unchanged()


def check_best_effort():
    with Bench() as bench:
        bench.worker.script(17, "EBUSY")
        job = bench.client.offline([place(16, 4)], best_effort=True)
        results = job.ended("partial")
        assert outcomes(results) == {16: "done", 17: "failed", 18: "done", 19: "done"}, results
        bench.unchanged(16, 18, 19)
        assert (job.get("DoneBytes"), job.get("WantedBytes")) == (3 * BLOCK, 4 * BLOCK)
        for index in range(20, 24):
            bench.worker.script(index, "EBUSY")
        bench.client.offline([place(20, 4)], best_effort=True).ended("failed", "Busy")
        bench.unchanged(16, 18, 19)


def check_time_limit():
    with Bench() as bench:
        bench.worker.script(17, "hang")
        job = bench.client.offline([place(16, 3)], timeout=200000)
        results = job.ended("failed", "TimedOut")
        assert outcomes(results)[17] == "failed", results
        assert 17 in [index for index, _ in bench.worker.writes()]
        bench.unchanged()


def check_time_limit_of_the_configuration():
    def set_timeout(bench):
        bench.machine.write(CONFIG, "[Offline]\nTimeout=1s\n")

    with Bench(before=set_timeout) as bench:
        assert bench.client.get("Timeout") == 1000000
        bench.worker.script(16, "hang")
        bench.client.offline([place(16)]).ended("failed", "TimedOut")
        bench.unchanged()


def check_cancel_running():
    with Bench() as bench:
        second = bench.order([place(16, 3)])[1]
        bench.worker.script(second, "hang")
        job = bench.client.offline([place(16, 3)])
        pump(lambda: second in [index for index, _ in bench.worker.writes()], "the second write")
        assert job.get("State") == "running" and job.get("DoneBytes") > 0, job.all()
        job.cancel()
        results = job.ended("failed", "Cancelled")
        assert "done" not in outcomes(results).values(), results
        bench.unchanged()
        bench.client.refused(ERROR + "TooLate", "Cancel", path=job.path, interface=JOB_FACE)


def check_cancel_by_best_effort():
    """What is done stays done."""
    with Bench() as bench:
        bench.worker.script(17, "hang")
        job = bench.client.offline([place(16, 3)], best_effort=True)
        pump(lambda: 17 in [index for index, _ in bench.worker.writes()], "the write")
        job.cancel()
        results = job.ended("partial", "Cancelled")
        done = [index for index, outcome in outcomes(results).items() if outcome == "done"]
        assert 17 not in done, results
        bench.unchanged(*done)


def check_cancel_queued():
    with Bench() as bench:
        bench.worker.script(16, "hang")
        first = bench.client.offline([place(16)])
        second = bench.client.offline([place(17)])
        third = bench.client.offline([place(18)])
        pump(bench.worker.writes, "the first write")
        assert [job.get("State") for job in (first, second, third)] == \
            ["running", "queued", "queued"]
        second.cancel()
        second.ended("failed", "Cancelled")
        first.cancel()
        first.ended("failed", "Cancelled")
        third.ended("done", "")
        bench.unchanged(18)


def check_order_of_jobs():
    with Bench() as bench:
        bench.worker.script(16, "hang")
        jobs = [bench.client.offline([place(16 + number)]) for number in range(6)]
        listed = bench.client.call("ListJobs")
        assert [(entry[0], entry[1], entry[2]) for entry in listed] == \
            [(job.id, job.path, "offline") for job in jobs], listed
        assert {entry[5] for entry in listed} == {BLOCK}, listed
        assert {job.path for job in jobs} == \
            {path for path in bench.client.objects() if "/job/" in path}
        jobs[0].cancel()
        for job in jobs[1:]:
            job.ended("done", "")
        assert [index for index, action in bench.worker.writes() if action == OFFLINE] == \
            list(range(16, 22)), bench.worker.writes()
        ended = [signal.arguments[0] for signal in bench.client.heard("JobRemoved")]
        assert ended == [job.id for job in jobs], ended


def check_facts_that_changed_while_it_waited():
    """It is planned anew when its turn comes."""
    with Bench() as bench:
        bench.worker.script(16, "hang")
        first = bench.client.offline([place(16)])
        second = bench.client.offline([place(17, 2)])
        third = bench.client.offline([place(19)])
        pump(bench.worker.writes, "the first write")
        bench.client.call("Mark", "(a(tt)ss)", [place(19)], "", "Ours")
        bench.kernel.offline(17)
        first.cancel()
        results = second.ended("done", "")
        assert outcomes(results) == {17: "already", 18: "done"}, results
        third.ended("failed", "NotRemovable")
        bench.unchanged(17, 18)


# Workers

def check_kernel_that_does_not_come_back():
    """The job is abandoned, and what comes behind it waits until the kernel is back."""
    with Bench() as bench:
        bench.worker.script(16, "stuck")
        job = bench.client.offline([place(16)], timeout=100000)
        other = bench.client.offline([place(17)])
        job.wait_state("abandoned")
        assert other.get("State") == "queued" and bench.client.call("ListRanges")
        assert bench.worker.writes() == [(16, OFFLINE)], bench.worker.writes()
        assert "memory16" in bench.daemon.said(), bench.daemon.said()
        bench.worker.release()
        job.ended("failed", "TimedOut")
        other.ended("done", "")
        bench.unchanged(17)


def check_worker_that_dies():
    with Bench() as bench:
        bench.worker.script(17, "dies")
        results = bench.client.offline([place(16, 3)]).ended("failed")
        assert outcomes(results)[17] == "failed", results
        bench.unchanged()
        # What it had done counts, though nobody said so.
        bench.worker.script(17, "dies-after")
        results = bench.client.offline([place(16, 3)]).ended("done", "")
        assert set(outcomes(results).values()) == {"done"}, results
        bench.unchanged(16, 17, 18)


def check_worker_that_dies_while_putting_back():
    with Bench() as bench:
        bench.worker.script(17, "EBUSY")
        bench.worker.script(16, "ok", "dies", "ok")
        bench.worker.script(18, "ok", "dies", "ok")
        job = bench.client.offline([place(16, 3)])
        results = job.ended()
        left = [index for index, outcome in outcomes(results).items() if outcome == "not-put-back"]
        bench.unchanged(*left)
        assert job.get("Result") == ("not-put-back" if left else "failed"), job.all()


# Brought online, neighbours are one request to the worker: a row.

def check_row():
    with Bench() as bench:
        results = bench.client.online([place(32, 8)]).ended("done", "")
        assert set(outcomes(results).values()) == {"done"}, results
        assert bench.worker.rows == [(32, 8)], bench.worker.rows
        # To take one offline may last.
        bench.client.offline([place(32, 2)]).ended("done", "")
        assert [count for _, count in bench.worker.rows[1:]] == [1, 1], bench.worker.rows


def check_row_with_one_that_fails():
    with Bench() as bench:
        bench.worker.script(35, "EPERM")
        results = bench.client.online([place(32, 8)], best_effort=True).ended("partial")
        assert errors(results) == {35: "EPERM"}, results
        assert bench.worker.rows == [(32, 8), (36, 4)], bench.worker.rows
        bench.unchanged(*set(range(32, 40)) - {35})
    with Bench() as bench:
        bench.worker.script(35, "EPERM")
        results = bench.client.online([place(32, 8)]).ended("failed")
        assert outcomes(results) == {**dict.fromkeys((32, 33, 34), "put-back"), 35: "failed",
                                     **dict.fromkeys((36, 37, 38, 39), "not-tried")}, results
        bench.unchanged()
        bench.daemon.wait_said("Job 1 is not to be done; putting back what it did")


def check_row_in_which_a_worker_dies():
    for word, outcome in (("dies", "failed"), ("dies-after", "done")):
        with Bench() as bench:
            bench.worker.script(35, word)
            results = bench.client.online([place(32, 8)], best_effort=True).ended()
            assert outcomes(results) == {**dict.fromkeys(range(32, 40), "done"), 35: outcome}, results
            assert [first for first, _ in bench.worker.rows][0] == 32, bench.worker.rows


def check_workers_that_all_die():
    """The third one is the last, whatever is left to be done."""
    with Bench() as bench:
        for index in range(32, 40):
            bench.worker.script(index, "dies", "ok")
        results = bench.client.online([place(32, 8)], best_effort=True).ended("failed", "NoWorker")
        assert outcomes(results) == {**dict.fromkeys((32, 33, 34), "failed"),
                                     **dict.fromkeys(range(35, 40), "not-tried")}, results
        assert bench.worker.rows == [(32, 8), (33, 7), (34, 6)], bench.worker.rows
        bench.unchanged()


def check_row_that_takes_longer_than_one_may():
    """What is left of it is begun anew, and the file says so."""
    files = []

    def look(worker, index, action):
        files.append((bench.kernel.root / "run/memblockd/jobs/1").read_text(encoding="utf-8"))
        return worker.kernel.do(index, action)

    with Bench() as bench:
        bench.worker.script(35, "hang", look)
        bench.client.online([place(32, 8)], timeout=4000000).ended("done", "")
        assert bench.worker.rows[:2] == [(32, 8), (35, 5)], bench.worker.rows
        words = [line.split()[:2] for line in files[0].splitlines()[5:]]
        assert words == [[word, str(index)] for word, first in (("try", 32), ("left", 35), ("try", 35))
                         for index in range(first, 40)], files


def check_row_that_is_stopped_by_a_death():
    """A worker that is told to stop, and ends itself: what it had done is put back all the same."""
    for limit, error in (({"timeout": 3000000}, "TimedOut"), ({}, "Cancelled")):
        with Bench() as bench:
            bench.worker.script(35, "dies-of-stop")
            job = bench.client.online([place(32, 8)], **limit)
            pump(lambda: 35 in [index for index, _ in bench.worker.writes()], "the write")
            if not limit:
                job.cancel()
            results = job.ended("failed", error)
            assert outcomes(results)[34] == "put-back", results
            bench.unchanged()


def check_errno_of_ours():
    """What a block answers is its own, whatever number we use for what."""
    for word in ("ESTALE", "ECONNRESET", "EINTR", "ETIMEDOUT"):
        with Bench() as bench:
            bench.worker.script(35, word)
            results = bench.client.online([place(32, 8)], best_effort=True).ended("partial")
            assert outcomes(results) == {**dict.fromkeys(range(32, 40), "done"), 35: "failed"}, \
                (word, results)


def check_many_rows():
    with Bench(machine=lambda: Machine(offline=40)) as bench:
        bench.client.online([place(32, 40)]).ended("done", "")
        assert bench.worker.rows == [(32, 16), (48, 16), (64, 8)], bench.worker.rows
    with Bench() as bench:
        bench.worker.script(33, "EPERM")
        results = bench.client.online(size=3 * BLOCK).ended("done", "")
        assert list(outcomes(results).values()).count("done") == 3, results


def check_row_that_is_cancelled():
    with Bench() as bench:
        bench.worker.script(35, "hang")
        job = bench.client.online([place(32, 8)])
        pump(lambda: 35 in [index for index, _ in bench.worker.writes()], "the write")
        job.cancel()
        results = job.ended("failed", "Cancelled")
        assert set(outcomes(results).values()) == {"put-back", "failed", "not-tried"}, results
        bench.unchanged()


def check_no_worker():
    with Bench(worker="/nonexistent/socket") as bench:
        job = bench.client.offline([place(16)])
        job.ended("failed", "NoWorker")
        assert "/nonexistent/socket" in job.get("Message"), job.all()
        bench.unchanged()


def check_cancel_while_no_worker_is_there():
    """It waits for one, and ends at once; nothing is written, though one comes."""
    with Bench(worker="/nonexistent/socket") as bench:
        job = bench.client.offline([place(16, 2)])
        job.wait_state("running")
        began = time.monotonic()
        job.cancel()
        results = job.ended("failed", "Cancelled")
        assert time.monotonic() - began < 5, "it waited for a worker"
        assert "done" not in outcomes(results).values(), results
        bench.unchanged()
        bench.no_job_files()


def check_worker_that_hangs_up_on_everybody():
    """As systemd does where there are too many of them."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/socket"
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(path)
            listener.listen(16)
            listener.settimeout(0.1)
            ended = threading.Event()

            def hang_up():
                while not ended.is_set():
                    with contextlib.suppress(OSError):
                        listener.accept()[0].close()

            thread = threading.Thread(target=hang_up, daemon=True)
            thread.start()
            try:
                with Bench(worker=path) as bench:
                    bench.client.offline([place(16, 2)]).ended("failed", "NoWorker")
                    bench.unchanged()
            finally:
                ended.set()
                thread.join()


def check_cancelled_twice():
    """The second one changes nothing, whoever asks."""
    with Bench() as bench, bench.bus.client() as other:
        bench.worker.script(16, "hang")
        job = bench.client.offline([place(16)])
        pump(bench.worker.writes, "the write")
        answers = [client.begin("Cancel", path=job.path, interface=JOB_FACE)
                   for client in (bench.client, other)]
        job.ended("failed", "Cancelled")
        bench.client.finish(answers[0])
        pump(lambda: answers[1], "an answer")
        if isinstance(answers[1][0], BusError):
            assert answers[1][0].name == ERROR + "TooLate", answers
        bench.unchanged()


def check_endless_time_limit():
    """A time limit that no clock can tell is none."""
    with Bench() as bench:
        bench.worker.script(16, "hang")
        job = bench.client.offline([place(16)], timeout=TOP - 1)
        pump(bench.worker.writes, "the write")
        job.wait_state("running")
        job.cancel()
        job.ended("failed", "Cancelled")


# Others who change memory too

def check_rival_is_faster():
    """The state that is wanted is what counts, whoever brought it about."""
    with Bench() as bench:
        bench.worker.script(17, "rival")
        results = bench.client.offline([place(16, 3)]).ended("done", "")
        assert outcomes(results) == {16: "done", 17: "already", 18: "done"}, results
        bench.unchanged(16, 17, 18)


def check_rival_while_putting_back():
    """A block that somebody brought back already is as it should be."""
    with Bench() as bench:
        def busy(worker, index, action):
            for other in (16, 18):
                if worker.kernel.state(other) == "offline":
                    worker.kernel.online(other, ONLINE_MOVABLE)
            return -16  # EBUSY

        bench.worker.script(17, busy)
        bench.client.offline([place(16, 3)]).ended("failed", "Busy")
        bench.unchanged()
        assert all(action == OFFLINE for _, action in bench.worker.writes())


def check_block_that_is_going_offline():
    """Somebody else is at it: it is waited for."""
    with Bench() as bench:
        bench.kernel.write(bench.kernel.memory / "memory16/state", "going-offline\n")
        job = bench.client.offline([place(16)])
        job.wait_state("running")
        bench.kernel.offline(16)
        job.ended("done", "")
        assert not bench.worker.writes(), bench.worker.writes()


def check_block_that_goes_offline_for_ever():
    """Somebody else's write that doesn't end is not written behind, nor is its block put back."""
    with Bench() as bench:
        bench.kernel.write(bench.kernel.memory / "memory16/state", "going-offline\n")
        job = bench.client.offline([place(16, 2)], timeout=300000)
        results = job.ended("failed", "TimedOut")
        assert outcomes(results) == {16: "failed", 17: "put-back"}, results
        assert {index for index, _ in bench.worker.writes()} == {17}, bench.worker.writes()
        bench.unchanged(16)


def check_block_that_vanishes():
    with Bench() as bench:
        bench.worker.script(17, "vanishes")
        results = bench.client.offline([place(16, 3)]).ended("failed", "Vanished")
        assert outcomes(results)[17] == "failed" and errors(results)[17] == "ENODEV", results
        bench.unchanged(17)
        assert bench.client.call("ListBlocks", "(tu)", 17, 1)[0][0] == 18 * BLOCK


def check_block_that_vanishes_while_it_waits():
    with Bench() as bench:
        bench.worker.script(16, "hang")
        first = bench.client.offline([place(16)])
        second = bench.client.offline([place(17)])
        pump(bench.worker.writes, "the first write")
        bench.kernel.remove(17)
        first.cancel()
        second.ended("failed", "NoSuchBlock")
        bench.unchanged(17)


def check_blocks_that_vanish_and_can_not_be_put_back():
    with Bench() as bench:
        def unplug(worker, index, action):
            for other in (16, 17, 18):
                worker.kernel.remove(other)
            return -19  # ENODEV

        bench.worker.script(17, unplug)
        job = bench.client.offline([place(16, 3)])
        job.ended(None, "Vanished")
        assert job.get("Result") in ("failed", "not-put-back"), job.all()
        bench.unchanged(16, 17, 18)


def check_other_zone():
    with Bench() as bench:
        bench.worker.script(33, "wrong-zone")
        results = bench.client.online([place(32, 2)], "movable").ended("done")
        told = bench.client.wait_heard("ZoneMismatch").arguments
        assert told[0] == 33 * BLOCK and "ovable" in told[1] and told[2] == "Normal", told
        assert zones(results) == {32: "Movable", 33: "Normal"}, results


def check_putting_back_fails_too():
    with Bench() as bench:
        bench.worker.script(18, "EBUSY")
        bench.worker.script(16, "ok", "ENOMEM")
        bench.worker.script(17, "ok", "ENOMEM")
        bench.worker.script(19, "ok", "ENOMEM")
        job = bench.client.offline([place(16, 4)])
        results = job.ended("not-put-back", "Busy")
        left = [index for index, outcome in outcomes(results).items() if outcome == "not-put-back"]
        assert left and {errors(results)[index] for index in left} == {"ENOMEM"}, results
        bench.unchanged(*left)
        for index in left:
            assert f"memory{index}" in bench.daemon.said(), bench.daemon.said()


# Callers

def check_many_jobs():
    """There is an end to what one user may have waiting; for others there is still room."""
    with Bench() as bench:
        bench.worker.script(16, "hang")
        first = bench.client.offline([place(16)])
        jobs = []
        for _ in range(2000):
            answer = bench.client.begin("Offline", CHANGE, [place(17)], "", {})
            pump(lambda: answer, "an answer")
            if isinstance(answer[0], BusError):
                break
            jobs.append(bench.client.job(answer[0][0]))
        assert answer[0].name == ERROR + "TooManyJobs", answer
        assert len(jobs) < 1000
        for job in jobs:
            job.cancel()
        first.cancel()
        first.ended("failed", "Cancelled")
        bench.client.offline([place(18)]).ended("done", "")


def check_jobs_that_ended_are_forgotten():
    with Bench() as bench:
        first = bench.client.offline([place(32)])
        first.ended("done", "")
        last = None
        for _ in range(34):
            last = bench.client.offline([place(32)])
            last.ended("done", "")
        bench.client.wait_gone(first.path)
        listed = bench.client.call("ListJobs")
        assert last.path in [entry[1] for entry in listed] and 30 < len(listed) < 36, listed
        assert first.path not in [entry[1] for entry in listed], listed
        bench.client.refused(DBUS_ERROR + "UnknownObject", "Cancel", path=first.path,
                             interface=JOB_FACE)


def check_caller_leaves_with_a_job_running():
    with Bench() as bench:
        bench.worker.script(17, "hang")
        with bench.bus.client() as other:
            path = other.change("Offline", [place(16, 2)])
            pump(lambda: 17 in [index for index, _ in bench.worker.writes()], "the write")
        job = bench.client.job(path)
        assert job.get("State") == "running", job.all()
        job.cancel()
        job.ended("failed", "Cancelled")
        bench.unchanged()


# Devices

DIMM = {"tree": "linux-6.1-dimms-online"}


def unplug(kernel, device, blocks):
    folder = next((kernel.root / "sys/devices").glob(f"**/{device}"))
    for index in blocks:
        kernel.remove(index)
    for link in folder.glob("physical_node*"):
        link.unlink()
    return 0


def check_remove():
    with Bench(**DIMM) as bench:
        bench.worker.ejects["PNP0C80:01"] = lambda kernel: unplug(kernel, "PNP0C80:01",
                                                                 range(36, 40))
        job = bench.client.remove("PNP0C80:01")
        job.ended("done", "")
        assert job.get("Kind") == "remove" and job.get("Device") == "PNP0C80:01"
        assert bench.worker.asked("eject") == ["PNP0C80:01"]
        bench.unchanged(*range(36, 40))
        assert not [row for row in bench.client.call("ListRanges") if row[8] == "PNP0C80:01"]


def check_remove_that_is_refused_by_the_kernel():
    with Bench(**DIMM) as bench:
        bench.worker.ejects["PNP0C80:01"] = lambda kernel: -16
        job = bench.client.remove("PNP0C80:01")
        results = job.ended("failed", "NotEjected")
        assert set(outcomes(results).values()) == {"put-back"}, results
        bench.unchanged()
        for index, action in bench.worker.writes()[4:]:
            assert action == ONLINE_KERNEL, bench.worker.writes()


def check_remove_with_a_block_that_is_busy():
    with Bench(**DIMM) as bench:
        bench.worker.script(37, "EBUSY")
        bench.client.remove("PNP0C80:01").ended("failed", "Busy")
        assert not bench.worker.asked("eject")
        bench.unchanged()


def check_remove_cancelled_in_the_last_write():
    """The write succeeds in spite of it, and the device stays in spite of that."""
    with Bench(**DIMM) as bench:
        def too_late(worker, index, action):
            worker.released.wait(10)
            return worker.kernel.do(index, action)

        last = bench.order(device="PNP0C80:01")[-1]
        bench.worker.script(last, too_late, "ok")
        job = bench.client.remove("PNP0C80:01")
        pump(lambda: last in [index for index, _ in bench.worker.writes()], "the last write")
        job.cancel()
        bench.worker.release()
        results = job.ended("failed", "Cancelled")
        assert set(outcomes(results).values()) == {"put-back"}, results
        assert not bench.worker.asked("eject")
        bench.unchanged()


def check_remove_with_a_block_that_somebody_brings_online():
    """What the kernel would unbind all the same, and then could never remove."""
    with Bench(**DIMM) as bench:
        first, *_, last = bench.order(device="PNP0C80:01")

        def rival(worker, index, action):
            worker.kernel.set(first, *bench.found[first])
            return worker.kernel.do(index, action)

        bench.worker.script(last, rival, "ok")
        results = bench.client.remove("PNP0C80:01").ended("failed", "NotEjected")
        assert set(outcomes(results).values()) == {"put-back"}, results
        assert not bench.worker.asked("eject")
        bench.unchanged()


def check_remove_that_is_refused_by_us():
    with Bench(**DIMM) as bench:
        bench.client.refused(ERROR + "NoSuchDevice", "Remove", "(sa{sv})", "PNP0C80:77", {},
                             says="PNP0C80:77")
        bench.client.refused(ERROR + "NoSuchDevice", "Remove", "(sa{sv})", "", {})
        bench.client.call("Mark", "(a(tt)ss)", [place(38)], "", "Ours")
        bench.client.refused(ERROR + "NotRemovable", "Remove", "(sa{sv})", "PNP0C80:01", {},
                             says="memory38")
        bench.client.refused(ERROR + "NotEjectable", "Remove", "(sa{sv})", "firmware", {})
        nothing_came_of_it(bench)


def check_remove_of_virtio_mem():
    """Its host resizes it."""
    with Bench(tree="linux-6.1-nvdimm-virtio-mem") as bench:
        bench.client.refused(ERROR + "NotEjectable", "Remove", "(sa{sv})", "virtio2", {},
                             says="host")
        nothing_came_of_it(bench)


if __name__ == "__main__":
    main(globals())
