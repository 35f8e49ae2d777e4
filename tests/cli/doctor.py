#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""doctor: each finding, and beside it what is nearly the same and no finding. The rules are our own,
and do what those of distributions do."""

import contextlib
import json
import os
import shutil
import tarfile
import time

from harness import MEMBLOCKCTL, MEMORY, MIB, Skip, ctl, for_each, main, run, small_tree, trees

ETC, RUN, USR = "etc/udev/rules.d", "run/udev/rules.d", "usr/lib/udev/rules.d"
CONF = "run/memblockd.conf.d/10.conf"
ONLINE = 'SUBSYSTEM=="memory", ACTION=="add", ATTR{state}=="offline", ATTR{state}="online"\n'

# Red Hat's, with the words of three releases: left alone are s390 and ppc64, bare metal is movable.
GOTOS = """\
# memory that was added
SUBSYSTEM!="memory", GOTO="end_of_memory"
ACTION!="add", GOTO="end_of_memory"
{s390}, GOTO="end_of_memory"
ENV{{.wanted}}="online"
{bare}, ENV{{.wanted}}="online_movable"
ATTR{{state}}=="offline", ATTR{{state}}="$env{{.wanted}}"
LABEL="end_of_memory"
SUBSYSTEM=="net", RUN+="/bin/true"
"""
BY_PROGRAM = GOTOS.format(s390='PROGRAM="/bin/uname -p", RESULT=="s390*"',
                          bare='PROGRAM="/bin/systemd-detect-virt", RESULT=="none"')
BY_CONSTANT = GOTOS.format(s390='CONST{arch}=="s390*"', bare='CONST{virt}=="none"')
# SUSE's, over several lines.
SEVERAL_LINES = """\
SUBSYSTEM=="memory", ACTION=="add", \\
  PROGRAM=="/usr/bin/systemd-detect-virt", RESULT!="zvm", \\
  # a remark in the middle
  ATTR{state}=="offline", \\
  ATTR{state}="online", RUN+="/bin/sh -c 'mount -o remount \\"$tmp\\"'"
