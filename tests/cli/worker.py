#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""memblockd-worker as a program, started as systemd starts it. What it does for its peer is tried by
tests/unit/test-worker."""

import os
import socket
import struct

from harness import MIB, WORKER, Workers, main, run, small_tree

REQUEST, REPLY = "=IIIIQQQQQQ256s", "=iI"
OPEN, WRITE, PAGES, SECTIONS = 0, 1, 5, 6
SECTION = "section 3 flags f map ffffffffffffffff\n"


def check_help_and_version():
    result = run([WORKER, "--help"])
    assert result.returncode == 0 and "--root DIR" in result.stdout, result
    result = run([WORKER, "--version"])
    assert result.returncode == 0 and result.stdout.startswith("memblockd-worker "), result


def check_usage():
    for words in (["--nonsense"], ["argument"], ["--root"]):
        result = run([WORKER, *words])
        assert result.returncode == 2 and result.stderr, f"{words}: {result}"


def check_without_a_connection():
    result = run([WORKER])
    assert result.returncode == 1 and "started by systemd" in result.stderr, result


def ask(peer, verb, block=0, count=0, sizes=(0, 0, 0), limit=0, text=b""):
    """sizes: of a block, a section, a page."""
    peer.send(struct.pack(REQUEST, verb, 0, 0, 0, block, count, *sizes, limit, text))
    data, fds, _, _ = socket.recv_fds(peer, 64, 1)
    return struct.unpack(REPLY, data)[0], fds


def check_a_process_for_each_connection():
    with small_tree() as tree, Workers(tree.path) as listener, \
            listener.connect() as first, listener.connect() as second:
        for peer in (second, first):
            result, fds = ask(peer, OPEN, text=b"proc/iomem")
            assert result == 0 and len(fds) == 1, (result, fds)
            with open(fds[0], encoding="utf-8") as file:
                assert file.read() == (tree.path / "proc/iomem").read_text(encoding="utf-8")
        first.close()
        assert ask(second, WRITE, block=3, count=1) == (0, [])
        state = tree.path / "sys/devices/system/memory/memory3/state"
        assert state.read_text(encoding="utf-8") == "offline"


def text_of(fds):
    """What came along: a file that nobody can write to, and that has no name."""
    assert len(fds) == 1, fds
    with open(fds[0], "r+", encoding="utf-8") as file:
        assert "memfd:" in os.readlink(f"/proc/self/fd/{fds[0]}")
        try:
            os.pwrite(fds[0], b"x", 0)
        except PermissionError:
            return file.read()
    raise AssertionError("it can be written to")


def check_pages_and_sections():
    """Blocks of 2 MiB, of which the one that is looked at has a page of slab, one of a file, two
    without flags, and else free ones."""
    flags = [1 << 7, 1 << 5, 0, 0] + [1 << 10] * 508
    sizes = (2 * MIB, 128 * MIB, 4096)
    with small_tree() as tree:
        (tree.path / "memblockd").mkdir()
        (tree.path / "memblockd/sections").write_text(SECTION, encoding="utf-8")
        (tree.path / "proc/kpageflags").write_bytes(struct.pack("=512Q", *flags) * 2)
        with Workers(tree.path) as workers, workers.connect() as peer:
            result, fds = ask(peer, PAGES, block=1, count=1, sizes=sizes)
            assert result == 0, os.strerror(-result)
            assert text_of(fds) == (
                "block 1 all 512 examined 512 poisoned 0 memmap 0 reserved 0 slab 1 page-table 0 "
                "offline 0 free 508 movable 1 kernel 0 unclear 2\n")
            result, fds = ask(peer, SECTIONS, block=0, count=10, sizes=sizes)
            assert result == 0, os.strerror(-result)
            assert text_of(fds) == SECTION
            result, fds = ask(peer, OPEN, text=b"memblockd/sections")
            assert result == 0 and text_of(fds) == SECTION
            for path in (b"proc/kpageflags", b"proc/kcore", b"memblockd/pages"):
                assert ask(peer, OPEN, text=path)[1] == [], path


def check_no_tree():
    with Workers("/no/such/tree") as listener, listener.connect() as peer:
        assert peer.recv(64) == b""


main(globals())
