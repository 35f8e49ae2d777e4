#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A daemon that is killed leaves nothing half done: the next one puts it back, or says so."""

import os
import random
import signal
import threading
import time

from bench import Bench, mounted, unmount
from harness import main
from kernel import BLOCK, CONFIG, OFFLINE, place
from service import ERROR, pump

BLOCKS = range(16, 20)


def offline_until(bench, count):
    """A job that stands in the write behind the first `count`, and those that it changed."""
    order = bench.order([place(16, 4)])
    bench.worker.script(order[count], "hang")
    job = bench.client.offline([place(16, 4)])
    pump(lambda: len(bench.worker.writes()) > count, f"write {count + 1}")
    bench.unchanged(*order[:count])
    return job, order


def all_ok(bench):
    bench.worker.scripts.clear()


def wait_put_back(bench):
    pump(lambda: bench.kernel.states() == bench.found, "all is as it was found")
    pump(lambda: all(entry[3] == "ended" for entry in bench.client.call("ListJobs")),
         "no job is under way")
    bench.no_job_files()


def check_killed_at_each_step():
    for count in range(len(BLOCKS)):
        with Bench() as bench:
            job, order = offline_until(bench, count)
            bench.daemon.kill()
            all_ok(bench)
            bench.start()
            wait_put_back(bench)
            if count:
                job.client = bench.client
                facts = job.all()
                assert facts["Error"] == "Interrupted", facts
                assert facts["Result"] == "failed", facts
                results = {start // BLOCK: outcome
                           for start, outcome, _, _ in job.get("Results")}
                assert results == dict.fromkeys(order[:count], "put-back"), results
                assert "interrupted" in bench.daemon.said(), bench.daemon.said()
    return f"{len(BLOCKS)} steps"


def check_killed_twice():
    """Once more while the second one puts back what the first one left."""
    with Bench() as bench:
        _, order = offline_until(bench, 3)
        bench.daemon.kill()
        all_ok(bench)
        bench.worker.script(order[1], "hang")
        writes = len(bench.worker.writes())
        bench.start(wait=False)
        pump(lambda: (order[1], OFFLINE) not in bench.worker.writes()[writes:]
             and order[1] in [index for index, _ in bench.worker.writes()[writes:]],
             "the write that hangs")
        bench.daemon.kill()
        all_ok(bench)
        bench.start()
        wait_put_back(bench)


def check_killed_at_any_moment():
    """All of it or nothing, whenever it happens."""
    seed = int(os.environ.get("SEED", random.randrange(1 << 32)))
    dice = random.Random(seed)
    done = 0
    with Bench() as bench:
        for _ in range(8):
            answer = bench.client.begin("Offline", "(a(tt)sa{sv})", [place(16, 4)], "", {})
            end = time.monotonic() + dice.random() * 0.008
            pump(lambda: time.monotonic() > end, "the moment")
            bench.daemon.kill()
            bench.start()
            pump(lambda: answer and all(entry[3] == "ended"
                                        for entry in bench.client.call("ListJobs")), "all ends")
            changed = [index for index, facts in bench.kernel.states().items()
                       if facts != bench.found[index]]
            assert changed in ([], list(BLOCKS)), f"{changed} (SEED={seed}): {bench.daemon.said()}"
            bench.no_job_files()
            done += bool(changed)
            for index in changed:
                bench.kernel.set(index, *bench.found[index])
    return f"{done} of 8 done"


def check_killed_by_best_effort():
    """What it did stays, as it would have."""
    with Bench() as bench:
        bench.worker.script(18, "hang")
        bench.client.offline([place(16, 4)], best_effort=True)
        pump(lambda: 18 in [index for index, _ in bench.worker.writes()], "the write")
        done = [index for index, _ in bench.worker.writes() if index != 18]
        bench.daemon.kill()
        all_ok(bench)
        bench.start()
        bench.client.call("ListJobs")
        bench.unchanged(*done)
        bench.no_job_files()
        assert "interrupted" in bench.daemon.said(), bench.daemon.said()


def check_killed_while_onlining():
    with Bench() as bench:
        bench.worker.script(34, "hang")
        bench.client.online([place(32, 4)], "movable")
        pump(lambda: 34 in [index for index, _ in bench.worker.writes()], "the write")
        bench.daemon.kill()
        all_ok(bench)
        bench.start()
        pump(lambda: all(bench.kernel.state(index) == "offline" for index in range(32, 36)),
             "all is offline")


def check_killed_with_jobs_that_wait():
    """What had not begun is forgotten; nothing of it happens."""
    with Bench() as bench:
        bench.worker.script(16, "hang")
        bench.client.offline([place(16)])
        bench.client.offline([place(17)])
        pump(bench.worker.writes, "the first write")
        bench.daemon.kill()
        all_ok(bench)
        bench.start()
        wait_put_back(bench)
        assert 17 not in [index for index, _ in bench.worker.writes()]


