#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""memblockctl policy: what is done with added memory, what says so, and what of it the kernel does."""

import json
import os

from harness import Skip, ctl, main, small_tree, trees

CONF = "etc/memblockd.conf"
HOTPLUG = "sys/module/memory_hotplug/parameters"


def machine(virtualization="kvm", kernel="online", **options):
    """Eight blocks that were there at boot, two of a DIMM, two of dax; and a kernel with auto-movable."""
    tree = small_tree(**options)
    size = tree.block_size
    tree.blocks((8, 9, 10, 11), state="offline")
    tree.write("proc/iomem", f"{0:08x}-{10 * size - 1:08x} : System RAM\n"
               f"{10 * size:08x}-{12 * size - 1:08x} : dax0.0\n"
               f"  {10 * size:08x}-{12 * size - 1:08x} : System RAM (kmem)\n")
    for name, index in (("physical_node", 8), ("physical_node1", 9)):
        tree.link(f"sys/bus/acpi/devices/PNP0C80:00/{name}",
                  f"../../../../devices/system/memory/memory{index}")
    tree.write("sys/devices/system/memory/auto_online_blocks", kernel + "\n")
    tree.write(f"{HOTPLUG}/online_policy", "contig-zones\n")
    tree.write(f"{HOTPLUG}/auto_movable_ratio", "301\n")
    if virtualization:
        tree.write("memblockd/virtualization", virtualization + "\n")
    return tree


def policy(tree, *words, says=""):
    result = ctl("--root", tree.path, "policy", "-J", *words)
    assert result.returncode == 0, result
    assert says in result.stderr and bool(says) == bool(result.stderr), result.stderr
    return json.loads(result.stdout)


def treatments(tree, *words):
    return {block["block"]: block["online"]
            for block in policy(tree, "test", *(words or ["all"]))["blocks"]}


def check_defaults():
    with machine() as tree:
        found = policy(tree)
        assert found["architecture"] == "x86_64" and found["virtualization"] == "kvm", found
        assert found["providers"] == ["acpi", "virtio-mem", "dax"], found
        assert found["rules"] == [], found
        assert found["settings"] == [
            {"name": "KernelPolicy", "value": "manage", "from": "default"},
            {"name": "MovableRatio", "value": "301", "from": "default"}], found
        assert [item["online"] for item in found["defaults"]] == ["no", "no", "default"], found
        assert [item["here"] for item in found["defaults"]] == [False, True, True], found
        kernel = found["kernel"]
        assert kernel["told"] == {"auto_online_blocks": None, "online_policy": "auto-movable",
                                  "auto_movable_ratio": "301"}, kernel
        assert "not all treated alike" in kernel["why_not"], kernel
        assert kernel["now"] == {"auto_online_blocks": "online", "online_policy": "contig-zones",
                                 "auto_movable_ratio": "301"}, kernel
        assert treatments(tree) == {**{i: "default" for i in range(10)}, 10: "no", 11: "no"}


def check_rules_and_where_they_stand():
    with machine() as tree:
        tree.write(CONF, "[Policy]\nMovableRatio=50\n\n[Rule dax]\nProvider=dax cxl\n"
                   "Online=movable\n\n[Rule elsewhere]\nArchitecture=s390x\nOnline=no\n")
        tree.write("run/memblockd.conf.d/a.conf",
                   "[Rule dimm]\nDevice=PNP0C80:0?\nNode=0\nRange=0x0-0xffffffffff\nOnline=kernel\n"
                   "[Policy]\nKernelPolicy=leave\n")
        found = policy(tree)
        assert [(rule["rule"], rule["online"], rule["here"], rule["from"])
                for rule in found["rules"]] == [
            ("dax", "movable", True, f"/{CONF}:4"), ("elsewhere", "no", False, f"/{CONF}:8"),
            ("dimm", "kernel", True, "/run/memblockd.conf.d/a.conf:1")], found
        assert found["rules"][2]["devices"] == ["PNP0C80:0?"], found
        assert found["rules"][2]["nodes"] == [0], found
        assert found["rules"][2]["ranges"] == ["0x0000000000000000-0x000000ffffffffff"], found
        assert found["settings"] == [
            {"name": "KernelPolicy", "value": "leave", "from": "/run/memblockd.conf.d/a.conf:7"},
            {"name": "MovableRatio", "value": "50", "from": f"/{CONF}:2"}], found
        assert found["kernel"]["why_not"] == "memblockd.conf says KernelPolicy=leave", found
        blocks = policy(tree, "test", "7-11")["blocks"]
        assert [(block["block"], block["device"], block["provider"], block["online"],
                 block["rule"]) for block in blocks] == [
            (7, "firmware", "firmware", "default", None),
            (8, "PNP0C80:00", "acpi", "kernel", "dimm"),
            (9, "PNP0C80:00", "acpi", "kernel", "dimm"),
            (10, "dax0.0", "dax", "movable", "dax"),
            (11, "dax0.0", "dax", "movable", "dax")], blocks
        assert blocks[0]["from"] == "default" and "auto-movable" in blocks[0]["why"], blocks
        assert blocks[1]["from"] == "/run/memblockd.conf.d/a.conf:1", blocks