"""
# Ubuntu's, for two kinds of virtual machines.
BY_MAKER = """\
ATTR{[dmi/id]sys_vendor}=="Maker One", ATTR{[dmi/id]product_name}=="Guest", GOTO="apply"
ATTR{[dmi/id]sys_vendor}=="Maker Two", GOTO="apply"
GOTO="end"
LABEL="apply"
SUBSYSTEM=="memory", ACTION=="add", DEVPATH=="/devices/system/memory/memory[0-9]*", \
TEST=="state", ATTR{state}!="online", ATTR{state}="online"
LABEL="end"
"""


@contextlib.contextmanager
def machine(*, auto="offline", virt=None, cmdline=None, release=None, arch="x86_64", rules=None,
            **options):
    with small_tree(arch=arch, **options) as tree:
        tree.write(f"{MEMORY}/auto_online_blocks", auto + "\n")
        if virt:
            tree.write("memblockd/virtualization", virt + "\n")
        if cmdline is not None:
            tree.write("proc/cmdline", cmdline + "\n")
        if release:
            tree.write("proc/sys/kernel/osrelease", release + "\n")
        for path, text in (rules or {}).items():
            tree.write(path, text)
        yield tree


def doctor(tree, status=None):
    """What doctor says as JSON; the exit status and the text must agree with it."""
    result = ctl("--root", tree.path, "doctor", "--json")
    assert result.returncode in (0, 1), result
    told = json.loads(result.stdout)
    warnings = [one for one in told["findings"] if one["severity"] == "warning"]
    assert result.returncode == (1 if warnings else 0), result
    assert status is None or result.returncode == status, result.stdout
    for one in told["findings"]:
        assert set(one) == {"id", "severity", "summary", "evidence", "advice"}, one
        assert one["severity"] == "info" or one["advice"], f"no advice: {one}"
        assert one["evidence"], f"no evidence: {one}"
    text = ctl("--root", tree.path, "doctor")
    assert text.returncode == result.returncode, text
    unread = "not-read" in [one["id"] for one in told["findings"]]
    assert ("Nothing is wrong. " in text.stdout) == (not warnings and not unread), text.stdout
    assert ("not all could be read" in text.stdout) == (unread and not warnings), text.stdout
    assert told["onliner"]["summary"] in text.stdout.splitlines()[-1], text.stdout
    for one in told["findings"]:
        for line in (one["summary"], *one["evidence"]):
            assert line in text.stdout, f"{line} is not in {text.stdout}"
    return told


def ids(told, severity="warning"):
    return [one["id"] for one in told["findings"] if one["severity"] == severity]


def evidence(told, name):
    return [line for one in told["findings"] if one["id"] == name for line in one["evidence"]]


def onliner(told):
    return told["onliner"]["agent"], told["onliner"]["treatment"], told["onliner"]["sure"]


def check_a_clean_machine():
    with machine() as tree:
        told = doctor(tree, 0)
        assert not told["findings"] and onliner(told) == ("nobody", None, True), told
    with machine(auto="online_movable") as tree:
        told = doctor(tree, 0)
        assert not told["findings"] and onliner(told) == ("kernel", "online_movable", True), told
        result = ctl("--root", tree.path, "doctor")
        assert len(result.stdout.splitlines()) == 1 and not result.stderr, result


def check_kernel_command_line():
    for cmdline, auto, severity, word in (
            ("quiet memhp_default_state=online", "online", "info", "memhp_default_state=online"),
            ("memhp_default_state=offline", "online", "info", "auto_online_blocks: online"),
            ("memhp_default_state=on", "offline", "warning", "memhp_default_state=on"),
            ("memhp_default_state=on memhp_default_state=online", "online", "info", "=online"),
            ("movable_node", "offline", "info", "movable_node")):
        with machine(cmdline=cmdline, auto=auto) as tree:
            told = doctor(tree)
            assert ids(told, severity) == ["kernel-command-line"], told
            assert any(word in line for line in evidence(told, "kernel-command-line")), told
    for cmdline in ("quiet root=/dev/sda1", "", "-- memhp_default_state=on",
                    "xmemhp_default_state=on", "movable_nodes"):
        with machine(cmdline=cmdline) as tree:
            assert not doctor(tree, 0)["findings"], cmdline


def check_parameters_that_a_kernel_does_not_know():
    parameter = "sys/module/memory_hotplug/parameters/online_policy"
    for word in ("memory_hotplug.online_policy=auto-movable",
                 "memory-hotplug.online-policy=auto-movable"):
        with machine(cmdline=word, release="5.10.0") as tree:
            told = doctor(tree, 1)
            assert ids(told) == ["kernel-too-old"] and "5.15" in str(told), told
            tree.write(parameter, "auto-movable\n")
            assert ids(doctor(tree, 0), "info") == ["kernel-command-line"]
    with machine(cmdline="memory_hotplug.nonsense=1") as tree:
        assert ids(doctor(tree, 1)) == ["kernel-command-line"]
    with machine(cmdline="memhp_default_state=online_movable", release="5.4.0") as tree:
        assert ids(doctor(tree, 1)) == ["kernel-too-old"]
    # A distribution's own old kernel that knows it.
    with machine(cmdline="memhp_default_state=online_movable", release="4.18.0-240.el8",
                 auto="online_movable") as tree:
        assert ids(doctor(tree, 0), "info") == ["kernel-command-line"]


def check_rule_alone():
    """One that nothing else fights with is how that machine does it."""
    with machine(rules={f"{USR}/40-memory.rules": "# a remark\n\n" + ONLINE}) as tree:
        told = doctor(tree, 0)
        assert evidence(told, "udev-rule") == [
            "/usr/lib/udev/rules.d/40-memory.rules:3: writes online, on add"], told
        assert onliner(told) == ("udev", "online", True), told


def check_rules_of_distributions():
    for text, virt, line, action, sure in (
            (BY_PROGRAM, "kvm", 7, "online", True),
            (BY_PROGRAM, None, 7, "online or online_movable", True),
            # systemd-detect-virt fails of bare metal, for which some udevd stop there.
            (BY_PROGRAM, "none", 7, "online or online_movable", True),
            (BY_CONSTANT, "kvm", 7, "online", True),
            (BY_CONSTANT, "none", 7, "online_movable", True),
            (BY_CONSTANT, None, 7, "online or online_movable", True),
            (SEVERAL_LINES, "kvm", 1, "online", True),
            (SEVERAL_LINES, None, 1, "online", False),
            (BY_MAKER, "kvm", 5, "online", False)):
        with machine(virt=virt, rules={f"{USR}/40-memory.rules": text}) as tree:
            told = doctor(tree, 0)
            assert evidence(told, "udev-rule") == [
                f"/usr/lib/udev/rules.d/40-memory.rules:{line}: writes {action}, on add"], (text, told)
            assert onliner(told) == ("udev", action, sure), (text, virt, told)
            assert sure or "if its conditions hold here" in str(told), told


def check_rules_that_are_for_other_machines():
    dmi = "sys/devices/virtual/dmi/id"
    for text, facts, options in (
            (BY_PROGRAM, {}, {"arch": "s390x"}),
            (BY_CONSTANT, {}, {"arch": "s390x"}),
            (SEVERAL_LINES, {}, {"virt": "zvm"}),
            (BY_MAKER, {f"{dmi}/sys_vendor": "Maker Two and a Half\n",
                        f"{dmi}/product_name": "Guest\n"}, {}),
            ('ATTRS{auto_online_blocks}=="offline", GOTO="end"\n' + ONLINE + 'LABEL="end"\n', {}, {}),
            (ONLINE.replace("memory", "cpu", 1), {}, {}),
            ('ENV{SYNTH_UUID}=="?*", ' + ONLINE, {}, {}),
            ("# " + ONLINE, {}, {})):
        with machine(rules={f"{USR}/40-memory.rules": text}, **options) as tree:
            for path, fact in facts.items():
                tree.write(path, fact)
            told = doctor(tree, 0)
            assert not told["findings"] and onliner(told) == ("nobody", None, True), (text, told)
    with machine(rules={f"{USR}/40-memory.rules": BY_MAKER}) as tree:
        tree.write(f"{dmi}/sys_vendor", "Maker Two\n")
        tree.write(f"{dmi}/product_name", "Guest\n")
        assert onliner(doctor(tree, 0)) == ("udev", "online", True)


def check_masked_rules():
    """By a name in an earlier folder, whatever is in it."""
    path = f"{USR}/40-memory.rules"
    for mask in (f"{ETC}/40-memory.rules", f"{RUN}/40-memory.rules",
                 "usr/local/lib/udev/rules.d/40-memory.rules"):
        with machine(rules={path: ONLINE, mask: "# nothing\n"}) as tree:
            assert not doctor(tree, 0)["findings"], mask
        with machine(rules={path: ONLINE}) as tree:
            tree.link(mask, "/dev/null")
            assert not doctor(tree, 0)["findings"], mask
    with machine(rules={path: ONLINE, f"{ETC}/41-memory.rules": "", f"{ETC}/40-memory": "",
                        f"{ETC}/.40-memory.rules": ""}) as tree:
        assert len(doctor(tree, 0)["findings"]) == 1


def check_rules_in_the_order_of_their_names():
    with machine(rules={f"{ETC}/90-late.rules": ONLINE, f"{USR}/10-early.rules": ONLINE}) as tree:
        told = doctor(tree, 0)
        assert "10-early.rules" in told["onliner"]["summary"], told
        assert len(told["findings"]) == 2, told


def check_rules_that_differ():
    movable = ONLINE.replace('="online"', '="online_movable"')
    with machine(rules={f"{USR}/10-one.rules": ONLINE, f"{USR}/20-two.rules": movable}) as tree:
        told = doctor(tree, 1)
        assert ids(told) == ["udev-rule"] and ids(told, "info") == ["udev-rule"], told
        assert "10-one.rules:1: writes online before it" in str(evidence(told, "udev-rule")), told


def check_rule_beside_the_kernel():
    """It finds nothing to do."""
    with machine(auto="online", rules={f"{USR}/40-memory.rules": ONLINE}) as tree:
        told = doctor(tree, 0)
        assert onliner(told) == ("kernel", "online", True), told
        assert ids(told, "info") == ["udev-rule"], told


def check_rule_against_the_command_line():
    with machine(cmdline="memhp_default_state=offline",
                 rules={f"{USR}/40-memory.rules": ONLINE}) as tree:
        told = doctor(tree, 1)
        assert ids(told) == ["udev-rule"] and "command line" in str(told), told
        assert "/etc/udev/rules.d/40-memory.rules a link to /dev/null" in str(told), told


def check_rule_beside_memblockd():
    rule = f"{ETC}/40-memory.rules"
    for path in ("run/memblockd/ready",
                 "etc/systemd/system/multi-user.target.wants/memblockd.service"):
        with machine(rules={path: ""}) as tree:
            assert not doctor(tree, 0)["findings"], path
            tree.write(rule, ONLINE)
            told = doctor(tree, 1)
            assert ids(told) == ["udev-rule"] and "Take that line out" in str(told), told
            tree.write(rule, 'ATTR{[dmi/id]sys_vendor}=="X", ' + ONLINE)
            assert ids(doctor(tree, 0), "info") == ["udev-rule"]
            # Where the kernel does it all, nothing is left to fight over.
            tree.write(rule, ONLINE)
            tree.write(f"{MEMORY}/auto_online_blocks", "online\n")
            assert ids(doctor(tree, 0), "info") == ["udev-rule"]


def check_memblockd_itself():
    helper = ('SUBSYSTEM=="memory", ACTION=="add", ATTR{state}=="offline", '
              'RUN+="/usr/lib/udev/memblockd-online %k"\n')
    with machine(rules={f"{USR}/70-memblockd.rules": helper}) as tree:
        told = doctor(tree, 0)
        assert onliner(told) == ("memblockd", None, True) and not told["findings"], told
        tree.write("run/memblockd/ready", "")
        told = doctor(tree, 0)
        assert onliner(told) == ("memblockd", None, True) and not told["findings"], told
    with machine(auto="online", rules={"run/memblockd/kernel-policy": "x\n"}) as tree:
        told = doctor(tree, 0)
        assert "as memblockd told it" in told["onliner"]["summary"], told


def check_rule_that_undoes_what_an_administrator_did():
    for text, word in (
            (ONLINE.replace(' ACTION=="add",', ''), "change"),
            (ONLINE.replace('ACTION=="add"', 'ACTION=="add|change"'), "change"),
            (ONLINE.replace('ACTION=="add"', 'ACTION!="remove"'), "offline"),
            (ONLINE.replace('ACTION=="add"', 'ACTION=="offline"'), "offline")):
        with machine(auto="online", rules={f"{USR}/40-memory.rules": text}) as tree:
            told = doctor(tree, 1)
            assert ids(told) == ["udev-rule"], (text, told)
            assert word in evidence(told, "udev-rule")[0], (text, told)


def check_other_things_that_rules_do():
    kept = ("SUBSYSTEM==\"memory\", ACTION==\"online\", RUN+=\"/bin/reload-kdump\"\n"
            "SUBSYSTEM==\"cpu\", ACTION==\"add\", ATTR{online}=\"1\"\n"
            "ACTION==\"add\", TAG+=\"seen\", ENV{ID_X}=\"online\"\n")
    with machine(rules={f"{USR}/40-memory.rules": kept}) as tree:
        assert not doctor(tree, 0)["findings"]
    for text, action in (
            ('SUBSYSTEM=="memory", ACTION=="add", ATTR{online}="1"\n', "writes online"),
            ('SUBSYSTEM=="memory", ACTION=="add", '
             'RUN+="/bin/sh -c \'echo online > /sys$devpath/state\'"\n', "runs a program"),
            ('KERNEL=="memory*", ACTION=="add", ATTR{state}="online_kernel"\n',
             "writes online_kernel")):
        with machine(rules={f"{USR}/40-memory.rules": text}) as tree:
            assert action in evidence(doctor(tree, 0), "udev-rule")[0], text
    with machine(auto="online", rules={f"{USR}/40-memory.rules":
                                       'KERNEL=="memory*", ACTION=="add", ATTR{state}="offline"\n'
                                       }) as tree:
        assert ids(doctor(tree, 1)) == ["udev-rule"]


def check_programs_of_which_nobody_can_tell():
    """Whatever runs for new memory may bring it online; that is never sure."""
    for run, wanted in (('RUN+="/usr/sbin/chmem -e 128M"', True),
                        ('RUN+="/usr/local/bin/onmem %k"', True),
                        ('RUN{program}+="/usr/local/bin/onmem %k"', True),
                        ('ATTR{state}=="offline", RUN+="/usr/local/bin/onmem %k"', True),
                        ('ATTR{[dmi/id]sys_vendor}=="X", RUN+="/usr/sbin/chmem -e 1"', True),
                        ('ATTR{[dmi/id]sys_vendor}=="X", RUN+="/usr/local/bin/onmem"', False),
                        ('RUN{builtin}+="kmod load x"', False),
                        ('RUN-="/usr/local/bin/onmem"', False), ('RUN=""', False),
                        ('PROGRAM=="/bin/uname -p"', False)):
        rule = f'SUBSYSTEM=="memory", ACTION=="add", {run}\n'
        with machine(rules={f"{USR}/40-memory.rules": rule}) as tree:
            told = doctor(tree, 0)
            assert onliner(told) == (("udev", None, False) if wanted else ("nobody", None, True)), \
                (run, told)
            assert ids(told, "info") == (["udev-rule"] if wanted else []), (run, told)
            assert not wanted or "runs a program, on add" in evidence(told, "udev-rule")[0], told
    both = 'SUBSYSTEM=="memory", ACTION=="add", ATTR{state}="online", RUN+="/bin/mount -o remount x"\n'
    with machine(rules={f"{USR}/40-memory.rules": both}) as tree:
        assert len(ids(doctor(tree, 0), "info")) == 1


def check_balloons():
    for path in ("sys/bus/vmbus/drivers/hv_balloon/module", "sys/devices/system/xen_memory/x"):
        with machine(auto="online", rules={path: ""}) as tree:
            assert ids(doctor(tree, 0), "info") == ["balloon"], path
            tree.write(f"{MEMORY}/auto_online_blocks", "offline\n")
            assert ids(doctor(tree, 1)) == ["nobody"], path
            tree.write(f"{USR}/99-log.rules".lstrip("/"), 'ACTION=="add", RUN+="/bin/logger x"\n')
            assert ids(doctor(tree, 1)) == ["nobody"], "a program that may be about anything"
            tree.write("run/memblockd/ready", "")
            doctor(tree, 0)


def check_virtio_mem():
    for number, wanted in (("0x0018", ["virtio-mem"]), ("0x0005", [])):
        with machine(auto="online",
                     rules={"sys/bus/virtio/devices/virtio0/device": number + "\n"}) as tree:
            assert ids(doctor(tree, 0), "info") == wanted


def check_guest_agent():
    port = "sys/class/virtio-ports/vport1p1/name"
    with machine(rules={port: "org.qemu.guest_agent.0\n"}) as tree:
        assert ids(doctor(tree, 0), "info") == ["guest-agent"]
        tree.write("etc/qemu/qemu-ga.conf", "[general]\nblock-rpcs=guest-set-memory-blocks\n")
        assert not doctor(tree, 0)["findings"]
        tree.write("etc/qemu/qemu-ga.conf", "#block-rpcs=guest-set-memory-blocks\n")
        assert ids(doctor(tree, 0), "info") == ["guest-agent"]
        for line, blocked in (('FILTER_RPC_ARGS="--allow-rpcs=guest-ping,guest-info"', True),
                              ('FILTER_RPC_ARGS="--allow-rpcs=guest-set-memory-blocks"', False),
                              ('FILTER_RPC_ARGS="--allow-rpcs="', False),
                              ("BLACKLIST_RPC=guest-exec", False),
                              ("BLACKLIST_RPC=guest-exec,guest-set-memory-blocks", True),
                              ("BLOCK_RPCS=guest-set-memory-blocks", True)):
            tree.write("etc/sysconfig/qemu-ga", line + "\n")
            assert bool(doctor(tree, 0)["findings"]) != blocked, line
    with machine(rules={port: "com.redhat.spice.0\n"}) as tree:
        assert not doctor(tree, 0)["findings"]


def check_daxctl():
    rule = ('ACTION=="add", SUBSYSTEM=="dax", TAG+="systemd", \\\n'
            ' PROGRAM="/usr/bin/systemd-escape --template=daxdev-reconfigure@.service x", \\\n'
            ' ENV{SYSTEMD_WANTS}="%c"\n')
    config = "etc/daxctl.conf.d/a.conf"
    section = "[reconfigure-device one]\nnvdimm.uuid = x\nmode = system-ram\n"
    with machine(auto="online", rules={f"{USR}/90-dax.rules": rule,
                                       config: "# [reconfigure-device one]\n"}) as tree:
        assert not doctor(tree, 0)["findings"]
        tree.write(config, section)
        told = doctor(tree, 1)
        assert ids(told) == ["daxctl"], told
        assert f"/{USR}/90-dax.rules:1: starts daxdev-reconfigure@.service" in evidence(
            told, "daxctl"), told
        tree.write(config, section + "movable = false\n")
        assert not doctor(tree, 0)["findings"]
        for auto in ("offline", "online_movable"):
            tree.write(config, section)
            tree.write(f"{MEMORY}/auto_online_blocks", auto + "\n")
            assert ids(doctor(tree, 0), "info") == ["daxctl"], auto


def zoneinfo(*spans):
    """Of one zone a node: (first page, pages)."""
    return "".join(f"Node {node}, zone   Normal\n  pages free 0\n        spanned  {pages}\n"
                   f"        present  {pages}\n        managed  {pages}\n  start_pfn: {start}\n"
                   for node, (start, pages) in enumerate(spans))


def check_border_of_nodes():
    with machine() as tree:
        tree.block(8, nodes=(0, 1)).blocks(range(9, 12), nodes=(1,)).ram((0, 12))
        tree.write("proc/zoneinfo", zoneinfo((0, 8 * 32768 + 16384),
                                             (8 * 32768 + 16384, 3 * 32768 + 16384)))
        told = doctor(tree, 1)
        assert ids(told) == ["node-border"], told
        assert evidence(told, "node-border") == [
            "memory8: node 0 ends, and node 1 begins at 0x44000000"], told
    with machine() as tree:
        tree.blocks(range(8, 12), nodes=(1,)).ram((0, 12))
        assert not doctor(tree, 0)["findings"]


def check_border_of_persistent_memory():
    for end, wanted in ((4 * 128 * MIB + 64 * MIB, ["pmem-border"]), (4 * 128 * MIB, [])):
        with machine() as tree:
            if end % (128 * MIB) == 0:
                for name in ("state", "valid_zones", "removable"):
                    (tree.path / f"{MEMORY}/memory4/{name}").unlink()
                (tree.path / f"{MEMORY}/memory4/node0").unlink()
                (tree.path / "sys/devices/system/node/node0/memory4").unlink()
                (tree.path / f"{MEMORY}/memory4").rmdir()
            ram = 4 * 128 * MIB if end % (128 * MIB) == 0 else end
            tree.write("proc/iomem", f"00000000-{ram - 1:08x} : System RAM\n"
                       f"{ram:08x}-{5 * 128 * MIB - 1:08x} : Persistent Memory\n"
                       f"{5 * 128 * MIB:08x}-{8 * 128 * MIB - 1:08x} : System RAM\n")
            told = doctor(tree)
            assert ids(told) == wanted, told
            assert not wanted or "at 0x24000000" in evidence(told, "pmem-border")[0], told


def dimm(tree, indices, name="PNP0C80:00"):
    folder = f"sys/bus/acpi/devices/{name}"
    for n, index in enumerate(indices):
        link = f"../../../../devices/system/memory/memory{index}"
        tree.link(f"{folder}/physical_node{n or ''}", link)


def check_device_with_a_stuck_block():
    for stuck, indices, wanted, severity in ((1, range(8, 16), ["device-stuck"], "warning"),
                                             (0, range(8, 16), [], "warning"),
                                             # all of it: that is no surprise of one block
                                             (8, range(8, 16), [], "warning"),
                                             # what the machine booted from
                                             (1, range(0, 8), ["device-stuck"], "info")):
        with machine() as tree:
            tree.blocks(range(8, 16)).ram((0, 16))
            for index in list(indices)[:stuck]:
                tree.write(f"{MEMORY}/memory{index}/valid_zones", "none\n")
            dimm(tree, indices)
            told = doctor(tree)
            assert ids(told, severity) == wanted, (stuck, told)
            assert not wanted or "PNP0C80:00" in str(told), told


def namespace(tree, name, start, size, folder="sys/bus/nd/devices"):
    tree.write(f"{folder}/{name}/resource", f"0x{start:x}\n")
    tree.write(f"{folder}/{name}/size", f"{size}\n")


def check_namespaces_that_share_a_section():
    start = 0x100000000
    for release, gap, wanted in (("4.19.0", 0, ["pmem-section"]), ("5.2.21", 0, ["pmem-section"]),
                                 ("5.3.0", 0, []), ("6.1.0", 0, []), ("5.10.0", 0, []),
                                 ("4.18.0-240.el8.x86_64", 0, []), ("4.19.0", 112 * MIB, []),
                                 ("nonsense", 0, [])):
        with machine(release=release) as tree:
            namespace(tree, "namespace0.0", start, 16 * MIB)
            namespace(tree, "namespace0.1", start + 16 * MIB + gap, 16 * MIB)
            namespace(tree, "namespace0.2", 0, 0)
            told = doctor(tree)
            assert ids(told) == wanted, (release, told)


def check_dax_device_off_borders():
    dax, start = "sys/bus/dax/devices", 0x100000000
    for driver, first, size, wanted in (
            ("kmem", start + 32 * MIB, 512 * MIB, "128M"), ("kmem", start, 512 * MIB, None),
            ("kmem", start, 544 * MIB, "32M"), ("kmem", start + 32 * MIB, 16 * MIB, "16M"),
            ("device_dax", start + 32 * MIB, 512 * MIB, None)):
        with machine() as tree:
            namespace(tree, "dax0.0", first, size, folder=dax)
            tree.link(f"{dax}/dax0.0/driver", f"../../../bus/dax/drivers/{driver}")
            told = doctor(tree)
            assert ids(told) == (["dax-border"] if wanted else []), told
            assert not wanted or f" {wanted} of dax0.0" in f" {told['findings'][0]['summary']}", told


def check_bad_rules():
    """Nothing of what a file may hold makes it fail, or take long."""
    junk = bytes(range(256)) * 4096
    for text in (junk, b"\0" * (1 << 20), b'SUBSYSTEM=="memory", ' * (1 << 16),
                 b'KERNEL=="x", \\\n' * (1 << 16), b"\\\n" * (1 << 19), b'"' * (1 << 20),
                 b'GOTO="a"\nLABEL="a"\n' * (1 << 15), b'A{', b'A{b}', b'ATTR{state}="', b'=',
                 b'ATTR{state}=="offline" ATTR{state}="online', b'\\', b'', b'#\\\n',
                 b'ENV{a}="$env{a}"\n' * 1000, b'ENV{}="x"\nATTR{}="x"\nATTR{}=="|"\n'):
        with machine() as tree:
            path = tree.path / USR / "40-memory.rules"
            path.parent.mkdir(parents=True)
            path.write_bytes(text)
            tree.write(f"{USR}/50-memory.rules", ONLINE)
            began = time.monotonic()
            told = doctor(tree, 0)
            assert time.monotonic() - began < 20, text[:40]
            assert onliner(told)[0] == "udev" and "50-memory" in str(told), (text[:40], told)


def check_rules_next_to_broken_ones():
    """A line that makes no sense is left out alone."""
    for text in ('NONSENSE\n' + ONLINE, 'A="b\n' + ONLINE, 'A="b", ' * 4000 + "\n" + ONLINE):
        with machine(rules={f"{USR}/40-memory.rules": text}) as tree:
            told = doctor(tree, 0)
            assert ":2: writes online" in evidence(told, "udev-rule")[0], text[:20]
            assert evidence(told, "not-read")[0].endswith("40-memory.rules:1: the rule makes no "
                                                          "sense"), told


def check_what_can_not_be_read():
    with machine() as tree:
        tree.write(ETC, "a file, not a folder\n")
        (tree.path / USR / "40-memory.rules").mkdir(parents=True)
        os.mkfifo(tree.path / USR / "50-memory.rules")
        told = doctor(tree, 0)
        assert ids(told, "info") == ["not-read", "not-read"], told


def check_folders_without_the_right_to_read_them():
    for folder in (USR, TMP, SYS):
        look_at_forbidden(folder)


def look_at_forbidden(folder):
    setpriv = shutil.which("setpriv")
    if os.geteuid() != 0 or not setpriv:
        raise Skip("needs root and setpriv, to become nobody")
    with machine(rules={f"{folder}/40-memory.rules": ONLINE}) as tree:
        for path in (tree.path, *tree.path.rglob("*")):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
        (tree.path / folder).chmod(0)
        result = run([setpriv, "--reuid", "65534", "--regid", "65534", "--clear-groups",
                      MEMBLOCKCTL, "--root", tree.path, "doctor", "-J"])
        (tree.path / folder).chmod(0o755)
        if result.returncode == 126 or "error while loading" in result.stderr:
            raise Skip(f"nobody can't run {MEMBLOCKCTL}")
        told = json.loads(result.stdout)
        assert ids(told, "info") == ["not-read"] and result.returncode == 0, result
        assert f"/{folder}: Permission denied" in evidence(told, "not-read"), told


def rule(name, online, *conditions):
    return "\n".join((f"[Rule {name}]", *conditions, f"Online={online}", ""))


def check_rules_of_memblockd_that_are_never_used():
    for one, other, wanted in (
            ((), ("Provider=acpi",), True),
            (("Provider=acpi virtio-mem",), ("Provider=acpi",), True),
            (("Provider=acpi",), ("Provider=acpi virtio-mem",), False),
            (("Provider=acpi",), (), False),
            (("Device=PNP*",), ("Device=PNP0C80:00",), True),
            (("Device=PNP0C80:00",), ("Device=PNP*",), False),
            (("Device=PNP*",), ("Device=P*",), False),
            (("Virtualization=vm",), ("Virtualization=kvm",), True),
            (("Virtualization=vm",), ("Virtualization=none",), False),
            (("Virtualization=kvm",), ("Virtualization=vm",), False),
            (("Architecture=x86_64",), ("Architecture=x86_64", "Provider=dax"), True),
            (("Node=0 1",), ("Node=1",), True),
            (("Node=1",), ("Node=0 1",), False),
            (("Range=0x0-0x3fffffff",), ("Range=0x10000000-0x1fffffff",), True),
            (("Range=0x0-0x1fffffff",), ("Range=0x10000000-0x2fffffff",), False)):
        text = rule("one", "movable", *one) + rule("other", "no", *other)
        with machine(rules={CONF: text}) as tree:
            told = doctor(tree)
            assert ids(told) == (["rule-never-used"] if wanted else []), (one, other, told)
            assert not wanted or f"/{CONF}:" in evidence(told, "rule-never-used")[0], told
    text = rule("one", "no") + rule("other", "no", "Node=1")
    with machine(rules={CONF: text}) as tree:
        assert ids(doctor(tree, 0), "info") == ["rule-never-used"]


def advice(told, name):
    return next(one["advice"] for one in told["findings"] if one["id"] == name)


def check_kernel_that_is_faster_than_rules():
    first = "kernel-is-first"
    gpu = rule("gpu", "no", "Device=nv*")
    for text, auto, wanted in (
            (gpu, "online", True), (gpu, "online_movable", True), (gpu, "offline", False),
            (gpu, "nonsense", False),
            # all memory is treated alike: memblockd tells the kernel
            (rule("all", "kernel"), "online", False),
            (rule("all", "default"), "online", False),
            # but not this, within a ratio or not at all
            (rule("all", "movable"), "online", True),
            (rule("all", "movable"), "online_movable", False),
            (rule("all", "no"), "online", True),
            ("[Policy]\nKernelPolicy=leave\n" + rule("all", "kernel"), "online", True),
            ("[Policy]\nKernelPolicy=leave\n" + rule("all", "kernel"), "online_kernel", False),
            # with "default" any zone will do
            (rule("dimm", "default", "Device=PNP*") + rule("all", "kernel"), "online_kernel", False),
            # what is for other machines, or left for nothing, isn't in its way
            (rule("other", "no", "Architecture=s390x"), "online", False),
            (rule("other", "no", "Virtualization=none"), "online", False),
            (rule("other", "no", "Provider=cxl"), "online", False)):
        with machine(auto=auto, virt="kvm", rules={CONF: text}) as tree:
            told = doctor(tree, 1 if wanted else 0)
            assert ids(told) == ([first] if wanted else []), (text, auto, told)
            assert not wanted or f"auto_online_blocks: {auto}" in evidence(told, first)[0], told
    with machine(auto="online", virt="kvm", rules={CONF: gpu + rule("all", "default")}) as tree:
        told = doctor(tree, 1)
        assert evidence(told, first)[1:] == [f"/{CONF}:1: [Rule gpu] Online=no"], told
    text = rule("all", "movable") + rule("never", "no", "Node=1")
    with machine(auto="online", virt="kvm", rules={CONF: text}) as tree:
        assert "never" not in str(evidence(doctor(tree, 1), first))


def check_what_to_do_where_the_kernel_is_faster():
    first = "kernel-is-first"
    differ = rule("gpu", "no", "Device=nv*")
    for text, facts, options, word in (
            (differ, {}, {}, "give all memory that is to come online a rule"),
            (rule("all", "no"), {}, {}, "Boot with memhp_default_state=offline."),
            (rule("all", "movable"), {}, {}, "memhp_default_state=online_movable, which"),
            (differ, {"run/memblockd/kernel-policy": "x\n"}, {}, "systemctl reload memblockd"),
            (differ + rule("all", "default"), {}, {"cmdline": "memhp_default_state=offline"},
             "find out what changes that later")):
        with machine(auto="online", virt="kvm", rules={CONF: text, **facts}, **options) as tree:
            assert word in advice(doctor(tree, 1), first), text
    # What the advice says holds: the kernel leaves it to memblockd, and rules name all.
    with machine(virt="kvm", cmdline="memhp_default_state=offline",
                 rules={CONF: differ + rule("all", "default")}) as tree:
        assert not ids(doctor(tree, 0))


def check_kernel_that_is_faster_than_defaults():
    """Nobody asked for those, so it is no warning."""
    first = "kernel-is-first"
    with machine(auto="online", virt="kvm") as tree:
        namespace(tree, "dax0.0", 0x100000000, 128 * MIB, folder="sys/bus/dax/devices")
        told = doctor(tree, 0)
        assert ids(told, "info") == [first], told
        assert evidence(told, first)[1].startswith("default for dax: no: "), told
        assert len(evidence(told, first)) == 2, told
        tree.write(CONF, rule("dax", "default", "Provider=dax"))
        assert not doctor(tree, 0)["findings"]
        tree.write(CONF, rule("dax", "movable", "Provider=dax", "Device=dax1.*"))
        told = doctor(tree, 1)
        assert [line.split(":")[0] for line in evidence(told, first)[1:]] == [
            f"/{CONF}", "default for dax"], told


TMP, SYS = "usr/lib/tmpfiles.d", "usr/lib/systemd/system"
AUTO, STATE = f"/{MEMORY}/auto_online_blocks", f"/{MEMORY}/memory32/state"
ENABLED = {"etc/systemd/system/multi-user.target.wants/memblockd.service": ""}
UNIT = "[Unit]\nDescription=x\n[Service]\nExecStart=/bin/sh -c 'echo {} > {}'\n"
BOOT = "set-at-boot"


def check_lines_of_tmpfiles():
    for line, wanted in (
            (f"w {AUTO} - - - - online", "writes online to auto_online_blocks"),
            (f"  w+!\t{AUTO}\t- - - - online_movable", "writes online_movable to auto_online_blocks"),
            (f'w "{AUTO}" - - - - offline', "writes offline to auto_online_blocks"),
            (f"f+ {AUTO} - - - - online_kernel", "writes online_kernel to auto_online_blocks"),
            (f"w {AUTO} - - - - %m", "writes something to auto_online_blocks"),
            (f"w {STATE} - - - - online", "writes online to state"),
            (f"w /{MEMORY}/memory*/state - - - - offline", "writes offline to state"),
            (f"w /{MEMORY}/memory7/online - - - - 1", "writes something to state"),
            (f"# w {AUTO} - - - - online", None), (f"z {AUTO} 0644 - - -", None),
            (f"r {AUTO}", None), ("w /sys/kernel/mm/ksm/run - - - - 1", None),
            (f"w /{MEMORY}/block_size_bytes - - - - online", None)):
        with machine(rules={f"{TMP}/a.conf": "# a remark\n" + line + "\n"}) as tree:
            told = doctor(tree, 0)
            assert evidence(told, BOOT) == ([f"/{TMP}/a.conf:2: {wanted}"] if wanted else []), told
            assert not wanted or "systemd-tmpfiles" in told["findings"][0]["summary"], told


def check_files_of_tmpfiles():
    line = f"w {AUTO} - - - - online\n"
    for mask in ("etc", "run", "usr/local/lib"):
        with machine(rules={f"{TMP}/a.conf": line, f"{mask}/tmpfiles.d/a.conf": "\n"}) as tree:
            assert not doctor(tree, 0)["findings"], mask
        with machine(rules={f"{TMP}/a.conf": line}) as tree:
            tree.link(f"{mask}/tmpfiles.d/a.conf", "/dev/null")
            assert not doctor(tree, 0)["findings"], mask
    with machine(rules={f"{TMP}/a.conf": line, "etc/tmpfiles.d/a.conf.old": line,
                        "etc/tmpfiles.d/b.conf": line}) as tree:
        assert evidence(doctor(tree, 0), BOOT) == [
            f"/{folder}:1: writes online to auto_online_blocks"
            for folder in (f"{TMP}/a.conf", "etc/tmpfiles.d/b.conf")]


def check_lines_of_services():
    for text, line, wanted in (
            (UNIT.format("online", AUTO), 4, "online to auto_online_blocks"),
            (UNIT.format("online", "$i/state").replace("echo", f"for i in /{MEMORY}/memory*/state;"
                                                       " do echo"), 4, "online to state"),
            (f"ExecStartPre=-/bin/sh -c \\\n # no\n\\\n 'echo online_kernel \\\n  > {AUTO}'", 5,
             "something to auto_online_blocks"),
            (f"ExecStart=/bin/sh -c 'echo online | tee {AUTO}'", 1, "online to auto_online_blocks"),
            (f"ExecStartPost=/bin/sh -c 'echo offline >{AUTO}; echo online'", 1,
             "offline to auto_online_blocks"),
            (f"ExecStop=/bin/sh -c 'echo online > {AUTO}'", 0, None),
            (f"ConditionPathExists={AUTO}\nExecStart=/bin/cat {AUTO}", 0, None),
            (f"#ExecStart=/bin/sh -c 'echo online > {AUTO}'", 0, None),
            ("ExecStart=/bin/sh -c 'echo 1 > /proc/sys/vm/drop_caches'", 0, None)):
        with machine(rules={f"{SYS}/a.service": text + "\n"}) as tree:
            told = doctor(tree, 0)
            assert evidence(told, BOOT) == (
                [f"/{SYS}/a.service:{line}: writes {wanted}"] if wanted else []), (text, told)
            assert not wanted or "a.service" in told["findings"][0]["summary"], told
            assert not wanted or "once it is started" in told["findings"][0]["summary"], told


def check_files_of_services():
    unit, path = UNIT.format("online", AUTO), f"{SYS}/a.service"
    for mask in ("etc/systemd/system", "run/systemd/system", "usr/local/lib/systemd/system"):
        with machine(rules={path: unit, f"{mask}/a.service": "[Service]\n"}) as tree:
            assert not doctor(tree, 0)["findings"], mask
        with machine(rules={path: unit, f"{path}.d/a.conf": unit}) as tree:
            assert len(doctor(tree, 0)["findings"]) == 2
            tree.link(f"{mask}/a.service", "/dev/null")
            assert not doctor(tree, 0)["findings"], mask
        with machine(rules={f"{SYS}/b.service.d/a.conf": unit,
                            f"{mask}/b.service.d/b.conf": unit}) as tree:
            told = doctor(tree, 0)
            assert evidence(told, BOOT) == [
                f"/{folder}/b.service.d/{name}.conf:4: writes online to auto_online_blocks"
                for folder, name in ((SYS, "a"), (mask, "b"))], told
            tree.link(f"{mask}/b.service.d/a.conf", "/dev/null")
            assert len(doctor(tree, 0)["findings"]) == 1, mask
    # An alias is no second service, and a link to a file elsewhere is the service.
    with machine(rules={path: unit, "opt/c.service": unit}) as tree:
        tree.link("etc/systemd/system/dbus-a.service", "/usr/lib/systemd/system/a.service")
        tree.link("etc/systemd/system/c.service", "/opt/c.service")
        assert [line.split(":")[0] for line in evidence(doctor(tree, 0), BOOT)] == [
            f"/{path}", "/etc/systemd/system/c.service"]


def check_whether_a_service_is_enabled():
    """memblockd's own too, beside which a rule is a rival."""
    etc, run_, target = "etc/systemd/system", "run/systemd/system", "multi-user.target"
    for links, wanted in (
            ({f"{etc}/{target}.wants": "x"}, True), ({f"{etc}/{target}.requires": "x"}, True),
            ({f"{run_}/sysinit.target.wants": "x"}, True),
            ({f"{SYS}/other.service.wants": "x"}, True),
            ({f"{etc}/memblockd-hotplug.target.upholds": "x"}, True),
            ({f"{etc}/{target}.wanted": "x"}, False), ({etc: "x"}, False), ({}, False),
            ({f"{etc}/{target}.wants": "x", etc: "/dev/null"}, False),
            ({f"{etc}/{target}.wants": "x", run_: "/dev/null"}, False),
            ({f"{SYS}/{target}.wants": "x", f"{etc}/{target}.wants": "/dev/null"}, False),
            ({f"{SYS}/{target}.wants": "x", f"{etc}/graphical.target.wants": "/dev/null"}, True)):
        with machine(rules={f"{ETC}/40-memory.rules": ONLINE}) as tree:
            for folder, target_of in links.items():
                tree.link(f"{folder}/memblockd.service",
                          "/usr/lib/systemd/system/memblockd.service" if target_of == "x"
                          else target_of)
            assert ids(doctor(tree)) == (["udev-rule"] if wanted else []), links
    with machine(rules={f"{SYS}/a.service": UNIT.format("online", AUTO)}) as tree:
        tree.link(f"{etc}/sysinit.target.wants/a.service", f"/{SYS}/a.service")
        assert doctor(tree, 0)["findings"][0]["summary"].endswith("new memory at boot")


