#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What may come next on a command line: memblockctl help --complete. make check-completions tries the
shells that ask it."""

from harness import ctl, main, small_tree


def answer(*words, status=0):
    """The lines for the last word: words and what they are."""
    result = ctl("help", "--complete", "--", *words)
    assert result.returncode == status, f"{words}: exit {result.returncode}: {result.stderr}"
    lines = [line.split("\t") for line in result.stdout.splitlines()]
    assert all(len(line) == 2 for line in lines), f"{words}: {result.stdout}"
    return lines


def completes(wanted, *words):
    found = [word for word, _ in answer(*words)]
    assert found == wanted.split(), f"{words}: {found}"


def left_to_shell(kind, *words):
    assert answer(*words) == [["", kind]], f"{words}: {answer(*words)}"


def check_verbs():
    completes("status show", "s")
    completes("list", "--direct", "-J", "li")
    completes("map mark monitor metrics", "help", "m")
    completes("", "list", "x")
    assert answer("lis")[0][1].startswith("List memory"), answer("lis")
    assert len(answer()) == len(answer("")) > 10
    assert not answer("lst", "", status=2)


def check_switches():
    completes("--svg", "map", "--s")
    completes("--split --sysroot --summary", "list", "--s")
    completes("--json", "--js")
    completes("--root --direct --host --json --help --version", "-")
    completes("--blocks --best-effort", "plan", "--b")
    completes("--root", "show", "3", "--r")
    completes("--reason", "mark", "3", "--r")
    completes("--help", "capture", "--h")
    completes("--complete", "help", "--c")
    completes("--summary", "list", "-an", "--summ")


def check_columns():
    completes("RANGE,SIZE RANGE,STATE RANGE,SUBSECTIONS", "list", "-o", "RANGE,S")
    completes("+KERNEL-REMOVABLE", "list", "--output", "+K")
    completes("--output=+KERNEL-REMOVABLE", "list", "--output=+k")
    completes("UNMOVABLE", "list", "-ao", "u")
    completes("NODE NID NODES none", "list", "-S", "n")


def check_words_of_switches():
    completes("--summary=always", "list", "--summary=a")
    completes("kernel", "online", "-z", "k")
    completes("movable", "plan", "online", "--zone=kernel", "--zone", "m")
    completes("Movable", "offline", "-z", "m")
    completes("", "map", "--nonsense=")
    completes("", "list", "--all=")
    left_to_shell("DIR", "--root", "")
    left_to_shell("DIR", "list", "--sysroot=/t")
    left_to_shell("FILE", "map", "--svg", "")
    left_to_shell("FILE", "capture", "x")
    left_to_shell("TEXT", "mark", "--reason", "")
    left_to_shell("TIME", "remove", "--timeout=9")


def check_memory():
    with small_tree() as tree:
        tree.block(8, state="offline", zones="Normal Movable", nodes=(1,))
        tree.block(9, zones="None", nodes=(1,))
        root = ("--root", tree.path)
        completes("0 1 2 3 4 5 6 7 8 9 all", *root, "show", "0", "")
        completes("memory0", *root, "map", "memory0")
        completes("", *root, "map", "0", "")
        completes("memory8", *root, "online", "m")
        completes("memory0 memory1 memory2 memory3 memory4 memory5 memory6 memory7",
                  *root, "offline", "memory")
        completes("node:0 node:1", f"--root={tree.path}", "plan", "offline", "8-9", "no")
        completes("online offline", *root, "plan", "o")
        completes("", *root, "plan", "offline", "o")
        completes("device:firmware", *root, "plan", "d")
        completes("", *root, "remove", "")
        completes("firmware", *root, "mark", "--device", "")
        completes("test", *root, "policy", "")
        completes("7", *root, "policy", "test", "7")
        completes("", *root, "unmark", "")


def check_a_captured_tree_that_is_not_there():
    assert not answer("--root", "/nonexistent", "show", "", status=1)


main(globals())
