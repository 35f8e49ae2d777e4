#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""memblockctl list beside the lsmem of this machine, where lsmem is right: byte for byte."""

import contextlib
import itertools
import json
import pathlib
import shutil

from harness import MEMORY, MIB, Skip, Tree, ctl, for_each, main, run, trees

LSMEM = shutil.which("lsmem") or shutil.which("lsmem", path="/usr/bin:/bin")

SWITCHES = [
    [], ["-J"], ["-P"], ["-r"], ["-b"], ["-n"], ["-a"],
    ["-S", "ZONES"], ["-S", "STATE"], ["-S", "none"], ["-S", "STATE,ZONES"],
    ["-J", "-b"], ["-J", "-a"], ["-P", "-b"], ["-P", "-a"], ["-r", "-n"], ["-r", "-S", "none"],
    ["-b", "-n", "-a"],
    ["--summary"], ["--summary=only"], ["--summary=never"], ["--summary=always"],
    ["--summary=only", "-b"], ["--summary=never", "-n"],
]


def lsmem(*words):
    if not LSMEM:
        raise Skip("no lsmem on this machine")
    result = run([LSMEM, *words])
    assert result.returncode == 0, f"lsmem {words}: {result.stderr.strip()}"
    return result.stdout


def parts(text):
    """The table, and the summary's first three lines in words: ours are set wider, since more
    follow."""
    head, mark, tail = text.partition("Memory block size:")
    return head.splitlines(), [line.split() for line in (mark + tail).splitlines()[:3]]


def difference(theirs, ours):
    for one, other in itertools.zip_longest(theirs, ours):
        if one != other:
            return f"  lsmem: {one!r}\n  ours:  {other!r}"
    return ""


def compare(tree, *words):
    """tree is None for this machine."""
    where = ("-s", tree) if tree else ()
    theirs = lsmem(*where, *words)
    ours = ctl("list", *where, *words)
    name = " ".join(words)
    assert ours.returncode == 0, f"list {name}: exit {ours.returncode}, {ours.stderr.strip()}"
    for theirs_part, ours_part in zip(parts(theirs), parts(ours.stdout)):
        assert theirs_part == ours_part, f"{name}:\n" + difference(theirs_part, ours_part)


def has_zones(tree):
    """lsmem sees no zones at all where memory0 has none."""
    return pathlib.Path(tree or "/", MEMORY, "memory0/valid_zones").exists()


def has_plain_nodes(tree):
    """Whether each block hangs on one node, so that lsmem knows it."""
    words = ("list", "-J", "-a", *(("--root", tree) if tree else ()))
    return all(row["nid"] >= 0 for row in json.loads(ctl(*words).stdout)["memory"])


def compare_all(tree):
    columns = "RANGE,SIZE,STATE,BLOCK"
    columns += ",ZONES" if has_zones(tree) else ""
    nodes = ",NODE" if has_plain_nodes(tree) else ""
    switches = [words for words in SWITCHES if has_zones(tree) or "ZONES" not in str(words)]
    for words in switches:
        # Of a range that --split joined lsmem names the first block's node alone.
        compare(tree, "-o", columns if "-S" in words else columns + nodes, *words)
    return len(switches)


def check_captured_trees():
    lsmem("--version")
    counts = for_each(trees(), compare_all)
    return f"{sum(counts)} outputs of {len(counts)} trees"


def check_this_machine():
    lsmem("--version")
    try:
        lsmem()
    except AssertionError as error:
        raise Skip(f"this machine has no memory blocks ({error})") from None
    return f"{compare_all(None)} outputs"


def made_trees(stack):
    """Layouts that no captured tree has, by name."""
    def tree(name, *args, **options):
        made = stack.enter_context(Tree(*args, **options))
        made.name = name
        return made

    yield tree("one-block").block(0)
    yield tree("no-memory0").blocks(range(4, 9))
    yield tree("gaps").blocks([0, 1, 3, 7, 8, 9, 300, 301])
    yield tree("two-gigabytes", 2048 * MIB).blocks([0, 1, 2, 900])
    yield tree("one-gigabyte", 1024 * MIB).blocks(range(33)).blocks(range(40, 43), nodes=(1,))
    yield tree("sixteen-megabytes", 16 * MIB, "ppc64le").blocks(range(67))
    yield tree("above-16-tib", 2048 * MIB).blocks(range(9000, 9007))
    yield tree("no-nodes").blocks(range(3), nodes=())
    yield (tree("zones").block(0, zones="DMA").block(1, zones="DMA32").block(2, zones="none")
           .blocks(range(3, 5), zones="Normal").blocks(range(5, 7), zones="Movable")
           .blocks(range(7, 9), zones="HighMem").block(9, zones="Device"))
    yield (tree("states").blocks(range(3)).blocks([3, 4], state="offline", zones="Normal Movable")
           .blocks([5], state="offline", zones="Movable Normal")
           .blocks(range(7, 11), state="offline", zones="Movable").block(11, nodes=(3,)))
    yield tree("all-offline").blocks(range(5), state="offline", zones="Normal Movable")

    big = tree("three-thousand")
    for index in range(3000):
        big.block(index, state="offline" if index % 7 == 3 else "online",
                  zones="Movable" if index // 50 % 2 else "Normal", nodes=(index // 1000,))
    yield big


def check_made_trees():
    lsmem("--version")
    with contextlib.ExitStack() as stack:
        made = list(made_trees(stack))
        counts = for_each(made, lambda tree: compare_all(tree.path))
    return f"{sum(counts)} outputs of {len(counts)} trees"


def check_a_block_that_is_going_offline():
    """lsmem counts it as offline, though it is in use; the table is the same."""
    lsmem("--version")
    with Tree() as tree:
        tree.blocks(range(3)).block(3, state="going-offline", zones="Normal Movable").block(4)
        for switches in ([], ["-a"], ["-J"], ["-P"], ["-S", "none"]):
            compare(tree.path, "--summary=never", "-o", "RANGE,SIZE,STATE,BLOCK,ZONES", *switches)


main(globals())
