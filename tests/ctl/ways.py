# SPDX-License-Identifier: GPL-2.0
"""All commands, in all ways in which they may be run: one table.

What a command does in a pipe, in the C locale, is what it is held against.
"""
import json
import os
import pathlib
import pty
import random
import re
import subprocess
import tempfile
import termios

import trees
from tap import PROGRAM, done, equal, ok, read_terminal

scratch = tempfile.TemporaryDirectory()
os.chmod(scratch.name, 0o755)
NOBODY = 65534
COMMANDS = ("check", "load", "unload", "status", "scan", "map", "why", "forecast", "cores", "watch", "enable", "disable", "set", "metrics", "lab", "help", "completion")
# Of each command a line, and others that read. Of those that change something only what refuses or has nothing to do: this is a real host.
LINES = ("check", "check --json", "check --quiet", "load x=1", "unload", "status", "status --json", "scan", "scan --wait", "scan --cancel", "map", "map --json",
         "why", "why 1027", "why --raw", "forecast", "forecast --json", "cores", "cores 0-3", "cores --pairs", "watch", "watch --json", "enable", "disable",
         "set", "set --json", "set x=1", "metrics", "metrics --textfile", "lab --dry-run", "lab --compare a b", "help", "help scan", "completion", "completion zsh", "completion fish")
PRINTS_NOTHING = ("check --quiet",)


def environment(**more):
    return {"PATH": os.environ["PATH"], "LC_ALL": "C", "TERM": "xterm", "TZ": "UTC", "LSAN_OPTIONS": os.environ.get("LSAN_OPTIONS", ""), **more}


def words_of(line, tree):
    words = line.split()
    reads = words[0] in ("check", "status", "map", "why", "forecast", "cores", "watch", "metrics") or words == ["set"] or line == "set --json"
    return [PROGRAM, *words, *(["--sysroot", str(tree)] if tree and reads else [])]


def run(line, tree, **settings):
    """Exit code, output, errors; what changes from run to run made the same."""
    more = settings.pop("more", {})
    result = subprocess.run(words_of(line, tree), stdin=subprocess.DEVNULL, env=environment(**more), timeout=60, check=False,
                            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings})
    return result.returncode, tidy(result.stdout or b""), tidy(result.stderr or b"")


def tidy(data):
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", "TIME", data.decode(errors="replace").replace("µ", "u"))


def on_terminal(line, tree, columns, **more):
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    process = subprocess.Popen(words_of(line, tree), stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env=environment(**more))
    os.close(theirs)
    data = read_terminal(ours)
    return process.wait(), tidy(data).replace("\r", "")


def plain(text):
    return re.sub(r"\033\[[0-9;]*[A-Za-z]", "", text)


def same_words(line, seen, wanted):
    """On a terminal tables are cut, lists wrapped and set has fewer columns; words stay."""
    if line in ("set", "forecast", "help", "help scan") or line.startswith("watch"):
        return True
    return plain(seen).split() == wanted.split()


def check_tty(line, tree, base):
    code, text = on_terminal(line, tree, 100)
    ok(code == base[0] and same_words(line, text, base[1] + base[2]), f"tty: {line}", code, text)


def check_narrow(line, tree, base):
    code, text = on_terminal(line, tree, 40, TERM="dumb")
    # Help about a command, completion, scripts' formats, messages and tables (whose head is in capitals) have lines of their own.
    free = line.startswith("help ") or line.split()[0] in ("completion", "metrics", "watch") or "--" in line or base[2] or base[1].partition("\n")[0].isupper()
    wide = [row for row in text.splitlines() if len(row) > 40 and len(row.split()) > 1]
    ok(code == base[0] and (free or not wide), f"40 columns: {line}", code, *wide)


def check_dumb(line, tree, base):
    code, text = on_terminal(line, tree, 100, TERM="dumb")
    ok(code == base[0] and "\033" not in text, f"TERM=dumb: {line}", code, repr(text))


def check_turkish(line, tree, base):
    equal(run(line, tree, more={"LC_ALL": "tr_TR.UTF-8"}), base, f"tr_TR.UTF-8: {line}")
    equal(run(line, tree, more={"LC_ALL": "tr_TR.ISO-8859-9"}), base, f"tr_TR.ISO-8859-9: {line}")


