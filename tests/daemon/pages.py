#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What workers find in blocks, and in the kernel's table of sections: asked for where somebody
wants to know it, never waited for, and never part of what everybody is told."""

import contextlib
import os
import threading

from authority import Polkit, let_us
from bench import Bench
from harness import Workers, main
from kernel import BLOCK, OFFLINE, PAGES_OF_BLOCK, Copy, Machine, counts_line, place
from service import DBUS_ERROR, ERROR, NOBODY, PATH, Bus, Daemon, pump, variants

CHANGE = "(a(tt)sa{sv})"
BLOCK_FACE = "org.memblockd1.Block"
PROPERTIES = "org.freedesktop.DBus.Properties"
ALL_ONES = (1 << 64) - 1


def asked(bench, verb="pages"):
    """The blocks or sections that a worker was asked for: number of the first, and how many."""
    return bench.worker.asked(verb)


def count(bench, *ranges):
    """The answer by block: busy, bytes that can't move, bytes to move, and the counts."""
    return {start // BLOCK: (busy, unmovable, to_move, counts)
            for start, size, busy, unmovable, to_move, *counts
            in bench.client.call("CountPages", "(a(tt))", list(ranges)) if size == BLOCK}


def details(bench, index):
    return bench.client.call("Details", path=f"{PATH}/block/memory{index}", interface=BLOCK_FACE)


def steps(bench, *ranges, **options):
    return [(start // BLOCK, busy, moves) for start, _, word, busy, moves in bench.client.call(
        "PlanOffline", CHANGE, list(ranges), "", variants(options))[0] if word == "not-tried"]


def running(bench, index=20):
    """A job that runs until it is cancelled."""
    bench.worker.script(index, "hang", "ok")
    job = bench.client.offline([place(index)])
    pump(bench.worker.writes, "it hangs in its write")
    return job


def nothing_of_it_is_served(bench, index=20):
    """Rows are what the scan found, whatever counts told."""
    row = next(row for row in bench.client.call("ListBlocks", "(tu)", index, 1))
    assert row[6:8] == ("yes", []), row


# CountPages

def check_counts():
    with Bench() as bench:
        bench.worker.counts(16, slab=3, page_table=2, kernel=1, movable=100)
        bench.worker.counts(17, movable=1000)
        bench.worker.counts(20, reserved=7)
        found = count(bench, place(16, 2), place(20))
        assert sorted(found) == [16, 17, 20], found
        assert found[16][:3] == ("yes", 6 * 4096, 100 * 4096), found
        assert found[17][:3] == ("no", 0, 1000 * 4096), found
        assert found[20][:3] == ("yes", 7 * 4096, 0), found
        free = PAGES_OF_BLOCK - 106
        assert found[16][3] == [PAGES_OF_BLOCK, PAGES_OF_BLOCK, 0, 0, 0, 3, 2, 0, free, 100, 1, 0]
        assert asked(bench) == [(16, 2), (20, 1)], bench.worker.log
        nothing_of_it_is_served(bench)
        assert bench.client.source("pages") == ("read", ""), bench.client.source("pages")


def check_counts_of_everything():
    """Offline blocks are left out, those that can never go are not."""
    with Bench() as bench:
        found = count(bench)
        assert sorted(found) == list(range(32)), found
        assert asked(bench) == [(0, 32)], bench.worker.log
        assert sorted(count(bench, place(30, 4))) == [30, 31]
        assert count(bench, place(33)) == {}, "an offline block"
        assert asked(bench)[1:] == [(30, 2)], bench.worker.log


def check_ranges_that_make_no_sense():
    with Bench() as bench:
        for error, ranges in (
                ("InvalidRange", [(0, 0)]), ("InvalidRange", [place(1), place(1)]),
                ("NotAligned", [(1, BLOCK)]), ("NotAligned", [(0, BLOCK + 1)]),
                ("NoSuchBlock", [place(300)]), ("NoSuchBlock", [place(1), place(300)])):
            bench.client.refused(ERROR + error, "CountPages", "(a(tt))", ranges)
        assert not asked(bench), bench.worker.log
        # Where a range holds some blocks, those are told of.
        assert sorted(count(bench, place(31, 300))) == [31]


