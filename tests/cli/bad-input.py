#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Trees that are damaged, hostile or not there: told, never believed, and never waited for."""

import json
import os
import tempfile

from harness import MEMORY, MIB, Tree, ctl, main, small_tree

READERS = (["status"], ["list"], ["list", "-J"], ["show", "all"], ["show", "-J", "all"], ["map"],
           ["nodes"], ["devices"], ["doctor"])


def fails(*words, says, root):
    """Exit 1, one line on standard error, nothing on standard output."""
    result = ctl("--root", root, *words, timeout=20)
    assert result.returncode == 1, f"{words}: exit {result.returncode}: {result.stderr}"
    assert not result.stdout, f"{words}: prints {result.stdout}"
    lines = result.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("memblockctl: "), f"{words}: {result.stderr}"
    for word in says:
        assert word in lines[0], f"{words}: {lines[0]}"


def lives(root, *, says=(), quiet=False):
    """Every reading verb gets through; what is wrong is told on standard error. Returns list -J's
    rows, a row a block."""
    for words in READERS:
        result = ctl("--root", root, *words, timeout=20)
        assert result.returncode == 0, f"{words}: exit {result.returncode}: {result.stderr}"
        for word in says:
            assert word in result.stderr, f"{words} doesn't say {word}: {result.stderr}"
        assert not (quiet and result.stderr), f"{words}: {result.stderr}"
    return json.loads(ctl("--root", root, "list", "-J", "-a").stdout)["memory"]


def check_root_that_is_no_folder():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "file")
        fails("list", root=path, says=[path, "No such file"])
        with open(path, "w", encoding="utf-8"):
            pass
        for words in READERS:
            fails(*words, root=path, says=[path, "Not a directory"])


def check_kernel_without_memory_hotplug():
    with tempfile.TemporaryDirectory() as folder:
        for words in READERS:
            fails(*words, root=folder, says=["/sys is not mounted", "not the root of a machine"])
        os.makedirs(os.path.dirname(os.path.join(folder, MEMORY)))
        for words in READERS:
            fails(*words, root=folder, says=["/" + MEMORY, "memory hotplug"])


def check_no_block_at_all():
    with Tree() as tree:
        tree.ram((0, 8))
        assert lives(tree.path) == []


def check_block_size_bytes():
    for text in ("", "\n", "0\n", "0\0", "3000000\n", "8000000junk\n", "-8000000\n", "zzz\n",
                 "8000000 8000000\n", "100000\n", "ffffffffffffffffffffff\n", "8" * 5000):
        with small_tree() as tree:
            tree.write(f"{MEMORY}/block_size_bytes", text)
            fails("list", root=tree.path, says=["block_size_bytes"])
    with small_tree() as tree:
        (tree.path / MEMORY / "block_size_bytes").unlink()
        fails("list", root=tree.path, says=["block_size_bytes", "No such file"])


def check_folders_that_are_no_blocks():
    with small_tree() as tree:
        for name in ("memory_failure", "power", "memory", "memoryx", "memory1x", "memory-1",
                     "memory00", "memory01", "memory+1", "memory 1"):
            (tree.path / MEMORY / name).mkdir()
            tree.write(f"{MEMORY}/{name}/state", "online\n")
        assert [row["block"] for row in lives(tree.path, quiet=True)] == list("01234567")


def check_block_that_vanished():
    with small_tree() as tree:
        (tree.path / MEMORY / "memory3/state").unlink()
        assert "3" not in [row["block"] for row in lives(tree.path, quiet=True)]


def check_index_beyond_all_addresses():
    with small_tree() as tree:
        for index in (1 << 37, 1 << 63, (1 << 64) - 1, 1 << 70):
            tree.write(f"{MEMORY}/memory{index}/state", "online\n")
        assert len(lives(tree.path, says=["no such address"])) == 8


def check_index_above_32_bits():
    with small_tree() as tree:
        tree.block(5 << 32)
        rows = lives(tree.path, quiet=True)
        start = (5 << 32) * 128 * MIB
        assert rows[-1]["range"] == f"0x{start:016x}-0x{start + 128 * MIB - 1:016x}", rows[-1]
        assert rows[-1]["removable"] is False and rows[-1]["reasons"] == "hole", rows[-1]


def check_state_nobody_knows():
    for text in ("", "\n", "onl\n", "online offline\n", "online\0\n", "\0" * 4096, "x" * 4096):
        with small_tree() as tree:
            tree.write(f"{MEMORY}/memory2/state", text)
            row = lives(tree.path, says=[f"/{MEMORY}/memory2/state"])[2]
            assert row["state"] == "?", f"{text[:20]!r}: {row}"
            assert row["removable"] is None, f"{text[:20]!r}: {row}"


