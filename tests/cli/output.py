#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Where output goes: pipes that close, full disks, terminals with and without colours, pictures."""

import json
import os
import pathlib
import pty
import select
import subprocess
import tempfile
import time
import xml.etree.ElementTree

from harness import ENVIRONMENT, MEMBLOCKCTL, MIB, Skip, Tree, ctl, for_each, main, small_tree, trees

SVG = "{http://www.w3.org/2000/svg}"
ESCAPE = "\033"
VERBS = (["status"], ["list"], ["list", "-J"], ["list", "-P"], ["show", "all"],
         ["show", "-J", "all"], ["map"], ["map", "0"], ["map", "--svg", "-"], ["nodes"],
         ["devices"], ["policy"], ["policy", "-J"], ["doctor"], ["doctor", "-J"], ["metrics"],
         ["help"], ["version"])


def rooted(tree, words):
    return words if words[0] in ("help", "version") else ["--root", tree.path, *words]


def check_output_closed_early():
    """As `| head -1` does: whatever fits is printed, and nothing is complained of."""
    with Tree() as tree:
        tree.blocks(range(2000))
        for index in range(0, 2000, 2):
            tree.block(index + 5000, state="offline")
        for words in (["list", "-a"], ["list", "-J", "-a"], ["show", "all"], ["show", "-J", "all"],
                      ["list", "-a", "-P"], ["list", "-a", "-r"]):
            process = subprocess.Popen([str(MEMBLOCKCTL), "--root", str(tree.path), *words],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       env=ENVIRONMENT)
            first = process.stdout.readline()
            process.stdout.close()
            errors = process.stderr.read().decode()
            process.stderr.close()
            status = process.wait(timeout=60)
            assert first, f"{words} prints nothing"
            # 0, or ended by SIGPIPE as cat and lsmem are.
            assert status in (0, -13), f"{words}: exit {status}, {errors}"
            assert "/proc/iomem" in errors and len(errors.splitlines()) == 1, f"{words}: {errors}"


def check_output_closed_early_with_the_signal_ignored():
    """As under many services and Python programs: the write fails with EPIPE, and that is all."""
    with Tree() as tree:
        tree.blocks(range(2000)).ram((0, 2000))
        for words in (["list", "-a"], ["list", "-J", "-a"], ["show", "all"], ["show", "-J", "all"]):
            process = subprocess.Popen([str(MEMBLOCKCTL), "--root", str(tree.path), *words],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       restore_signals=False, env=ENVIRONMENT)
            process.stdout.close()
            errors = process.stderr.read().decode()
            process.stderr.close()
            status = process.wait(timeout=60)
            assert status == 0 and not errors, f"{words}: exit {status}, {errors}"


def check_names_that_json_has_to_escape():
    name = 'PNP0C80:"\\\t\u00e9'
    with Tree() as tree:
        tree.blocks(range(2)).ram((0, 2))
        tree.link(f"sys/bus/acpi/devices/{name}/physical_node",
                  "../../../../devices/system/memory/memory1")
        rows = json.loads(ctl("--root", tree.path, "list", "-J", "-o", "BLOCK,DEVICE").stdout)
        assert [row["device"] for row in rows["memory"]] == ["firmware", name], rows


def check_full_disk():
    if not os.path.exists("/dev/full"):
        raise Skip("no /dev/full")
    with small_tree() as tree:
        for words in VERBS:
            with open("/dev/full", "w", encoding="utf-8") as full:
                result = ctl(*rooted(tree, words), stdout=full)
            assert result.returncode == 1, f"{words}: exit {result.returncode}"
            assert "Can't write" in result.stderr, f"{words}: {result.stderr!r}"
            # No other reason than the true one, where there is one.
            assert "Input/output error" not in result.stderr, f"{words}: {result.stderr!r}"
            assert len(result.stderr.splitlines()) == 1, f"{words}: {result.stderr!r}"


def check_closed_standard_output():
    with small_tree() as tree:
        for words in VERBS:
            process = subprocess.run(
                ["sh", "-c", '"$@" >&-', "sh", str(MEMBLOCKCTL), *map(str, rooted(tree, words))],
                stderr=subprocess.PIPE, env=ENVIRONMENT, timeout=60, check=False)
            assert process.returncode == 1, f"{words}: exit {process.returncode}"
            assert process.stderr, f"{words}: not a word"


