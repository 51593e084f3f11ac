# SPDX-License-Identifier: GPL-2.0
"""status --save, on a host whose files are bound over those of this root: what is in it; whole or nothing."""
import errno
import fcntl
import gzip
import os
import pathlib
import re
import signal
import subprocess
import tarfile
import tempfile

import trees
from tap import PROGRAM, Result, done, equal, like, ok, terminal, unlike

MOK = "MokListRT-605dab50-e046-4300-abb6-3dd810dd8b23"
ENDS = {".tar": b"sys/", ".tar.gz": b"\x1f\x8b", ".tgz": b"\x1f\x8b", ".tar.bz2": b"BZh", ".tbz2": b"BZh", ".tar.xz": b"\xfd7zXZ",
        ".txz": b"\xfd7zXZ", ".tar.zst": b"\x28\xb5\x2f\xfd", ".tzst": b"\x28\xb5\x2f\xfd"}
scratch = tempfile.TemporaryDirectory()
os.chmod(scratch.name, 0o755)

# /sys as a whole; of /proc and /etc single files, as the rest is needed. $0 is the tree.
BIND = """
mount --bind "$0/sys" /sys
for name in cmdline cpuinfo kallsyms keys zoneinfo sys/kernel/osrelease config.gz; do
	[ ! -e "$0/proc/$name" ] || [ ! -e "/proc/$name" ] || mount --bind "$0/proc/$name" "/proc/$name"
done
mkdir -p /etc/modprobe.d /var/lib/shim-signed
mount --bind "$0/var/lib/shim-signed" /var/lib/shim-signed
mount --bind "$0/etc/modprobe.d" /etc/modprobe.d
mkdir -p /lib/modules
mount --bind "$0/lib/modules" /lib/modules
"""


def host():
    made = trees.Host()
    made.module = False
    made.files["proc/sys/kernel/osrelease"] = os.uname().release
    made.files.update({
        "proc/kallsyms": "ffffffff81234560 T rmp_make_shared\nffffffff81234570 T secret_symbol",
        "proc/cmdline": "root=/dev/secret nosmt nosmp iommu=pt rmpopt.duty=3 quiet",
        "etc/modprobe.d/other.conf": "options kvm_amd \\\n sev_snp=1\noptions secret x=1\noptions kvm-amd \\\n sev=1\ninstall kvm /bin/false",
        "var/lib/shim-signed/mok/MOK.der": "secret", "var/lib/shim-signed/mok/MOK.priv": "secret",
        "sys/devices/system/cpu/present": "0-15", "sys/devices/system/cpu/possible": "0-31", "sys/devices/system/cpu/smt/control": "on",
        "sys/firmware/efi/efivars/" + MOK: trees.mok_list(), "sys/kernel/rmpopt/large": "x"})
    return made


class Live:
    """The host, and rmpoptctl on it."""

    def __init__(self, change=lambda tree: None):
        self.tree = host().write(tempfile.mkdtemp(dir=scratch.name))
        self.tree.chmod(0o755)
        (self.tree / trees.DEBUGFS / "table").write_text("# region\n0 1\n")
        (self.tree / "lib/modules" / os.uname().release).mkdir(parents=True, exist_ok=True)
        (self.tree / "lib/modules" / os.uname().release / "config").write_text("CONFIG_KVM_AMD=m\nCONFIG_SECRET=secret\nCONFIG_KVM_AMD_SEV=y\n")
        # libkmod asks uname.
        trees.write_module(self.tree, None, os.uname().release)
        change(self.tree)
        self.to = pathlib.Path(tempfile.mkdtemp(dir=scratch.name))
        self.to.chmod(0o777)

    def command(self, *words, before=""):
        script = f'set -eu\n{BIND}{before}\nexec "$@"'
        # CPUID tells on which CPU it was asked.
        return ["taskset", "-c", "0", "unshare", "--mount", "--propagation", "unchanged", "sh", "-c", script, str(self.tree), PROGRAM, *words]

    def run(self, *words, before="", run_as=()):
        command = self.command(*words, before=before)
        command[11:11] = run_as
        return Result(subprocess.run(command, stdin=subprocess.DEVNULL, cwd=self.to, check=False, timeout=60, capture_output=True))

    def save(self, to, before="", run_as=()):
        return self.run("status", "--save", to, before=before, run_as=run_as)

    def names(self):
        return sorted(path.name for path in self.to.iterdir())


