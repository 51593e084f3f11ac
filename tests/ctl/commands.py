# SPDX-License-Identifier: GPL-2.0
"""Each command on hosts of all kinds: what it says, and its exit code."""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import tempfile

import trees
from tap import STAMP, ctl, done, equal, like, ok, terminal, unlike, watched

scratch = tempfile.TemporaryDirectory()
hosts = trees.make_all(scratch.name + "/trees")


def variant(name, change, make):
    return trees.variant(f"{scratch.name}/variants/{name}", change, make=make)


def status_tests():
    result = ctl("status", tree=hosts["ready"])
    equal(result.code, 0, "status: ready")
    like(result.out, r"\Armpopt 0.1.0 is ready\n", "status: begins with the state")
    for line in (r"Optimized +5 of 8 GiB \(62.5 %\)", "1 GiB holds the RMP itself", "1 GiB held pages of SNP guests or firmware when last tried: see rmpoptctl why$",
                 r"1 GiB held back: lost soon after being regained \(retried within 10 min\), or being converted$",
                 r"ok, 2026-11-29T04:00:00\+00:00 \(requested\); took 1.23 ms \(345 µs on other cores\)",
                 r"Longest slice 43.2 µs on CPU 6; limit 50 µs \(slice_us\), exceeded by 1 of 9$", "Cores +4 in use, 2 of them leaders",
                 "Hooks +rmp_make_shared kvm_amd", "Next +nothing to do: regions are regained automatically$"):
        like(result.out, line, f"status: {line}")
    ok(len(result.out.splitlines()) <= 24 and max(map(len, result.out.splitlines())) <= 110, "status: fits a screen", result.out)
    like(terminal("status", "--color=never", tree=hosts["ready"], LC_ALL="C"), "43.2 us on CPU 6", "status: no Greek letter without UTF-8")
    for ns, said in ((999, "999 ns"), (999499, "999 \u00b5s"), (999500, "1 ms"), (999499999, "999 ms"), (999500000, "1.0 s")):
        def slow(host, ns=ns):
            saved = host.sysfs
            host.sysfs = lambda: {**saved(), "stats/worst_slice_ns": ns}
        like(ctl("status", tree=variant(f"slow-{ns}", slow, make=trees.Host)).out, f"Longest slice {said} on CPU 6", f"status: {ns} ns are {said}")
    bare = variant("bare", lambda host: setattr(host, "sysfs", lambda: {"state": "ready", "reason": "ok"}), make=trees.Host)
    result = ctl("status", tree=bare)
    unlike(result.out, str(2 ** 64 - 1)[:6], "status: what is not known is no number")
    result = ctl("status", tree=hosts["waiting"])
    like(result.out, r"\Armpopt 0.1.0 is waiting: SnpEn is not set: .*\n", "status: waiting, and why")
    equal(result.code, 1, "status: waiting is no success")
    result = ctl("status", tree=hosts["failed"])
    equal(result.code, 1, "status: failed is one")
    like(result.out, r"\Armpopt 0.1.0 has failed: RMPOPT fails on all cores", "status: and is told in English")
    unlike(result.out, "is failed", "status: everywhere")
    result = ctl("status", tree=hosts["not_loaded"])
    equal((result.code, result.out, result.err.count("\n")), (1, "", 1), "status: not loaded is told in one line")
    like(result.err, f"rmpopt was not loaded when this was saved: rmpoptctl check --sysroot {hosts['not_loaded']} shows", "status: and nobody is told to load it into a saved tree")
    result = ctl("status", "--json", tree=hosts["not_loaded"])
    row = json.loads(result.out)["status"][0]
    equal((result.code, row["loaded"], row["state"]), (1, False, None), "status --json: not loaded")
    row = json.loads(ctl("status", "--json", tree=hosts["large"]).out)["status"][0]
    equal((row["regions_covered"], row["regions_optimized"], row["regions_rmp"], row["regions_uncovered"], row["cores"]),
          (8192, len(trees.large().optimized), 33, 32, 512), "status --json: 8 TiB")
    count = sum(row[n] for n in ("regions_optimized", "regions_rmp", "regions_held", "regions_backoff", "regions_uncovered", "regions_faulty"))
    equal(count, 8192, "status --json: each region is accounted for")