def check_closed(line, tree, base):
    """Nobody can be told anything on standard output."""
    code, _, err = run(line, tree, stdout=None, preexec_fn=lambda: os.close(1))
    silent = line in PRINTS_NOTHING or not base[1]
    equal((code, err.count("\n")), (base[0], base[2].count("\n")) if silent else (1, 1 + base[2].count("\n")), f"closed stdout: {line}")


def check_full(line, tree, base):
    with open("/dev/full", "wb") as full:
        code, _, err = run(line, tree, stdout=full)
    silent = line in PRINTS_NOTHING or not base[1]
    equal((code, err.endswith("can't write the output: No space left on device\n")), (base[0], False) if silent else (1, True), f"full disk: {line}")


def check_user(line, tree, base):
    """Not root: the files of a tree for root are closed."""
    code, out, err = run(line, tree, user=NOBODY, group=NOBODY, extra_groups=[])
    ok(code in (0, 1, 2) and err.count("\n") <= 1 and (code == 0 or out or err or line in PRINTS_NOTHING), f"no root: {line}", code, out, err)
    if line.split()[0] in ("map", "why", "forecast") and line.split()[0] in base[1] + line:
        ok(code == 1 and re.search("run this as root|Permission denied", err), f"no root: {line}: is told so", code, err)


def check_garbage(line, trees_of_garbage):
    for name, tree in trees_of_garbage.items():
        code, out, err = run(line, tree)
        good = code in (0, 1, 2, 64) and "\033" not in out + err and "Sanitizer" not in err and "runtime error" not in err
        if "--json" in line and out:
            try:
                [json.loads(row) for row in (out.splitlines() if line.startswith("watch") else [out])]
            except ValueError:
                good = False
        ok(good, f"garbage, {name}: {line}", code, repr(out[:500]), repr(err[:500]))


def garbage():
    """Trees in which every file is nonsense of one kind."""
    dice = random.Random(12)
    kinds = {"empty": lambda: b"", "bytes": lambda: bytes(dice.choices(range(256), k=200)), "numbers": lambda: b"99999999999999999999999 -1\n" * 20,
             "escapes": lambda: b"\033[2J\033]0;x\007# a b\n1 2\n", "lists": lambda: b"0-4194303,5,,-\n"}
    made = {}
    for name, make in kinds.items():
        tree = trees.Host().write(f"{scratch.name}/garbage-{name}")
        for path in sorted(tree.rglob("*")):
            if path.is_file():
                path.write_bytes(make())
        made[name] = tree
    return made


def closed_tree():
    """A tree saved by root: what tells of guests is for root."""
    tree = trees.Host().write(f"{scratch.name}/closed")
    for path in sorted(tree.rglob("*")):
        if path.is_file() and (path.name in ("covered", "optimized", "backoff", "faulty", "optimizable") or "stats" in path.parts or "debug" in path.parts):
            path.chmod(0o400)
    return tree


def locales():
    """tr_TR in both of its character sets."""
    for name, charset in (("tr_TR.UTF-8", "UTF-8"), ("tr_TR.ISO-8859-9", "ISO-8859-9")):
        subprocess.run(["localedef", "-i", "tr_TR", "-f", charset, name], check=False, capture_output=True)
    made = subprocess.run(["locale", "-a"], check=True, capture_output=True, text=True).stdout
    ok("tr_TR.utf8" in made and "tr_TR.iso88599" in made, "the locales are there to be tried", made)


def main():
    equal(sorted({line.split()[0] for line in LINES}), sorted(COMMANDS), "all commands are tried")
    text = subprocess.run([PROGRAM, "--help"], check=True, capture_output=True, text=True).stdout
    equal(re.findall(r"^  (\w+) ", text.split("Commands:\n")[1], re.M), list(COMMANDS), "and they are those of --help")
    locales()
    tree, closed, nonsense = pathlib.Path(trees.Host().write(f"{scratch.name}/ready")), closed_tree(), garbage()
    for line in LINES:
        base = run(line, tree)
        ok(base[0] in (0, 1, 2) and "\033" not in base[1], f"pipe: {line}", base)
        for check in (check_tty, check_narrow, check_dumb, check_turkish, check_closed, check_full):
            check(line, tree, base)
        check_user(line, closed, base)
        check_garbage(line, nonsense)


main()
done()
