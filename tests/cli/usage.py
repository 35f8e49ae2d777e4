#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Wrong usage is told in one line with exit 2; help names everything."""

import re

from harness import ctl, main, small_tree

VERBS = ["status", "list", "show", "map", "nodes", "devices", "capture", "help", "version"]
COMMON = ["--root DIR", "--direct", "-J, --json", "-h, --help", "-V, --version"]
SWITCHES = {
    "list": ["-a, --all", "-b, --bytes", "-n, --noheadings", "-o, --output", "--output-all",
             "-P, --pairs", "-r, --raw", "-S, --split LIST", "-s, --sysroot DIR", "--summary"],
    "map": ["--svg FILE"],
    "nodes": ["-b, --bytes"],
    "devices": ["-b, --bytes"],
}
COLUMNS = ["RANGE", "SIZE", "STATE", "REMOVABLE", "BLOCK", "NODE", "ZONES", "REASONS", "NID",
           "DEVICE", "SUBSECTIONS", "KERNEL-REMOVABLE"]


def refused(*words, says):
    """Exit 2, nothing on standard output, one line that says so and where help is."""
    result = ctl(*words)
    assert result.returncode == 2, f"{words}: exit {result.returncode}: {result.stderr}"
    assert not result.stdout, f"{words}: prints {result.stdout}"
    assert re.fullmatch(r"memblockctl: [^\n]+--help\n", result.stderr), f"{words}: {result.stderr}"
    assert says in result.stderr, f"{words}: {result.stderr}"


def check_unknown_verb():
    refused("lst", says='"lst"')
    refused("", says='""')
    refused("help", "lst", says='"lst"')
    refused("List", says='"List"')


def check_unknown_switch():
    refused("--nonsense", says="--nonsense")
    refused("list", "--nonsense", says="--nonsense")
    refused("--nonsense", "list", says="--nonsense")
    refused("list", "-x", says="-x")
    refused("list", "-ax", says="-x")
    refused("show", "-a", "0", says="-a")
    refused("status", "--svg", "x", says="--svg")


def check_ambiguous_switch():
    refused("list", "--a", "--r", says="--r")


def check_missing_arguments():
    refused("--root", says="--root")
    refused("list", "-o", says="-o")
    refused("list", "--split", says="--split")
    refused("map", "--svg", says="--svg")
    refused("show", says="Which block")
    refused("capture", says="Where to")


def check_switch_that_takes_no_argument():
    """It is there, and to say otherwise sends people looking for a typing error."""
    for words in (["list", "--all=yes"], ["--direct=yes"], ["status", "--json=yes"]):
        refused(*words, says=words[-1].partition("=")[0])
        assert "There is no switch" not in ctl(*words).stderr, ctl(*words).stderr


def check_too_many_words():
    refused("status", "8", says='"8"')
    refused("list", "8", says='"8"')
    refused("nodes", "0", says='"0"')
    refused("devices", "0", says='"0"')
    refused("map", "1", "2", says='"2"')
    refused("capture", "a.tar", "b.tar", says='"b.tar"')
    refused("help", "list", "map", says='"map"')
    refused("version", "1", says='"1"')


def check_columns():
    refused("list", "-o", "RANGE,NONSENSE", says='"NONSENSE"')
    refused("list", "-o", "+NONSENSE", says='"NONSENSE"')
    refused("list", "-o", "", says='""')
    refused("list", "-o", "RANGE,,SIZE", says='""')
    refused("list", "-S", "NONSENSE", says='"NONSENSE"')
    refused("list", "--output=" + ",".join(["RANGE"] * 1000), says="column")


def check_summary_word():
    refused("list", "--summary=sometimes", says='"sometimes"')


def check_exclusive_switches():
    refused("list", "-J", "-P", says="--json")
    refused("list", "-J", "-r", says="--json")
    refused("list", "-P", "-r", says="--pairs")
    refused("list", "-a", "-S", "ZONES", says="--split")
    for switch in ("-J", "-P", "-r"):
        refused("list", switch, "--summary=only", says="--summary=only")
        refused("list", "--summary", switch, says="--summary=only")


def check_words_that_name_no_block():
    with small_tree() as tree:
        for word in ("nonsense", "-1x", "8-", "-", "3-1", "1,2", "0x8", "", " 1", "1 ", "memory",
                     "99999999999999999999", "all8", "1-2-3", "memory1x", "+1"):
            refused("--root", str(tree.path), "show", "--", word, says=f'"{word}"')
            refused("--root", str(tree.path), "map", "--", word, says=f'"{word}"')


def check_switches_anywhere():
    """In front of the verb and behind it, as people type them."""
    with small_tree() as tree:
        expected = ctl("--root", tree.path, "list", "-J").stdout
        for words in (["list", "--root", tree.path, "-J"], ["-J", "list", "-s", tree.path],
                      ["-J", f"--root={tree.path}", "--direct", "list"],
                      ["--json", "--root", tree.path, "list"], ["list", f"-Js{tree.path}"]):
            result = ctl(*words)
            assert result.returncode == 0 and result.stdout == expected, f"{words}: {result}"


def check_status_is_the_default():
    with small_tree() as tree:
        result = ctl("--root", tree.path)
        assert result.returncode == 0, result
        assert result.stdout == ctl("status", "--root", tree.path).stdout, result
        assert ctl(f"--root={tree.path}", "-J").stdout.startswith("{")


def help_of(*words):
    result = ctl(*words)
    assert result.returncode == 0 and not result.stderr, f"{words}: {result}"
    long = [line for line in result.stdout.splitlines() if len(line) > 100]
    assert not long, f"{words}: too wide: {long}"
    return result.stdout


def check_help():
    text = help_of("--help")
    for verb in VERBS:
        assert re.search(rf"^  {verb}\b", text, re.M), f"--help lacks {verb}"
    assert help_of("-h") == help_of("help") == text


def check_help_of_each_verb_names_every_switch():
    for verb in VERBS:
        text = help_of(verb, "--help")
        for switch in COMMON + SWITCHES.get(verb, []):
            assert f" {switch}" in text, f"{verb} --help lacks {switch}"
        assert f"memblockctl {verb}" in text, text
        assert help_of("help", verb) == help_of("--help", verb) == help_of(verb, "-h") == text, verb
    return f"{len(VERBS)} verbs"


def check_no_switch_is_left_out_of_these_checks():
    """So that a new one is added here too."""
    for verb in VERBS:
        known = " ".join(COMMON + SWITCHES.get(verb, []))
        for name in re.findall(r"^ {2}.{4}(--[a-z-]+)", help_of(verb, "--help"), re.M):
            assert re.search(rf"{name}\b", known), f"{verb} {name}"


def check_help_of_list_names_every_column():
    text = help_of("list", "--help")
    for column in COLUMNS:
        assert re.search(rf"^  {column} ", text, re.M), f"list --help lacks {column}"


def check_version():
    for words in (["version"], ["--version"], ["-V"], ["list", "-V"]):
        result = ctl(*words)
        assert result.returncode == 0 and not result.stderr, f"{words}: {result}"
        assert re.match(r"memblock\S* [0-9]+(\.[0-9]+)*", result.stdout), f"{words}: {result}"


main(globals())
