#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How the daemon begins, goes on and ends, whatever its surroundings do."""

import os
import re
import shutil
import signal

from authority import let_us
from bench import Bench
from harness import ENVIRONMENT, Skip, main, run
from kernel import CONFIG, Machine, place
from service import ERROR, MEMBLOCKD, Bus, Daemon, owned, pump


def asks(bus):
    with bus.client() as client:
        return client.get("Blocks")


def ends_with(says, *words, **options):
    """A second daemon does, and with 1."""
    with Daemon(*words, wait=False, **options) as second:
        assert second.wait() == 1, second.said()
        assert any(says in line for line in second.said().splitlines()), second.said()
        assert "READY=1" not in second.told(), second.notes
        second.killed = True


def check_second_daemon():
    """It ends with a message, on the same bus as on the same machine."""
    with Bus() as bus, Bus() as other, Machine() as machine, Machine() as another, \
            Daemon(bus, machine.path):
        ends_with("org.memblockd1", bus, another.path)
        ends_with("org.memblockd1", bus, machine.path, "--read-only")
        ends_with("run/memblockd/lock", other, machine.path)
        with Daemon(other, machine.path, "--read-only"):
            assert asks(other) == 40
        assert asks(bus) == 40


def check_second_daemon_with_a_job_running():
    """It takes it for none that was interrupted."""
    with Bench() as bench:
        order = bench.order([place(16, 3)])
        bench.worker.script(order[2], "held")
        job = bench.client.offline([place(16, 3)])
        pump(lambda: len(bench.worker.writes()) == 3, "the last write")
        ends_with("run/memblockd/lock", bench.bus, bench.machine.path, worker=bench.worker.path)
        assert len(bench.worker.writes()) == 3, bench.worker.writes()
        assert [path.name for path in bench.jobs_folder().iterdir()] == [str(job.id)]
        bench.worker.resume("ok")
        job.ended("done", "")
        bench.unchanged(*order)


def check_bus_that_comes_later():
    with Bus(start=False) as bus, Machine() as machine:
        with Daemon(bus, machine.path, wait=False) as daemon:
            daemon.wait_said("bus")
            bus.start()
            pump(lambda: owned(bus), "the name is there")
            assert asks(bus) == 40
            daemon.wait_note("READY=1")


def check_bus_that_goes_and_comes_back():
    with Bus() as bus, Machine() as machine, Daemon(bus, machine.path) as daemon:
        for _ in range(2):
            said = daemon.said().count("gone")
            bus.stop()
            pump(lambda: daemon.said().count("gone") > said, f"it notices: {daemon.said()}")
            bus.start()
            pump(lambda: owned(bus), "the name is there")
            assert asks(bus) == 40


def check_no_bus_that_lets_us():
    """A policy that keeps the name from us is no matter of waiting."""
    policy = """<policy context="default"><allow user="*"/><deny own="*"/>
        <allow send_destination="*"/><allow receive_sender="*"/></policy>"""
    with Bus(policy) as bus, Machine() as machine:
        with Daemon(bus, machine.path, wait=False) as daemon:
            assert daemon.wait() == 1, daemon.said()
            assert "org.memblockd1" in daemon.said(), daemon.said()
            daemon.killed = True


def check_broken_configuration_at_start():
    """A warning with file and line, the default instead."""
    with Bus() as bus, Machine() as machine:
        machine.write(CONFIG,
                      "[Offline]\nTimeout=soon\nReserve=1G\nNonsense=1\n\n[What]\nx\n")
        with Daemon(bus, machine.path) as daemon, bus.client() as client:
            for words in (("memblockd.conf:2", "soon"), ("memblockd.conf:4", "Nonsense"),
                          ("memblockd.conf:7",)):
                assert any(all(word in line for word in words)
                           for line in daemon.said().splitlines()), f"{words}: {daemon.said()}"
            assert client.get("Reserve") == 1 << 30
            assert client.get("Timeout") == 60 * 1000000


