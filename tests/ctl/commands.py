# SPDX-License-Identifier: GPL-2.0
"""Each command on hosts of all kinds: what it says, and its exit code."""
import concurrent.futures
import json
import os
import pathlib
import re
import tempfile

import trees
from tap import ctl, done, equal, like, ok, terminal, unlike

scratch = tempfile.TemporaryDirectory()
hosts = trees.make_all(scratch.name + "/trees")


def variant(name, change, make):
    return trees.variant(f"{scratch.name}/variants/{name}", change, make=make)


def status_tests():
    result = ctl("status", tree=hosts["ready"])
    equal(result.code, 0, "status: ready")
    like(result.out, r"\Armpopt 0.1.0 is ready\n", "status: begins with the state")
    for line in (r"Optimized +5 of 8 GiB \(62.5 %\)", "1 GiB holds the RMP itself", "1 GiB holds pages of SNP guests",
                 "1 GiB is lost again and again", "ok, on request; took 1.23 ms, and 345 us of other cores' time",
                 r"43.2 us on CPU 6 \(slice_us allows 50 us\); 1 of 9 interruptions", "4 take part, led by 2 of them",
                 "Hooks +rmp_make_shared kvm_amd", "Next +nothing to do: regions are regained by themselves$"):
        like(result.out, line, f"status: {line}")
    ok(len(result.out.splitlines()) <= 24 and max(map(len, result.out.splitlines())) <= 110, "status: fits a screen", result.out)
    bare = variant("bare", lambda host: setattr(host, "sysfs", lambda: {"state": "ready", "reason": "ok"}), make=trees.Host)
    result = ctl("status", tree=bare)
    unlike(result.out, str(2 ** 64 - 1)[:6], "status: what is not known is no number")
    result = ctl("status", tree=hosts["waiting"])
    like(result.out, r"\Armpopt 0.1.0 is waiting: SNP is not enabled yet .*\n", "status: waiting, and why")
    equal(result.code, 0, "status: waiting is no failure")
    result = ctl("status", tree=hosts["failed"])
    equal(result.code, 1, "status: failed is one")
    like(result.out, r"\Armpopt 0.1.0 has failed: every core fails", "status: and is told in English")
    unlike(result.out, "is failed", "status: everywhere")
    result = ctl("status", tree=hosts["not_loaded"])
    equal((result.code, result.out, result.err.count("\n")), (1, "", 1), "status: not loaded is told in one line")
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
    unlike(on_terminal("map", "--no-color"), "\033", "map --no-color: plain")
    equal(on_terminal("map", "--no-color").replace("\r", ""), ctl("map", tree=hosts["ready"]).out, "and as in a file")
    like(on_terminal("check"), "\033\\[32mPASS\033\\[0m", "check: in colour on a terminal")
    for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        unlike(terminal("map", tree=hosts["ready"], **environment), "\033", f"map: plain with {environment}")
    like(on_terminal("watch"), "\033\\[H\033\\[J.*Ctrl-C", "watch: draws on a terminal")
    for columns in (32, 40, 80, 132):
        lines = terminal("map", "--no-color", tree=hosts["large"], columns=columns).split("\r\n")
        ok(max(map(len, lines)) <= columns, f"map: fits {columns} columns", max(lines, key=len))
        drawn = "".join(line[11:] for line in lines if line[:9].strip().isdigit())
        equal(drawn, "".join(line[11:] for line in ctl("map", tree=hosts["large"]).out.splitlines() if line[:9].strip().isdigit()),
              "and is whole")
        for host in hosts:
            lines = terminal("status", "--no-color", tree=hosts[host], columns=columns).split("\r\n")
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
    like(out, "Next +nothing to do: all that can be optimized is$", "status: nothing is to be done where only the RMP is left")

    def by_hand(host):
        saved = host.sysfs
        host.sysfs = lambda: {**saved(), "tune/auto": "N"}
    like(ctl("status", tree=variant("by-hand", by_hand, make=trees.Host)).out, "Next +auto is N: after guests have ended, rmpoptctl scan --wait$",
         "status: who wants no passes by themselves has to ask")


