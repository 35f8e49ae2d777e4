#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What programs may count on in the JSON of list, show and the others: keys and their types."""

import json
import re

from harness import ctl, for_each, main, output, small_tree, trees

NONE = type(None)
RANGE = re.compile(r"0x[0-9a-f]{16}-0x[0-9a-f]{16}\Z")
SIZE = re.compile(r"[0-9]+(\.[0-9])?[BKMGTPE]\Z")

LIST = {
    "range": str, "size": str, "state": str, "removable": (bool, NONE), "block": str,
    "node": (int, NONE), "nodes": (str, NONE), "nid": int, "zones": (str, NONE),
    "reasons": (str, NONE), "device": (str, NONE),
}
SHOW = {
    "range": str, "start": int, "size": int, "section_size": (int, NONE), "subsection_size": int,
    "state": str, "removable": (bool, NONE), "block": str, "node": (int, NONE), "nodes": list,
    "nid": int, "zones": (str, NONE), "reasons": list, "device": (str, NONE),
    "busy": (bool, NONE), "unmovable": (int, NONE), "to_move": (int, NONE), "pages": (dict, NONE),
    "subsections": (list, NONE), "subsections_source": (str, NONE),
    "subsections_derived": (list, NONE), "section_flags": (list, NONE), "composition": (list, NONE),
    "evidence": list,
}
PAGES = {key: int for key in (
    "all", "examined", "poisoned", "memmap", "reserved", "slab", "page_table", "offline", "free",
    "movable", "kernel", "unclear")}
EXTENT = {"start": int, "size": int, "kind": str, "node": (int, NONE), "zone": (str, NONE),
          "owner": (str, NONE)}
KINDS = {"hole", "ram", "pmem", "device-dax", "soft-reserved", "firmware-reserved"}
REASONS = ["mixed-nodes", "mixed-zones", "hole", "mixed-pmem", "boot-memory", "reserved-pages",
           "marked", "no-hotremove"]


def has(thing, contract):
    for key, types in contract.items():
        assert key in thing, f"no {key} in {thing}"
        types = types if isinstance(types, tuple) else (types,)
        # bool is an int to Python, and is none here.
        assert type(thing[key]) in types, f"{key} is {thing[key]!r} in {thing}"


def rows(tree, *words):
    return json.loads(output("list", "-J", *words, root=tree))["memory"]


def blocks(tree):
    return json.loads(output("show", "-J", "all", root=tree))["blocks"]


def list_row_fits(row):
    has(row, LIST)
    assert RANGE.match(row["range"]) and SIZE.match(row["size"]), row
    nodes = [int(node) for node in row["nodes"].split(",")] if row["nodes"] else []
    assert nodes == sorted(set(nodes)), row
    if len(nodes) == 1:
        assert row["node"] == row["nid"] == nodes[0], row
    else:
        assert row["node"] is None and row["nid"] == (-2 if nodes else -1), row
    reasons = row["reasons"].split(",") if row["reasons"] else []
    assert reasons == [reason for reason in REASONS if reason in reasons], row
    assert (row["removable"] is False) == bool(reasons), row


def list_fits(tree):
    for words in ([], ["-a"], ["-S", "none"]):
        for row in rows(tree, *words):
            has(row, LIST)
    for row in rows(tree):
        list_row_fits(row)
    return len(rows(tree))


def check_list():
    return f"{sum(for_each(trees(), list_fits))} rows of {len(trees())} trees"


def joined_fits(tree):
    """What --split joins promises no more than its blocks keep."""
    blocks_of = {int(row["block"]): row for row in rows(tree, "-a")}
    for row in rows(tree, "-S", "none"):
        first, _, last = row["block"].partition("-")
        members = [blocks_of[n] for n in range(int(first), int(last or first) + 1)]
        answers = {member["removable"] for member in members}
        expected = False if False in answers else None if None in answers else True
        assert row["removable"] is expected, row
        nodes = {node for member in members for node in (member["nodes"] or "").split(",") if node}
        assert (row["nodes"] or "") == ",".join(sorted(nodes, key=int)), row
        reasons = {word for member in members for word in (member["reasons"] or "").split(",")}
        assert (row["reasons"] or "").split(",") == [
            word for word in REASONS if word in reasons] or reasons == {""}, row


def check_joined_rows():
    for_each(trees(), joined_fits)


def bytes_fit(tree):
    for with_bytes, plain in zip(rows(tree, "-b"), rows(tree)):
        has(with_bytes, {**LIST, "size": int})
        start, last = (int(word, 16) for word in with_bytes["range"].split("-"))
        assert with_bytes["size"] == last + 1 - start, with_bytes
        del with_bytes["size"], plain["size"]
        assert with_bytes == plain


def check_size_is_a_number_with_bytes_only():
    for_each(trees(), bytes_fit)


