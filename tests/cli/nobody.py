#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a user without rights sees of this machine: less, and told so; never a false `yes`."""

import json
import os
import shutil

from harness import MEMBLOCKCTL, Skip, ctl, main, run

UID = "65534"


def as_nobody(*words):
    if os.getuid() != 0:
        raise Skip("needs root, to become nobody")
    setpriv = shutil.which("setpriv")
    if not setpriv:
        raise Skip("no setpriv")
    return run([setpriv, "--reuid", UID, "--regid", UID, "--clear-groups", "--inh-caps=-all",
                "--no-new-privs", MEMBLOCKCTL, "--direct", *words])


def ready():
    if as_nobody("version").returncode != 0:
        raise Skip(f"nobody can't run {MEMBLOCKCTL}")
    if ctl("--direct", "list").returncode != 0:
        raise Skip("this machine has no memory blocks")
    if "System RAM" not in open("/proc/iomem", encoding="utf-8").read():
        raise Skip("this machine's /proc/iomem names no System RAM")


def check_one_line_names_iomem():
    ready()
    for words in ([], ["status"], ["list"], ["list", "-J"], ["show", "all"], ["map"], ["nodes"],
                  ["devices"], ["doctor"]):
        result = as_nobody(*words)
        assert result.returncode == 0, f"{words}: exit {result.returncode}: {result.stderr}"
        lines = result.stderr.splitlines()
        assert len(lines) == 1 and "/proc/iomem" in lines[0], f"{words}: {lines}"


def check_nothing_is_called_removable():
    ready()
    theirs = json.loads(as_nobody("list", "-J", "-a").stdout)["memory"]
    ours = json.loads(ctl("--direct", "list", "-J", "-a").stdout)["memory"]
    for one, other in zip(theirs, ours, strict=True):
        assert one["removable"] is not True, one
        # What needs no addresses is the same for both.
        for key in ("range", "size", "state", "block", "node", "nodes", "nid", "zones"):
            assert one[key] == other[key], f"{key}: {one} and {other}"
        if one["removable"] is False:
            assert other["removable"] is False, f"{one} and {other}"
            assert set(one["reasons"].split(",")) <= set(other["reasons"].split(",")), one
    return f"{len(theirs)} blocks"


def check_map_of_a_block():
    ready()
    block = json.loads(ctl("--direct", "list", "-J", "-a").stdout)["memory"][0]["block"]
    result = as_nobody("map", block)
    assert result.returncode == 1 and not result.stdout, result
    assert "/proc/iomem" in result.stderr, result


def check_root_sees_all():
    ready()
    if os.path.exists("/proc/iomem") and ctl("--direct", "list").stderr:
        raise Skip(f"root is kept from it too: {ctl('list').stderr.strip()}")
    rows = json.loads(ctl("--direct", "list", "-J").stdout)["memory"]
    assert all(row["removable"] is not None for row in rows), rows


main(globals())
