#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""memblockctl and the library without a daemon, while one call after the other fails."""

import difflib
import json
import pathlib
import re
import shutil
import tarfile

from faults import Faults, each_failure, names, temporary_folder
from harness import MEMBLOCKCTL, MEMORY, TREES, Skip, Tree, for_each, main, run, small_tree

DONE, NOTHING, PARTLY = 0, 1, 64
# How a text tells that it lacks something.
TOLD = re.compile("could not be|not (fully )?known|unknown|Not read|can't be read|[Cc]an't read")


def invoke(faults, root, *words):
    return run([MEMBLOCKCTL, "--root", root, "--direct", *words], environment=faults.environment)


def counted(root, *words):
    """How it goes when nothing fails, and which calls there are."""
    with Faults() as faults:
        faults.arm()
        result = invoke(faults, root, *words)
        return result, faults.counts(), faults.live()


def lives(result, what):
    assert result.returncode in (DONE, NOTHING, PARTLY) and "Sanitizer" not in result.stderr, \
        f"{what}: exit {result.returncode}: {result.stderr}"
    # What doctor finds, it tells on standard output.
    said = result.stderr.strip() or (what.startswith("doctor") and result.stdout.strip())
    assert result.returncode == DONE or said, f"{what}: fails and doesn't say why"
    return result.returncode == DONE


def only_unknown(before, after, what):
    """Of blocks, verdicts are as before or not known."""
    before, after = ({row["block"]: row for row in json.loads(text)["memory"]}
                     for text in (before, after))
    for block, row in after.items():
        for key in ("removable", "state"):
            assert row[key] in (before[block][key], None, "?"), \
                f"{what}: block {block} becomes {key} {row[key]}"


def told_or_same(good, result, what):
    added = set(result.stdout.splitlines()) - set(good.stdout.splitlines())
    if result.stdout == good.stdout or result.stderr != good.stderr or \
            any(map(TOLD.search, added)):
        return
    lines = difflib.unified_diff(good.stdout.splitlines(), result.stdout.splitlines(), n=0)
    assert False, "\n".join([f"{what}: says something else, and not why:", *list(lines)[2:12]])


def fails_once(root, words, failure, live):
    """(result, what) of a run in which that call fails."""
    with Faults() as faults:
        faults.arm(*failure)
        result = invoke(faults, root, *words)
        what = f"{' '.join(map(str, words))}: {names(*failure)} in {faults.callers()}"
        # libarchive ends the program when it has no memory for a string, and keeps some when a write
        # fails.
        assert faults.live() <= live or faults.callers().startswith("libarchive"), \
            f"{what}: {faults.live() - live} more are not freed"
        return result, what


def sweep(root, words, check):
    """Calls check(good, result, what) for each failure that memblockctl lived through."""
    good, counts, live = counted(root, *words)
    assert good.returncode == DONE, good

    def fail(failure):
        result, what = fails_once(root, words, failure, live)
        if lives(result, what):
            check(good, result, what)

    failures = each_failure(counts)
    for_each(failures, fail)
    return len(failures)


def captured(name):
    if not (TREES / name).is_dir():
        raise Skip(f"no tree {name}")
    return TREES / name


def same_verdicts(good, result, what):
    told_or_same(good, result, what)
    only_unknown(good.stdout, result.stdout, what)


def check_list():
    return sum(sweep(captured(name), ("list", "-J", "-a"), same_verdicts)
               for name in ("linux-6.1-mixed-and-pmem", "linux-6.1-arm64-2g",
                            "linux-6.1-nvdimm-namespaces", "linux-6.1-dax-kmem",
                            "linux-6.1-dimms-cold"))


def check_list_of_marks():
    with small_tree() as tree:
        tree.write("var/lib/memblockd/marks", "0x10000000-0x1fffffff - why\n")
        return sweep(tree.path, ("list", "-J", "-a"), same_verdicts)


def check_others_that_read():
    tree = captured("linux-6.1-nvdimm-virtio-mem")
    return sum(sweep(tree, words, told_or_same)
               for words in (("status",), ("show", "all"), ("devices",), ("nodes",), ("doctor",),
                             ("map",)))


def check_plans():
    """Who knows less of blocks chooses others, and who knows less of the machine takes more for
    possible, which is no fault."""
    with machine() as tree:
        return sum(sweep(tree.path, words, lambda *_: None)
                   for words in (("plan", "256M"), ("policy",)))


MARKED = 7


def machine():
    """Blocks 0 to 3 of Normal, 4 to 7 of Movable, of which the last is marked; most memory is free."""
    tree = Tree().blocks(range(4)).blocks(range(4, 8), zones="Movable").ram((0, 8))
    size = tree.block_size
    tree.memory(8, 4, 0.5)
    tree.write("var/lib/memblockd/marks",
               f"0x{MARKED * size:x}-0x{(MARKED + 1) * size - 1:x} - why\n")
    return tree.pages({index: {} for index in range(8)})


def words_of(root):
    """What each state file says."""
    return {int(path.parent.name[len("memory"):]): path.read_text(encoding="utf-8").strip()
            for path in root.glob(f"{MEMORY}/memory[0-9]*/state")}


def check_offline():
    """All of it or nothing, and which of them is told."""
    words = ("offline", "256M")

    def fail(failure):
        with temporary_folder() as folder:
            root = shutil.copytree(tree.path, f"{folder}/tree", symlinks=True)
            result, what = fails_once(root, words, failure, live)
            lives(result, what)
            states = words_of(pathlib.Path(root))
            odd = set(states.values()) - {"online", "offline", "online_movable"}
            assert not odd, f"{what}: states {states}"
            gone = [index for index, state in states.items() if state == "offline"]
            assert MARKED not in gone, f"{what}: {gone} offline, {MARKED} is marked"
            assert result.returncode == PARTLY or len(gone) == (2 if result.returncode == DONE else 0), \
                f"{what}: exit {result.returncode}, and {gone} offline: {result.stderr}"

    with machine() as tree:
        with temporary_folder() as folder:
            root = shutil.copytree(tree.path, f"{folder}/tree", symlinks=True)
            good, counts, live = counted(root, *words)
        assert good.returncode == DONE, good
        failures = each_failure(counts)
        for_each(failures, fail)
        return len(failures)


def names_in(archive):
    with tarfile.open(archive) as file:
        for member in file:
            if member.isfile():
                file.extractfile(member).read()
        return file.getnames()


def check_capture():
    """The file is there whole or not at all; what it lacks is told."""
    def fail(failure):
        with temporary_folder() as folder:
            archive = pathlib.Path(folder) / "out.tar"
            result, what = fails_once(tree.path, ("capture", archive), failure, live)
            done = lives(result, what)
            left = [path.name for path in archive.parent.iterdir()]
            if left == ["out.tar"]:  # also where that could not be told
                told = result.stderr or "is missing" in result.stdout
                assert names_in(archive) == found or told, f"{what}: something is missing"
            else:
                assert not done and (not left or "in libarchive" in what), f"{what}: {left}"

    with machine() as tree, temporary_folder() as folder:
        archive = pathlib.Path(folder) / "out.tar"
        good, counts, live = counted(tree.path, "capture", archive)
        if "libarchive" in good.stderr:
            raise Skip("built without libarchive")
        assert good.returncode == DONE, good
        found = names_in(archive)
        failures = each_failure(counts)
        for_each(failures, fail)
        return len(failures)


main(globals())
