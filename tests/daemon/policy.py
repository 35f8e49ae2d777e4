#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory that is added: what the policy says is done once, and nothing that others did is undone."""

import contextlib
import os
import signal
import threading
import time

from bench import Bench
from harness import main
from kernel import (BLOCK, CONFIG, MARKED, OFFLINE, ONLINE, ONLINE_KERNEL, ONLINE_MOVABLE,
                    SETTINGS, Machine, place, uevents_environment)
from service import PATH, Daemon, pump

KNOWN = "run/memblockd/known-blocks"
KEPT = "run/memblockd/kernel-policy"
READY = "run/memblockd/ready"
OFFLINED = "run/memblockd/offlined"
MOVABLE = "[Rule all]\nOnline=movable\n"


class Plugs(Bench):
    """A bench with the kernel's events, and memory that is plugged in. config is memblockd.conf,
    kernel the values of auto_online_blocks, online_policy and auto_movable_ratio."""

    def __init__(self, *words, config="", kernel=(), virtualization="kvm", before=None, **options):
        self.config = config
        self.values = kernel
        self.virtualization = virtualization
        self.and_then = before
        super().__init__("--uevents", *words, before=self.prepare, **options)

    def prepare(self, _bench):
        self.machine.write("memblockd/virtualization", self.virtualization + "\n")
        self.machine.write(CONFIG, self.config)
        for path, value in zip(SETTINGS, self.values):
            self.machine.write(path, value + "\n")
        if self.and_then:
            self.and_then(self)

    def start(self, *words, **options):
        return super().start(*words, environment=uevents_environment(self.machine.path), **options)

    def restart(self, **options):
        self.daemon.kill()
        for path in self.machine.path.glob("event[0-9]*"):
            path.unlink()
        return self.start(**options)

    def add(self, first, count=1, event=True, **options):
        for index in range(first, first + count):
            self.kernel.add(index, **options)
        for index in range(first, first + count) if event else ():
            self.kernel.uevent("add", index)

    def do(self, action, index):
        """What somebody else does, with its event."""
        self.kernel.do(index, action)
        self.kernel.uevent("offline" if action == OFFLINE else "online", index)

    def written(self, count, first=40):
        """Waits for writes to so many blocks, and no others; returns what was written to each."""
        writes = pump(lambda: len(self.worker.writes()) >= count and dict(self.worker.writes()),
                      f"{count} writes: {self.worker.log}, {self.daemon.said()}")
        assert sorted(writes) == list(range(first, first + count)), writes
        return writes

    def two_jobs(self):
        """One whose write is held, and one behind it."""
        self.worker.script(16, "held")
        first = self.client.offline([place(16)])
        pump(self.worker.writes, "the first write")
        return first, self.client.offline([place(17)])

    def idle(self):
        """Waits until all jobs have ended, one at least; returns them."""
        return pump(lambda: (jobs := self.client.call("ListJobs"))
                    and all(job[3] == "ended" for job in jobs) and jobs, "jobs have ended")

    def quiet(self):
        """Waits for two settled bursts: what was to come of the first has come by then."""
        for _ in range(2):
            before = len(self.client.heard("Settled"))
            self.kernel.uevent("online", 0)
            pump(lambda: len(self.client.heard("Settled")) > before, "Settled")
            pump(lambda: all(job[3] == "ended" for job in self.client.call("ListJobs")), "idle")

    def known(self):
        found = set()
        for line in (self.machine.path / KNOWN).read_text(encoding="utf-8").splitlines():
            first, last = map(int, line.split("-"))
            found |= set(range(first, last + 1))
        return found

    def wait_known(self, indices):
        pump(lambda: self.known() == set(indices), f"known: {self.known()}, not {indices}")

    def setting(self, number):
        return (self.machine.path / SETTINGS[number]).read_text(encoding="utf-8").strip()

    def settings(self):
        return tuple(self.setting(number) for number in range(3))

    def sets(self):
        return self.worker.asked("set")


def check_added_memory_comes_online():
    """Once, as one job of root's; what was offline before is left alone."""
    with Plugs() as bench:
        bench.wait_known(range(40))
        bench.add(40, 8)
        assert bench.written(8) == dict.fromkeys(range(40, 48), ONLINE)
        (job,) = bench.idle()
        assert job[2] == "online" and job[4:] == (8 * BLOCK, 8 * BLOCK), job
        assert bench.client.get("User", job[1], "org.memblockd1.Job") == 0
        bench.unchanged(*range(40, 48))
        bench.wait_known(range(48))


