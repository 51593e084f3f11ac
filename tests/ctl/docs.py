# SPDX-License-Identifier: GPL-2.0
"""Man pages and completion name the same commands, options and parameters as --help and set."""
import json
import pathlib
import re
import subprocess
import tempfile

from tap import PROGRAM, ctl, done, equal, ok

tree = pathlib.Path(__file__).parents[2]
built = pathlib.Path(PROGRAM).parent
help_text = ctl("--help").out
commands = re.findall(r"^  (\w+) ", help_text.split("Commands:\n")[1].split("\n\n")[0], re.M)


def options_of(command):
    """(short or None, long, argument or None) of each option."""
    text = ctl(command, "--help").out.split("Options:\n")[1].split("\n\n")[0]
    return re.findall(r"^  (?:-(\w),|   ) --([\w-]+)(?: ([A-Z]+))?", text, re.M)


def section(text, name):
    return re.search(rf"^# {name}\n(.*?)(?=^# |\Z)", text, re.M | re.S)[1]


def manual_tests():
    page = (tree / "doc/rmpoptctl.8.scd").read_text()
    equal(sorted(re.findall(r"^\*(\w+)\*", section(page, "COMMANDS"), re.M)), sorted(commands),
          "rmpoptctl(8) has the commands of --help")
    written = {m[2]: (m[1] or "", m[2], m[3] or "") for m in
               re.finditer(r"^(?:\*-(\w)\*, )?\*--([\w-]+)\*(?: _([A-Z]+)_)?$", section(page, "OPTIONS"), re.M)}
    known = {option[1]: option for command in commands for option in options_of(command)}
    equal(sorted(written), sorted(known), "rmpoptctl(8) has the options of --help")
    for name, option in sorted(known.items()):
        equal(written.get(name), option, f"rmpoptctl(8): --{name} as in --help")
    equal(re.findall(r"^\*(\d+)\*", section(page, "EXIT STATUS"), re.M), ["0", "1", "2", "64"], "rmpoptctl(8) has the exit codes")


def parameter_tests():
    """rmpopt(4), the table behind set, and the module's own sources."""
    page = section((tree / "doc/rmpopt.4.scd").read_text(), "PARAMETERS")
    rows = {row["name"]: row for row in json.loads(ctl("set", "--json").out)["set"]}
    written = re.findall(r"\*(\w+)\*(?=[, ])(?=[^\n]*\()", page)
    equal(sorted(written), sorted(rows), "rmpopt(4) has the parameters of set")
    sources = "".join(path.read_text() for path in sorted((tree / "src").glob("*.c")))
    module = re.findall(r"^module_param(?:_named|_cb)?\((\w+),", sources, re.M)
    equal(sorted(set(module)), sorted(rows), "set has the parameters of the module")
    for name, low, high in re.findall(r"__ATTR\((\w+), 0644.*?\.min = (\w+), \.max = ([^,]+),", sources, re.S):
        limit = {"NR_CPUS": 8192, "DAY_MS": 86400000, "7 * DAY_MS": 604800000}.get(high) or (high.isdigit() and int(high))
        if rows[name]["limits"] in ("Y or N", "ipi or skip"):
            continue
        equal(rows[name]["limits"].removeprefix("0 or "), f"{low}-{limit}", f"set: {name} has the module's limits")


def complete(*words):
    """What bash would offer for the last word."""
    script = f"""source {built}/rmpoptctl.bash
COMP_WORDS=({' '.join(map(repr, words))}); COMP_CWORD={len(words) - 1}
_rmpoptctl; printf '%s\\n' "${{COMPREPLY[@]}}" """
    return subprocess.run(["bash", "-eu", "-c", script], capture_output=True, check=True, text=True).stdout.split()


def completion_tests():
    equal(complete("rmpoptctl", ""), [*commands, "--help", "--version"], "completion: commands")
    for command in commands:
        equal(complete("rmpoptctl", command, "--"), ["--" + option[1] for option in options_of(command)],
              f"completion: options of {command}")
    equal(complete("rmpoptctl", "cores", "--output", "wo"), ["worst_slice_ns"], "completion: columns")
    equal(complete("rmpoptctl", "cores", "--output", "cpu,ro"), ["cpu,role"], "completion: columns in a list")
    equal(complete("rmpoptctl", "--sysroot", "map", "co"), ["cores", "completion"], "completion: an option's value is no command")
    equal(complete("rmpoptctl", "help", "ma"), ["map"], "completion: help takes commands")
    parameters = [row["name"] + "=" for row in json.loads(ctl("set", "--json").out)["set"]]
    for command in ("set", "load"):
        equal(complete("rmpoptctl", command, "sl"), ["slice_us="], f"completion: {command} takes parameters")
        equal([word for word in complete("rmpoptctl", command, "") if word[:2] != "--"], parameters, f"completion: all that {command} takes")
    equal(complete("rmpoptctl", "ma"), ["map"], "completion: a part of a word")


def help_tests():
    for command in commands:
        text = ctl(command, "--help").out
        ok(re.search(r"^Examples:\n  \S.*rmpoptctl", text, re.M) or "rmpoptctl" in text.split("Examples:")[1],
           f"{command} --help has an example")
        equal(ctl("help", command).out, text, f"help {command} says the same")
    for page in ("rmpoptctl.8", "rmpopt.4"):
        ok((built / page).stat().st_size > 1000, f"{page} is made")


def install_tests():
    with tempfile.TemporaryDirectory() as to:
        subprocess.run(["make", "-s", "-C", tree, "-f", "src/ctl/Makefile", "install", f"build={built}", f"DESTDIR={to}",
                        "prefix=/usr", "CFLAGS=-O1 -g"], check=True, capture_output=True)
        found = sorted(str(path.relative_to(to)) for path in pathlib.Path(to).rglob("*") if path.is_file())
        equal(found, ["usr/sbin/rmpoptctl", "usr/share/bash-completion/completions/rmpoptctl", "usr/share/man/man4/rmpopt.4",
                      "usr/share/man/man8/rmpoptctl.8"], "make install-ctl: what is installed")


manual_tests()
parameter_tests()
completion_tests()
help_tests()
install_tests()
done()
