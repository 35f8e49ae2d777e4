#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Marks of an administrator: set, lifted, kept, stale, and never lost by half."""

from bench import Bench
from crash import mounted, unmount
from harness import main
from kernel import BLOCK, CONFIG, OFFLINE, place
from service import DBUS_ERROR, ERROR, PATH, pump

MARK = "(a(tt)ss)"


def marks(bench):
    return bench.client.call("ListMarks")


def row(bench, index):
    return bench.client.call("ListBlocks", "(tu)", index, 1)[0]


def check_mark_and_unmark():
    with Bench() as bench:
        bench.client.call("Mark", MARK, [place(18, 2)], "", "The database lives there")
        assert marks(bench) == [(*place(18, 2), "", "The database lives there", False)]
        assert row(bench, 18)[6:8] == ("no", ["marked"]), row(bench, 18)
        assert row(bench, 17)[6:8] == ("yes", []), row(bench, 17)
        told = bench.client.wait_heard("BlocksChanged").arguments[0]
        assert told == [place(18, 2)], told
        assert bench.client.get("NotRemovableBytes") == 2 * BLOCK
        bench.client.refused(ERROR + "NotRemovable", "Offline", "(a(tt)sa{sv})", [place(18)], "",
                             {}, says=("memory18", "marked"))
        evidence = bench.client.get("Evidence", f"{PATH}/block/memory18", "org.memblockd1.Block")
        assert any("The database lives there" in line for line in evidence), evidence
        assert not bench.worker.writes()

        bench.client.call("Unmark", "(a(tt))", [place(19)])
        assert marks(bench) == [] and row(bench, 18)[6:8] == ("yes", [])
        bench.client.offline([place(18)]).ended("done", "")


def check_blocks_that_are_marked_during_a_job():
    """Those that it has yet to take offline stay."""
    with Bench() as bench:
        first, *_, last = bench.order([place(16, 3)])
        for options, result in (({}, "failed"), ({"best_effort": True}, "partial")):
            bench.worker.resumed.clear()
            bench.worker.script(first, "held", "ok")
            job = bench.client.offline([place(16, 3)], **options)
            pump(lambda: (first, OFFLINE) in bench.worker.writes(), "the first write")
            bench.client.call("Mark", MARK, [place(last)], "", "Ours")
            bench.worker.log.clear()
            bench.worker.resume("ok")
            job.ended(result, "Refused")
            assert "marked" in job.get("Message"), job.all()
            assert last not in dict(bench.worker.writes()), bench.worker.log
            bench.client.call("Unmark", "(a(tt))", [place(last)])
            if not options:
                bench.unchanged()


def check_marked_blocks_may_come_online():
    with Bench() as bench:
        bench.client.call("Mark", MARK, [place(32, 2)], "", "Never go")
        bench.client.online([place(32, 2)]).ended("done", "")
        bench.client.refused(ERROR + "NotRemovable", "Offline", "(a(tt)sa{sv})", [place(32)], "",
                             {})


def check_several_marks():
    """Each stays what it is; Unmark lifts those that it touches."""
    with Bench() as bench:
        bench.client.call("Mark", MARK, [place(16), place(20, 2)], "", "One")
        bench.client.call("Mark", MARK, [place(21)], "firmware", "Two")
        assert sorted(marks(bench)) == [(*place(16), "", "One", False),
                                        (*place(20, 2), "", "One", False),
                                        (*place(21), "firmware", "Two", False)], marks(bench)
        bench.client.call("Unmark", "(a(tt))", [place(20)])
        assert sorted(marks(bench)) == [(*place(16), "", "One", False),
                                        (*place(21), "firmware", "Two", False)], marks(bench)
        bench.client.call("Unmark", "(a(tt))", [(0, 1 << 40)])
        assert marks(bench) == []


def check_marks_that_make_no_sense():
    with Bench() as bench:
        for ranges, error in (([], DBUS_ERROR + "InvalidArgs"),
                              ([(0, 0)], ERROR + "InvalidRange"),
                              ([((1 << 64) - 1, 2)], ERROR + "InvalidRange"),
                              ([(4096, BLOCK)], ERROR + "NotAligned"),
                              ([place(300)], ERROR + "NoSuchBlock"),
                              ([place(3), (4096, BLOCK)], ERROR + "NotAligned")):
            bench.client.refused(error, "Mark", MARK, ranges, "", "Why not")
        bench.client.refused(ERROR + "NoSuchMark", "Unmark", "(a(tt))", [place(3)])
        wrong = DBUS_ERROR + "InvalidArgs"
        for reason in ("", "two\nlines", "x" * 5000, "\x01"):
            bench.client.refused(wrong, "Mark", MARK, [place(3)], "", reason)
        for device in ("two words", "two\nlines", "\x01"):
            bench.client.refused(wrong, "Mark", MARK, [place(3)], device, "Why not")
        assert marks(bench) == [] and not (bench.machine.path / "var/lib/memblockd/marks").exists()