def check_drop_ins():
    with Bus() as bus, Machine() as machine:
        machine.write(CONFIG, "[Offline]\nTimeout=1s\nReserve=1G\n")
        machine.write("usr/lib/memblockd.conf.d/10-x.conf", "[Offline]\nTimeout=2s\n")
        machine.write(f"{CONFIG}.d/20-x.conf", "[Offline]\nTimeout=3s\n")
        with Daemon(bus, machine.path), bus.client() as client:
            assert client.get("Timeout") == 3 * 1000000
            assert client.get("Reserve") == 1 << 30


def check_reload():
    """By SIGHUP and by the method; what changed is told."""
    with Bus() as bus, let_us(bus), Machine() as machine:
        with Daemon(bus, machine.path) as daemon, bus.client() as client:
            assert client.get("Timeout") == 60 * 1000000
            machine.write(CONFIG, "[Offline]\nTimeout=5s\n")
            daemon.signal(signal.SIGHUP)
            told = client.wait_heard("PropertiesChanged").arguments[1]
            assert told["Timeout"] == 5 * 1000000, told
            reloading = pump(lambda: "RELOADING=1" in daemon.told() and daemon.told(),
                             "RELOADING=1")
            pump(lambda: daemon.told()[reloading.index("RELOADING=1"):].count("READY=1"),
                 f"READY=1 again: {daemon.notes}")
            machine.write(CONFIG, "[Offline]\nTimeout=6s\n")
            client.call("Reload")
            assert client.get("Timeout") == 6 * 1000000


def check_broken_configuration_at_reload():
    """The values from before stay, file and line are told."""
    with Bus() as bus, Machine() as machine:
        machine.write(CONFIG, "[Offline]\nTimeout=5s\nReserve=1G\n")
        with Daemon(bus, machine.path) as daemon, bus.client() as client:
            machine.write(CONFIG, "[Offline]\nTimeout=soon\nReserve=2G\n")
            daemon.signal(signal.SIGHUP)
            daemon.wait_said("memblockd.conf:2", "soon")
            pump(lambda: client.get("Reserve") == 2 << 30, "the rest is taken")
            assert client.get("Timeout") in (5 * 1000000, 60 * 1000000)
            assert client.get("Blocks") == 40
    return "Timeout is that of before, or the default"


def check_end():
    with Bus() as bus, Machine() as machine, Daemon(bus, machine.path) as daemon:
        daemon.wait_note("STATUS=")
        assert daemon.stop() == 0
        pump(lambda: "STOPPING=1" in daemon.told(), "STOPPING=1")
        assert not owned(bus)
    with Bus() as bus, Machine() as machine, Daemon(bus, machine.path) as daemon:
        daemon.signal(signal.SIGINT)
        assert daemon.wait() == 0


def check_end_with_a_job_running():
    """The write is ended, what was done is put back, and what waits is dropped."""
    with Bench() as bench:
        last = bench.order([place(16, 3)])[-1]
        bench.worker.script(last, "hang")
        job = bench.client.offline([place(16, 3)])
        other = bench.client.offline([place(20)])
        pump(lambda: last in [index for index, _ in bench.worker.writes()], "the last write")
        assert bench.daemon.stop() == 0
        bench.unchanged()
        bench.no_job_files()
        for path in (job.path, other.path):
            assert bench.client.wait_heard(
                "JobRemoved", such=lambda s: s.arguments[1] == path).arguments[2] == "failed"
        pump(lambda: "STOPPING=1" in bench.daemon.told(), "STOPPING=1")


def check_systemd_waits_for_what_is_put_back():
    """As long as a block may take, and from the next one on anew."""
    with Bench() as bench:
        order = bench.order([place(16, 3)])
        bench.worker.script(order[2], "hang")
        bench.client.offline([place(16, 3)], timeout=200 * 1000000)
        bench.client.offline([place(20)], timeout=900 * 1000000)
        pump(lambda: len(bench.worker.writes()) == 3, "the last write")

        def times():
            asked = "EXTEND_TIMEOUT_USEC="
            return [int(note.removeprefix(asked)) for note in bench.daemon.told()
                    if note.startswith(asked)]

        assert not times()
        assert bench.daemon.stop() == 0
        bench.unchanged()
        pump(lambda: len(times()) > 2, f"it asks: {bench.daemon.notes}")
        assert set(times()) == {350 * 1000000}, times()


