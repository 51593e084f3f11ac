# SPDX-License-Identifier: GPL-2.0
"""rmpoptctl lab without a machine: what it would do, what it refuses, how it shows and compares reports."""
import copy
import json
import pathlib
import re
import tempfile

import jsonschema

import trees
from tap import ctl, done, equal, like, ok, unlike

tree = pathlib.Path(__file__).parents[2]
scratch = tempfile.TemporaryDirectory()
hosts = trees.make_all(scratch.name + "/trees")
schema = json.loads((pathlib.Path(__file__).parent / "schemas/lab.json").read_text())
STEPS = ["host", "arm", "report", "verify", "operands", "rmpread", "core", "sibling", "cache", "each", "together", "base", "idle", "offline", "passes", "convert"]
asked = re.findall(r'^\t\{ "([\w-]+)", "(\w+)",', (tree / "src/ctl/lab_questions.c").read_text(), re.M)


def sample():
    """A report, as a host with two cores could have written it."""
    questions = [{"id": name, "question": f"{name}?", "done": "something", "settles": "a fact", "step": step, "answer": "unknown", "why": "no reason",
                  "readings": []} for name, step in asked]
    questions[0] |= {"answer": "ud", "why": None, "readings": [{"cpu": 1, "what": "RMPOPT", "outcome": "fault", "vector": 6}]}
    questions[-1] |= {"answer": "at-once", "why": None}
    failed = [{"first_assigned_block": block, "cycles": 60 + 10 * block} for block in (3, 400)]
    questions[[name for name, _ in asked].index("failure-cost")] |= {"answer": "early", "why": None, "readings": failed}
    line = {"step": "core", "basis": None, "cores": 1, "distance": "near", "round": 1, "count": 9, "min": 50, "median": 60, "p99": 70, "max": 80}
    write = {"what": "random", "page_size": 4096, "round": 1, "bytes_touched": 4096, "amount": 1000, "ns": 10000}
    return {
        "version": 1, "program": "rmpoptctl 0.2.0", "date": "2026-11-29T09:00:00+00:00", "emulated": False, "complete": True, "refused": None, "surprise": None,
        "host": {"cpu": "AMD EPYC 9xx6", "microcode": "0xb00f123", "bios_version": "1.2", "kernel": "7.2.12", "cpus": 4, "cores": 2, "threads_per_core": 2,
                 "nodes": 1, "tsc_khz": 2000000, "regions_ram": 7, "regions_assigned": None,
                 "rmp_segments": [{"first_region": 0, "regions": 8, "node": 0}, {"first_region": 8, "regions": 4, "node": None}], "rmpopt_base": {"0x0": 2}},
        "steps": [{"id": "host", "state": "done", "why": None, "does": "reads", "costs": "little", "worst": "none", "took_ms": 3}],
        "questions": questions,
        "measurements": [line | {"id": "report"}, line | {"step": "convert", "id": "verify-paid", "median": 5000, "distance": None},
                         line | {"step": "together", "id": "verify-cached", "cores": 2, "median": 2000}],
        "passes": [{"algorithm": "merged", "round": 1, "regions": 8, "cores": 2, "verifies": 16, "total_us": 1234.5, "stolen_us": 60.25, "stolen_cycles": 120500,
                    "longest_stop_us": 60.25, "longest_stop_cycles": 120500},
                   {"algorithm": "rmpopt", "round": 1, "regions": 8, "cores": 2, "total_us": 2000, "stolen_us": 30, "longest_stop_us": 12.5}],
        "writes": [write | {"optimized": False, "rate": 50.0}, write | {"optimized": True, "rate": 75.0}],
    }


def written(document, name="lab.json"):
    path = pathlib.Path(tempfile.mkdtemp(dir=scratch.name), name)
    path.write_text(document if isinstance(document, str) else json.dumps(document, indent=2))
    return path


def problems(document):
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(document)]


def dry_run(*words, host="ready", change=None):
    where = trees.variant(tempfile.mkdtemp(dir=scratch.name), change, make=trees.not_loaded) if change else hosts[host]
    return ctl("lab", "--dry-run", *words, tree=where)


