# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine made of files, and who changes it: the kernel, and the worker that asks it to."""

import array
import contextlib
import errno
import os
import pathlib
import select
import shutil
import socket
import struct
import tempfile
import threading
import time

from harness import MEMORY, MIB, TREES, Skip, Tree, sanitizers
from service import MEMBLOCKD

BLOCK = 128 * MIB
CONFIG = "etc/memblockd.conf"
NODES = "sys/devices/system/node"
ACTIONS = ("offline", "online", "online_kernel", "online_movable")  # enum memblock_action
OFFLINE, ONLINE, ONLINE_KERNEL, ONLINE_MOVABLE = range(4)
OPEN, WRITE, EJECT, GUARD, UNGUARD, PAGES, SECTIONS, SET, CHANGE, STOP = range(10)  # enum worker_verb
VERBS = ("open", "write", "eject", "guard", "unguard", "pages", "sections", "set", "change", "stop")
SETTINGS = ("sys/devices/system/memory/auto_online_blocks",  # enum kernel_setting
            "sys/module/memory_hotplug/parameters/online_policy",
            "sys/module/memory_hotplug/parameters/auto_movable_ratio")
REQUEST = struct.Struct("=IIIIQQQQQQ256s")  # struct worker_request
EHWPOISON = 133  # asm-generic/errno.h; Python has no name for it
REPLY = struct.Struct("=iI")  # struct worker_reply

MEMINFO = """MemTotal:       {total} kB
MemFree:        {free} kB
MemAvailable:   {free} kB
Buffers:               0 kB
Cached:                0 kB
"""

ZONE = """Node 0, zone {zone:>8}
  pages free     {free}
        boost    0
        min      1024
        low      2048
        high     3072
        spanned  {pages}
        present  {pages}
        managed  {pages}
        cma      0
        protection: (0, 0, 0, 0, 0)
      nr_free_pages {free}
      nr_zone_inactive_anon 0
      nr_zone_active_anon 0
      nr_zone_inactive_file 0
      nr_zone_active_file 0
      nr_zone_unevictable 0
      nr_zone_write_pending 0
      nr_mlock     0
  pagesets
  start_pfn:           {start}
"""


MARKED = "run/memblockd-marked"
PAGES_OF_BLOCK = BLOCK // 4096
KINDS = ("poisoned", "memmap", "reserved", "slab", "page-table", "offline", "free", "movable",
         "kernel", "unclear")


def counts_line(index, all_pages=PAGES_OF_BLOCK, examined=None, **kinds):
    """A block as memblock_pages_to_text() writes it; what is left over is free."""
    counts = {kind: kinds.get(kind.replace("-", "_"), 0) for kind in KINDS}
    examined = all_pages if examined is None else examined
    counts["free"] += examined - sum(counts.values())
    return f"block {index} all {all_pages} examined {examined} " + \
        " ".join(f"{kind} {counts[kind]}" for kind in KINDS) + "\n"


def place(index, count=1):
    """Blocks as a range of the bus."""
    return (index * BLOCK, count * BLOCK)


class Machine(Tree):
    """By default 16 blocks of Normal, 16 of Movable, and 8 that are offline, all on node 0, with
    most of its memory free. Block 0 is the lowest of Normal; 32 the first that is offline."""

    def __init__(self, normal=16, movable=16, offline=8, free=0.9, **options):
        super().__init__(block_size=BLOCK, **options)
        all_blocks = normal + movable + offline
        self.blocks(range(normal))
        self.blocks(range(normal, normal + movable), zones="Movable")
        self.blocks(range(normal + movable, all_blocks), state="offline", zones="Normal Movable")
        self.ram((0, max(all_blocks, 256)))
        self.room(normal, movable, free)

    def room(self, normal, movable, free):
        """Memory to spare, as a part of all."""
        kib, pages = BLOCK >> 10, BLOCK >> 12
        total = (normal + movable) * kib
        self.write("proc/meminfo", MEMINFO.format(total=total, free=int(total * free)))
        self.write("proc/zoneinfo", "".join(
            ZONE.format(zone=zone, free=int(count * pages * free), pages=count * pages,
                        start=start * pages)
            for zone, count, start in (("Normal", normal, 0), ("Movable", movable, normal))
            if count))


class Copy:
    """A captured tree that may be changed. A context manager."""

    def __init__(self, name):
        if not (TREES / name).is_dir():
            raise Skip(f"no tree {name}")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="memblock-tree-"))
        self.path = self.folder / name
        shutil.copytree(TREES / name, self.path, symlinks=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)


