# SPDX-License-Identifier: GPL-2.0-or-later
"""A strict reader of what `memblockctl metrics` prints: OpenMetrics, and the text format of Prometheus
where that differs. It takes what they allow and memblockctl uses, and no more."""

import re

NAME = re.compile(r"memblockd_[a-z_]+[a-z]")
LABEL = re.compile(r'([a-z]+)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')
SAMPLE = re.compile(r"([a-z_]+)(?:\{(.+)\})? ([0-9]+)")
SUFFIXES = {"counter": "_total", "gauge": "", "info": "_info"}
ESCAPES = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


def labels_of(text):
    labels, rest = {}, text or ""
    while rest:
        found = LABEL.match(rest)
        assert found, f"labels: {rest!r} of {text!r}"
        assert found[1] not in labels, f"twice {found[1]}: {text}"
        labels[found[1]] = re.sub(r"\\.", lambda escape: ESCAPES[escape[0]], found[2])
        rest = rest[found.end():]
    return labels


class Family:
    def __init__(self, name):
        assert NAME.fullmatch(name), name
        self.name = name
        self.kind = self.unit = self.help = None
        self.samples = []  # (labels, value)

    def describe(self, word, text, prometheus):
        assert not self.samples, f"{word} of {self.name} behind its samples"
        attribute = {"HELP": "help", "TYPE": "kind", "UNIT": "unit"}[word]
        assert getattr(self, attribute) is None and text, f"{word} {self.name}"
        setattr(self, attribute, text)
        if word == "UNIT":
            assert not prometheus and self.name.endswith("_" + text), f"UNIT {self.name} {text}"

    def add(self, name, labels, value, prometheus):
        suffix = "" if prometheus else SUFFIXES[self.kind]
        assert self.help and name == self.name + suffix, f"{name} in the family {self.name}"
        assert labels not in [other for other, _ in self.samples], f"twice {name}{labels}"
        self.samples.append((labels, value))

    def closed(self, prometheus):
        assert self.samples, f"{self.name} has no samples"
        for unit in ("bytes", "seconds"):
            assert prometheus or self.unit == unit or not self.name.endswith("_" + unit), self.name
        assert not prometheus or (self.kind == "counter") == self.name.endswith("_total"), self.name


def read(text, prometheus=False):
    """The families by the names of their samples, each once and whole."""
    families, family = {}, None
    lines = text.splitlines()
    if not prometheus:
        assert lines.pop() == "# EOF", text[-100:]
    for line in lines:
        if line.startswith("# "):
            _, word, name, rest = line.split(" ", 3)
            if not family or family.name != name:
                assert name not in families, f"{name} comes twice"
                family = families[name] = Family(name)
            family.describe(word, rest, prometheus)
            continue
        found = SAMPLE.fullmatch(line)
        assert found, repr(line)
        family.add(found[1], labels_of(found[2]), int(found[3]), prometheus)
    for family in families.values():
        family.closed(prometheus)
    return {name + ("" if prometheus else SUFFIXES[family.kind]): family.samples
            for name, family in families.items()}


def total(samples, **labels):
    """The sum of the samples that have these labels."""
    return sum(value for found, value in samples if labels.items() <= found.items())
