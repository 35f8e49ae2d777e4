#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Wrong usage is told in one line with exit 2; help names everything."""

import re

from harness import ctl, main, small_tree

VERBS = ["status", "list", "show", "map", "nodes", "devices", "online", "offline", "plan", "remove",
         "mark", "unmark", "jobs", "cancel", "monitor", "policy", "doctor", "metrics",
         "capture", "help", "version"]
COMMON = ["--root DIR", "--direct", "-H, --host HOST", "-J, --json", "-h, --help", "-V, --version"]
SWITCHES = {
    "list": ["-a, --all", "-b, --bytes", "-n, --noheadings", "-o, --output", "--output-all",
             "-P, --pairs", "-r, --raw", "-S, --split LIST", "-s, --sysroot DIR", "--summary"],
    "map": ["--svg FILE"],
    "nodes": ["-b, --bytes"],
    "devices": ["-b, --bytes"],
    "online": ["-b, --blocks", "-z, --zone ZONE", "--best-effort", "--dry-run", "--no-wait",
               "--timeout TIME", "-v, --verbose"],
    "offline": ["-b, --blocks", "-z, --zone ZONE", "--best-effort", "--dry-run", "--no-wait",
                "--timeout TIME", "-v, --verbose"],
    "plan": ["-b, --blocks", "-z, --zone ZONE", "--best-effort"],
    "remove": ["--dry-run", "--no-wait", "--timeout TIME", "-v, --verbose"],
    "mark": ["--device NAME", "-l, --list", "--reason TEXT"],
    "jobs": ["-b, --bytes"],
    "metrics": ["--busy", "--prometheus"],
    "help": ["--complete"],
}
# What a verb refuses, its help doesn't offer.
NEEDS_DAEMON = ["mark", "unmark", "jobs", "cancel", "monitor"]
LOCAL = ["policy", "doctor", "capture"]
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
    refused("--root", "", says="Which root?")
    refused("list", "-s", "", says="Which root?")
    refused("list", "-o", says="-o")
    refused("list", "--split", says="--split")
    refused("map", "--svg", says="--svg")
    refused("show", says="Which block")
    refused("capture", says="Where to")
    refused("policy", "test", says="Which block")
    for verb in ("online", "offline", "plan", "remove"):
        refused(verb, says="Which memory")
    refused("plan", "online", says="Which memory")
    refused("mark", "--reason", "x", says="Which blocks")
    refused("mark", "8", says="--reason")
    refused("mark", "8", "--reason", "", says="--reason")
    refused("mark", "8", "--reason", "a\tb", says="control character in it (0x09)")
    refused("mark", "8", "--reason", "\033[1m", says="control character in it (0x1b)")
    refused("unmark", says="Which blocks")
    refused("cancel", says="Which job")


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
    refused("jobs", "1", says='"1"')
    refused("cancel", "1", "2", says='"2"')
    refused("monitor", "8", says='"8"')
    refused("metrics", "a", "b", says='"b"')
    refused("remove", "device:a", "device:b", says='"device:b"')
    refused("mark", "--list", "8", says="--list")
    refused("policy", "8", says='"8"')
    refused("policy", "tests", "8", says='"tests"')


def check_host():
    refused("-H", says="-H")
    refused("-H", "", says="Which host")
    refused("-H", "somewhere", "list", "--direct", says="--direct")
    refused("--root", "somewhere", "list", "--host=somewhere", says="--root")
    refused("list", "-s", "somewhere", "-H", "somewhere", says="--root")
    for verb in (["policy"], ["doctor"], ["capture", "a.tar"]):
        refused(*verb, "-H", "somewhere", says=verb[0])


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
            refused("--root", str(tree.path), "policy", "test", "--", word, says=f'"{word}"')