class Kernel:
    """Changes a tree as the kernel changes /sys: a file is never seen half written."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.memory = self.root / MEMORY
        self.sockets = []

    def write(self, path, text):
        fresh = self.root / f".fresh-{threading.get_ident()}"
        fresh.write_text(text, encoding="utf-8")
        fresh.rename(path)

    def indices(self):
        return sorted(int(path.name[len("memory"):]) for path in self.memory.glob("memory[0-9]*"))

    def state(self, index):
        return (self.memory / f"memory{index}/state").read_text(encoding="utf-8").strip()

    def zones(self, index):
        return (self.memory / f"memory{index}/valid_zones").read_text(encoding="utf-8").strip()

    def states(self):
        """All there is to see of blocks, to look later whether it is the same."""
        return {index: (self.state(index), self.zones(index)) for index in self.indices()}

    def set(self, index, state, zones):
        self.write(self.memory / f"memory{index}/valid_zones", zones + "\n")
        self.write(self.memory / f"memory{index}/state", state + "\n")

    def offline(self, index):
        zone = self.zones(index)
        self.set(index, "offline", "Movable Normal" if zone == "Movable" else "Normal Movable")

    def online(self, index, action=ONLINE):
        zone = {ONLINE_KERNEL: "Normal", ONLINE_MOVABLE: "Movable"}.get(action)
        self.set(index, "online", zone or self.zones(index).split()[0])

    def do(self, index, action):
        """What a write to the state file does, or -errno."""
        if not (self.memory / f"memory{index}").is_dir():
            return -errno.ENODEV
        wanted = "offline" if action == OFFLINE else "online"
        if self.state(index) == wanted:
            return -errno.EINVAL
        if action == OFFLINE:
            self.offline(index)
        else:
            self.online(index, action)
        return 0

    def add(self, index, nodes=(0,), state="offline", zones="Normal Movable"):
        """The folder at once with all that is in it, the node's links after it."""
        made = self.root / f".memory{index}-{threading.get_ident()}"
        made.mkdir()
        (made / "state").write_text(state + "\n", encoding="utf-8")
        (made / "valid_zones").write_text(zones + "\n", encoding="utf-8")
        (made / "removable").write_text("1\n", encoding="utf-8")
        for node in nodes:
            (made / f"node{node}").symlink_to(f"../../node/node{node}")
        made.rename(self.memory / f"memory{index}")
        for node in nodes:
            folder = self.root / NODES / f"node{node}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"memory{index}").symlink_to(f"../../memory/memory{index}")

    def remove(self, index):
        for link in (self.root / NODES).glob(f"node*/memory{index}"):
            link.unlink()
        gone = self.root / f".gone{index}"
        (self.memory / f"memory{index}").rename(gone)
        shutil.rmtree(gone)

    # uevents, to whoever listens under umockdev's preload

    def uevent(self, action, index, number=1, synthetic=False):
        path = f"/devices/system/memory/memory{index}"
        words = [f"{action}@{path}", f"ACTION={action}", f"DEVPATH={path}", "SUBSYSTEM=memory"]
        if synthetic:
            words.append("SYNTH_UUID=0")  # as udevadm trigger has it
        self.send("\0".join((*words, f"SEQNUM={number}", "")).encode())

    def send(self, message):
        """One message of the kernel, whatever it is. Waits where the queue is full."""
        listeners = list(self.root.glob("event[0-9]*"))
        assert listeners, "nobody listens for uevents"
        for path in listeners:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.settimeout(10)
                sender.sendto(message, str(path))


def uevents_environment(root):
    """For a daemon that is to hear the events of a tree; it is to be the daemon's root too."""
    library = "libumockdev-preload.so.0"
    folders = ("/usr/lib", "/lib", "/usr/local/lib", "/usr/lib64")
    if not any(path for folder in folders for path in pathlib.Path(folder).glob(f"**/{library}")):
        raise Skip(f"no {library} (umockdev)")
    return {"LD_PRELOAD": " ".join((*sanitizers(MEMBLOCKD), library)), "UMOCKDEV_DIR": str(root)}


