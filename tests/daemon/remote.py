#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""memblockctl --host: another machine's memblockd over ssh. An sshd of our own listens on this machine;
who comes by it is led to the private bus instead of the system bus."""

import contextlib
import getpass
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile

from bench import Bench
from command import DONE, NOTHING, Command, told, told_json
from harness import ENVIRONMENT, Skip, main, run
from service import pump

# As root sshd wants a folder that systemd makes for it; ours has a /run of its own.
WITH_A_FOLDER = ["unshare", "--mount", "sh", "-c",
                 'mount -t tmpfs tmpfs /run && mkdir /run/sshd && exec "$@"', "sh"]


def program(name):
    path = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/usr/lib/systemd")
    if not path:
        raise Skip(f"no {name}")
    return path


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Sshd:
    """A context manager. bin is a folder with an ssh that has its key."""

    def __init__(self, bus):
        self.sshd, self.ssh = program("sshd"), program("ssh")
        self.bridge = program("systemd-stdio-bridge")
        self.folder = tempfile.TemporaryDirectory(prefix="memblock-ssh-")
        self.path = pathlib.Path(self.folder.name)
        self.bus = bus
        self.port = free_port()
        self.host = f"{getpass.getuser()}@127.0.0.1:{self.port}"
        self.bin = self.path / "bin"

    def write(self, name, *lines, mode=0o600):
        path = self.path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        path.chmod(mode)
        return path

    def write_files(self):
        for name in ("host", "user"):
            run([program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", self.path / name])
        key = (self.path / "host.pub").read_text(encoding="utf-8")
        self.write("known", f"[127.0.0.1]:{self.port} {key}")
        # systemd 252's doesn't heed DBUS_SYSTEM_BUS_ADDRESS.
        command = self.write("command", "#!/bin/sh",
                             '[ "$SSH_ORIGINAL_COMMAND" = systemd-stdio-bridge ] || exit 0',
                             f"exec {self.bridge} --bus-path={self.bus.address}", mode=0o755)
        self.write("sshd.conf", f"Port {self.port}", "ListenAddress 127.0.0.1",
                   f"HostKey {self.path}/host", f"AuthorizedKeysFile {self.path}/user.pub",
                   "PidFile none", "StrictModes no", "UsePAM no", "PasswordAuthentication no",
                   f"ForceCommand {command}")
        config = self.write("ssh.conf", f"IdentityFile {self.path}/user", "IdentitiesOnly yes",
                            f"UserKnownHostsFile {self.path}/known", "BatchMode yes")
        self.write("bin/ssh", "#!/bin/sh", f'exec {self.ssh} -F {config} "$@"', mode=0o755)

    def answers(self):
        result = run([self.bin / "ssh", "-p", self.port, self.host.partition(":")[0], "true"])
        return result.returncode == 0 or result

    def __enter__(self):
        self.write_files()
        wrapper = WITH_A_FOLDER if os.geteuid() == 0 else []
        self.log = (self.path / "log").open("w+b")
        self.process = subprocess.Popen(
            [*wrapper, self.sshd, "-D", "-e", "-f", self.path / "sshd.conf"], stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=self.log)
        with contextlib.ExitStack() as stack:
            stack.callback(self.__exit__)
            pump(lambda: b"Server listening" in self.said() or self.process.poll() is not None,
                 "sshd listens")
            if self.answers() is not True:
                raise Skip(f"sshd lets nobody in here: {self.said().decode().strip()}")
            stack.pop_all()
        return self

    def said(self):
        return (self.path / "log").read_bytes()

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.log.close()
        self.folder.cleanup()


@contextlib.contextmanager
def with_path(*folders):
    """memblockctl looks there for ssh."""
    before = ENVIRONMENT["PATH"]
    ENVIRONMENT["PATH"] = ":".join(map(str, folders))
    try:
        yield
    finally:
        ENVIRONMENT["PATH"] = before


@contextlib.contextmanager
def over_ssh():
    """A machine, and how to reach it by ssh; its own bus is not there for memblockctl."""
    with Bench() as bench, Sshd(bench.bus) as sshd, with_path(sshd.bin, ENVIRONMENT["PATH"]):
        yield bench, sshd


def check_the_same_as_there():
    with over_ssh() as (bench, sshd):
        for words in (["status"], ["list"], ["list", "-J"], ["show", "16"], ["devices"], ["map"],
                      ["plan", "256M"], ["list", "-o", "+BUSY"], ["jobs"], ["mark"]):
            there = told(bench, *words)
            assert told(bench, "-H", sshd.host, *words) == there, words
            assert told(bench, *words, f"--host={sshd.host}") == there, words
        figures = told(bench, "-H", sshd.host, "metrics").splitlines()
        assert "memblockd_up 1" in figures, figures


def check_what_is_of_this_machine_is_left_out():
    with over_ssh() as (bench, sshd):
        rows = told_json(bench, "-H", sshd.host, "list", "-o", "BLOCK,KERNEL-REMOVABLE")["memory"]
        assert rows and all(row["kernel-removable"] is None for row in rows), rows
        assert "FREE" not in told(bench, "-H", sshd.host, "nodes")


def check_changes():
    with over_ssh() as (bench, sshd):
        output = told(bench, "-H", sshd.host, "offline", "16-17")
        assert output.endswith("Now offline: 256M, blocks 16-17\n"), output
        bench.unchanged(16, 17)
        bench.worker.script(18, "EBUSY")
        told(bench, "-H", sshd.host, "offline", "18", "-b", status=NOTHING, says="Busy: memory18")
        told(bench, "-H", sshd.host, "mark", "20", "--reason", "x")
        told(bench, "-H", sshd.host, "unmark", "20")


def check_monitor():
    with over_ssh() as (bench, sshd):
        with Command(bench, "-H", sshd.host, "monitor") as monitor:
            monitor.wait_for("atching")
            bench.client.offline([(16 << 27, 1 << 27)]).ended("done", "")
            monitor.wait_for("Job 1")
            monitor.signal()
            monitor.ended(DONE)


def check_no_memblockd_there():
    with over_ssh() as (bench, sshd):
        bench.daemon.__exit__(None)
        for words in (["list"], ["plan", "256M"], ["offline", "256M"], ["jobs"]):
            told(bench, "-H", sshd.host, *words, status=NOTHING,
                 says=f"memblockd on {sshd.host} does not answer (it does not run)")


def check_no_way_there():
    """Neither is the kernel of this machine read instead."""
    with Bench() as bench, tempfile.TemporaryDirectory() as empty:
        with with_path(empty):
            output = told(bench, "-H", "nowhere.invalid", "list", status=NOTHING,
                          says="memblockd on nowhere.invalid does not answer (no system bus by ssh")
            assert not output, output
        with with_path(ENVIRONMENT["PATH"]):
            program("ssh")
            told(bench, "-H", "127.0.0.1:1", "status", status=NOTHING, says=("ssh: ", "does not answer"))


main(globals())