def check_marks_are_kept():
    with Bench() as bench:
        bench.client.call("Mark", MARK, [place(18)], "", "  Grüße, \N{SNOWMAN}, 0x1-0x2  -")
        before = marks(bench)
        assert len(before) == 1 and "Grüße" in before[0][3], before
        bench.daemon.stop()
        bench.start()
        assert marks(bench) == before and row(bench, 18)[7] == ["marked"]
        bench.daemon.kill()
        bench.start()
        assert marks(bench) == before
        bench.client.call("Unmark", "(a(tt))", [place(18)])
        bench.daemon.stop()
        bench.start()
        assert marks(bench) == [] and row(bench, 18)[7] == []


def check_marks_that_fit_no_more():
    """They are kept and called stale: the memory may come back."""
    with Bench() as bench:
        bench.client.call("Mark", MARK, [place(18)], "firmware", "Ours")
        bench.client.call("Mark", MARK, [place(19)], "PNP0C80:00", "Another")
        assert {mark[3]: mark[4] for mark in marks(bench)} == \
            {"Ours": False, "Another": True}, marks(bench)
        assert row(bench, 19)[7] == [], "it is memory of another device"
        bench.kernel.remove(18)
        bench.client.call("Rescan")
        assert {mark[3]: mark[4] for mark in marks(bench)}["Ours"] is True
        bench.daemon.stop()
        daemon = bench.start()
        assert len(marks(bench)) == 2 and "fits no block" in daemon.said(), daemon.said()
        bench.kernel.add(18, state="online", zones="Movable")
        bench.client.call("Rescan")
        assert row(bench, 18)[7] == ["marked"]


def check_others_may_write_the_file():
    """Marks come out of the file; what makes no sense there is told, and the rest holds."""
    text = ("0x0000000080000000-0x0000000087ffffff - Written by hand\n"
            "nonsense\n"
            "0x0000000088000000-0x000000008fffffff firmware Written too\n")

    with Bench(before=lambda b: b.machine.write("var/lib/memblockd/marks", text)) as bench:
        assert sorted(mark[3] for mark in marks(bench)) == ["Written by hand", "Written too"]
        assert row(bench, 16)[7] == row(bench, 17)[7] == ["marked"]
        assert row(bench, 18)[6] == "unknown", "nobody knows which the third line was for"
        assert any("marks" in note for note in bench.client.get("Notes"))


