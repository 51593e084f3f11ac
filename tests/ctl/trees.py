# SPDX-License-Identifier: GPL-2.0
"""Hosts as trees for --sysroot."""
import pathlib
import shutil
import struct
import subprocess
import tempfile

RELEASE = "7.2.12+deb13-amd64"
SYSFS = "sys/kernel/rmpopt/"
DEBUGFS = "sys/kernel/debug/rmpopt/"
MODULE = f"lib/modules/{RELEASE}/updates/dkms/rmpopt.ko"


def listed(numbers):
    """0-3,7 as the kernel prints it."""
    ranges = []
    for n in sorted(numbers):
        if ranges and n == ranges[-1][1] + 1:
            ranges[-1][1] = n
        else:
            ranges.append([n, n])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges)


class Host:
    """A host that is ready: two nodes, 4 cores of 2 threads, 8 regions."""

    def __init__(self):
        self.loaded = True
        self.module = True
        self.signer = None
        self.regions = [*range(4), *range(1024, 1028)]
        self.optimized = [0, 2, 3, 1024, 1026]
        self.backoff = [1025]
        self.faulty = []
        self.guests = {1027: "3 2 1 7,9"}
        self.rmp_region = 1
        self.rmp = [1]
        self.cores = [0, 2, 4, 6]
        self.leaders = [0, 4]
        self.uncovered = 0
        self.windows = [(0, 0, 0, 4, 3, 2), (1, 0, 4, 4, 2, 2)]
        self.nodes = [(0, 0, 4), (1, 1024, 4)]
        self.state, self.reason = "ready", "ok"
        self.snp = True
        self.rmpopt = 1
        self.files = {
            "proc/sys/kernel/osrelease": RELEASE,
            "proc/cmdline": "root=/dev/sda1 quiet",
            "proc/cpuinfo": "processor : 0\nvendor_id : AuthenticAMD\nflags : fpu sev sev_es sev_snp rmpread",
            "proc/kallsyms": "0000000000000000 T rmp_make_shared",
            "proc/keys": "2a5d4a1f I------ 1 perm 1f030000 0 0 asymmetri Debian Secure Boot CA: 6ccece7e: X509.rsa [ade0cf03]",
            f"boot/config-{RELEASE}": "CONFIG_KVM_AMD_SEV=y\nCONFIG_KPROBES=y",
            "sys/class/iommu/ivhd0/amd-iommu/features": "a46577efa2254afa:10",
            "sys/module/kvm_amd/parameters/sev_snp": "Y",
            "sys/kernel/security/lockdown": "[none] integrity confidentiality",
            "etc/modprobe.d/other.conf": "options kvm_amd sev_snp=1",
        }

    def cpuid(self):
        rows = ["# leaf subleaf eax ebx ecx edx",
                "0x0 0x0 0x10 0x68747541 0x444d4163 0x69746e65",
                "0x1 0x0 0xb00f50 0x800 0x0 0x0",
                "0x80000000 0x0 0x80000026 0x0 0x0 0x0",
                "0x8000001f 0x0 0xa0001b 0x4033 0x40 0x1",
                f"0x80000025 0x0 0x0 0x0 0x0 {self.rmpopt:#x}"]
        return "\n".join(rows)

    def cpus(self):
        return range(2 * len(self.cores))

    def msrs(self):
        rows = ["# cpu msr value"]
        for cpu in self.cpus():
            rows += [f"{cpu} 0xc0010010 {0x1800000 if self.snp else 0x800000:#x}",
                     f"{cpu} 0xc0010132 {self.rmp_region << 30:#x}",
                     f"{cpu} 0xc0010136 0x2201"]
        return "\n".join(rows)

    def zoneinfo(self):
        rows = []
        for node, first, count in self.nodes:
            rows += [f"Node {node}, zone   Normal", f"        spanned  {count << 18}",
                     f"  start_pfn:           {first << 18}"]
        return "\n".join(rows)

    def sysfs(self):
        held = len(self.regions) - len(self.optimized)
        return {
            "state": self.state, "reason": self.reason, "requested": 3, "served": 3, "enabled": 1,
            "passes": 5, "last_result": "ok", "progress": "0 0", "regions_covered": len(self.regions),
            "regions_optimized": len(self.optimized), "regions_uncovered": self.uncovered,
            "regions_faulty": len(self.faulty), "faulty": listed(self.faulty), "optimizable": listed(self.free()),
            "covered": listed(self.regions), "optimized": listed(self.optimized),
            "backoff": listed(self.backoff), "cores": listed(self.cores), "cores_behind": "",
            "leaders": listed(self.leaders), "hooks": "rmp_make_shared kvm_amd",
            "stats/passes_full": 1, "stats/passes_delta": 4, "stats/verifies_leader": 12 + held,
            "stats/verifies_follower": 21, "stats/verifies_catchup": 0, "stats/reports": 30,
            "stats/slices": 9, "stats/interruptions": 4, "stats/overruns": 1, "stats/conversions": 77, "stats/faults": 0,
            "stats/last_pass_time_s": 1795924800, "stats/last_pass_us": 1234, "stats/last_stolen_us": 345, "stats/last_trigger": "request",
            "stats/worst_slice_ns": 43210, "stats/worst_slice_cpu": 6,
            "tune/slice_us": 50, "tune/duty": 5, "tune/parallel": 4, "tune/followers": "tick", "tune/isolated": "ipi", "tune/auto": "Y",
            "tune/delay_ms": 10000, "tune/max_delay_ms": 60000, "tune/watch_ms": 60000, "tune/audit_ms": 3600000,
        }

    def held(self):
        return [r for r in self.regions if r not in set(self.optimized)]

    def free(self):
        """No page of them is assigned."""
        return [r for r in self.regions if r not in self.guests and r not in set(self.rmp)]

    def rmp_rows(self):
        own = set(self.rmp)
        rows = [f"{r} 2 1 3 -" if r in own else f"{r} {self.guests.get(r, '0 0 0 -')}" for r in self.regions]
        return ["# region whole partial firmware asids", *rows]

    def debugfs(self):
        cores = ["# cpu node base role owes error slices worst_slice_ns"]
        for i, cpu in enumerate(self.cores):
            role = "leader" if cpu in self.leaders else "follower"
            cores.append(f"{cpu} {i * len(self.nodes) // len(self.cores)} 0 {role} 0 0 {3 * i} {1000 * i}")
        windows = ["# node base leader regions optimized cores"]
        windows += [" ".join(map(str, w)) for w in self.windows]
        return {
            "cores": "\n".join(cores), "windows": "\n".join(windows), "rmp": "\n".join(self.rmp_rows()),
            "segments": f"# segment first regions rmp_spa node\n0 0 {len(self.rmp) * 256 - 4} "
                        f"{(self.rmp_region << 30) + 0x100000:#x} 0",
            "latency": "# kind from_cycles count\nreport 64 30\nleader_verify 2048 12",
        }

    def all_files(self):
        files = dict(self.files)
        files["rmpoptctl/cpuid"] = self.cpuid()
        files["rmpoptctl/msr"] = self.msrs()
        files["proc/zoneinfo"] = self.zoneinfo()
        files["sys/devices/system/cpu/online"] = listed(self.cpus())
        files.setdefault("sys/devices/system/cpu/present", listed(self.cpus()))
        files.setdefault("sys/devices/system/cpu/possible", listed(self.cpus()))
        for cpu in self.cpus():
            files[f"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list"] = listed({cpu & ~1, cpu | 1} & set(self.cpus()))
        if self.loaded:
            files["sys/module/rmpopt/version"] = "0.1.0"
            files["sys/module/rmpopt/parameters/cpus"] = "all"
            files.update({SYSFS + k: v for k, v in self.sysfs().items()})
            files.update({DEBUGFS + k: v for k, v in self.debugfs().items()})
        return {k: v for k, v in files.items() if v is not None}

    def write(self, to):
        to = pathlib.Path(to)
        for name, text in self.all_files().items():
            path = to / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else f"{text}\n".encode())
        if self.module:
            write_module(to, self.signer)
        return to