def contents(path):
    """Names, modes and bytes of a tar, whatever it is packed with."""
    plain = path
    if path.suffix in (".zst", ".tzst"):
        plain = path.with_name("plain.tar")
        subprocess.run(["zstd", "-qdf", path, "-o", plain], check=True)
    with tarfile.open(plain) as tar:
        found = {member.name: (member.mode, tar.extractfile(member).read()) for member in tar if member.isfile()}
    if plain != path:
        plain.unlink()
    return found


def below(folder):
    return {str(path.relative_to(folder)): (path.stat().st_mode & 0o777, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def kind_tests():
    live = Live()
    wanted = None
    for end, magic in ENDS.items():
        result = live.save("host" + end)
        equal((result.code, result.err), (0, ""), f"{end}: saved")
        ok((live.to / ("host" + end)).read_bytes().startswith(magic), f"{end}: is what its name says")
        found = contents(live.to / ("host" + end))
        wanted = wanted or found
        ok(found == wanted and len(found) > 40, f"{end}: holds the same", sorted(set(found) ^ set(wanted)))
        equal((live.to / ("host" + end)).stat().st_mode & 0o777, 0o600, f"{end}: for its owner only")
    result = live.save("folder/")
    equal((result.code, below(live.to / "folder") == wanted), (0, True), "a folder: holds the same")
    equal({path.stat().st_mode & 0o777 for path in [live.to / "folder", *(live.to / "folder").rglob("*")] if path.is_dir()}, {0o700}, "for its owner only")
    equal(live.names(), sorted(["folder", *("host" + end for end in ENDS)]), "and nothing else is left")
    for name in ("host:1.tar.gz", "a b\nc.tar", "-x.tar", "tar"):
        equal((live.save(f"./{name}").code, (live.to / name).exists()), (0, True), f"any name will do: {name!r}")
    for name in ("x.zip", "x.gz", "x.tar.lz4", "x.7z"):
        result = live.save(name)
        equal((result.code, (live.to / name).exists()), (1, False), f"{name}: makes no folder")
        like(result.err, r"unknown archive format \S+; use \.tar, ", f"{name}: and says why")


def stdout_tests():
    live = Live()
    with open(live.to / "out.tar", "wb") as out:
        process = subprocess.run(live.command("status", "--save", "-"), stdout=out, stderr=subprocess.PIPE, check=False, cwd=live.to)
    equal(process.returncode, 0, "-: saved")
    live.save("other.tar")
    ok(contents(live.to / "out.tar") == contents(live.to / "other.tar"), "-: the standard output gets the tar and nothing else")
    like(process.stderr.decode(), r"\AThe tar contains:\n", "-: what is in it is told on the standard error")
    with open("/dev/full", "wb") as full:
        process = subprocess.run(live.command("status", "--save", "-"), stdout=full, stderr=subprocess.PIPE, check=False)
    equal(process.returncode, 1, "-: a full disk is a failure")
    equal(process.stderr.decode(), "rmpoptctl: --save -: No space left on device\n", "-: and its error is told, without advice that does not help")


def full_tests():
    live = Live(lambda tree: (tree / trees.SYSFS / "large").write_bytes(os.urandom(3 << 20)))
    mount = f"mkdir -p {live.to}/small; mount -t tmpfs -o size=1m,mode=0777 small {live.to}/small"
    for name in ("host.tar", "host.tgz", "folder"):
        after = f'{mount}\n"$@" && exit 99; code=$?; ls -A {live.to}/small; exit $code'
        result = live.save(f"small/{name}", before=after)
        equal((result.code, result.out), (1, ""), f"{name}: a full disk leaves nothing")
        like(result.err, rf"\Armpoptctl: --save small/{name}: .*No space left on device", f"{name}: and is told")
    for to, why in (("none/host.tar", errno.ENOENT), ("small/host.tar", errno.EROFS), ("folder/x", errno.ENOENT)):
        result = live.save(to, before=f"mkdir -p {live.to}/small; mount -t tmpfs -o ro small {live.to}/small")
        equal((result.code, result.out), (1, ""), f"{os.strerror(why)}: is a failure")
        like(result.err, f"{os.strerror(why)}; use a directory that you can write to$", f"{os.strerror(why)}: and is told")


SHIM = """
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>
#define NEXT(name, type) ((type)dlsym(RTLD_NEXT, #name))

/* $KILL: "SIGNAL N": kills us at the N-th step towards a saved file. */
static void step(void)
{
	static int count;
	int number, at;

	if (sscanf(getenv("KILL") ?: "", "%d %d", &number, &at) == 2 && ++count == at)
		kill(getpid(), number);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
	if (fd > 2)
		step();
	return NEXT(write, ssize_t (*)(int, const void *, size_t))(fd, bytes, size);
}

int fsync(int fd)
{
	step();
	return NEXT(fsync, int (*)(int))(fd);
}

int linkat(int a, const char *from, int b, const char *to, int flags)
{
	step();
	return NEXT(linkat, int (*)(int, const char *, int, const char *, int))(a, from, b, to, flags);
}

/* $NAMED: no file can be without a name; $OLD: nor be renamed without care. */
int open64(const char *path, int flags, ...)
{
	va_list args;

	va_start(args, flags);
	if (getenv("NAMED") && (flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return NEXT(open64, int (*)(const char *, int, ...))(path, flags, va_arg(args, int));
}

int renameat2(int a, const char *from, int b, const char *to, unsigned int flags)
{
	step();
	if (getenv("OLD")) {
		errno = EINVAL;
		return -1;
	}
	return NEXT(renameat2, int (*)(int, const char *, int, const char *, unsigned int))(a, from, b, to, flags);
}
"""


def make_shim():
    path = f"{scratch.name}/shim.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-w", "-x", "c", "-o", path, "-", "-ldl"], input=SHIM.encode(), check=True)
    return path


