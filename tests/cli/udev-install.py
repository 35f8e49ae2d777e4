#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The rule as udev sees it, and what the hooks of initramfs makers carry: they run with doubles of
the makers' functions."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from harness import Skip, main, run

BUILD = pathlib.Path(os.environ["TREES"]).parents[2]
SYSCONFDIR = os.environ["SYSCONFDIR"]
UDEVDIR = os.path.dirname(os.environ["UDEVRULESDIR"])
HOOK_FUNCTIONS = "/usr/share/initramfs-tools/hook-functions"

INITRAMFS_TOOLS = """
copy_exec() {
    mkdir -p "$DESTDIR$(dirname "$1")" && cp "$1" "$DESTDIR$1"
}
"""

DRACUT = """
require_binaries() { for file; do [ -x "$file" ] || return 1; done; }
inst_simple() { mkdir -p "$DESTDIR$(dirname "$1")" && cp "$1" "$DESTDIR$1"; }
inst_rules() { for file; do inst_simple "$RULES/$file"; done; }
inst_multiple() {
    local optional=
    if [ "$1" = -o ]; then optional=1; shift; fi
    for file; do
        case $file in
            /*) ;;
            *) file=$(command -v "$file") || file=/nonexistent ;;
        esac
        [ -n "$optional" ] && [ ! -e "$file" ] && continue
        inst_simple "$file" || return 1
    done
}
"""


class Stage:
    """A root with what `make install` puts there; scripts see it by their paths. A context
    manager."""

    def __init__(self, *, config=True):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="memblock-stage-"))
        self.root, self.destination = self.folder / "root", self.folder / "destination"
        self.destination.mkdir()
        for path in self.paths(config):
            path = self.root / path.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("#!/bin/sh\n", encoding="utf-8")
            path.chmod(0o755)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def paths(config=True):
        paths = [f"{UDEVDIR}/rules.d/60-memblockd.rules", f"{UDEVDIR}/memblockd-online"]
        if config:
            paths += [f"{SYSCONFDIR}/memblockd.conf", f"{SYSCONFDIR}/memblockd.conf.d/10-mine.conf",
                      "/usr/lib/memblockd.conf.d/20-vendor.conf"]
        return paths

    def script(self, path, functions):
        """A hook in which all that is installed lies in the stage."""
        text = (BUILD / path).read_text(encoding="utf-8")
        for name in (UDEVDIR, f"{SYSCONFDIR}/memblockd", "/usr/lib/memblockd"):
            text = text.replace(f"$DESTDIR{name}", f"$DESTDIR$STAGE{name}")
            text = re.sub(rf"([ \t]){name}", rf"\1{self.root}{name}", text)
        doubles = self.folder / "functions"
        doubles.write_text(functions, encoding="utf-8")
        text = text.replace(HOOK_FUNCTIONS, str(doubles))
        script = self.folder / "script"
        script.write_text(text, encoding="utf-8")
        return script

    def environment(self, **more):
        return {"PATH": os.environ["PATH"], "DESTDIR": str(self.destination),
                "STAGE": str(self.root), "RULES": f"{self.root}{UDEVDIR}/rules.d", **more}

    def carried(self):
        below = self.destination / str(self.root).lstrip("/")
        return sorted("/" + str(path.relative_to(below)) for path in below.rglob("*")
                      if path.is_file())


def run_hook(shell, *words, stage, status=0):
    result = run([shell, *words], environment=stage.environment())
    assert result.returncode == status, f"{words}: {result.returncode} {result.stderr}"
    assert not result.stderr, result.stderr
    return result.stdout


def check_initramfs_tools():
    for config in (True, False):
        with Stage(config=config) as stage:
            script = stage.script("udev/initramfs-tools/memblockd", INITRAMFS_TOOLS)
            assert run_hook("sh", script, "prereqs", stage=stage) == "udev\n"
            assert not stage.carried()
            run_hook("sh", script, stage=stage)
            assert stage.carried() == sorted(stage.paths(config)), stage.carried()


def check_dracut():
    for config in (True, False):
        with Stage(config=config) as stage:
            script = stage.script("udev/dracut/module-setup.sh", DRACUT)
            functions = stage.folder / "functions"
            said = run_hook("bash", "-c", f". {functions} && . {script} && check && depends "
                                          "&& install", stage=stage)
            assert said == "udev-rules\n", said
            assert stage.carried() == sorted(stage.paths(config)), stage.carried()
            (stage.root / UDEVDIR.lstrip("/") / "memblockd-online").unlink()
            run_hook("bash", "-c", f". {functions} && . {script} && check", stage=stage, status=1)