def write_module(to, signer, release=RELEASE, more=()):
    path = to / MODULE.replace(RELEASE, release)
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = ["version=0.1.0", "license=GPL", f"vermagic={release} SMP preempt mod_unload ", "name=rmpopt", "depends=", *more]
    source = "".join(f'__attribute__((section(".modinfo"), used)) static const char f{i}[] = "{fact}";\n'
                     for i, fact in enumerate(facts))
    subprocess.run(["gcc", "-c", "-x", "c", "-o", path, "-"], input=source.encode(), check=True)
    if signer:
        signer.sign(path)
    subprocess.run(["depmod", "-b", to, release], check=True, stderr=subprocess.DEVNULL)


class Signer:
    """A key and its certificate, as DKMS makes them: every host's has the same name."""

    def __init__(self, name):
        self.name = name
        with tempfile.TemporaryDirectory() as scratch:
            key, cert = pathlib.Path(scratch, "key"), pathlib.Path(scratch, "cert")
            openssl("req", "-new", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-subj", f"/CN={name}")
            self.key, self.cert = key.read_bytes(), cert.read_bytes()
            self.der = openssl("x509", "-in", cert, "-outform", "DER")
            text = openssl("x509", "-in", cert, "-noout", "-ext", "subjectKeyIdentifier").decode()
            self.identifier = text.split()[-1].replace(":", "").lower()

    def sign(self, path):
        """As the kernel's sign-file does: PKCS#7, its length, a magic word."""
        with tempfile.TemporaryDirectory() as scratch:
            key, cert = pathlib.Path(scratch, "key"), pathlib.Path(scratch, "cert")
            key.write_bytes(self.key)
            cert.write_bytes(self.cert)
            signature = openssl("smime", "-sign", "-binary", "-nocerts", "-noattr", "-md", "sha256", "-outform", "DER",
                                "-signer", cert, "-inkey", key, "-in", path)
        with open(path, "ab") as module:
            module.write(signature + struct.pack(">BBBBBxxxI", 0, 0, 2, 0, 0, len(signature)))
            module.write(b"~Module signature appended~\n")

    def in_keyring(self):
        """Its line in /proc/keys."""
        return (f"1b7f9c30 I------     1 perm 1f030000     0     0 asymmetri {self.name}: {self.identifier}: "
                f"X509.rsa {self.identifier[-8:]} []")


def openssl(*words):
    return subprocess.run(["openssl", *words], check=True, capture_output=True).stdout


def mok_list(*signers):
    """The EFI variable MokListRT: attributes, then a signature list for each certificate."""
    data = struct.pack("<I", 6)
    for signer in signers:
        body = bytes(16) + signer.der
        data += bytes.fromhex("a159c0a5e494a74a87b5ab155c2bf072") + struct.pack("<III", 28 + len(body), 0, len(body)) + body
    return data


def variant(to, change, signer=None, make=None):
    """A host that differs in something, written to a folder."""
    host = (make or not_loaded)()
    host.signer = signer
    change(host)
    return host.write(to)


def waiting():
    host = Host()
    host.state = "waiting"
    host.reason = "SnpEn is not set: load kvm_amd with sev_snp=1 while all CPUs are online"
    host.optimized, host.backoff, host.snp, host.cores, host.leaders = [], [], False, [], []
    host.cpus = lambda: range(8)
    host.files["sys/module/kvm_amd/parameters/sev_snp"] = "N"
    return host


def no_rmpopt():
    host = Host()
    host.loaded, host.rmpopt = False, 0
    return host


def not_loaded():
    host = Host()
    host.loaded = False
    return host


def failed():
    host = Host()
    host.state, host.reason = "failed", "RMPOPT fails on all cores (CPU 0: RMPOPT faults, error -14), next retry in 4 s: look for machine checks and microcode updates; rmpoptctl enable retries at once"
    host.optimized = []
    return host


def large():
    """8 TiB, 4 nodes, 512 cores; the RMP fills 33 regions, every third of the others is a guest's."""
    host = Host()
    host.regions = list(range(8192))
    host.rmp = list(range(8100, 8133))
    host.rmp_region = 8100
    host.optimized = [r for r in host.regions if r % 3 and r < 8160 and r not in host.rmp]
    host.backoff = [r for r in host.regions if r % 300 == 0 and r not in host.rmp]
    host.cores = list(range(0, 1024, 2))
    host.leaders = [0, 256, 512, 768]
    host.nodes = [(n, 2048 * n, 2048) for n in range(4)]
    host.windows = [(n, 2048 * n, 256 * n, 2048, 1365, 128) for n in range(3)] + [(3, 6112, 768, 2048, 1365, 128)]
    host.uncovered = 32
    host.guests = {r: f"1 0 0 {r % 500 + 1}" for r in host.held()}
    return host


def viewing():
    """The kernel drives RMPOPT itself: its tables are shown."""
    host = Host()
    host.state, host.reason = "viewing", "view only: this kernel drives RMPOPT itself"
    host.optimized, host.backoff, host.leaders = [0, 2, 1024], [], []
    host.guests[3] = "1 0 1 -"
    host.files["proc/kallsyms"] = "0000000000000000 T rmp_make_shared\n0000000000000000 T snp_enable_rmpopt"
    return only_looks(host)


def only_looks(host):
    saved = host.sysfs
    none = {"requested": 0, "served": 0, "passes": 0, "last_result": "none", "stats/last_trigger": "none", "hooks": "none: view only"}
    host.sysfs = lambda: {**{name: 0 if name.startswith("stats/") else value for name, value in saved().items()}, **none}
    return host


def zen5():
    """No RMPOPT, so no tables."""
    host = Host()
    host.state, host.reason = "viewing", "view only: this CPU has no RMPOPT, which comes with AMD Zen 6 EPYC"
    host.optimized, host.backoff, host.cores, host.leaders, host.windows, host.rmpopt = [], [], [], [], [], 0
    host.guests[3] = "1 0 1 -"
    host.cpus = lambda: range(8)
    return only_looks(host)


def zen4():
    """No RMPREAD and no segments either: whose pages they are can't be read."""
    host = zen5()
    host.guests = {3: "1 0 ? ?", 1027: "3 2 ? ?"}
    saved = host.cpuid, host.msrs, host.debugfs
    host.cpuid = lambda: saved[0]().replace("0xa0001b", "0x1b")
    host.msrs = lambda: "\n".join(
        [line for line in saved[1]().splitlines() if " 0xc0010136 " not in line] + [f"{cpu} 0xc0010133 0x47ffffff" for cpu in host.cpus()])
    host.rmp_rows = lambda: ["# region whole partial firmware asids"] + [
        f"{r} 2 1 ? ?" if r in host.rmp else f"{r} {host.guests.get(r, '0 0 0 -')}" for r in host.regions]
    host.debugfs = lambda: {**saved[2](), "segments": "# segment first regions rmp_spa node"}
    return host


def make_all(to):
    """Folders by the name of the host."""
    to = pathlib.Path(to)
    shutil.rmtree(to, ignore_errors=True)
    hosts = {"ready": Host, "waiting": waiting, "no_rmpopt": no_rmpopt, "not_loaded": not_loaded,
             "failed": failed, "large": large, "viewing": viewing, "zen5": zen5, "zen4": zen4}
    return {name: make().write(to / name) for name, make in hosts.items()}