def terminal_tests():
    def on_terminal(*words):
        return terminal(*words, tree=hosts["ready"], columns=100)
    like(on_terminal("map"), "\033\\[32m#\033\\[0m", "map: in colour on a terminal")
    unlike(on_terminal("map", "--color=never"), "\033", "map --color=never: plain")
    equal(on_terminal("map", "--color=never").replace("\r", ""), ctl("map", tree=hosts["ready"]).out, "and as in a file")
    like(on_terminal("check"), "\033\\[32mPASS\033\\[0m", "check: in colour on a terminal")
    for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        unlike(terminal("map", tree=hosts["ready"], **environment), "\033", f"map: plain with {environment}")
    like(on_terminal("watch"), "\033\\[H\033\\[J.*Ctrl-C", "watch: draws on a terminal")
    for columns in (32, 40, 80, 132):
        lines = terminal("map", "--color=never", tree=hosts["large"], columns=columns).split("\r\n")
        ok(max(map(len, lines)) <= columns, f"map: fits {columns} columns", max(lines, key=len))
        drawn = "".join(line[11:] for line in lines if line[:9].strip().isdigit())
        equal(drawn, "".join(line[11:] for line in ctl("map", tree=hosts["large"]).out.splitlines() if line[:9].strip().isdigit()),
              "and is whole")
        for host in hosts:
            lines = terminal("status", "--color=never", tree=hosts[host], columns=columns).split("\r\n")
            words = [word for line in lines for word in line.split()]
            # A word alone may be longer than a narrow terminal has room for.
            ok(all(len(line) <= columns or len(line.split()) == 1 for line in lines) or not lines[0].startswith("rmpopt "),
               f"status: {host}: fits {columns} columns", "\n".join(lines))
            result = ctl("status", tree=hosts[host])
            equal(words, (result.out + result.err).split(), "and says the same as elsewhere")


def nothing_tests():
    def change(host):
        host.optimized = [r for r in host.regions if r not in host.rmp]
        host.backoff = []
    out = ctl("status", tree=variant("full", change, make=trees.Host)).out
    like(out, "Next +nothing to do: everything that can be optimized is$", "status: nothing is to be done where only the RMP is left")

    def by_hand(host):
        saved = host.sysfs
        host.sysfs = lambda: {**saved(), "tune/auto": "N"}
    like(ctl("status", tree=variant("by-hand", by_hand, make=trees.Host)).out, "Next +after guests have ended: rmpoptctl scan --wait, as auto is N$",
         "status: who wants no passes by themselves has to ask")

    def reason(host):
        change(host)
        host.reason = "CPU 6 and possibly others are not used, as SnpEn is not set there: take it offline and online again"
    like(ctl("status", tree=variant("reason", reason, make=trees.Host)).out, "Next +see the reason in the first line$",
         "status: what does not work is not nothing to do")

    def behind(host):
        saved = host.sysfs
        host.sysfs = lambda: {**saved(), "cores_behind": "6\n"}
    out = ctl("status", tree=variant("behind", behind, make=trees.Host)).out
    like(out, "Next +nothing to do: cores that are behind catch up automatically$", "status: nor are cores that are behind")
    like(out, "1 GiB waits for cores that are behind, or held pages of SNP guests or firmware when last tried$", "status: guests are not blamed for what those may lack")


def user_tests():
    def change(host):
        saved = host.sysfs
        secret = ("covered", "optimized", "backoff", "stats")
        host.sysfs = lambda: {k: v for k, v in saved().items() if k.split("/")[0] not in secret}
        host.debugfs = dict
    tree = variant("user", change, make=trees.Host)
    result = ctl("status", tree=tree)
    like(result.out, "3 GiB; save it again as root to see why", "status: who is not root is told so")
    like(result.out, "Next +save it again as root to see more$", "status: and what helps, for a saved tree")
    equal(result.code, 0, "status: and sees the rest")
    for words in (["map"], ["why", "5"], ["why"], ["forecast"]):
        result = ctl(*words, tree=tree)
        equal((result.code, result.err), (1, "rmpoptctl: can't read /sys/kernel/rmpopt/covered; save it again as root\n"), f"{' '.join(words)}: for root only")
    result = ctl("cores", tree=tree)
    equal(result.out.split(), "CPU ROLE BEHIND 0 leader no 2 follower no 4 leader no 6 follower no".split(), "cores: from sysfs alone")
    unlike(ctl("metrics", tree=tree).out, "passes_total", "metrics: without what can't be read")