def killed_tests():
    """Whole or nothing, at whichever step it is killed; nothing of the host is left elsewhere."""
    live, shim = Live(), make_shim()
    live.save("whole.tar")
    whole = contents(live.to / "whole.tar")
    (live.to / "whole.tar").unlink()
    before = set(os.listdir("/tmp"))
    for name, number, named in (("host.tar", signal.SIGKILL, ()), ("host.tar", signal.SIGTERM, ()), ("host.tar", signal.SIGTERM, ("NAMED=1",)),
                                ("folder", signal.SIGTERM, ()), ("folder", signal.SIGINT, ())):
        wrong, codes, at = [], set(), 1
        # A shell starts what it runs in the background with SIGINT ignored: then it would not kill.
        while 0 not in codes:
            codes.add(live.save(name, run_as=["env", "--default-signal", *named, f"LD_PRELOAD={shim}", f"KILL={int(number)} {at}"]).code)
            left = live.names()
            path = live.to / name
            if left not in ([], [name]) or (left and (below(path) if path.is_dir() else contents(path)) != whole):
                wrong.append((at, left))
            subprocess.run(["rm", "-rf", *(live.to / entry for entry in left)], check=True)
            at += 1 if at < 4 else 3
        equal((wrong, codes), ([], {0, -number}), f"{name}{' '.join(named)}: killed by {number.name} at any of {at} steps: whole or nothing")
        ok(at > 5, f"{name}: and those are many", at)
    equal(set(os.listdir("/tmp")) - before, set(), "killed at any step: nothing in /tmp")
    live.save("host.tar", before="export TMPDIR=/nonexistent; mount -t tmpfs -o ro nothing /var/tmp")
    ok((live.to / "host.tar").exists(), "no other folder is needed")


