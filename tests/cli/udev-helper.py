#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""memblockd-online on trees, as udev starts it: what it brings online, where, and what it leaves
alone."""

import concurrent.futures
import fcntl
import os
import time

from harness import ENVIRONMENT, MEMBLOCKCTL, MEMORY, Tree, main, run

HELPER = MEMBLOCKCTL.parent / "memblockd-online"
RULE = os.environ["UDEVRULESDIR"].lstrip("/") + "/60-memblockd.rules"
RUN = "run/memblockd"
SYNTHETIC = {"ACTION": "add", "SYNTH_UUID": "0"}
ADDED = {"ACTION": "add"}


def machine(boot=8, added=4, *, late_rule=False, virtualization="none", device="PNP0C80:00"):
    """Blocks of boot, then those of a DIMM, which are offline; udev with our rule."""
    tree = Tree().blocks(range(boot)).blocks(range(boot, boot + added), state="offline",
                                             zones="Normal Movable")
    tree.ram((0, boot + added))
    tree.write("proc/cmdline", "ro quiet\n")
    tree.write("memblockd/virtualization", virtualization + "\n")
    for index in range(boot, boot + added):
        tree.link(f"sys/bus/acpi/devices/{device}/physical_node{index}",
                  f"../../../../devices/system/memory/memory{index}")
    files = [(RULE, ""), ("run/udev/control", "")]
    for path, text in reversed(files) if late_rule else files:
        tree.write(path, text)
        time.sleep(0.02)
    return tree


def helper(tree, index, *, event=ADDED, says="", status=0):
    environment = {name: value for name, value in ENVIRONMENT.items()
                   if name not in ("ACTION", "SYNTH_UUID")}
    result = run([HELPER, "--root", tree.path, f"memory{index}"],
                 environment={**environment, **event})
    assert result.returncode == status, f"exit {result.returncode}: {result.stderr}"
    assert not result.stdout, result.stdout
    for text in [says] if isinstance(says, str) else says:
        assert text in result.stderr, f"{text}? {result.stderr}"
    assert says or not result.stderr, result.stderr


def state(tree, index):
    return (tree.path / f"{MEMORY}/memory{index}/state").read_text(encoding="utf-8").strip()


def states(tree, first=8, end=12):
    return [state(tree, index) for index in range(first, end)]


def mark(tree, name):
    tree.write(f"{RUN}/{name}", "")


def settled(**options):
    """A machine whose coldplug is over."""
    tree = machine(**options)
    mark(tree, "coldplugged")
    return tree


def rule(tree, text, name="10-test.conf"):
    tree.write(f"etc/memblockd.conf.d/{name}", text)


def check_treatments():
    for words, wanted in (("Online=movable", "online_movable"), ("Online=kernel", "online_kernel"),
                          ("Online=default", "online"), ("Online=no", "offline")):
        with settled() as tree:
            rule(tree, f"[Rule all]\n{words}\n")
            helper(tree, 9)
            assert states(tree) == ["offline", wanted, "offline", "offline"], states(tree)


def check_defaults():
    for virtualization, wanted in (("none", "online_movable"), ("kvm", "online"), ("", "online")):
        with settled(virtualization=virtualization) as tree:
            helper(tree, 9)
            assert state(tree, 9) == wanted, f"{virtualization}: {states(tree)}"
    with settled() as tree:
        tree.write("proc/cmdline", "ro memhp_default_state=offline\n")
        helper(tree, 9)
        assert state(tree, 9) == "offline"


def check_rule_by_device():
    with settled() as tree:
        rule(tree, "[Rule mine]\nDevice=PNP0C80:0*\nVirtualization=none\nOnline=kernel\n")
        helper(tree, 8)
        assert state(tree, 8) == "online_kernel"


def check_ratio():
    with settled() as tree:
        rule(tree, "[Policy]\nMovableRatio=12\n[Rule all]\nOnline=movable\n")
        tree.write(f"{MEMORY}/memory8/valid_zones", "Normal\n")
        helper(tree, 8, says="memory8 can't go to zone Movable, which MovableRatio=, ")
        assert state(tree, 8) == "online_kernel"
    with settled() as tree:
        rule(tree, "[Policy]\nMovableRatio=13\n[Rule all]\nOnline=movable\n")
        helper(tree, 8)
        assert state(tree, 8) == "online_movable"


PARAMETERS = "sys/module/memory_hotplug/parameters"


def zone_policy(tree):
    return [(tree.path / PARAMETERS / name).read_text(encoding="utf-8").strip()
            for name in ("online_policy", "auto_movable_ratio")]


def kept(tree):
    path = tree.path / RUN / "kernel-policy"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def newer(config="", **values):
    """A machine whose kernel knows policies for zones."""
    tree = settled()
    rule(tree, config)
    for name, value in {"online_policy": "contig-zones", "auto_movable_ratio": "300",
                        **values}.items():
        tree.write(f"{PARAMETERS}/{name}", value + "\n")
    return tree


def check_zone_policy():
    """Told before a block is left to the kernel; what was found is kept once, for memblockd."""
    found = ["online_policy contig-zones auto-movable", "auto_movable_ratio 300 301"]
    with newer() as tree:
        helper(tree, 8)
        assert state(tree, 8) == "online"
        assert zone_policy(tree) == ["auto-movable", "301"]
        assert kept(tree) == found, kept(tree)
        helper(tree, 9)
        assert kept(tree) == found, kept(tree)
        tree.write(f"{PARAMETERS}/online_policy", "contig-zones\n")
        helper(tree, 10)
        assert zone_policy(tree) == ["contig-zones", "301"], "it is somebody else's now"


def check_zone_policy_that_is_left_alone():
    for config in ("[Policy]\nKernelPolicy=leave\n", "[Rule all]\nOnline=kernel\n"):
        with newer(config) as tree:
            helper(tree, 8)
            assert zone_policy(tree) == ["contig-zones", "300"], config
            assert not kept(tree), config
    with newer(online_policy="auto-movable", auto_movable_ratio="301") as tree:
        helper(tree, 8)
        assert state(tree, 8) == "online" and not kept(tree), kept(tree)


def check_zone_policy_that_cannot_be_kept():
    """What was found is not known to anybody then: nothing is changed, and the block is online."""
    with newer() as tree:
        tree.write(f"{RUN}/kernel-policy", "nonsense\n")
        helper(tree, 8, says="The kernel can't be told how to find a zone: ")
        assert state(tree, 8) == "online"
        assert zone_policy(tree) == ["contig-zones", "300"]


def check_rest_of_a_device():
    for zone, wanted, says in (("Normal", "online_kernel", "memory9 can't go to zone Movable"),
                               ("Movable", "online_movable", "")):
        with settled() as tree:
            tree.write(f"{MEMORY}/memory8/state", "online\n")
            tree.write(f"{MEMORY}/memory8/valid_zones", zone + "\n")
            helper(tree, 9, says=says)
            assert states(tree) == ["online", wanted, "offline", "offline"], states(tree)


def check_memblockd_is_there():
    with settled() as tree:
        mark(tree, "ready")
        helper(tree, 9)
        assert states(tree) == ["offline"] * 4 and not (tree.path / RUN / "added").exists()


def check_nothing_to_do():
    with settled() as tree:
        helper(tree, 0)
        helper(tree, 77)
        assert not (tree.path / RUN / "added").exists()
        tree.write(f"{MEMORY}/memory9/state", "going-offline\n")
        helper(tree, 9)
        assert state(tree, 9) == "going-offline"


def check_left_alone():
    with settled() as tree:
        tree.write("var/lib/memblockd/marks",
                   "0x0000000040000000-0x0000000047ffffff - not this one\n")
        helper(tree, 8)
        helper(tree, 9)
        assert states(tree) == ["offline", "online_movable", "offline", "offline"], states(tree)
    with settled() as tree:
        tree.write("proc/iomem", "00000000-43ffffff : System RAM\n48000000-5fffffff : System RAM\n")
        helper(tree, 8)
        assert state(tree, 8) == "offline"
    with settled() as tree:
        tree.write("proc/iomem", "00000000-43ffffff : System RAM\n"
                                 "44000000-47ffffff : Persistent Memory\n"
                                 "48000000-5fffffff : System RAM\n")
        helper(tree, 8)
        assert state(tree, 8) == "offline"


def check_twice():
    with settled() as tree:
        helper(tree, 9)
        assert not list((tree.path / RUN / "added").iterdir())
        tree.write(f"{MEMORY}/memory9/state", "online\n")
        helper(tree, 9)
        assert state(tree, 9) == "online"


def check_notes_of_others():
    """Who is at work takes what others noted, and nothing else."""
    with settled() as tree:
        mark(tree, "added/memory10")
        mark(tree, "added/memory400")
        mark(tree, "added/nonsense")
        mark(tree, "added/10")
        helper(tree, 9)
        assert states(tree) == ["offline", "online_movable", "online_movable", "offline"]
        left = sorted(path.name for path in (tree.path / RUN / "added").iterdir())
        assert left == ["10", "nonsense"], left


def check_note_that_stays():
    """It is not waited for."""
    with settled() as tree:
        (tree.path / RUN / "added/memory10").mkdir(parents=True)
        helper(tree, 9, status=1, says="memory9 is left as it is: Is a directory")


def check_somebody_is_at_work():
    with settled() as tree:
        folder = tree.path / RUN / "added"
        folder.mkdir()
        fd = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            helper(tree, 9)
        finally:
            os.close(fd)
        assert state(tree, 9) == "offline" and (folder / "memory9").exists()
        helper(tree, 10)
        assert states(tree) == ["offline", "online_movable", "online_movable", "offline"]


def check_burst():
    """However they race, no block is forgotten."""
    with settled(boot=64, added=64) as tree:
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda index: helper(tree, index), range(64, 128)))
        assert states(tree, 64, 128) == ["online_movable"] * 64, states(tree, 64, 128)
        assert not list((tree.path / RUN / "added").iterdir())


def check_coldplug():
    """The first event speaks for all; whatever is taken offline afterwards stays so."""
    with machine() as tree:
        helper(tree, 9, event=SYNTHETIC)
        assert states(tree) == ["online_movable"] * 4, states(tree)
        assert (tree.path / RUN / "coldplugged").exists()
        tree.write(f"{MEMORY}/memory9/state", "offline\n")
        helper(tree, 9, event=SYNTHETIC)
        assert state(tree, 9) == "offline"
        helper(tree, 8 + 1, event={"ACTION": "change", "SYNTH_UUID": "0"})
        assert state(tree, 9) == "offline"


def check_coldplug_beside_memblockd():
    """What was there before it came is not its own."""
    with machine() as tree:
        mark(tree, "ready")
        helper(tree, 9, event=SYNTHETIC)
        assert states(tree) == ["online_movable"] * 4, states(tree)


def check_added_before_coldplug():
    """Memory that comes while coldplug goes on must not end that for what waits."""
    with machine() as tree:
        helper(tree, 11)
        assert states(tree) == ["online_movable"] * 4, states(tree)


def check_taken_offline():
    """All was online at coldplug: the first block that somebody takes offline ends it."""
    with machine() as tree:
        helper(tree, 9, event={"ACTION": "offline"})
        assert (tree.path / RUN / "coldplugged").exists()
        helper(tree, 9, event=SYNTHETIC)
        assert states(tree) == ["offline"] * 4, states(tree)
        helper(tree, 10)
        assert states(tree) == ["offline", "offline", "online_movable", "offline"], states(tree)


def check_taken_offline_while_memblockd_is_away():
    """Where memblockd was there in this boot, it is told when it comes back."""
    with settled() as tree:
        helper(tree, 9, event={"ACTION": "offline"})
        assert not (tree.path / RUN / "offlined").exists()
        (tree.path / RUN / "offlined").mkdir()
        for _ in range(2):
            helper(tree, 9, event={"ACTION": "offline"})
        mark(tree, "ready")
        helper(tree, 10, event={"ACTION": "offline"})
        assert [path.name for path in (tree.path / RUN / "offlined").iterdir()] == ["memory9"]


def check_taken_offline_while_a_note_waits():
    """What was noted, failed, and was taken offline by somebody since, is that one's."""
    with settled() as tree:
        mark(tree, "added/memory9")
        helper(tree, 9, event={"ACTION": "offline"})
        helper(tree, 10)
        assert states(tree) == ["offline", "offline", "online_movable", "offline"], states(tree)


