#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures for Prometheus: they add up to what status tells, both formats are well-formed, what is not
known is not told; and the unit, the rules and the dashboard that come with them."""

import json
import os
import pathlib
import re
import shutil
import tempfile

import openmetrics
from harness import ENVIRONMENT, MEMBLOCKCTL, Skip, ctl, for_each, main, output, run, small_tree, trees

SOURCE = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = SOURCE / "examples"
BUILD = MEMBLOCKCTL.parent if MEMBLOCKCTL.parent.name != ".libs" else MEMBLOCKCTL.parents[1]
MEMORY = "memblockd_memory_bytes"
BLOCKS = "memblockd_blocks"


def metrics(root, *words):
    """The families, whatever is complained of."""
    result = ctl("--root", root, "metrics", *words)
    assert result.returncode == 0, result.stderr
    return openmetrics.read(result.stdout, "--prometheus" in words)


def compare_tree(tree):
    """Every sum of the figures is the one that status has."""
    status = json.loads(ctl("--root", tree, "status", "-J").stdout)
    families = metrics(tree)
    for name, unit in ((BLOCKS, 1), (MEMORY, status["block_size"])):
        samples = families[name]
        for labels, blocks in (({}, "blocks"), ({"state": "online"}, "online"),
                               ({"state": "offline"}, "offline"), ({"removable": "yes"}, "removable"),
                               ({"removable": "no"}, "not_removable"),
                               ({"removable": "unknown"}, "not_known")):
            found = openmetrics.total(samples, **labels)
            assert found == status[blocks] * unit, f"{name}{labels} is {found}: {status}"
    for labels, blocks in families["memblockd_not_removable_blocks"]:
        assert blocks == status["reasons"][labels["reason"]], f"{labels}: {blocks}, {status}"
    assert metrics(tree, "--prometheus") == families
    assert not {"memblockd_up", "memblockd_build_info", "memblockd_jobs_total"} & families.keys()


def check_figures_are_those_of_status():
    for_each(trees(), compare_tree)
    return f"{len(trees())} trees"


def check_zones_nodes_and_devices():
    with small_tree() as tree:
        tree.block(8, zones="none", nodes=(0, 1)).block(9, zones="Movable", nodes=(1,))
        tree.block(10, state="offline", zones="Normal Movable", nodes=(1,)).ram((0, 11))
        tree.link("sys/bus/acpi/devices/PNP0C80:00/physical_node",
                  "../../../../devices/system/memory/memory10")
        found = {(labels["node"], labels["zone"], labels["state"], labels["device"]): blocks
                 for labels, blocks in metrics(tree.path)[BLOCKS]}
        assert found == {("0", "Normal", "online", "firmware"): 8,
                         ("0,1", "None", "online", "firmware"): 1,
                         ("1", "Movable", "online", "firmware"): 1,
                         ("1", "", "offline", "PNP0C80:00"): 1}, found


def check_names_are_escaped():
    name = 'PNP0C80:"\\\n\u00e9'
    with small_tree() as tree:
        tree.link(f"sys/bus/acpi/devices/{name}/physical_node",
                  "../../../../devices/system/memory/memory7")
        for words in ([], ["--prometheus"]):
            devices = {labels["device"] for labels, _ in metrics(tree.path, *words)[BLOCKS]}
            assert devices == {"firmware", name}, devices


def reasons_of(families):
    return {labels["reason"]: blocks
            for labels, blocks in families.get("memblockd_not_removable_blocks", [])}


def check_what_is_not_known_is_left_out():
    with small_tree() as tree:
        known = reasons_of(metrics(tree.path))
        assert known["hole"] == 0 and "reserved-pages" not in known, known
        # Where a fact is missing, no reason is known not to hold.
        (tree.path / "proc/iomem").unlink()
        assert not reasons_of(metrics(tree.path))
        tree.block(8, zones="none")
        assert reasons_of(metrics(tree.path)) == {"mixed-zones": 1}


def check_busy():
    with small_tree() as tree:
        families = metrics(tree.path, "--busy")  # whose pages can't be counted
        assert not [name for name in families if "counted" in name], families
        tree.pages({0: {"slab": 4}, 1: {"reserved": 1}, 2: {}, 3: {"movable": 7}})
        assert "memblockd_counted_blocks" not in metrics(tree.path)
        families = metrics(tree.path, "--busy")
        busy = {labels["busy"]: blocks for labels, blocks in families["memblockd_counted_blocks"]}
        assert busy == {"yes": 2, "no": 2}, busy
        assert reasons_of(families)["reserved-pages"] == 1, reasons_of(families)


def check_file_is_written_whole():
    with small_tree() as tree, tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "memblockd.prom"
        path.write_text("what was there before", encoding="utf-8")
        for words in ([], ["--prometheus"]):
            assert output("metrics", *words, path, root=tree.path) == ""
            printed = output("metrics", *words, root=tree.path)
            assert path.read_text(encoding="utf-8") == printed
        result = ctl("--root", tree.path, "metrics", f"{folder}/nowhere/memblockd.prom")
        assert result.returncode == 1 and "nowhere" in result.stderr, result.stderr
        assert os.listdir(folder) == ["memblockd.prom"], os.listdir(folder)


def check_no_figures_without_memory():
    """A part is not printed for the whole."""
    with tempfile.TemporaryDirectory() as folder:
        result = ctl("--root", folder, "metrics")
        assert result.returncode == 1 and result.stderr and not result.stdout, result


def promtool(*words, **options):
    if not shutil.which("promtool"):
        raise Skip("no promtool")
    result = run(["promtool", *words], **options)
    assert result.returncode == 0, f"{words}: {result.stdout}{result.stderr}"
    return result.stdout + result.stderr


def check_promtool_takes_the_text():
    with small_tree() as tree, tempfile.NamedTemporaryFile() as file:
        tree.block(8, state="offline", zones="Movable").pages({0: {"slab": 4}})
        output("metrics", "--busy", "--prometheus", file.name, root=tree.path)
        if not shutil.which("promtool"):
            raise Skip("no promtool")
        result = run(["sh", "-c", f"promtool check metrics <{file.name}"])
        said = result.stdout + result.stderr
        assert result.returncode == 0 and not said, said


def check_promtool_takes_the_rules():
    promtool("check", "rules", EXAMPLES / "memblockd.rules.yml")


def expressions():
    """Of the rules, and of every panel of the dashboard."""
    text = (EXAMPLES / "memblockd.rules.yml").read_text(encoding="utf-8")
    board = json.loads((EXAMPLES / "memblockd-dashboard.json").read_text(encoding="utf-8"))
    queries = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    assert len(queries) > 10, queries
    return text, queries


def check_promtool_takes_the_dashboard():
    _, queries = expressions()
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        # JSON is YAML.
        json.dump({"groups": [{"name": "dashboard", "rules": [
            {"record": f"panel:{n}", "expr": query.replace("$__rate_interval", "5m")}
            for n, query in enumerate(queries)]}]}, file)
        file.flush()
        promtool("check", "rules", file.name)


def families_of_page():
    """The names in memblockctl(1)."""
    text = (SOURCE / "man/memblockctl.1").read_text(encoding="utf-8")
    return set(re.findall(r"\bmemblockd_[a-z_]+[a-z]", text))


def check_examples_ask_for_what_there_is():
    """tests/daemon/metrics.py compares the page with what is printed."""
    text, queries = expressions()
    wanted = set(re.findall(r"\bmemblockd_[a-z_]+[a-z](?=[{\[ )])", "\n".join([text, *queries])))
    assert len(wanted) > 5 and wanted <= families_of_page(), wanted - families_of_page()


def check_unit_is_sandboxed():
    if not shutil.which("systemd-analyze"):
        raise Skip("no systemd-analyze")
    unit = BUILD / "units/memblockd-metrics.service"
    result = run(["systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=20",
                  unit], environment={**ENVIRONMENT, "SYSTEMD_LOG_LEVEL": "err"})
    if "offline" in result.stderr:
        raise Skip("systemd-analyze looks at no files here")
    assert result.returncode == 0, result.stdout + result.stderr
    return re.search(r"exposure level for \S+: ([0-9.]+)", result.stdout)[1]


main(globals())