def check_settled_is_told_when_all_is_online():
    """Added, brought online and read anew is one burst."""
    with Plugs() as bench:
        bench.add(40, 8)
        bench.client.wait_heard("Settled")
        members = [signal.member for signal in bench.client.signals]
        assert members.index("JobRemoved") < members.index("Settled"), members
        assert bench.client.get("OnlineBytes") == 40 * BLOCK
        told = [signal.arguments[1] for signal in bench.client.heard("PropertiesChanged", PATH)]
        assert not any("KernelPolicy" in names for names in told), told


def check_added_memory_is_one_scan():
    """It finds what is new. What a job of ours did is read of its blocks alone, events or not."""
    with Plugs() as bench:
        scans = bench.client.get("Scans")
        bench.add(40)
        bench.client.wait_heard("Settled")
        assert bench.client.get("OnlineBytes") == 33 * BLOCK
        assert bench.client.get("Scans") == scans + 1


def check_what_an_administrator_took_offline_stays_so():
    """udevadm trigger, a restart, and more memory bring none of it back."""
    with Plugs() as bench:
        bench.add(40, 4)
        bench.written(4)
        bench.idle()
        for index in (16, 17, 40):
            bench.do(OFFLINE, index)
        for index in bench.kernel.indices():
            bench.kernel.uevent("add", index, synthetic=True)
        bench.quiet()
        bench.restart()
        bench.add(44)
        pump(lambda: bench.kernel.state(44) == "online", "the new one")
        bench.quiet()
        assert sorted({index for index, _ in bench.worker.writes()}) == [*range(40, 45)]
        assert [bench.kernel.state(index) for index in (16, 17, 32, 40)] == ["offline"] * 4


def check_memory_that_comes_back_is_new():
    with Plugs() as bench:
        bench.add(40, 2)
        bench.written(2)
        bench.idle()
        for index in (40, 41):
            bench.do(OFFLINE, index)
            bench.kernel.remove(index)
            bench.kernel.uevent("remove", index)
        bench.wait_known(range(40))
        bench.add(40, 2)
        pump(lambda: len(bench.worker.writes()) == 4, "both again")


def check_memory_that_comes_back_during_its_job():
    """That job is for what was there before; what came back gets one of its own."""
    with Plugs() as bench:
        bench.worker.script(41, "held")
        bench.add(40, 4)
        pump(lambda: 41 in dict(bench.worker.writes()), "the write that is held")
        bench.kernel.remove(40)
        bench.kernel.uevent("remove", 40)
        pump(lambda: bench.client.get("Blocks") == 43, "it is gone")
        bench.add(40)
        pump(lambda: bench.client.get("Blocks") == 44, "it is back")
        bench.worker.resume("ok")
        pump(lambda: bench.kernel.state(40) == "online", "it is online")
        bench.wait_known(range(44))


def check_burst_while_it_restarts():
    """A hundred blocks: some known, some in a job, some that came while nobody looked."""
    with Plugs() as bench:
        bench.add(40, 30)
        bench.written(30)
        bench.idle()
        bench.worker.script(75, "hang")
        bench.add(70, 30)
        pump(lambda: 75 in dict(bench.worker.writes()), "the write that hangs")
        bench.do(OFFLINE, 72)  # by somebody who doesn't want it
        pump(lambda: 72 in bench.known(), "that is noted")
        bench.daemon.kill()
        bench.add(100, 40, event=False)
        bench.kernel.offline(18)
        bench.worker.scripts.clear()
        bench.restart()
        online = set(range(40, 140)) - {72}
        pump(lambda: all(bench.kernel.state(index) == "online" for index in online),
             "all are online")
        bench.quiet()
        assert [bench.kernel.state(index) for index in (18, 32, 72)] == ["offline"] * 3
        bench.wait_known(range(140))


def check_a_daemon_that_stops_leaves_the_rest_to_the_next():
    with Plugs() as bench:
        bench.worker.script(42, "hang")
        bench.add(40, 4)
        pump(lambda: 42 in dict(bench.worker.writes()), "the write that hangs")
        assert bench.daemon.stop() == 0
        assert not {42, 43} & bench.known(), bench.known()
        bench.worker.scripts.clear()
        bench.restart()
        pump(lambda: bench.kernel.state(43) == "online", "the rest")
        assert bench.kernel.state(42) == "online"


def check_device_that_vanishes():
    with Plugs() as bench:
        bench.worker.script(41, "vanishes")
        bench.add(40, 4)
        (job,) = bench.idle()
        assert bench.client.get("Result", job[1], "org.memblockd1.Job") == "partial"
        assert [bench.kernel.state(index) for index in (40, 42, 43)] == ["online"] * 3
        bench.kernel.uevent("remove", 41)
        bench.quiet()
        bench.wait_known(set(range(44)) - {41})