def dry_run_tests():
    result = dry_run()
    equal((result.code, result.err), (0, ""), "lab --dry-run: exit code")
    equal(re.findall(r"^step (\S+)$", result.out, re.M), STEPS[:-1], "lab --dry-run: all steps that convert nothing, in this order")
    equal([len(re.findall(rf"^  {word} +\S", result.out, re.M)) for word in ("does", "costs", "worst")], [15, 15, 15], "lab --dry-run: what each does, costs and risks")
    like(result.out, r"\A8 CPUs in 4 cores, about 8 regions of 1 GiB\. Dry run: nothing is executed\.", "lab --dry-run: the host that it is about")
    like(result.out, "With --convert there is one more step", "lab --dry-run: what is missing")
    unlike(result.out, "would refuse", "lab --dry-run: nothing prevents it")
    for siblings in ("", "7"):
        where = trees.Host().write(f"{scratch.name}/siblings{siblings}")
        (where / "sys/devices/system/cpu/cpu0/topology/thread_siblings_list").write_text(f"{siblings}\n")
        equal(ctl("lab", "--dry-run", tree=where).code, 0, f"lab --dry-run: CPU 0 has the siblings '{siblings}'")
    equal(re.findall(r"^step (\S+)$", dry_run("--convert").out, re.M), STEPS, "lab --dry-run --convert: one more")
    equal(re.findall(r"^step (\S+)$", dry_run("--steps", "verify,arm").out, re.M), ["host", "arm", "verify"], "lab --dry-run --steps: these, in their own order, and the first one")
    cost = {host: re.search(r"^step core\n.*\n  costs +up to about (\d+) instructions", dry_run(host=host).out, re.M)[1] for host in ("ready", "large")}
    equal(cost, {"ready": "48", "large": "49152"}, "lab --dry-run: costs are those of the host")
    # 2,048 verifies of 140,000 cycles at 2 GHz, when all have begun.
    like(dry_run(host="large").out, r"step passes\n.*\n.* 2048 in one go: a CPU stands still for at most about 144 ms, with up to 1 ms in which it waits for others$",
         "lab --dry-run: how long a CPU stands still")
    # A verify and a report of each of 8 regions.
    counts = {step: int(n) for step, n in re.findall(r"^step (\w+)\n.*\n.* (\d+) in one go", dry_run("--convert").out, re.M)}
    equal([counts[step] for step in ("core", "each", "together")], [16, 16, 16], "lab --dry-run: how many instructions a CPU executes in one go")
    # 60 tries of a verify and 2,048 reports on each of 4 cores.
    like(dry_run("--convert").out, r"step convert\n.*\n  costs +up to about 491760 instructions", "lab --dry-run: all tries are counted")


def refusal_tests():
    def offline(host):
        host.files["sys/devices/system/cpu/present"] = "0-9"

    def without_smt(host):
        offline(host)
        host.files["sys/devices/system/cpu/smt/control"] = "off"

    def virtual(host):
        saved = host.cpuid
        host.cpuid = lambda: saved().replace("0x800 0x0 0x0", "0x800 0x80000000 0x0")
    refused = "^On this host the lab would refuse: "
    like(dry_run(host="zen5").out, refused + "this CPU has no RMPOPT; rmpoptctl forecast", "lab: without RMPOPT: forecast")
    like(dry_run(host="waiting").out, refused + "SNP is not initialised: SYSCFG.SnpEn is not set on any CPU; .*kvm_amd sev_snp=1", "lab: SNP is not initialised, and how it gets so")
    like(dry_run(change=offline).out, refused + r"CPUs are offline: 8-9; bring them online: echo 1 >/sys/devices/system/cpu/cpuN/online", "lab: CPUs that are offline")
    unlike(dry_run(change=without_smt).out, refused, "lab: those of an SMT that is off are no loss")
    like(dry_run(change=virtual).out, refused + "this is a virtual machine", "lab: in a virtual machine")
    like(dry_run(host="viewing").out, "^The kernel drives RMPOPT itself: only steps that read would be run", "lab: in a kernel that drives RMPOPT itself")
    result = ctl("lab", tree=hosts["ready"])
    equal((result.code, result.out), (2, ""), "lab --sysroot: without --dry-run it makes no sense")
    like(result.err, "with --dry-run it says what it would do", "lab --sysroot: what to do")


def json_tests():
    result = dry_run("--json", "--convert")
    document = json.loads(result.out)
    equal(problems(document), [], "lab --dry-run --json: fits the schema")
    equal([(step["id"], step["state"]) for step in document["steps"]], [(name, "planned") for name in STEPS], "lab --dry-run --json: all steps are planned")
    equal(problems(sample()), [], "a whole report fits the schema")
    for name in schema["required"]:
        ok(problems({key: value for key, value in sample().items() if key != name}), f"the schema requires {name}")
    for change in ({"version": 2}, {"steps": [{}]}, {"questions": [{}]}, {"measurements": [{}]}, {"passes": [{}]}, {"writes": [{}]}):
        ok(problems(sample() | change), f"the schema refuses {change}")
    more = copy.deepcopy(sample()) | {"more": 1}
    more["questions"][0]["more"] = more["measurements"][0]["more"] = 1
    equal(problems(more), [], "the schema is open to more names")


