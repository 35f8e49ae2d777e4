#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory of small trees taken offline and brought online without a daemon: what comes of it, what
is refused by which name, and what the exit status says."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time

from harness import ENVIRONMENT, MEMBLOCKCTL, MEMORY, MIB, Skip, Tree, ctl, main, run

UID = 65534
DONE, NOTHING, USAGE, PARTLY = 0, 1, 2, 64


def machine(normal=8, movable=8, offline=4, free=0.9):
    """Blocks of Normal, then of Movable, then offline ones; most of it is free."""
    online = normal + movable
    tree = Tree().blocks(range(normal)).blocks(range(normal, online), zones="Movable")
    tree.blocks(range(online, online + offline), state="offline", zones="Normal Movable")
    tree.ram((0, online + offline))
    tree.memory(online, normal, free)
    return tree.pages({index: {} for index in range(online)})


def states(tree):
    return {int(path.name[len("memory"):]): (path / "state").read_text(encoding="utf-8").strip()
            for path in (tree.path / MEMORY).glob("memory*") if (path / "state").exists()}


def change(tree, *words, status=DONE, says=(), prints=()):
    result = ctl("--direct", "--root", tree.path, *words)
    assert result.returncode == status, f"{words}: exit {result.returncode}: {result.stderr}"
    for text in [says] if isinstance(says, str) else says:
        assert text in result.stderr, f"{words}: {text}? {result.stderr}"
    for text in [prints] if isinstance(prints, str) else prints:
        assert text in result.stdout, f"{words}: {text}? {result.stdout}"
    assert says or not result.stderr, f"{words}: {result.stderr}"
    return result.stdout


def change_json(tree, *words, **options):
    return json.loads(change(tree, *words, "-J", **options))


def unchanged(tree, *words, **options):
    """It must not touch the tree."""
    before = states(tree)
    output = change(tree, *words, **options)
    assert states(tree) == before, f"{words}: {states(tree)}"
    return output


def check_offline():
    with machine() as tree:
        change(tree, "offline", "memory8", prints=("Taking 128M offline\n",
                                                   "Now offline: 128M, block 8\n"))
        change(tree, "offline", "9-10", prints="Now offline: 256M, blocks 9-10\n")
        change(tree, "offline", "-b", "11", prints="Now offline: 128M, block 11\n")
        change(tree, "offline", "0x60000000-0x67ffffff", prints="Now offline: 128M, block 12\n")
        gone = [index for index, state in sorted(states(tree).items()) if state == "offline"]
        assert gone == [*range(8, 13), *range(16, 20)], gone
        change(tree, "online", "8-12", prints="Now online: 640M, blocks 8-12\n")
        assert states(tree)[8] == "online"


def check_sizes():
    """A bare number is MiB, as with chmem; blocks of Movable go first, the highest before others."""
    with machine() as tree:
        change(tree, "offline", "256", prints="Now offline: 256M, blocks 14-15\n")
        change(tree, "offline", "128M", prints="Now offline: 128M, block 13\n")
        change(tree, "offline", "128M", "8-9", prints="Now offline: 128M, block 9\n")
        change(tree, "online", "0.5G", status=USAGE, says="no size of memory")
        change(tree, "online", "512M", "13-19", prints="Now online: 512M, blocks ")


def check_several_words():
    with machine() as tree:
        change(tree, "offline", "memory3", "8-9", "0x60000000-0x67ffffff",
               prints="Now offline: 512M, blocks 3, 8-9, 12\n")
        change(tree, "online", "node:0", "3-12", "device:firmware",
               prints=("Now online: 512M, blocks 3, 8-9, 12\n", "Already online: 768M"))


def check_zone():
    with machine() as tree:
        change(tree, "offline", "6-9", "-z", "movable", prints="Now offline: 256M, blocks 8-9\n")
        change(tree, "offline", "6-7", "-z", "Normal", prints="Now offline: 256M, blocks 6-7\n")
        change(tree, "offline", "5", "-b", "-z", "DMA", status=NOTHING, says="NoSuchBlock")
        unchanged(tree, "online", "0-3", "-z", "movable", status=NOTHING, says="WrongZone")
        change(tree, "online", "memory16", "-z", "kernel", prints="Now online: 128M, block 16\n")
        assert states(tree)[16] == "online_kernel"
        # The kernel would make a state of that word.
        change(tree, "online", "memory17", "-z", "Movable", says="unknown word \"online_kernel\"")
        assert states(tree)[17] == "online_movable"


def check_already_so():
    with machine() as tree:
        unchanged(tree, "offline", "16-19", prints="Already offline: 512M, blocks 16-19\n")
        unchanged(tree, "online", "0-3", prints="Already online: 512M, blocks 0-3\n")
        change(tree, "offline", "15-16", prints=("Now offline: 128M, block 15\n",
                                                 "Already offline: 128M, block 16\n"))


