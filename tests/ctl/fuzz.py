# SPDX-License-Identifier: GPL-2.0
"""Random command lines, and trees in whose files are random bytes, or which are no files. The seeds are fixed: a round can be repeated.

rmpoptctl is built with ASan and UBSan, which end it with exit code 1 and a report; a signal or any exit code
that is not documented is an error as well, and so is JSON that is none, what could steer a terminal, what is
outside the tree, and whoever waits for something. RMPOPT_FUZZ_TREES: how many trees, RMPOPT_FUZZ_FIRST: the first one's seed.
"""
import json
import os
import pathlib
import random
import shutil
import stat
import tempfile

import trees
from tap import ctl, done, equal, ok

# It is empty in "make check": a third of them then.
EVERY_DAY = os.environ.get("RMPOPT_ALL") == ""
COMMAND_LINES = 200 if EVERY_DAY else 600
TREES = int(os.environ.get("RMPOPT_FUZZ_TREES") or (50 if EVERY_DAY else 150))
FIRST = int(os.environ.get("RMPOPT_FUZZ_FIRST") or 0)
SECRET = "the-words-of-somebody-else"
IN_TIME = ("timeout", "-k", "1", "60")
READING = (["check"], ["check", "--json"], ["status"], ["status", "--json"], ["map"], ["map", "--json"], ["why"], ["why", "1"],
           ["why", "--json"], ["forecast"], ["forecast", "--json"], ["cores"], ["cores", "--json"], ["cores", "0-3", "--raw"], ["why", "--pairs"], ["check", "--quiet"], ["watch"], ["watch", "--json"], ["set", "--json"], ["metrics"],
           ["metrics", "--textfile"])
WORDS = ("check status scan map why forecast cores watch set metrics help completion nonsense --json -j --output -o --noheadings "
         "--color --color=never --raw --pairs --output-all --quiet --unset --cancel +kind enable disable zsh 0-3 --help --version --full --later --timeout --count --persist --wait --textfile -- - "
         "cpu,role name, ,, 0 1 -1 99999999999999999999 5 x slice_us=50 duty= = --json=1 --out cpu").split()


def complaint(result, words):
    """What is wrong with how it ended, None if nothing is."""
    said = result.out + result.err
    if result.code not in (0, 1, 2, 64):
        return f"exit code {result.code}"
    if "Sanitizer" in result.err or "runtime error" in result.err:
        return "a sanitizer's report"
    if "\033" in result.out:
        return "an escape sequence"
    if SECRET in said:
        return "what is outside the tree"
    if "--json" in words and result.out:
        try:
            json.loads(result.out)
        except ValueError as error:
            return f"no JSON: {error}"
    return None


def read(tree, words):
    """Exit code, what is wrong, and what was said; here nothing comes from the user."""
    try:
        result = ctl(*words, tree=tree, prefix=IN_TIME)
    except UnicodeDecodeError as error:
        return None, f"not even text: {error}", ""
    # Its own microseconds, where the locale has them; of the trees nothing but ASCII.
    raw = [c for c in (result.out + result.err).replace("µs", "us") if c != "\n" and not " " <= c <= "~"]
    return result.code, complaint(result, words) or (f"not printable: {raw}" if raw else None), result.err


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


def link(dice, path, tree, outside):
    """To what is outside, in several ways, to what never ends, within the tree, nowhere."""
    name = path.relative_to(tree)
    path.symlink_to(dice.choice((outside / name, "../" * 30 + str(outside / name), f"/proc/self/root{outside / name}", outside / "file",
                                 "/dev/zero", "/proc/self/mem", f"/{name.parent}", path.name, "..", f"/{trees.SYSFS}state", "")) or "gone")


def huge(dice, path):
    """A line or random bytes, and then nothing for long."""
    with open(path, "wb") as file:
        file.write(dice.choice((b"", b"0-3\n", b"# cpu msr value\n0 0x1 0x2\n", bytes(dice.choices(range(256), k=50)))))
        file.truncate(dice.choice((1, 8, 70, 5000)) << 20)


def device(dice, path):
    os.mknod(path, 0o666 | stat.S_IFCHR, dice.choice((os.makedev(1, 5), os.makedev(1, 8), os.makedev(240, 1))))


def change(dice, path, tree, outside):
    """Puts something else in its place."""
    data = path.read_bytes() if path.is_file() else b""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    way = dice.random()
    if data and way < 0.7:
        path.write_bytes(spoil(dice, data))
    elif way < 0.85:
        link(dice, path, tree, outside)
    elif way < 0.90:
        os.mkfifo(path)
    elif way < 0.93:
        device(dice, path)
    elif way < 0.96:
        huge(dice, path)
    elif way < 0.98:
        path.mkdir()


def fuzz_trees(scratch, original, outside):
    bad, seen = [], set()
    files = [p.relative_to(original) for p in sorted(original.rglob("*")) if p.is_file()]
    folders = [p.relative_to(original) for p in sorted(original.rglob("*")) if p.is_dir()]
    for seed in range(FIRST, FIRST + TREES):
        dice = random.Random(seed)
        tree = pathlib.Path(scratch) / "fuzzed"
        shutil.copytree(original, tree)
        for name in dice.sample(files, dice.randint(1, 12)) + dice.sample(folders, dice.random() < 0.2):
            if os.path.lexists(tree / name):
                change(dice, tree / name, tree, outside)
        for words in dice.sample(READING, 5):
            code, why, err = read(tree, words)
            seen.add(code)
            if why:
                bad.append((seed, words, why, err[:2000]))
        shutil.rmtree(tree)
    equal(bad, [], f"{TREES} trees with random bytes, links, FIFOs, devices, folders and huge files")
    ok(seen >= {0, 1}, "some of them are well, some are not", seen)


def hosts(scratch):
    """The one that is spoiled, and the one outside of it, each of whose texts is a secret."""
    signer = trees.Signer("DKMS module signing key")

    def full(host):
        host.files["sys/firmware/efi/efivars/MokListRT-605dab50-e046-4300-abb6-3dd810dd8b23"] = trees.mok_list(signer)
        host.files["sys/kernel/security/lockdown"] = "none [integrity] confidentiality"
        host.files["run/modprobe.d/more.conf"] = "options rmpopt duty=3 \\\n slice_us=20\nblacklist other\nalias a b"

    def secret(host):
        full(host)
        host.reason = SECRET
        host.files = {name: SECRET for name in host.files}
    original = trees.variant(scratch + "/ready", full, signer, trees.Host)
    outside = trees.variant(scratch + "/outside", secret, signer, trees.Host)
    (outside / "file").write_text(SECRET)
    return original, outside


with tempfile.TemporaryDirectory() as folder:
    # libkmod itself forgets a few bytes when a module's facts are broken.
    suppressions = pathlib.Path(folder) / "suppressions"
    suppressions.write_text("leak:libkmod\n")
    os.environ["LSAN_OPTIONS"] = f"suppressions={suppressions}:print_suppressions=0"
    ready, elsewhere = hosts(folder)
    fuzz_options(ready)
    fuzz_trees(folder, ready, elsewhere)
done()
