# SPDX-License-Identifier: GPL-2.0-or-later
"""bench/run works, on a tree that is too small to tell anything. No figure is held to a value."""

import json
import os
import pathlib
import shutil
import sys
import tempfile

import harness

FOLDER = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ["MEMBLOCKCTL"]).parent
SIZES = (100, 200)


def bench(folder, *sections):
    """What it says of them, as JSON."""
    path = pathlib.Path(folder) / "results.json"
    result = harness.run([
        sys.executable, "-B", FOLDER / "run", "--build", BUILD, "--blocks", 200, "--rounds", 1,
        "--idle", 0.1, "--polls", 1, "--sizes", ",".join(map(str, SIZES)), "--json", path,
        "--readme", pathlib.Path(folder) / "README.md", *sections])
    assert result.returncode == 0, f"exit {result.returncode}: {result.stdout}{result.stderr}"
    return json.loads(path.read_text(encoding="utf-8"))


def look_at_programs(result, *names):
    for name in names:
        assert result["programs"][name]["real"] > 0, f"{name}: {result}"


def check_lists():
    with tempfile.TemporaryDirectory() as folder:
        results = bench(folder, "lists", "live")
    for section in ("lists", "live"):
        look_at_programs(results[section], "memblockctl list", "memblockctl list -a",
                         "floor, 1 thread")
        assert results[section]["ratios"]["memblockctl list"]["it / floor, 1 thread"] > 0


def check_change():
    with tempfile.TemporaryDirectory() as folder:
        look_at_programs(bench(folder, "change")["change"], "memblockctl online")


def check_calls():
    with tempfile.TemporaryDirectory() as folder:
        result = bench(folder, "calls")["calls"]
    if "left_out" in result:
        raise harness.Skip(result["left_out"])
    assert result["programs"]["floor, 1 thread"] > 0, result


def check_daemon():
    if not shutil.which("dbus-daemon"):
        raise harness.Skip("no dbus-daemon")
    with tempfile.TemporaryDirectory() as folder:
        result = bench(folder, "daemon")["daemon"]
    assert result["ready_s"] > 0 and result["resident_kib"] > 0, result
    assert all(wait["worst_ms"] >= wait["median_ms"] > 0 for wait in result["answers"].values())


def check_scale():
    with tempfile.TemporaryDirectory() as folder:
        readme = shutil.copy(FOLDER / "README.md", folder)
        pathlib.Path(readme).chmod(0o644)
        results = bench(folder, "scale")
        text = pathlib.Path(readme).read_text(encoding="utf-8")
    assert [size["blocks"] for size in results["scale"]] == list(SIZES), results
    for size in results["scale"]:
        look_at_programs(size, "memblockctl", "floor")
        assert f"\n| {size['blocks']} " in text, text


harness.main(globals())