def check_links_that_come_late():
    """What tells whose memory it is may come after the event."""
    rule = "[Rule dimm]\nDevice=PNP0C80:00\nOnline=movable\n[Rule rest]\nOnline=no\n"
    with Plugs(config=rule) as bench:
        bench.add(40, 2)
        for number, index in (("", 40), ("1", 41)):
            bench.machine.link(f"sys/bus/acpi/devices/PNP0C80:00/physical_node{number}",
                               f"../../../../devices/system/memory/memory{index}")
        assert bench.written(2) == dict.fromkeys((40, 41), ONLINE_MOVABLE)


def check_rival_between_look_and_write():
    """It has it in another zone by then, for good: said, signalled, counted."""
    def rival(worker, index, _action):
        worker.kernel.do(index, ONLINE_KERNEL)
        return -22

    with Plugs(config=MOVABLE) as bench:
        bench.worker.script(41, rival)
        bench.add(40, 2)
        told = bench.client.wait_heard("ZoneMismatch").arguments
        assert told == (41 * BLOCK, "online_movable", "Normal"), told
        bench.idle()
        assert bench.client.get("ZoneMismatches") == 1
        bench.daemon.wait_said("Block 41 was", "online_movable", "Normal")
        pump(lambda: any("1 in another zone" in note for note in bench.daemon.told()), "status")
        assert bench.kernel.zones(41) == "Normal"


def check_rival_before_the_look():
    """What is online already is left as it is, and its zone is looked at."""
    with Plugs(config=MOVABLE) as bench:
        bench.add(40, 3)
        bench.do(ONLINE_KERNEL, 40)
        bench.do(ONLINE_MOVABLE, 41)
        told = bench.client.wait_heard("ZoneMismatch").arguments
        assert told[0] == 40 * BLOCK, told
        pump(lambda: bench.worker.writes() == [(42, ONLINE_MOVABLE)], "the third one")
        bench.quiet()
        assert len(bench.client.heard("ZoneMismatch")) == 1
        assert bench.worker.writes() == [(42, ONLINE_MOVABLE)]


def check_a_kernel_that_is_faster_is_told_of_once():
    """Of blocks side by side in one line, and one count; signalled of each."""
    with Plugs(config=MOVABLE) as bench:
        bench.add(40, 8, event=False)
        for index in range(40, 48):
            bench.do(ONLINE_KERNEL, index)
        bench.daemon.wait_said("Blocks 40-47 were to be online_movable, and are in zone Normal")
        assert bench.client.get("ZoneMismatches") == 8
        assert len(bench.client.heard("ZoneMismatch")) == 8
        counts = [names["ZoneMismatches"] for signal in bench.client.heard("PropertiesChanged", PATH)
                  if "ZoneMismatches" in (names := signal.arguments[1])]
        assert counts == [8], counts


@contextlib.contextmanager
def burst_without_end(bench):
    """Gives a list with the longest pause in it."""
    done = threading.Event()
    longest = [0]

    def go_on():
        last = time.monotonic()
        while not done.wait(0.001):
            bench.kernel.uevent("online", 3)
            longest[0] = max(longest[0], time.monotonic() - last)
            last = time.monotonic()

    noise = threading.Thread(target=go_on)
    noise.start()
    try:
        yield longest
    finally:
        done.set()
        noise.join()


def check_a_burst_that_does_not_end():
    """It isn't waited for: what came is brought online while events go on."""
    with Plugs() as bench, burst_without_end(bench):
        bench.add(40, 2)
        bench.written(2)


def check_a_burst_in_which_the_kernel_is_at_it():
    """What it has yet to bring online is left to it, and what it did not in the end is not."""
    for _ in range(5):
        with Plugs(config="[Policy]\nKernelPolicy=leave\n", kernel=("online",)) as bench:
            with burst_without_end(bench) as longest:
                bench.add(40, 2)
                pump(lambda: bench.client.get("Blocks") == 42, "that is told of")
                writes = bench.worker.writes()
                bench.do(ONLINE, 40)
            if longest[0] > 0.04:
                continue  # for memblockd it was over: this machine is too busy
            assert not writes, writes
            bench.written(1, first=41)
            return


def check_added_memory_goes_before_jobs_that_wait():
    with Plugs() as bench:
        first, later = bench.two_jobs()
        bench.add(40)
        pump(lambda: len(bench.client.call("ListJobs")) == 3, "three jobs")
        bench.worker.resume("ok")
        first.ended("done", "")
        later.ended("done", "")
        assert [index for index, _ in bench.worker.writes()] == [16, 40, 17]