def check_too_many_blocks():
    with Bench() as bench:
        bench.client.refused(DBUS_ERROR + "LimitsExceeded", "CountPages", "(a(tt))",
                             [place(index) for index in range(65537)], says="65536")


def check_what_goes_wrong():
    """Each time the caller hears what, and the next one is answered."""
    with Bench() as bench:
        bench.client.wait_tried()
        lies = (lambda verb, first, number: "nonsense\n",
                lambda verb, first, number: "",
                lambda verb, first, number: "\0\n",
                lambda verb, first, number: counts_line(first + number),
                lambda verb, first, number: counts_line(first)[:-1],
                lambda verb, first, number: counts_line(first).replace(" free ", " free 1"),
                lambda verb, first, number: counts_line(first) * 3000)
        for word, says in (("EACCES", "Permission"), ("EIO", "Input"), ("dies", "reset"),
                           *((lie, "Bad message") for lie in lies if lie is not lies[1])):
            bench.worker.look(word, "ok")
            bench.client.refused(ERROR + "NotKnown", "CountPages", "(a(tt))", [place(16)],
                                 says=says)
            state, why = bench.client.source("pages")
            assert state in ("hidden", "failed") and says in why, (state, why)
            assert 16 in count(bench, place(16))
            assert bench.client.source("pages") == ("read", "")
        bench.worker.look("ENOENT", "ok")
        bench.client.refused(ERROR + "NotKnown", "CountPages", "(a(tt))", [place(16)])
        assert bench.client.source("pages") == ("absent", "no /proc/kpageflags")
        bench.worker.look(lies[1], "ok")
        assert count(bench, place(16)) == {}
        nothing_of_it_is_served(bench)


def check_without_a_worker():
    """Nobody waits for one, and a plan can do without."""
    for words in ((), ("--read-only",)):
        with Bench(*words, worker="/nonexistent/socket") as bench:
            bench.client.wait_tried()
            bench.client.refused(ERROR + "NoWorker", "CountPages", "(a(tt))", [place(16)],
                                 says="/nonexistent/socket")
            assert [busy for _, busy, _ in steps(bench, place(16, 2))] == ["unknown"] * 2
            words, per_section, kind, derived, flags, _, evidence = details(bench, 16)
            assert (words, per_section, kind, flags) == (derived, 1, "derived", []), words
            assert evidence and bench.client.get("SubsectionSource") == "derived"
            for name in ("sections", "pages"):
                state, why = bench.client.source(name)
                assert state == "hidden" and "/nonexistent/socket" in why, (state, why)


def check_others_are_served_meanwhile():
    """However long a worker takes; and it is told to stop when who asked has gone."""
    with Bench() as bench, bench.bus.client() as other:
        bench.client.wait_tried()
        bench.worker.look("hang", "ok")
        answer = other.begin("CountPages", "(a(tt))", [place(16)])
        pump(lambda: asked(bench), "the worker is asked")
        assert bench.client.call("ListRanges") and not answer
        assert bench.client.get("Blocks") == 40
        waits = bench.client.begin("CountPages", "(a(tt))", [place(17)])
        bench.client.call("Rescan")
        assert not answer and not waits
        other.close()
        found = bench.client.finish(waits)
        assert [start for start, *_ in found] == [17 * BLOCK], found
        assert asked(bench) == [(16, 1), (17, 1)], bench.worker.log


def check_end_in_the_middle_of_a_count():
    with Bench() as bench:
        bench.client.wait_tried()
        bench.worker.look("hang")
        bench.client.begin("CountPages", "(a(tt))", [place(16)])
        pump(lambda: asked(bench), "the worker is asked")
        assert bench.daemon.stop() == 0


