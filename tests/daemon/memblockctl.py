#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""memblockctl and memblockd together: the same is read through the daemon as without it, and what
changes is told in words, in JSON and by the exit status."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from types import SimpleNamespace

from bench import Bench
from command import DONE, NOTHING, PARTLY, USAGE, Command, told, told_json
from harness import ENVIRONMENT, MEMBLOCKCTL, MIB, Skip, Workers, ctl, main, trees
from kernel import BLOCK, Machine, counts_line
from service import PATH, Bus, Daemon, pump

# Reading

READERS = (["status", "-J"], ["list"], ["list", "-J"], ["list", "-a", "-o", "+NID,DEVICE,SUBSECTIONS"],
           ["show", "all"], ["show", "-J", "all"], ["devices"], ["devices", "-J"], ["map"],
           ["map", "--svg", "-"], ["plan", "256M"], ["plan", "-J", "online", "256M"],
           ["plan", "--best-effort", "0-15"], ["show", "100000"], ["map", "0"],
           ["list", "-o", "+BUSY,UNMOVABLE"], ["list", "-J", "-a", "-b", "-o", "BUSY,UNMOVABLE"])


def compare_tree(bus, tree):
    with Workers(tree) as workers, workers.connect(), \
            Daemon(bus, tree, "--read-only", worker=workers.path) as daemon:
        for words in READERS:
            direct = ctl("--direct", "--root", tree, *words)
            with Command(SimpleNamespace(bus=bus, daemon=daemon), *words) as command:
                command.ended(direct.returncode)
                assert command.stdout() == direct.stdout, f"{tree.name}: {words}: {command.stdout()}"
                assert command.stderr() == direct.stderr, f"{tree.name}: {words}: {command.stderr()}"


def check_the_same_through_the_daemon():
    with Bus() as bus:
        for tree in trees():
            compare_tree(bus, tree)
    return f"{len(READERS)} outputs of {len(trees())} trees"


def check_status_and_nodes():
    """Of this machine they tell more, which the root of a captured tree can't."""
    with Bench() as bench:
        status = told(bench, "status")
        direct = ctl("--direct", "--root", bench.machine.path, "status").stdout
        assert status == direct.replace(f", captured in {bench.machine.path}", ""), status
        nodes = told(bench, "nodes").splitlines()
        direct = ctl("--root", bench.machine.path, "nodes").stdout.splitlines()
        for one, other in zip(nodes, direct, strict=True):
            assert one.startswith(other.rstrip()), nodes


def check_what_strangers_are_not_told():
    if os.geteuid() != 0:
        raise Skip("needs root, to become nobody")
    with Bench() as bench:
        nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                  "--inh-caps=-all"]
        output = told(bench, "show", "0", "1", wrapper=nobody, says="org.memblockd1.inspect")
        assert "Removable: yes" in output and "Made of: not known" in output, output
        # Why not stands in front of all, as on a terminal.
        output = told(bench, "show", "0", wrapper=["sh", "-c", 'exec "$@" 2>&1', "sh", *nobody])
        assert output.startswith("memblockctl: ") and "memory0 " in output.splitlines()[1], output
        with Command(bench, "show", "all", wrapper=nobody) as command:
            command.ended()
            assert len(command.stderr().splitlines()) == 1, command.stderr()
        assert told(bench, "list", wrapper=nobody) == told(bench, "list")
        told(bench, "map", "0", status=NOTHING, wrapper=nobody, says="org.memblockd1.inspect")
        told(bench, "offline", "memory16", status=NOTHING, wrapper=nobody, says="AccessDenied")
        told(bench, "plan", "memory16", status=NOTHING, wrapper=nobody, says="AccessDenied")
        bench.unchanged()


# Changing

def check_offline_and_online():
    with Bench() as bench:
        output = told(bench, "offline", "16-19")
        assert output == "Taking 512M offline (job 1)\nNow offline: 512M, blocks 16-19\n", output
        bench.unchanged(*range(16, 20))
        output = told(bench, "offline", "19-20")
        assert output.splitlines()[1:] == ["Now offline: 128M, block 20",
                                           "Already offline: 128M, block 19"], output
        output = told(bench, "online", "512M", "16-20", "-z", "movable", "-v")
        assert re.search(r"^memory16: done, Movable$", output, re.M), output
        assert output.endswith("Now online: 512M, blocks 16-19\n"), output
        facts = told_json(bench, "online", "memory20", "-z", "movable")
        assert facts == {"job": 4, "result": "done", "error": None, "message": None, "blocks": [
            {"block": 20, "start": 20 * BLOCK, "outcome": "done", "error": None,
             "zone": "Movable"}]}, facts
        told(bench, "offline", "256M", "node:0", "device:firmware", "-z", "normal")
        assert sorted(bench.worker.writes())[0][0] < 16, bench.worker.writes()


