#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""memblockd-worker as a program, started as systemd starts it. What it does for its peer is tried by
tests/unit/test-worker."""

import pathlib
import shutil
import socket
import struct
import subprocess
import tempfile
import time

from harness import ENVIRONMENT, MEMBLOCKCTL, Skip, main, run, small_tree

WORKER = MEMBLOCKCTL.parent / "memblockd-worker"
REQUEST, REPLY = "=IIIIQ256s", "=iI"
OPEN, WRITE = 0, 1


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


class Listener:
    """systemd-socket-activate with a worker for each connection."""

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


def ask(peer, verb, block=0, text=b""):
    peer.send(struct.pack(REQUEST, verb, 0, 0, 0, block, text))
    data, fds, _, _ = socket.recv_fds(peer, 64, 1)
    return struct.unpack(REPLY, data)[0], fds


def check_a_process_for_each_connection():
    with small_tree() as tree, Listener(tree.path) as listener, \
            listener.connect() as first, listener.connect() as second:
        for peer in (second, first):
            result, fds = ask(peer, OPEN, text=b"proc/iomem")
            assert result == 0 and len(fds) == 1, (result, fds)
            with open(fds[0], encoding="utf-8") as file:
                assert file.read() == (tree.path / "proc/iomem").read_text(encoding="utf-8")
        first.close()
        assert ask(second, WRITE, block=3) == (0, [])
        state = tree.path / "sys/devices/system/memory/memory3/state"
        assert state.read_text(encoding="utf-8") == "offline"


def check_no_tree():
    with Listener("/no/such/tree") as listener, listener.connect() as peer:
        assert peer.recv(64) == b""


main(globals())
