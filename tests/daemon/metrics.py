#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What memblockd counts, and how memblockctl metrics tells it."""

import pathlib
import re
import time
from types import SimpleNamespace

import openmetrics
from bench import Bench
from command import Command, told
from harness import ctl, main
from kernel import Kernel, Machine, place, uevents_environment
from service import Bus, Daemon, pump

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def metrics(bench, *words):
    return openmetrics.read(told(bench, "metrics", *words), "--prometheus" in words)


def single(families, name):
    [(labels, value)] = families[name]
    assert not labels, labels
    return value


def jobs(families):
    return {labels["result"]: n for labels, n in families["memblockd_jobs_total"]}


def check_jobs_by_result():
    with Bench() as bench:
        assert jobs(metrics(bench)) == {"done": 0, "partial": 0, "failed": 0, "not-put-back": 0}
        bench.client.offline([place(16)]).ended("done", "")
        bench.worker.script(18, "EBUSY")
        bench.client.offline([place(18)]).ended("failed", "Busy")
        bench.worker.script(20, "EBUSY")
        bench.client.offline([place(19, 2)], best_effort=True).ended("partial", "Busy")
        wanted = {"done": 1, "partial": 1, "failed": 1, "not-put-back": 0}
        assert jobs(metrics(bench)) == wanted, metrics(bench)
        assert dict(bench.client.get("JobResults")) == wanted, bench.client.get("JobResults")


def check_scans():
    with Bench() as bench:
        before = time.time()
        n = single(metrics(bench), "memblockd_scans_total")
        bench.client.call("Rescan")
        families = metrics(bench, "--prometheus")
        assert single(families, "memblockd_scans_total") == n + 1, families
        last = single(families, "memblockd_last_scan_timestamp_seconds")
        assert int(before) <= last <= time.time(), f"{before} {last}"


def check_zone_mismatches():
    with Bench() as bench:
        bench.worker.script(33, "wrong-zone")
        bench.client.online([place(32, 2)], "movable").ended("done")
        assert single(metrics(bench), "memblockd_zone_mismatches_total") == 1


def check_block_events():
    with Bus() as bus, bus.client() as client, Machine() as machine:
        with Daemon(bus, machine.path, "--uevents", environment=uevents_environment(machine.path)) as daemon:
            kernel = Kernel(machine.path)
            for index in (3, 4):
                kernel.uevent("offline", index)
            pump(lambda: client.get("BlockEvents") == 2, "two events are counted")
            families = metrics(SimpleNamespace(bus=bus, daemon=daemon))
            assert single(families, "memblockd_block_events_total") == 2, families


def check_page_names_all_families():
    """And no other; with pages counted."""
    with Bench(tree="linux-6.1-mixed-and-pmem") as bench, Command(bench, "metrics", "--busy") as command:
        families = openmetrics.read(command.ended())
    text = (SOURCE / "man/memblockctl.1").read_text(encoding="utf-8")
    page = set(re.findall(r"\bmemblockd_[a-z_]+[a-z]", text))
    missing = {"memblockd_counted_blocks", "memblockd_counted_bytes"} - families.keys()
    assert page == families.keys() | missing, page ^ families.keys()
    assert single(families, "memblockd_up") == 1
    [(labels, one)] = families["memblockd_build_info"]
    assert one == 1 and re.fullmatch(r"[0-9.]+\S*", labels["version"]), labels


def check_daemon_that_is_not_asked_or_gone():
    with Bench() as bench:
        result = ctl("--root", bench.machine.path, "metrics")
        assert not [name for name in openmetrics.read(result.stdout) if name == "memblockd_up"]
        bench.daemon.__exit__(None)
        with Command(bench, "metrics") as command:
            families = openmetrics.read(command.ended())
            assert "memblockd does not answer" in command.stderr(), command.stderr()
        assert single(families, "memblockd_up") == 0
        assert not {"memblockd_jobs_total", "memblockd_build_info"} & families.keys(), families


main(globals())