def check_refused_by_name():
    with machine() as tree:
        tree.block(20, zones="none").ram((0, 21))
        for words, error, text in (
                (("offline", "memory20"), "NotRemovable", "mixed-zones"),
                (("offline", "0x40000000-0x40ffffff"), "NotAligned", "0x40000000-0x47ffffff"),
                (("offline", "100M"), "NotAligned", "128 MiB"),
                (("offline", "4"), "NotAligned", "block 4 is named memory4"),
                (("offline", "memory40"), "NoSuchBlock", "memory40"),
                (("offline", "19-30"), "NoSuchBlock", "memory21"),
                (("offline", "memory18446744073709551615"), "NoSuchBlock", "18446744073709551615"),
                (("offline", "8-9", "9-10"), "InvalidRange", "overlap"),
                (("offline", "node:7"), "NoSuchNode", "7"),
                (("offline", "device:nothing"), "NoSuchDevice", "nothing"),
                (("offline", "64G"), "TooFewBlocks", "64 GiB"),
                (("offline", "0-15"), "TooLittleMemory", "reserve")):
            unchanged(tree, *words, status=NOTHING, says=(f"memblockctl: {error}: ", text))
            told = json.loads(unchanged(tree, *words, "-J", status=NOTHING, says=error))
            assert told["result"] == "failed" and told["error"] == error, told
            assert told["job"] is None and told["blocks"] == [] and text in told["message"], told
            unchanged(tree, *words, "--dry-run", status=NOTHING, says=error)
            unchanged(tree, "plan", *words, status=NOTHING, says=error)


def check_memory_that_is_not_known():
    with machine() as tree:
        (tree.path / "proc/meminfo").unlink()
        unchanged(tree, "offline", "memory8", status=NOTHING, says="NotKnown")
        change(tree, "online", "memory16")


def check_configuration():
    with machine() as tree:
        tree.write("run/memblockd.conf.d/here.conf", "[Offline]\nReserve=1900M\nNonsense=1\n")
        unchanged(tree, "offline", "memory8", status=NOTHING,
                  says=("TooLittleMemory", "reserve", "here.conf:3"))


def check_best_effort():
    with machine() as tree:
        tree.write(f"{MEMORY}/memory9/valid_zones", "none\n")
        unchanged(tree, "offline", "8-10", status=NOTHING, says="NotRemovable")
        change(tree, "offline", "8-10", "--best-effort",
               prints=("Now offline: 256M, blocks 8, 10\n", "Left out: 128M, block 9\n"),
               **partly("256M of 384M is offline"))


def partly(text):
    return {"status": PARTLY, "says": text}


def nobody(tree, *words):
    """As somebody whom a file's mode keeps out."""
    if os.getuid() != 0:
        return ctl("--direct", "--root", tree.path, *words)
    setpriv = shutil.which("setpriv")
    if not setpriv:
        raise Skip("no setpriv")
    for path in (tree.path, *tree.path.rglob("*")):
        os.chown(path, UID, UID, follow_symlinks=False)
    command = [setpriv, "--reuid", str(UID), "--regid", str(UID), "--clear-groups",
               "--inh-caps=-all", MEMBLOCKCTL]
    if run([*command, "version"]).returncode != 0:
        raise Skip(f"nobody can't run {MEMBLOCKCTL}")
    return run([*command, "--direct", "--root", tree.path, *words])


def lock(tree, index):
    (tree.path / MEMORY / f"memory{index}/state").chmod(0o444)


def check_failure_is_put_back():
    with machine() as tree:
        before = states(tree)
        lock(tree, 10)
        result = nobody(tree, "offline", "8-12")
        assert result.returncode == NOTHING, result
        assert "memory10 failed: EACCES (Permission denied)\n" in result.stderr, result
        assert "Refused: memory10: Permission denied; all is put back\n" in result.stderr, result
        assert "Put back: 256M, blocks 11-12\n" in result.stdout, result
        now = states(tree)
        assert {index: state.partition("_")[0] for index, state in now.items()} == before, now
        told = json.loads(nobody(tree, "offline", "memory10", "-J").stdout)
        assert told["result"] == "failed" and told["error"] == "Refused", told
        assert told["blocks"] == [{"block": 10, "start": 10 * 128 * MIB, "outcome": "failed",
                                   "error": "EACCES", "zone": "Movable"}], told


def check_a_size_is_met_by_others():
    with machine() as tree:
        lock(tree, 15)
        result = nobody(tree, "offline", "256M", "-v")
        assert result.returncode == DONE, result
        assert "Now offline: 256M, blocks 13-14\n" in result.stdout, result
        assert "memory15: failed, Movable, EACCES\n" in result.stdout, result
        assert "memory15 failed: EACCES" in result.stderr, result


