# SPDX-License-Identifier: GPL-2.0-or-later
"""What the sweeps share: a program of which one call fails, and which calls there are."""

import errno
import mmap
import os
import pathlib
import struct
import tempfile

from harness import ENVIRONMENT, MEMBLOCKCTL, Skip, sanitizers

# enum kind in fail.c, and what such a call says when it fails.
ERRORS = {
    "allocate": (errno.ENOMEM,),
    "open": (errno.EMFILE, errno.EACCES),
    "descriptor": (errno.EMFILE,),
    "read": (errno.EIO,),
    "list": (errno.EIO,),
    "write": (errno.ENOSPC, errno.EIO),
    "change": (errno.ENOSPC,),
    "talk": (errno.ECONNRESET,),
    "thread": (errno.EAGAIN,),
}
KINDS = tuple(ERRORS)
HEAD = struct.Struct("=IIIIQ")  # armed, hit, kind, error, nth
COUNTS = struct.Struct(f"={len(KINDS)}Qq")
CALLERS, CALLER_SIZE = 12, 64
SIZE = HEAD.size + COUNTS.size + CALLERS * CALLER_SIZE

BUILD = MEMBLOCKCTL.parent.parent if MEMBLOCKCTL.parent.name == ".libs" else MEMBLOCKCTL.parent
LIBRARY = BUILD / "tests/faults/.libs/fail.so"
SUPPRESSIONS = pathlib.Path(__file__).resolve().with_name("suppressions")

# 1 is each call. Of the sweep that is part of make check, as many calls of each kind as that takes.
STEP = int(os.environ.get("FAULT_STEP", "0"))
FEW = 8


class Faults:
    """The file that is shared with the program. A context manager."""

    def __init__(self):
        runtimes = sanitizers(MEMBLOCKCTL)
        if any("tsan" in runtime for runtime in runtimes):
            raise Skip("ThreadSanitizer needs each of these calls itself")
        if not LIBRARY.exists():
            raise Skip(f"no {LIBRARY}")
        fd, self.path = tempfile.mkstemp(prefix="memblock-faults-")
        os.ftruncate(fd, SIZE)
        self.memory = mmap.mmap(fd, SIZE)
        os.close(fd)
        self.environment = {**ENVIRONMENT, "LD_PRELOAD": " ".join((*runtimes, str(LIBRARY))),
                            "FAULTS": self.path,
                            "LSAN_OPTIONS": f"suppressions={SUPPRESSIONS}:print_suppressions=0"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.memory.close()
        os.unlink(self.path)

    def arm(self, kind=KINDS[0], nth=0, error=0):
        """From now on calls count, and the nth of that kind fails."""
        self.disarm()
        self.memory[HEAD.size:HEAD.size + 8 * len(KINDS)] = bytes(8 * len(KINDS))
        self.memory[-CALLERS * CALLER_SIZE:] = bytes(CALLERS * CALLER_SIZE)
        HEAD.pack_into(self.memory, 0, 0, 0, KINDS.index(kind), error, nth)
        self.memory[0:4] = struct.pack("=I", 1)

    def disarm(self):
        self.memory[0:4] = bytes(4)

    def armed(self):
        """Until the call that fails."""
        return bool(HEAD.unpack_from(self.memory)[0])

    def counts(self):
        """{kind: how many calls there were}"""
        return dict(zip(KINDS, COUNTS.unpack_from(self.memory, HEAD.size)))

    def live(self):
        """Allocations that are not freed."""
        return COUNTS.unpack_from(self.memory, HEAD.size)[-1]

    def callers(self):
        """Of the call that failed, innermost first, as addr2line takes it."""
        text = self.memory[-CALLERS * CALLER_SIZE:]
        frames = [text[at:at + CALLER_SIZE].rstrip(b"\0").decode()
                  for at in range(0, len(text), CALLER_SIZE)]
        return " < ".join(frame for frame in frames if frame)


def some_of(count, step):
    """Calls 1 to count: each, or the first, the last, and some between, the same each time."""
    if not step:
        step = -(-count // FEW)
    return sorted({*range(1, count + 1, step), count} if count else ())


def each_failure(counts, step=STEP):
    """(kind, nth, errno) of each call that is to fail."""
    return [(kind, nth, error) for kind, count in counts.items() for nth in some_of(count, step)
            for error in (ERRORS[kind] if step == 1 else
                          [ERRORS[kind][nth % len(ERRORS[kind])]])]


def names(kind, nth, error):
    return f"{kind} {nth} fails with {errno.errorcode[error]}"


def temporary_folder():
    return tempfile.TemporaryDirectory(prefix="memblock-faults-")

