#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A capture says the same as what it was made of."""

import os
import pathlib
import struct
import tarfile
import tempfile

from harness import MEMORY, Skip, ctl, for_each, main, small_tree, trees

PRIVATE = ("serial", "uuid", "uevent")


def captured(path, root=None):
    """Makes a capture; Skip where this build can't."""
    result = ctl(*(("--root", root) if root else ()), "capture", path)
    if "built without libarchive" in result.stderr:
        raise Skip("built without libarchive")
    return result


def opened(path, folder):
    with tarfile.open(path) as tar:
        for member in tar:
            name = pathlib.PurePosixPath(member.name)
            assert not name.is_absolute() and ".." not in name.parts, member.name
            assert member.isfile() or member.isdir() or member.issym(), member.name
            assert name.name not in PRIVATE, member.name
        tar.extractall(folder)
    return folder


def said(root):
    """All that is told of a root, without what tells the root itself."""
    texts = [ctl("--root", root, *words) for words in (
        ["list", "-J"], ["list", "-J", "-a", "--output-all"], ["show", "-J", "all"],
        ["status", "-J"], ["nodes", "-J"], ["devices", "-J"])]
    return [(result.returncode, result.stdout, result.stderr) for result in texts]


def says_the_same(root):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "machine.tar")
        result = captured(path, root)
        assert result.returncode == 0, result.stderr
        copy = opened(path, os.path.join(folder, "copy"))
        for ours, theirs in zip(said(copy), said(root)):
            assert ours == theirs, f"{ours}\nis not\n{theirs}"


def check_capture_of_trees():
    """One kernel's, which are of every layout: a tree more takes a second more."""
    captured("/nonsense")
    chosen = [tree for tree in trees() if tree.name.startswith("linux-6.1-")]
    for_each(chosen, says_the_same)
    return f"{len(chosen)} trees"


def check_capture_of_this_machine():
    with tempfile.TemporaryDirectory() as folder:
        if ctl("list").returncode != 0:
            raise Skip("this machine has no memory blocks")
        path = os.path.join(folder, "machine.tar")
        result = captured(path)
        assert result.returncode == 0, result.stderr
        copy = opened(path, os.path.join(folder, "copy"))
        ours, theirs = ctl("--root", copy, "list", "-J"), ctl("list", "-J")
        assert ours.stdout == theirs.stdout, f"{ours.stdout}\nis not\n{theirs.stdout}"


def check_configuration():
    """In etc, whatever prefix this memblockctl is built for."""
    files = [f"{folder}/memblockd.conf{name}" for folder, name in (
        ("etc", ""), ("etc", ".d/a.conf"), ("run", ".d/b.conf"), ("usr/lib", ".d/c.conf"))]
    with small_tree() as tree, tempfile.TemporaryDirectory() as folder:
        for name in files:
            tree.write(name, f"[Offline]\nReserve=1G\nNo{name.count('/')}=1\n")
        path = os.path.join(folder, "machine.tar")
        captured(path, tree.path)
        copy = opened(path, os.path.join(folder, "copy"))
        errors = ctl("--root", copy, "policy").stderr
        for name in files:
            assert f"/{name}:3" in errors, f"{name}? {errors}"


def check_findings_are_kept():
    """Page counts and the kernel's table of sections, but not the file with a word for each page."""
    with small_tree() as tree, tempfile.TemporaryDirectory() as folder:
        tree.pages({index: {"slab": index} for index in range(8)})
        (tree.path / "memblockd/pages").rename(tree.path / "counts")
        (tree.path / "proc/kpageflags").write_bytes(struct.pack("<Q", 1 << 7) * (8 << 15))
        tree.write("memblockd/sections", "".join(
            f"section {index} flags f map ffffffffffffffff\n" for index in range(8)))
        path = os.path.join(folder, "a.tar")
        captured(path, tree.path)
        copy = pathlib.Path(opened(path, os.path.join(folder, "copy")))
        assert not (copy / "proc/kpageflags").exists()
        sections = (copy / "memblockd/sections").read_text(encoding="utf-8")
        assert sections == (tree.path / "memblockd/sections").read_text(encoding="utf-8"), sections
        pages = (copy / "memblockd/pages").read_text(encoding="utf-8").splitlines()
        assert len(pages) == 8 and " slab 32768 " in pages[3], pages
        for ours, theirs in zip(said(copy), said(tree.path)):
            assert ours == theirs, f"{ours}\nis not\n{theirs}"


