#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What memblockctl prints of some trees, compared with golden/TREE.txt to the letter.

golden-outputs.py --update writes these files anew, after a change that was meant (make
update-golden); read what git diff then shows.
"""

import difflib
import os
import pathlib
import shlex
import subprocess
import sys

from harness import TREES, Skip, ctl, for_each, main

GOLDEN = pathlib.Path(os.environ.get("GOLDEN", pathlib.Path(__file__).parent / "golden"))

# Each with the block that is worth a look.
INTERESTING = {
    "linux-6.1-two-nodes-mixed": 8,
    "linux-6.1-mixed-and-pmem": 12,
    "linux-6.1-dimms-cold": 32,
    "linux-6.1-arm64-2g": 8,
    "linux-6.1-ppc64-2g": 0,
    "linux-6.1-s390-2g": 0,
    "linux-6.12-nvdimm-raw": 7,
    "linux-7.3-movable-boundary": 7,
}


def commands(block):
    return [
        ["status"],
        ["list"],
        ["list", "-J"],
        ["list", "-a", "-o", "+NID,DEVICE,SUBSECTIONS,KERNEL-REMOVABLE"],
        ["list", "-o", "+BUSY,UNMOVABLE"],
        ["show", str(block)],
        ["show", "-J", str(block)],
        ["map"],
        ["map", str(block)],
        ["nodes"],
        ["devices"],
    ]


def session(name):
    """The commands and what they print, as on a terminal."""
    tree = TREES / name
    if not tree.is_dir():
        raise Skip(f"no {tree}")
    text = ""
    for words in commands(INTERESTING[name]):
        text += f"$ memblockctl --root {name} {shlex.join(words)}\n"
        result = ctl("--root", tree, *words, stderr=subprocess.STDOUT)
        assert result.returncode == 0, f"{words}: exit {result.returncode}, {result.stdout}"
        text += result.stdout.replace(str(tree), name) + "\n"
    return text


def compare(name):
    golden = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    differences = difflib.unified_diff(golden.splitlines(), session(name).splitlines(),
                                       f"golden/{name}.txt", "now", lineterm="", n=2)
    text = "\n".join(differences)
    assert not text, text
    return len(commands(0))


def check_outputs_are_the_golden_ones():
    return f"{sum(for_each(INTERESTING, compare))} outputs of {len(INTERESTING)} trees"


if sys.argv[1:] == ["--update"]:
    for tree_name in INTERESTING:
        (GOLDEN / f"{tree_name}.txt").write_text(session(tree_name), encoding="utf-8")
else:
    main(globals())
