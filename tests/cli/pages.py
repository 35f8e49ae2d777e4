#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is in blocks right now, and the kernel's own sub-section map: how list and show tell it."""

import json
import shutil
import tempfile

from harness import MEMORY, TREES, Skip, ctl, main, output, small_tree

FULL, PART = "ffffffffffffffff", "0000000000ffffff"


def rows(tree, *words):
    return json.loads(output("list", "-J", *words, root=tree.path))["memory"]


def shown(tree, block=0):
    return json.loads(output("show", "-J", str(block), root=tree.path))["blocks"][0]


def counted():
    """Slab in block 3, page tables in 4, pages to move in 5; 6 is not counted, 7 is offline."""
    tree = small_tree()
    tree.write(f"{MEMORY}/memory7/state", "offline\n")
    return tree.pages({0: {}, 1: {}, 2: {}, 3: {"slab": 10}, 4: {"page-table": 5, "movable": 100},
                       5: {"movable": 512}, 7: {"slab": 1}})


def check_rows_split_by_busy():
    with counted() as tree:
        got = [(row["block"], row["busy"]) for row in rows(tree, "-o", "BLOCK,BUSY")]
        assert got == [("0-2", False), ("3-4", True), ("5", False), ("6-7", None)], got
        got = [(row["block"], row["unmovable"]) for row in rows(
            tree, "-b", "-o", "BLOCK,STATE,UNMOVABLE")]
        assert got == [("0-6", None), ("7", None)], got


def check_unmovable_is_a_sum():
    with counted() as tree:
        got = {row["block"]: row["unmovable"] for row in rows(
            tree, "-b", "-S", "BUSY,STATE", "-o", "BLOCK,UNMOVABLE")}
        assert got == {"0-2": 0, "3-4": 15 << 12, "5": 0, "6": None, "7": None}, got
        plain = rows(tree, "-S", "busy", "-o", "BLOCK,UNMOVABLE")[1]
        assert plain == {"block": "3-4", "unmovable": "60K"}, plain


def check_joined_rows():
    """One block that is busy makes its row so; one that is not known makes it not known."""
    with counted() as tree:
        (row,) = rows(tree, "-S", "none", "-o", "BUSY,UNMOVABLE")
        assert row == {"busy": True, "unmovable": None}, row
        tree.pages({index: {} for index in range(6)})
        (row,) = rows(tree, "-S", "none", "-o", "BUSY,UNMOVABLE")
        assert row == {"busy": None, "unmovable": None}, row
        tree.pages({index: {"movable": 1} for index in range(7)})
        (row,) = rows(tree, "-S", "none", "-b", "-o", "BUSY,UNMOVABLE")
        assert row == {"busy": False, "unmovable": 0}, row


def check_reserved_pages_are_a_reason():
    with small_tree() as tree:
        tree.pages({index: {"reserved": 1 if index == 2 else 0} for index in range(8)})
        (row,) = [row for row in rows(tree, "-a", "-o", "+BUSY") if row["block"] == "2"]
        assert row["busy"] is True and row["removable"] is False, row
        assert row["reasons"] == "reserved-pages", row
        assert shown(tree, 2)["reasons"] == ["reserved-pages"]


def check_they_are_counted_on_demand_only():
    with small_tree() as tree:
        tree.pages({index: {"reserved": 1} for index in range(8)})
        for words in ([], ["-o", "REASONS"], ["-S", "STATE"]):
            assert "reserved-pages" not in output("list", *words, root=tree.path), words
        for words in (["-o", "REASONS", "-S", "BUSY"], ["-o", "REASONS,UNMOVABLE"]):
            assert "reserved-pages" in output("list", *words, root=tree.path), words


def check_what_can_not_be_counted_is_said():
    with small_tree() as tree:
        for words in (["-o", "+BUSY"], ["--output-all"], ["-S", "BUSY"]):
            result = ctl("--root", tree.path, "list", *words)
            assert result.returncode == 0, result
            assert len(result.stderr.splitlines()) == 1, result.stderr
            assert "/proc/kpageflags" in result.stderr, result.stderr
        assert "Right now: not known, no /proc/kpageflags\n" in output(
            "show", "0", root=tree.path)
        block = shown(tree)
        assert block["pages"] is block["busy"] is block["unmovable"] is None, block