def check_rule_is_one_that_udev_takes():
    udevadm = shutil.which("udevadm")
    if not udevadm or run([udevadm, "verify", "--help"]).returncode != 0:
        raise Skip("no udevadm that verifies rules (systemd 254)")
    result = run([udevadm, "verify", BUILD / "udev/60-memblockd.rules"])
    assert result.returncode == 0, result.stdout + result.stderr


MARKED = "MEMBLOCK_REMOVABLE=0\nMEMBLOCK_REASONS=mixed-nodes\nMEMBLOCK_NID=-2\n"
SYNTHETIC = "SYNTH_UUID=0"


def udev_tells(folder, state, action, files, event):
    """What udev would make of an event of memory40, in a /run of its own."""
    rules = folder / "rules"
    device = folder / "device"
    device.write_text("P: /devices/system/memory/memory40\nE: SUBSYSTEM=memory\n"
                      + (f"E: {event}\n" if event else "") + f"A: state={state}\\n\n",
                      encoding="utf-8")
    commands = ["mount -t tmpfs none /run", "mkdir -p /run/udev/rules.d /run/memblockd /run/memblockd-marked",
                f"cp {rules} /run/udev/rules.d/60-memblockd.rules"]
    commands += [f"mkdir -p $(dirname /run/memblockd/{name})" for name in files]
    commands += [f"printf '{text}' >/run/memblockd/{name}" for name, text in files.items()]
    commands.append(f"exec umockdev-run -d {device} -- {shutil.which('udevadm')} test "
                    f"--action={action} /sys/devices/system/memory/memory40")
    return run(["unshare", "--mount", "sh", "-ec", "\n".join(commands)],
               environment={**os.environ}, stderr=subprocess.STDOUT)


def check_what_udev_makes_of_it():
    if not all(map(shutil.which, ("udevadm", "umockdev-run", "unshare"))):
        raise Skip("no udevadm, umockdev or unshare")
    if run(["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/run"]).returncode != 0:
        raise Skip("no mounts of our own")
    for words, state, action, files, event, started, wanted in (
            ("added", "offline", "add", (), "", True, True),
            ("added, and online already", "online", "add", (), "", False, False),
            ("added beside memblockd", "offline", "add", ("ready",), "", False, False),
            ("coldplug, online", "online", "add", (), SYNTHETIC, False, False),
            ("coldplug, offline", "offline", "add", (), SYNTHETIC, True, False),
            ("coldplug beside memblockd", "offline", "add", ("ready",), SYNTHETIC, True, False),
            ("udevadm trigger", "offline", "add", ("coldplugged",), SYNTHETIC, False, False),
            ("change", "offline", "change", (), SYNTHETIC, False, False),
            ("taken offline", "offline", "offline", (), "", True, False),
            ("and another", "offline", "offline", ("coldplugged",), "", False, False),
            ("while a note waits", "offline", "offline", ("coldplugged", "added/memory40"), "",
             True, False),
            ("while memblockd is away", "offline", "offline", ("coldplugged", "offlined/memory7"),
             "", True, False),
            ("beside memblockd", "offline", "offline", ("coldplugged", "offlined/memory7", "ready"),
             "", False, False),
            ("brought online", "online", "online", (), "", False, False),
            ("gone", "offline", "remove", (), "", False, False)):
        for marked in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                folder = pathlib.Path(folder)
                shutil.copy(BUILD / "udev/60-memblockd.rules", folder / "rules")
                made = dict.fromkeys(files, "")
                if marked:
                    made["../memblockd-marked/memory40"] = MARKED
                result = udev_tells(folder, state, action, made, event)
            told = result.stdout
            assert result.returncode == 0, told
            assert (f"run: '{UDEVDIR}/memblockd-online memory40'" in told) == started, \
                f"{words}: {told}"
            assert ("SYSTEMD_WANTS=memblockd-hotplug.target" in told) == wanted, f"{words}: {told}"
            assert (":systemd:" in told) == wanted, f"{words}: {told}"
            shown = marked and action != "remove"
            assert all((line in told) == shown for line in MARKED.splitlines()), f"{words}: {told}"
            assert (":memblockd:" in told) == shown, f"{words}: {told}"


main(globals())