def leftovers_tests():
    """What SIGKILL leaves is removed by the next save of the same name, and nothing else is."""
    live, shim = Live(), make_shim()
    for name, named in (("folder", ()), ("host.tar", ("NAMED=1",))):
        run_as = ["env", *named, f"LD_PRELOAD={shim}"]
        code = live.save(name, run_as=[*run_as, f"KILL={int(signal.SIGKILL)} 3"]).code
        left = live.names()
        ok(code == -signal.SIGKILL and len(left) == 1 and left[0].startswith(f".{name}.rmpoptctl-"), f"{name}: killed by SIGKILL, which leaves something hidden", code, left)
        others = [f"{name}.backup", ".other.rmpoptctl-aaaaaa", f".{name}.rmpoptctl-inuse", f".{name}.rmpoptctl-theirs"]
        for other in others:
            (live.to / other / "sys").mkdir(parents=True)
            (live.to / other / "sys/file").touch()
        (live.to / f".{name}.rmpoptctl-alink").symlink_to(f"{name}.backup")
        os.chown(live.to / others[3], 65534, 65534)
        held = os.open(live.to / others[2], os.O_RDONLY)
        fcntl.flock(held, fcntl.LOCK_EX)
        equal((live.save(name, run_as=run_as).code, live.names()), (0, sorted([name, f".{name}.rmpoptctl-alink", *others])), f"{name}: the next save removes it, and nothing else")
        equal([other for other in others if not (live.to / other / "sys/file").exists()], [], f"{name}: nor what is in it")
        os.close(held)
        subprocess.run(["rm", "-rf", *(live.to / entry for entry in live.names())], check=True)


def elsewhere_tests():
    """File systems on which no file can be without a name, or be renamed only if the other name is free."""
    live, shim = Live(), make_shim()
    for old in ((), ("OLD=1",)):
        for name in ("host.tar", "folder"):
            run_as = ["env", "NAMED=1", *old, f"LD_PRELOAD={shim}"]
            result = live.save(name, run_as=run_as)
            equal((result.code, live.names()), (0, [name]), f"{name}{' '.join(old)}: saved under another name first")
            equal(live.save(name, run_as=run_as).code, 1, f"{name}{' '.join(old)}: what exists is kept")
            subprocess.run(["rm", "-rf", live.to / name], check=True)