def check_zones_nobody_knows():
    for text in ("", "\n", "Nonsense\n", "Normal Nonsense\n", "\0\0\n", "Normal " * 1000):
        with small_tree() as tree:
            tree.write(f"{MEMORY}/memory2/valid_zones", text)
            row = lives(tree.path, says=[f"/{MEMORY}/memory2/valid_zones"])[2]
            assert row["removable"] is None, f"{text[:20]!r}: {row}"


def check_no_node_links():
    """A kernel without NUMA."""
    with Tree() as tree:
        tree.blocks(range(4), nodes=()).ram((0, 4))
        rows = lives(tree.path)
        assert all(row["nid"] == -1 and row["nodes"] == "" for row in rows), rows
        assert all(row["removable"] is True for row in rows), rows


def check_iomem_without_addresses():
    """What a user without CAP_SYS_ADMIN gets."""
    with small_tree() as tree:
        tree.write("proc/iomem", "00000000-00000000 : Reserved\n"
                                 "00000000-00000000 : System RAM\n"
                                 "  00000000-00000000 : Kernel code\n")
        tree.block(8, zones="none")
        rows = lives(tree.path, says=["/proc/iomem"])
        for row in rows[:8]:
            assert row["removable"] is None, row
        assert rows[8]["removable"] is False and rows[8]["reasons"] == "mixed-zones", rows[8]
        for words in READERS:
            lines = ctl("--root", tree.path, *words).stderr.splitlines()
            assert len(lines) == 1 and "/proc/iomem" in lines[0], f"{words}: {lines}"
        table = ctl("--root", tree.path, "list").stdout
        assert " yes" not in table and " no " in table, table
        status = json.loads(ctl("--root", tree.path, "status", "-J").stdout)
        assert status["removable"] == 0 and status["not_known"] == 8, status
        result = ctl("--root", tree.path, "map", "0")
        assert result.returncode == 1 and "/proc/iomem" in result.stderr, result


def check_no_iomem():
    with small_tree() as tree:
        (tree.path / "proc/iomem").unlink()
        rows = lives(tree.path, says=["/proc/iomem"])
        assert all(row["removable"] is None for row in rows), rows


def check_iomem_without_ram():
    for text in ("", "\n\n", "00000000-00000fff : Reserved\n", "no resource\n", "\0\0\0\n"):
        with small_tree() as tree:
            tree.write("proc/iomem", text)
            rows = lives(tree.path, says=["/proc/iomem"])
            assert all(row["removable"] is None for row in rows), f"{text!r}: {rows}"


def check_torn_iomem():
    """A line that can't be read may have been of anything: no `yes` beside it."""
    for line in ("3fff", "00000000-", "zz-ff : System RAM", "00000010-00000000 : System RAM",
                 "00000000-ffffffffffffffffff : System RAM", "100-1ff System RAM",
                 " 100-1ff : System RAM", "00000000 - 00000fff : Reserved"):
        with small_tree() as tree:
            tree.write("proc/iomem", f"00000000-3fffffff : System RAM\n{line}\n")
            rows = lives(tree.path, says=["/proc/iomem"])
            assert all(row["removable"] is not True for row in rows), f"{line!r}: {rows}"


def check_odd_iomem_that_is_right():
    """Unordered, overlapping, very deep, with UTF-8 and without names."""
    ram = "00000000-3fffffff : System RAM\n"
    deep = "".join(f"{'  ' * depth}00000000-000fffff : level {depth}\n" for depth in range(1, 12))
    for text in (ram + deep, "100000000-1ffffffff : Grüße, 世界\n" + ram,
                 "20000000-3fffffff : System RAM\n00000000-1fffffff : System RAM\n",
                 "00000000-2fffffff : System RAM\n10000000-3fffffff : System RAM\n",
                 ram + "  10000000-100fffff : \n", ram.rstrip("\n")):
        with small_tree() as tree:
            tree.write("proc/iomem", text)
            rows = lives(tree.path, quiet=True)
            assert all(row["removable"] is True for row in rows), f"{text!r}: {rows}"


def check_fifo_as_an_attribute():
    """Nobody writes to it: who waits for that hangs."""
    for name in (f"{MEMORY}/memory2/state", f"{MEMORY}/memory2/valid_zones",
                 f"{MEMORY}/memory2/removable", "proc/iomem", "proc/zoneinfo",
                 "proc/sys/kernel/arch", "sys/firmware/acpi/tables/SRAT",
                 "var/lib/memblockd/marks"):
        with small_tree() as tree:
            path = tree.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            os.mkfifo(path)
            lives(tree.path)
            # Chosen explicitly: it is read for that column alone.
            result = ctl("--root", tree.path, "list", "-o", "+KERNEL-REMOVABLE", timeout=20)
            assert result.returncode == 0, f"{name}: {result}"
    with small_tree() as tree:
        path = tree.path / MEMORY / "block_size_bytes"
        path.unlink()
        os.mkfifo(path)
        fails("list", root=tree.path, says=["block_size_bytes"])