def check_rc_local():
    line = f"echo online > {AUTO}\n"
    with machine(rules={"etc/rc.local": f"#!/bin/sh\n#{line}{line}cat {AUTO}\n"}) as tree:
        told = doctor(tree, 0)
        assert evidence(told, BOOT) == ["/etc/rc.local:3: writes online to auto_online_blocks"], told
        assert "once it is started" in told["findings"][0]["summary"], told
        (tree.path / "etc/rc.local").chmod(0o755)
        assert "at boot" in doctor(tree, 0)["findings"][0]["summary"]
    with machine(rules={"etc/rc.d/rc.local": line}) as tree:
        tree.link("etc/rc.local", "rc.d/rc.local")
        assert evidence(doctor(tree, 0), BOOT) == [
            "/etc/rc.d/rc.local:1: writes online to auto_online_blocks"]


def check_what_is_written_at_boot_against_others():
    path = f"{TMP}/a.conf"
    for state, facts, options, wanted in (
            ("online", {}, {"cmdline": "memhp_default_state=offline"}, True),
            ("offline", {}, {"cmdline": "memhp_default_state=offline"}, False),
            # memblockd would tell the kernel "online"
            ("online", ENABLED, {}, False), ("online_movable", ENABLED, {}, True),
            ("offline", {"run/memblockd/ready": ""}, {}, True), ("%m", ENABLED, {}, True),
            ("online_movable", {}, {}, False),
            ("online_movable", {**ENABLED, CONF: "[Policy]\nKernelPolicy=leave\n"}, {}, False)):
        with machine(virt="kvm", rules={path: f"w {AUTO} - - - - {state}\n", **facts},
                     **options) as tree:
            told = doctor(tree)
            assert ids(told) == ([BOOT] if wanted else []), (state, facts, told)
            assert not wanted or advice(told, BOOT).startswith(
                "Copy the file to /etc/tmpfiles.d/a.conf, "), told
    for path, word in (("etc/tmpfiles.d/a.conf", "Take that line out of the file."),
                       (f"{SYS}/a.service.d/b.conf", "to /etc/systemd/system/a.service.d/b.conf,")):
        text = UNIT.format("offline", AUTO) if "service" in path else f"w {AUTO} - - - - offline\n"
        with machine(virt="kvm", rules={path: text, **ENABLED}) as tree:
            tree.link("etc/systemd/system/basic.target.wants/a.service", f"/{SYS}/a.service")
            assert word in advice(doctor(tree, 1), BOOT), path
    # States of blocks are no policy, and what nobody starts is no rival.
    with machine(virt="kvm", rules={f"{TMP}/a.conf": f"w {STATE} - - - - offline\n", **ENABLED,
                                    f"{SYS}/a.service": UNIT.format("offline", AUTO)}) as tree:
        assert ids(doctor(tree, 0), "info") == [BOOT, BOOT]


