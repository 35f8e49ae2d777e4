#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the daemon serves is what memblockctl reads itself, of the same trees."""

import json
import os
import pathlib
import shutil
import socket
import tempfile
import time
import xml.etree.ElementTree

from authority import let_us
from harness import MIB, TREES, Skip, ctl, main, output
from kernel import BLOCK, Kernel, Machine, Worker, place
from service import DBUS_ERROR, ERROR, NOBODY, PATH, Bus, BusError, Daemon

WHOLE = ("linux-5.10-two-nodes-mixed", "linux-6.1-arm64-2g", "linux-6.1-dax-kmem",
         "linux-6.1-dimms-cold", "linux-6.1-nvdimm-virtio-mem", "linux-7.3-mixed-and-pmem")
REMOVABLE = {True: "yes", False: "no", None: "unknown"}
BLOCK_FACE = "org.memblockd1.Block"


def tree(name):
    path = TREES / name
    if not path.is_dir():
        raise Skip(f"no tree {name}")
    return path


def direct(root, *words):
    return json.loads(output("--direct", *words, "-J", root=root))


def row(facts):
    """A row of list -J as it comes over the bus."""
    return (int(facts["range"].partition("-")[0], 16), facts["size"],
            "unknown" if facts["state"] == "?" else facts["state"], facts["nid"],
            [int(node) for node in facts["nodes"].split(",") if node],
            (facts["zones"] or "").split("/") if facts["zones"] else [],
            REMOVABLE[facts["removable"]],
            [word for word in (facts["reasons"] or "").split(",") if word],
            facts["device"] or "")


def rows(root, *words):
    return [row(facts) for facts in
            direct(root, "list", "-b", "-o", "+DEVICE", *words)["memory"]]


def same(ours, theirs, what):
    assert len(ours) == len(theirs), f"{what}: {len(ours)} and {len(theirs)}: {ours}\n{theirs}"
    for one, other in zip(ours, theirs):
        assert one == other, f"{what}:\n{one}\nand\n{other}"


def check_rows_of_every_layout():
    """Of each one the newest kernel's; they sort so."""
    layouts = {path.name.split("-", 2)[2]: path.name for path in sorted(TREES.iterdir())
               if path.is_dir()}
    names = layouts.values()
    blocks = 0
    with Bus() as bus, bus.client() as client:
        for name in names:
            with Daemon(bus, tree(name)):
                same(client.call("ListRanges"), rows(tree(name)), name)
                served = client.call("ListBlocks", "(tu)", 0, 10000)
                same(served, rows(tree(name), "-a"), name)
                blocks += len(served)
    return f"{len(names)} trees, {blocks} blocks"


def block_is_same(client, shown):
    path = client.call("GetBlock", "(t)", int(shown["block"]))
    facts = client.get_all(path, BLOCK_FACE)
    where = f"{path}: {facts}"
    for name in ("start", "size", "nid", "nodes", "reasons"):
        assert facts[name.capitalize()] == shown[name], f"{name} of {where}, {shown}"
    assert facts["State"] == ("unknown" if shown["state"] == "?" else shown["state"]), where
    assert facts["Removable"] == REMOVABLE[shown["removable"]], where
    assert "/".join(facts["Zones"]) == (shown["zones"] or ""), where
    assert facts["Device"] == (shown["device"] or ""), where
    for name in ("Subsections", "Composition", "Evidence"):
        assert name not in facts, where
    details_are_same(client, path, shown, facts)


def details_are_same(client, path, shown, facts):
    subsections, words, source, derived, _, composition, evidence = client.call(
        "Details", path=path, interface=BLOCK_FACE)
    assert subsections == derived, f"{path}: {derived}"
    assert evidence == shown["evidence"] == client.get("Evidence", path, BLOCK_FACE), path
    assert composition == [
        (part["start"], part["size"], part["kind"],
         -1 if part["node"] is None else part["node"], part["zone"] or "", part["owner"] or "")
        for part in shown["composition"] or ()], f"{path}: {composition}"
    if shown["subsections"] is None:
        assert (subsections, source) == ([], ""), f"{path}: {subsections}"
        client.refused(ERROR + "NotKnown", "Get", "(ss)", BLOCK_FACE, "Subsections", path=path,
                       interface="org.freedesktop.DBus.Properties")
        return
    sections = ["".join(f"{word:016x}" for word in reversed(subsections[i:i + words]))
                for i in range(0, len(subsections), words)]
    assert [int(section, 16) for section in sections] == \
        [int(section, 16) for section in shown["subsections"]], f"{path}: {sections}"
    assert words == facts["SubsectionWords"] and source == shown["subsections_source"], path
    assert client.get("Subsections", path, BLOCK_FACE) == subsections, path
    assert client.get("Composition", path, BLOCK_FACE) == composition, path