def check_told_twice_to_end():
    """It ends at once then, and the next one puts back what is left."""
    with Bench() as bench:
        order = bench.order([place(16, 3)])
        bench.worker.script(order[2], "EBUSY")
        bench.worker.script(order[1], "ok", "stuck")
        bench.client.offline([place(16, 3)]).wait_state("putting-back")
        pump(lambda: len(bench.worker.writes()) == 4, "the write that puts back")
        bench.daemon.signal(signal.SIGTERM)
        pump(lambda: "STOPPING=1" in bench.daemon.told(), "STOPPING=1")
        bench.daemon.signal(signal.SIGTERM)
        assert bench.daemon.wait() == 0
        bench.unchanged(*order[:2])
        bench.worker.release()
        bench.worker.scripts.clear()
        bench.start()
        pump(lambda: bench.kernel.states() == bench.found, "all is as it was found")


def check_reload_with_a_job_running():
    """The job goes on; its next block has the new time limit."""
    with Bench() as bench:
        order = bench.order([place(16, 2)])
        bench.worker.script(order[0], lambda worker, index, action:
                            worker.released.wait(10) and worker.kernel.do(index, action), "ok")
        bench.worker.script(order[1], "hang")
        job = bench.client.offline([place(16, 2)])
        pump(bench.worker.writes, "the first write")
        bench.machine.write(CONFIG, "[Offline]\nTimeout=200ms\n")
        bench.daemon.signal(signal.SIGHUP)
        pump(lambda: bench.client.get("Timeout") == 200000, "the new limit")
        assert job.get("State") == "running", job.all()
        bench.worker.release()
        job.ended("failed", "TimedOut")
        bench.unchanged()


def check_no_new_jobs_at_the_end():
    with Bench() as bench:
        def slow(worker, index, action):
            worker.released.wait(10)
            return worker.kernel.do(index, action)

        bench.worker.script(17, "EBUSY")
        for index in (16, 18):
            bench.worker.script(index, "ok", slow)
        bench.client.offline([place(16, 3)]).wait_state("putting-back")
        bench.daemon.signal(signal.SIGTERM)
        pump(lambda: "STOPPING=1" in bench.daemon.told(), "STOPPING=1")
        answer = bench.client.begin("Offline", "(a(tt)sa{sv})", [place(20)], "", {})
        pump(lambda: answer, "an answer")
        assert isinstance(answer[0], Exception), answer
        bench.worker.release()
        assert bench.daemon.wait() == 0
        bench.unchanged()


def check_status_tells_of_the_job():
    with Bench() as bench:
        before = [note for note in bench.daemon.told() if note.startswith("STATUS=")][-1]
        bench.worker.script(16, "hang")
        job = bench.client.offline([place(16)])
        pump(bench.worker.writes, "the write")
        pump(lambda: [note for note in bench.daemon.told() if note.startswith("STATUS=")
                      and "job" in note], f"another status than {before}")
        job.cancel()
        job.ended("failed", "Cancelled")
        pump(lambda: [note for note in bench.daemon.told() if note.startswith("STATUS=")][-1]
             == before, f"the same status again as {before}")


def check_standard_files_that_are_closed():
    """Nothing else takes their place, and so no message goes into a job's file or a connection."""
    with Bench(wrapper=["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"]) as bench:
        files = [os.readlink(path) for path in
                 (f"/proc/{bench.daemon.process.pid}/fd/{fd}" for fd in range(3))]
        assert files == ["/dev/null"] * 3, files
        bench.worker.script(17, "EBUSY")
        bench.client.offline([place(16, 2)]).ended("failed", "Busy")
        bench.unchanged()


