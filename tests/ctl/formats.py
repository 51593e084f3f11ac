# SPDX-License-Identifier: GPL-2.0
"""JSON against the schemas in schemas/, metrics against the grammars of OpenMetrics and of Prometheus."""
import json
import pathlib
import re
import tempfile

import jsonschema
import prometheus_client.openmetrics.parser as openmetrics
import prometheus_client.parser as prometheus

import trees
from tap import ctl, done, equal, like, ok

scratch = tempfile.TemporaryDirectory()
hosts = trees.make_all(scratch.name)
# Documents of one table; that of lab has no columns and is looked at in lab.py.
schemas = {path.stem: json.loads(path.read_text()) for path in
           sorted((pathlib.Path(__file__).parent / "schemas").glob("*.json")) if path.stem != "lab"}


def columns_of(command):
    """Names of columns as --help has them."""
    text = ctl(command, "--help").out.split("Columns and names in JSON:\n")[1]
    return re.findall(r"^  (\w+)", text.split("\n\n")[0], re.M)


def problems(document, schema):
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(document)]


def schema_tests():
    for command, schema in schemas.items():
        items = schema["properties"][command]["items"]
        equal(list(items["properties"]), columns_of(command), f"{command}: the schema has the names of --help")
        if command == "scan":
            continue
        for name, tree in hosts.items():
            result = ctl(command, "--json", tree=tree)
            document = json.loads(result.out)
            equal(problems(document, schema), [], f"{command} --json, {name}: fits the schema")
            if name in ("not_loaded", "no_rmpopt") and command in ("map", "why", "cores", "forecast", "watch"):
                equal((result.code, document, result.err.count("\n")), (1, {"version": 1, command: []}, 1), f"{command} --json, {name}: not loaded")
                equal(result.out.count("\n"), 1 if command == "watch" else 4, f"{command} --json, {name}: in lines as ever")
        if command == "watch":
            equal(ctl(command, "--json", tree=hosts["ready"]).out.count("\n"), 1, "watch --json: a document is a line")


def objects(schema):
    """All objects in it."""
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from objects(value)


def seeded_tests():
    """A schema that takes everything would be none."""
    for command, schema in schemas.items():
        good = {"version": 1, command: []}
        equal(problems(good, schema), [], f"{command}: the schema takes a document without rows")
        ok(problems(good | {command: [{}]}, schema), f"{command}: the schema requires its names")
        ok(problems(good | {"version": 2}, schema) and problems({command: []}, schema), f"{command}: and its version")
        equal([path for path in objects(schema) if "additionalProperties" in path], [], f"{command}: and is open to more names")


def families(text, parse):
    return {family.name: family for family in parse(text)}


def declared(found):
    return {name: (family.type, family.documentation) for name, family in found.items()}


def undeclared(text):
    """Samples without a TYPE of exactly their name before them: node_exporter takes them for untyped."""
    types, missing = set(), []
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            types.add(line.split()[2])
        elif not line.startswith("#") and re.match(r"\w+", line)[0] not in types:
            missing.append(line)
    return missing


def metrics_tests():
    for name, tree in hosts.items():
        text, older_text = ctl("metrics", tree=tree).out, ctl("metrics", "--textfile", tree=tree).out
        try:
            found = families(text, openmetrics.text_string_to_metric_families)
            older = families(older_text, prometheus.text_string_to_metric_families)
        except ValueError as error:
            ok(False, f"metrics, {name}: the grammars of OpenMetrics and of Prometheus", error, text, older_text)
            continue
        ok(all(family.documentation for family in found.values()), f"metrics, {name}: each has a HELP")
        equal({family.type for family in found.values()} - {"gauge", "counter"}, set(),
              f"metrics, {name}: only types that every collector knows")
        equal(declared(older), declared(found), f"metrics --textfile, {name}: types and help as in OpenMetrics")
        equal(undeclared(older_text), [], f"metrics --textfile, {name}: no sample without type")
        equal(sample_lines(older_text), sample_lines(text), f"metrics --textfile, {name}: the same samples")
    ok(undeclared(ctl("metrics", tree=hosts["ready"]).out), "metrics: OpenMetrics is not what node_exporter reads")


def sample_lines(text):
    return [line for line in text.splitlines() if not line.startswith("#")]


def value_tests():
    found = families(ctl("metrics", tree=hosts["ready"]).out, openmetrics.text_string_to_metric_families)
    samples = {(s.name, *s.labels.values()): s.value for family in found.values() for s in family.samples}
    wanted = {("rmpopt_loaded",): 1, ("rmpopt_info", "0.1.0"): 1, ("rmpopt_state", "ready"): 1, ("rmpopt_state", "failed"): 0,
              ("rmpopt_regions_optimized",): 5, ("rmpopt_passes_total", "delta"): 4, ("rmpopt_conversions_total",): 77,
              ("rmpopt_verifies_total", "follower"): 21, ("rmpopt_last_pass_seconds",): 0.001234,
              ("rmpopt_worst_slice_seconds",): 0.00004321, ("rmpopt_regions_covered",): 8, ("rmpopt_regions_uncovered",): 0, ("rmpopt_regions_faulty",): 0, ("rmpopt_state", "viewing"): 0,
              ("rmpopt_regions_backoff",): 1, ("rmpopt_cores",): 4, ("rmpopt_cores_behind",): 0,
              ("rmpopt_last_result", "ok"): 1, ("rmpopt_last_result", "none"): 0,
              ("rmpopt_requests_total",): 3, ("rmpopt_requests_served_total",): 3, ("rmpopt_passes_total", "full"): 1,
              ("rmpopt_verifies_total", "leader"): 15, ("rmpopt_verifies_total", "catchup"): 0, ("rmpopt_reports_total",): 30,
              ("rmpopt_slices_total",): 9, ("rmpopt_interruptions_total",): 4, ("rmpopt_overruns_total",): 1, ("rmpopt_faults_total",): 0,
              ("rmpopt_last_stolen_seconds",): 0.000345, ("rmpopt_last_pass_timestamp_seconds",): 1795924800}
    for key, value in wanted.items():
        equal(samples.get(key), value, f"metrics: {' '.join(key)}")
    equal({key[0] for key in samples} - {key[0] for key in wanted}, set(), "metrics: all of them are looked at here")
    equal(found["rmpopt_last_pass_seconds"].unit, "seconds", "metrics: a unit")
    like(ctl("metrics", tree=hosts["zen5"]).out, r'^rmpopt_state\{state="viewing"\} 1$', "metrics: a host on which it only looks")
    equal(ctl("metrics", tree=hosts["not_loaded"]).out.splitlines()[-2:], ["rmpopt_loaded 0", "# EOF"], "metrics: not loaded")


schema_tests()
seeded_tests()
metrics_tests()
value_tests()
done()
