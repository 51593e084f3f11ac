# SPDX-License-Identifier: GPL-2.0
"""Columns and their formats, colors, and how wide a line may be."""
import json
import tempfile

import trees
from tap import ctl, done, equal, like, ok, terminal

scratch = tempfile.TemporaryDirectory()
hosts = trees.make_all(scratch.name + "/trees")


def columns_tests():
    """Which columns, and how they are written."""
    cell = ctl("why", "--raw", tree=hosts["ready"]).out.splitlines()
    equal(cell, ["REGION STATE WHOLE PARTIAL FIRMWARE ASIDS", "1 rmp 2 1 3 -", "1025 backoff 0 0 0 -", "1027 held 3 2 1 7,9"], "--raw: no column vanishes")
    for name in hosts:
        for command in ("check", "status", "map", "why", "forecast", "cores", "set"):
            lines = ctl(command, "--raw", "--output-all", tree=hosts[name]).out.splitlines()
            equal({len(line.split(" ")) for line in lines} - {len(lines[0].split()) if lines else 0}, set(), f"{command} --raw, {name}: each row has all columns")
    equal(ctl("why", "--pairs", tree=hosts["ready"]).out.splitlines()[0], 'REGION="1" STATE="rmp" WHOLE="2" PARTIAL="1" FIRMWARE="3" ASIDS=""', "--pairs")
    equal(ctl("why", "-o", "+kind,region", "--raw", tree=hosts["ready"]).out.splitlines()[0], "REGION STATE WHOLE PARTIAL FIRMWARE ASIDS KIND",
          "-o +COL: beside the default ones, each once")
    equal(ctl("check", "-o", "+title", "-r", tree=hosts["ready"]).out.splitlines()[0], "NAME RESULT READ FIX TITLE", "-o +COL: one that is not shown otherwise")
    equal(ctl("check", "--output-all", "-r", tree=hosts["ready"]).out.splitlines()[0], "NAME RESULT READ FIX CAUSE TITLE", "--output-all")
    equal([*json.loads(ctl("check", "--json", tree=hosts["ready"]).out)["check"][0]], ["name", "result", "read", "fix", "cause", "title"], "--json: all columns")
    for words in (["--json", "--raw"], ["--raw", "--pairs"], ["-O", "-o", "name"], ["-o", "+nonsense"], ["-o", "+"], ["-o", ""]):
        equal(ctl("check", *words, tree=hosts["ready"]).code, 2, f"columns: refuses {' '.join(words)!r}")


def color_tests():
    for words, colored in ((["--color"], True), (["--color=always"], True), (["--color=auto"], False), (["--color=never"], False), ([], False)):
        equal("\033[32m" in ctl("map", *words, tree=hosts["ready"]).out, colored, f"map {' '.join(words)}: in a pipe")
    like(terminal("map", "--color=always", tree=hosts["ready"], NO_COLOR="1", TERM="dumb"), "\033\\[32m", "--color=always: whatever the environment says")
    equal(ctl("map", "--color=pink", tree=hosts["ready"]).err, "rmpoptctl: --color=pink: use one of: auto always never\n", "--color: another word")


def fits(lines, columns):
    """A word alone may be longer."""
    return all(len(line) <= columns or len(line.split()) == 1 for line in lines)


def width_tests():
    """COLUMNS goes before what the terminal says, and is heeded in a pipe."""
    for columns in ("40", "60"):
        lines = terminal("status", "--color=never", tree=hosts["ready"], columns=100, COLUMNS=columns).split("\r\n")
        ok(fits(lines, int(columns)), f"COLUMNS={columns}: on a terminal", *lines)
        lines = ctl("status", tree=hosts["ready"], prefix=("env", f"COLUMNS={columns}")).out.splitlines()
        ok(fits(lines, int(columns)), f"COLUMNS={columns}: in a pipe", *lines)
    for columns in ("0", "x", "99999", "-1", ""):
        equal(ctl("status", tree=hosts["ready"], prefix=("env", f"COLUMNS={columns}")).out, ctl("status", tree=hosts["ready"]).out, f"COLUMNS={columns!r} says nothing")
    for command in ("set", "cores", "why", "forecast", "check"):
        lines = terminal(command, "--color=never", tree=hosts["ready"], columns=80).split("\r\n")
        ok(max(map(len, lines)) <= 80, f"{command}: fits 80 columns", max(lines, key=len))


for test in (columns_tests, color_tests, width_tests):
    test()
done()
