# SPDX-License-Identifier: GPL-2.0
"""--sysroot on trees of strangers: what is outside is not read, nothing is waited for, nothing steers a terminal."""
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile

import trees
from tap import PROGRAM, ctl, done, equal, like, ok, terminal, unlike

READING = (["check"], ["check", "--json"], ["status"], ["status", "--json"], ["map"], ["map", "--json"], ["why"], ["why", "1"],
           ["why", "--json"], ["forecast"], ["cores"], ["cores", "--json"], ["watch"], ["watch", "--json"], ["set"],
           ["set", "--json"], ["metrics"], ["metrics", "--textfile"])
SECRET = "the-words-of-somebody-else"
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []}
EFI = "sys/firmware/efi/efivars/"
MOK = EFI + "MokListRT-605dab50-e046-4300-abb6-3dd810dd8b23"

scratch = tempfile.TemporaryDirectory()
os.chmod(scratch.name, 0o755)
count = 0


def fresh(change=lambda host: None, make=trees.Host, signer=None):
    global count
    count += 1
    return trees.variant(f"{scratch.name}/trees/{count}", change, signer, make)


def replace(tree, name, make):
    """Puts something else where a file or folder is."""
    path = tree / name
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    make(path)


def said(tree):
    """All that all commands say of a tree; a command that waits is an error."""
    text = ""
    for words in READING:
        try:
            result = ctl(*words, tree=tree, prefix=("timeout", "-k", "1", "10"))
        except UnicodeDecodeError as error:
            return f"not even text: {error}"
        text += f"{' '.join(words)}: {result.code}\n{result.out}{result.err}"
        if result.code in (124, 137):
            text += "WAITED"
    return text


def outside():
    """A host of somebody else: each of its texts has the secret."""
    def change(host):
        host.reason = SECRET
        host.files = {name: SECRET if not name.startswith("etc/") else f"options rmpopt cpus={SECRET}" for name in host.files}
    tree = fresh(change)
    (tree / "file").write_text(f"{SECRET}\n")
    (tree / "conf").write_text(f"options rmpopt cpus={SECRET}\ninstall rmpopt {SECRET}\n")
    source = f'__attribute__((section(".modinfo"), used)) static const char f[] = "version={SECRET}";\n'
    subprocess.run(["gcc", "-c", "-x", "c", "-o", tree / "module", "-"], input=source.encode(), check=True)
    (tree / "dep").write_text(f"{tree}/module:\n{SECRET}/rmpopt.ko:\n")
    return tree


def link_tests():
    other = outside()
    place = str(other)
    cases = [(trees.SYSFS + "reason", "file"), (trees.SYSFS + "hooks", "file"), (trees.SYSFS + "state", "file"), (trees.SYSFS.rstrip("/"), trees.SYSFS),
             ("sys", "sys"), ("etc/modprobe.d/x.conf", "conf"), ("etc/modprobe.d", "etc/modprobe.d"), ("run/modprobe.d", "etc/modprobe.d"),
             ("proc/cmdline", "file"), ("proc/sys/kernel/osrelease", "file"), (trees.MODULE, "module"),
             (f"lib/modules/{trees.RELEASE}/modules.dep", "dep"), (f"boot/config-{trees.RELEASE}", "file"), ("sys/class/iommu", "sys/class/iommu")]
    for name, to in cases:
        for way, target in (("absolute", f"{place}/{to}"), ("by ..", "../" * 40 + f"{place}/{to}"), ("by /proc", f"/proc/self/root{place}/{to}")):
            tree = fresh()
            replace(tree, name, lambda path, target=target: path.symlink_to(target))
            unlike(said(tree), f"{SECRET}|WAITED", f"a link that leads out of the tree is not followed: {name}, {way}")
    for text in (f"{place}/module:", "../" * 40 + f"{place}/module:", f"{place[1:]}/rmpopt.ko:"):
        tree = fresh()
        (other / "rmpopt.ko").unlink(missing_ok=True)
        shutil.copy(other / "module", other / "rmpopt.ko")
        (tree / f"lib/modules/{trees.RELEASE}/modules.dep").write_text(text.replace("/module:", "/rmpopt.ko:") + "\n")
        unlike(said(tree), f"version {SECRET}", f"nor is a path in modules.dep: {text[:12]}")
    tree = fresh(lambda host: host.files.update({"proc/sys/kernel/osrelease": "../" * 40 + place[1:]}))
    (other / "modules.dep").write_text("rmpopt.ko:\n")
    unlike(said(tree), f"version {SECRET}", "nor a kernel's release that is a path")
    tree = fresh(lambda host: setattr(host, "reason", "mine"))
    replace(tree, trees.SYSFS + "reason", lambda path: path.symlink_to("/elsewhere/reason"))
    (tree / "elsewhere").mkdir()
    (tree / "elsewhere/reason").write_text("within the tree\n")
    like(said(tree), r"is ready: within the tree\n", "a link that stays within is followed, as on the host")