def check_added_memory_does_not_wait_for_counts():
    """Those of the job that was next are taken anew."""
    with Plugs() as bench:
        _, later = bench.two_jobs()
        bench.worker.look("hang", "ok")
        counted = len(bench.worker.asked("pages"))
        bench.worker.resume("ok")
        pump(lambda: len(bench.worker.asked("pages")) > counted, "the count that hangs")
        bench.add(40)
        later.ended("done", "")
        assert [index for index, _ in bench.worker.writes()] == [16, 40, 17]
        assert len(bench.worker.asked("pages")) == counted + 2, bench.worker.log


def check_events_that_do_not_end_behind_a_device():
    """It is whole, so a moment of quiet would do; there is none, and it is told of all the same."""
    with Plugs() as bench:
        told = threading.Event()

        def kernel():
            for index in (40, 41):
                bench.kernel.add(index)
                bench.kernel.uevent("add", index)
            for index in (40, 41):
                bench.do(ONLINE, index)
            while not told.wait(0.001):
                bench.kernel.uevent("online", 3)

        thread = threading.Thread(target=kernel)
        thread.start()
        try:
            pump(lambda: bench.client.heard("BlocksChanged"), "blocks that changed")
        finally:
            told.set()
            thread.join()


def check_added_memory_overtakes_a_job_once():
    """However much memory comes, a job whose turn had come begins."""
    with Plugs() as bench:
        _, later = bench.two_jobs()
        bench.worker.script(40, "held")
        bench.add(40)
        pump(lambda: len(bench.client.call("ListJobs")) == 3, "three jobs")
        bench.worker.resume("ok")
        pump(lambda: len(bench.worker.writes()) == 2, "the block that was added")
        bench.add(41)
        bench.worker.resume("ok")
        pump(lambda: len(bench.worker.writes()) == 4, "all writes")
        assert [index for index, _ in bench.worker.writes()] == [16, 40, 17, 41]
        later.ended("done", "")


def check_a_job_that_waits_minds_what_happened():
    with Plugs() as bench:
        bench.worker.script(16, "hang")
        job = bench.client.offline([place(16)])
        pump(bench.worker.writes, "the write that hangs")
        bench.add(40, 2)
        pump(lambda: len(bench.client.call("ListJobs")) == 2, "our job waits")
        bench.do(ONLINE, 40)
        bench.do(OFFLINE, 40)
        pump(lambda: 40 in bench.known(), "that is noted")
        job.cancel()
        bench.idle()
        assert bench.worker.writes()[1:] == [(41, ONLINE)], bench.worker.writes()


def check_a_job_that_runs_minds_what_happened():
    def busy(worker, index, action):
        bench.do(ONLINE, 41)
        bench.do(OFFLINE, 41)
        for _ in range(500):
            if 41 in bench.known():
                break
            time.sleep(0.01)
        worker.kernel.do(index, action)
        return 0

    with Plugs() as bench:
        bench.worker.script(40, busy)
        bench.add(40, 3)
        bench.idle()
        bench.quiet()
        assert dict(bench.worker.writes()) == dict.fromkeys((40, 42), ONLINE)
        assert bench.kernel.state(41) == "offline"


def check_what_somebody_took_offline_while_it_was_away():
    """udev's helper leaves word; what came meanwhile, and nobody touched, is new all the same."""
    with Plugs() as bench:
        bench.daemon.stop()
        bench.add(40, 3, event=False)
        bench.machine.write(f"{OFFLINED}/memory41", "")
        bench.machine.write(f"{OFFLINED}/memory77", "")
        bench.machine.write(f"{OFFLINED}/nonsense", "")
        bench.restart()
        pump(lambda: len(bench.worker.writes()) == 2, "two writes")
        bench.quiet()
        assert dict(bench.worker.writes()) == dict.fromkeys((40, 42), ONLINE)
        bench.wait_known(range(43))
        assert [path.name for path in (bench.machine.path / OFFLINED).iterdir()] == ["nonsense"]


def check_ratio_and_kernel_memory():
    """More of zone Movable than the kernel's memory bears is not made, and that is said."""
    for config, free, virtualization in (("MovableRatio=100\n", 0.9, "kvm"), ("", 0.01, "kvm"),
                                         ("Reserve=64G\n", 0.9, "none")):
        section = "Offline" if "Reserve" in config else "Policy"
        with Plugs(config=f"[{section}]\n{config}{MOVABLE}", virtualization=virtualization,
                   machine=lambda free=free: Machine(free=free)) as bench:
            bench.add(40, 2)
            assert bench.written(2) == dict.fromkeys((40, 41), ONLINE_KERNEL), config
            bench.daemon.wait_said("40-41", "MovableRatio=")
            bench.idle()
            assert bench.client.get("ZoneMismatches") == 0