def show_tests():
    path = written(sample())
    result = ctl("lab", str(path))
    equal((result.code, result.err), (0, ""), "lab FILE: exit code")
    for line in ("# RMPOPT on AMD EPYC 9xx6", r"\| microcode \| 0xb00f123 \|", r"\| BIOS date \| – \|", r"\| RMP segment \| 8 GiB from 0 GiB on, its part of the RMP on node 0 \|",
                 r"\| RMPOPT_BASE before \| 0x0 on 2 core\(s\) \|",
                 r"\| `disarmed` \| disarmed\? \| \*\*ud\*\* \| a fact \|", r"\| `rax-below` \| rax-below\? \| \*\*unknown\*\*: no reason \| a fact \|",
                 r"\| verify-paid \| 1 \| – \| 1 \| 9 \| 50 \| 5000 \| 70 \| 80 \| – \|", r"\| merged \| 1 \| 8 \| 2 \| 16 \| 1.23e\+03 \| 60.2 \| 60.2 \|",
                 r"\| random \| 4096 \| yes \| 1 \| 75 \|", r"\| `host` \| done \| 3 \| – \|", "### disarmed: ud", "cpu=1 what=RMPOPT outcome=fault vector=6"):
        like(result.out, f"^{line}$", f"lab FILE: {line}")
    unlike(result.out, "Emulated|surprise|Not all steps", "lab FILE: nothing that is not so")
    equal(ctl("lab", str(path.parent)).out, result.out, "lab DIR: the same")
    equal(json.loads(ctl("lab", str(path), "--json").out), sample(), "lab FILE --json: the document")
    text = ctl("lab", str(written(sample() | {"emulated": True, "complete": False, "surprise": "CPU 3 did not answer within 3001 ms"}))).out
    like(text, r"^\*\*Emulated host: .*Nothing here is a measurement\.\*\*$", "lab FILE: an emulated host")
    like(text, r"^\*\*The run ended early: CPU 3 did not answer within 3001 ms\.\*\* What follows was found before\.$", "lab FILE: a surprise")
    like(ctl("lab", str(written(sample() | {"complete": False}))).out, "^Not all steps were run.$", "lab FILE: an end before the last step")


def hostile_tests():
    """A report from somebody else."""
    document = sample()
    document["host"]["cpu"] = "x\033[31m | y"
    text = ctl("lab", str(written(document))).out
    unlike(text, "\033", "lab FILE: nothing steers a terminal")
    like(text, r"^\| CPU \| x\?\[31m / y \|$", "lab FILE: nor breaks a table")
    for value, shown in (("\033[31m", r"\?\[31m"), ("2\n## Hosts", r"2\?## Hosts"), (None, "null")):
        document["host"]["rmpopt_base"] = {"0x0\033": value}
        text = ctl("lab", str(written(document))).out
        unlike(text, "\033", f"lab FILE: nor does a number of cores that is {value!a}")
        like(text, rf"^\| RMPOPT_BASE before \| 0x0\? on {shown} core\(s\) \|$", f"lab FILE: {value!a} as a number of cores")
    for what, path in (("no such file", "/nowhere"), ("not JSON", written("{")), ("something else", written("[1]")), ("another version", written(sample() | {"version": 2})),
                       ("a NUL", written("{}\0")), ("no questions", written({"version": 1}))):
        result = ctl("lab", str(path))
        equal((result.code, result.out, result.err.count("\n")), (1, "", 1), f"lab FILE: {what}")
    for name in sample():
        for value in (None, 7, "text", [], {}, [None], [[]], {"x": [1]}, [{"id": []}]):
            if name == "version":
                continue
            path = written(sample() | {name: value})
            codes = {ctl("lab", str(path)).code, ctl("lab", "--compare", str(path), str(written(sample()))).code}
            ok(codes <= {0, 1}, f"lab FILE: {name} is {value}", codes)