def check_bad_files_of_boot():
    """Nothing of what a file may hold makes it fail, or take long."""
    junk = bytes(range(256)) * 2000
    line = f"w {AUTO} ".encode()
    for text in (junk, b"\0" * 500000, line * 10000, line + b"'" * 500000, b"\\\n" * 250000,
                 b"ExecStart=" * 50000, b"ExecStart=>" + AUTO.encode() * 10000 + b"\\", b"w", b"",
                 b"\n" * 500000, b"w\n" * 100000, b"\xff\xfe" + line, (line + b"\n") * 300):
        with machine() as tree:
            for name in (f"{TMP}/a.conf", f"{SYS}/a.service", f"{SYS}/b.service.d/a.conf",
                         "etc/rc.local"):
                (tree.path / name).parent.mkdir(parents=True, exist_ok=True)
                (tree.path / name).write_bytes(text)
            tree.write(f"{TMP}/b.conf", f"w {AUTO} - - - - online\n")
            began = time.monotonic()
            told = doctor(tree, 0)
            assert time.monotonic() - began < 20, text[:40]
            assert f"/{TMP}/b.conf:1: writes online to auto_online_blocks" in evidence(told, BOOT)


def check_files_of_boot_that_can_not_be_read():
    with machine() as tree:
        for folder in ("etc/tmpfiles.d", "etc/systemd/system"):
            tree.write(folder, "a file, not a folder\n")
        for name in (f"{TMP}/a.conf", f"{SYS}/a.service", "etc/rc.local"):
            (tree.path / name).mkdir(parents=True)
        tree.write(f"{TMP}/b.conf", "#" * (2 * MIB))
        tree.write(f"{SYS}/b.service.d", "a file, not a folder\n")
        os.mkfifo(tree.path / SYS / "c.service")
        tree.link(f"{SYS}/d.service", "d.service")
        tree.link(f"{SYS}/{'e' * 200}.service", "/nowhere")
        told = doctor(tree, 0)
        unread = sorted(line.split(":")[0] for line in evidence(told, "not-read"))
        assert unread == sorted((
            "/etc/tmpfiles.d", "/etc/systemd/system", f"/{TMP}/a.conf", f"/{TMP}/b.conf",
            f"/{SYS}/a.service", f"/{SYS}/b.service.d", f"/{SYS}/d.service",
            "/etc/rc.local")), told