def check_refused():
    with Bench() as bench:
        bench.kernel.set(3, "online", "none")
        bench.client.call("Rescan")
        for words, error in ((["memory3"], "NotRemovable"), (["memory99"], "NoSuchBlock"),
                             (["0x0-0xff"], "NotAligned"), (["64G"], "TooFewBlocks"),
                             (["node:5"], "NoSuchNode"), (["device:x"], "NoSuchDevice"),
                             (["16-17", "17-18"], "InvalidRange"), (["0-31"], "NotRemovable"),
                             (["4-31"], "TooLittleMemory")):
            alone = ctl("--direct", "--root", bench.machine.path, "offline", *words)
            with Command(bench, "offline", *words) as command:
                command.ended(NOTHING)
                assert command.stderr().startswith(f"memblockctl: {error}: "), command.stderr()
                assert command.stderr() == alone.stderr, f"{command.stderr()} {alone.stderr}"
            facts = told_json(bench, "offline", *words, status=NOTHING, says=error)
            assert facts["job"] is None and facts["error"] == error, facts
        bench.unchanged(3)


def check_failure_is_put_back():
    with Bench() as bench:
        bench.worker.script(18, "EBUSY")
        output = told(bench, "offline", "16-19", status=NOTHING, says=(
            "memory18 failed: EBUSY (Device or resource busy)\n",
            "Busy: memory18: Device or resource busy; all is put back\n"))
        assert "Put back: " in output, output
        bench.unchanged()
        output = told(bench, "offline", "16-19", "--best-effort", status=PARTLY,
                      says="384M of 512M is offline")
        assert "Now offline: 384M, blocks 16-17, 19\n" in output, output


def check_not_put_back():
    with Bench() as bench:
        bench.worker.script(16, "EBUSY")
        bench.worker.script(19, "ok", "EBUSY")
        facts = told_json(bench, "offline", "16-19", status=PARTLY,
                          says="memory19 could not be put back: EBUSY")
        assert facts["result"] == "not-put-back", facts
        outcomes = {block["block"]: block["outcome"] for block in facts["blocks"]}
        assert outcomes[19] == "not-put-back" and outcomes[16] == "failed", facts


def check_timeout():
    with Bench() as bench:
        bench.worker.script(16, "hang")
        told(bench, "offline", "memory16", "--timeout=200ms", status=NOTHING, says=(
            "TimedOut: ", "nothing is changed"))
        bench.unchanged()


def check_interrupted():
    with Bench() as bench:
        bench.worker.script(16, "hang")
        with Command(bench, "offline", "16-18") as command:
            pump(lambda: 16 in [block for block, _ in bench.worker.writes()], "it hangs")
            command.wait_for_watch()
            command.signal()
            command.ended(NOTHING)
            assert "Cancelling job 1" in command.stderr(), command.stderr()
            assert "Cancelled: " in command.stderr(), command.stderr()
            assert "all is put back" in command.stderr(), command.stderr()
        bench.unchanged()


def check_interrupted_where_nobody_reads():
    """As by Ctrl-C of `memblockctl ... |& tee log`: the job is cancelled before that is told."""
    unread = (sys.executable, "-c", "import os, signal, sys; r, w = os.pipe(); os.dup2(w, 2); "
              "os.close(r); signal.signal(signal.SIGPIPE, signal.SIG_DFL); "
              "os.execv(sys.argv[1], sys.argv[1:])")
    with Bench() as bench:
        bench.worker.script(16, "hang")
        with Command(bench, "offline", "16-18", wrapper=unread) as command:
            pump(lambda: bench.worker.writes(), "it hangs")
            command.wait_for_watch()
            command.signal()
            command.ended(NOTHING)
        bench.unchanged()


def check_left_alone():
    with Bench() as bench:
        bench.worker.script(16, "stuck")
        with Command(bench, "offline", "memory16", "-J") as command:
            pump(lambda: bench.worker.writes(), "it is stuck")
            command.wait_for_watch()
            command.signal()
            command.wait_for("Cancelling job 1")
            command.signal()
            facts = json.loads(command.ended(PARTLY))
            assert facts["job"] == 1 and facts["result"] is None, facts
        bench.worker.release()
        pump(lambda: bench.client.heard("JobRemoved"), "the job ends by itself")