def check_chosen_columns():
    with small_tree() as tree:
        (row, *_) = rows(tree.path, "-o", "range,NID,kernel-removable,Subsections")
        assert list(row) == ["range", "nid", "kernel-removable", "subsections"], row
        has(row, {"nid": int, "kernel-removable": bool, "subsections": str})
        (row, *_) = rows(tree.path, "-o", "+KERNEL-REMOVABLE")
        has(row, {**LIST, "kernel-removable": bool})
        tree.pages({index: {"slab": index} for index in range(8)})
        (row, *_) = rows(tree.path, "--output-all")
        has(row, {**LIST, "kernel-removable": bool, "subsections": str, "busy": bool,
                  "unmovable": str})
        (row, *_) = rows(tree.path, "-b", "-o", "UNMOVABLE,BUSY")
        has(row, {"busy": bool, "unmovable": int})


def composition_fits(block):
    at = block["start"]
    for extent in block["composition"]:
        has(extent, EXTENT)
        assert extent["start"] == at and extent["size"] > 0 and extent["kind"] in KINDS, block
        at += extent["size"]
    assert at == block["start"] + block["size"], block


def load_fits(block):
    """What is in it right now."""
    pages = block["pages"]
    if pages is None:
        assert block["busy"] is block["unmovable"] is block["to_move"] is None, block
        return
    assert block["state"] == "online", block
    has(pages, PAGES)
    assert list(pages) == list(PAGES), pages
    assert sum(pages.values()) == pages["all"] + 2 * pages["examined"], pages
    stays = pages["reserved"] + pages["slab"] + pages["page_table"] + pages["kernel"]
    assert block["busy"] is True or stays == 0, block
    assert block["busy"] is not False or block["unmovable"] == 0, block
    assert ("reserved-pages" in block["reasons"]) == (pages["reserved"] > 0), block


def show_block_fits(block):
    load_fits(block)
    has(block, SHOW)
    assert RANGE.match(block["range"]), block
    assert block["start"] == int(block["block"]) * block["size"], block
    assert block["subsection_size"] == 2 << 20, block
    assert all(type(node) is int for node in block["nodes"]), block
    assert block["reasons"] == [word for word in REASONS if word in block["reasons"]], block
    assert all(type(text) is str and text for text in block["evidence"]), block
    assert (block["removable"] is False) == bool(block["reasons"]), block
    assert block["subsections_source"] in ("kernel", "derived"), block
    assert len(block["subsections"]) == block["size"] // block["section_size"], block
    for bitmap in block["subsections"]:
        assert re.fullmatch("[0-9a-f]+", bitmap), block
        assert int(bitmap, 16) < 1 << block["section_size"] // block["subsection_size"], block
    composition_fits(block)


def show_fits(tree):
    shown = blocks(tree)
    for block in shown:
        show_block_fits(block)
    return len(shown)


def check_show():
    return f"{sum(for_each(trees(), show_fits))} blocks of {len(trees())} trees"


def agree(tree):
    """show and list are of one mind, where both count pages."""
    listed = json.loads(ctl("--root", tree, "list", "-J", "-a", "-b", "-o",
                            "+BUSY,UNMOVABLE").stdout)["memory"]
    for row, block in zip(listed, blocks(tree), strict=True):
        for key in ("range", "state", "removable", "block", "node", "nid", "zones", "device", "busy",
                    "unmovable"):
            assert row[key] == block[key], f"{key}: {row} and {block}"
        assert (row["nodes"] or "") == ",".join(str(node) for node in block["nodes"]), row
        assert (row["reasons"] or "") == ",".join(block["reasons"]), row


def check_show_and_list_agree():
    for_each(trees(), agree)


def check_what_is_not_known_is_null():
    with small_tree() as tree:
        tree.write("proc/iomem", "00000000-00000000 : System RAM\n")
        result = json.loads(said_with_warning("show", "-J", "0", root=tree.path))["blocks"][0]
        has(result, {**SHOW, "removable": NONE, "subsections": NONE, "subsections_source": NONE,
                     "composition": NONE})
        row = json.loads(said_with_warning("list", "-J", root=tree.path))["memory"][0]
        has(row, {**LIST, "removable": NONE})


def said_with_warning(*words, root):
    result = ctl("--root", root, *words)
    assert result.returncode == 0 and "/proc/iomem" in result.stderr, result
    return result.stdout


def others_fit(tree):
    status = json.loads(output("status", "-J", root=tree))
    has(status, {"architecture": str, "release": str, "block_size": int, "subsection_size": int,
                 "blocks": int, "online": int, "offline": int, "removable": int,
                 "not_removable": int, "not_known": int, "reasons": dict, "sources": dict})
    assert status["blocks"] == (status["removable"] + status["not_removable"] +
                                status["not_known"]), status
    assert list(status["reasons"]) == REASONS, status
    # It says on standard error where a kernel knows no nodes.
    nodes = json.loads(ctl("--root", tree, "nodes", "-J").stdout)["nodes"]
    for node in nodes:
        has(node, {"node": int, "size": str, "blocks": int, "online": int, "offline": int})
    assert isinstance(json.loads(output("devices", "-J", root=tree))["devices"], list)
    drawn = json.loads(output("map", "-J", root=tree))
    assert sum(run["size"] for run in drawn["map"]) == status["blocks"] * status["block_size"]


def check_status_nodes_devices_and_map():
    for_each(trees(), others_fit)


main(globals())