def totals_are_same(client, root):
    facts, status = client.get_all(), direct(root, "status")
    size = status["block_size"]
    assert (facts["BlockSize"], facts["SectionSize"], facts["SubsectionSize"]) == \
        (size, status["section_size"] or 0, status["subsection_size"]), facts
    assert (facts["Architecture"], facts["Release"]) == \
        (status["architecture"], status["release"]), facts
    assert facts["Blocks"] == status["blocks"], facts
    for name, key in (("OnlineBytes", "online"), ("OfflineBytes", "offline"),
                      ("RemovableBytes", "removable"), ("NotRemovableBytes", "not_removable"),
                      ("UnknownBytes", "not_known")):
        assert facts[name] == status[key] * size, f"{name}: {facts} and {status}"
    # No scan asks for these two, of which status doesn't speak.
    assert not {"sections", "pages"} & set(status["sources"]), status
    assert {name: state for name, state, _ in facts["Sources"]
            if name in status["sources"]} == status["sources"], facts


def groups_are_same(client, root):
    """Nodes and devices, which the object manager lists."""
    objects = client.objects()
    blocks = rows(root, "-a")
    size = client.get("BlockSize")

    def counted(those):
        return {"Blocks": len(those), "Bytes": len(those) * size,
                "OnlineBytes": sum(size for one in those if one[2] == "online"),
                "NotRemovableBytes": sum(size for one in those if one[6] == "no")}

    wanted = {f"{PATH}/node/node{node['node']}":
              {"Nid": node["node"],
               **counted([one for one in blocks if node["node"] in one[4]])}
              for node in direct(root, "nodes")["nodes"]}
    found = {path: faces["org.memblockd1.Node"] for path, faces in objects.items()
             if "/node/" in path}
    assert found == wanted, f"{found} and {wanted}"

    wanted = {device["device"]:
              {"Name": device["device"], "Provider": device["provider"],
               "Nodes": [int(node) for node in (device["nodes"] or "").split(",") if node],
               **counted([one for one in blocks if one[8] == device["device"]])}
              for device in direct(root, "devices")["devices"] if device["device"]}
    found = {faces["org.memblockd1.Device"]["Name"]: faces["org.memblockd1.Device"]
             for path, faces in objects.items() if "/device/" in path}
    assert found == wanted, f"{found} and {wanted}"
    assert not [path for path in objects if "/block/" in path], "blocks are enumerated"
    for path, faces in objects.items():
        for face in faces:
            if face.startswith("org.memblockd1.") and face != "org.memblockd1.Manager":
                assert client.get_all(path, face) == faces[face], path


def uncounted(name, folder):
    """A copy of a tree in which nothing tells of pages: show counts them, and memblockd is asked for
    no counts here."""
    return shutil.copytree(tree(name), pathlib.Path(folder) / name, symlinks=True,
                           ignore=shutil.ignore_patterns("kpageflags"))


def check_everything_of_some_trees():
    with tempfile.TemporaryDirectory() as folder, Bus() as bus, let_us(bus), \
            bus.client() as client:
        for name in WHOLE:
            copy = uncounted(name, folder)
            with Daemon(bus, copy):
                totals_are_same(client, copy)
                groups_are_same(client, copy)
                for shown in direct(copy, "show", "all")["blocks"]:
                    block_is_same(client, shown)
    return f"{len(WHOLE)} trees"


def members(text, interface):
    node = xml.etree.ElementTree.fromstring(text)
    for face in node.findall("interface"):
        if face.get("name") == interface:
            return {member.get("name") for member in face
                    if member.tag in ("method", "signal", "property")}
    return set()


def children(client, path):
    node = xml.etree.ElementTree.fromstring(client.introspect(path))
    return {child.get("name").partition("/")[0] for child in node.findall("node")}


def check_introspection():
    """A block is there though nobody lists it, and one that isn't there is not."""
    with Bus() as bus, bus.client() as client, Machine() as machine, Daemon(bus, machine.path):
        assert {"ListRanges", "Online", "Settled", "Blocks"} <= \
            members(client.introspect(), "org.memblockd1.Manager")
        assert "State" in members(client.introspect(f"{PATH}/block/memory3"), BLOCK_FACE)
        assert not members(client.introspect(f"{PATH}/block/memory300"), BLOCK_FACE)
        assert "Nid" in members(client.introspect(f"{PATH}/node/node0"), "org.memblockd1.Node")
        assert "node0" in children(client, f"{PATH}/node")
        assert not children(client, f"{PATH}/block"), "blocks are enumerated"