def check_what_is_not_to_come_online():
    """It is left, said once, and not asked about again."""
    with Plugs(config="[Rule none]\nOnline=no\n") as bench:
        bench.add(40, 4)
        bench.wait_known(range(44))
        bench.daemon.wait_said("40-43", "left offline", "memblockd.conf:1")
        bench.machine.write(CONFIG, "")
        bench.daemon.signal(signal.SIGHUP)
        bench.quiet()
        bench.restart()
        bench.quiet()
        assert not bench.worker.writes() and not bench.client.call("ListJobs")


def check_blocks_that_others_fight_over():
    """Named once; and nothing of ours comes near them any more."""
    with Plugs() as bench:
        for _ in range(4):
            bench.do(OFFLINE, 20)
            bench.do(ONLINE, 20)
        bench.quiet()
        said = bench.daemon.said()
        assert said.count("memory20 was taken offline and online by others") == 1, said
        bench.do(OFFLINE, 20)
        bench.kernel.remove(20)
        bench.kernel.uevent("remove", 20)
        bench.add(20)
        bench.quiet()
        assert not bench.worker.writes(), bench.worker.writes()


def check_our_own_jobs_are_no_rivals():
    with Plugs() as bench:
        for _ in range(3):
            for action in ("offline", "online"):
                getattr(bench.client, action)([place(20)]).ended("done", "")
                bench.kernel.uevent(action, 20)
        bench.quiet()
        assert "by others" not in bench.daemon.said()


def check_no_worker():
    """It is tried again with the next event."""
    with Plugs(worker="/nonexistent") as bench:
        bench.add(40)
        bench.idle()
        bench.client.wait_heard("Settled")
        members = [signal.member for signal in bench.client.signals]
        assert members.index("JobRemoved") < members.index("Settled"), members
        assert 40 not in bench.known()
        bench.daemon.stop()
        bench.options.pop("worker")
        bench.restart()
        bench.written(1)


def check_broken_record():
    """Nobody knows what was taken offline: nothing that is there is touched."""
    def before(bench):
        bench.machine.write(KNOWN, "0-31\nx\n")

    with Plugs(before=before) as bench:
        bench.daemon.wait_said("known-blocks makes no sense")
        bench.quiet()
        bench.wait_known(range(40))
        assert not bench.worker.writes()
        bench.add(40)
        bench.written(1)


def check_record_that_cannot_be_written():
    """That is told once, and it is written once it can be."""
    with Plugs() as bench:
        bench.wait_known(range(40))
        record = bench.machine.path / KNOWN
        record.unlink()
        record.mkdir()
        bench.add(40, state="online", zones="Normal")
        bench.daemon.wait_said("Can't write /run/memblockd/known-blocks")
        bench.quiet()
        assert bench.daemon.said().count("Can't write") == 1, bench.daemon.said()
        record.rmdir()
        bench.quiet()
        bench.wait_known(range(41))


def marked_files(bench):
    folder = bench.machine.path / MARKED
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*")}


def marked_names(bench):
    return sorted(path.name for path in (bench.machine.path / MARKED).glob("*"))


def check_marked_files():
    """For udev, each change followed by an event; what is so already brings none."""
    with Plugs() as bench:
        bench.client.call("Mark", "(a(tt)ss)", [place(18, 2)], "", "Never")
        want = "MEMBLOCK_REMOVABLE=0\nMEMBLOCK_REASONS=marked\nMEMBLOCK_NID=0\n"
        pump(lambda: sorted(bench.worker.events) == [18, 19], "two events")
        assert marked_files(bench) == {"memory18": want, "memory19": want}
        bench.restart()
        pump(lambda: len(bench.worker.asked("change")) == 4, "it tells a worker of both again")
        bench.quiet()
        assert sorted(bench.worker.events) == [18, 19], bench.worker.log
        bench.client.call("Unmark", "(a(tt))", [place(18)])
        pump(lambda: sorted(bench.worker.events) == [18, 18, 19, 19], "two more")
        assert marked_files(bench) == {}


def check_marked_files_without_a_worker():
    """They are written when there is one again, and something changes."""
    with Plugs() as bench:
        bench.worker.path.rename(bench.worker.folder / "away")
        bench.restart()
        bench.client.call("Mark", "(a(tt)ss)", [place(18)], "", "Never")
        bench.daemon.wait_said("udev is not told of marked blocks")
        (bench.worker.folder / "away").rename(bench.worker.path)
        bench.client.call("Mark", "(a(tt)ss)", [place(19)], "", "Never")
        pump(lambda: marked_names(bench) == ["memory18", "memory19"], "both are there")