def truth_tests():
    live = Live()
    result = live.save("host.tar")
    files = {name: data.decode(errors="replace") for name, (_, data) in contents(live.to / "host.tar").items()}
    for name, wanted in (("sys/devices/system/cpu/present", "0-15\n"), ("sys/devices/system/cpu/possible", "0-31\n"), ("sys/devices/system/cpu/online", "0-7\n"),
                         ("sys/devices/system/cpu/smt/control", "on\n"), ("proc/kallsyms", "0000000000000000 T rmp_make_shared\n"),
                         ("proc/cmdline", "nosmt nosmp iommu=pt rmpopt.duty=3\n"),
                         ("etc/modprobe.d/other.conf", "options kvm_amd  sev_snp=1\noptions kvm-amd  sev=1\ninstall kvm /bin/false\n"),
                         ("var/lib/shim-signed/mok/MOK.der", "\n"), ("var/lib/shim-signed/mok/MOK.priv", None),
                         ("sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "0-1\n"),
                         (f"lib/modules/{os.uname().release}/config", "CONFIG_KVM_AMD=m\nCONFIG_KVM_AMD_SEV=y\n")):
        equal(files.get(name), wanted, f"in it: {name}")
    equal([name for name, text in files.items() if "secret" in text], [], "not in it: what does not concern rmpopt")
    module = f"lib/modules/{os.uname().release}"
    equal(files.get(f"{module}/modules.dep"), "updates/dkms/rmpopt.ko:\n", "in it: where depmod has found the module")
    ok(f"{module}/updates/dkms/rmpopt.ko" in files, "in it: the module")
    for line in ("the module itself", "rmpopt's files in sysfs and debugfs", "the table of each core", "CPUID", "of its command line", "certificates that the machine's owner",
                 "MSRs are missing: modprobe msr", "show where guests live"):
        like(result.out, line, f"said to be in it: {line}")
    unlike(result.out, "SYSCFG|not root|Missing, as", "not said to be in it: what is not")
    result = live.save("user.tar", run_as=["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"])
    equal(result.code, 0, "a user may save as well")
    like(result.out, "You are not root", "who is told what is missing")
    unlike(result.out, "where guests live", "and what is not in it")

    def bare(tree):
        for name in (trees.SYSFS, trees.DEBUGFS, "sys/module/rmpopt"):
            subprocess.run(["rm", "-rf", tree / name], check=True)
        subprocess.run(["rm", "-rf", tree / "lib/modules" / os.uname().release], check=True)
        (tree / "sys/firmware/efi/efivars" / MOK).unlink()
    unlike(Live(bare).save("host.tar").out, "rmpopt's files|table of each|module itself|certificates|guests live", "not loaded: what is said is true")

    def large(tree):
        with open(tree / trees.SYSFS / "large", "wb") as file:
            file.truncate(1 << 30)
    like(Live(large).save("host.tar").out, r"Missing, as they can't be read:\n  /sys/kernel/rmpopt/large: File too large\n", "what could not be read is named")
    like(terminal("status", "--save", "-"), r"\Armpoptctl: --save -: standard output is a terminal; redirect it", "no tar on a terminal")
    like(terminal("status", "--save", "-", tree=live.tree), "exclude each other", "--save is about the live host")


def packed_tests():
    """The kernel has its configuration itself, and nobody else has it."""
    packed = gzip.compress(b"CONFIG_KVM_AMD_SEV=y\n")

    def change(tree):
        (tree / "lib/modules" / os.uname().release / "config").unlink()
        (tree / "proc/config.gz").write_bytes(packed)
    live = Live(change)
    if not os.path.exists("/proc/config.gz"):
        return ok(True, "in it: the packed configuration # SKIP this kernel has none to bind another one over")
    like(live.save("host.tar").out, "/proc/config.gz, the whole configuration", "said to be in it: the packed configuration")
    equal(contents(live.to / "host.tar")["proc/config.gz"][1], packed, "in it: the packed configuration")


def round_trip_tests():
    """A saved tree says what the host says."""
    live = Live()
    live.save("folder")
    for words in (["check", "--json"], ["status", "--json"], ["map", "--json"], ["cores", "--json"], ["forecast", "--json"], ["set", "--json"], ["metrics"]):
        here, there = live.run(*words), live.run(*words, "--sysroot", "folder")
        if words[0] == "check":
            # CPU and MSRs are those of this machine, and none were saved.
            here.out, there.out = (text.split('"rmp_base"')[-1].replace("No such file or directory", "No data available") for text in (here.out, there.out))
            here.out, there.out = (re.sub(r'(?s)"snp_init".*?"built"', "", text.split('"iommu"')[-1]) for text in (here.out, there.out))
        equal((there.code, there.out, there.err), (here.code, here.out, here.err), f"{' '.join(words)} says the same of a saved tree")


for test in (kind_tests, stdout_tests, full_tests, killed_tests, leftovers_tests, elsewhere_tests, truth_tests, packed_tests, round_trip_tests):
    test()
done()
