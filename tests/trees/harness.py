# SPDX-License-Identifier: GPL-2.0-or-later
"""What the checks of ring 2 share.

A test program is a file of functions called check_..., each of which tries one thing: it raises
AssertionError where that is wrong and Skip where it can't be tried, and may return a few words to
print. The make file tells by the environment where things are: MEMBLOCKCTL is the program, TREES the
folder of unpacked trees.
"""

import concurrent.futures
import functools
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import traceback

MEMBLOCKCTL = pathlib.Path(os.environ["MEMBLOCKCTL"])
TREES = pathlib.Path(os.environ["TREES"])
MIB = 1 << 20
MEMORY = "sys/devices/system/memory"
# Of memblockd/pages, in its order.
PAGE_KINDS = ("poisoned", "memmap", "reserved", "slab", "page-table", "offline", "free", "movable",
              "kernel", "unclear")

# What decides how memblockctl writes; the rest of the environment may carry a sanitizer's options.
# Whatever memblockd this machine has is not what is tried.
ENVIRONMENT = {**os.environ, "LC_ALL": "C", "NO_COLOR": "1", "TERM": "dumb",
               "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/bus"}


def built(program):
    """In a build folder a program is libtool's shell script, which takes six times as long as what it
    starts (the checks start thousands), whose process is another one, and which doesn't bear to be
    preloaded with a sanitizer's runtime."""
    real = program.parent / ".libs" / program.name
    return real if real.exists() else program


LIBRARIES = MEMBLOCKCTL.parent / ".libs"
MEMBLOCKCTL = built(MEMBLOCKCTL)
if MEMBLOCKCTL.parent == LIBRARIES:
    ENVIRONMENT["LD_LIBRARY_PATH"] = str(LIBRARIES)


WORKER = MEMBLOCKCTL.parent / "memblockd-worker"


class Skip(Exception):
    pass


class Workers:
    """systemd-socket-activate with a real memblockd-worker for each connection, which has a tree for
    its root. A context manager."""

    def __init__(self, tree):
        if not shutil.which("systemd-socket-activate"):
            raise Skip("no systemd-socket-activate")
        self.folder = tempfile.mkdtemp(prefix="memblock-")
        self.path = pathlib.Path(self.folder) / "socket"
        words = [f"--setenv={name}={value}" for name, value in ENVIRONMENT.items()
                 if name in ("LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS")]
        self.process = subprocess.Popen(
            ["systemd-socket-activate", "--accept", "--seqpacket", "-l", self.path, *words,
             WORKER, "--root", tree], stderr=subprocess.DEVNULL, env=ENVIRONMENT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self):
        """A connection to a worker of its own, once somebody listens."""
        deadline = time.monotonic() + 20
        while True:
            peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            peer.settimeout(20)
            try:
                peer.connect(str(self.path))
                return peer
            except OSError:
                peer.close()
                assert time.monotonic() < deadline, "nobody listens"
                time.sleep(0.05)


def run(command, *, timeout=60, environment=ENVIRONMENT, **options):
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.PIPE)
    return subprocess.run([str(word) for word in command], env=environment, timeout=timeout,
                          stdin=subprocess.DEVNULL, encoding="utf-8", errors="replace",
                          check=False, **options)


def ctl(*words, **options):
    return run([MEMBLOCKCTL, *words], **options)


def output(*words, root=None):
    """What memblockctl prints of a tree, or of this machine; it must succeed and complain of
    nothing."""
    result = ctl(*(("--root", root) if root else ()), *words)
    assert result.returncode == 0, f"{words}: exit {result.returncode}, {result.stderr.strip()}"
    assert not root or not result.stderr, f"{words}: says {result.stderr.strip()}"
    return result.stdout


def trees():
    found = sorted(path for path in TREES.iterdir() if path.is_dir())
    if not found:
        raise Skip(f"no trees in {TREES}")
    return found


def for_each(items, function):
    """Calls function(item) for each item, several at once; returns the answers in order. All that
    went wrong is told together."""
    answers, wrong = [], []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for item, future in [(item, pool.submit(function, item)) for item in items]:
            try:
                answers.append(future.result())
            except AssertionError as error:
                wrong.append(f"{getattr(item, 'name', item)}: {error}")
    assert not wrong, "\n".join(wrong)
    return answers