def check_more_marked_blocks_than_udev_is_told_of():
    """All or none, for udev keeps files of each; and what is not told brings no events."""
    with Plugs(machine=lambda: Machine(normal=1040)) as bench:
        bench.client.call("Mark", "(a(tt)ss)", [place(0, 1025)], "", "Never")
        bench.daemon.wait_said("1025 blocks can't be taken offline, and udev is told of none")
        bench.quiet()
        assert not marked_files(bench) and not bench.worker.asked("change")
        assert bench.daemon.said().count("udev is told of none") == 1, bench.daemon.said()
        bench.client.call("Unmark", "(a(tt))", [place(0)])
        bench.client.call("Mark", "(a(tt)ss)", [place(0, 1024)], "", "Never")
        pump(lambda: len(marked_names(bench)) == 1024, "the files")
        bench.client.call("Mark", "(a(tt)ss)", [place(1030)], "", "Never")
        pump(lambda: not marked_names(bench), "no files")


def check_marked_files_of_an_earlier_daemon():
    def before(bench):
        bench.machine.write(f"{MARKED}/memory20", "MEMBLOCK_REMOVABLE=0\n")
        bench.machine.write(f"{MARKED}/memory999", "MEMBLOCK_REMOVABLE=0\n")

    with Plugs(before=before) as bench:
        pump(lambda: 20 in bench.worker.events, "the event")
        pump(lambda: not marked_names(bench), "no files")


def check_ready():
    """There exactly while somebody follows the policy."""
    with Plugs() as bench:
        ready = bench.machine.path / READY
        assert ready.exists()
        bench.daemon.stop()
        assert not ready.exists()
        bench.start()
        assert ready.exists()


def check_another_daemon_takes_nothing_away():
    with Plugs(kernel=FOUND) as bench:
        wait_told(bench)
        wait_kept(bench, *ALL_KEPT)
        with Daemon(bench.bus, bench.machine.path, "--uevents", worker=bench.worker.path,
                    environment=uevents_environment(bench.machine.path), wait=False) as second:
            assert second.wait() == 1, second.said()
            second.killed = True
        assert (bench.machine.path / READY).exists()
        assert bench.settings() == TOLD


def check_who_only_looks_touches_nothing():
    with Plugs("--read-only", kernel=FOUND) as bench:
        bench.add(40)
        bench.quiet()
        assert not (bench.machine.path / "run/memblockd").exists()
        assert not bench.worker.writes() and not bench.sets()

    def before(bench):
        for path, value in zip(SETTINGS, FOUND):
            bench.machine.write(path, value + "\n")

    with Bench(before=before) as bench:
        bench.kernel.add(40)
        bench.client.call("Rescan")
        assert bench.client.get("Blocks") == 41
        assert [path.name for path in (bench.machine.path / "run/memblockd").iterdir()] == ["lock"]
        assert not bench.worker.writes() and not bench.worker.asked("set")


FOUND = ("offline", "contig-zones", "300")
TOLD = ("online", "auto-movable", "301")


def wait_told(bench, values=TOLD):
    pump(lambda: bench.settings() == values, f"{bench.settings()} is {values}")


def wait_kept(bench, *lines):
    path = bench.machine.path / KEPT
    pump(lambda: (sorted(path.read_text(encoding="utf-8").splitlines()) if path.exists() else [])
         == sorted(lines), f"kept: {lines}")


ALL_KEPT = ("auto_online_blocks offline online", "online_policy contig-zones auto-movable",
            "auto_movable_ratio 300 301")


def check_kernel_first():
    """The zone before what comes online; kept, taken up by the next daemon, and put back."""
    with Plugs(kernel=FOUND) as bench:
        wait_told(bench)
        wait_kept(bench, *ALL_KEPT)
        assert bench.sets() == ["301", "auto-movable", "online"], bench.sets()
        pump(lambda: sorted(bench.client.get("KernelPolicy")) == sorted(
            [("auto_online_blocks", "online", "offline"),
             ("online_policy", "auto-movable", "contig-zones"),
             ("auto_movable_ratio", "301", "300")]), "the property")
        bench.restart()
        bench.quiet()
        assert len(bench.sets()) == 3, bench.sets()
        assert bench.daemon.stop() == 0
        assert bench.settings() == FOUND
        assert bench.sets()[3:] == ["offline", "contig-zones", "300"], bench.sets()
        wait_kept(bench)