def waiting_tests():
    """FIFOs, devices and sockets where files should be."""
    places = (trees.SYSFS + "state", trees.SYSFS + "served", trees.SYSFS + "optimized", trees.DEBUGFS + "rmp", "proc/cpuinfo", "etc/modprobe.d/x.conf",
              trees.MODULE, f"lib/modules/{trees.RELEASE}/modules.dep", f"lib/modules/{trees.RELEASE}/modules.softdep", "rmpoptctl/msr", MOK)
    kinds = {"a FIFO": os.mkfifo, "a device that never ends": lambda path: os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 5)),
             "a folder": pathlib.Path.mkdir, "a link to itself": lambda path: path.symlink_to(path.name)}
    for what, make in kinds.items():
        tree = fresh()
        for name in places:
            replace(tree, name, make)
            unlike(said(tree), "WAITED|not even", f"{what} is not waited for: {name}")
            if name == trees.SYSFS + "state":
                result = ctl("status", tree=tree)
                equal((result.code, result.out), (1, ""), f"{what}: and is no state")
                unlike(result.err, "not loaded", f"{what}: nor is it taken for none")
                equal(ctl("metrics", tree=tree).code, 1, f"{what}: metrics don't say that nothing is loaded")
                (shutil.rmtree if what == "a folder" else os.unlink)(tree / name)
                (tree / name).write_text("ready\n")


def device_tests():
    """A device is not even opened: that alone may start or rewind it. Opening one that has no driver fails with ENXIO."""
    tree = fresh()
    replace(tree, trees.SYSFS + "state", lambda path: os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(240, 240)))
    like(ctl("status", tree=tree).err, r"\Armpoptctl: can't read /sys/kernel/rmpopt/state: Invalid argument\n\Z", "a device is not opened")


def huge_tests():
    """300 MB in a file that holds a line on a host."""
    tree = fresh()
    for name in (trees.SYSFS + "reason", trees.DEBUGFS + "rmp", "etc/modprobe.d/x.conf", "proc/kallsyms"):
        with open(tree / name, "wb") as file:
            file.truncate(300 << 20)
    unlike(said(tree), "WAITED|not even", "huge files: every command ends")
    equal(ctl("status", tree=tree).code, 0, "huge files: and shows the rest")


