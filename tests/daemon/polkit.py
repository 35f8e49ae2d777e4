#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may do what: polkit says it, whether it is quick, slow, ill or not there."""

import contextlib
import pathlib
import os

from authority import Polkit
from harness import Skip, main
from kernel import Kernel, Machine, Worker, place
from service import (DBUS_ERROR, ERROR, NOBODY, PATH, STRICT, Bus, BusError, Daemon, GLib,
                     pump)

DENIED = DBUS_ERROR + "AccessDenied"
PASSWORD = DBUS_ERROR + "InteractiveAuthorizationRequired"
BLOCK = f"{PATH}/block/memory20"
BLOCK_FACE = "org.memblockd1.Block"
PROPERTIES = "org.freedesktop.DBus.Properties"
DAEMON = 1  # a user that every system has; the bus lets nobody in whom it does not know
RANGE = [place(20)]

# Every call that asks, with the action it asks for.
CALLS = (
    ("Online", "(a(tt)sa{sv})", ([place(32)], "", {}), {}, "online"),
    ("Offline", "(a(tt)sa{sv})", (RANGE, "", {}), {}, "offline"),
    ("Mark", "(a(tt)ss)", (RANGE, "", "Why not"), {}, "mark"),
    ("Unmark", "(a(tt))", (RANGE,), {}, "mark"),
    ("Reload", "()", (), {}, "reload"),
    ("Rescan", "()", (), {}, "inspect"),
    ("PlanOnline", "(a(tt)sa{sv})", ([place(32)], "", {}), {}, "inspect"),
    ("PlanOffline", "(a(tt)sa{sv})", (RANGE, "", {}), {}, "inspect"),
    ("CountPages", "(a(tt))", (RANGE,), {}, "inspect"),
    ("Details", "()", (), {"path": BLOCK, "interface": BLOCK_FACE}, "inspect"),
)
SECRET = ("Subsections", "Composition", "Evidence")


class Setup:
    """All that these checks need: a daemon, somebody who is not root, and a polkit or none."""

    def __init__(self, grants=None, policy=None):
        self.stack = contextlib.ExitStack()
        self.grants = grants
        self.policy = policy

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.bus = stack.enter_context(Bus(self.policy) if self.policy else Bus())
            self.machine = stack.enter_context(Machine())
            self.kernel = Kernel(self.machine.path)
            self.worker = stack.enter_context(Worker(self.kernel))
            self.polkit = self.grants and stack.enter_context(Polkit(self.bus, self.grants))
            self.daemon = stack.enter_context(
                Daemon(self.bus, self.machine.path, worker=self.worker.path))
            self.client = stack.enter_context(self.bus.client(NOBODY))
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        return self.stack.__exit__(*error)

    def rescan(self):
        """Asked for by the client too, and granted."""
        before = len(self.polkit.open)
        answer = self.client.begin("Rescan")
        self.polkit.wait_open(before + 1).answer(True)
        self.client.finish(answer)

    def untouched(self):
        assert not self.worker.writes(), self.worker.log
        assert self.client.call("ListJobs") == [], self.client.call("ListJobs")
        assert self.client.call("ListMarks") == []


def check_root_is_not_asked():
    if os.geteuid() != 0:
        raise Skip("needs root")
    with Setup(lambda question: False) as setup, setup.bus.client() as root:
        root.offline(RANGE).ended("done", "")
        root.call("Mark", "(a(tt)ss)", RANGE, "", "Why not")
        root.call("Unmark", "(a(tt))", RANGE)
        root.call("Reload")
        root.call("Rescan")
        root.call("Details", path=BLOCK, interface=BLOCK_FACE)
        for name in SECRET:
            root.get(name, BLOCK, BLOCK_FACE)
        assert not setup.polkit.questions, setup.polkit.actions()