def check_no_worker_is_held_for_nothing():
    """One has told the kernel, one udev: what is left is one to spare, and where memblockd isn't
    root's one that opens files."""
    with Plugs(kernel=FOUND) as bench:
        wait_told(bench)
        bench.client.call("Mark", "(a(tt)ss)", [(18 * BLOCK, BLOCK)], "", "ours")
        pump(lambda: marked_names(bench) == ["memory18"], "udev hears of the mark")
        pump(lambda: bench.worker.held() == 1 + (os.geteuid() != 0), "the others end")


def check_kernel_policy_that_is_so_already():
    with Plugs(kernel=TOLD) as bench:
        bench.quiet()
        assert bench.daemon.stop() == 0
        assert bench.settings() == TOLD and not bench.sets()


def check_kernel_policy_that_was_so_and_somebody_changed():
    """Then too: neither a reload nor memory that comes sets it back."""
    with Plugs(kernel=TOLD) as bench:
        bench.quiet()
        bench.machine.write(SETTINGS[0], "offline\n")
        bench.daemon.signal(signal.SIGHUP)
        bench.add(40)
        bench.written(1)
        bench.quiet()
        assert bench.setting(0) == "offline" and not bench.sets()
        bench.machine.write(CONFIG, "[Rule all]\nOnline=kernel\n")
        bench.daemon.signal(signal.SIGHUP)
        wait_told(bench, ("online_kernel", *TOLD[1:]))
        assert bench.daemon.stop() == 0
        assert bench.setting(0) == "offline"


def check_kernel_policy_minds_what_else_may_come():
    """The kernel brought all of it online so far; then memory of another kind came. How it finds a
    zone for what is left to it stays."""
    with Plugs(kernel=FOUND, config="[Rule dax]\nProvider=dax\nOnline=no\n") as bench:
        wait_told(bench)
        bench.machine.write("sys/bus/dax/devices/dax0.0/size", "1\n")
        bench.add(40)
        bench.do(ONLINE, 40)
        wait_told(bench, (FOUND[0], *TOLD[1:]))
        wait_kept(bench, *ALL_KEPT[1:])


def check_the_zone_policy_before_what_is_left_to_the_kernel():
    """Memory comes that is first of its kind here: the kernel hears how to find a zone, and then
    that the block is to come online, however long the first takes."""
    config = "[Rule dax]\nProvider=dax\nOnline=default\n[Rule rest]\nOnline=kernel\n"
    with Plugs(kernel=FOUND, config=config) as bench:
        wait_told(bench, ("online_kernel", *FOUND[1:]))
        slow = bench.worker.set

        def set_slowly(setting, value):
            time.sleep(0.5)
            return slow(setting, value)

        bench.worker.set = set_slowly
        bench.machine.write("sys/bus/dax/devices/dax0.0/size", "1\n")
        bench.add(40)
        assert bench.written(1) == {40: ONLINE_KERNEL}
        assert bench.settings() == (FOUND[0], *TOLD[1:])
        order = [entry[0] for entry in bench.worker.log if entry[0] in ("set", "write")]
        assert order == ["set"] * 4 + ["write"], bench.worker.log


def check_kernel_policy_that_somebody_changed():
    """It is theirs then: at a reload, a restart and at the end."""
    with Plugs(kernel=FOUND) as bench:
        wait_told(bench)
        wait_kept(bench, *ALL_KEPT)
        bench.machine.write(SETTINGS[0], "online_kernel\n")
        bench.daemon.signal(signal.SIGHUP)
        bench.quiet()
        bench.restart()
        bench.quiet()
        assert bench.setting(0) == "online_kernel"
        assert bench.daemon.stop() == 0
        assert bench.settings() == ("online_kernel", *FOUND[1:])
        wait_kept(bench)


def check_kernel_policy_that_ends_with_a_reload():
    """Told that memory is treated in several ways, or to keep its hands off, it puts all back."""
    for config in ("[Policy]\nKernelPolicy=leave\n",
                   "[Rule one]\nNode=0\nOnline=movable\n[Rule rest]\nOnline=kernel\n"):
        with Plugs(kernel=FOUND) as bench:
            wait_told(bench)
            wait_kept(bench, *ALL_KEPT)
            bench.machine.write(CONFIG, config)
            bench.daemon.signal(signal.SIGHUP)
            wait_told(bench, FOUND)
            wait_kept(bench)
            policy = bench.client.get("Policy")
            assert policy[0][:2] == ("KernelPolicy", "leave" if "leave" in config else "manage")
            bench.machine.write(CONFIG, "")
            bench.daemon.signal(signal.SIGHUP)
            wait_told(bench)