def check_too_many_questions():
    """Of one user, which leaves room for others."""
    with Bench() as bench, contextlib.ExitStack() as stack:
        bench.client.wait_tried()
        bench.worker.look("hang")
        answers = [bench.client.begin("CountPages", "(a(tt))", [place(16)]) for _ in range(33)]
        pump(lambda: answers[32], "one is too many")
        assert answers[32][0].name == DBUS_ERROR + "LimitsExceeded", answers[32]
        assert not any(answers[:32])
        if os.geteuid() != 0:
            return
        stack.enter_context(Polkit(bench.bus))
        other = stack.enter_context(bench.bus.client(NOBODY))
        late = other.begin("CountPages", "(a(tt))", [place(17)])
        bench.client.close()
        bench.worker.look("ok")
        assert [start for start, *_ in other.finish(late)] == [17 * BLOCK]


# With the real worker

def outcomes(root):
    """What the kernel of a captured tree answered to each block that was told to go offline."""
    lines = (root / "truth/outcome").read_text(encoding="utf-8").splitlines()
    return {int(words[0]): " ".join(words[2:]) for words in map(str.split, lines)
            if words[1] == "offline"}


def sections_by_number(text):
    return {int(line.split()[1]): (int(line.split()[3], 16), int(line.split()[5], 16))
            for line in text.splitlines() if line.split()[5] != "-"}


def check_real_worker():
    """Of captured trees: what went is not busy, what answered EBUSY is; and the kernel's own maps."""
    blocks = 0
    for name in ("linux-6.1-plain-2g", "linux-7.2-nvdimm-namespaces", "linux-7.2-dimms-online"):
        with Bus() as bus, let_us(bus), bus.client() as client, Copy(name) as tree:
            truth = (tree.path / "truth/sections").read_text(encoding="utf-8")
            (tree.path / "memblockd").mkdir(exist_ok=True)
            (tree.path / "memblockd/sections").write_text(truth, encoding="utf-8")
            with Workers(tree.path) as workers:
                workers.connect().close()
                with Daemon(bus, tree.path, worker=workers.path):
                    blocks += busy_is_right(client, outcomes(tree.path), name)
                    maps_are_right(client, sections_by_number(truth), name)
    return f"{blocks} blocks"


def busy_is_right(client, truth, name):
    words = {"ok": "no", "Device or resource busy": "yes"}
    found = {start // size: busy for start, size, busy, *_ in client.call("CountPages", "(a(tt))",
                                                                          [])}
    wrong = {index: (busy, truth[index]) for index, busy in found.items()
             if truth.get(index) in words and busy != words[truth[index]]}
    assert found and not wrong, f"{name}: {wrong}"
    return len(found)


def maps_are_right(client, truth, name):
    """On these machines a block is a section."""
    pump(lambda: client.get("SubsectionSource") == "kernel", f"{name}: the kernel's map is read")
    for row in client.call("ListBlocks", "(tu)", 0, 100):
        index = row[0] // BLOCK
        words, _, kind, _, flags, _, _ = client.call(
            "Details", path=f"{PATH}/block/memory{index}", interface=BLOCK_FACE)
        assert (flags, words, kind) == ([truth[index][0]], [truth[index][1]], "kernel"), \
            f"{name}: memory{index}: {flags}, {words}, {kind}, {truth[index]}"


# Plans and jobs

def check_plan_knows_what_is_busy():
    with Bench() as bench:
        bench.worker.counts(16, slab=1)
        bench.worker.counts(17, movable=5)
        found = steps(bench, place(16, 3))
        assert sorted(found) == [(16, "yes", 0), (17, "no", 5 * 4096), (18, "no", 0)], found
        assert [index for index, _, _ in found] == [18, 17, 16], found
        assert asked(bench) == [(16, 3)], bench.worker.log
        nothing_of_it_is_served(bench)