def user_tests():
    def change(host):
        saved = host.sysfs
        secret = ("covered", "optimized", "backoff", "stats")
        host.sysfs = lambda: {k: v for k, v in saved().items() if k.split("/")[0] not in secret}
        host.debugfs = dict
    tree = variant("user", change, make=trees.Host)
    result = ctl("status", tree=tree)
    like(result.out, "3 GiB; run this as root to see why", "status: who is not root is told so")
    equal(result.code, 0, "status: and sees the rest")
    equal(ctl("map", tree=tree).code, 1, "map: for root only")
    result = ctl("cores", tree=tree)
    equal(result.out.split(), "CPU ROLE BEHIND 0 leader no 2 follower no 4 leader no 6 follower no".split(), "cores: from sysfs alone")
    equal(ctl("why", "5", tree=tree).code, 1, "why: for root only")
    unlike(ctl("metrics", tree=tree).out, "passes_total", "metrics: without what can't be read")


def map_tests():
    result = ctl("map", tree=hosts["ready"])
    equal(result.out.splitlines()[:4], ["node 0", "        0  #R##", "node 1", "     1024  #b#."], "map: the picture")
    like(result.out, "5 of 8 regions of 1 GiB optimized", "map: the sum")
    equal(result.out.splitlines()[-1], "# optimized   . pages of guests or firmware   b back-off   R the RMP itself   - in no window",
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
    like(result.out, "3 are wholly assigned, 2 partly; 1 of these hold firmware", "why: blocks")
    like(result.out, "guests with ASID 7,9", "why: guests")
    like(result.out, "After they have ended: rmpoptctl scan --wait", "why: what to do")
    like(ctl("why", "1", tree=hosts["ready"]).out, "holds the RMP itself", "why: the RMP's own region")
    like(ctl("why", "0", tree=hosts["ready"]).out, "is optimized", "why: nothing is in the way")
    like(ctl("why", "1025", tree=hosts["ready"]).out, "lost again and again", "why: back-off")
    equal(ctl("why", "99", tree=hosts["ready"]).code, 1, "why: a region that is not covered")
    for word in ("x", "5000000", "1x", "", " 1"):
        equal(ctl("why", word, tree=hosts["ready"]).code, 2, f"why: refuses {word!r}")

    def all_optimized(host):
        host.optimized, host.rmp_rows = host.regions, lambda: ["# region whole partial firmware asids", "0 0 0 0 -"]
    whole = variant("all-optimized", all_optimized, make=trees.Host)
    equal(ctl("why", tree=whole).out, "Nothing is in the way: every region that is covered is optimized.\n",
          "why: nothing to tell is told")
    equal((ctl("why", "-n", tree=whole).out, json.loads(ctl("why", "--json", tree=whole).out)), ("", {"why": []}), "why: but not to scripts")
    rows = json.loads(ctl("why", "--json", tree=hosts["large"]).out)["why"]
    equal([row["region"] for row in rows], trees.large().held(), "why: all regions at 8 TiB that are not optimized")


def unreadable_tests():
    """RMPREAD fails."""
    def change(host):
        host.rmp_rows = lambda: ["# region whole partial firmware asids", "1 2 1 3 -", "1027 - - - error:-14"]
    tree = variant("unreadable", change, make=trees.Host)
    for words in (["why", "1027"], ["why"], ["why", "1027", "--json"], ["why", "--json"]):
        result = ctl(*words, tree=tree)
        equal(result.code, 1, f"{' '.join(words)}: fails where the RMP can't be read")
        like(result.err, r"\Armpoptctl: the RMP can't be read in region 1027: Bad address; is SNP initialised", "and says what to do")
        unlike(result.out, "Nothing is in the way|scan --wait", "and gives no other advice")
    equal(ctl("why", "1", tree=tree).code, 0, "why: other regions are none the worse")


def not_looked(host):
    """The first pass has not ended, or rmpopt has stopped: what is optimized is not shown."""
    host.optimized, host.backoff, host.rmp_rows = [], [], lambda: ["# region whole partial firmware asids", "1027 0 0 0 -"]


def unknown_tests():
    def with_files(state, reason="ok", **files):
        def change(host):
            not_looked(host)
            host.state, host.reason = state, reason
            saved = host.sysfs
            host.sysfs = lambda: {**saved(), **{name.replace("tune_", "tune/"): value for name, value in files.items()}}
        return change
    stopped = "stopped by the administrator: write 1 to enabled to start again"
    for name, change in (("stopped", with_files("stopped", stopped)), ("waiting", with_files("waiting", "SNP is not enabled yet", passes=0)),
                         ("failed", with_files("failed", "every core fails")), ("scanning", with_files("scanning", passes=0)),
                         ("scanning-anew", with_files("scanning")), ("ready", with_files("ready", last_result="cancelled")),
                         ("ready-not-auto", with_files("ready", tune_auto="N"))):
        tree = variant(f"unknown-{name}", change, make=trees.Host)
        state = name.split("-")[0]
        said = "has failed" if state == "failed" else f"is {state}"
        out = ctl("status", tree=tree).out
        like(out, f"^  Not  +1 GiB holds the RMP itself.*\n +7 GiB of which nothing is known yet: rmpopt {said}$", f"status: nobody is blamed: {name}")
        unlike(out, "guests", f"status: no guests are talked of: {name}")
        row = json.loads(ctl("status", "--json", tree=tree).out)["status"][0]
        equal((row["regions_rmp"], row["regions_held"], row["regions_backoff"]), (1, None, None), f"status --json: nor numbered: {name}")
        rows = json.loads(ctl("map", "--json", tree=tree).out)["map"]
        equal({row["state"] for row in rows}, {"rmp", "unknown"}, f"map --json: nor drawn: {name}")
        like(ctl("map", tree=tree).out, r"  \?R\?\?\n[^$]*\? not known yet$", f"map: but told to be unknown: {name}")
        equal(json.loads(ctl("why", "--json", tree=tree).out)["why"][0]["state"], "unknown", f"why --json: {name}")
        advice = "scan --wait" if state in ("ready", "scanning") else f"No page is in the way, but rmpopt {said}: "
        like(ctl("why", "1027", tree=tree).out, advice, f"why: advice that can be followed: {name}")
    full = variant("full-of-guests", with_files("ready"), make=trees.Host)
    like(ctl("status", tree=full).out, "7 GiB hold pages of SNP guests", "status: a host full of guests is not unknown")
    unlike(ctl("map", tree=hosts["ready"]).out, "not known", "map: no legend for what is not there")


def faulty_tests():
    def change(host):
        host.optimized, host.faulty = [0, 3, 1024, 1026], [2]
    tree = variant("faulty", change, make=trees.Host)
    out = ctl("status", tree=tree).out
    like(out, r"1 GiB in which RMPOPT faults; tried again with growing pauses: rmpoptctl why$", "status: a region that faults")
    like(out, r"Next +if RMPOPT still faults after hours: rmpoptctl status --save FILE", "status: and what to do about it")
    row = json.loads(ctl("status", "--json", tree=tree).out)["status"][0]
    equal((row["regions_faulty"], row["regions_held"]), (1, 1), "status --json: it is counted, and is no guest's")
    out = ctl("map", tree=tree).out
    like(out, r"^ +0  #R!#\n", "map: a region that faults")
    like(out, r"   ! RMPOPT faults$", "map: is explained")
    unlike(ctl("map", tree=hosts["ready"]).out, "faults", "map: only where there is one")
    equal([r["state"] for r in json.loads(ctl("map", "--json", tree=tree).out)["map"]][2], "faulty", "map --json: a region that faults")
    like(ctl("why", "2", tree=tree).out, r"^RMPOPT faults there, though RMPOPT_BASE is right", "why: a region that faults")
    like(ctl("metrics", tree=tree).out, r"^rmpopt_regions_faulty 1$", "metrics: regions that fault")


def viewing_tests():
    """The module only looks: at tables that the kernel fills, or at the RMP alone."""
    for name, why in (("viewing", "this kernel drives RMPOPT itself"), ("zen5", "this CPU has no RMPOPT, which comes with AMD Zen 6 EPYC")):
        result = ctl("status", tree=hosts[name])
        like(result.out, rf"\Armpopt 0.1.0, view only: {why}\n", f"status: {name}: view only, and why")
        like(result.out, r"^  Next +nothing to do: the module only looks", f"status: {name}: nothing to do")
        unlike(result.out, "scan|Last pass|Worst stall|led by", f"status: {name}: nobody is told to scan")
        equal((result.code, result.err), (0, ""), f"status: {name}: no failure")
        equal(ctl("watch", tree=hosts[name]).out, f"viewing, {3 if name == 'viewing' else 0} of 8 GiB optimized: view only: {why}\n", f"watch: {name}")
        like(ctl("map", tree=hosts[name]).out, f"^View only: {why}\\.$", f"map: {name}: view only, and why")
        like(ctl("cores", tree=hosts[name]).out, f"\\AView only: {why}\\.", f"cores: {name}: view only, and why")
    out = ctl("status", tree=hosts["viewing"]).out
    for line in ("Shown +the tables of 4 cores, by RMPOPT reports; the RMP as it is now", r"Optimized +3 of 8 GiB \(37.5 %\)",
                 "2 GiB hold pages of SNP guests or of firmware", "1 GiB holds the RMP itself", "Cores +4 with a table in use",
                 "2 GiB have no assigned page, but are not optimized: the kernel decides when"):
        like(out, line, f"status: viewing: {line}")
    out = ctl("status", tree=hosts["zen5"]).out
    for line in ("Shown +the RMP as it is now$", "Tables +not in use", r"Could be +5 of 8 GiB \(62.5 %\) optimized by RMPOPT .*forecast$"):
        like(out, line, f"status: zen5: {line}")
    unlike(out, "Optimized|Cores", "status: zen5: of tables that are not in use nothing is told")
    equal(ctl("map", tree=hosts["viewing"]).out.splitlines()[:4], ["node 0", "        0  #R#.", "node 1", "     1024  #oo."], "map: viewing")
    out = ctl("map", tree=hosts["zen5"]).out
    equal(out.splitlines()[:4], ["node 0", "        0  oRo.", "node 1", "     1024  ooo."], "map: zen5")
    like(out, r"^RMPOPT could optimize 5 of 8 regions of 1 GiB", "map: zen5: the sum")
    equal(out.splitlines()[-1], ". pages of guests or firmware   R the RMP itself   o no page is assigned", "map: zen5: the legend")
    row = json.loads(ctl("status", "--json", tree=hosts["viewing"]).out)["status"][0]
    equal([row[n] for n in ("state", "regions_optimized", "regions_rmp", "regions_held", "regions_optimizable", "cores")],
          ["viewing", 3, 1, 2, 2, 4], "status --json: viewing")
    equal(json.loads(ctl("status", "--json", tree=hosts["ready"]).out)["status"][0]["regions_optimizable"], None,
          "status --json: where it works the whole RMP is not read")
    equal([r["region"] for r in json.loads(ctl("why", "--json", tree=hosts["viewing"]).out)["why"]], [1, 3, 1025, 1026, 1027],
          "why: viewing: all that is not optimized")
    equal([r["region"] for r in json.loads(ctl("why", "--json", tree=hosts["zen5"]).out)["why"]], [1, 3, 1027],
          "why: zen5: all that could not be optimized")
    for words, said in ((("1027",), "guests with ASID 7,9\nSNP guests live there. No RMPOPT can optimize it before they have ended."),
                        (("3",), "Firmware holds pages there, as it does for each of its commands."), (("1",), "holds the RMP itself"),
                        (("0",), "Nothing is in the way: RMPOPT could optimize it. View only: this CPU has no RMPOPT")):
        out = ctl("why", *words, tree=hosts["zen5"]).out
        like(out, said, f"why {words[0]}: zen5")
        unlike(out, "scan", f"why {words[0]}: zen5: nobody is told to scan")
    like(ctl("why", "1025", tree=hosts["viewing"]).out, "the kernel, which drives RMPOPT itself, decides when it is tried", "why: viewing")
    like(ctl("why", "1027", tree=hosts["zen4"]).out,
         r"3 are wholly assigned, 2 partly; whose they are is not known, as this CPU has no RMPREAD\nSNP guests live there, or firmware",
         "why: zen4: says what it can't know")
    rows = {row["region"]: row for row in json.loads(ctl("why", "--json", tree=hosts["zen4"]).out)["why"]}
    equal((rows[1027]["whole"], rows[1027]["firmware"], rows[1027]["asids"]), (3, None, "?"), "why --json: zen4")

    def empty(host):
        host.guests, host.rmp, host.msrs = {}, [], lambda: None
        host.debugfs = lambda saved=host.debugfs: {**saved(), "segments": "# segment first regions rmp_spa node"}
    equal(ctl("why", tree=variant("zen5-empty", empty, make=trees.zen5)).out,
          "Nothing is in the way: no page of any region that is covered is assigned.\n", "why: zen5: nothing to tell is told")
    like(terminal("watch", tree=hosts["viewing"], columns=100), "4 GiB: rmpoptctl why shows whose pages are there",
         "watch: viewing: does not read the RMP each second")

    def user(host):
        saved = host.sysfs
        secret = ("covered", "optimized", "backoff", "faulty", "optimizable", "stats")
        host.sysfs = lambda: {k: v for k, v in saved().items() if k.split("/")[0] not in secret}
        host.debugfs = dict
    result = ctl("status", tree=variant("zen5-user", user, make=trees.zen5))
    like(result.out, "Not +8 GiB; run this as root to see why", "status: zen5: who is not root is told so")
    equal(ctl("cores", "-n", tree=variant("viewing-user", user, make=trees.viewing)).out.split()[:2], ["0", "no"],
          "cores: viewing: from sysfs")


def contiguous_tests():
    """Without segments the RMP reaches from RMP_BASE to RMP_END."""
    def change(host):
        saved = host.msrs
        host.msrs = lambda: saved().replace("0x47ffffff", "0xc7ffffff")
    rows = json.loads(ctl("map", "--json", tree=variant("contiguous", change, make=trees.zen4)).out)["map"]
    equal([(r["first"], r["last"]) for r in rows if r["state"] == "rmp"], [(1, 3)], "map: a contiguous RMP of more than a region")


def forecast_tests():
    def rows(name):
        return [tuple(row.values()) for row in json.loads(ctl("forecast", "--json", tree=hosts[name]).out)["forecast"]]
    wanted = [(0, "optimizable", 2, "0,2", None), (0, "rmp", 1, "1", None), (0, "firmware", 1, "3", None),
              (1, "optimizable", 3, "1024-1026", None), (1, "guest", 1, "1027", "7,9")]
    equal(rows("zen5"), wanted, "forecast --json: by node, and who is in the way")
    equal(rows("viewing"), wanted, "forecast: also where the kernel drives RMPOPT")
    equal(rows("ready"), [(0, "optimizable", 3, "0,2-3", None), *[r for r in wanted if r[1] != "firmware"][1:]], "forecast: also where the module works")
    equal(rows("zen4"), [(n, "assigned" if state in ("guest", "firmware") else state, count, which, "?" if state in ("guest", "firmware") else None)
                         for n, state, count, which, _ in wanted], "forecast: without RMPREAD")
    zen6 = "On AMD Zen 6 EPYC, with memory placed like this, writes of the host and of ordinary VMs to these 5 GiB would skip the RMP check."
    for name, line in (("zen5", zen6), ("zen4", zen6), ("zen4", "This CPU has no RMPREAD: it is not known whether guests or firmware hold"),
                       ("ready", "This host has RMPOPT: 5 GiB are optimized now."), ("viewing", "This host has RMPOPT: 3 GiB are optimized now.")):
        result = ctl("forecast", tree=hosts[name])
        like(result.out, f"^{line}", f"forecast: {name}: what it means")
        equal((result.code, result.err), (0, ""), f"forecast: {name}: well")
    like(ctl("forecast", tree=hosts["zen5"]).out, r"^RMPOPT could optimize 5 of 8 GiB \(62.5 %\) as memory is placed now\.$", "forecast: the sum")
    unlike(ctl("forecast", tree=hosts["zen5"]).out, "RMPREAD", "forecast: with RMPREAD owners are known")
    equal(ctl("forecast", "-n", tree=hosts["zen5"]).out.count("\n"), 5, "forecast --noheadings: rows and nothing else")
    host = trees.large()
    found = rows("large")
    equal(sum(row[2] for row in found), 8192, "forecast: each region is accounted for at 8 TiB")
    listed = [int(n) for row in found if row[1] == "optimizable" for a in row[3].split(",") for n in range(int(a.split("-")[0]), int(a.split("-")[-1]) + 1)]
    equal(listed, host.free(), "forecast: and is the right one")
    guests = {int(host.guests[r].split()[3]) for r in host.guests if r < 2048 and r not in host.rmp}
    equal([row[4] for row in found if row[:2] == (0, "guest")], [trees.listed(guests)], "forecast: ASIDs of all guests of a node")
    for columns in (80, 132):
        lines = terminal("forecast", tree=hosts["large"], columns=columns).split("\r\n")
        ok(max(map(len, lines)) <= columns and len(lines) <= 50, f"forecast: fits {columns} columns", *lines)

    def moved(host):
        host.nodes = [(1, 1024, 4)]
    equal(json.loads(ctl("forecast", "--json", tree=variant("no-node", moved, make=trees.zen5)).out)["forecast"][-1]["node"], None,
          "forecast: no node's memory")

    def unreadable(host):
        saved = host.rmp_rows
        host.rmp_rows = lambda: ["1027 - - - error:-14" if row.startswith("1027 ") else row for row in saved() if not row.startswith("1026 ")]
    tree = variant("forecast-unreadable", unreadable, make=trees.zen5)
    result = ctl("forecast", tree=tree)
    equal((result.code, result.err.count("\n")), (1, 1), "forecast: fails where the RMP can't be read")
    like(result.err, "the RMP can't be read in region 1026", "forecast: and says where")
    like(result.out, r"1 unknown +2 1026-1027", "forecast: and shows the rest")
    unlike(result.out, "could optimize", "forecast: without a sum")

    def no_debugfs(host):
        host.debugfs = dict
    result = ctl("forecast", tree=variant("forecast-no-debugfs", no_debugfs, make=trees.zen5))
    equal((result.code, result.out), (1, ""), "forecast: wants debugfs")
    like(result.err, "with debugfs mounted on /sys/kernel/debug", "forecast: and says so")


def cores_tests():
    rows = json.loads(ctl("cores", "--json", tree=hosts["ready"]).out)["cores"]
    equal([(r["cpu"], r["role"], r["slices"]) for r in rows],
          [(0, "leader", 0), (2, "follower", 3), (4, "leader", 6), (6, "follower", 9)], "cores --json")
    result = ctl("cores", "--output", "role,cpu", "--noheadings", tree=hosts["large"])
    equal((len(result.out.splitlines()), result.out.split()[:2]), (512, ["leader", "0"]), "cores: columns as asked for")
    equal(ctl("cores", "--output", "nonsense", tree=hosts["ready"]).code, 2, "cores: no such column")


def watch_tests():
    result = ctl("watch", tree=hosts["ready"])
    equal((result.code, result.out), (0, "ready, 5 of 8 GiB optimized, 5 passes, last ok, 0 cores behind\n"),
          "watch: one line where nothing changes")
    tree = pathlib.Path(hosts["failed"])
    like(ctl("watch", tree=tree).out, "failed, 0 of 8 GiB optimized.*: every core fails", "watch: with the reason")


def set_tests():
    rows = json.loads(ctl("set", "--json", tree=hosts["ready"]).out)["set"]
    values = {row["name"]: row["value"] for row in rows}
    equal((values["slice_us"], values["isolated"], values["cpus"], len(values)), ("50", "ipi", "all", 16), "set: shows values")
    equal(ctl("set", "slice_us=20", tree=hosts["ready"]).code, 2, "set: changes no saved tree")
    for word in ("slice_us=9", "slice_us=1001", "slice_us=", "slice_us", "slice_us=0x20", "slice_us=+50", "duty=0",
                 "isolated=maybe", "followers=skip", "auto=2", "=1", "slice=20", "slice_us=50 ", "watch_ms=5", "delay_ms=86400001",
                 "coverage=3-1", "coverage=1,", "cpus=a"):
        for command in (["set", "--persist"], ["set", "--persist", "duty=3"], ["load"], ["load", "duty=3"]):
            result = ctl(*command, word)
            equal((result.code, result.err.count("\n")), (2, 1), f"{' '.join(command)}: refuses {word!r}")
    ok(not os.path.exists("/etc/modprobe.d/rmpopt.conf"), "set: and has written nothing")


def persist_tests():
    conf = pathlib.Path("/etc/modprobe.d/rmpopt.conf")
    conf.parent.mkdir(exist_ok=True)
    cases = [
        (None, ["duty=3"], r"\A# .*\noptions rmpopt duty=3\n\Z"),
        ("# mine\noptions rmpopt duty=3 slice_us=20\n", ["duty=4"], r"\A# mine\noptions rmpopt slice_us=20\noptions rmpopt duty=4\n\Z"),
        ("options rmpopt duty=3", ["duty=4"], r"\Aoptions rmpopt duty=4\n\Z"),
        ("options other duty=3\n# options rmpopt duty=3", ["duty=4"],
         r"\Aoptions other duty=3\n# options rmpopt duty=3\noptions rmpopt duty=4\n\Z"),
        ("options rmpopt \\\n duty=3 \\\n cpus=0-3\n\nalias a b \\\n c\n", ["duty=4"],
         r"\Aoptions rmpopt cpus=0-3\n\nalias a b \\\n c\noptions rmpopt duty=4\n\Z"),
        ('options rmpopt x="a duty=1 b" duty=3\n', ["duty=4"], r'\Aoptions rmpopt x="a duty=1 b"\noptions rmpopt duty=4\n\Z'),
        ("options rmpopt duty=3\n", ["watch_ms=0", "cpus=0-3"], r"\Aoptions rmpopt duty=3\noptions rmpopt watch_ms=0 cpus=0-3\n\Z"),
    ]
    for number, (before, words, after) in enumerate(cases):
        conf.unlink(missing_ok=True)
        if before is not None:
            conf.write_text(before)
        result = ctl("set", "--persist", *words)
        like(conf.read_text(), after, f"set --persist: case {number}, exit {result.code}")
    equal([p.name for p in conf.parent.glob("*rmpopt*") if p != conf], [], "set --persist: leaves no other file")
    conf.write_text('options rmpopt "duty=3" slice-us=20 cpus="0-3,8"\n')
    ctl("set", "--persist", "slice_us=25", "duty=4")
    equal(conf.read_text(), 'options rmpopt cpus="0-3,8"\noptions rmpopt slice_us=25 duty=4\n', "set --persist: quotes and dashes")
    conf.unlink()


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
    like(result.err, "duty=3 is kept .* takes 9", "set --persist: and by what")
    equal(ctl("set", "--persist", "duty=9").code, 0, "set --persist: but not what it repeats")
    site.unlink()
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
        equal([row["read"] for row in rows if row["name"] == "built"], [f"/{trees.MODULE}, version 0.1.0"],
              f"--sysroot: paths are the host's: {str(way).replace(scratch.name, '')}")


def save_tests():
    for name in ("old.tar.gz", "old.tar", "old"):
        path = pathlib.Path(scratch.name) / name
        path.write_text("mine")
        result = ctl("status", "--save", str(path))
        equal((result.code, path.read_bytes(), result.out), (1, b"mine", ""), f"status --save: keeps what is there: {name}")
        like(result.err, r"File exists; give a new name", f"status --save: and says so: {name}")


def misuse_tests():
    for words in ([], ["nonsense"], ["--nonsense"], ["map", "extra"], ["check", "--wait"], ["scan", "--full", "--later"],
                  ["scan", "--timeout", "5"], ["scan", "--wait", "--timeout", "0"], ["why", "1", "2"], ["status", "--output", "x"],
                  ["watch", "--output", "state"], ["set", "--save", "x"], ["help", "nonsense"], ["scan", "--timeout"],
                  ["check", "extra"], ["--json", "-xj"], ["status", "--json=1"], ["watch", "-c"], ["map", "--no"]):
        result = ctl(*words)
        equal((result.code, result.out, result.err.count("\n")), (2, "", 1), f"misuse in one line, exit 2: {' '.join(words)}")
        unlike(result.err, "null", f"misuse: nothing that is not there is named: {' '.join(words)}")
    for words, what in ((["--nonsense"], "--nonsense: there is no such option"), (["--json", "-xj"], "-x: there is no such option"),
                        (["scan", "--timeout"], "--timeout: a value is missing"), (["status", "--json=1"], "--json=1: it takes no value"),
                        (["check", "extra"], "check takes no argument")):
        like(ctl(*words).err, rf"\Armpoptctl: {what}; see rmpoptctl (\w+ )?--help\n\Z", f"misuse: {what}")
    for words in (["scan"], ["unload"], ["watch"], ["cores"], ["set", "duty=3"]):
        result = ctl(*words)
        equal((result.code, result.out, result.err.count("\n")), (1, "", 1), f"not loaded: {' '.join(words)}")
    equal(ctl("status", tree="/nonexistent").code, 1, "no such tree")
    version = re.search(r'^PACKAGE_VERSION="(.*)"$', pathlib.Path("/tree/dkms.conf").read_text(encoding="ascii"), re.M).group(1)
    equal(ctl("--version").out, f"rmpoptctl {version}\n", "--version")
    with open("/dev/full", "w", encoding="ascii") as full:
        code = os.spawnvpe(os.P_WAIT, "sh", ["sh", "-c", f"{os.environ['RMPOPTCTL']} --help >/dev/full 2>/dev/null"], os.environ)
        ok(full and code == 1, "a full disk is a failure")


for test in (status_tests, terminal_tests, nothing_tests, user_tests, map_tests, why_tests, unreadable_tests, unknown_tests,
             faulty_tests, viewing_tests, contiguous_tests, forecast_tests,
             cores_tests, watch_tests, set_tests, persist_tests, together_tests, strong_tests, sysroot_tests, save_tests,
             misuse_tests):
    test()
done()