def check_kernel_memory_that_is_short():
    with settled() as tree:
        rule(tree, "[Offline]\nReserve=1G\n[Rule all]\nOnline=movable\n")
        tree.write("proc/meminfo", "MemTotal: 4194304 kB\nMemAvailable: 2097152 kB\n")
        tree.write("proc/zoneinfo", "Node 0, zone   Normal\n      nr_free_pages 1000\n")
        tree.write("proc/sys/kernel/arch", "x86_64\n")
        tree.write(f"{MEMORY}/memory8/valid_zones", "Normal\n")
        helper(tree, 8, says="memory8 can't go to zone Movable, ")
        assert state(tree, 8) == "online_kernel"


def check_rule_that_came_late():
    """Nobody saw what was taken offline before it was installed."""
    with machine(late_rule=True) as tree:
        helper(tree, 9, event=SYNTHETIC)
        assert states(tree) == ["offline"] * 4, states(tree)
        helper(tree, 9)
        assert states(tree) == ["offline", "online_movable", "offline", "offline"], states(tree)
    with machine() as tree:
        (tree.path / "run/udev/control").unlink()
        helper(tree, 9, event=SYNTHETIC)
        assert states(tree) == ["offline"] * 4, states(tree)


def check_configuration_with_bad_lines():
    with settled() as tree:
        rule(tree, "[Rule bad]\nColour=red\nOnline=no\n[Rule good]\nOnline=kernel\nnonsense\n"
                   "[Rule last]\nOnline=movable\n")
        helper(tree, 9, says=("10-test.conf:2: ", "10-test.conf:6: "))
        assert state(tree, 9) == "online_movable"


