# SPDX-License-Identifier: GPL-2.0
"""View-only mode, and forecast."""
import json
import tempfile

import trees
from tap import ctl, done, equal, like, ok, terminal, unlike, watched

scratch = tempfile.TemporaryDirectory()
hosts = trees.make_all(scratch.name + "/trees")


def variant(name, change, make):
    return trees.variant(f"{scratch.name}/variants/{name}", change, make=make)


def viewing_tests():
    """The module only looks: at tables that the kernel fills, or at the RMP alone."""
    for name, why in (("viewing", "this kernel drives RMPOPT itself"), ("zen5", "this CPU has no RMPOPT, which comes with AMD Zen 6 EPYC")):
        result = ctl("status", tree=hosts[name])
        like(result.out, rf"\Armpopt 0.1.0, view only: {why}\n", f"status: {name}: view only, and why")
        like(result.out, r"^  Next +nothing to do: in view-only mode nothing is changed$", f"status: {name}: nothing to do")
        unlike(result.out, "scan|Last pass|slice|leader", f"status: {name}: nobody is told to scan")
        equal((result.code, result.err), (0, ""), f"status: {name}: no failure")
        equal(watched(hosts[name]), f"viewing, {3 if name == 'viewing' else 0} of 8 GiB optimized: view only: {why}\n", f"watch: {name}")
        like(ctl("map", tree=hosts[name]).out, f"^View only: {why}\\.$", f"map: {name}: view only, and why")
        like(ctl("cores", tree=hosts[name]).out, f"\\AView only: {why}\\.", f"cores: {name}: view only, and why")
    out = ctl("status", tree=hosts["viewing"]).out
    for line in ("Source +RMPOPT reports of 4 cores, and the RMP$", r"Optimized +3 of 8 GiB \(37.5 %\)",
                 "2 GiB hold pages of SNP guests or firmware", "1 GiB holds the RMP itself", "Cores +4 with a table in use",
                 "2 GiB could be optimized: the kernel decides when"):
        like(out, line, f"status: viewing: {line}")
    out = ctl("status", tree=hosts["zen5"]).out
    for line in ("Source +the RMP$", "Tables +not in use", r"Possible +5 of 8 GiB \(62.5 %\) with RMPOPT, as memory is placed now: see rmpoptctl forecast$"):
        like(out, line, f"status: zen5: {line}")
    unlike(out, "Optimized|Cores", "status: zen5: of tables that are not in use nothing is told")
    equal(ctl("map", tree=hosts["viewing"]).out.splitlines()[:4], ["node 0", "        0  #R#.", "node 1", "     1024  #oo."], "map: viewing")
    def uncovered(host):
        host.uncovered = 8
    tree = variant("zen5-uncovered", uncovered, make=trees.zen5)
    equal(json.loads(ctl("status", "--json", tree=tree).out)["status"][0]["regions_uncovered"], 0, "status --json: without tables there are no windows")
    like(ctl("metrics", tree=tree).out, "^rmpopt_regions_uncovered 0$", "metrics: nor there")
    out = ctl("map", tree=hosts["zen5"]).out
    equal(out.splitlines()[:4], ["node 0", "        0  oRo.", "node 1", "     1024  ooo."], "map: zen5")
    like(out, r"^RMPOPT could optimize 5 of 8 regions of 1 GiB", "map: zen5: the sum")
    equal(out.splitlines()[-1], ". pages of guests or firmware   R the RMP itself   o could be optimized", "map: zen5: the legend")
    row = json.loads(ctl("status", "--json", tree=hosts["viewing"]).out)["status"][0]
    equal([row[n] for n in ("state", "regions_optimized", "regions_rmp", "regions_held", "regions_optimizable", "cores")],
          ["viewing", 3, 1, 2, 2, 4], "status --json: viewing")
    equal(json.loads(ctl("status", "--json", tree=hosts["ready"]).out)["status"][0]["regions_optimizable"], None,
          "status --json: where it works the whole RMP is not read")
    equal([r["region"] for r in json.loads(ctl("why", "--json", tree=hosts["viewing"]).out)["why"]], [1, 3, 1025, 1026, 1027],
          "why: viewing: all that is not optimized")
    equal([r["region"] for r in json.loads(ctl("why", "--json", tree=hosts["zen5"]).out)["why"]], [1, 3, 1027],
          "why: zen5: all that could not be optimized")
    for words, said in ((("1027",), "guests with ASID 7,9\nIt can't be optimized before these guests have ended."),
                        (("3",), "Firmware uses such pages for its commands, and gives them back."), (("1",), "holds the RMP itself"),
                        (("0",), "No page prevents it: RMPOPT could optimize it. View only: this CPU has no RMPOPT")):
        out = ctl("why", *words, tree=hosts["zen5"]).out
        like(out, said, f"why {words[0]}: zen5")
        unlike(out, "scan", f"why {words[0]}: zen5: nobody is told to scan")
    like(ctl("why", "1025", tree=hosts["viewing"]).out, "the kernel, which drives RMPOPT itself, decides when to try it", "why: viewing")
    like(ctl("why", "1027", tree=hosts["zen4"]).out,
         r"3 wholly and 2 partly assigned, owner not known \(no RMPREAD\)\nThese are pages of SNP guests or firmware; without RMPREAD",
         "why: zen4: says what it can't know")
    rows = {row["region"]: row for row in json.loads(ctl("why", "--json", tree=hosts["zen4"]).out)["why"]}
    equal((rows[1027]["whole"], rows[1027]["firmware"], rows[1027]["asids"]), (3, None, "?"), "why --json: zen4")

    def empty(host):
        host.guests, host.rmp, host.msrs = {}, [], lambda: None
        host.debugfs = lambda saved=host.debugfs: {**saved(), "segments": "# segment first regions rmp_spa node"}
    equal(ctl("why", tree=variant("zen5-empty", empty, make=trees.zen5)).out,
          "RMPOPT could optimize all covered regions: no page is assigned.\n", "why: zen5: nothing to tell is told")
    like(terminal("watch", tree=hosts["viewing"], columns=100), "4 GiB: rmpoptctl why shows whose pages they hold",
         "watch: viewing: does not read the RMP each second")

    def user(host):
        saved = host.sysfs
        secret = ("covered", "optimized", "backoff", "faulty", "optimizable", "stats")
        host.sysfs = lambda: {k: v for k, v in saved().items() if k.split("/")[0] not in secret}
        host.debugfs = dict
    result = ctl("status", tree=variant("zen5-user", user, make=trees.zen5))
    like(result.out, "Not optimized +8 GiB; save it again as root to see why", "status: zen5: who is not root is told so")
    equal(ctl("cores", "-n", tree=variant("viewing-user", user, make=trees.viewing)).out.split()[:2], ["0", "no"],
          "cores: viewing: from sysfs")


