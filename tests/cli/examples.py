#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The examples in C: they say what memblockctl says, and libmemblock(3) shows them as they are."""

import json
import pathlib
import re

from harness import MEMBLOCKCTL, ctl, for_each, main, run, trees

SOURCE = pathlib.Path(__file__).resolve().parents[2]
FOLDER = (MEMBLOCKCTL.parent.parent if MEMBLOCKCTL.parent.name == ".libs" else MEMBLOCKCTL.parent) / \
    "examples"


def example(name, *words):
    return run([FOLDER / name, *words])


def compare_list(tree):
    result = example("list", tree)
    assert result.returncode == 0, result.stderr
    found = re.findall(r"^memory(\d+): (\S+), removable: (\w+)$", result.stdout, re.M)
    words = {True: "yes", False: "no", None: "unknown"}
    blocks = json.loads(ctl("--root", tree, "show", "-J", "all").stdout)["blocks"]
    wanted = [(str(int(block["block"])), block["state"], words[block["removable"]])
              for block in blocks if "reserved-pages" not in block["reasons"]]
    # show counts pages too, and knows one reason more by them.
    left = [row for row in found if row in wanted]
    assert left == wanted, f"{found} {wanted}"
    assert len(found) == len(blocks), found


def check_list_of_all_trees():
    for_each(trees(), compare_list)
    return f"{len(trees())} trees"


def check_list_of_nothing():
    result = example("list", "/nonexistent")
    assert result.returncode == 1 and "No such file" in result.stderr, result


def compare_plan(tree):
    result = example("plan", "256", tree)
    plan = ctl("--direct", "--root", tree, "plan", "-J", "256M")
    assert result.returncode == plan.returncode, f"{result} {plan}"
    if result.returncode:
        assert result.stderr.strip() in plan.stderr, f"{result.stderr} {plan.stderr}"
        return
    found = [int(index) for index in re.findall(r"^memory(\d+): change", result.stdout, re.M)]
    wanted = [int(block["block"]) for block in json.loads(plan.stdout)["blocks"]
              if block["fate"] == "change"]
    assert sorted(found) == sorted(wanted), f"{found} {wanted}"


def check_plan_of_all_trees():
    for_each(trees(), compare_plan)


def check_page_shows_them():
    page = (SOURCE / "man/libmemblock.3").read_text(encoding="utf-8")
    shown = [block.replace(r"\-", "-").replace(r"\e", "\\")
             for block in re.findall(r"^\.EX\n(.*?)^\.EE$", page, re.M | re.S)]
    for name in ("list", "plan", "watch"):
        text = (SOURCE / f"examples/{name}.c").read_text(encoding="utf-8")
        assert text.partition("\n")[2].expandtabs(8) in shown, f"libmemblock(3) shows another {name}.c"


main(globals())