def compare_tests():
    other = sample()
    other["questions"][0]["answer"] = "gp"
    other["measurements"][1]["median"] = 2500
    other["passes"][1]["stolen_us"] = 90
    paths = str(written(sample())), str(written(other))
    result = ctl("lab", "--compare", *paths)
    equal((result.code, result.err), (0, ""), "lab --compare: exit code")
    equal(re.findall(r"^  (\S+) +(\S+) +(\S+)$", result.out.split("\n\n")[0], re.M), [("disarmed", "ud", "gp")], "lab --compare: answers that differ")
    for line in (r"median convert verify-paid 1 - 1 +5000 +2500 +0\.500", r"median core report 1 near 1 +60 +60 +1\.000", r"stolen_us rmpopt 2 8 1 +30 +90 +3\.000", r"rate random 4096 true 1 +75 +75 +1\.000"):
        like(result.out, f"^{line}$", f"lab --compare: {line}")
    like(ctl("lab", "--compare", paths[0], paths[0]).out, r"\AAll answers are the same\.$", "lab --compare: with itself")
    document = json.loads(ctl("lab", "--compare", "--json", *paths).out)
    equal((document["version"], document["answers"]), (1, [{"id": "disarmed", "a": "ud", "b": "gp"}]), "lab --compare --json: answers")
    equal([line for line in document["numbers"] if line["ratio"] not in (1, None)],
          [{"what": "median convert verify-paid 1 - 1", "a": 5000, "b": 2500, "ratio": 0.5}, {"what": "stolen_us rmpopt 2 8 1", "a": 30, "b": 90, "ratio": 3}], "lab --compare --json: numbers")
    fewer = sample()
    fewer["questions"].pop(0)
    fewer["measurements"] = fewer["measurements"][1:]
    fewer = str(written(fewer))
    for pair, answer, number in (((paths[0], fewer), r"ud +-", r"60 +-"), ((fewer, paths[0]), r"- +ud", r"- +60")):
        text = ctl("lab", "--compare", *pair).out
        like(text, rf"^  disarmed +{answer}$", "lab --compare: an answer that only one has")
        like(text, rf"^median core report 1 near 1 +{number} +-$", "lab --compare: a number that only one has")


def same_again_tests():
    """The same is measured by several steps, and more than once in a step."""
    document = sample()
    again = document["measurements"][0]
    document["measurements"] += [again | {"median": 70}, again | {"step": "each", "median": 90}, again | {"median": 80}]
    path = str(written(document))
    numbers = json.loads(ctl("lab", "--compare", "--json", path, path).out)["numbers"]
    reports = [(line["what"], line["a"]) for line in numbers if " report " in line["what"]]
    equal(reports, [(f"median {step} report 1 near 1", value) for step, value in (("core", 60), ("core", 70), ("each", 90), ("core", 80))], "lab --compare: each line, with its step")
    equal({line["ratio"] for line in numbers}, {1}, "lab --compare: with itself all ratios are 1")
    other = copy.deepcopy(document)
    other["measurements"].pop()
    numbers = json.loads(ctl("lab", "--compare", "--json", path, str(written(other))).out)["numbers"]
    equal([(line["a"], line["b"]) for line in numbers if line["b"] != line["a"]], [(80, None)], "lab --compare: the n-th with the n-th")
    # Reports of the first versions have no steps there.
    for line in document["measurements"]:
        del line["step"]
    path = str(written(document))
    numbers = json.loads(ctl("lab", "--compare", "--json", path, path).out)["numbers"]
    equal({line["ratio"] for line in numbers}, {1}, "lab --compare: the same where lines have no step")


def hardware_tests():
    """doc/hardware.md says for each question what it settles, and names no other."""
    text = (tree / "doc/hardware.md").read_text()
    named = set(re.findall(r"`([a-z][a-z0-9-]*)`", text))
    questions = {name for name, _ in asked}
    equal((len(asked), len(questions)), (25, 25), "the questions of the tool are found")
    equal(sorted(questions - named), [], "doc/hardware.md names each question of the tool")
    equal(sorted(named - questions - set(STEPS)), [], "doc/hardware.md names nothing else")
    equal(sorted({step for _, step in asked} - set(STEPS)), [], "each question belongs to a step")
    rows = [line for line in text.splitlines() if re.match(r"^\|.*\| \? \|", line)]
    equal([row for row in rows if not re.search(r"`[a-z]|not asked", row.split("|")[4])], [], "doc/hardware.md: each [?] has the step that answers it")
    equal(len(rows), 15, "doc/hardware.md: all [?] are found")
    like((tree / "README.md").read_text(), r"\(doc/hardware\.md\)", "README.md leads there")


dry_run_tests()
refusal_tests()
json_tests()
show_tests()
hostile_tests()
compare_tests()
same_again_tests()
hardware_tests()
done()