def bomb_tests():
    """A module of 180 KB that is 700 MB when it is unpacked."""
    tree = fresh()
    subprocess.run(f"head -c 700M /dev/zero | xz -0 >'{tree / trees.MODULE}'", shell=True, check=True)
    process = subprocess.Popen([PROGRAM, "check", "--sysroot", tree], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    equal(process.returncode, 1, "a module that is large when unpacked is none")
    ok(usage.ru_maxrss < 600 << 10, "and does not fill the memory", usage.ru_maxrss)


def permission_tests():
    """A tree that root has saved, and another user."""
    tree = fresh()
    for folder in ("sys", "proc", "rmpoptctl"):
        (tree / folder).chmod(0o700)
    for words in READING:
        result = ctl(*words, tree=tree, **NOBODY)
        wanted = {"version": 1, words[0]: []} if "--json" in words else ""
        equal((result.code, json.loads(result.out) if wanted else result.out, result.err.count("\n")), (1, wanted, 1),
              f"{' '.join(words)}: a tree of somebody else fails in one line")
        like(result.err, r"\Armpoptctl: --sysroot \S+: permission denied; ", f"{' '.join(words)}: and says why")
    tree = fresh()
    (tree / trees.SYSFS / "state").chmod(0o600)
    for words in (["status"], ["status", "--json"], ["map"], ["cores"], ["watch"], ["metrics"], ["why"], ["forecast"]):
        result = ctl(*words, tree=tree, **NOBODY)
        equal((result.code, result.err), (1, "rmpoptctl: can't read /sys/kernel/rmpopt/state: Permission denied\n"),
              f"{' '.join(words)}: a file of somebody else")
    for words in (["status", "--json"], ["map", "--json"], ["watch", "--json"]):
        equal(json.loads(ctl(*words, tree=tree, **NOBODY).out), {"version": 1, words[0]: []}, f"{' '.join(words)}: a document without rows")
    (tree / trees.SYSFS).chmod(0o700)
    found = {row["name"]: (row["result"], row["read"], row["fix"]) for row in json.loads(ctl("check", "--json", tree=tree, **NOBODY).out)["check"]}
    for name in ("loaded", "state", "hooks", "debugfs"):
        equal(found[name], ("SKIP", "can't read /sys/kernel/rmpopt/state: Permission denied", None), f"check: {name}: a directory of somebody else")
    (tree / trees.SYSFS).chmod(0o755)
    tree.chmod(0o700)
    like(ctl("status", tree=tree, **NOBODY).err, "permission denied", "the folder itself is somebody else's")
    tree.chmod(0o755)
    (tree / "root").mkdir(0o700)
    (tree / trees.SYSFS / "state").chmod(0o644)
    equal(ctl("status", tree=tree, **NOBODY).code, 0, "of a folder in which nothing is read nobody talks")
    like(ctl("status", tree=tree / "proc/cmdline").err, "not a directory; unpack the tar first", "no folder")


def escape_tests():
    """Nothing in a tree reaches a terminal as it is."""
    evil = "\033]0;mine\007\033[2J\x9b31m\x7f"

    def change(host):
        host.reason = evil
        host.files.update({f"etc/modprobe.d/{n}.conf": text for n, text in enumerate((
            f"{evil} {evil}", f"options rmpopt cpus={evil}", f"options rmpopt {evil}=1", f"install rmpopt {evil}", f"blacklist {evil}",
            f"options {evil}", f"alias {evil}", f"softdep {evil}", "options"))})
        host.files.update({"etc/modprobe.d/raw.conf": b"\x1b[31m options\n\xff\xfe\x1b[31m\n", "proc/cmdline": f"rmpopt.cpus={evil}",
                           "proc/sys/kernel/osrelease": trees.RELEASE, f"sys/class/iommu/{evil}/amd-iommu/features": "0:0",
                           "sys/kernel/security/lockdown": f"none [{evil}]", "proc/keys": f"1 asymmetri {evil}: aa", "proc/kallsyms": f"0 T {evil}"})
    tree = fresh(change)
    source = "".join(f'__attribute__((section(".modinfo"), used)) static const char f{n}[] = "{fact}";\n' for n, fact in enumerate(
        ("version=\\033[31m\\233", "vermagic=\\033[2J x")))
    subprocess.run(["gcc", "-c", "-x", "c", "-o", tree / trees.MODULE, "-"], input=source.encode(), check=True)
    for words in READING:
        result = subprocess.run([PROGRAM, *words, "--sysroot", tree], capture_output=True, check=False,
                                env={**os.environ, "LC_ALL": "C"})
        bad = sorted(set(re.findall(rb"[^\n -~]", result.stdout + result.stderr)))
        equal(bad, [], f"{' '.join(words)}: nothing but printable characters")
        like(result.stdout.decode(), ".", f"{' '.join(words)}: and there are some")
    unlike(terminal("check", "--no-color", tree=tree), r"\033|\x9b|\x07", "check on a terminal")
    (tree / f"lib/modules/{trees.RELEASE}/modules.dep").write_text(f"{evil}/rmpopt.ko:\n")
    unlike(said(tree), r"\033|\x9b|\x07|\x7f|not even", "what depmod has found is printable, too")
    for log in ("7", "debug"):
        result = ctl("check", tree=tree, prefix=("env", f"KMOD_LOG={log}"))
        equal(result.err, "", f"libkmod says nothing by itself with KMOD_LOG={log}")


def order_tests():
    """modprobe.d of a tree is read in kmod's order: by name, of the same name that of the first folder."""
    conf = {"etc/modprobe.d/z.conf": "options rmpopt duty=1", "lib/modprobe.d/z.conf": "options rmpopt duty=2 cpus=x",
            "usr/lib/modprobe.d/a.conf": "options rmpopt slice_us=20 \\", "run/modprobe.d/b.conf": "options rmpopt delay_ms=1",
            "etc/modprobe.d/.hidden.conf": "options rmpopt hidden=1", "etc/modprobe.d/readme": "options rmpopt readme=1"}
    rows = json.loads(ctl("check", "--json", tree=fresh(lambda host: host.files.update(conf))).out)["check"]
    equal([row["read"] for row in rows if row["name"] == "parameters"], ["modprobe.d: slice_us=20  delay_ms=1 duty=1"], "modprobe.d: order")


def locale_tests():
    """In Turkish the capital of i is no I: names stay as they are."""
    places = pathlib.Path(scratch.name, "locales")
    places.mkdir()
    tree = fresh()
    for charset in ("ISO-8859-9", "UTF-8"):
        name = f"tr_TR.{charset.replace('-', '').lower() if charset == 'UTF-8' else charset}"
        subprocess.run(["localedef", "-i", "tr_TR", "-f", charset, places / name], check=False, capture_output=True)
        prefix = ("env", f"LOCPATH={places}", f"LC_ALL={name}", f"LANG={name}")
        probe = ["python3", "-c", "import locale, sys; sys.stdout.write(locale.setlocale(locale.LC_ALL, ''))"]
        equal(subprocess.run([*prefix, *probe], capture_output=True, check=False, text=True).stdout, name, f"{name} can be had")
        for words in (["why"], ["cores"], ["set"], ["status", "-o", "VERSION,Hooks,WORST_SLICE_NS"], ["status", "-o", "DIRECTION"], ["check", "-o", "fix,NAME"],
                      ["metrics"], ["status", "--json"], ["check", "--help"], ["scan", "--help"], ["help"]):
            tree_words = {} if words[-1] in ("--help", "help") else {"tree": tree}
            here, there = ctl(*words, **tree_words), ctl(*words, prefix=prefix, **tree_words)
            equal((there.code, there.out, there.err), (here.code, here.out, here.err), f"{name}: {' '.join(words)} as in C")


for test in (link_tests, waiting_tests, device_tests, huge_tests, bomb_tests, permission_tests, escape_tests, order_tests, locale_tests):
    test()
done()