def check_a_size_is_not_met_beyond_the_reserve():
    """No block of the kernel's that would be refused by itself stands in for a movable one."""
    with machine() as tree:
        tree.write("run/memblockd.conf.d/here.conf", "[Offline]\nReserve=900M\n")
        unchanged(tree, "offline", "memory7", status=NOTHING, says="TooLittleMemory")
        lock(tree, 15)
        result = nobody(tree, "offline", "128M", "memory7", "memory15")
        assert result.returncode == NOTHING, result
        assert "Refused: memory15: Permission denied; nothing is changed\n" in result.stderr, result
        assert states(tree)[7] == "online"


def check_failure_by_best_effort():
    with machine() as tree:
        lock(tree, 10)
        result = nobody(tree, "offline", "8-12", "--best-effort")
        assert result.returncode == PARTLY, result
        assert "Now offline: 512M, blocks 8-9, 11-12\n" in result.stdout, result
        assert "Refused: memory10: Permission denied; 512M of 640M is offline" in result.stderr
        result = nobody(tree, "offline", "memory10", "--best-effort")
        assert result.returncode == NOTHING, result
        assert "nothing is changed" in result.stderr, result


def check_json():
    with machine() as tree:
        told = change_json(tree, "offline", "15-16")
        told["blocks"].sort(key=lambda block: block["block"])
        assert told == {"job": None, "result": "done", "error": None, "message": None, "blocks": [
            {"block": index, "start": index * 128 * MIB, "outcome": outcome, "error": None,
             "zone": None} for index, outcome in ((15, "done"), (16, "already"))]}, told


def check_plan():
    with machine() as tree:
        output = unchanged(tree, "plan", "256M")
        assert output == unchanged(tree, "plan", "offline", "256M"), output
        assert output == unchanged(tree, "offline", "--dry-run", "256M"), output
        assert output.splitlines()[:3] == [
            "RANGE                                 SIZE BLOCK PLAN   BUSY MOVE",
            "0x0000000070000000-0x000000007fffffff 256M 14-15 change   no   0B",
            "0x0000000000000000-0x000000006fffffff 1.8G  0-13 spare    no   0B"], output
        assert output.endswith(
            "\nTo be taken offline: 256M, none of it to be moved elsewhere\n"), output
        assert unchanged(tree, "plan", "online", "15-16") == \
            unchanged(tree, "online", "15-16", "--dry-run")
        told = json.loads(unchanged(tree, "plan", "online", "15-16", "-J"))
        assert told["plan"] == "online" and told["wanted"] == 256 * MIB, told
        assert all("busy" not in block for block in told["blocks"]), told
        assert "BUSY" not in unchanged(tree, "plan", "online", "15-16")
        fates = {block["block"]: block["fate"] for block in told["blocks"]}
        assert fates == {15: "already", 16: "change"}, told
        # Planning is reading, for which --root is enough.
        assert ctl("--root", tree.path, "plan", "256M").stdout == output
        assert ctl("--root", tree.path, "offline", "--dry-run", "256M").stdout == output


def check_plan_by_what_blocks_hold():
    """What is busy comes last, behind what nobody counted; what there is to move is said."""
    with machine() as tree:
        tree.pages({**{index: {"slab": 9} for index in range(15)}, 12: {"movable": 512},
                    13: {"movable": 256, "kernel": 1}})
        output = unchanged(tree, "plan", "384M")
        rows = [line.split(maxsplit=2)[2].rstrip() for line in output.splitlines()[1:6]]
        assert rows == ["12 change   no   2M", "15 change", "13 change  yes   1M",
                        "14 spare   yes   0B", "0-11 spare   yes   0B"], output
        assert output.endswith(
            "\nTo be taken offline: 384M, 3M of it to be moved elsewhere, 1 block likely to "
            "refuse\n"), output
        told = json.loads(unchanged(tree, "plan", "384M", "-J"))["blocks"]
        loads = {block["block"]: (block["busy"], block["to_move"]) for block in told}
        assert loads[12] == (False, 512 << 12) and loads[13] == (True, 256 << 12), loads
        assert loads[15] == (None, None), loads


def check_plan_of_what_is_not_counted():
    with machine() as tree:
        (tree.path / "memblockd/pages").unlink()
        output = unchanged(tree, "plan", "256M")
        assert output.endswith(
            "\nTo be taken offline: 256M; what is in it could not be looked at\n"), output
        # Whoever does it needs no word of it.
        change(tree, "offline", "256M", prints="Now offline: 256M, blocks 14-15\n")


