#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Something else in the place of a file or folder that memblockd keeps: nothing is read or written
through it, it is told of, and memblockd does all that doesn't need that file."""

import os

from bench import Bench
from harness import main
from kernel import place, uevents_environment
from service import ERROR, BusError, pump

RUN = "run/memblockd"
LIB = "var/lib/memblockd"
FILES = [f"{RUN}/{name}" for name in (
    "known-blocks", "known-blocks.new", "kernel-policy", "ready", "ready.new", "lock", "coldplugged",
    "offlined/memory40", "jobs/1", "jobs/7")] + [f"{LIB}/marks", f"{LIB}/marks.new"]
FOLDERS = [RUN, f"{RUN}/jobs", f"{RUN}/offlined", LIB]
SECRET = "0x0000000090000000-0x0000000097ffffff - a secret of root's\n"


class Planted(Bench):
    """A machine in which plant(path) was done for each path, with all that memblockd does here."""

    def __init__(self, plant, *paths):
        self.plant = plant
        self.paths = paths
        super().__init__("--uevents", before=self.prepare)

    def prepare(self, _bench):
        self.outside = self.machine.path / "outside"
        self.outside.mkdir(mode=0o755)
        self.secret = self.outside / "secret"
        self.secret.write_text(SECRET, encoding="utf-8")
        for path in self.paths:
            target = self.machine.path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            self.plant(self, target)

    def start(self, *words, **options):
        return super().start(*words, environment=uevents_environment(self.machine.path), **options)

    def use(self):
        """Everything that keeps something. Returns the names of the errors."""
        errors = []
        for member, signature, arguments in (
                ("Mark", "(a(tt)ss)", ([place(18)], "", "Why not")),
                ("Unmark", "(a(tt))", ([place(18)],)),
                ("Offline", "(a(tt)sa{sv})", ([place(20)], "", {}))):
            try:
                self.client.call(member, signature, *arguments)
            except BusError as error:
                errors.append(error.name.removeprefix(ERROR))
        self.kernel.add(40)
        self.kernel.uevent("add", 40)
        self.client.wait_heard("Settled")
        pump(lambda: all(job[3] == "ended" for job in self.client.call("ListJobs")), "jobs end")
        assert len(self.client.call("ListRanges")) > 0
        return errors

    def untouched(self):
        """The worker's double, which is no judge of links, may have been there."""
        found = {path.name for path in self.outside.iterdir()} - {"memblockd-marked"}
        assert found == {"secret"}, found
        assert self.secret.read_text(encoding="utf-8") == SECRET
        assert "secret of root's" not in self.daemon.said(), self.daemon.said()


def link_to_file(bench, target):
    target.symlink_to(bench.secret)


def link_inside(_bench, target):
    target.symlink_to("/outside/secret")  # where the tree is the root


def hard_link(bench, target):
    target.hardlink_to(bench.secret)


def fifo(_bench, target):
    os.mkfifo(target)


def folder(_bench, target):
    target.mkdir()


def link_to_folder(bench, target):
    target.symlink_to(bench.outside)


def open_to_all(_bench, target):
    target.mkdir()
    target.chmod(0o1777)


def check_in_place_of_files():
    """Marks are not lost: where they can't be read, none is set. The rest is written anew."""
    for plant in (link_to_file, link_inside, hard_link, fifo, folder):
        with Planted(plant, *FILES) as bench:
            assert bench.use()[:2] == ["MarksUnreadable"] * 2
            bench.untouched()
            for path in FILES[:1] if plant is not folder else ():
                found = (bench.machine.path / path).lstat()
                assert found.st_mode == 0o100600, f"{path}: {found}"


def check_in_place_of_folders():
    for plant in (link_to_folder, fifo, open_to_all):
        for path in FOLDERS:
            with Planted(plant, path) as bench:
                bench.use()
                bench.untouched()
                if plant is open_to_all:
                    found = (bench.machine.path / path).iterdir()
                    assert not [one for one in found if one.is_file()], list(found)


def check_tree_whose_folders_lead_out_of_it():
    for path in ("run", "var", "var/lib"):
        with Planted(link_to_folder, path) as bench:
            bench.use()
            bench.untouched()


if __name__ == "__main__":
    main(globals())