def check_marks_by_hand_since_the_last_scan():
    """They are kept, whatever is asked for next."""
    with Bench() as bench:
        bench.client.call("Mark", MARK, [place(18)], "", "First")
        path = bench.machine.path / "var/lib/memblockd/marks"
        for index, member, signature, arguments in (
                (20, "Mark", MARK, ([place(19)], "", "Second")),
                (21, "Unmark", "(a(tt))", ([place(18)],))):
            with path.open("a", encoding="utf-8") as file:
                print(f"{index * BLOCK:#x}-{(index + 1) * BLOCK - 1:#x} - By hand", file=file)
            bench.client.call(member, signature, *arguments)
        assert [mark[0] // BLOCK for mark in marks(bench)] == [20, 19, 21], marks(bench)


def check_folder_is_read_only():
    """A mark that can't be kept is none, and who asked is told."""
    with Bench() as bench:
        folder = bench.machine.path / "var/lib/memblockd"
        mounted(folder, "size=64k,ro")
        try:
            answer = bench.client.begin("Mark", MARK, [place(18)], "", "Ours")
            pump(lambda: answer, "an answer")
            assert isinstance(answer[0], Exception), answer
            assert marks(bench) == [] and row(bench, 18)[7] == []
        finally:
            unmount(folder)


def check_folder_is_full():
    """What was kept before is still there, whole."""
    with Bench() as bench:
        folder = bench.machine.path / "var/lib/memblockd"
        mounted(folder, "size=16k")
        try:
            bench.client.call("Mark", MARK, [place(18)], "", "Ours")
            kept = (folder / "marks").read_text(encoding="utf-8")
            try:
                with (folder / "filler").open("wb") as filler:
                    filler.write(b"x" * (1 << 20))
            except OSError:
                pass
            answer = bench.client.begin("Mark", MARK, [place(19)], "", "Ours too")
            pump(lambda: answer, "an answer")
            assert isinstance(answer[0], Exception), answer
            assert (folder / "marks").read_text(encoding="utf-8") == kept
            assert len(marks(bench)) == 1, marks(bench)
            assert sorted(path.name for path in folder.iterdir()) == ["filler", "marks"]
        finally:
            unmount(folder)


def check_guard():
    """Marked blocks are guarded where the configuration says so, and freed again."""
    def set_guard(bench):
        bench.machine.write(CONFIG, "[Marks]\nGuard=yes\n")

    with Bench(before=set_guard) as bench:
        assert bench.client.get("Guard") is True
        bench.client.call("Mark", MARK, [place(18)], "", "Ours")
        pump(lambda: 18 in bench.worker.asked("guard"), f"a guard: {bench.worker.log}")
        bench.client.call("Unmark", "(a(tt))", [place(18)])
        pump(lambda: 18 in bench.worker.asked("unguard"), f"no guard: {bench.worker.log}")
        bench.client.call("Mark", MARK, [place(19)], "", "Ours")
        pump(lambda: 19 in bench.worker.asked("guard"), f"a guard: {bench.worker.log}")
        bench.machine.write(CONFIG, "[Marks]\nGuard=no\n")
        bench.client.call("Reload")
        pump(lambda: 19 in bench.worker.asked("unguard"), f"no guard: {bench.worker.log}")
    # What is offline may come online, and is guarded then; not before the job is over.
    with Bench(before=set_guard) as bench:
        bench.client.call("Mark", MARK, [place(32, 2)], "", "Ours")
        bench.client.call("ListMarks")
        assert not bench.worker.asked("guard"), bench.worker.log
        bench.worker.script(33, "hang")
        job = bench.client.online([place(32, 2)])
        pump(lambda: len(bench.worker.writes()) == 2, "the second write")
        bench.client.call("Rescan")
        assert not bench.worker.asked("guard"), bench.worker.log
        job.cancel()
        job.ended("failed", "Cancelled")
        bench.unchanged()
        bench.worker.script(33, "ok")
        bench.client.online([place(32, 2)]).ended("done", "")
        pump(lambda: {32, 33} <= set(bench.worker.asked("guard")), f"guards: {bench.worker.log}")
    with Bench() as bench:
        bench.client.call("Mark", MARK, [place(18)], "", "Ours")
        bench.client.call("ListMarks")
        assert not bench.worker.asked("guard"), bench.worker.log


def check_guard_that_does_not_answer():
    """Jobs don't wait for it for ever, and nothing else is tried until a reload; one line says so."""
    def late(_index):
        bench.worker.released.wait()
        return 0

    text = "[Marks]\nGuard=yes\n[Offline]\nTimeout=5s\n"
    with Bench(before=lambda bench: bench.machine.write(CONFIG, text)) as bench:
        bench.client.wait_tried()
        bench.worker.guard = late
        bench.client.call("Mark", MARK, [place(20, 3)], "", "Ours")
        pump(lambda: bench.worker.asked("guard"), "a guard")
        stuck = bench.worker.connections[-1]
        bench.client.offline([place(17)]).ended("done", "")
        bench.daemon.wait_said("memory20 can't be guarded", "no other block is tried")
        bench.client.call("Rescan")
        assert bench.worker.asked("guard") == [20], bench.worker.log
        bench.worker.release()
        pump(lambda: stuck.fileno() < 0, "it is let go")
        bench.client.call("Unmark", "(a(tt))", [place(20)])
        pump(lambda: bench.worker.asked("unguard") == [20], "the one that came late is lifted")
        bench.client.call("Mark", MARK, [place(20, 3)], "", "Ours")
        pump(lambda: bench.worker.asked("guard") == [20, 20, 21, 22], f"guards: {bench.worker.log}")
        assert bench.daemon.said().count("can't be guarded") == 1, bench.daemon.said()


def check_guard_without_a_worker():
    with Bench(before=lambda bench: bench.machine.write(CONFIG, "[Marks]\nGuard=yes\n"),
               worker="/nonexistent") as bench:
        bench.client.call("Mark", MARK, [place(20, 3)], "", "Ours")
        bench.daemon.wait_said("memory20 can't be guarded: No such file or directory; no other")
        assert bench.daemon.said().count("can't be guarded") == 1, bench.daemon.said()


def check_no_guard_at_the_end():
    """The job that it was to wait for ends since the daemon does."""
    with Bench(before=lambda b: b.machine.write(CONFIG, "[Marks]\nGuard=yes\n")) as bench:
        bench.worker.script(17, "hang")
        bench.client.offline([place(17)])
        pump(bench.worker.writes, "the write")
        bench.client.call("Mark", MARK, [place(20, 6)], "", "Ours")
        assert bench.daemon.stop() == 0
        assert not bench.worker.asked("guard"), bench.worker.log
        bench.unchanged()


if __name__ == "__main__":
    main(globals())