def check_job_is_counted_once():
    """A glance and a closer look; where it begins at once, what they told is true still."""
    with Bench() as bench:
        bench.worker.counts(31, kernel=9)
        bench.worker.counts(30, movable=30000)
        bench.client.offline(size=15 * BLOCK, zone="Movable").ended("done", "")
        assert asked(bench) == [(16, 16)] * 2, bench.worker.log
        order = [index for index, _ in bench.worker.writes()]
        assert 31 not in order and order[-1] == 30, order


def check_job_that_waited_counts_again():
    """It goes by what is in blocks when its turn comes."""
    with Bench() as bench:
        first = running(bench)
        bench.worker.counts(16, kernel=9)
        job = bench.client.offline(size=15 * BLOCK, zone="Movable")
        bench.worker.counts(16)
        bench.worker.counts(31, kernel=9)
        bench.worker.counts(30, movable=30000)
        assert job.get("State") == "queued"
        first.cancel()
        job.ended("done", "")
        assert asked(bench) == [(20, 1)] + [(16, 16)] * 4, bench.worker.log
        order = [index for index, _ in bench.worker.writes()[1:]]
        assert sorted(order) == list(range(16, 31)) and order[-1] == 30, order


def check_only_what_may_go_is_counted():
    with Bench() as bench:
        bench.client.call("Mark", "(a(tt)ss)", [place(17)], "", "it stays")
        steps(bench, size=BLOCK, node=0)
        # Those that it would take are looked at more closely: one, and one to spare.
        assert asked(bench) == [(0, 17), (18, 14), (30, 2)], bench.worker.log
        bench.client.online([place(32)]).ended("done", "")
        assert len(asked(bench)) == 3, "nothing is counted to go online"


def check_cancelled_while_counted():
    with Bench() as bench:
        bench.client.wait_tried()
        first = running(bench)
        job = bench.client.offline([place(16)])
        bench.worker.look("hang", "ok")
        first.cancel()
        pump(lambda: len(asked(bench)) == 3, "the job's blocks are counted")
        assert job.get("State") == "queued"
        second = bench.client.offline([place(17)])
        job.cancel()
        job.ended("failed", "Cancelled")
        second.ended("done", "")
        bench.unchanged(17)


def check_job_of_who_left():
    """Who goes before a job has begun gets none."""
    with Bench() as bench, bench.bus.client() as other:
        bench.client.wait_tried()
        bench.worker.look("hang", "ok")
        other.begin("Offline", CHANGE, [place(16)], "", {})
        pump(lambda: asked(bench), "its blocks are counted")
        other.close()
        bench.client.offline([place(17)]).ended("done", "")
        bench.unchanged(17)
        assert len(bench.client.call("ListJobs")) == 1


def check_worker_dies_in_a_count():
    with Bench() as bench:
        bench.client.wait_tried()
        bench.worker.look("dies")
        bench.client.offline([place(16)]).ended("done", "")
        assert bench.client.source("pages")[0] == "failed"


def check_refused_lately():
    """What said EBUSY, or took too long, is tried last; until it goes."""
    with Bench() as bench:
        first = bench.order(size=3 * BLOCK)
        bench.worker.script(first[0], "EBUSY", "ok")
        bench.worker.script(first[1], "hang", "ok")
        job = bench.client.offline([place(first[0])])
        job.ended("failed", "Busy")
        bench.client.offline([place(first[1])], timeout=1000).ended("failed", "TimedOut")
        order = bench.order(size=3 * BLOCK)
        movable = [index for index in order if index >= 16]
        assert set(movable[-2:]) == set(first[:2]) or set(order[-2:]) == set(first[:2]), order
        bench.client.offline([place(first[0])]).ended("done", "")
        bench.client.online([place(first[0])], "movable").ended("done", "")
        assert bench.order(size=3 * BLOCK)[0] == first[0], "it went, and is forgotten"