UNITS, LIB, TMPFILES = "etc/systemd/system", "usr/lib/systemd/system", "usr/lib/tmpfiles.d"
TMPFILES_LINE = f"w /{MEMORY}/auto_online_blocks - - - - online\n"
SHELL_LINE = f"for i in /{MEMORY}/memory*/state; do echo online > $i; done\n"
SERVICE = f"[Service]\nExecStart=/bin/sh -c 'echo online > /{MEMORY}/auto_online_blocks'\n"


def kept(tree):
    """Which files and links of boot a capture has; doctor says the same of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "machine.tar")
        captured(path, tree.path)
        copy = pathlib.Path(opened(path, os.path.join(folder, "copy")))
        ours, theirs = (ctl("--root", root, "doctor", "-J") for root in (copy, tree.path))
        assert ours.stdout == theirs.stdout, f"{ours.stdout}\nis not\n{theirs.stdout}"
        assert ours.returncode == theirs.returncode, (ours, theirs)
        for link in copy.rglob("*.service"):
            assert not link.is_symlink() or os.readlink(link) == os.readlink(
                tree.path / link.relative_to(copy)), link
        with tarfile.open(path) as tar:
            names = tar.getnames()
        assert len(set(names)) == len(names), names
        return {name for name in names if name.startswith(("etc/", "lib/", "usr/"))}


def check_files_of_boot():
    """With the folders that are looked into, what masks what, and what starts a service."""
    with small_tree() as tree:
        tree.write(f"{MEMORY}/auto_online_blocks", "offline\n")
        wanted = {f"{TMPFILES}/a.conf": TMPFILES_LINE, "usr/local/lib/tmpfiles.d/b.conf": SHELL_LINE,
                  "etc/rc.local": SHELL_LINE, f"{LIB}/a.service": SERVICE,
                  f"{UNITS}/a.service.d/a.conf": SERVICE, f"{LIB}/b.service.d/a.conf": SERVICE,
                  "lib/systemd/system/c.service": SERVICE, f"{UNITS}/linked.service": None}
        for name, text in wanted.items():
            if text:
                tree.write(name, text)
        tree.write("opt/linked.service", SERVICE)
        tree.link(f"{UNITS}/linked.service", "/opt/linked.service")
        links = {f"{UNITS}/sysinit.target.wants/a.service": f"/{LIB}/a.service",
                 f"{LIB}/basic.target.requires/b.service": "../b.service",
                 f"{UNITS}/x.target.upholds/linked.service": "/opt/linked.service",
                 f"{UNITS}/basic.target.wants/memblockd.service": f"/{LIB}/memblockd.service"}
        for name, target in links.items():
            tree.link(name, target)

        for name in ("masked", "hidden", "silent"):
            tree.write(f"{TMPFILES}/{name}.conf", TMPFILES_LINE)
            tree.write(f"{LIB}/{name}.service", SERVICE)
            tree.write(f"{LIB}/masked.service.d/{name}.conf", SERVICE)
            tree.link(f"{UNITS}/sysinit.target.wants/{name}.service", f"/{LIB}/{name}.service")
        tree.link("etc/tmpfiles.d/masked.conf", "/dev/null")
        tree.link(f"{UNITS}/masked.service", "/dev/null")
        tree.write("etc/tmpfiles.d/hidden.conf", "")
        tree.write(f"{UNITS}/hidden.service", "[Service]\n")
        tree.write(f"{TMPFILES}/silent.conf", "d /run/something\n")
        tree.write(f"{LIB}/silent.service", "[Service]\nExecStart=/bin/true\n")
        tree.write(f"{LIB}/a.service.d/silent.conf", "[Service]\n")

        wanted = {*wanted, *links}
        assert kept(tree) == wanted, kept(tree) ^ wanted
        (tree.path / "etc/rc.local").chmod(0o755)
        (tree.path / "etc/rc.d").mkdir()
        (tree.path / "etc/rc.local").rename(tree.path / "etc/rc.d/rc.local")
        tree.link("etc/rc.local", "rc.d/rc.local")
        assert kept(tree) == wanted - {"etc/rc.local"} | {"etc/rc.d/rc.local"}, kept(tree)


def check_whether_memblockd_is_enabled():
    wants = f"{LIB}/multi-user.target.wants/memblockd.service"
    for mask in (f"{UNITS}/memblockd.service", "run/systemd/system/memblockd.service",
                 f"{UNITS}/multi-user.target.wants/memblockd.service"):
        with small_tree() as tree:
            # Beside memblockd it is a fault, and else none.
            tree.write("etc/udev/rules.d/1.rules", 'SUBSYSTEM=="memory", ACTION=="add", '
                       'ATTR{state}=="offline", ATTR{state}="online"\n')
            tree.write(f"{MEMORY}/auto_online_blocks", "offline\n")
            tree.link(wants, "../memblockd.service")
            assert wants in kept(tree) and ctl("--root", tree.path, "doctor").returncode == 1
            tree.link(mask, "/dev/null")
            kept(tree)
            assert ctl("--root", tree.path, "doctor").returncode == 0, mask


def check_files_of_boot_that_can_not_be_read():
    for name in (f"{TMPFILES}/a.conf", f"{LIB}/a.service", f"{LIB}/a.service.d/a.conf",
                 "etc/rc.local", "etc/udev/rules.d/a.rules"):
        with small_tree() as tree, tempfile.TemporaryDirectory() as folder:
            tree.link(f"{TMPFILES}/b.conf", "/dev/null")
            tree.link(f"{LIB}/b.service", "/dev/null")
            result = captured(os.path.join(folder, "a.tar"), tree.path)
            assert "is missing" not in result.stdout, result.stdout
            (tree.path / name).mkdir(parents=True)
            result = captured(os.path.join(folder, "b.tar"), tree.path)
            assert result.returncode == 0 and "is missing" in result.stdout, (name, result)
    for name in ("etc/tmpfiles.d", UNITS, f"{LIB}/a.service.d"):
        with small_tree() as tree, tempfile.TemporaryDirectory() as folder:
            tree.write(name, "a file, not a folder\n")
            result = captured(os.path.join(folder, "a.tar"), tree.path)
            assert result.returncode == 0 and "is missing" in result.stdout, (name, result)


def check_formats():
    with small_tree() as tree, tempfile.TemporaryDirectory() as folder:
        for name, magic in (("a.tar", None), ("a.tar.gz", b"\x1f\x8b"), ("a.tar.xz", b"\xfd7zXZ")):
            path = os.path.join(folder, name)
            result = captured(path, tree.path)
            assert result.returncode == 0 and path in result.stdout, result
            with open(path, "rb") as file:
                assert not magic or file.read(len(magic)) == magic, name
            opened(path, os.path.join(folder, "copy." + name))


def check_what_it_holds_is_told():
    with small_tree() as tree, tempfile.TemporaryDirectory() as folder:
        result = captured(os.path.join(folder, "a.tar"), tree.path)
        for word in ("addresses", "pages", "command line", "services"):
            assert word in result.stdout, result.stdout


def check_it_is_for_its_owner_alone():
    """It holds what the kernel shows to root alone."""
    with small_tree() as tree, tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.tar")
        captured(path, tree.path)
        assert os.stat(path).st_mode & 0o777 == 0o600, f"{os.stat(path).st_mode:o}"


def check_names_that_cannot_be():
    with small_tree() as tree, tempfile.TemporaryDirectory() as folder:
        captured("/nonsense")
        for path in (f"{folder}/machine", f"{folder}/machine.zip.txt", f"{folder}/absent/a.tar",
                     folder, "/proc/a.tar", ""):
            result = ctl("--root", tree.path, "capture", path)
            assert result.returncode in (1, 2), f"{path}: exit {result.returncode}"
            assert not result.stdout, f"{path}: {result.stdout}"
            assert path in result.stderr and len(result.stderr.splitlines()) == 1, result.stderr
            assert not os.listdir(folder), f"{path}: leaves {os.listdir(folder)}"


def check_tree_that_is_none():
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(f"{folder}/empty")
        result = captured(f"{folder}/a.tar", f"{folder}/empty")
        assert result.returncode == 1 and len(result.stderr.splitlines()) == 1, result
        assert "Nothing to capture" in result.stderr, result.stderr
        assert os.listdir(folder) == ["empty"], os.listdir(folder)


def check_links_of_a_hostile_tree():
    """Neither are they followed out of the tree, nor waited for."""
    with small_tree() as tree, tempfile.TemporaryDirectory() as folder:
        secret = os.path.join(folder, "secret")
        with open(secret, "w", encoding="utf-8") as file:
            file.write("a secret\n")
        tree.link("proc/cmdline", secret)
        tree.link("sys/bus/nd/devices/namespace0.0", "../../../../../../../.." + folder)
        tree.link("sys/firmware/memmap", folder)
        (tree.path / "proc/meminfo").unlink(missing_ok=True)
        os.mkfifo(tree.path / "proc/meminfo")
        path = os.path.join(folder, "a.tar")
        result = captured(path, tree.path)
        assert result.returncode == 0, result
        with tarfile.open(path) as tar:
            for member in tar:
                data = tar.extractfile(member).read() if member.isfile() else b""
                assert b"a secret" not in data, member.name


main(globals())