def fixable_tests():
    """Zen 6 with a contiguous RMP: that can be changed."""
    why = "the RMP is not segmented, which RMPOPT requires: run Linux 6.14 or later, and enable the segmented RMP in the BIOS"

    def change(host):
        host.rmpopt, host.reason = 1, f"view only: {why}"
    tree = variant("contiguous-zen6", change, make=trees.zen5)
    like(ctl("status", tree=tree).out, "^  Next +do what the first line says; until then nothing is changed$", "status: the RMP is not segmented: what to do")
    like(ctl("forecast", tree=tree).out, rf"^This CPU has RMPOPT, but no table is in use: {why}\.$", "forecast: the RMP is not segmented: and why")


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
    for name, line in (("zen5", zen6), ("zen4", zen6), ("zen4", "This CPU has no RMPREAD: whether guests or firmware own the pages shown as assigned is not known."),
                       ("ready", "This host has RMPOPT: 5 GiB are optimized now."), ("viewing", "This host has RMPOPT: 3 GiB are optimized now.")):
        result = ctl("forecast", tree=hosts[name])
        like(result.out, f"^{line}", f"forecast: {name}: what it means")
        equal((result.code, result.err), (0, ""), f"forecast: {name}: well")
    like(ctl("forecast", tree=hosts["zen5"]).out, r"^RMPOPT could optimize 5 of 8 GiB \(62.5 %\) as memory is placed now\.$", "forecast: the sum")
    def of_one(host):
        host.guests.update({r: "1 0 0 5" for r in host.regions if r != 2})
    like(ctl("forecast", tree=variant("forecast-one", of_one, make=trees.zen5)).out, "ordinary VMs to this 1 GiB would skip", "forecast: one region")

    def one(host):
        host.optimized = [2]
    like(ctl("forecast", tree=variant("forecast-one-now", one, make=trees.Host)).out, "^This host has RMPOPT: 1 GiB is optimized now", "forecast: one region that is optimized")
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
    like(result.err, "can't read the RMP of region 1026: debugfs does not list it", "forecast: and says where")
    like(result.out, r"1 unknown +2 1026-1027", "forecast: and shows the rest")
    unlike(result.out, "could optimize", "forecast: without a sum")

    def no_debugfs(host):
        host.debugfs = dict
    result = ctl("forecast", tree=variant("forecast-no-debugfs", no_debugfs, make=trees.zen5))
    equal((result.code, result.out), (1, ""), "forecast: wants debugfs")
    like(result.err, "No such file or directory; save it again as root, with debugfs mounted on /sys/kernel/debug$", "forecast: and says so")

    def other_format(host):
        host.rmp_rows = lambda: ["region whole"]
    tree = variant("forecast-format", other_format, make=trees.zen5)
    for words in (["forecast"], ["why"], ["why", "1"]):
        equal((ctl(*words, tree=tree).code, ctl(*words, tree=tree).err),
              (1, "rmpoptctl: /sys/kernel/debug/rmpopt/rmp: this rmpoptctl does not know its format; use one of the module's version (rmpoptctl check)\n"),
              f"{' '.join(words)}: a file in another format")


for test in (viewing_tests, fixable_tests, contiguous_tests, forecast_tests):
    test()
done()