def check_links_planted():
    """The folder is memblockd's, which has no rights: nothing is written through a link."""
    with settled() as tree:
        (tree.path / "elsewhere").mkdir()
        tree.link(f"{RUN}/added", "../../elsewhere")
        helper(tree, 9, status=1, says="memory9 is left as it is")
        assert not list((tree.path / "elsewhere").iterdir()) and state(tree, 9) == "offline"
    with machine() as tree:
        tree.link(f"{RUN}/coldplugged", "../../elsewhere")
        helper(tree, 9)
        assert not (tree.path / "elsewhere").exists()
        assert states(tree) == ["offline", "online_movable", "offline", "offline"], states(tree)


def check_what_fails_is_told():
    with settled() as tree:
        tree.write(f"{MEMORY}/block_size_bytes", "nonsense\n")
        helper(tree, 9, status=1, says=("block_size_bytes", "memory9 is left as it is"))
        assert (tree.path / RUN / "added/memory9").exists()
        tree.write(f"{MEMORY}/block_size_bytes", f"{tree.block_size:x}\n")
        helper(tree, 10)
        assert states(tree) == ["offline", "online_movable", "online_movable", "offline"]


def check_usage():
    for words in ([], ["memory1", "memory2"], ["1"], ["memory"], ["memory1-2"], ["memory1x"],
                  ["--nonsense", "memory1"], ["--root"], ["memory18446744073709551616"]):
        result = run([HELPER, *words])
        assert result.returncode == 2 and result.stderr, f"{words}: {result}"
    result = run([HELPER, "--help"])
    assert result.returncode == 0 and "--root DIR" in result.stdout, result
    result = run([HELPER, "--version"])
    assert result.returncode == 0 and result.stdout.startswith("memblockd-online "), result
    result = run([HELPER, "--root", "/no/such/tree", "memory1"])
    assert result.returncode == 1 and "/no/such/tree" in result.stderr, result


main(globals())
