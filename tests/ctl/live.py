# SPDX-License-Identifier: GPL-2.0
"""Commands that write or wait, on a host of files."""
import errno
import json
import os
import pathlib
import signal
import time

import trees
from host import Live, not_loaded
from tap import STAMP, done, equal, like, ok, unlike


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
    like(live.run("watch", "--count", "1")[1], STAMP + "ready, last ok\n\\Z", "watch: what is known")


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
    code, out, err = live.run("watch", "--json", "--count", "2", at="rmpopt/state 6", do=live.change(state="stopped", reason="by you"))
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
    like(out, r"locked down.*\n.*3 wholly and 2 partly assigned.*\n  guests with ASID 7,9\nAfter these guests have ended", "why: and says so")
    code, out, err = live.run("why", "1027", "--json", deny="rmp_region")
    row = json.loads(out or '{"why": [{}]}')["why"][0]
    equal((code, row.get("whole"), row.get("asids"), row.get("pages")), (0, 3, "7,9", None), "why --json: blocks")
    code, out, err = live.run("why", deny="debug/rmpopt/rmp")
    equal((code, out), (1, ""), "why: fails if nothing may be read")
    like(err, r"\Armpoptctl: [^ ]*: not permitted: the kernel is locked down", "why: for that reason")


def refused_tests():
    """The module takes no request, for one reason or the other."""
    for host, error, said in ((trees.zen5(), errno.EOPNOTSUPP, "no pass: this CPU has no RMPOPT, .*; in view-only mode there are none"),
                              (trees.waiting(), errno.ENODEV, "no pass now: rmpopt is waiting: SnpEn is not set"),
                              (trees.failed(), errno.ENODEV, "no pass now: rmpopt has failed: RMPOPT fails on all cores")):
        code, out, err = Live(host).run("scan", refuse=f"rmpopt/scan {error}")
        equal((code, out, err.count("\n")), (1, "", 1), f"scan: fails in one line: {said}")
        like(err, rf"\Armpoptctl: {said}", f"scan: with the reason: {said}")


def killed_tests():
    """A signal that ends scan --wait kills it: no document, as rmpoptctl(8) says."""
    live = Live(requested=4, served=3)
    code, out, err = live.run("scan", "--wait", "--json", at="rmpopt/served 3", do="kill -TERM $PPID")
    equal((code, out, err), (-signal.SIGTERM, "", "rmpoptctl: request 4 continues; rmpoptctl watch shows it\n"), "scan --wait --json: killed")


def between_tests():
    """The state changes between two reads."""
    live = Live(state="waiting", reason="SnpEn is not set")
    ready = live.change(state="ready", reason="ok")
    rows = json.loads(live.run("status", "--json", at="rmpopt/reason 1", do=ready)[1])["status"]
    equal([(row["state"], row["reason"]) for row in rows], [("ready", "ok")], "status: state and reason belong together")
    # It was waiting when the request came, and is ready when its state is read.
    equal(Live(requested=4).run("scan", refuse=f"rmpopt/scan {errno.ENODEV} 1"), (0, "request 4; rmpoptctl watch shows its progress\n", ""),
          "scan: asks again if the state that refused it is over")
    live = Live(trees.waiting())
    code, out, err = live.run("scan", refuse=f"rmpopt/scan {errno.ENODEV} 1")
    equal((code, out, err), (1, "", "rmpoptctl: no pass now: rmpopt is waiting: SnpEn is not set: load kvm_amd with sev_snp=1 while all CPUs are online\n"),
          "scan: not if it lasts")


def result_tests():
    cost = "took 1.23 ms (345 \u00b5s on other cores)"
    for result, state, reason, said in (
            ("failed", "ready", "ok", "the pass failed, but rmpopt works again; to request another one: rmpoptctl scan --wait"),
            ("failed", "failed", "RMPOPT faults", "the pass failed; rmpopt has failed: RMPOPT faults"),
            ("cancelled", "stopped", "by you", "the pass was cancelled; rmpopt is stopped: by you"),
            ("cancelled", "ready", "ok", "the pass was cancelled by a request, or because rmpopt was stopped or suspended meanwhile; to request it again: rmpoptctl scan --wait")):
        live = Live(requested=4, served=4, last_result=result, state=state, reason=reason)
        code, out, err = live.run("scan", "--wait")
        equal((code, err), (1, f"rmpoptctl: {said}\n"), f"scan --wait: {result}, {state}")
        unlike(out, "took", f"scan --wait: {result}, {state}: an earlier pass's cost is not this one's")
        row = json.loads(live.run("scan", "--wait", "--json")[1])["scan"][0]
        equal((row["result"], row["duration_us"], row["stolen_us"]), (result, None, None), f"scan --wait --json: {result}, {state}: nor in JSON")
        equal(live.run("scan", "--wait", at="rmpopt/served 1", do=live.change(passes=6))[1], f"{result}: 5 of 8 GiB optimized; {cost}\n",
              f"scan --wait: {result}, {state}: a pass that has run has one")