def map_tests():
    result = ctl("map", tree=hosts["ready"])
    equal(result.out.splitlines()[:4], ["node 0", "        0  #R##", "node 1", "     1024  #b#."], "map: the picture")
    like(result.out, "5 of 8 regions of 1 GiB optimized", "map: the sum")
    equal(result.out.splitlines()[-1], "# optimized   . pages of guests or firmware   b retried later   R the RMP itself   - in no window",
          "map: the legend")
    rows = json.loads(ctl("map", "--json", tree=hosts["ready"]).out)["map"]
    equal([(r["first"], r["last"], r["node"], r["state"]) for r in rows],
          [(0, 0, 0, "optimized"), (1, 1, 0, "rmp"), (2, 3, 0, "optimized"), (1024, 1024, 1, "optimized"),
           (1025, 1025, 1, "backoff"), (1026, 1026, 1, "optimized"), (1027, 1027, 1, "held")], "map --json: ranges")
    host = trees.large()
    lines = ctl("map", tree=hosts["large"]).out.splitlines()
    drawn = "".join(line[11:] for line in lines if line[:9].strip().isdigit())
    equal(len(drawn), 8192, "map: whole at 8 TiB")
    equal([i for i, sign in enumerate(drawn) if sign == "#"], host.optimized, "map: and right")
    equal(drawn[8160:], "-" * 32, "map: what lies in no window")
    equal([i for i, sign in enumerate(drawn) if sign == "R"], host.rmp, "map: the RMP itself")
    equal([i for i, sign in enumerate(drawn) if sign == "b"], host.backoff, "map: back-off")
    equal([line for line in lines if line.startswith("node")], [f"node {n}" for n in range(4)], "map: by node")
    rows = json.loads(ctl("map", "--json", tree=hosts["large"]).out)["map"]
    equal(sum(r["regions"] for r in rows), 8192, "map --json: whole at 8 TiB")
    ok(max(len(line) for line in lines[:-2]) <= 80, "map: fits 80 columns")
    equal(ctl("map", tree=hosts["waiting"]).code, 0, "map: also while waiting")
    equal(ctl("map", tree=hosts["not_loaded"]).code, 1, "map: not loaded")


def why_tests():
    result = ctl("why", "1027", tree=hosts["ready"])
    like(result.out, "512 blocks of 2 MiB: 3 wholly and 2 partly assigned, 1 with firmware pages", "why: blocks")
    like(result.out, "guests with ASID 7,9", "why: guests")
    like(result.out, "After these guests have ended: rmpoptctl scan --wait", "why: what to do")
    like(ctl("why", "1", tree=hosts["ready"]).out, "holds the RMP itself", "why: the RMP's own region")
    like(ctl("why", "0", tree=hosts["ready"]).out, "is optimized", "why: nothing is in the way")
    like(ctl("why", "1025", tree=hosts["ready"]).out, "lost again soon after it was regained", "why: back-off")
    equal(ctl("why", "99", tree=hosts["ready"]).code, 1, "why: a region that is not covered")
    for word in ("x", "5000000", "1x", "", " 1"):
        equal(ctl("why", word, tree=hosts["ready"]).code, 2, f"why: refuses {word!r}")

    def all_optimized(host):
        host.optimized, host.rmp_rows = host.regions, lambda: ["# region whole partial firmware asids", "0 0 0 0 -"]
    whole = variant("all-optimized", all_optimized, make=trees.Host)
    like(ctl("why", tree=hosts["ready"]).out, r"\n\n3 regions of 1 GiB are not optimized\. WHOLE, PARTIAL and FIRMWARE count blocks of 2 MiB; .*\n\Z", "why: what the columns are")
    equal(ctl("why", tree=whole).out, "All covered regions are optimized.\n",
          "why: nothing to tell is told")
    equal((ctl("why", "-n", tree=whole).out, json.loads(ctl("why", "--json", tree=whole).out)["why"]), ("", []), "why: but not to scripts")
    rows = json.loads(ctl("why", "--json", tree=hosts["large"]).out)["why"]
    equal([row["region"] for row in rows], trees.large().held(), "why: all regions at 8 TiB that are not optimized")


