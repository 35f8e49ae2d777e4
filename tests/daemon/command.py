# SPDX-License-Identifier: GPL-2.0-or-later
"""memblockctl beside a daemon that these checks run."""

import json
import os
import signal
import tempfile

from harness import MEMBLOCKCTL
from service import Program, pump

DONE, NOTHING, USAGE, PARTLY = 0, 1, 2, 64


class Command(Program):
    """A memblockctl; bench is whatever has a bus and a daemon."""

    def __init__(self, bench, *words, wrapper=()):
        self.bench = bench
        super().__init__(*wrapper, MEMBLOCKCTL, *words,
                         environment={"DBUS_SYSTEM_BUS_ADDRESS": bench.bus.address},
                         err=tempfile.TemporaryFile("w+", encoding="utf-8"))

    def stdout(self):
        return self._text(self.out)

    def stderr(self):
        return self._text(self.err)

    def wait(self, until, what):
        """What memblockd tells the service manager is read meanwhile, or it would stop and wait."""
        def look():
            self.bench.daemon.told()
            return until()
        return pump(look, f"{what}: {self.stdout()} {self.stderr()}")

    def wait_for(self, text):
        self.wait(lambda: text in self.stdout() + self.stderr(), f"it says {text}")

    def wait_for_watch(self):
        """Until it waits for its job, and blocks SIGINT to hear of it, that would just end it."""
        def blocked():
            with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as status:
                mask = next(line.split()[1] for line in status if line.startswith("SigBlk:"))
            return int(mask, 16) >> signal.SIGINT - 1 & 1
        self.wait(blocked, "it blocks SIGINT")

    def signal(self, number=signal.SIGINT):
        self.process.send_signal(number)

    def stop(self):
        """It hears nothing until signal(signal.SIGCONT)."""
        self.signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)

    def ended(self, status=DONE):
        self.wait(lambda: self.process.poll() is not None, "it ends")
        assert self.process.returncode == status, \
            f"exit {self.process.returncode}: {self.stdout()} {self.stderr()}"
        return self.stdout()


def told(bench, *words, status=DONE, says="", **options):
    """What it prints; its complaints, where there are to be none, count as failure."""
    with Command(bench, *words, **options) as command:
        output = command.ended(status)
        for text in [says] if isinstance(says, str) else says:
            assert text in command.stderr(), f"{words}: {text}? {command.stderr()}"
        assert says or not command.stderr(), f"{words}: {command.stderr()}"
        return output


def told_json(bench, *words, **options):
    return json.loads(told(bench, *words, "-J", **options))