def check_denied():
    """Nothing happens, the text names the action, and the question is about the caller."""
    with Setup(lambda question: False) as setup:
        sender = setup.client.connection.get_unique_name()
        for member, signature, arguments, options, action in CALLS:
            setup.polkit.questions.clear()
            setup.client.refused(DENIED, member, signature, *arguments, says=action, **options)
            asked = setup.polkit.questions
            assert [one.action for one in asked] == [f"org.memblockd1.{action}"], member
            assert (asked[0].kind, asked[0].sender) == ("system-bus-name", sender), member
            assert not asked[0].interactive, member
        for name in SECRET:
            setup.client.refused(DENIED, "Get", "(ss)", BLOCK_FACE, name, path=BLOCK,
                                 interface=PROPERTIES, says="inspect")
        setup.untouched()


def check_granted():
    with Setup(lambda question: True) as setup:
        setup.client.offline(RANGE).ended("done", "")
        setup.client.online(RANGE).ended("done", "")
        setup.client.call("Mark", "(a(tt)ss)", RANGE, "", "Why not")
        setup.client.call("Unmark", "(a(tt))", RANGE)
        setup.client.call("Reload")
        setup.client.call("Rescan")
        setup.client.call("PlanOffline", "(a(tt)sa{sv})", RANGE, "", {})
        setup.client.call("Details", path=BLOCK, interface=BLOCK_FACE)
        for name in SECRET:
            setup.client.get(name, BLOCK, BLOCK_FACE)
        assert setup.polkit.actions() == ["org.memblockd1." + word for word in (
            "offline", "online", "mark", "mark", "reload", "inspect", "inspect",
            "inspect") + ("inspect",) * len(SECRET)], setup.polkit.actions()


def check_what_makes_no_sense_asks_nobody():
    with Setup(lambda question: True) as setup:
        setup.client.refused(DBUS_ERROR + "InvalidArgs", "Offline", "(a(tt)sa{sv})", [], "", {})
        setup.client.refused(ERROR + "InvalidRange", "Offline", "(a(tt)sa{sv})", [(0, 0)], "", {})
        assert not setup.polkit.questions, setup.polkit.actions()


def check_password():
    """It is asked for only where the caller allows that."""
    with Setup(lambda question: True if question.interactive else "challenge") as setup:
        setup.client.refused(PASSWORD, "Offline", "(a(tt)sa{sv})", RANGE, "", {})
        path = setup.client.call("Offline", "(a(tt)sa{sv})", RANGE, "", {}, interactive=True)
        setup.client.job(path).ended("done", "")
        setup.client.refused(PASSWORD, "Rescan")
        setup.client.call("Rescan", interactive=True)


def check_absent():
    """Root may, all others are told what is missing."""
    with Setup() as setup:
        for member, signature, arguments, options, action in CALLS:
            setup.client.refused(DENIED, member, signature, *arguments,
                                 says=(action, "polkit"), **options)
        setup.untouched()
        if os.geteuid() == 0:
            with setup.bus.client() as root:
                root.offline(RANGE).ended("done", "")


def check_ill():
    with Setup(lambda question: "fail") as setup:
        setup.client.refused(DENIED, "Offline", "(a(tt)sa{sv})", RANGE, "", {}, says="polkit")
        setup.untouched()


def check_slow():
    """While one waits for polkit, everybody else is served."""
    with Setup(lambda question: None) as setup:
        late = setup.client.begin("Offline", "(a(tt)sa{sv})", RANGE, "", {})
        question = setup.polkit.wait_open()
        assert setup.client.call("ListRanges") and not late
        with setup.bus.client() as other:
            assert other.get("Blocks") == 40
            if os.geteuid() == 0:
                other.offline([place(21)]).ended("done", "")
        assert not late and setup.worker.writes() in ([], [(21, 0)])
        question.answer(True)
        setup.client.job(setup.client.finish(late)).ended("done", "")


def check_several_questions_at_once():
    """Answered in the other order; each caller gets his own."""
    with Setup(lambda question: None) as setup, setup.bus.client(NOBODY) as other:
        first = setup.client.begin("Offline", "(a(tt)sa{sv})", RANGE, "", {})
        setup.polkit.wait_open(1)
        second = other.begin("Offline", "(a(tt)sa{sv})", [place(21)], "", {})
        setup.polkit.wait_open(2)
        setup.polkit.open[1].answer(True)
        other.job(other.finish(second)).ended("done", "")
        assert not first
        setup.polkit.open[0].answer(False)
        pump(lambda: first, "an answer")
        assert first[0].name == DENIED, first
        assert setup.worker.writes() == [(21, 0)], setup.worker.writes()


