#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The verdicts, the sub-section maps and what is busy, against what the kernels themselves did and
said."""

import collections
import json
import re

from harness import Skip, ctl, for_each, main, trees

BUSY = "Device or resource busy"


# What is said of page counts where a tree has no flags of pages, or more than are looked at.
COUNTS_SAID = re.compile(r"no /proc/kpageflags; |\d+ pages? of \d+ was looked at: ")


def blocks_of(tree):
    result = ctl("--root", tree, "show", "-J", "all")
    assert result.returncode == 0, f"exit {result.returncode}, {result.stderr.strip()}"
    said = [line for line in result.stderr.splitlines() if not COUNTS_SAID.search(line)]
    assert not said, f"says {said}"
    return json.loads(result.stdout)["blocks"]


def outcomes_of(tree):
    """{block: (what was tried, what came of it)} of truth/outcome."""
    lines = (tree / "truth/outcome").read_text().splitlines()
    return {block: (verb, result) for block, verb, result in (line.split(" ", 2) for line in lines)}


def judge(block, verb, result):
    """What kind of outcome it is; AssertionError where the verdict doesn't fit."""
    name, removable = f"block {block['block']} ({verb}: {result})", block["removable"]
    if removable is None:
        return "unknown"
    if result == BUSY:
        return "busy"
    if result == "ok":
        assert removable, f"{name} is accused of {block['reasons']}"
        return "went"
    assert not removable, f"{name} is called removable"
    assert block["reasons"], f"{name} has no reasons"
    # A reason's evidence begins with its word.
    missing = [reason for reason in block["reasons"]
               if not any(text.startswith(f"{reason}: ") for text in block["evidence"])]
    assert not missing, f"{name} lacks evidence of {missing} in {block['evidence']}"
    return "refused"


def outcomes_judged(tree):
    outcomes = outcomes_of(tree)
    blocks = {block["block"]: block for block in blocks_of(tree)}
    assert outcomes.keys() <= blocks.keys(), f"no blocks {outcomes.keys() - blocks.keys()}"
    return collections.Counter(judge(blocks[number], *outcome)
                               for number, outcome in outcomes.items())


def check_every_outcome_fits_its_verdict():
    total = sum(for_each(trees(), outcomes_judged), collections.Counter())
    assert total["unknown"] == 0, f"{total['unknown']} blocks are not known"
    return (f"{len(trees())} trees, {total['refused']} blocks refused for good, "
            f"{total['went']} that went, {total['busy']} busy, {total['unknown']} not known")


def sections_compared(tree):
    path = tree / "truth/sections"
    if not path.exists():
        return 0

    ours, wrong, n = {}, [], 0
    for block in blocks_of(tree):
        for i, bitmap in enumerate(block["subsections"]):
            ours[block["start"] // block["section_size"] + i] = bitmap
    for line in path.read_text().splitlines():
        _, section, _, _, _, bitmap = line.split()
        section = int(section)
        n += 1
        # A section without a block is device memory's alone.
        if section in ours and int(ours[section], 16) != int(bitmap, 16):
            wrong.append(f"section {section}: {ours[section]}, the kernel has {bitmap}")
        elif section in ours:
            del ours[section]
    assert not wrong, "; ".join(wrong)
    assert not ours, f"the kernel has no sections {sorted(ours)}"
    return n


def check_every_section_map_is_the_kernels_own():
    counts = for_each(trees(), sections_compared)
    if not any(counts):
        raise Skip("no tree has truth/sections")
    return f"{sum(counts)} sections of {sum(1 for n in counts if n)} trees"


def foretold(block, result):
    """Whether `busy` foretold what became of an online block; None where that isn't asked."""
    pages, busy = block["pages"], result == BUSY
    # Of what can never go, the kernel may say so before it looks at pages.
    if pages is None or result not in ("ok", BUSY) or set(block["reasons"]) - {"reserved-pages"}:
        return None
    if block["busy"] is None:
        # Only a sample is not known.
        assert pages["examined"] < pages["all"], f"block {block['block']} is not known"
        return "sample"
    # The copying of these trees itself took memory, after page flags were read.
    if busy and pages["free"] == pages["all"]:
        return "filled meanwhile"
    return "right" if block["busy"] == busy else "wrong"


def busy_compared(tree):
    blocks = {block["block"]: block for block in blocks_of(tree)}
    return tree, collections.Counter(foretold(blocks[number], result)
                                     for number, (verb, result) in outcomes_of(tree).items()
                                     if verb == "offline")


def check_busy_blocks_are_foretold():
    idle, load = collections.Counter(), collections.Counter()
    for tree, counts in for_each(trees(), busy_compared):
        (load if "load" in tree.name else idle).update(counts)
    if idle["right"] + load["right"] == 0:
        raise Skip("no tree has proc/kpageflags")
    assert idle["wrong"] == 0, f"{idle['wrong']} of {idle['right'] + idle['wrong']} on idle trees"
    told = load["right"] + load["wrong"]
    assert load["right"] >= 0.95 * told, f"{load['wrong']} of {told} wrong under load"
    return (f"{idle['right']} of {idle['right'] + idle['wrong']} idle, {load['right']} of {told} "
            f"under load ({100 * load['right'] / max(told, 1):.1f} %); "
            f"{idle['sample'] + load['sample']} samples found nothing, "
            f"{idle['filled meanwhile'] + load['filled meanwhile']} blocks were filled meanwhile")


main(globals())
