# SPDX-License-Identifier: GPL-2.0
"""Man pages name the same commands, options and parameters as --help and set, and are well formed; what is installed."""
import json
import pathlib
import re
import subprocess
import tempfile

import prometheus_client.openmetrics.parser as openmetrics

import trees
from tap import PROGRAM, ctl, done, equal, like, ok

tree = pathlib.Path(__file__).parents[2]
built = pathlib.Path(PROGRAM).parent
help_text = ctl("--help").out
commands = re.findall(r"^  (\w+) ", help_text.split("Commands:\n")[1].split("\n\n")[0], re.M)


def options_of(command):
    """(short or None, long, argument or None) of each option."""
    text = ctl(command, "--help").out.split("Options:\n")[1].split("\n\n")[0]
    return re.findall(r"^  (?:-(\w),|   ) --([\w-]+)(?:(?: |\[=)([A-Z]+))?", text, re.M)


def section(text, name):
    return re.search(rf"^# {name}\n(.*?)(?=^# |\Z)", text, re.M | re.S)[1]


def manual_tests():
    page = (tree / "doc/rmpoptctl.8.scd").read_text()
    equal(sorted(re.findall(r"^\*(\w+)\*", section(page, "COMMANDS"), re.M)), sorted(commands),
          "rmpoptctl(8) has the commands of --help")
    # Two commands may have options of one name, with other arguments.
    written = {(m[2], m[3] or ""): (m[1] or "", m[2], m[3] or "") for m in
               re.finditer(r"^(?:\*-(\w)\*, )?\*--([\w-]+)\*(?:(?: |\[=)_([A-Z]+)_\]?)?$", section(page, "OPTIONS"), re.M)}
    headings = re.findall(r"^(?:\*-.*|_/\S+_.*)$", page, re.M)
    equal(sorted({line for line in headings if headings.count(line) > 1}), [], "rmpoptctl(8) has each option and file once")
    equal("\n_/" in section(page, "REPORTING BUGS"), False, "rmpoptctl(8): files are in FILES")
    known = {option[1:]: option for command in commands for option in options_of(command)}
    equal(sorted(written), sorted(known), "rmpoptctl(8) has the options of --help")
    for name, option in sorted(known.items()):
        equal(written.get(name), option, f"rmpoptctl(8): --{' '.join(name).strip()} as in --help")
    equal(re.findall(r"^\*(\d+)\*", section(page, "EXIT STATUS"), re.M), ["0", "1", "2", "64"], "rmpoptctl(8) has the exit codes")


def metric_tests():
    """The names are a contract: the table in rmpoptctl(8) has each with its labels, type and help."""
    with tempfile.TemporaryDirectory() as to:
        found = openmetrics.text_string_to_metric_families(ctl("metrics", tree=trees.Host().write(to)).out)
        shown = sorted((family.samples[0].name, ",".join(family.samples[0].labels), family.type, family.documentation)
                       for family in found)
    page = section((tree / "doc/rmpoptctl.8.scd").read_text(), "METRICS")
    written = re.findall(r"^\*(\w+)\*(?:\{_(\w+)_\})? \((\w+)\)\n\t(.*(?:\n\t.*)*)", page, re.M)
    equal(sorted((name, label, kind, " ".join(text.split())) for name, label, kind, text in written), shown,
          "rmpoptctl(8) has the metrics, each with label, type and help")
    counts = {name for name, _, kind, _ in shown if kind == "counter"}
    equal(sorted(name for name in counts if not name.endswith("_total")), [], "counters end in _total")


def parameter_tests():
    """rmpopt(4), the table behind set, and the module's own sources."""
    page = section((tree / "doc/rmpopt.4.scd").read_text(), "PARAMETERS")
    rows = {row["name"]: row for row in json.loads(ctl("set", "--json").out)["set"]}
    written = re.findall(r"\*(\w+)\*(?=[, ])(?=[^\n]*\()", page)
    equal(sorted(written), sorted(rows), "rmpopt(4) has the parameters of set")
    sources = "".join(path.read_text() for path in sorted((tree / "src").rglob("*.c")) if path.parent.name != "lab")
    module = re.findall(r"^module_param(?:_named|_cb)?\((\w+),", sources, re.M)
    equal(sorted(set(module)), sorted(rows), "set has the parameters of the module")
    told = dict(re.findall(r'^MODULE_PARM_DESC\((\w+), "(.*)"\);$', sources, re.M))
    equal(told, {name: f"{row['meaning']} ({row['limits']}; default {row['default']})" for name, row in rows.items()}, "modinfo says of the parameters what set says")
    limits = re.findall(r'\.name = "(\w+)",\s*\.value = (\d+),(?: \.min = (\d+),)? \.max = ([^,]+),( \.or_zero = true)?', sources)
    equal(len(limits), 7, "the module's limits are found")
    for name, standard, low, high, zero in limits:
        limit = {"NR_CPUS": 8192, "DAY_MS": 86400000, "7 * DAY_MS": 604800000}.get(high) or int(high)
        equal((rows[name]["default"], rows[name]["limits"]), (standard, f"{'0 or ' if zero else ''}{low or 0}-{limit}"), f"set: {name} has the module's limits")