def check_no_wait_jobs_and_cancel():
    with Bench() as bench:
        assert told(bench, "jobs", "-J").split() == ["{", '"jobs":', "[", "]", "}"], \
            told(bench, "jobs", "-J")
        bench.worker.script(16, "hang")
        assert told(bench, "offline", "memory16", "--no-wait") == "Job 1 is queued\n"
        facts = told_json(bench, "offline", "17-18", "--no-wait")
        assert facts["job"] == 2 and facts["result"] is None and facts["blocks"] == [], facts
        pump(lambda: bench.worker.writes(), "the first one runs")
        jobs = told_json(bench, "jobs", "-b")["jobs"]
        assert [(job["job"], job["kind"], job["state"], job["wanted"]) for job in jobs] == [
            (1, "offline", "running", 128 * MIB), (2, "offline", "queued", 256 * MIB)], jobs
        assert told(bench, "help", "--complete", "--", "cancel", "") == "1\toffline\n2\toffline\n"
        told(bench, "cancel", "2")
        told(bench, "cancel", "1")
        told(bench, "cancel", "99", status=NOTHING, says="NoSuchJob")
        pump(lambda: len(bench.client.heard("JobRemoved")) == 2, "both end")
        jobs = told_json(bench, "jobs")["jobs"]
        assert [(job["job"], job["state"], job["result"], job["error"]) for job in jobs] == [
            (1, "ended", "failed", "Cancelled"), (2, "ended", "failed", "Cancelled")], jobs
        assert told(bench, "help", "--complete", "--", "cancel", "") == ""
        assert told(bench, "jobs").startswith("JOB KIND"), told(bench, "jobs")
        bench.unchanged()


def check_memblockd_that_goes_away():
    with Bench() as bench:
        bench.worker.script(16, "hang")
        with Command(bench, "offline", "memory16") as command:
            pump(lambda: bench.worker.writes(), "it hangs")
            bench.daemon.kill()
            command.ended(PARTLY)
            assert "memblockd is gone" in command.stderr(), command.stderr()


def check_memblockd_that_goes_away_at_the_begin():
    """After it has answered that there is a job, and before it is asked about that."""
    answer = threading.Event()

    def count(_verb, first, _number):
        return counts_line(first) if answer.wait(60) else ""

    with Bench() as bench:
        bench.client.wait_tried()
        bench.worker.look(count)
        bench.worker.script(16, "hang")
        with Command(bench, "offline", "memory16") as command:
            pump(lambda: bench.worker.asked("pages"), "its blocks are counted")
            command.stop()
            answer.set()
            pump(bench.worker.writes, "it hangs")
            bench.daemon.kill()
            command.signal(signal.SIGCONT)
            assert not command.ended(PARTLY)
            assert "memblockd is gone" in command.stderr(), command.stderr()


def check_memblockd_that_goes_away_at_the_end():
    """After the job's end, and before it is asked what came of it."""
    with Bench() as bench:
        bench.worker.script(16, "hang")
        with Command(bench, "offline", "memory16") as command:
            command.wait_for("Taking 128M offline (job 1)")
            command.stop()
            bench.client.job(f"{PATH}/job/1").cancel()
            bench.client.wait_heard("JobRemoved")
            bench.daemon.kill()
            command.signal(signal.SIGCONT)
            command.ended(PARTLY)
            assert "memblockd is gone" in command.stderr(), command.stderr()


