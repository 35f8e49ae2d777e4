# SPDX-License-Identifier: GPL-2.0-or-later
"""Figures as tables: for a terminal, and for README.md."""

import re

NOTHING = "-"


def seconds(value):
    if value is None:
        return NOTHING
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


def milliseconds(value):
    return seconds(value / 1000)


def memory(kib):
    return NOTHING if kib is None else f"{kib / 1024:.1f} MiB"


def times(ratio):
    return NOTHING if ratio is None else f"{ratio:.2f}"


def real(program):
    """The time of a program of a contest, or that it ran out of it."""
    if not program:
        return NOTHING
    return f"over {program['over']} s" if program["over"] else seconds(program["real"])


def table(headings, rows):
    """Reads well both as it is and as Markdown. All but the first column are figures."""
    widths = [max(map(len, column)) for column in zip(headings, *rows)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]

    def line(cells):
        first, *others = zip(cells, widths)
        return f"| {' | '.join([first[0].ljust(first[1]), *(c.rjust(w) for c, w in others)])} |"
    return "\n".join(map(line, [headings, rule, *rows])) + "\n"


def contest(result):
    """Of a contest with its ratios."""
    others = list(dict.fromkeys(name for ratios in result.get("ratios", {}).values()
                                for name in ratios))
    rows = [[name, real(program), seconds(program["user"]), seconds(program["system"]),
             memory(program["peak"]),
             *(times(result.get("ratios", {}).get(name, {}).get(other)) for other in others)]
            for name, program in result["programs"].items()]
    return table(["", "time", "user", "system", "peak", *others], rows)


def calls(result):
    return table(["", "system calls a block"],
                 [[name, f"{count:.2f}"] for name, count in result["programs"].items()])


def daemon(result):
    rows = [
        ["start to READY", seconds(result["ready_s"])],
        ["the scan (list --summary=only)", seconds(result["scan_s"])],
        ["READY to scan", times(result["ready_to_scan"])],
        ["resident at rest", memory(result["resident_kib"])],
        ["peak until then", memory(result["peak_kib"])],
        [f"wakeups in {result['idle_s']:g} s of rest", str(result["wakeups"])],
    ]
    for name, wait in result["answers"].items():
        rows += [[name + ", median", milliseconds(wait["median_ms"])],
                 [name + ", worst", milliseconds(wait["worst_ms"])]]
    rows += [["worst of many clients to one's worst", times(result["worst_to_one"])],
             ["resident after that", memory(result["resident_after_kib"])],
             ["peak after that", memory(result["peak_after_kib"])]]
    return table(["memblockd", ""], rows)


def scale(result):
    rows = []
    for size in result:
        row = [f"{size['blocks']:,}"]
        for name in ("memblockctl", "lsmem", "floor"):
            program = size["programs"].get(name)
            row += [real(program), memory(program["peak"] if program else None)]
        rows.append([*row, seconds(size["ready_s"]), memory(size["resident_kib"])])
    return table(["blocks", "memblockctl", "peak", "lsmem", "peak", "floor", "peak",
                  "memblockd READY", "at rest"], rows)


def machine(facts):
    kernel = facts["kernel"].partition("-")[0]
    return (f"{facts['cores']} cores, {memory(facts['memory_kib'])}, Linux {kernel}; "
            f"{facts['memblockctl']}, {facts['lsmem'] or 'no lsmem'}.")


def put_between(text, name, inside):
    """Replaces what stands between a document's markers of that name."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    pattern = re.escape(begin) + ".*" + re.escape(end)
    fresh, found = re.subn(pattern, lambda _: f"{begin}\n{inside}\n{end}", text, flags=re.DOTALL)
    if found != 1:
        raise ValueError(f"no place for {name}")
    return fresh