def check_caller_leaves_before_the_answer():
    """What was granted to somebody who is gone does not happen."""
    with Setup(lambda question: None) as setup:
        with setup.bus.client() as witness:
            setup.client.begin("Offline", "(a(tt)sa{sv})", RANGE, "", {})
            setup.client.begin("Get", "(ss)", BLOCK_FACE, "Evidence", path=BLOCK,
                               interface=PROPERTIES)
            setup.polkit.wait_open(2)
            setup.client.close()
            name = setup.client.connection.get_unique_name()
            pump(lambda: not witness.call(
                "NameHasOwner", "(s)", name, name="org.freedesktop.DBus",
                path="/org/freedesktop/DBus", interface="org.freedesktop.DBus"), "it is gone")
            for question in setup.polkit.open:
                question.answer(True)
            # Two more round trips: what was to come of that would have come.
            setup.polkit.client.call("Ping", interface="org.freedesktop.DBus.Peer")
            witness.call("Ping", interface="org.freedesktop.DBus.Peer")
            assert witness.call("ListJobs") == []
            assert not setup.worker.writes() and not witness.heard("JobNew")


def check_caller_who_floods_polkit():
    """There is an end to the questions that one may have open, however many connections he has;
    others aren't kept waiting."""
    if os.geteuid() != 0:
        raise Skip("needs root")
    with Setup(lambda question: None) as setup, setup.bus.client(NOBODY) as second, \
            setup.bus.client(DAEMON) as other:
        answers = [client.begin("Rescan") for _ in range(100) for client in (setup.client, second)]
        pump(lambda: sum(map(bool, answers)) > 180, "most are refused")
        setup.client.call("ListJobs")
        refused = [answer[0] for answer in answers if answer]
        for error in refused:
            assert error.name == DBUS_ERROR + "LimitsExceeded" and "polkit" in error.text, error
        before = len(setup.polkit.open)
        late = other.begin("Rescan")
        setup.polkit.wait_open(before + 1).answer(True)
        other.finish(late)


def check_object_that_goes_before_the_answer():
    """Nothing is left of the questions, which would count against the next: 16 are too many."""
    with Setup(lambda question: None) as setup:
        for _ in range(4):
            setup.kernel.add(40)
            setup.rescan()
            setup.polkit.open.clear()
            answers = [setup.client.begin("Details", path=f"{PATH}/block/memory40",
                                          interface=BLOCK_FACE) for _ in range(5)]
            setup.polkit.wait_open(5)
            setup.kernel.remove(40)
            setup.rescan()
            for question in setup.polkit.open[:5]:
                question.answer(True)
            for answer in answers:
                pump(lambda answer=answer: answer, "an answer")
                assert answer[0].name.startswith(DBUS_ERROR + "Unknown"), answer


def check_nothing_large_waits_for_polkit():
    """What is asked about is kept until the answer: a few ranges, options and words, and no
    descriptors, of which the daemon may have a thousand."""
    with Setup(lambda question: None) as setup:
        change, mark = "(a(tt)sa{sv})", "(a(tt)ss)"
        for member, signature, arguments in (
                ("Mark", mark, (RANGE, "", "x" * (1 << 20))),
                ("Mark", mark, (RANGE, "x" * 256, "Why not")),
                ("Mark", mark, ([place(20)] * 4097, "", "Why not")),
                ("Offline", change, (RANGE, "x" * (1 << 20), {})),
                ("Offline", change, (RANGE, "", {"device": GLib.Variant("s", "x" * 256)})),
                ("Remove", "(sa{sv})", ("x" * (1 << 20), {}))):
            answer = setup.client.begin(member, signature, *arguments)
            pump(lambda answer=answer: answer, f"{member} is refused")
            assert isinstance(answer[0], BusError), answer
        options = ", ".join(["'size': <uint64 1>"] * 6)
        answer = setup.client.begin_with("Offline", GLib.Variant.parse(
            GLib.VariantType.new(change), f"([], '', {{{options}}})", None, None))
        pump(lambda: answer, "more options than there are, one of them six times")
        assert answer[0].name == DBUS_ERROR + "InvalidArgs", answer
        answer = setup.client.begin_with("Rescan", GLib.Variant("()", ()), descriptors=[0] * 16)
        pump(lambda: answer, "descriptors")
        assert answer[0].name == DBUS_ERROR + "NotSupported", answer
        assert not setup.polkit.questions, setup.polkit.actions()