def unreadable_tests():
    """RMPREAD fails."""
    def change(host):
        host.rmp_rows = lambda: ["# region whole partial firmware asids", "1 2 1 3 -", "1025 0 0 0 -", "1027 - - - error:-14"]
    tree = variant("unreadable", change, make=trees.Host)
    for words in (["why", "1027"], ["why"], ["why", "1027", "--json"], ["why", "--json"]):
        result = ctl(*words, tree=tree)
        equal(result.code, 1, f"{' '.join(words)}: fails where the RMP can't be read")
        like(result.err, r"\Armpoptctl: can't read the RMP of region 1027: Bad address; if rmpoptctl check finds SNP initialised", "and says what to do")
        unlike(result.out, "No page prevents it|scan --wait", "and gives no other advice")
    for words in (["why", "1027", "--json"], ["why", "--json"]):
        row = json.loads(ctl(*words, tree=tree).out)["why"][-1]
        equal((row["region"], row["kind"], row["asids"]), (1027, None, None), f"{' '.join(words)}: an error is no owner")
    equal(ctl("why", "1", tree=tree).code, 0, "why: other regions are none the worse")

    def lacking(host):
        host.rmp_rows = lambda: ["# region whole partial firmware asids", "1 2 1 3 -", "1027 3 2 1 7,9"]
    result = ctl("why", "--json", tree=variant("lacking", lacking, make=trees.Host))
    equal([(row["region"], row["state"], row["whole"]) for row in json.loads(result.out)["why"]], [(1, "rmp", 2), (1025, "backoff", None), (1027, "held", 3)],
          "why: covers what is covered, not what the file lists")
    equal((result.code, result.err.count("\n")), (1, 1), "why: a region that the file lacks is a failure")
    like(result.err, "region 1025: debugfs does not list it", "why: and is named")
    for words in (["why", "1025"], ["why", "1025", "--json"]):
        result = ctl(*words, tree=f"{scratch.name}/variants/lacking")
        equal((result.code, result.err.count("\n"), "No page prevents it" in result.out), (1, 1, False), f"{' '.join(words)}: nor is it called free")
        like(result.err, "region 1025: debugfs does not list it", f"{' '.join(words)}: but named")


def not_looked(host):
    """The first pass has not ended, or rmpopt has stopped: what is optimized is not shown."""
    host.optimized, host.backoff, host.rmp_rows = [], [], lambda: ["# region whole partial firmware asids", *(f"{r} 0 0 0 -" for r in host.regions)]


NEXT = {"stopped": "rmpoptctl enable starts it again$", "waiting": "see the reason in the first line; rmpoptctl check shows what prevents SNP$",
        "failed": "wait, it retries automatically; if it keeps failing: rmpoptctl check$",
        "scanning": "nothing to do: a pass is running, rmpoptctl watch shows it$", "ready": "nothing to do: a pass starts automatically$",
        "ready-not-auto": "rmpoptctl scan --wait, as auto is N$"}
NEXT["scanning-anew"] = NEXT["scanning"]


def unknown_tests():
    def with_files(state, reason="ok", **files):
        def change(host):
            not_looked(host)
            host.state, host.reason = state, reason
            saved = host.sysfs
            host.sysfs = lambda: {**saved(), **{name.replace("tune_", "tune/"): value for name, value in files.items()}}
        return change
    stopped = "0 was written to enabled: no more verifies, and nothing else; tables stay in use; rmpoptctl enable starts again"
    for name, change in (("stopped", with_files("stopped", stopped)), ("waiting", with_files("waiting", "SnpEn is not set", passes=0)),
                         ("failed", with_files("failed", "RMPOPT fails on all cores")), ("scanning", with_files("scanning", passes=0)),
                         ("scanning-anew", with_files("scanning")), ("ready", with_files("ready", last_result="cancelled")),
                         ("ready-not-auto", with_files("ready", tune_auto="N"))):
        tree = variant(f"unknown-{name}", change, make=trees.Host)
        state = name.split("-")[0]
        said = "has failed" if state == "failed" else f"is {state}"
        out = ctl("status", tree=tree).out
        like(out, r"^  Optimized     0 of 8 GiB \(0\.0 %\)$", f"status: nothing is said of what the tables may hold: {name}")
        like(out, f"^  Not optimized 1 GiB holds the RMP itself.*\n +7 GiB not known yet: rmpopt {said}$", f"status: nobody is blamed: {name}")
        unlike(out, "guests", f"status: no guests are talked of: {name}")
        row = json.loads(ctl("status", "--json", tree=tree).out)["status"][0]
        equal((row["regions_rmp"], row["regions_held"], row["regions_backoff"]), (1, None, None), f"status --json: nor numbered: {name}")
        rows = json.loads(ctl("map", "--json", tree=tree).out)["map"]
        equal({row["state"] for row in rows}, {"rmp", "unknown"}, f"map --json: nor drawn: {name}")
        like(ctl("map", tree=tree).out, r"  \?R\?\?\n[^$]*\? not known yet$", f"map: but told to be unknown: {name}")
        equal(json.loads(ctl("why", "--json", tree=tree).out)["why"][0]["state"], "unknown", f"why --json: {name}")
        advice = "scan --wait" if state in ("ready", "scanning") else f"No page prevents it, but rmpopt {said}: "
        like(ctl("why", "1027", tree=tree).out, advice, f"why: advice that can be followed: {name}")
        like(out, f"^  Next +{NEXT[name]}", f"status: what is next: {name}")
    full = variant("full-of-guests", with_files("ready"), make=trees.Host)
    like(ctl("status", tree=full).out, "7 GiB held pages of SNP guests or firmware when last tried", "status: a host full of guests is not unknown")
    unlike(ctl("map", tree=hosts["ready"]).out, "not known", "map: no legend for what is not there")