def check_reserved_pages_are_refused():
    with machine() as tree:
        tree.pages({**{index: {} for index in range(16)}, 9: {"reserved": 1}})
        unchanged(tree, "offline", "8-9", status=NOTHING, says=("NotRemovable", "reserved-pages"))


def check_poisoned_pages():
    """Of a kernel from 6.6 on such a block never comes back."""
    with machine() as tree:
        tree.pages({**{index: {} for index in range(16)}, 9: {"poisoned": 1}})
        unchanged(tree, "offline", "memory9", status=NOTHING, says="Poisoned")
        unchanged(tree, "plan", "memory9", status=NOTHING, says="Poisoned")
        change(tree, "offline", "memory9", "--best-effort",
               prints="Now offline: 128M, block 9\n")


def check_a_tree_is_changed_with_direct_only():
    with machine() as tree:
        result = ctl("--root", tree.path, "offline", "memory8")
        assert result.returncode == USAGE and "--direct" in result.stderr, result
        assert states(tree)[8] == "online"


def fill(pipe):
    """Whoever writes to it from now on waits for a reader."""
    os.set_blocking(pipe, False)
    for size in (4096, 1):
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(pipe, size * b"-")
    os.set_blocking(pipe, True)


def catches(process, signals):
    with open(f"/proc/{process.pid}/status", encoding="utf-8") as status:
        mask = int(next(line.split()[1] for line in status if line.startswith("SigCgt:")), 16)
    return all(mask >> number - 1 & 1 for number in signals)


@contextlib.contextmanager
def held_up(tree, *words, heeds=(signal.SIGINT, signal.SIGTERM, signal.SIGHUP), **options):
    """A change that waits for somebody to read of its begin: its process, and a pipe to read."""
    reader, writer = os.pipe()
    fill(writer)

    def prepare():
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL if number in heeds else signal.SIG_IGN)

    with open(reader, "rb") as pipe, subprocess.Popen(
            [str(MEMBLOCKCTL), "--direct", "--root", str(tree.path), *words], stdout=writer,
            env=ENVIRONMENT, preexec_fn=prepare, **options) as process:
        os.close(writer)
        try:
            deadline = time.monotonic() + 60
            while not catches(process, {signal.SIGALRM, *heeds}):
                assert time.monotonic() < deadline and process.poll() is None, f"{words}: it ended"
                time.sleep(0.01)
            yield process, pipe
        finally:
            process.kill()


def is_online(tree, indices):
    """What was put back has the word of its zone."""
    return all(states(tree)[index].startswith("online") for index in indices)


def check_interrupted():
    """The end of a terminal too, of which a shell and then the kernel tell."""
    for signals in ([signal.SIGINT], [signal.SIGTERM], [signal.SIGHUP],
                    [signal.SIGHUP, signal.SIGHUP, signal.SIGHUP]):
        with machine() as tree, held_up(tree, "offline", "8-12", stderr=subprocess.PIPE) as \
                (process, pipe):
            for number in signals:
                process.send_signal(number)
            text = pipe.read().decode()
            assert process.wait(60) == NOTHING, f"{signals}: {process.returncode}, {text}"
            errors = process.stderr.read().decode()
            assert "Cancelled" in errors and "Put back: 128M" in text, f"{errors} {text}"
            assert is_online(tree, range(16)), f"{signals}: {states(tree)}"


def check_interrupted_with_its_reader():
    """As by Ctrl-C of `memblockctl ... 2>&1 | tee log`."""
    with machine() as tree, held_up(tree, "offline", "8-12", stderr=subprocess.STDOUT) as \
            (process, pipe):
        process.send_signal(signal.SIGINT)
        pipe.close()
        assert process.wait(60) == NOTHING, process.returncode
        assert is_online(tree, range(16)), states(tree)


def check_reader_that_leaves():
    """All is done, and that could not be printed."""
    for words in ((), ("-J",)):
        with machine() as tree, held_up(tree, "offline", "8-12", *words) as (process, pipe):
            pipe.close()
            assert process.wait(60) == PARTLY, f"{words}: {process.returncode}"
            assert not is_online(tree, [8]), states(tree)


def check_a_terminal_that_need_not_last():
    """As nohup has it."""
    with machine() as tree, held_up(tree, "offline", "8-12", heeds=()) as (process, pipe):
        process.send_signal(signal.SIGHUP)
        text = pipe.read().decode()
        assert process.wait(60) == DONE and "Now offline: 640M" in text, text


def check_block_that_vanishes():
    """Its files are there when the plan is made, and can't be read any more after it."""
    with machine() as tree:
        (tree.path / MEMORY / "memory9/state").unlink()
        unchanged(tree, "offline", "8-10", status=NOTHING, says="NoSuchBlock")


main(globals())