def check_addresses_that_are_hidden():
    with machine() as tree:
        tree.write("proc/iomem", "00000000-00000000 : System RAM\n")
        assert ids(doctor(tree, 0), "info") == ["not-read"]


def check_bad_facts():
    with machine(auto="nonsense", virt="../../x", cmdline="=\0=", release="x.y") as tree:
        tree.write("sys/class/virtio-ports/a/name", "x" * 5000)
        namespace(tree, "namespace0.0", 2**64 - 4096, 1 << 20)
        namespace(tree, "namespace0.1", 1 << 20, 2**64 - 1)
        assert onliner(doctor(tree, 0))[0] == "nobody"


def check_captured_trees():
    """Of kernels with layouts of all kinds: those with stuck borders alone are found fault with."""
    def one(tree):
        told = doctor(Captured(tree))
        assert set(ids(told)) <= {"node-border", "pmem-border", "dax-border", "device-stuck"}, told
        return bool(ids(told))

    answers = for_each(trees(), one)
    return f"{len(answers)} trees, {sum(answers)} with findings"


class Captured:
    def __init__(self, path):
        self.path = path


def check_a_capture_says_the_same():
    """Of what rules say, those that speak of memory are in it."""
    with machine(virt="kvm", cmdline="memhp_default_state=offline", rules={
            f"{USR}/40-memory.rules": BY_MAKER, f"{USR}/41-masked.rules": ONLINE,
            f"{ETC}/41-masked.rules": "# nothing\n", f"{USR}/50-disk.rules": 'KERNEL=="sda1"\n',
            "sys/devices/virtual/dmi/id/sys_vendor": "Maker Two\n",
            "sys/devices/virtual/dmi/id/product_name": "Guest\n",
            "sys/devices/virtual/dmi/id/board_name": "Board\n",
            CONF: rule("one", "no"), "run/memblockd/ready": ""}) as tree:
        path = str(tree.path / "a.tar")
        result = ctl("--root", tree.path, "capture", path)
        if "built without libarchive" in result.stderr:
            raise Skip("built without libarchive")
        assert "udev rules" in result.stdout, result
        with tarfile.open(path) as tar:
            names = tar.getnames()
            tar.extractall(tree.path / "copy")
        copy = Captured(tree.path / "copy")
        assert doctor(copy, 1) == doctor(tree, 1)
        for name in (f"{USR}/50-disk.rules", f"{USR}/41-masked.rules", f"{ETC}/41-masked.rules",
                     "sys/devices/virtual/dmi/id/board_name"):
            assert name not in names, names


def check_usage():
    with machine() as tree:
        assert ctl("--root", tree.path, "doctor", "me").returncode == 2


main(globals())