def faulty_tests():
    def change(host):
        host.optimized, host.faulty = [0, 3, 1024, 1026], [2]
    tree = variant("faulty", change, make=trees.Host)
    out = ctl("status", tree=tree).out
    like(out, r"1 GiB where RMPOPT faults: retried later; see rmpoptctl why$", "status: a region that faults")
    like(out, r"Next +if RMPOPT still faults after hours: rmpoptctl status --save FILE", "status: and what to do about it")
    row = json.loads(ctl("status", "--json", tree=tree).out)["status"][0]
    equal((row["regions_faulty"], row["regions_held"]), (1, 1), "status --json: it is counted, and is no guest's")
    out = ctl("map", tree=tree).out
    like(out, r"^ +0  #R!#\n", "map: a region that faults")
    like(out, r"   ! RMPOPT faults$", "map: is explained")
    unlike(ctl("map", tree=hosts["ready"]).out, "faults", "map: only where there is one")
    equal([r["state"] for r in json.loads(ctl("map", "--json", tree=tree).out)["map"]][2], "faulty", "map --json: a region that faults")
    like(ctl("why", "2", tree=tree).out, r"^RMPOPT faults there, although RMPOPT_BASE is correct", "why: a region that faults")
    like(ctl("metrics", tree=tree).out, r"^rmpopt_regions_faulty 1$", "metrics: regions that fault")


def cores_tests():
    rows = json.loads(ctl("cores", "--json", tree=hosts["ready"]).out)["cores"]
    equal([(r["cpu"], r["role"], r["slices"]) for r in rows],
          [(0, "leader", 0), (2, "follower", 3), (4, "leader", 6), (6, "follower", 9)], "cores --json")
    result = ctl("cores", "--output", "role,cpu", "--noheadings", tree=hosts["large"])
    equal((len(result.out.splitlines()), result.out.split()[:2]), (512, ["leader", "0"]), "cores: columns as asked for")
    equal(ctl("cores", "--output", "nonsense", tree=hosts["ready"]).code, 2, "cores: no such column")
    for words, wanted in ((["0"], ["0"]), (["3-5"], ["2", "4"]), (["7"], ["6"]), (["0-100"], ["0", "2", "4", "6"])):
        equal(ctl("cores", *words, "-n", "-o", "cpu", tree=hosts["ready"]).out.split(), wanted, f"cores {words[0]}: those of these CPUs")
    equal(ctl("cores", "5", "-n", "-o", "cpu", tree=variant("no-debugfs", lambda host: setattr(host, "debugfs", dict), make=trees.Host)).out.split(), ["4"],
          "cores 5: from sysfs, too")
    equal(ctl("cores", tree=variant("no-cores", lambda host: None, make=trees.waiting)).out.split(":")[0], "No core is in use", "cores: says that there are none")
    result = ctl("cores", "8-9", tree=hosts["ready"])
    equal((result.code, result.out, result.err), (1, "", "rmpoptctl: no core of CPU 8-9 is known; rmpoptctl cores shows all\n"), "cores: CPUs that are not known")
    for word in ("", "x", "3-1", "1,1", "-1", "1,"):
        equal(ctl("cores", word, tree=hosts["not_loaded"]).code, 2, f"cores: refuses {word!r}")


def watch_tests():
    result = ctl("watch", tree=hosts["ready"])
    like(result.out, STAMP + r"ready, ", "watch: a line has a time stamp")
    equal((result.code, watched(hosts["ready"])), (0, "ready, 5 of 8 GiB optimized, 5 passes, last ok, 0 cores behind\n"),
          "watch: one line where nothing changes")
    like(watched(hosts["failed"]), r"\Afailed, 0 of 8 GiB optimized.*: RMPOPT fails on all cores", "watch: with the reason")
    like(json.loads(ctl("watch", "--json", tree=hosts["ready"]).out)["watch"][0]["time"] + " ", STAMP + r"\Z", "watch --json: and so has a document")
    equal(json.loads(ctl("status", "--json", tree=hosts["ready"]).out)["status"][0]["last_pass_time_s"], 1795924800, "status --json: when the last pass ended")


