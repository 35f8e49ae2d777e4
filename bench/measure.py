# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs programs in turn, and says what they took."""

import dataclasses
import os
import pathlib
import shutil
import statistics
import subprocess

TIMED_OUT = 128 + 14  # SIGALRM


class Failed(Exception):
    """A program that is to be measured does not run. Its text is for people."""


class Tools:
    """Where programs are, and what they are started with."""

    def __init__(self, build):
        self.build = pathlib.Path(build).resolve()
        # libtool's script takes longer than what it starts.
        self.environment = {**os.environ, "LC_ALL": "C", "NO_COLOR": "1",
                            "LD_LIBRARY_PATH": str(self.build / ".libs")}
        self.memblockctl = self.ours("memblockctl")
        self.memblockd = self.ours("memblockd")
        self.lsmem = shutil.which("lsmem")
        self.chmem = shutil.which("chmem")
        self.strace = shutil.which("strace")

    def ours(self, name):
        path = self.build / ".libs" / name
        return str(path if path.exists() else self.build / name)

    def bench(self, name):
        return str(self.build / "bench" / name)

    def call(self, *words, environment=None, limit=600):
        """Returns what it says on standard output, and on standard error."""
        result = subprocess.run(
            [str(word) for word in words], env=environment or self.environment, text=True,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=limit, check=False)
        if result.returncode != 0:
            raise Failed(f"{' '.join(map(str, words))}: {result.stderr.strip()}")
        return result.stdout, result.stderr

    def output(self, *words, **options):
        return self.call(*words, **options)[0]


@dataclasses.dataclass
class Run:
    """What one run of a program took: seconds, and KiB of memory at most."""
    real: float
    user: float
    system: float
    peak: int

    @property
    def cpu(self):
        return self.user + self.system


def run(tools, words, limit, wrapper=()):
    """None where time ran out. The wrapper is not measured; it ends in starting what it is given.
    """
    output, error = tools.call(*wrapper, tools.bench("timed"), limit, *words, limit=limit + 60)
    real, user, system, peak, status = output.split()
    if int(status) == TIMED_OUT:
        return None
    if int(status) != 0:
        raise Failed(f"{' '.join(map(str, words))}: exit {status}, {error.strip()}")
    return Run(float(real), float(user), float(system), int(peak))


class Contest:
    """Programs that take turns, round by round, so that what else the machine does meets all."""

    def __init__(self, programs, rounds, limit, wrappers=None):
        self.programs = {name: words for name, words in programs.items() if words[0]}
        self.rounds = rounds
        self.limit = limit
        self.wrappers = wrappers or {}
        self.runs = {name: [] for name in self.programs}
        self.late = set()

    def hold(self, tools):
        """A first round, which is not counted, brings files into caches."""
        for number in range(-1, self.rounds):
            for name, words in self.programs.items():
                if name in self.late:
                    continue
                took = run(tools, words, self.limit, self.wrappers.get(name, ()))
                if not took:
                    self.late.add(name)
                elif number >= 0:
                    self.runs[name].append(took)
        return self

    def median(self, name, what="real"):
        """None where there is nothing to tell."""
        runs = self.runs.get(name)
        return statistics.median(getattr(run, what) for run in runs) if runs else None

    def ratio(self, name, other, what="real"):
        """How long one takes, with the other for 1: the median of all rounds' own ratios."""
        pairs = zip(self.runs.get(name, ()), self.runs.get(other, ()))
        ratios = [getattr(a, what) / getattr(b, what) for a, b in pairs if getattr(b, what)]
        return statistics.median(ratios) if ratios else None

    def result(self):
        """For JSON. Of a program that ran out of time there is its limit."""
        fields = [field.name for field in dataclasses.fields(Run)]
        return {"rounds": self.rounds, "programs": {
            name: {"command": [str(word) for word in words],
                   **{field: self.median(name, field) for field in fields},
                   "over": self.limit if name in self.late else None,
                   "runs": [dataclasses.asdict(run) for run in self.runs[name]]}
            for name, words in self.programs.items()}}
