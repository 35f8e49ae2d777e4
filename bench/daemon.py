# SPDX-License-Identifier: GPL-2.0-or-later
"""memblockd at size: how soon it is ready, what it holds, how long its answers take."""

import contextlib
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time

import measure

START_LIMIT = 300  # seconds
SETTLE = 1  # seconds, in which what was begun at start is over
CLIENTS = 100
POLL = 1000  # milliseconds between two calls of a client that polls

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={folder}/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/>
<allow receive_sender="*"/></policy></busconfig>
"""


class Bus:
    """A dbus-daemon, in a folder of its own. A context manager."""

    def __enter__(self):
        if not shutil.which("dbus-daemon"):
            raise measure.Failed("no dbus-daemon")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="memblock-bench-"))
        config = self.folder / "config"
        config.write_text(BUS.format(folder=self.folder), encoding="ascii")
        self.process = subprocess.Popen(
            ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.process.stdout.readline()  # it is told once somebody can connect
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def environment(self, tools):
        return {**tools.environment,
                "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.folder}/bus"}


class Service:
    """A memblockd that is ready, after so many seconds. A context manager."""

    def __init__(self, tools, bus, tree):
        self.tools = tools
        self.bus = bus
        self.tree = tree

    def __enter__(self):
        path = self.bus.folder / "notify"
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as notify:
            notify.bind(str(path))
            notify.settimeout(START_LIMIT)
            begin = time.monotonic()
            self.process = subprocess.Popen(
                [self.tools.memblockd, "--read-only", "--root", str(self.tree)],
                env={**self.bus.environment(self.tools), "NOTIFY_SOCKET": str(path)},
                stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                while "READY=1" not in notify.recv(8192).decode().splitlines():
                    pass
            except TimeoutError:
                self.__exit__()
                raise measure.Failed(f"memblockd is not ready in {START_LIMIT} s") from None
            finally:
                path.unlink()
            self.seconds = time.monotonic() - begin
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def status(self, name):
        """A number of /proc/PID/status."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in text.splitlines()
                    if line.startswith(name + ":"))

    def switches(self):
        """How often its threads went to sleep, which they do once for each time they woke."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task")
        return sum(int(line.split()[1]) for task in tasks.iterdir()
                   for line in (task / "status").read_text(encoding="ascii").splitlines()
                   if line.startswith("voluntary_ctxt_switches:"))

    def ask(self, question, clients, calls, interval=0):
        """Milliseconds that answers took."""
        return [float(line) for line in self.tools.output(
            self.tools.bench("client"), question, clients, calls, interval,
            environment=self.bus.environment(self.tools)).split()]


def waits(milliseconds):
    return {"median_ms": statistics.median(milliseconds), "worst_ms": max(milliseconds)}


def starts(tools, bus, tree, rounds, limit):
    """Starts and scans in turn: what is ready has scanned, so the scan is its measure."""
    scan = [tools.memblockctl, "--direct", "--root", tree, "list", "--summary=only"]
    ready, scans = [], []
    for _ in range(rounds):
        with Service(tools, bus, tree) as service:
            ready.append(service.seconds)
        took = measure.run(tools, scan, limit)
        scans.append(took.real if took else float(limit))
    return {"ready_s": statistics.median(ready), "scan_s": statistics.median(scans),
            "ready_to_scan": statistics.median(a / b for a, b in zip(ready, scans))}


def rest(service, idle):
    time.sleep(SETTLE)
    before = service.switches()
    time.sleep(idle)
    return {"idle_s": idle, "wakeups": service.switches() - before,
            "resident_kib": service.status("VmRSS"), "peak_kib": service.status("VmHWM")}


def answers(service, rounds, polls):
    calls = max(rounds, 20)
    result = {
        "ListRanges": waits(service.ask("ranges", 1, calls)),
        "ListBlocks": waits(service.ask("page", 1, calls)),
        "one client": waits(service.ask("status", 1, polls * 10, POLL // 10)),
        f"{CLIENTS} clients": waits(service.ask("status", CLIENTS, polls, POLL)),
        f"{CLIENTS} clients at once": waits(service.ask("status", CLIENTS, polls)),
    }
    many, one = result[f"{CLIENTS} clients"], result["one client"]
    return {"answers": result, "worst_to_one": many["worst_ms"] / one["worst_ms"],
            "resident_after_kib": service.status("VmRSS"),
            "peak_after_kib": service.status("VmHWM")}


def figures(tools, tree, rounds, limit, idle, polls):
    with Bus() as bus:
        result = starts(tools, bus, tree, rounds, limit)
        with Service(tools, bus, tree) as service:
            result.update(rest(service, idle))
            result.update(answers(service, rounds, polls))
    return result


def start_figures(tools, tree):
    """The few of the scaling table."""
    with Bus() as bus, Service(tools, bus, tree) as service:
        time.sleep(SETTLE)
        return {"ready_s": service.seconds, "resident_kib": service.status("VmRSS")}