def check_objects_that_are_not_there():
    with Bus() as bus, bus.client() as client, Machine() as machine, Daemon(bus, machine.path):
        for path in ("block/memory300", "block/memory03", "block/memory",
                     "block/memory18446744073709551616", "block/x3", "block/memory3/x",
                     "node/node1", "node/node00", "device/nothing", "device/_", "job/1", "job/0"):
            kind = path.partition("/")[0].capitalize()
            try:
                facts = client.get_all(f"{PATH}/{path}", f"org.memblockd1.{kind}")
            except BusError as error:
                assert error.name in (DBUS_ERROR + "UnknownObject",
                                      DBUS_ERROR + "UnknownInterface",
                                      DBUS_ERROR + "UnknownMethod"), f"{path}: {error}"
            else:
                raise AssertionError(f"{path}: {facts}")
        client.refused(ERROR + "NoSuchBlock", "GetBlock", "(t)", 300, says="300")
        client.refused(ERROR + "NoSuchBlock", "GetBlock", "(t)", (1 << 64) - 1)


def check_block_by_address():
    with Bus() as bus, bus.client() as client, Machine() as machine, Daemon(bus, machine.path):
        for address in (3 * BLOCK, 3 * BLOCK + 1, 4 * BLOCK - 1):
            assert client.call("GetBlockByAddress", "(t)", address) == f"{PATH}/block/memory3"
        for address in (40 * BLOCK, (1 << 64) - 1):
            client.refused(ERROR + "NoSuchBlock", "GetBlockByAddress", "(t)", address,
                           says=f"{address:x}")


def check_pages_of_blocks():
    """ListBlocks goes on where the last answer ended, and gives no more than was asked for."""
    with Bus() as bus, bus.client() as client, Machine() as machine:
        Kernel(machine.path).remove(5)
        with Daemon(bus, machine.path):
            everything = client.call("ListBlocks", "(tu)", 0, 10000)
            assert len(everything) == 39
            got, first = [], 0
            while page := client.call("ListBlocks", "(tu)", first, 7):
                assert len(page) <= 7
                got += page
                first = page[-1][0] // BLOCK + 1
            assert got == everything
            assert client.call("ListBlocks", "(tu)", 5, 1)[0][0] == 6 * BLOCK
            assert client.call("ListBlocks", "(tu)", 40, 1) == []
            assert client.call("ListBlocks", "(tu)", (1 << 64) - 1, 10000) == []
            assert client.call("ListBlocks", "(tu)", 0, 0) == []
            client.refused(DBUS_ERROR + "InvalidArgs", "ListBlocks", "(tu)", 0, 10001,
                           says="10000")


def check_rescan():
    """What changed without an event is seen, and told, when somebody asks."""
    with Bus() as bus, let_us(bus), bus.client() as client, \
            Machine() as machine, Daemon(bus, machine.path):
        Kernel(machine.path).remove(39)
        Kernel(machine.path).offline(31)
        assert client.get("Blocks") == 40
        client.call("Rescan")
        changed = client.wait_heard("BlocksChanged").arguments[0]
        assert changed == [place(31), place(39)], changed
        assert client.get("Blocks") == 39
        assert client.call("ListRanges") == rows(machine.path)
        told = client.wait_heard("PropertiesChanged", PATH,
                                 lambda signal: "Blocks" in signal.arguments[1]).arguments[1]
        assert told["Blocks"] == 39 and told["OnlineBytes"] == 31 * BLOCK, told


def check_nodes_and_devices_come_and_go():
    with Bus() as bus, let_us(bus), bus.client() as client, \
            Machine() as machine, Daemon(bus, machine.path):
        kernel = Kernel(machine.path)
        for index in range(40, 44):
            kernel.add(index, nodes=(7,))
        link = "sys/bus/acpi/devices/PNP0C80:00/physical_node"
        machine.link(link, "../../../../devices/system/memory/memory40")
        client.call("Rescan")
        added = client.wait_heard("InterfacesAdded")
        assert added.arguments[0] == f"{PATH}/node/node7", added
        assert added.arguments[1]["org.memblockd1.Node"]["Blocks"] == 4, added
        kernel.add(44, nodes=(7,))
        client.call("Rescan")
        told = client.wait_heard("PropertiesChanged", f"{PATH}/node/node7")
        assert told.arguments[1]["Blocks"] == 5, told
        for index in range(40, 45):
            kernel.remove(index)
        (machine.path / "sys/devices/system/node/node7").rmdir()
        (machine.path / link).unlink()
        client.call("Rescan")
        client.wait_gone(f"{PATH}/node/node7")
        client.wait_gone(f"{PATH}/device/PNP0C80_3a00")


