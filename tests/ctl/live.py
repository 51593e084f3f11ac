# SPDX-License-Identifier: GPL-2.0
"""Commands that write or wait, on a host of files: live.c is preloaded and leads every path there."""
import errno
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
    code, out, err = live.run("watch", "--json", "--count", "2", at="rmpopt/state 4", do=live.change(state="stopped", reason="by you"))
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
    code, out, err = live.run("why", deny="debug/rmpopt/rmp")
    equal((code, out), (1, ""), "why: fails if nothing may be read")
    like(err, r"\Armpoptctl: [^ ]*: not permitted: the kernel is locked down", "why: for that reason")


def refused_tests():
    """The module takes no request, for one reason or the other."""
    for host, error, said in ((trees.zen5(), errno.EOPNOTSUPP, "no scan: view only: this CPU has no RMPOPT, .*; the module then takes no request"),
                              (trees.waiting(), errno.ENODEV, "no scan now: rmpopt is waiting: SNP is not enabled yet"),
                              (trees.failed(), errno.ENODEV, "no scan now: rmpopt has failed: every core fails")):
        code, out, err = Live(host).run("scan", refuse=f"rmpopt/scan {error}")
        equal((code, out, err.count("\n")), (1, "", 1), f"scan: fails in one line: {said}")
        like(err, rf"\Armpoptctl: {said}", f"scan: with the reason: {said}")


def result_tests():
    for result, said in (("failed", "the scan failed; rmpopt is ready: ok"), ("cancelled", "the scan was cancelled; rmpopt is ready: ok")):
        code, _, err = Live(requested=4, served=4, last_result=result).run("scan", "--wait")
        equal((code, err), (1, f"rmpoptctl: {said}\n"), f"scan --wait: {result}")


def not_loaded():
    """A host that could load the module, of the kernel whose name uname tells."""
    host = trees.not_loaded()
    host.module = False
    live = Live(host)
    live.path("sys/kernel/rmpopt/scan").unlink()
    trees.write_module(live.tree, None, os.uname().release)
    live.put("dev/kmsg", "6,1,1,-;rmpopt: the words of an earlier load")
    return live


def load_tests():
    live = not_loaded()
    late = live.path("dev/kmsg")
    for error, do, wanted in ((errno.EINVAL, ":", "Invalid argument; dmesg says more"),
                              (errno.ENODEV, f"echo '3,2,2,-;rmpopt: no RMPOPT in CPUID' >>{late}", "no RMPOPT in CPUID"),
                              (errno.ENOEXEC, ":", "it is built for another kernel; .*")):
        code, out, err = live.run("load", errno=error, klog="rmpopt: the words of an earlier load\n", at="insert 1", do=do)
        equal((code, out), (1, ""), f"load: fails if the kernel does: {wanted}")
        like(err, rf"\Armpoptctl: rmpopt was not loaded: {wanted}\n\Z", "load: for the reason that was given now")
    like(live.run("load")[2], "not loaded, though the kernel says so", "load: does not take the kernel's word for it")
    done_by_kernel = f"mkdir -p {live.path('sys/kernel/rmpopt')}; echo ready >{live.path('sys/kernel/rmpopt/state')}"
    equal(live.run("load", at="insert 1", do=done_by_kernel)[::2], (0, ""), "load: but believes its eyes")
    live = not_loaded()
    viewing = "; ".join([f"mkdir -p {live.path('sys/kernel/rmpopt')}", live.change(state="viewing", reason="view only: this CPU has no RMPOPT")])
    equal(live.run("load", at="insert 1", do=viewing)[:2],
          (0, "rmpopt is loaded, view only: this CPU has no RMPOPT; rmpoptctl forecast shows what RMPOPT could optimize\n"), "load: view only is told")


def install_tests():
    """A command in modprobe.d that runs instead of a load. This is the root's own: libkmod lists folders itself."""
    conf = pathlib.Path("/etc/modprobe.d/live.conf")
    conf.parent.mkdir(exist_ok=True)
    for command in ("true", "false"):
        conf.write_text(f"install rmpopt /bin/{command}\n")
        code, out, err = not_loaded().run("load")
        equal((code, out), (1, ""), f"load: nothing is loaded by install rmpopt /bin/{command}")
        like(err, rf'\A[^\n]*modprobe.d has "install rmpopt /bin/{command}", which was run instead[^\n]*\n\Z', "load: and it says so")
    conf.unlink()


def already_tests():
    live = Live()
    live.put("sys/module/rmpopt/initstate", "live")
    for words, wanted in (([], 0), (["duty=3"], 1), (["duty=0"], 2)):
        code, out, err = live.run("load", *words)
        equal((code, bool(out), bool(err)), (wanted, not wanted, bool(wanted)), f"load {' '.join(words)}: it is loaded already")


def unload_tests():
    live = Live()
    live.put("sys/module/rmpopt/initstate", "live")
    live.put("sys/module/rmpopt/refcnt", "1")
    for error, wanted in ((errno.EAGAIN, "in use, by another module .*debugfs"), (errno.EPERM, "run this as root"),
                          (errno.EFAULT, "Bad address")):
        code, out, err = live.run("unload", errno=error)
        equal((code, out), (1, ""), f"unload: fails if the kernel does: {wanted}")
        like(err, rf"\Armpoptctl: rmpopt was not unloaded: .*{wanted}.*\n\Z", "unload: in one line")
    live.put("sys/module/rmpopt/refcnt", "0")
    code, out, err = live.run("unload")
    equal((code, err), (0, ""), "unload")
    equal(" ".join(out.split()), "rmpopt is unloaded: verifies end, and nothing else. The tables stay in use and true by the hardware's own "
          "doing. What guests take is lost and not regained until the module works again. SNP shutdown or a reset ends it.", "unload: what it means")
    live.put("sys/kernel/rmpopt/state", "viewing")
    equal(live.run("unload"), (0, "rmpopt is unloaded; it only looked, so nothing has changed\n", ""), "unload: it only looked")


for test in (served_tests, timeout_tests, unknown_tests, quiet_tests, watch_tests, locked_tests, load_tests, install_tests, already_tests,
             unload_tests, refused_tests, result_tests):
    test()
done()