def check_cancel():
    """His own job anybody may end; another's asks for the action of its kind."""
    with Setup(lambda question: True) as setup, setup.bus.client(NOBODY) as other:
        setup.worker.script(20, "hang")
        job = setup.client.offline(RANGE)
        pump(setup.worker.writes, "the write")
        assert job.get("User") == NOBODY
        setup.polkit.grants = lambda question: False
        setup.polkit.questions.clear()
        job.cancel()
        job.ended("failed", "Cancelled")
        assert not setup.polkit.questions, setup.polkit.actions()

        if os.geteuid() != 0:
            return
        with setup.bus.client() as root:
            job = root.offline([place(20)])
            other.refused(DENIED, "Cancel", path=job.path, interface="org.memblockd1.Job",
                          says="offline")
            assert job.get("State") == "running"
            setup.polkit.grants = lambda question: True
            job.cancel(other)
            job.ended("failed", "Cancelled")
            assert setup.polkit.actions() == ["org.memblockd1.offline"] * 2


def check_cancel_answered_after_the_end():
    """The job that somebody asked about is over when polkit says yes."""
    if os.geteuid() != 0:
        raise Skip("needs root")
    with Setup(lambda question: None) as setup, setup.bus.client() as root:
        setup.worker.script(20, "hang")
        job = root.offline(RANGE)
        late = setup.client.begin("Cancel", path=job.path, interface="org.memblockd1.Job")
        question = setup.polkit.wait_open()
        job.cancel()
        job.ended("failed", "Cancelled")
        question.answer(True)
        pump(lambda: late, "an answer")


def policy_file():
    for folder in (os.environ.get("srcdir", "."), pathlib.Path(__file__).parents[2]):
        path = pathlib.Path(folder) / "conf/org.memblockd1.conf"
        if path.exists():
            return path
    raise Skip("no conf/org.memblockd1.conf")


def check_real_bus_policy():
    """The file that is installed: anybody may call the members that it lists, and nobody else may
    have the name."""
    if os.geteuid() != 0:
        raise Skip("needs root, who may have the names")
    text = policy_file().read_text(encoding="utf-8")
    body = text[text.index("<busconfig>") + len("<busconfig>"):text.index("</busconfig>")]
    own = f'<policy user="root"><allow own="{PATH[1:].replace("/", ".")}"/>' \
          '<allow own="org.freedesktop.PolicyKit1"/></policy>'
    answer = ('<policy context="default">'
              '<allow send_destination="org.freedesktop.PolicyKit1"/></policy>')
    with Setup(lambda question: True, policy=STRICT + answer + body + own) as setup:
        client = setup.client
        client.call("ListRanges")
        client.call("ListBlocks", "(tu)", 0, 10)
        client.get_all()
        client.objects()
        client.introspect()
        client.call("Details", path=BLOCK, interface=BLOCK_FACE)
        job = client.offline(RANGE)
        job.ended("done", "")
        client.call("Rescan")
        for options in ({"interface": "org.memblockd1.Nonsense"}, {}):
            client.refused(DENIED, "Nonsense", **options)
        answer = client.begin("RequestName", "(su)", "org.memblockd1", 0,
                              name="org.freedesktop.DBus", path="/org/freedesktop/DBus",
                              interface="org.freedesktop.DBus")
        pump(lambda: answer, "an answer")
        assert answer[0].name == DENIED, answer


if __name__ == "__main__":
    main(globals())