def check_link_out_of_the_tree():
    """What it leads to is never read, absolute or by dots."""
    with tempfile.TemporaryDirectory() as outside, small_tree() as tree:
        secret = os.path.join(outside, "secret")
        with open(secret, "w", encoding="utf-8") as file:
            file.write("torn by a secret\n")
        for target in (secret, "../" * 20 + secret.lstrip("/")):
            for name in ("proc/iomem", f"{MEMORY}/memory2/state", f"{MEMORY}/memory2/valid_zones",
                         "var/lib/memblockd/marks", "proc/sys/kernel/arch"):
                path = tree.path / name
                kept = path.read_text() if path.exists() else None
                path.unlink(missing_ok=True)
                tree.link(name, target)
                for words in READERS:
                    result = ctl("--root", tree.path, *words, timeout=20)
                    assert "secret" not in result.stdout + result.stderr, f"{name}: {result}"
                path.unlink()
                if kept is not None:
                    tree.write(name, kept)


def check_folder_of_blocks_that_leads_out_of_the_tree():
    """The fence is about whole folders too, this machine's own for one."""
    with Tree() as tree, small_tree() as other:
        other.block(4321)
        for name, target in ((MEMORY, other.path / MEMORY),
                             ("sys/devices/system", other.path / "sys/devices/system")):
            path = tree.path / name
            path.rename(tree.path / "away")
            tree.link(name, target)
            fails("list", root=tree.path, says=["/" + MEMORY])
            path.unlink()
            (tree.path / "away").rename(path)
        path = tree.path / MEMORY / "memory7"
        path.symlink_to(other.path / MEMORY / "memory4321")
        rows = json.loads(ctl("--root", tree.path, "list", "-J", "-a").stdout)["memory"]
        believed = [row for row in rows if row["state"] != "?" or row["zones"] is not None]
        assert not believed, f"memory7 leads out of the tree: {believed}"


def check_folder_as_an_attribute():
    with small_tree() as tree:
        for name in (f"{MEMORY}/memory2/state", "proc/iomem"):
            (tree.path / name).unlink()
            (tree.path / name).mkdir()
        rows = lives(tree.path, says=["memory2/state", "/proc/iomem"])
        assert all(row["removable"] is None for row in rows), rows


def check_srat_that_lies():
    header = b"SRAT" + (1 << 31).to_bytes(4, "little") + b"\3" + bytes(39)
    for data in (b"", b"SRAT", bytes(48), header, header + b"\1\x28" + bytes(10),
                 header + b"\1\0" * 100, b"\xff" * 500):
        with small_tree() as tree:
            tree.write("sys/firmware/acpi/tables/SRAT", "")
            (tree.path / "sys/firmware/acpi/tables/SRAT").write_bytes(data)
            lives(tree.path)


def check_absent_blocks():
    with small_tree() as tree:
        tree.block(20)
        fails("show", "9", root=tree.path, says=["no memory block 9"])
        fails("show", "memory9", root=tree.path, says=["no memory block 9"])
        fails("show", "9-12", root=tree.path, says=["9 to 12"])
        fails("show", "-J", "9", root=tree.path, says=["no memory block 9"])
        fails("map", "9", root=tree.path, says=["no memory block 9"])
        fails("show", "18446744073709551615", root=tree.path, says=["18446744073709551615"])


def shown(tree, *words):
    result = ctl("--root", tree.path, "show", "-J", *words)
    assert result.returncode == 0, f"{words}: {result.stderr}"
    return [int(block["block"]) for block in json.loads(result.stdout)["blocks"]]


def check_ranges_of_blocks():
    with small_tree() as tree:
        tree.block(20)
        assert shown(tree, "3") == shown(tree, "memory3") == [3]
        assert shown(tree, "2-4") == shown(tree, "memory2-memory4") == [2, 3, 4]
        assert shown(tree, "6-30") == [6, 7, 20]
        assert shown(tree, "5", "1-2", "20") == [5, 1, 2, 20]
        assert shown(tree, "all") == [*range(8), 20]
        text = ctl("--root", tree.path, "show", "1-2").stdout
        assert text.count("\nmemory2 ") == 1 and text.startswith("memory1 "), text


def check_map_of_several_blocks():
    with small_tree() as tree:
        for words in (["map", "2-4"], ["map", "all"]):
            result = ctl("--root", tree.path, *words)
            assert result.returncode in (1, 2) and not result.stdout, f"{words}: {result}"
            assert "One block" in result.stderr, f"{words}: {result}"


main(globals())