def check_zones_that_hang_on_the_kernel_policy():
    """No event tells that an offline block would come online elsewhere now."""
    def set_policy(setting, value):
        movable = value == "auto-movable"
        if setting == 1:
            bench.kernel.set(32, "offline", "Movable Normal" if movable else "Normal Movable")
        return bench.worker.write_setting(setting, value)

    def zones():
        return bench.client.get("Zones", "/org/memblockd1/block/memory32", "org.memblockd1.Block")

    with Plugs(config="[Policy]\nKernelPolicy=leave\n", kernel=FOUND) as bench:
        bench.worker.set = set_policy
        scans = bench.client.get("Scans")
        assert zones() == ["Normal", "Movable"], zones()
        bench.machine.write(CONFIG, "")
        bench.daemon.signal(signal.SIGHUP)
        pump(lambda: zones() == ["Movable", "Normal"], "they are told of")
        bench.machine.write(CONFIG, "[Policy]\nKernelPolicy=leave\n")
        bench.daemon.signal(signal.SIGHUP)
        pump(lambda: zones() == ["Normal", "Movable"], "they are told of")
        assert bench.client.get("Scans") == scans


def check_kernel_policy_after_a_kill():
    """Between what was found and what was written nobody knows; the value tells."""
    for now in ("offline", "online"):
        def before(bench, now=now):
            bench.machine.write(KEPT, "auto_online_blocks offline\n")
            bench.machine.write(SETTINGS[0], now + "\n")

        with Plugs(kernel=(now, *TOLD[1:]), before=before) as bench:
            wait_told(bench)
            wait_kept(bench, "auto_online_blocks offline online")
            assert bench.daemon.stop() == 0
            assert bench.setting(0) == "offline"


def check_kernel_policy_that_cannot_be_set():
    """Said, and memory comes online all the same."""
    with Plugs(kernel=FOUND) as bench:
        bench.daemon.stop()
        bench.worker.set = lambda setting, value: -30
        bench.start()
        bench.daemon.wait_said("auto_online_blocks can't be set to online")
        assert bench.settings() == FOUND
        bench.add(40)
        bench.written(1)


def check_kernel_policy_that_takes_long_once():
    """The kernel came back in the end: what it was told since is put back as ever."""
    with Plugs(kernel=FOUND) as bench:
        wait_told(bench)
        bench.worker.set = lambda setting, value: bench.worker.released.wait() and -16
        bench.machine.write(CONFIG, "[Policy]\nKernelPolicy=leave\n")
        bench.daemon.signal(signal.SIGHUP)
        bench.daemon.wait_said("auto_online_blocks can't be set to offline: Connection timed out")
        bench.worker.set = bench.worker.write_setting
        bench.worker.release()
        wait_told(bench, (TOLD[0], *FOUND[1:]))
        assert bench.daemon.stop() == 0
        assert bench.settings() == FOUND


def check_end_with_a_job_that_is_abandoned():
    """Before it is told to end, or while it ends: nobody waits for the kernel, its own policy is put
    back, and the job is left to the next daemon."""
    with Plugs(kernel=FOUND) as early, Plugs(kernel=FOUND) as late:
        jobs = []
        for bench in (early, late):
            wait_told(bench)
            bench.worker.script(20, "stuck")
            jobs.append(bench.client.offline([place(20)], timeout=100000))
            pump(bench.worker.writes, "the write")
        late.daemon.signal(signal.SIGTERM)
        jobs[0].wait_state("abandoned")
        early.daemon.signal(signal.SIGTERM)
        for bench, job in zip((early, late), jobs):
            assert bench.daemon.wait() == 0
            assert bench.settings() == FOUND
            assert [path.name for path in bench.jobs_folder().iterdir()] == [str(job.id)]


def check_broken_kernel_record():
    def before(bench):
        bench.machine.write(KEPT, "auto_online_blocks rm-rf online\n")

    with Plugs(kernel=TOLD, before=before) as bench:
        bench.daemon.wait_said("kernel-policy makes no sense")
        assert bench.daemon.stop() == 0
        assert bench.settings() == TOLD and not bench.sets()


def check_policy_as_property():
    config = "[Policy]\nMovableRatio=200\n[Rule cxl]\nProvider=cxl\nOnline=no\n"
    with Plugs(config=config) as bench:
        policy = bench.client.get("Policy")
        assert policy[0] == ("KernelPolicy", "manage", "default"), policy
        assert policy[1][:2] == ("MovableRatio", "200") and policy[1][2].endswith(":2"), policy
        assert policy[2][:2] == ("Rule cxl", "no") and policy[2][2].endswith(":3"), policy
        assert {row[0] for row in policy[3:]} == {"default"}, policy


if __name__ == "__main__":
    main(globals())