def load_tests():
    live = not_loaded()
    late = live.path("dev/kmsg")
    for error, do, wanted in ((errno.EINVAL, ":", "Invalid argument; see dmesg"),
                              (errno.ENODEV, f"echo '3,2,2,-;rmpopt: no RMPOPT in CPUID' >>{late}", "no RMPOPT in CPUID"),
                              (errno.ENOENT, ":", "no such module; see rmpoptctl check"),
                              (errno.ENOENT, f"echo '4,2,2,-;rmpopt: Unknown symbol snp_x (err -2)' >>{late}", r"Unknown symbol snp_x \(err -2\)"),
                              (errno.ENOEXEC, ":", "it is built for another kernel; build it for this one: dkms build --force rmpopt/.*")):
        code, out, err = live.run("load", errno=error, klog="rmpopt: the words of an earlier load\n", at="insert 1", do=do)
        equal((code, out), (1, ""), f"load: fails if the kernel does: {wanted}")
        like(err, rf"\Armpoptctl: rmpopt was not loaded: {wanted}\n\Z", "load: for the reason that was given now")
    like(live.run("load")[2], "the kernel says that rmpopt was loaded, but it was not", "load: does not take the kernel's word for it")
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


def enable_tests():
    for command, value, said in (("enable", "1", "rmpopt is enabled; rmpoptctl status shows what it does\n"),
                                 ("disable", "0", "rmpopt is disabled. Tables in use stay in use, and the hardware keeps them correct.\n"
                                                  "Regions that guests take lose their optimization until rmpoptctl enable.\n")):
        live = Live(enabled="")
        equal((live.run(command), live.path("sys/kernel/rmpopt/enabled").read_text()[0]), ((0, said, ""), value), f"{command}: is written and told")
        for error, why in ((errno.EOPNOTSUPP, "rmpopt is in view-only mode: there is nothing to enable or disable"),
                           (errno.EIO, "can't write /sys/kernel/rmpopt/enabled: Input/output error")):
            equal(live.run(command, refuse=f"rmpopt/enabled {error}"), (1, "", f"rmpoptctl: {why}\n"), f"{command}: {why}")
        equal(not_loaded().run(command)[:2], (1, ""), f"{command}: not loaded")


def cancel_tests():
    live = Live(requested=7)
    equal(live.run("scan", "--cancel"), (0, "cancelled; rmpoptctl status shows what is optimized\n", ""), "scan --cancel")
    equal(live.path("sys/kernel/rmpopt/scan").read_text()[:6], "cancel", "scan --cancel: is written")
    for words, word in ((["--full"], "full"), (["--later"], "later"), ([], "now")):
        live = Live()
        equal((live.run("scan", *words)[0], live.path("sys/kernel/rmpopt/scan").read_text().strip()), (0, word), f"scan {' '.join(words)}: is written")


def unset_tests():
    live = Live()
    live.put("sys/kernel/rmpopt/tune/duty", "9")
    live.put("sys/kernel/rmpopt/tune/followers", "ipi")
    code, out, err = live.run("set", "--unset", "duty", "followers", "--raw", "-o", "name,value")
    equal((code, out, err), (0, "NAME VALUE\nduty 5\nfollowers tick\n", ""), "set --unset: the defaults, and shown if columns are asked for")
    code, out, err = live.run("set", "--unset", "duty", "slice_us", refuse=f"tune/slice_us {errno.EINVAL}")
    equal((code, err), (1, "rmpoptctl: can't set slice_us: Invalid argument\n"), "set --unset: is refused")


