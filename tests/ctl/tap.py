# SPDX-License-Identifier: GPL-2.0
"""TAP, and running rmpoptctl."""
import os
import pty
import re
import subprocess
import sys
import termios

PROGRAM = os.environ["RMPOPTCTL"]
_count = 0


def ok(good, what, *why):
    global _count
    _count += 1
    print(f"{'ok' if good else 'not ok'} {_count} - {what}".replace("#", ""))
    if not good:
        for text in why:
            for line in str(text).splitlines() or [""]:
                print("# " + line)
    sys.stdout.flush()
    return good


def equal(got, wanted, what):
    return ok(got == wanted, what, f"got:    {got!r}", f"wanted: {wanted!r}")


def like(got, pattern, what):
    return ok(re.search(pattern, got, re.M), what, "got:", got, "wanted: /" + pattern + "/")


def unlike(got, pattern, what):
    return ok(not re.search(pattern, got, re.M), what, "got:", got, "must not have: /" + pattern + "/")


def done():
    print(f"1..{_count}")


class Result:
    def __init__(self, process):
        self.code = process.returncode
        self.out = process.stdout.decode()
        # What the user typed is repeated as it is.
        self.err = process.stderr.decode(errors="replace")


def read_terminal(ours):
    """All that is written to a terminal until nobody has it open any more."""
    text = b""
    while True:
        try:
            got = os.read(ours, 65536)
        except OSError:
            break
        if not got:
            break
        text += got
    os.close(ours)
    return text


def terminal(*arguments, tree=None, columns=80, **environment):
    """What a command line prints on a terminal."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    process = subprocess.Popen([PROGRAM, *arguments, *(["--sysroot", str(tree)] if tree else [])], stdin=subprocess.DEVNULL, stdout=theirs,
                               stderr=theirs, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "xterm", **environment})
    os.close(theirs)
    text = read_terminal(ours)
    process.wait()
    return text.decode()


def ctl(*arguments, tree=None, prefix=(), **more):
    """Exit code, output and errors of a command line."""
    words = list(prefix) + [PROGRAM, *arguments] + (["--sysroot", str(tree)] if tree else [])
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "dumb",
                   "LSAN_OPTIONS": os.environ.get("LSAN_OPTIONS", "")}
    return Result(subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True,
                                 env=environment, timeout=120, **more))


STAMP = r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d "


def watched(tree):
    """The lines of watch, each behind its time stamp."""
    return "".join(re.sub(STAMP, "", line, count=1) for line in ctl("watch", tree=tree).out.splitlines(True))