def check_text():
    with machine() as tree:
        tree.write(CONF, "[Rule dax]\nProvider=dax\nOnline=default\n[Rule all]\nOnline=default\n")
        result = ctl("--root", tree.path, "policy")
        assert result.returncode == 0 and not result.stderr, result
        words = [line.split() for line in result.stdout.splitlines()]
        assert ["default", "yes", "Provider=dax", f"/{CONF}:1", "[Rule", "dax]"] in words, result
        assert ["default", "yes", "all", f"/{CONF}:4", "[Rule", "all]"] in words, result
        assert ("Kernel is told: auto_online_blocks=online online_policy=auto-movable "
                "auto_movable_ratio=301\n") in result.stdout, result.stdout
        assert ("    Kernel has: auto_online_blocks=online online_policy=contig-zones "
                "auto_movable_ratio=301\n") in result.stdout, result.stdout
        result = ctl("--root", tree.path, "policy", "test", "memory10")
        assert result.returncode == 0 and not result.stderr, result
        assert result.stdout.splitlines()[1].split()[:6] == [
            "10", "dax0.0", "dax", "offline", "default", "dax"], result.stdout


def check_virtualization_and_old_kernels():
    for word, treatment in (("none", "movable"), ("kvm", "default"), (None, "default"),
                            ("two words", "default")):
        with machine(word) as tree:
            (tree.path / HOTPLUG / "online_policy").unlink()
            found = policy(tree)
            assert found["virtualization"] == (word if word in ("none", "kvm") else None), found
            assert found["kernel"]["now"]["online_policy"] is None, found
            assert treatments(tree, "8", "10") == {8: treatment, 10: "no"}, word


def check_kernel_command_line():
    for line, treatment in (("memhp_default_state=offline", "no"),
                            ("quiet memhp_default_state=online_movable", "movable"),
                            ("memhp_default_state=online_kernel", "kernel"),
                            ("memhp_default_state=online", "default")):
        with machine() as tree:
            tree.write("proc/cmdline", line + "\n")
            assert set(treatments(tree).values()) == {treatment}, line
            # memblockd.conf beats it.
            tree.write(CONF, "[Rule all]\nOnline=kernel\n")
            assert set(treatments(tree).values()) == {"kernel"}, line


def check_a_rule_with_a_fault():
    with machine() as tree:
        tree.write(CONF, "[Rule a]\nProvider=dimm\nOnline=no\n[Rule b]\nNode=0\n")
        result = ctl("--root", tree.path, "policy", "-J")
        assert result.returncode == 0 and json.loads(result.stdout)["rules"] == [], result
        said = result.stderr.splitlines()
        assert len(said) == 3 and all(f"/{CONF}:" in line for line in said), said
        assert ":2: Provider=dimm is not a list of what brings memory" in said[0], said
        assert ":1: [Rule a] is left out" in said[1] and ":4: [Rule b] is left out" in said[2], said


def check_without_addresses():
    """What can't be seen is said, and nothing is guessed of it."""
    with machine() as tree:
        tree.write("proc/iomem", "00000000-00000000 : System RAM\n" * 3)
        found = policy(tree, "test", "8", "10",
                       says="what brought memory is not fully known")["blocks"]
        assert [block["provider"] for block in found] == ["acpi", "unknown"], found


def check_blocks_that_are_not_there():
    with machine() as tree:
        result = ctl("--root", tree.path, "policy", "test", "8", "99")
        assert result.returncode == 1 and not result.stdout, result
        assert result.stderr == "memblockctl: There is no memory block 99\n", result


def check_every_tree():
    for tree in trees():
        for words in (["policy"], ["policy", "-J"], ["policy", "test", "all"]):
            result = ctl("--root", tree, *words)
            assert result.returncode == 0, f"{tree.name} {words}: {result}"
    return f"{len(trees())} trees"


def check_no_daemon_is_asked():
    """No line says that memblockd does not answer, with --direct and without."""
    if not os.path.exists("/sys/devices/system/memory/block_size_bytes"):
        raise Skip("this kernel has no memory blocks")
    outputs = [ctl("policy"), ctl("--direct", "policy")]
    for result in outputs:
        assert result.returncode == 0, result
        assert "memblockd does not answer" not in result.stderr, result
    assert outputs[0].stdout == outputs[1].stdout, outputs


main(globals())
