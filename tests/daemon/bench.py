# SPDX-License-Identifier: GPL-2.0-or-later
"""What most checks of jobs begin with: a machine, its worker, a daemon, and who asks it."""

import contextlib
import os

from authority import let_us
from harness import Skip, run
from kernel import BLOCK, Copy, Kernel, Machine, Worker
from service import Bus, Daemon, variants


class Bench:
    """A context manager. tree names a captured one; else machine makes one."""

    def __init__(self, *words, tree=None, machine=Machine, before=None, **options):
        self.words = words
        self.options = options
        self.tree = tree
        self.make = machine
        self.before = before
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.bus = stack.enter_context(Bus())
            self.machine = stack.enter_context(Copy(self.tree) if self.tree else self.make())
            self.kernel = Kernel(self.machine.path)
            self.worker = stack.enter_context(Worker(self.kernel))
            self.polkit = stack.enter_context(let_us(self.bus))
            if self.before:
                self.before(self)
            self.found = self.kernel.states()
            self.client = stack.enter_context(self.bus.client())
            self.daemons = stack.enter_context(contextlib.ExitStack())
            self.start()
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        return self.stack.__exit__(*error)

    def start(self, *words, **options):
        """Also once more, after a daemon that is gone."""
        self.daemon = self.daemons.enter_context(
            Daemon(self.bus, self.machine.path, *self.words, *words,
                   **{"worker": self.worker.path, **self.options, **options}))
        return self.daemon

    def unchanged(self, *but):
        """Every block is as it was found, but for some."""
        now = self.kernel.states()
        changed = sorted(index for index in {*self.found, *now}
                         if self.found.get(index) != now.get(index))
        assert changed == sorted(but), f"changed: {changed}, not {sorted(but)}: {self.worker.log}"

    def order(self, ranges=(), **options):
        """The blocks that an offlining would try, in its order."""
        steps, _ = self.client.call("PlanOffline", "(a(tt)sa{sv})", list(ranges), "",
                                    variants(options))
        return [start // BLOCK for start, _, word, _, _ in steps if word == "not-tried"]

    def jobs_folder(self):
        return self.machine.path / "run/memblockd/jobs"

    def no_job_files(self):
        folder = self.jobs_folder()
        assert not folder.exists() or not list(folder.iterdir()), list(folder.iterdir())


def mounted(path, options):
    """Something small is mounted there; needs root, and a kernel that lets it."""
    path.mkdir(parents=True, exist_ok=True)
    if os.geteuid() or run(["mount", "-t", "tmpfs", "-o", f"mode=0755,{options}", "tmpfs",
                            path]).returncode:
        raise Skip("can't mount a file system here")


def unmount(path):
    run(["umount", "-l", path])