def help_tests():
    for command in commands:
        text = ctl(command, "--help").out
        ok(re.search(r"^Examples:\n  \S.*rmpoptctl", text, re.M) or "rmpoptctl" in text.split("Examples:")[1],
           f"{command} --help has an example")
        equal(ctl("help", command).out, text, f"help {command} says the same")
    for page in ("rmpoptctl.8", "rmpopt.4"):
        ok((built / page).stat().st_size > 1000, f"{page} is made")


def color_tests():
    """What rmpoptctl(8) says of --color without WHEN."""
    page = " ".join(section((tree / "doc/rmpoptctl.8.scd").read_text(), "OPTIONS").split())
    with tempfile.TemporaryDirectory() as to:
        host = trees.Host().write(to)
        found = [ctl("map", *words, tree=host).out.count("\033") > 0 for words in ([], ["--color"], ["--color=always"])]
    equal((found, "_always_ (the default without _WHEN_)" in page), ([False, True, True], True), "rmpoptctl(8): --color without WHEN is always")


def code_of(text):
    """What stands in backticks and in blocks of a Markdown file, line by line."""
    blocks = re.findall(r"^```\n(.*?)^```$", text, re.M | re.S)
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```\n.*?^```$", "", text, flags=re.M | re.S)) + "".join(blocks).splitlines()


def readme_tests():
    """What README tells people to type exists."""
    text = (tree / "README.md").read_text()
    table = re.findall(r"^\| (`.*?`) \|", section(text.replace("\n###", "\n# "), " rmpoptctl"), re.M)
    lines = code_of(text) + ["rmpoptctl " + word.replace("\\|", " ") for row in table for word in re.findall(r"`(.*?)`", row)]
    typed = [(command, words) for line in lines for command, words in re.findall(r"\brmpoptctl (\w+)([^#|;&>`]*)", line)]
    equal(sorted({command for command, _ in typed} - set(commands)), [], "README: all commands of rmpoptctl exist")
    options = {command: {f"--{long}" for _, long, _ in options_of(command)} for command in commands}
    wrong = [(command, option) for command, words in typed for option in re.findall(r"--[a-z-]+", words) if option not in options.get(command, ())]
    equal(wrong, [], "README: and have these options")
    ok(len(typed) > 40 and {"check", "forecast", "set"} < {command for command, _ in typed}, "README: they are found", len(typed))
    targets = set(re.findall(r"^([\w-]+)(?: [\w-]+)*:", (tree / "Makefile").read_text(), re.M))
    targets |= {name for line in re.findall(r"^(\w[\w -]*):", (tree / "Makefile").read_text(), re.M) for name in line.split()}
    named = {name for line in lines for words in re.findall(r"\bmake ((?:[a-z-]+ ?)+)", line) for name in words.split()}
    equal(sorted(named - targets), [], "README: all targets of make exist")
    ok(len(named) > 8, "README: and are found", named)
    missing = [name for name in re.findall(r"\]\(([^)#:]+)\)", text) if not (tree / name).exists()]
    equal(missing, [], "README: all links lead somewhere")


def page_tests():
    """The pages as mandoc and man want them, and what each has to have."""
    version = re.search(r'^PACKAGE_VERSION="(.*)"$', (tree / "dkms.conf").read_text(), re.M)[1]
    for page in ("rmpoptctl.8", "rmpopt.4"):
        lint = subprocess.run(["mandoc", "-T", "lint", built / page], capture_output=True, check=False, text=True)
        equal((lint.returncode, lint.stdout + lint.stderr), (0, ""), f"{page}: mandoc -T lint")
        man = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", built / page], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                             check=False, text=True, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": "80"})
        equal((man.returncode, man.stderr), (0, ""), f"{page}: man --warnings")
        like(subprocess.run(["mandoc", "-T", "ascii", built / page], capture_output=True, check=True, text=True).stdout, rf"^rmpopt {re.escape(version)} ",
             f"{page}: the version is in the footer")
        text = (tree / f"doc/{page}.scd").read_text()
        like(text, "^# REPORTING BUGS\n\nUse the issue tracker", f"{page}: how to report a bug")
    equal(re.findall(r"^\*(\w+)\*(?:, \*\w+\*)?$", section((tree / "doc/rmpopt.4.scd").read_text(), "GLOSSARY"), re.M),
          ["region", "core", "window", "covered", "verify", "optimized", "pass", "request", "slice", "lost", "conversion", "behind", "watch"], "rmpopt(4): a glossary")
    used = set(re.findall(r'getenv\("(\w+)"\)', "".join(path.read_text() for path in (tree / "src/ctl").glob("*.c"))))
    told = set(re.findall(r"\*(\w+)\*", section((tree / "doc/rmpoptctl.8.scd").read_text(), "ENVIRONMENT")))
    # Set for libkmod, and read to be given back.
    equal(sorted(used - told - {"KMOD_LOG"}), [], "rmpoptctl(8): all variables of the environment that are read")