def check_iomem_through_the_worker():
    """What the daemon's user may not read is opened by who may."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        raise Skip("needs root, to become somebody else")
    nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    with Bus() as bus, bus.client() as client, Machine() as machine:
        with Worker(Kernel(machine.path)) as worker:
            wanted = rows(machine.path)
            machine.path.chmod(0o755)
            (machine.path / "proc/iomem").chmod(0)
            worker.open_for_all()
            with Daemon(bus, machine.path, worker=worker.path, wrapper=nobody):
                assert "proc/iomem" in worker.asked("open"), worker.log
                assert client.call("ListRanges") == wanted
                assert client.source("iomem")[0] == "read"
                # One that was killed since is no reason to know less.
                worker.hang_up()
                client.call("Rescan")
                assert client.source("iomem")[0] == "read", client.source("iomem")
                assert client.call("ListRanges") == wanted


def check_a_worker_that_does_not_answer():
    """It is waited for once, not for each file."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        raise Skip("needs root, to become somebody else")
    nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    with Bus() as bus, bus.client() as client, Machine() as machine, \
            tempfile.TemporaryDirectory() as folder, \
            socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as mute:
        mute.bind(f"{folder}/socket")
        mute.listen(16)
        pathlib.Path(folder).chmod(0o755)
        pathlib.Path(folder, "socket").chmod(0o777)
        machine.path.chmod(0o755)
        for number in range(6):
            namespace = machine.path / f"sys/bus/nd/devices/namespace{number}.0"
            namespace.mkdir(parents=True)
            for name, text in (("mode", "raw"), ("size", "4096"), ("resource", "0x40000000")):
                (namespace / name).write_text(text + "\n", encoding="utf-8")
            (namespace / "resource").chmod(0)
        began = time.monotonic()
        with Daemon(bus, machine.path, worker=f"{folder}/socket", wrapper=nobody):
            assert time.monotonic() - began < 28, "it waited for more than one answer"
            assert client.get("Blocks") == 40


def check_a_tree_that_is_damaged():
    """What is wrong is told, and the rest is served."""
    with Bus() as bus, bus.client() as client, Machine() as machine:
        machine.write("sys/devices/system/memory/memory2/state", "nonsense\n")
        (machine.path / "proc/iomem").unlink()
        with Daemon(bus, machine.path):
            served = client.call("ListBlocks", "(tu)", 0, 10000)
            assert served == rows_of_damaged(machine.path), served
            assert any("memory2/state" in note for note in client.get("Notes"))
            sources = {name: (state, why) for name, state, why in client.get("Sources")}
            assert sources["iomem"][0] == "absent" and sources["iomem"][1], sources
            assert client.get("UnknownBytes") > 0


def rows_of_damaged(root):
    text = ctl("--root", root, "--direct", "list", "-J", "-b", "-a", "-o", "+DEVICE").stdout
    return [row(facts) for facts in json.loads(text)["memory"]]


def check_many_blocks():
    """A row of ListRanges stands for as many as are alike."""
    with Bus() as bus, bus.client() as client, Machine(normal=2000, offline=0) as machine:
        machine.ram((0, 4000))
        with Daemon(bus, machine.path):
            assert [one[1] for one in client.call("ListRanges")] == [2000 * BLOCK, 16 * BLOCK]
            assert len(client.call("ListBlocks", "(tu)", 0, 10000)) == 2016


def check_a_stranger_reads_what_is_free():
    with Bus() as bus, bus.client(NOBODY) as client, Machine() as machine:
        with Daemon(bus, machine.path):
            assert client.call("ListRanges") == rows(machine.path)
            assert client.get_all()["BlockSize"] == 128 * MIB
            path = client.call("GetBlock", "(t)", 3)
            assert client.get_all(path, BLOCK_FACE)["State"] == "online"
            assert client.objects() and client.call("ListJobs") == []
            assert client.call("ListMarks") == []


if __name__ == "__main__":
    main(globals())