class Worker:
    """memblockd-worker's double. It logs each request, of a write each block, and does what was set
    for a block:

    ok; the name of an errno, with nothing done; hang (until told to stop, then EINTR); held (the same,
    or until resume() says what else), held-after (with all done); stuck (until release(), whatever
    happens); dies (with nothing done), dies-after, dies-of-stop; vanishes (the block is gone); rival (somebody else
    was faster); wrong-zone; or a function of (worker, index, action). A list is used up, and its
    last word stays. What it sees in blocks is set by counts(), poison()
    and the text in sections; look() says what it does when asked to look. A context manager.
    """

    def __init__(self, kernel):
        self.kernel = kernel
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="memblock-worker-"))
        self.path = self.folder / "socket"
        self.rows = []  # (first block, count) of each write
        self.log = []  # (verb, block or text, action) in the order in which they came
        self.events = []  # blocks of which udev was told news
        self.scripts = {}
        self.ejects = {}
        self.looks = ["ok"]
        self.kinds = {}
        self.poisoned = set()
        self.sections = None  # text; None: there is no /proc/kcore
        self.guard = lambda index: 0
        self.set = self.write_setting
        self.connections = []
        self.threads = []
        self.released = threading.Event()
        self.resumed = threading.Event()
        self.word = None  # what the write that was held does
        self.lock = threading.Lock()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC)
        self.listener.bind(str(self.path))
        self.listener.listen(128)  # as long as that of systemd, of which nobody sees the end
        self._start(self._accept)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.released.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.hang_up()
        for connection in [self.listener, *self.connections]:
            connection.close()
        for thread in self.threads:
            thread.join(5)
        shutil.rmtree(self.folder, ignore_errors=True)

    def open_for_all(self):
        """For a daemon that is not of our user."""
        self.folder.chmod(0o755)
        self.path.chmod(0o777)

    def script(self, index, *words):
        self.scripts[index] = list(words)

    def look(self, *words):
        """ok; the name of an errno; hang; dies; mute (as hang, but deaf to being told to stop); or a
        function of (verb, first, count) that gives text."""
        self.looks = list(words)

    def counts(self, index, **kinds):
        """What is in a block, by kind of page; else all of it is free."""
        self.kinds[index] = kinds

    def poison(self, *indices):
        self.poisoned = set(indices)

    def release(self):
        """The kernel comes back from every write that was stuck."""
        self.released.set()

    def hang_up(self):
        """All workers are killed."""
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def resume(self, word):
        self.word = word
        self.resumed.set()

    def writes(self):
        with self.lock:
            return [(block, action) for verb, block, action in self.log if verb == "write"]

    def asked(self, verb):
        with self.lock:
            return [what for entry, what, _ in self.log if entry == verb]

    def held(self):
        """How many workers memblockd has."""
        return sum(connection.fileno() >= 0 for connection in self.connections)

    def _start(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            self._start(self._serve, connection)

    def _serve(self, connection):
        with contextlib.suppress(OSError):
            while True:
                request = self._receive(connection)
                if not request:
                    break
                if not self._answer(connection, *request):
                    break
        connection.close()

    def _receive(self, connection):
        data = connection.recv(REQUEST.size + 1)
        if not data:
            return None
        assert len(data) == REQUEST.size, f"a request of {len(data)} bytes"
        (verb, action, provider, setting, block, count, _, _, page_size, limit,
         text) = REQUEST.unpack(data)
        text = text.partition(b"\0")[0].decode()
        what = text if verb in (OPEN, EJECT, SET) else (block, count) if verb in (WRITE, PAGES, SECTIONS) \
            else (block, text) if verb == CHANGE else block
        how = {EJECT: provider, PAGES: limit, SET: setting}.get(verb, action)
        if verb != WRITE:
            self._note(verb, what, how)
        return verb, what, how, page_size

    def _note(self, verb, what, how):
        with self.lock:
            self.log.append((VERBS[verb], what, how))

    def _answer(self, connection, verb, what, action, page_size):
        """Whether to go on."""
        if verb == OPEN:
            self._open(connection, what)
            return True
        if verb == STOP:
            return True
        if verb in (PAGES, SECTIONS):
            return self._look(connection, verb, *what)
        if verb == WRITE:
            return self._write_all(connection, *what, action, page_size)
        if verb == SET:
            result = self.set(action, what)
        elif verb == CHANGE:
            result = self._change(*what)
        elif verb == EJECT:
            result = self.ejects.get(what, lambda kernel: 0)(self.kernel)
        else:
            result = self.guard(what)
        if result is None:
            return False
        connection.send(REPLY.pack(result, 0))
        return True

    def write_setting(self, setting, value):
        self.kernel.write(self.kernel.root / SETTINGS[setting], value + "\n")
        return 0

    def _change(self, index, text):
        """What udev is to know of a block; an event where it is news."""
        path = self.kernel.root / MARKED / f"memory{index}"
        if text != (path.read_text(encoding="utf-8") if path.exists() else ""):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            if text:
                self.kernel.write(path, text)
            with self.lock:
                self.events.append(index)
        return 0

    def _open(self, connection, path):
        try:
            fd = os.open(self.kernel.root / path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            connection.send(REPLY.pack(-error.errno, 0))
            return
        self._pass(connection, fd)

    def _pass(self, connection, fd):
        try:
            connection.sendmsg([REPLY.pack(0, 0)], [(
                socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])
        finally:
            os.close(fd)

    def _is_poison(self, index, action, page_size):
        return action == OFFLINE and page_size != 0 and index in self.poisoned

    def _look(self, connection, verb, first, count):
        """Whether to go on."""
        with self.lock:
            word = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if word == "dies":
            return False
        if word == "mute":
            self.released.wait(60)
            return False
        if word == "hang":
            result = self._hang(connection, None, None)
        elif callable(word) or word == "ok":
            text = word(verb, first, count) if callable(word) else self._text(verb, first, count)
            result = 0 if text is not None else -errno.ENOENT
        else:
            result = -getattr(errno, word)
        if result is None:
            return False
        if result < 0:
            connection.send(REPLY.pack(result, 0))
            return True
        fd = os.memfd_create("worker")
        os.write(fd, text.encode())
        self._pass(connection, fd)
        return True

    def _text(self, verb, first, count):
        if verb == PAGES:
            return "".join(counts_line(index, **self.kinds.get(index, {}))
                           for index in range(first, first + count))
        if self.sections is None:
            return None
        return "".join(line + "\n" for line in self.sections.splitlines()
                       if first <= int(line.split()[1]) < first + count)

    def _write_all(self, connection, first, count, action, page_size):
        """Whether to go on. Each block is noted for itself."""
        assert 1 <= count <= 16, f"a write to {count} blocks"
        self.rows.append((first, count))
        result, done = 0, 0
        while result == 0 and done < count:
            index = first + done
            if done > 0 and select.select([connection], [], [], 0)[0]:
                result = -errno.EINTR  # the next one is not begun
                break
            self._note(WRITE, index, action)
            result = -EHWPOISON if self._is_poison(index, action, page_size) \
                else self._write(connection, index, action)
            done += result == 0
        if result is not None:
            connection.send(REPLY.pack(result, done))
        return result is not None

    def _write(self, connection, index, action):
        """What to answer; None ends the connection."""
        if select.select([connection], [], [], 0)[0]:
            return -errno.EINTR  # told to stop, or hung up, before it began
        with self.lock:
            words = self.scripts.get(index, ["ok"])
            word = words.pop(0) if len(words) > 1 else words[0]
        return self._do(word, connection, index, action)

    def _do(self, word, connection, index, action):
        if callable(word):
            return word(self, index, action)
        if hasattr(errno, word):
            return -getattr(errno, word)
        return getattr(self, "_" + word.replace("-", "_"))(connection, index, action)

    def _ok(self, _connection, index, action):
        return self.kernel.do(index, action)

    def _hang(self, connection, _index, _action):
        request = self._receive(connection)
        if not request:
            return None
        assert request[0] == STOP, f"a request in the middle of a write: {request}"
        return -errno.EINTR

    def _held(self, connection, index, action):
        while not self.resumed.wait(0.005):
            if select.select([connection], [], [], 0)[0]:
                return self._hang(connection, index, action)
        return self._do(self.word, connection, index, action)

    def _held_after(self, connection, index, action):
        result = self.kernel.do(index, action)
        answer = self._held(connection, index, action)
        return result if self.word == "ok" else answer

    def _stuck(self, _connection, _index, _action):
        self.released.wait(60)
        return None

    def _dies(self, _connection, _index, _action):
        return None

    def _dies_after(self, _connection, index, action):
        self.kernel.do(index, action)
        return None

    def _dies_of_stop(self, connection, index, action):
        self._hang(connection, index, action)

    def _vanishes(self, _connection, index, _action):
        self.kernel.remove(index)
        return -errno.ENODEV

    def _rival(self, _connection, index, action):
        self.kernel.do(index, action)
        return -errno.EINVAL

    def _wrong_zone(self, _connection, index, action):
        other = ONLINE_KERNEL if action == ONLINE_MOVABLE else ONLINE_MOVABLE
        return self.kernel.do(index, other if action != OFFLINE else action)


def wait_for(until, what, limit=10):
    """For what happens in other threads, where no main loop runs."""
    end = time.monotonic() + limit
    while not until():
        assert time.monotonic() < end, f"{limit} s and still not: {what}"
        time.sleep(0.002)
