# SPDX-License-Identifier: GPL-2.0
"""Commands that write, wait or measure, on a host of files: live.c is preloaded and leads every path there."""
import json
import os
import pathlib
import subprocess
import tempfile

import trees
from tap import PROGRAM, done, equal, like, ok, unlike

HERE = pathlib.Path(__file__).parent
scratch = tempfile.TemporaryDirectory()
shim = scratch.name + "/live.so"
subprocess.run(["gcc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-w", "-o", shim, HERE / "live.c", "-ldl"], check=True)


class Live:
    """A host, and rmpoptctl on it."""
    count = 0

    def __init__(self, host=None, **files):
        Live.count += 1
        self.tree = (host or trees.Host()).write(f"{scratch.name}/{Live.count}")
        self.put("sys/kernel/rmpopt/scan", "")
        for name, text in files.items():
            self.put(trees.SYSFS + name.replace("__", "/"), text)

    def path(self, name):
        return self.tree / name

    def put(self, name, text):
        path = self.path(name)
        if text is None:
            path.unlink()
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")

    def start(self, *words, stdout=subprocess.PIPE, **settings):
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "dumb", "LD_PRELOAD": shim, "LIVE": str(self.tree)}
        environment.update({f"LIVE_{name.upper()}": str(value) for name, value in settings.items()})
        return subprocess.Popen([PROGRAM, *words], env=environment, stdin=subprocess.DEVNULL, stdout=stdout,
                                stderr=subprocess.PIPE, text=True)

    def run(self, *words, **settings):
        process = self.start(*words, **settings)
        try:
            out, err = process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
        return process.returncode, out, err

    def change(self, **files):
        """A command of the shell that changes files in sysfs."""
        return "; ".join(f"echo '{text}' >'{self.path(trees.SYSFS + name.replace('__', '/'))}'" for name, text in files.items())


def served_tests():
    """The pass ends while the files are being read: its result counts, not that of the one before."""
    live = Live(requested=4, served=3, last_result="ok")
    code, out, err = live.run("scan", "--wait", "--timeout", "9", at="rmpopt/served 3", do=live.change(last_result="partial", served=4))
    equal((code, out.split(":")[0]), (64, "partial"), "scan --wait: tells of the pass that it waited for")
    live = Live(requested=4, served=3, last_result="partial")
    code, out, err = live.run("scan", "--wait", "--timeout", "9", "--json", at="rmpopt/served 3",
                              do=live.change(last_result="ok", served=4))
    equal((code, json.loads(out)["scan"][0]["result"], err), (0, "ok", ""), "scan --wait --json: so, too")


def timeout_tests():
    code, out, err = Live(requested=4, served=3).run("scan", "--wait", "--timeout", "1", "--json")
    row = json.loads(out or '{"scan": [{}]}')["scan"][0]
    equal((code, row.get("request"), row.get("served"), row.get("result", "")), (1, 4, False, None), "scan --timeout --json: not served, no result")
    like(err, r"\Armpoptctl: request 4 is not served after 1 s.*\n\Z", "and the error")


def unknown_tests():
    """What can't be read is no number."""
    gone = dict.fromkeys(("regions_optimized", "passes", "cores", "cores_behind", "stats__last_pass_us"))
    live = Live(**gone)
    for words in (["scan", "--wait"], ["scan", "--wait", "--json"], ["watch", "--count", "1"], ["watch", "--count", "1", "--json"], ["status"],
                  ["status", "--json"], ["metrics"]):
        code, out, err = live.run(*words)
        equal((code, err), (0, ""), f"{' '.join(words)}: works without some files")
        unlike(out, r"1844674407|none takes part|\bnone yet|cores(_behind)?\"?:? 0", f"{' '.join(words)}: and guesses nothing")
    row = json.loads(live.run("status", "--json")[1])["status"][0]
    equal([row[name] for name in ("cores", "cores_behind", "leaders", "passes", "regions_optimized")], [None, None, 2, None, None],
          "status --json: null is not known")
    equal(live.run("scan", "--wait")[1], "ok\n", "scan --wait: what is known")
    equal(live.run("watch", "--count", "1")[1], "ready, last ok\n", "watch: what is known")


def quiet_tests():
    """MSRs are read by interrupting a CPU: not while waiting, and once at most."""
    live = Live(requested=4, served=3)
    log = live.path("opened")
    for words, wanted in ((["scan", "--wait", "--timeout", "1"], 0), (["metrics"], 0), (["cores"], 0), (["status"], 1), (["map"], 1)):
        log.unlink(missing_ok=True)
        live.run(*words, log=log)
        opened = log.read_text().splitlines()
        equal(sum(path.endswith("/msr") for path in opened), wanted, f"{' '.join(words)}: {wanted} looks at MSRs")
        equal([path for path in opened if path.endswith("rmpopt/table")], [], f"{' '.join(words)}: and no core is asked for its table")
    log.unlink()
    live.run("watch", "--count", "4", log=log, at="rmpopt/served 2", do="n=$(cat {0}); echo $((n + 1)) >{0}".format(live.path("sys/kernel/rmpopt/passes")))
    opened = log.read_text().splitlines()
    ok(sum(path.endswith("rmpopt/optimized") for path in opened) >= 4, "watch: reads the files each time", opened)
    equal(sum(path.endswith("/msr") for path in opened), 1, "watch: looks at MSRs once")


def watch_tests():
    live = Live()
    with open("/dev/full", "w", encoding="ascii") as full:
        code, _, err = live.run("watch", stdout=full)
    equal((code, err.count("\n")), (1, 1), "watch: ends where it can't write")
    like(err, "can't write the output", "and says so")
    code, out, err = live.run("watch", "--json", "--count", "2", at="rmpopt/state 3", do=live.change(state="stopped", reason="by you"))
    rows = [json.loads(line)["watch"][0] for line in out.splitlines()]
    equal([(row["state"], row["reason"], row["regions_rmp"]) for row in rows], [("ready", "ok", 1), ("stopped", "by you", 1)],
          "watch --json: a line for each change")
    equal((code, err), (0, ""), "and ends well")


def locked_tests():
    """The kernel is locked down: nobody may write to debugfs."""
    live = Live()
    live.put("sys/kernel/debug/rmpopt/rmp_region", "# region asid kind pages\n1027 7 guest 12")
    equal(live.run("why", "1027")[1].splitlines()[1], "  guest with ASID 7: 12 pages of 4 KiB", "why: pages, where it may ask")
    code, out, err = live.run("why", "1027", deny="rmp_region")
    equal((code, err), (0, ""), "why: blocks, where the kernel is locked down")
    like(out, r"locked down.*\n.*3 are wholly assigned, 2 partly.*\n  guests with ASID 7,9\nSNP guests live there", "why: and says so")
    code, out, err = live.run("why", "1027", "--json", deny="rmp_region")
    row = json.loads(out or '{"why": [{}]}')["why"][0]
    equal((code, row.get("whole"), row.get("asids"), row.get("pages")), (0, 3, "7,9", None), "why --json: blocks")
    for words, file in ((["why"], "rmp"), (["bench", "--yes"], "bench")):
        code, out, err = live.run(*words, deny=f"debug/rmpopt/{file}")
        equal((code, out), (1, ""), f"{' '.join(words)}: fails if nothing may be read")
        like(err, r"\Armpoptctl: [^ ]*: not permitted: the kernel is locked down", "for that reason")


for test in (served_tests, timeout_tests, unknown_tests, quiet_tests, watch_tests, locked_tests):
    test()
done()