def set_tests():
    rows = json.loads(ctl("set", "--json", tree=hosts["ready"]).out)["set"]
    values = {row["name"]: row["value"] for row in rows}
    equal((values["slice_us"], values["isolated"], values["cpus"], len(values)), ("50", "ipi", "all", 16), "set: shows values")
    equal(ctl("set", "slice_us=20", tree=hosts["ready"]).code, 2, "set: changes no saved tree")
    for word in ("slice_us=9", "slice_us=1001", "slice_us=", "slice_us", "slice_us=0x20", "slice_us=+50", "duty=0",
                 "isolated=maybe", "followers=skip", "auto=2", "=1", "slice=20", "slice_us=50 ", "watch_ms=5", "delay_ms=86400001",
                 "coverage=3-1", "coverage=1,", "cpus=a", "cpus=0-65535"):
        for command in (["set", "--persist"], ["set", "--persist", "duty=3"], ["load"], ["load", "duty=3"]):
            result = ctl(*command, word)
            equal((result.code, result.err.count("\n")), (2, 1), f"{' '.join(command)}: refuses {word!r}")
    for word in ("hooks=on", "cpus=0-N", "cpus=0-0:1/2"):
        equal((ctl("set", "--persist", word).code, ctl("load", word).code), (2, 1), f"load takes what the module takes, set writes one way of it: {word}")
    ok(not os.path.exists("/etc/modprobe.d/rmpopt.conf"), "set: and has written nothing")


def persist_tests():
    conf = pathlib.Path("/etc/modprobe.d/rmpopt.conf")
    cases = [
        (None, ["duty=3"], r"\A# .*\noptions rmpopt duty=3\n\Z"),
        ("# mine\noptions rmpopt duty=3 slice_us=20\n", ["duty=4"], r"\A# mine\noptions rmpopt slice_us=20\noptions rmpopt duty=4\n\Z"),
        ("options rmpopt duty=3", ["duty=4"], r"\Aoptions rmpopt duty=4\n\Z"),
        ("options other duty=3\n# options rmpopt duty=3", ["duty=4"],
         r"\Aoptions other duty=3\n# options rmpopt duty=3\noptions rmpopt duty=4\n\Z"),
        ("options rmpopt \\\n duty=3 \\\n cpus=0-3\n\nalias a b \\\n c\n", ["duty=4"],
         r"\Aoptions rmpopt cpus=0-3\n\nalias a b \\\n c\noptions rmpopt duty=4\n\Z"),
        ('options rmpopt x="a duty=1 b" duty=3\n', ["duty=4"], r'\Aoptions rmpopt x="a duty=1 b"\noptions rmpopt duty=4\n\Z'),
        ("# mine \\\n", ["duty=4"], r"\A# mine \\\n\noptions rmpopt duty=4\n\Z"),
        ("# mine \\", ["duty=4"], r"\A# mine \\\n\noptions rmpopt duty=4\n\Z"),
        ("options other x=\\\\\noptions rmpopt duty=3\n", ["duty=4"], r"\Aoptions other x=\\\\\noptions rmpopt duty=4\n\Z"),
        ("options rmpopt slice_us=20\\\n0 duty=3 \\\n", ["duty=4"], r"\Aoptions rmpopt slice_us=200\noptions rmpopt duty=4\n\Z"),
        ("options rmpopt duty=3\n", ["watch_ms=0", "cpus=0"], r"\Aoptions rmpopt duty=3\noptions rmpopt watch_ms=0 cpus=0\n\Z"),
    ]
    for number, (before, words, after) in enumerate(cases):
        conf.unlink(missing_ok=True)
        if before is not None:
            conf.write_text(before)
        result = ctl("set", "--persist", *words)
        like(conf.read_text(), after, f"set --persist: case {number}, exit {result.code}")
        equal((result.code, result.err), (0, ""), f"set --persist: case {number}: and modprobe finds it")
    equal([p.name for p in conf.parent.glob("*rmpopt*") if p != conf], [], "set --persist: leaves no other file")
    conf.write_text('options rmpopt "duty=3" slice-us=20 cpus="0-3,8"\n')
    ctl("set", "--persist", "slice_us=25", "duty=4")
    equal(conf.read_text(), 'options rmpopt cpus="0-3,8"\noptions rmpopt slice_us=25 duty=4\n', "set --persist: quotes and dashes")
    conf.write_text("# mine\noptions rmpopt duty=3 slice_us=20\n")
    equal((ctl("set", "--persist", "--unset", "duty").code, conf.read_text()), (0, "# mine\noptions rmpopt slice_us=20\n"), "set --unset: a value goes")
    equal((ctl("set", "--persist", "--unset", "slice-us", "cpus").code, conf.read_text()), (0, "# mine\n"), "set --unset: the last one with its line")
    for words, said in ((["--unset", "duty=3"], "duty=3: with --unset, use a name without a value"), (["--unset", "x"], "unknown parameter x; see rmpoptctl set"),
                        (["--unset", "--persist", "x"], "unknown parameter x; see rmpoptctl set"), (["--unset"], "--unset requires NAME"), (["--persist"], "--persist requires NAME=VALUE"),
                        (["--unset", "cpus"], "cpus: this can only be set at load time; use set --persist, then unload and load")):
        result = ctl("set", *words)
        equal((result.code, result.err), (2, f"rmpoptctl: {said}\n"), f"set {' '.join(words)}")
    conf.unlink()