def on_a_terminal(words, **variables):
    """What a command writes to a terminal of 80 columns."""
    environment = {**ENVIRONMENT, "TERM": "xterm", **variables}
    environment = {name: value for name, value in environment.items() if value is not None}
    parent, child = pty.openpty()
    process = subprocess.Popen([str(MEMBLOCKCTL), *map(str, words)], stdin=subprocess.DEVNULL,
                               stdout=child, stderr=subprocess.DEVNULL, env=environment)
    os.close(child)
    text = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and select.select([parent], [], [], 60)[0]:
        try:
            data = os.read(parent, 65536)
        except OSError:  # EIO: the other end is closed
            break
        if not data:
            break
        text += data
    os.close(parent)
    status = process.wait(timeout=60)
    assert status == 0, f"{words}: exit {status}"
    return text.decode()


def mixed_tree():
    """One block of each kind that has a colour."""
    return (small_tree().block(8, zones="Movable").block(9, zones="none")
            .block(10, state="offline", zones="Normal Movable").ram((0, 11)))


def check_colours_on_a_terminal():
    with mixed_tree() as tree:
        for words in (["status"], ["show", "9"], ["map"], ["map", "0"]):
            text = on_a_terminal(["--root", tree.path, *words], NO_COLOR=None)
            assert ESCAPE in text, f"{words}: no colours"
            assert text.count(ESCAPE) < 100, f"{words}: {text.count(ESCAPE)} escape sequences"
            # The terminal is left as it was found.
            assert text.rindex(ESCAPE + "[0m") == text.rindex(ESCAPE), f"{words}: {text!r}"


def check_no_colours_where_they_are_not_wanted():
    with mixed_tree() as tree:
        for words in VERBS:
            words = rooted(tree, words)
            for variables in ({"NO_COLOR": "1"}, {"NO_COLOR": None, "TERM": "dumb"},
                              {"NO_COLOR": None, "TERM": None}):
                text = on_a_terminal(words, **variables)
                assert ESCAPE not in text, f"{words} {variables}: {text!r}"
            environment = {**ENVIRONMENT, "TERM": "xterm"}
            del environment["NO_COLOR"]
            text = ctl(*words, environment=environment).stdout
            assert ESCAPE not in text, f"{words} into a pipe: {text!r}"


def check_tables_carry_no_colours():
    """list, nodes and devices are for scripts too: the same on a terminal and in a pipe."""
    with mixed_tree() as tree:
        for words in (["list", "-J"], ["list", "-P"], ["list", "-r"], ["show", "-J", "all"],
                      ["status", "-J"]):
            words = ["--root", tree.path, *words]
            text = on_a_terminal(words, NO_COLOR=None).replace("\r\n", "\n")
            assert text == ctl(*words).stdout, f"{words}: {text!r}"


def check_pictures_have_no_blanks_at_line_ends():
    with mixed_tree() as tree:
        for words in (["map"], ["map", "0"]):
            text = ctl("--root", tree.path, *words).stdout
            lines = [line for line in text.splitlines() if line != line.rstrip()]
            assert not lines, f"{words}: {lines}"


def letters(text):
    """The letters of map's rows, in order."""
    return "".join("".join(line.split()[1:]) for line in text.splitlines()
                   if line.startswith("0x"))


def check_letters_of_the_map():
    with mixed_tree() as tree:
        assert letters(ctl("--root", tree.path, "map").stdout) == "KKKKKKKKMXo"
        tree.write("proc/iomem", "00000000-041fffff : System RAM\n"
                                 "04200000-042fffff : Reserved\n"
                                 "04400000-05ffffff : Persistent Memory\n")
        text = ctl("--root", tree.path, "map", "0").stdout
        assert letters(text) == "R" * 33 + "*" + "P" * 14 + "." * 16, text


def check_map_leaves_out_what_is_not_there():
    """Gaps of a petabyte cost neither time nor lines."""
    with Tree() as tree:
        tree.blocks([0, 1 << 23, (1 << 28) + 5])
        for words in (["map"], ["map", "--svg", "-"], ["map", "-J"]):
            text = ctl("--root", tree.path, *words, timeout=20).stdout
            assert 0 < len(text.splitlines()) < 60, f"{words}: {len(text.splitlines())} lines"