def check_words_that_name_no_memory():
    """tests/unit/test-targets.c has them all."""
    for verb in ("online", "offline", "plan"):
        for word in ("nonsense", "", "0", "4X", "32-", "0x0-", "node:x", "device:"):
            refused(verb, "--", word, says=f'"{word}"')
        refused(verb, "4G", "2G", says='"2G"')
    for word in ("nonsense", "memory", "", "3-1"):
        refused("unmark", "--", word, says=f'"{word}"')
        refused("mark", "--reason", "x", "--", word, says=f'"{word}"')
    for word in ("4G", "node:0", "device:x"):
        refused("unmark", word, says="Marks are for blocks")
    for word in ("x", "0", "-1", "4294967296", ""):
        refused("cancel", "--", word, says=f'"{word}"')
    for word in ("8-9", "4G", "node:0", "memory8"):
        refused("remove", word, says="device:NAME")
    # No verb offers what it doesn't take.
    refused("remove", "foo", says='"foo" names no memory: that is a device, device:NAME;')
    refused("mark", "all", "--reason", "x", says="that is blocks (8, memory8, 8-12) and address")
    refused("unmark", "all", says='"all" names no memory: that is blocks (8, memory8, 8-12) and')


def check_zones_and_times():
    refused("online", "4G", "-z", "dma", says='"dma"')
    refused("online", "4G", "-z", "", says='""')
    refused("offline", "4G", "--zone", "nonsense", says='"nonsense"')
    refused("offline", "4G", "--zone", "none", says='"none"')
    refused("offline", "4G", "-z", "kernel", says='"kernel"; there are DMA, DMA32, Normal, Highmem, Mov')
    for time in ("0", "", "x", "-1", "5 parsec", "1.5s"):
        refused("offline", "4G", f"--timeout={time}", says=f'"{time}"')


def check_what_only_memblockd_can_do():
    with small_tree() as tree:
        for where in (["--direct"], ["--root", tree.path]):
            for words in (["jobs"], ["cancel", "1"], ["monitor"], ["mark"], ["unmark", "8"],
                          ["mark", "8", "--reason", "x"]):
                refused(*where, *words, says="for memblockd to do")
            refused(*where, "remove", "device:x", says="by memblockd")
        refused("--root", tree.path, "offline", "memory3", says="--direct")
        refused("--direct", "offline", "memory3", "--no-wait", says="--no-wait")


def check_without_memblockd():
    """What reads says in one line that it reads itself; what changes can't."""
    why = "memblockd does not answer (no system bus: No such file or directory)"
    for words in (["list"], ["status"], ["nodes"], ["plan", "online", "8E"]):
        first = ctl(*words).stderr.splitlines()[0]
        assert first == f"memblockctl: {why}; reading the kernel itself", f"{words}: {first}"
    for words in (["online", "4G"], ["offline", "4G"], ["remove", "device:x"], ["jobs"], ["mark"],
                  ["mark", "8", "--reason", "x"], ["unmark", "8"], ["cancel", "1"], ["monitor"]):
        result = ctl(*words)
        assert result.returncode == 1 and not result.stdout, f"{words}: {result}"
        assert result.stderr == f"memblockctl: {why}\n", f"{words}: {result.stderr}"


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


def switches(verb):
    refused_ones = [*(["--root DIR", "--direct"] if verb in NEEDS_DAEMON else []),
                    *(["-H, --host HOST"] if verb in LOCAL else [])]
    return [switch for switch in COMMON if switch not in refused_ones] + SWITCHES.get(verb, [])


def check_help_of_each_verb_names_every_switch():
    for verb in VERBS:
        text = help_of(verb, "--help")
        for switch in switches(verb):
            assert f" {switch}" in text, f"{verb} --help lacks {switch}"
        assert f"memblockctl {verb}" in text, text
        assert help_of("help", verb) == help_of("--help", verb) == help_of(verb, "-h") == text, verb
    return f"{len(VERBS)} verbs"


def check_no_switch_is_left_out_of_these_checks():
    """So that a new one is added here too."""
    for verb in VERBS:
        known = " ".join(switches(verb))
        for name in re.findall(r"^ {2}.{4}(--[a-z-]+)", help_of(verb, "--help"), re.M):
            assert re.search(rf"{name}\b", known), f"{verb} {name}"


def check_help_of_arguments():
    for verb, word in (("show", "BLOCK"), ("mark", "BLOCK"), ("plan", "MEMORY"), ("cancel", "JOB"),
                       ("capture", "FILE.tar"), ("remove", "device:NAME")):
        assert f"\nArguments:\n  {word} " in help_of(verb, "--help"), verb


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