def check_cancelled_before_it_is_put_back():
    """What waits to be put back is no job that could be dropped, by whoever or at the end."""
    def set_guard(bench):
        bench.machine.write(CONFIG, "[Marks]\nGuard=yes\n")

    with Bench(before=set_guard) as bench:
        bench.client.call("Mark", "(a(tt)ss)", [place(30)], "", "Ours")
        pump(lambda: 30 in bench.worker.asked("guard"), "a guard")
        job, _ = offline_until(bench, 2)
        bench.daemon.kill()
        all_ok(bench)
        guarded = threading.Event()
        bench.worker.guard = lambda index: guarded.wait(20) and 0
        bench.start()
        job.client = bench.client
        assert job.get("State") == "queued", job.all()
        bench.client.refused(ERROR + "TooLate", "Cancel", path=job.path,
                             interface="org.memblockd1.Job")
        bench.daemon.signal(signal.SIGTERM)
        pump(lambda: "STOPPING=1" in bench.daemon.told(), "STOPPING=1")
        guarded.set()
        assert bench.daemon.wait() == 0
        bench.unchanged()
        bench.no_job_files()


def check_it_can_not_be_put_back():
    with Bench() as bench:
        job, order = offline_until(bench, 2)
        bench.daemon.kill()
        all_ok(bench)
        bench.worker.script(order[0], "ENOMEM")
        bench.start()
        job.client = bench.client
        pump(lambda: job.get("State") == "ended", "its end")
        facts = job.all()
        assert facts["Result"] == "not-put-back", facts
        results = {start // BLOCK: (outcome, error)
                   for start, outcome, error, _ in job.get("Results")}
        assert results == {order[0]: ("not-put-back", "ENOMEM"), order[1]: ("put-back", "")}, \
            results
        bench.unchanged(order[0])
        assert f"memory{order[0]}" in bench.daemon.said(), bench.daemon.said()


def check_somebody_put_it_back_meanwhile():
    with Bench() as bench:
        _, order = offline_until(bench, 3)
        bench.daemon.kill()
        all_ok(bench)
        for index in order[:3]:
            bench.kernel.set(index, *bench.found[index])
        writes = len(bench.worker.writes())
        bench.start()
        wait_put_back(bench)
        assert len(bench.worker.writes()) == writes


def check_job_files_that_are_torn():
    """Of whatever stands there nothing keeps the daemon from starting, and nothing is guessed."""
    with Bench() as bench:
        offline_until(bench, 2)
        path = next(bench.jobs_folder().iterdir())
        text = path.read_bytes()
        assert b"try 1" in text, text
        bench.daemon.kill()
        all_ok(bench)
        changed = bench.kernel.states()
        writes = len(bench.worker.writes())
        for content in (b"", b"\n", b"\0", text[:10], text.replace(b"try", b"tri"),
                        text.replace(b"1", b"-1"), b"\xff" * 5000, text + b"try 16 online\n",
                        text.replace(b"try 1", b"try 99999999999999999999999")):
            path.write_bytes(content)
            with bench.start() as daemon:
                bench.client.call("ListJobs")
                said = daemon.said()
            assert path.name in said, f"{content!r}: {said}"
            assert len(bench.worker.writes()) == writes, content
            assert bench.kernel.states() == changed, content
            bench.no_job_files()


def check_strange_things_beside_job_files():
    with Bench() as bench:
        bench.daemon.stop()
        folder = bench.jobs_folder()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "7").mkdir()
        os.mkfifo(folder / "8")
        (folder / "9").symlink_to("/proc/self/mem")
        (folder / "nonsense").write_text("x", encoding="utf-8")
        (folder / "18446744073709551616").write_text("x", encoding="utf-8")
        bench.start()
        bench.client.offline([place(16)]).ended("done", "")


def check_run_is_read_only():
    with Bench() as bench:
        folder = bench.machine.path / "run"
        mounted(folder, "size=64k,ro")
        try:
            refused_before_the_first_write(bench)
        finally:
            unmount(folder)


def check_run_is_no_folder():
    with Bench(before=lambda bench: bench.machine.write("run", "x")) as bench:
        refused_before_the_first_write(bench)


def refused_before_the_first_write(bench):
    job = bench.client.offline([place(16)])
    job.ended("failed", "Failed")
    assert "written down" in job.get("Message") or "write down" in job.get("Message"), job.all()
    assert not bench.worker.writes(), bench.worker.writes()
    bench.unchanged()


if __name__ == "__main__":
    main(globals())
