# SPDX-License-Identifier: GPL-2.0-or-later
"""Captured trees on a tmpfs of their own.

tmpfs allows as many files as half of memory has pages, which a million blocks pass. A user
namespace may mount one without that limit, and needs no root for it.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

MARK = "MEMBLOCK_BENCH_MOUNTS"
# What a block takes: pages of tmpfs for its attributes, if they are its own, and ten names.
BYTES_OF_BLOCK = 28 << 10
BYTES_OF_SHARED_BLOCK = 12 << 10


def may_mount():
    return MARK in os.environ


def enter_namespace():
    """Starts this program once more in namespaces of its own, where it can have them."""
    words = ["unshare", "--user", "--map-root-user", "--mount"]
    if may_mount() or not shutil.which("unshare"):
        return
    if subprocess.run([*words, "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
        os.environ[MARK] = "1"
        sys.stdout.flush()
        os.execvp(words[0], [*words, sys.executable, "-B", *sys.argv])


def available_memory():
    with open("/proc/meminfo", encoding="ascii") as meminfo:
        return next(int(line.split()[1]) << 10 for line in meminfo
                    if line.startswith("MemAvailable:"))


def fits(count, shared):
    return count * (BYTES_OF_SHARED_BLOCK if shared else BYTES_OF_BLOCK) < available_memory()


class Tree:
    """A context manager. Blocks of a shared tree that say the same share files."""

    def __init__(self, tools, count, shared=False):
        self.tools = tools
        self.count = count
        self.switches = ["--shared"] if shared else []
        self.mounted = False

    def __enter__(self):
        tmpfs = None if may_mount() or not os.path.isdir("/dev/shm") else "/dev/shm"
        self.folder = tempfile.mkdtemp(prefix="memblock-bench-", dir=tmpfs)
        try:
            self._make()
        except BaseException:
            self.__exit__()
            raise
        return self.path

    def _make(self):
        if may_mount():
            self.tools.output("mount", "-t", "tmpfs", "-o", "nr_inodes=0,size=95%", "tmpfs",
                              self.folder)
            self.mounted = True
        self.path = pathlib.Path(self.folder) / "tree"
        self.tools.output(self.tools.bench("make-tree"), *self.switches, self.count, self.path)

    def __exit__(self, *_):
        if self.mounted:
            self.tools.output("umount", self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)