def make(*words, check=True):
    return subprocess.run(["make", "-s", "-C", tree, *words], check=check, capture_output=True, text=True).stdout


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in pathlib.Path(folder).rglob("*") if path.is_file())


def install_tests():
    documents = "usr/share/doc/rmpopt/"
    with tempfile.TemporaryDirectory() as to:
        words = ["-f", "src/ctl/Makefile", f"build={built}", f"DESTDIR={to}", "prefix=/usr", "CFLAGS=-O1 -g"]
        make("install", *words)
        schemas = [f"usr/share/rmpoptctl/schemas/{path.name}" for path in sorted((tree / "tests/ctl/schemas").glob("*.json"))]
        equal(files_below(to), sorted(["usr/sbin/rmpoptctl", "usr/share/bash-completion/completions/rmpoptctl", "usr/share/zsh/site-functions/_rmpoptctl",
                                       "usr/share/fish/vendor_completions.d/rmpoptctl.fish", *schemas,
                                       documents + "90-rmpopt.rules", documents + "ABI/debugfs-rmpopt", documents + "ABI/sysfs-kernel-rmpopt",
                                       "usr/share/man/man4/rmpopt.4", "usr/share/man/man8/rmpoptctl.8"]), "make install-ctl: what is installed")
        pathlib.Path(to, "usr/sbin/other").touch()
        make("uninstall", *words)
        equal(files_below(to), ["usr/sbin/other"], "make uninstall-ctl: and removed")


def kbuild_sources():
    text = (tree / "Kbuild").read_text().replace("\\\n", " ")
    folders = re.findall(r"\$\(addprefix (\S+), ([^)]*)\)", text)
    objects = re.findall(r"^rmpopt-y :?\+?= (\S+\.o)$", text, re.M) + [folder + name for folder, names in folders for name in names.split()]
    return [name.removesuffix(".o") + ".c" for name in objects]


def stage_tests():
    """What DKMS gets: what Kbuild names, headers, and what builds a stub."""
    version = re.search(r'^PACKAGE_VERSION="(.*)"$', (tree / "dkms.conf").read_text(), re.M)[1]
    folders = [path for path in (tree / "src").iterdir() if path.is_dir() and path.name != "ctl"] + [tree / "include"]
    headers = [str(path.relative_to(tree)) for folder in folders for path in folder.glob("*.h")]
    stub = ["build", "tell", "stub/Kbuild", "stub/last.S", "stub/stub.c"]
    wanted = ["Kbuild", "LICENSE", "Makefile", "dkms.conf", *headers, *kbuild_sources(), *("dkms/" + name for name in stub)]
    with tempfile.TemporaryDirectory() as to:
        make("install", f"DESTDIR={to}")
        staged = f"{to}/usr/src/rmpopt-{version}"
        equal(files_below(to), sorted(f"usr/src/rmpopt-{version}/{name}" for name in wanted),
              "make install: the sources of the module and nothing else")
        pathlib.Path(staged, "src/gone.c").touch()
        make("install", f"DESTDIR={to}")
        ok(not pathlib.Path(staged, "src/gone.c").exists(), "make install: a second time, without what is gone")
        subprocess.run(["make", "-s", "-C", staged, "stage", f"DESTDIR={to}"], check=True)
        ok(pathlib.Path(staged, "Kbuild").exists(), "make install: from where they lie they are not removed")
        make("uninstall", f"DESTDIR={to}")
        equal(files_below(to), [], "make uninstall: removes them")


def flags_tests():
    """What a distribution's build hands over."""
    with tempfile.TemporaryDirectory() as to:
        text = make("-n", "-f", "src/ctl/Makefile", f"build={to}", "CPPFLAGS=-DFROM_CPPFLAGS", "PKG_CONFIG=echo -DFROM_PKG_CONFIG",
                    f"{to}/rmpoptctl")
    compiles = [line for line in text.splitlines() if " -c -o " in line]
    ok(compiles and all("-DFROM_CPPFLAGS" in line and "-DFROM_PKG_CONFIG" in line for line in compiles),
       "make ctl: CPPFLAGS and PKG_CONFIG are heeded", text[:2000])


manual_tests()
metric_tests()
parameter_tests()
help_tests()
color_tests()
readme_tests()
page_tests()
install_tests()
stage_tests()
flags_tests()
done()