def check_a_sample_is_said():
    """2,000 pages of each block tell shares to 1 in 16."""
    with small_tree() as tree:
        tree.pages({index: {"examined": 2048, "movable": 1024, "slab": 2 if index == 0 else 0}
                    for index in range(8)})
        result = ctl("--root", tree.path, "list", "-J", "-b", "-a", "-o", "BUSY,UNMOVABLE")
        assert "1 page of 16 " in result.stderr and " 7 % " in result.stderr, result.stderr
        assert len(result.stderr.splitlines()) == 1, result.stderr
        first, second, *_ = json.loads(result.stdout)["memory"]
        assert first == {"busy": True, "unmovable": 32 << 12}, first
        assert second == {"busy": None, "unmovable": 0}, second
        text = output("show", "0", root=tree.path)
        assert "128K slab, 63.9M free, 64M movable (2048 of 32768 pages were looked at)" in text, \
            text


def check_show_tells_what_is_there():
    with counted() as tree:
        text = output("show", "4", root=tree.path)
        assert ("Right now: busy, 20K that can't be moved, 400K to be moved\n"
                "                20K page tables, 127.6M free, 400K movable\n") in text, text
        block = shown(tree, 4)
        assert block["busy"] is True and block["to_move"] == 100 << 12, block
        assert block["pages"]["page_table"] == 5 and block["pages"]["all"] == 32768, block
        assert "Right now: not busy, 0B" in output("show", "0", root=tree.path)
        assert "Right now" not in output("show", "7", root=tree.path)
        assert shown(tree, 7)["pages"] is None


def sections(tree, *lines):
    tree.write("memblockd/sections", "".join(f"section {line}\n" for line in lines))


def check_the_same_map():
    with small_tree() as tree:
        sections(tree, f"0 flags f map {FULL}")
        text = output("show", "0", root=tree.path)
        assert ("Sub-sections: 64 of 64, as the kernel has them\n"
                f"                section 0: {FULL}  early\n"
                "       Derived: the same from /proc/iomem\n") in text, text
        block = shown(tree)
        assert block["subsections"] == block["subsections_derived"] == [FULL], block
        assert block["subsections_source"] == "kernel" and block["section_flags"] == [15], block


def check_maps_that_differ():
    with small_tree() as tree:
        sections(tree, f"0 flags 1f map {PART}", "1 flags 7 map ff00000000000000")
        text = output("show", "0", root=tree.path)
        assert ("Sub-sections: 24 of 64, as the kernel has them\n"
                f"                section 0: {PART}  early, shared with device memory\n"
                "       Derived: 64 of 64, from /proc/iomem\n"
                f"                section 0: {FULL}\n"
                "       Differs: 0x0000000003000000-0x0000000007ffffff  in the derived one alone\n"
                ) in text, text
        block = shown(tree)
        assert block["subsections"] == [PART] and block["subsections_derived"] == [FULL], block
        # Of a hole that the kernel has pages for.
        tree.ram((0, 1))
        text = output("show", "1", root=tree.path)
        assert "0x000000000f000000-0x000000000fffffff  in the kernel's alone\n" in text, text


def check_why_the_kernels_map_is_missing():
    with small_tree() as tree:
        text = output("show", "0", root=tree.path)
        assert "64 of 64, derived from /proc/iomem\n" in text, text
        assert "the kernel's own map is not known: no /proc/kcore\n" in text, text
        assert shown(tree)["section_flags"] is None
        sections(tree, f"1 flags f map {FULL}", "2 flags f map -")
        for block in ("0", "2"):
            assert "the kernel's own map is not known: it keeps none of this block\n" in output(
                "show", block, root=tree.path)


def check_truth_of_a_real_kernel():
    """The map that the kernel had, where the tree is unpacked with it."""
    tree = TREES / "linux-6.1-mixed-and-pmem"
    if not (tree / "truth/sections").exists():
        raise Skip(f"no {tree}")
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copytree(tree, f"{folder}/tree", symlinks=True)
        shutil.copytree(tree / "truth", f"{folder}/tree/memblockd")
        block = json.loads(output("show", "-J", "12", root=copy))["blocks"][0]
        assert block["subsections_source"] == "kernel", block
        assert block["section_flags"] == [0x1f] and block["subsections"] == [FULL], block


main(globals())