def persist_tests():
    """Of the host and the root's own modprobe.d both are changed, or none."""
    conf = pathlib.Path("/etc/modprobe.d/rmpopt.conf")
    conf.parent.mkdir(exist_ok=True)
    conf.mkdir()
    live = Live()
    code, out, err = live.run("set", "--persist", "duty=3", at="tune/duty 3", do="echo restored >&2")
    equal((code, out, live.path("sys/kernel/rmpopt/tune/duty").read_text()), (1, "", "5\n"), "set --persist: if the file can't be written the value is restored")
    equal(err, "restored\nrmpoptctl: /etc/modprobe.d/rmpopt.conf: Invalid argument; nothing was changed\n", "set --persist: and then it says so")
    conf.rmdir()
    for words in (["--persist"], []):
        live = Live()
        code = live.run("set", *words, "duty=3", "slice_us=20", at="tune/slice_us 1", do="kill -TERM $PPID")[0]
        values = [live.path(f"sys/kernel/rmpopt/tune/{name}").read_text().strip() for name in ("duty", "slice_us")]
        equal((code, values, conf.exists()), (-signal.SIGTERM, ["3", "20"], bool(words)), f"set {' '.join(words)}: a signal waits until all is done")
        conf.unlink(missing_ok=True)


def user_tests():
    live = Live(covered=None)
    for words in (["map"], ["why"], ["why", "1"], ["forecast"]):
        equal(live.run(*words), (1, "", "rmpoptctl: can't read /sys/kernel/rmpopt/covered; run this as root\n"), f"{' '.join(words)}: for root only")
    like(live.run("status")[1], "^  Next +run this as root to see more$", "status: root sees more")
    equal(not_loaded().run("status"), (1, "", "rmpoptctl: rmpopt is not loaded: run rmpoptctl check, then rmpoptctl load\n"), "status: not loaded")


def hidden_tests():
    """Whether the module is loaded can't be told: nobody says that it is not."""
    for words in (["set", "duty=3"], ["set", "--unset", "duty"], ["scan"], ["enable"], ["status"]):
        code, out, err = Live().run(*words, deny="rmpopt/state")
        equal((code, out, err), (1, "", "rmpoptctl: can't read /sys/kernel/rmpopt/state: Operation not permitted\n"), f"{' '.join(words)}: not permitted")
    code, out, err = Live().run("unload", deny="rmpopt/initstate")
    equal((code, out, err), (1, "", "rmpoptctl: can't read /sys/module/rmpopt: Operation not permitted\n"), "unload: not permitted")


def eta_tests():
    """A pass of which half is done a while after it was first seen."""
    live = Live(state="scanning", progress="0 1000")
    half = live.change(progress="500 1000")
    code, out, err = live.run("watch", "--json", "--count", "2", at="rmpopt/state 6", do=f"{half}; {live.change(state='ready')}")
    rows = [json.loads(line)["watch"][0] for line in out.splitlines()]
    equal((code, err, rows[0]["eta_s"], rows[0]["done"]), (0, "", None, 0), "watch: no guess before anything has moved")
    ok(1 <= rows[1]["eta_s"] <= 20, "watch: as long again for the other half", rows[1])
    live = Live(last_pass_us=1234)
    live.put("sys/kernel/rmpopt/stats/last_pass_time_s", str(int(time.time()) - 200))
    like(live.run("status")[1], r"^  Last pass     ok, 3 min ago \(requested\);", "status: when the last pass ended")


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
    for error, wanted in ((errno.EAGAIN, "in use by another module .*debugfs"), (errno.EPERM, "run this as root"),
                          (errno.EFAULT, "Bad address")):
        code, out, err = live.run("unload", errno=error)
        equal((code, out), (1, ""), f"unload: fails if the kernel does: {wanted}")
        like(err, rf"\Armpoptctl: rmpopt was not unloaded: .*{wanted}.*\n\Z", "unload: in one line")
    live.put("sys/module/rmpopt/refcnt", "0")
    code, out, err = live.run("unload")
    equal((code, err), (0, ""), "unload")
    equal(" ".join(out.split()), "rmpopt is unloaded. Tables in use stay in use, and the hardware keeps them correct. "
          "Regions that guests take lose their optimization until rmpopt runs again. SNP shutdown or a reset clears the tables.", "unload: what it means")
    live.put("sys/kernel/rmpopt/state", "viewing")
    equal(live.run("unload"), (0, "rmpopt is unloaded; it was in view-only mode, so nothing changes\n", ""), "unload: it only looked")


for test in (served_tests, timeout_tests, unknown_tests, quiet_tests, watch_tests, locked_tests, load_tests, install_tests, already_tests,
             unload_tests, enable_tests, cancel_tests, unset_tests, persist_tests, user_tests, hidden_tests, eta_tests, refused_tests, between_tests, killed_tests, result_tests):
    test()
done()