def folder_tests():
    """A host that configures no module may have no /etc/modprobe.d."""
    conf = pathlib.Path("/etc/modprobe.d/rmpopt.conf")
    shutil.move(conf.parent, "/etc/modprobe.d.away")
    result = ctl("set", "--persist", "duty=3")
    equal((result.code, result.err, oct(conf.parent.stat().st_mode)[-3:]), (0, "", "755"), "set --persist: without /etc/modprobe.d")
    like(conf.read_text(), r"\noptions rmpopt duty=3\n\Z", "set --persist: which it makes")
    shutil.rmtree(conf.parent)
    shutil.move("/etc/modprobe.d.away", conf.parent)


def together_tests():
    """Two at once lose nothing."""
    conf = pathlib.Path("/etc/modprobe.d/rmpopt.conf")
    words = ["slice_us=20", "duty=3", "parallel=2", "isolated=skip", "auto=N", "watch_ms=10", "hooks=N", "cpus=0"]
    lost = []
    for _ in range(10):
        conf.unlink(missing_ok=True)
        with concurrent.futures.ThreadPoolExecutor(len(words)) as pool:
            list(pool.map(lambda word: ctl("set", "--persist", word), words))
        lost += sorted(set(words) - set(conf.read_text().split()))
    equal(lost, [], "set --persist: eight at once, ten times, lose nothing")
    conf.unlink()


