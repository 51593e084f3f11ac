# SPDX-License-Identifier: GPL-2.0
"""Random command lines, and trees in whose files are random bytes. The seeds are fixed: a round can be repeated.

rmpoptctl is built with ASan and UBSan, which end it with exit code 1 and a report; a signal or any exit code
that is not documented is an error as well, and so is JSON that is none or what could steer a terminal.
"""
import json
import os
import pathlib
import random
import shutil
import tempfile

import trees
from tap import ctl, done, equal, ok

COMMAND_LINES = 600
TREES = 150
READING = (["check"], ["check", "--json"], ["status"], ["status", "--json"], ["map"], ["map", "--json"], ["why"], ["why", "1"],
           ["why", "--json"], ["forecast"], ["forecast", "--json"], ["cores"], ["cores", "--json"], ["cores", "0-3", "--raw"], ["why", "--pairs"], ["check", "--quiet"], ["watch"], ["watch", "--json"], ["set", "--json"], ["metrics"],
           ["metrics", "--textfile"])
WORDS = ("check status scan map why forecast cores watch set metrics help completion nonsense --json -j --output -o --noheadings "
         "--color --color=never --raw --pairs --output-all --quiet --unset --cancel +kind enable disable zsh 0-3 --help --version --full --later --timeout --count --persist --wait --textfile -- - "
         "cpu,role name, ,, 0 1 -1 99999999999999999999 5 x slice_us=50 duty= = --json=1 --out cpu").split()


def complaint(result, words):
    """What is wrong with how it ended, None if nothing is."""
    if result.code not in (0, 1, 2, 64):
        return f"exit code {result.code}"
    if "Sanitizer" in result.err or "runtime error" in result.err:
        return "a sanitizer's report"
    if "\033" in result.out:
        return "an escape sequence"
    if "--json" in words and result.out:
        try:
            json.loads(result.out)
        except ValueError as error:
            return f"no JSON: {error}"
    return None


def random_word(dice):
    kind = dice.random()
    if kind < 0.85:
        return dice.choice(WORDS)
    return bytes(dice.choices(range(1, 256), k=dice.randint(0, 20)))


def fuzz_options(tree):
    bad = []
    for seed in range(COMMAND_LINES):
        dice = random.Random(seed)
        words = [random_word(dice) for _ in range(dice.randint(0, 6))]
        why = complaint(ctl(*words, tree=tree), ())
        if why:
            bad.append((seed, words, why))
    equal(bad, [], f"{COMMAND_LINES} random command lines")


def spoil(dice, data):
    """A file's bytes, changed in one of several ways."""
    way = dice.randrange(6)
    if way == 0:
        return bytes(dice.choices(range(256), k=dice.randint(0, 300)))
    if way == 1:
        return data[:dice.randint(0, len(data))]
    if way == 2:
        return data * dice.randint(2, 5)
    if way == 3:
        return bytes(dice.choices(b"0123456789-, \n#", k=dice.randint(0, 200)))
    changed = bytearray(data)
    for _ in range(dice.randint(1, 8)):
        if changed:
            changed[dice.randrange(len(changed))] = dice.choice(b"0123456789-, \n\xff\x00\x1b" if way == 4 else range(256))
    return bytes(changed)


def fuzz_trees(scratch, original):
    bad, seen = [], set()
    names = [p.relative_to(original) for p in sorted(original.rglob("*")) if p.is_file()]
    for seed in range(TREES):
        dice = random.Random(seed)
        tree = pathlib.Path(scratch) / "fuzzed"
        shutil.copytree(original, tree)
        for name in dice.sample(names, dice.randint(1, 12)):
            path = tree / name
            path.write_bytes(spoil(dice, path.read_bytes()))
        for words in dice.sample(READING, 5):
            result = ctl(*words, tree=tree)
            seen.add(result.code)
            why = complaint(result, words)
            if why:
                bad.append((seed, words, why, result.err[:2000]))
        shutil.rmtree(tree)
    equal(bad, [], f"{TREES} trees with random bytes")
    ok(seen >= {0, 1}, "some of them are well, some are not", seen)


def fuzz_kinds(scratch, original):
    """Folders, links and FIFOs where files should be."""
    tree = pathlib.Path(scratch) / "kinds"
    shutil.copytree(original, tree)
    for name in (trees.SYSFS + "optimized", trees.SYSFS + "state", trees.DEBUGFS + "rmp", "proc/cpuinfo", trees.MODULE):
        path = tree / name
        path.unlink()
        if name.endswith(("optimized", "rmp")):
            os.mkfifo(path)
        elif name.endswith("cpuinfo"):
            path.symlink_to(path)
        else:
            path.mkdir()
    equal([(w, complaint(ctl(*w, tree=tree), w)) for w in READING if complaint(ctl(*w, tree=tree), w)], [], "no file where one should be")


with tempfile.TemporaryDirectory() as folder:
    # libkmod itself forgets a few bytes when a module's facts are broken.
    suppressions = pathlib.Path(folder) / "suppressions"
    suppressions.write_text("leak:libkmod\n")
    os.environ["LSAN_OPTIONS"] = f"suppressions={suppressions}:print_suppressions=0"
    ready = trees.Host().write(folder + "/ready")
    fuzz_options(ready)
    fuzz_trees(folder, ready)
    fuzz_kinds(folder, ready)
done()