@functools.cache
def sanitizers(program):
    """The runtimes that a program was built with. They come before what else is preloaded, as they
    ask for: umockdev's fclose() would end files behind ThreadSanitizer's back."""
    needed = run(["ldd", program]).stdout
    return re.findall(r"lib[at]san\.so\.\d+(?= =>)", needed)


ZONEINFO = """Node 0, zone   Normal
  pages free     {free}
        min      1024
        spanned  {pages}
        present  {pages}
        managed  {pages}
      nr_free_pages {free}
      nr_zone_inactive_file 0
      nr_zone_active_file 0
  pagesets
  start_pfn:           0
"""


class Tree:
    """A tree made for one check, for what no kernel at hand would give. A context manager."""

    def __init__(self, block_size=128 * MIB, arch="x86_64"):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="memblock-tree-"))
        self.name = self.path.name
        self.block_size = block_size
        self.write("proc/sys/kernel/arch", arch + "\n")
        self.write("proc/sys/kernel/osrelease", "6.1.0\n")
        self.write(f"{MEMORY}/block_size_bytes", f"{block_size:x}\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def write(self, path, text):
        path = self.path / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def link(self, path, target):
        path = self.path / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    def block(self, index, state="online", zones="Normal", nodes=(0,)):
        folder = f"{MEMORY}/memory{index}"
        self.write(f"{folder}/state", state + "\n")
        self.write(f"{folder}/valid_zones", zones + "\n")
        self.write(f"{folder}/removable", "1\n")
        for node in nodes:
            self.link(f"{folder}/node{node}", f"../../node/node{node}")
            self.link(f"sys/devices/system/node/node{node}/memory{index}",
                      f"../../memory/memory{index}")
        return self

    def blocks(self, indices, **facts):
        for index in indices:
            self.block(index, **facts)
        return self

    def ram(self, *ranges):
        """Makes iomem of [start, end) in blocks."""
        self.write("proc/iomem", "".join(
            f"{start * self.block_size:08x}-{end * self.block_size - 1:08x} : System RAM\n"
            for start, end in ranges))
        return self

    def memory(self, online, normal, free):
        """So many blocks are online and in zone Normal, of both of which that share is free."""
        kib, pages = online * self.block_size >> 10, normal * self.block_size >> 12
        self.write("proc/meminfo", f"MemTotal: {kib} kB\nMemFree: {int(kib * free)} kB\n"
                                   f"MemAvailable: {int(kib * free)} kB\n")
        self.write("proc/zoneinfo", ZONEINFO.format(free=int(pages * free), pages=pages))
        return self

    def pages(self, counts, size=4096):
        """Makes memblockd/pages of {block: {kind: pages}}; what is not named is free."""
        all_pages = self.block_size // size
        lines = ""
        for index, kinds in counts.items():
            kinds = {"examined": all_pages, **kinds}
            free = kinds["examined"] - sum(kinds.get(kind, 0) for kind in PAGE_KINDS)
            lines += f"block {index} all {all_pages} examined {kinds['examined']}" + "".join(
                f" {kind} {free if kind == 'free' else kinds.get(kind, 0)}"
                for kind in PAGE_KINDS) + "\n"
        self.write("memblockd/pages", lines)
        return self


def small_tree(**options):
    """Eight blocks of one node, all RAM: nothing is wrong with it."""
    return Tree(**options).blocks(range(8)).ram((0, 8))


def main(names):
    """Runs the checks among a program's names; a line each."""
    failed = passed = 0
    for name, check in list(names.items()):
        if not name.startswith("check_"):
            continue
        title = name[len("check_"):].replace("_", " ")
        try:
            words = check()
        except Skip as reason:
            print(f"skipped  {title}: {reason}", flush=True)
        except AssertionError as error:
            failed += 1
            lines = str(error) or traceback.format_exc()
            print(f"FAILED   {title}:", *lines.splitlines(), sep="\n         ", flush=True)
        except Exception:  # the other checks still have their say
            failed += 1
            print(f"FAILED   {title}:", *traceback.format_exc().splitlines(),
                  sep="\n         ", flush=True)
        else:
            passed += 1
            print(f"ok       {title}" + (f": {words}" if words else ""), flush=True)
    sys.exit(1 if failed else 0 if passed else 77)