WATCHDOG = {"WATCHDOG_USEC": "200000"}


def check_watchdog():
    with Bus() as bus, Machine() as machine:
        with Daemon(bus, machine.path, environment=WATCHDOG) as daemon:
            pump(lambda: daemon.told().count("WATCHDOG=1") >= 3, f"the watchdog: {daemon.notes}")


def check_read_only_opens_nothing_for_writing():
    if not shutil.which("strace"):
        raise Skip("no strace")
    with Bus() as bus, let_us(bus), Machine() as machine:
        trace = bus.folder / "trace"
        # LeakSanitizer can't look where another traces.
        with Daemon(bus, machine.path, "--read-only",
                    environment={"ASAN_OPTIONS": "detect_leaks=0"},
                    wrapper=["strace", "-f", "-D", "-o", str(trace), "-e",
                             "trace=openat,openat2,open,creat,mkdir,mkdirat,rename,unlink"]):
            with bus.client() as client:
                client.refused(ERROR + "ReadOnly", "Offline", "(a(tt)sa{sv})", [place(16)], "", {})
                client.refused(ERROR + "ReadOnly", "Mark", "(a(tt)ss)", [place(16)], "", "x")
                client.call("Rescan")
                client.call("Reload")
        lines = trace.read_text(encoding="utf-8", errors="replace").splitlines()
        if not lines:
            raise Skip("strace traces nothing here")
        # ThreadSanitizer keeps a file of its own.
        bad = [line for line in lines
               if re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|creat\(|mkdir|rename|unlink", line)
               and "/dev/null" not in line and "/tsan." not in line and not re.search(r"= -1 E", line)]
        assert not bad, bad
    return f"{len(lines)} calls"


def check_command_line():
    environment = {**ENVIRONMENT, "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"}
    for words, status, says in ((["--help"], 0, "--read-only"), (["--version"], 0, "memblockd"),
                                (["--nonsense"], 2, "--nonsense"), (["word"], 2, "word"),
                                (["--root"], 2, "--root"),
                                (["--root", "/nonexistent"], 1, "/nonexistent")):
        result = run([MEMBLOCKD, *words], environment=environment, timeout=10)
        assert result.returncode == status, f"{words}: {result}"
        assert says in (result.stdout if status == 0 else result.stderr), f"{words}: {result}"


def check_machine_that_can_not_be_read():
    """Whoever asks for what reads it is told why; all else is served as it was."""
    with Bench() as bench:
        path = bench.machine.path / "sys/devices/system/memory/block_size_bytes"
        away = bench.machine.path / "away"
        path.rename(away)
        change = ("(a(tt)sa{sv})", [place(20)], "", {})
        for member, *words in (("Rescan",), ("Offline", *change), ("PlanOffline", *change),
                               ("Mark", "(a(tt)ss)", [place(20)], "", "Why not"),
                               ("Unmark", "(a(tt))", [place(20)])):
            bench.client.refused(ERROR + "ScanFailed", member, *words, says="block_size_bytes")
        assert len(bench.client.call("ListBlocks", "(tu)", 0, 100)) == 40
        away.rename(path)
        bench.worker.script(16, "held")
        job = bench.client.offline([place(16)])
        later = bench.client.offline([place(17)])
        pump(bench.worker.writes, "the write")
        path.rename(away)
        bench.worker.resume("ok")
        job.ended("done", "")
        later.ended("failed", "Failed")
        assert "block_size_bytes" in later.get("Message"), later.all()


def check_tree_without_blocks():
    with Bus() as bus, Machine() as machine:
        shutil.rmtree(machine.path / "sys")
        with Daemon(bus, machine.path, wait=False) as daemon:
            assert daemon.wait() == 1, daemon.said()
            assert "sys/devices/system/memory" in daemon.said(), daemon.said()
            daemon.killed = True


if __name__ == "__main__":
    main(globals())