def picture(text):
    """The root of an SVG, and how many cells each colour has."""
    root = xml.etree.ElementTree.fromstring(text)
    assert root.tag == SVG + "svg", root.tag
    width, height = float(root.get("width")), float(root.get("height"))
    for cell in root.iter(SVG + "rect"):
        if cell.get("x"):
            assert float(cell.get("x")) < width and float(cell.get("y")) < height, cell.attrib
    return root


def cells(root):
    return sum(len(group.findall(SVG + "rect")) for group in root.iter(SVG + "g"))


def pictures_fit(tree):
    status = json.loads(ctl("--root", tree, "status", "-J").stdout)
    root = picture(ctl("--root", tree, "map", "--svg", "-").stdout)
    assert cells(root) == status["blocks"], f"{cells(root)} cells"
    first = json.loads(ctl("--root", tree, "list", "-J", "-a").stdout)["memory"][0]["block"]
    root = picture(ctl("--root", tree, "map", first, "--svg", "-").stdout)
    assert cells(root) == status["block_size"] // (2 * MIB), f"{cells(root)} cells"


def check_pictures_of_every_tree():
    for_each(trees(), pictures_fit)
    return f"{2 * len(trees())} pictures"


def check_picture_into_a_file():
    with small_tree() as tree, tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "memory.svg"
        for _ in range(2):  # the second time over the first
            result = ctl("--root", tree.path, "map", "--svg", path)
            assert result.returncode == 0 and not result.stderr, result
            picture(path.read_text(encoding="utf-8"))
            assert os.listdir(folder) == ["memory.svg"], os.listdir(folder)


def check_picture_into_a_pipe():
    """What is no file is written to, not replaced: root's --svg /dev/null leaves that a device."""
    with small_tree() as tree, tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "pipe"
        os.mkfifo(path)
        (pathlib.Path(folder) / "link").symlink_to(path)
        for name in ("pipe", "link"):
            with subprocess.Popen(["cat", path], stdout=subprocess.PIPE, text=True) as reader:
                result = ctl("--root", tree.path, "map", "--svg", f"{folder}/{name}")
                assert result.returncode == 0 and not result.stderr, result
                picture(reader.communicate()[0])
            assert path.is_fifo() and sorted(os.listdir(folder)) == ["link", "pipe"]


def check_picture_into_a_link_to_a_file():
    with small_tree() as tree, tempfile.TemporaryDirectory() as folder:
        path, link = pathlib.Path(folder) / "file", pathlib.Path(folder) / "link"
        path.write_text("kept", encoding="utf-8")
        link.symlink_to(path)
        result = ctl("--root", tree.path, "map", "--svg", link)
        assert result.returncode == 1 and "it is a link" in result.stderr, result
        assert link.is_symlink() and path.read_text(encoding="utf-8") == "kept"


def check_picture_that_cannot_be_written():
    """Told with exit 1; nothing of it is left behind."""
    with small_tree() as tree, tempfile.TemporaryDirectory() as folder:
        for path in (f"{folder}/absent/memory.svg", "/proc/memory.svg", folder):
            result = ctl("--root", tree.path, "map", "--svg", path)
            assert result.returncode == 1, f"{path}: exit {result.returncode}"
            assert path in result.stderr and len(result.stderr.splitlines()) == 1, result.stderr
            assert not os.listdir(folder), os.listdir(folder)
            left = [name for name in os.listdir(os.path.dirname(folder))
                    if name.startswith(os.path.basename(folder) + ".")]
            assert not left, left


def check_picture_for_the_umask():
    with small_tree() as tree, tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "memory.svg"
        result = subprocess.run(
            ["sh", "-c", 'umask 077; exec "$@"', "sh", str(MEMBLOCKCTL), "--root", str(tree.path),
             "map", "--svg", str(path)], env=ENVIRONMENT, check=False)
        assert result.returncode == 0, result
        mode = path.stat().st_mode & 0o777
        assert mode == 0o600, f"mode {mode:o} under umask 077"


main(globals())
