# SPDX-License-Identifier: GPL-2.0
"""Exit codes: one rule, as a table. 0: what was asked for is so; 1: it is not; 2: the command line is invalid; 64: a part is."""
import errno
import json
import tempfile

import trees
from host import Live, not_loaded
from tap import ctl, done, equal

scratch = tempfile.TemporaryDirectory()
hosts = trees.make_all(scratch.name + "/trees")


def in_state(state, reason="because"):
    def make():
        host = trees.Host()
        host.state, host.reason = state, reason
        return host
    return make


def answering(host):
    """debugfs answers a question about region 1."""
    live = Live(host)
    live.put("sys/kernel/debug/rmpopt/rmp_region", "# region asid kind pages\n1 - firmware 12")
    return live


def loaded():
    live = answering(trees.Host())
    live.put("sys/module/rmpopt/initstate", "live")
    live.put("sys/module/rmpopt/refcnt", "0")
    return live


def ended(result):
    return lambda: Live(requested=4, served=4, last_result=result)


VIEWING, WAITING = {"refuse": f"rmpopt/scan {errno.EOPNOTSUPP}"}, {"refuse": f"rmpopt/scan {errno.ENODEV}"}
TABLE = (
    # What the host is like, how it is made, settings, and by command line the code.
    ("loaded", loaded, {}, {
        "load": 0, "load duty=3": 1, "load duty=0": 2, "unload": 0, "enable": 0, "disable": 0, "scan": 0, "scan --cancel": 0, "status": 0, "map": 0,
        "why": 0, "why 1027": 0, "why 99": 1, "why abc": 2, "why 9999999": 2, "why 1 2": 2, "cores": 0, "cores 0": 0, "cores 9": 1, "cores x": 2, "forecast": 0,
        "watch --count 1": 0, "set": 0, "set duty=3": 0, "set duty=0": 2, "set x=1": 2, "set cpus=0": 2, "set --unset duty": 0, "set --unset x": 2,
        "lab --dry-run": 0, "lab --steps nothing": 2, "lab --steps host,": 2, "lab --steps convert": 2,
        "lab a b": 2, "lab --compare a": 2, "lab --compare a b": 1, "lab a": 1, "lab a --yes": 2, "lab a b c": 2, "lab --columns": 2,
        "metrics": 0, "help": 0, "help scan": 0, "help x": 2, "status --color=": 2, "status --save x --json": 2,
        "completion zsh": 0, "completion x": 2, "": 2, "x": 2, "--version": 0, "--help": 0}),
    ("not loaded", not_loaded, {}, {
        "load": 1, "load duty=0": 2, "unload": 0, "enable": 1, "disable": 1, "scan": 1, "scan --cancel": 1, "status": 1, "map": 1, "why": 1, "why 1": 1,
        "why abc": 2, "cores": 1, "cores x": 2, "forecast": 1, "watch": 1, "set": 0, "set duty=3": 1, "set duty=0": 2, "metrics": 0, "help": 0}),
    ("view only", lambda: answering(trees.zen5()), VIEWING, {"scan": 1, "scan --cancel": 1, "status": 0, "map": 0, "why 1": 0, "forecast": 0, "cores": 0}),
    ("waiting", lambda: Live(trees.waiting()), WAITING, {"scan": 1, "status": 1, "map": 0, "cores": 0, "metrics": 0}),
    ("a pass that ends well", ended("ok"), {}, {"scan --wait": 0}),
    ("a partial pass", ended("partial"), {}, {"scan --wait": 64}),
    ("a pass that fails", ended("failed"), {}, {"scan --wait": 1}),
    ("a pass that is cancelled", ended("cancelled"), {}, {"scan --wait": 1}),
    ("a pass that does not end", lambda: Live(requested=4, served=3), {}, {"scan --wait --timeout 1": 1}),
)


def table_tests():
    for what, make, settings, lines in TABLE:
        for line, wanted in lines.items():
            code, out, err = make().run(*line.split(), **settings)
            # A status that is shown says itself what is wrong.
            lines_wanted = wanted != 0 and not (line == "status" and out)
            equal((code, err.count("\n")), (wanted, lines_wanted), f"{what}: rmpoptctl {line}: {wanted}")
            if wanted == 2:
                equal(out, "", f"{what}: rmpoptctl {line}: and nothing else is said")


def state_tests():
    """status says of a state what check says of it."""
    for state, wanted in (("ready", 0), ("scanning", 0), ("viewing", 0), ("suspended", 0), ("leaving", 0), ("waiting", 1), ("stopped", 1), ("failed", 1)):
        tree = in_state(state)().write(f"{scratch.name}/{state}")
        equal(ctl("status", tree=tree).code, wanted, f"status: {state}: {wanted}")
        equal(ctl("status", "--json", tree=tree).code, wanted, f"status --json: {state}: {wanted}")
        check = ctl("check", "--json", "--output", "name,result", tree=tree)
        result = {row["name"]: row["result"] for row in json.loads(check.out)["check"]}["state"]
        equal((check.code, result == "FAIL"), (wanted, wanted == 1), f"check: {state}: {wanted}")


def json_tests():
    """There is a document unless the command line is invalid."""
    for command in ("check", "status", "map", "why", "forecast", "cores", "watch", "set", "scan"):
        for what, live in (("not loaded", not_loaded()), ("loaded", loaded()), ("nothing may be read", Live(covered=None))):
            code, out, _ = live.run(command, "--json", *(["--count", "1"] if command == "watch" else []))
            document = json.loads(out or "{}")
            equal((sorted(document), code in (0, 1)), ([command, "version"] if command < "version" else ["version", command], True), f"{command} --json: {what}")
        equal(loaded().run(command, "--json", "--nonsense")[:2], (2, ""), f"{command} --json: invalid")
        if command != "scan":
            result = ctl(command, "--json", tree=f"{scratch.name}/none")
            equal((result.code, json.loads(result.out or "null")), (1, {"version": 1, command: []}), f"{command} --json: no tree")
    for words in (["none"], ["--compare", "none", "none"], ["--dry-run", "--sysroot", f"{scratch.name}/none"]):
        result = ctl("lab", "--json", *words)
        refused = json.loads(result.out or "{}").get("refused")
        equal((result.code, result.err), (1, f"rmpoptctl: {refused}\n"), f"lab --json {words[0]}: says why there is no report")


table_tests()
state_tests()
json_tests()
done()