def strong_tests():
    conf, site = pathlib.Path("/etc/modprobe.d/rmpopt.conf"), pathlib.Path("/etc/modprobe.d/zz-site.conf")
    site.write_text("options rmpopt duty=9\n")
    result = ctl("set", "--persist", "duty=3", "slice_us=20")
    equal((result.code, result.err.count("\n")), (64, 1), "set --persist: what another file overrides is told")
    like(result.err, "duty=3: /etc/modprobe.d/rmpopt.conf was changed, but the next load uses 9", "set --persist: and by what")
    result = ctl("set", "--persist", "--json", "duty=3")
    equal((result.code, [row["name"] for row in json.loads(result.out)["set"]]), (64, ["duty"]), "set --persist --json: and what was set is shown")
    equal(ctl("set", "--persist", "duty=9").code, 0, "set --persist: but not what it repeats")
    result = ctl("set", "--persist", "--unset", "duty")
    equal((result.code, "the next load uses 9" in result.err), (64, True), "set --unset: nor what another file keeps")
    site.unlink()
    line = pathlib.Path(scratch.name, "cmdline")
    for said, wanted in (("rmpopt.disable=1", 64), ("rmpopt.disable=0 rmpopt.auto=0", 0), ("rmpopt.auto=1", 64)):
        line.write_text(f"{said}\n")
        result = ctl("set", "--persist", "disable=N", "auto=N", prefix=(
            "unshare", "--mount", "--propagation", "unchanged", "sh", "-euc", f'mount --bind {line} /proc/cmdline; exec "$@"', "sh"))
        equal((result.code, result.err.count("\n")), (wanted, wanted // 64), f"set --persist: what the kernel command line overrides is told: {said}")
    elsewhere = pathlib.Path(scratch.name, "elsewhere.conf")
    elsewhere.write_text("# managed\n")
    conf.unlink()
    conf.symlink_to(elsewhere)
    equal(ctl("set", "--persist", "duty=3").code, 0, "set --persist: through a link")
    equal((conf.is_symlink(), elsewhere.read_text()), (True, "# managed\noptions rmpopt duty=3\n"),
          "set --persist: the link stays, and what it names is changed")
    conf.unlink()


def sysroot_tests():
    tree = hosts["ready"]
    for way in (tree, f"{tree}/", os.path.relpath(tree), f"{tree}/../{tree.name}//"):
        rows = json.loads(ctl("check", "--json", tree=way).out)["check"]
        equal([row["read"] for row in rows if row["name"] == "built"], [f"version 0.1.0, /{trees.MODULE}"],
              f"--sysroot: paths are the host's: {str(way).replace(scratch.name, '')}")


def save_tests():
    for name in ("old.tar.gz", "old.tar", "old"):
        path = pathlib.Path(scratch.name) / name
        path.write_text("mine")
        result = ctl("status", "--save", str(path))
        equal((result.code, path.read_bytes(), result.out), (1, b"mine", ""), f"status --save: keeps what is there: {name}")
        like(result.err, r"File exists; use a new name", f"status --save: and says so: {name}")


def misuse_tests():
    for words in ([], ["nonsense"], ["--nonsense"], ["map", "extra"], ["check", "--wait"], ["scan", "--full", "--later"],
                  ["scan", "--timeout", "5"], ["scan", "--cancel", "--full"], ["scan", "--cancel", "--wait"], ["completion", "csh"], ["scan", "--wait", "--timeout", "0"], ["why", "1", "2"], ["status", "--output", "x"],
                  ["watch", "--output", "state"], ["set", "--save", "x"], ["help", "nonsense"], ["scan", "--timeout"],
                  ["check", "extra"], ["--json", "-xj"], ["status", "--json=1"], ["watch", "-c"], ["map", "--out"]):
        result = ctl(*words)
        equal((result.code, result.out, result.err.count("\n")), (2, "", 1), f"misuse in one line, exit 2: {' '.join(words)}")
        unlike(result.err, "null", f"misuse: nothing that is not there is named: {' '.join(words)}")
    for words, what in ((["--nonsense"], "unknown option --nonsense"), (["--json", "-xj"], "unknown option -x"),
                        (["scan", "--timeout"], "option --timeout requires a value"), (["status", "--json=1"], "option --json=1 takes no value"),
                        (["check", "extra"], "check takes no arguments"), (["why", "1", "2"], "why takes no more than 1 argument"),
                        (["lab", "a", "b", "c"], "lab takes no more than 2 arguments"), (["check", "--wait"], "--wait is not valid for check")):
        like(ctl(*words).err, rf"\Armpoptctl: {what}; see rmpoptctl (\w+ )?--help\n\Z", f"misuse: {what}")
    for words in (["status", "--json"], ["cores", "0", "--raw", "3-5", "-n"], ["cores", "0-3", "-o", "cpu"], ["--json", "why", "1027"], ["why", "-j", "--", "1027"], ["why", "--", "--json"],
                  ["scan", "--timeout"], ["--", "status"], ["cores", "-x"]):
        posix = ctl(*words[:1], "--sysroot", str(hosts["ready"]), *words[1:], prefix=("env", "POSIXLY_CORRECT=1"))
        other = ctl(*words[:1], "--sysroot", str(hosts["ready"]), *words[1:])
        equal((posix.code, posix.out, posix.err), (other.code, other.out, other.err), f"POSIXLY_CORRECT changes nothing: {' '.join(words)}")
    result = ctl("cores", "--sysroot", str(hosts["ready"]), "-n", "-o", "cpu", "--", "3-5")
    equal((result.code, result.out.split()), (0, ["2", "4"]), "arguments on both sides of --")
    equal(ctl("status", tree="/nonexistent").code, 1, "no such tree")
    version = re.search(r'^PACKAGE_VERSION="(.*)"$', pathlib.Path("/tree/dkms.conf").read_text(encoding="ascii"), re.M).group(1)
    equal(ctl("--version").out, f"rmpoptctl {version}\n", "--version")
    with open("/dev/full", "w", encoding="ascii") as full:
        code = os.spawnvpe(os.P_WAIT, "sh", ["sh", "-c", f"{os.environ['RMPOPTCTL']} --help >/dev/full 2>/dev/null"], os.environ)
        ok(full and code == 1, "a full disk is a failure")


for test in (status_tests, terminal_tests, nothing_tests, user_tests, map_tests, why_tests, unreadable_tests, unknown_tests,
             faulty_tests,
             cores_tests, watch_tests, set_tests, persist_tests, folder_tests, together_tests, strong_tests, sysroot_tests, save_tests,
             misuse_tests):
    test()
done()