def check_poison():
    with Bench() as bench:
        bench.worker.poison(17)
        results = bench.client.offline([place(16, 3)]).ended("failed", "Poisoned")
        assert {start // BLOCK: error for start, _, error, _ in results if error} == \
            {17: "EHWPOISON"}, results
        bench.unchanged()
        # A size is met by others, and best effort takes it all the same.
        bench.client.offline(size=15 * BLOCK, zone="Movable").ended("done", "")
        assert bench.kernel.state(17) == "online"
        bench.client.offline([place(17)], best_effort=True).ended("done", "")
        assert (17, OFFLINE) in bench.worker.writes()


def check_counted_poison():
    """A plan refuses what is known to be poisoned, unless it is by best effort."""
    with Bench() as bench:
        bench.worker.counts(17, poisoned=1)
        for member in ("PlanOffline", "Offline"):
            bench.client.refused(ERROR + "Poisoned", member, CHANGE, [place(16, 3)], "", {},
                                 says="memory17")
        assert len(steps(bench, place(16, 3), best_effort=True)) == 3


# Sections

def sections(*flags, first=0, maps="ffffffffffffffff"):
    return "".join(f"section {first + i} flags {flag} map {maps}\n"
                   for i, flag in enumerate(flags))


def check_sections():
    with Bench(before=lambda bench: setattr(
            bench.worker, "sections", sections(*["f"] * 40))) as bench:
        pump(lambda: bench.client.get("SubsectionSource") == "kernel", "the kernel's map is read")
        assert asked(bench, "sections") == [(0, 1)], bench.worker.log
        assert bench.client.source("sections") == ("read", ""), bench.client.source("sections")
        path = f"{PATH}/block/memory3"
        assert bench.client.get("SubsectionSource", path, BLOCK_FACE) == "kernel"
        words, per_section, kind, derived, flags, _, _ = details(bench, 3)
        assert (words, per_section, kind, flags) == ([ALL_ONES], 1, "kernel", [0xf])
        assert derived == [ALL_ONES], derived
        bench.worker.sections = sections("1f", first=3, maps="00000000000000ff")
        words, per_section, kind, derived, flags, _, evidence = details(bench, 3)
        assert (words, derived, flags) == ([0xff], [ALL_ONES], [0x1f]), words
        assert evidence == bench.client.get("Evidence", path, BLOCK_FACE)
        assert bench.client.get("Subsections", path, BLOCK_FACE) == [0xff]
        bench.client.wait_heard("PropertiesChanged", PATH, lambda heard: heard.arguments[1].get(
            "SubsectionSource") == "kernel")


def check_sections_that_lie():
    with Bench() as bench:
        bench.client.wait_tried()
        assert bench.client.source("sections")[0] == "absent", bench.client.source("sections")
        for text in ("nonsense\n", "section 3 flags x map -\n", sections("f", first=4),
                     "section 3 flags f map -\n", ""):
            bench.worker.look(lambda verb, first, number, text=text: text
                              if verb == 6 else counts_line(first))
            words, _, kind, derived, _, _, _ = details(bench, 3)
            assert (words, kind) == (derived, "derived"), (text, words)
            assert bench.client.get("SubsectionSource") == "derived"
            assert bench.client.get("Subsections", f"{PATH}/block/memory3", BLOCK_FACE) == derived


def arm64_dimm():
    """Whether its blocks 16 to 19 may go rests on the kernel's flags, which no scan finds."""
    machine = Machine(arch="aarch64")
    for index in range(16, 20):
        machine.link(f"sys/bus/acpi/devices/PNP0C80:00/physical_node{index}",
                     f"../../../../devices/system/memory/memory{index}")
    return machine


def check_sections_that_change_a_verdict():
    """From then on it is everybody's, in ranges and sums too."""
    with Bench(machine=arm64_dimm) as bench:
        bench.client.wait_tried()
        before = bench.client.get_all()
        assert place(16, 4) in [row[:2] for row in bench.client.call("ListRanges")]
        bench.worker.sections = sections("8", first=18)
        assert any("flag early" in line for line in details(bench, 18)[6])
        changed = bench.client.wait_heard("BlocksChanged").arguments[0]
        assert changed == [place(18)], changed
        found = [(row[:2], row[6], row[7]) for row in bench.client.call("ListRanges")
                 if row[8] == "PNP0C80:00"]
        assert found == [(place(16, 2), "unknown", []), (place(18), "no", ["boot-memory"]),
                         (place(19), "unknown", [])], found
        after = bench.client.get_all()
        for name, difference in (("NotRemovableBytes", BLOCK), ("UnknownBytes", -BLOCK)):
            assert after[name] - before[name] == difference, name
        details(bench, 18)
        assert len(bench.client.heard("BlocksChanged")) == 1, "nothing is new"


def check_reserved_pages():
    """Those who ask for counts hear of them, and nobody else."""
    with Bench() as bench:
        bench.worker.counts(20, reserved=7)
        path = f"{PATH}/block/memory20"
        assert count(bench, place(20))[20][0] == "yes"
        for evidence in (details(bench, 20)[6], bench.client.get("Evidence", path, BLOCK_FACE)):
            assert not any("reserved-pages" in line for line in evidence), evidence
        nothing_of_it_is_served(bench)
        assert bench.client.get("Removable", path, BLOCK_FACE) == "yes"


def check_block_that_goes_while_it_is_looked_at():
    with Bench() as bench:
        bench.client.wait_tried()
        gone = threading.Event()
        bench.worker.look(lambda verb, first, number: counts_line(first) if gone.wait(60) else "")
        path = f"{PATH}/block/memory20"
        answers = [bench.client.begin("Details", path=path, interface=BLOCK_FACE),
                   bench.client.begin("Get", "(ss)", BLOCK_FACE, "Evidence", path=path,
                                      interface=PROPERTIES),
                   bench.client.begin("CountPages", "(a(tt))", [place(20)])]
        pump(lambda: asked(bench, "sections"), "the worker is asked")
        bench.kernel.remove(20)
        bench.client.call("Rescan")
        assert not any(answers), answers
        gone.set()
        pump(lambda: all(answers), "all are answered")
        assert [answer[0].name for answer in answers[:2]] == [ERROR + "NoSuchBlock"] * 2, answers
        assert answers[2][0] == ([],), answers


def check_block_that_comes_during_a_glance():
    """The plan may turn to it, though nobody had a glance at it."""
    with Bench() as bench:
        bench.client.wait_tried()
        came = threading.Event()
        bench.worker.look(lambda verb, first, number: counts_line(first) if came.wait(60) else "",
                          "ok")
        answer = bench.client.begin("PlanOffline", CHANGE, [], "", variants({"size": BLOCK}))
        pump(lambda: asked(bench), "the worker is asked")
        bench.kernel.set(32, "online", "Movable")
        bench.client.call("Rescan")
        came.set()
        pump(lambda: answer, "it is answered")
        assert asked(bench) == [(0, 32), (0, 1), (32, 1)], bench.worker.log
        assert answer[0][0][0][:4] == (0, BLOCK, "not-tried", "no"), answer
        assert bench.client.source("pages") == ("read", "")


def check_end_before_a_job_has_begun():
    """Nothing is changed, and nothing left to be found."""
    with Bench() as bench:
        bench.client.wait_tried()
        first = running(bench)
        bench.client.offline([place(16)])
        bench.worker.look("hang", "ok")
        first.cancel()
        pump(lambda: len(asked(bench)) == 3, "the job's blocks are counted")
        bench.no_job_files()
        assert bench.daemon.stop() == 0
        bench.unchanged()


if __name__ == "__main__":
    main(globals())