def check_marks():
    with Bench() as bench:
        told(bench, "mark", "16-17", "memory20", "--reason", "firmware logs live here")
        told(bench, "mark", "18", "--reason", "a DIMM", "--device", "PNP0C80:00",
             says="PNP0C80:00 brings no such block here: the mark holds once it does")
        marks = told_json(bench, "mark")["marks"]
        assert [(mark["block"], mark["device"], mark["stale"]) for mark in marks
                if mark["reason"] != "a DIMM"] == [("16-17", None, False), ("20", None, False)], marks
        assert [(mark["block"], mark["device"], mark["stale"]) for mark in marks
                if mark["reason"] == "a DIMM"] == [("18", "PNP0C80:00", True)], marks
        assert told(bench, "mark", "--list").startswith("RANGE "), told(bench, "mark", "--list")
        told(bench, "offline", "memory16", status=NOTHING, says=("NotRemovable", "marked"))
        assert told(bench, "list", "-a", "-n", "-r", "-o", "REASONS", "--summary=never") \
            .splitlines()[16] == "marked"
        assert told(bench, "help", "--complete", "--", "unmark", "1") == \
            "16\tonline\n17\tonline\n", "blocks without a mark are offered"
        # Whole ones, of which all are told.
        lifted = told(bench, "unmark", "17").splitlines()
        assert len(lifted) == 2 and "16-17" in lifted[1] and "firmware logs" in lifted[1], lifted
        lifted = told_json(bench, "unmark", "0-20")["marks"]
        assert sorted(mark["block"] for mark in lifted) == ["18", "20"], lifted
        assert told_json(bench, "mark")["marks"] == []
        told(bench, "unmark", "16", status=NOTHING, says="NoSuchMark")
        told(bench, "mark", "99", "--reason", "x", status=NOTHING, says="NoSuchBlock")
        told(bench, "mark", "16", "--reason", "gr\u00fcn")
        for words in (("--reason", os.fsdecode(b"gr\xfcn")),
                      ("--device", os.fsdecode(b"\xff"), "--reason", "x")):
            told(bench, "mark", "17", *words, status=USAGE, says=f"What {words[0]} says is no UTF-8")


def check_remove():
    with Bench(machine=lambda: dimm(Machine())) as bench:
        assert "PNP0C80:00" in told(bench, "devices"), told(bench, "devices")
        output = told(bench, "remove", "device:PNP0C80:00", "--dry-run")
        assert "To be taken offline: 512M" in output, output

        def eject(kernel):
            for index in range(28, 32):
                kernel.remove(index)
            return 0
        bench.worker.ejects["PNP0C80:00"] = eject
        output = told(bench, "remove", "device:PNP0C80:00")
        assert output.endswith("PNP0C80:00 is removed\n"), output
        told(bench, "remove", "device:PNP0C80:00", status=NOTHING, says="NoSuchDevice")


def dimm(machine):
    """Its last four online blocks come from a DIMM."""
    for number, index in enumerate(range(28, 32)):
        machine.link(f"sys/bus/acpi/devices/PNP0C80:00/physical_node{number or ''}",
                     f"../../../devices/system/memory/memory{index}")
    return machine


def lines(command):
    return [json.loads(line) for line in command.stdout().splitlines()]


def check_monitor():
    with Bench() as bench, contextlib.ExitStack() as stack:
        plain = stack.enter_context(Command(bench, "monitor"))
        command = stack.enter_context(Command(bench, "monitor", "-J"))
        for each in (plain, command):
            each.wait_for("atching")
        told(bench, "offline", "16-17")
        command.wait_for('"job-removed"')
        events = lines(command)
        job = next(event for event in events if event["event"] == "job-removed")
        assert job["job"] == 1 and job["kind"] == "offline" and job["result"] == "done", job
        changed = [event for event in events if event["event"] == "blocks-changed"]
        rows = [row for event in changed for row in event["memory"]]
        assert rows[-1]["state"] == "offline" and rows[-1]["size"] % BLOCK == 0, rows
        bench.daemon.stop()
        command.wait_for('"gone"')
        bench.start()
        command.wait_for('"back"')
        plain.wait_for("memblockd is back")
        for text in ("Changed: 0x0000000080000000-", "offline", "memblockd is gone"):
            assert text in plain.stdout(), f"{text}? {plain.stdout()}"
        jobs = [line.partition("Job ")[2] for line in plain.stdout().splitlines() if "Job" in line]
        assert jobs == ["1 is queued: offline, 256M", "1 ended: offline, 256M, done"], jobs
        for each in (plain, command):
            each.signal()
            each.ended()
            assert not each.stderr(), each.stderr()


def check_a_bar_on_a_terminal():
    parent, child = os.openpty()
    with Bench() as bench:
        process = subprocess.Popen(
            [str(MEMBLOCKCTL), "offline", "16-19"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=child,
            env={**ENVIRONMENT, "TERM": "xterm", "DBUS_SYSTEM_BUS_ADDRESS": bench.bus.address})
        os.close(child)
        pump(lambda: process.poll() is not None, "it ends")
        output = process.stdout.read().decode()
        process.stdout.close()
        bar = b""
        with contextlib.suppress(OSError):  # EIO at its end
            while True:
                bar += os.read(parent, 65536)
        os.close(parent)
        bar = bar.decode()
        assert output == "Now offline: 512M, blocks 16-19\n", output
        assert re.search(r"\[#+\.*\] [0-9.]+[BMG] of 512M, ", bar), bar
        assert bar.endswith("\r\x1b[K"), repr(bar)


main(globals())
