# SPDX-License-Identifier: GPL-2.0
"""check: each condition on hosts that don't meet it, and on those that do in an unusual way."""
import gzip
import json
import pathlib
import tempfile

import trees
from tap import ctl, done, equal, like, ok, terminal, unlike

MOK = "sys/firmware/efi/efivars/MokListRT-605dab50-e046-4300-abb6-3dd810dd8b23"
LOCKED = "none [integrity] confidentiality"

scratch = tempfile.TemporaryDirectory()
hosts = trees.make_all(scratch.name + "/trees")


def variant(name, change, signer=None, make=trees.not_loaded):
    return trees.variant(f"{scratch.name}/variants/{name}", change, signer, make)


def rows(tree, **more):
    result = ctl("check", "--json", tree=tree, **more)
    return result.code, {row["name"]: row for row in json.loads(result.out)["check"]}


def verdicts(tree, **more):
    code, found = rows(tree, **more)
    return code, {name: row["result"] for name, row in found.items()}


def failing(tree):
    return sorted(name for name, result in verdicts(tree)[1].items() if result == "FAIL")


def viewing(tree):
    """Exit code, and the conditions for which the module only looks."""
    code, found = verdicts(tree)
    return code, sorted(name for name, result in found.items() if result == "VIEW")


def text_file(name, text):
    return lambda host: host.files.update({name: text})


def cpuid_line(old, new):
    def change(host):
        saved = host.cpuid
        host.cpuid = lambda: saved().replace(old, new)
    return change


def msr_text(old, new):
    def change(host):
        saved = host.msrs
        host.msrs = lambda: saved().replace(old, new)
    return change


def check_tests():
    code, found = verdicts(hosts["ready"])
    equal((code, [n for n, r in found.items() if r != "PASS"]), (0, ["key"]), "a host that is ready passes")
    equal(len(found), 31, "has all conditions")
    code, found = verdicts(hosts["not_loaded"])
    equal((code, found["loaded"], found["state"], found["hooks"]), (0, "SKIP", "SKIP", "SKIP"), "passes before the load")
    equal(failing(hosts["waiting"]), ["kvm_amd", "snp_init", "state"], "a host that waits for SNP")
    equal(failing(hosts["failed"]), ["state"], "a module that has failed")
    result = ctl("check", tree=hosts["waiting"])
    like(result.out, r"^\[ FAIL \] kvm_amd has SNP +kvm_amd's parameter sev_snp is N\n"
         r" +stop all VMs, then: modprobe -r kvm_amd && modprobe kvm_amd sev_snp=1\n"
         r" +if it is N again: dmesg \| grep -i sev shows why\n"
         r' +because of this, these fail too: "SNP is enabled on all CPUs", "module works"\n'
         r"27 passed, 1 failed \(and 2 because of that\), 1 skipped\.\nFix what failed, then check again\.\n\Z",
         "a failure comes last, with its fix and what it explains")
    unlike(result.out, "\033", "no colors where no terminal is")
    spoiled = variant("spoiled", lambda host: None)
    (spoiled / trees.MODULE).write_text("no module")
    lines = terminal("check", "--color=never", tree=spoiled, columns=80).split("\r\n")
    equal([line for line in lines if trees.MODULE in line], [f"/{trees.MODULE}".rjust(80)], "a long path gets a line of its own on a terminal")
    for host, line in (("ready", "rmpopt works on this host. Next: rmpoptctl status."), ("not_loaded", "This host can use rmpopt. Next: rmpoptctl load."),
                       ("no_msr", "As far as is known, this host can use rmpopt; see what was skipped. Next: rmpoptctl load.")):
        tree = hosts[host] if host in hosts else variant(host, lambda made: setattr(made, "msrs", lambda: None))
        equal(ctl("check", tree=tree).out.splitlines()[-1], line, f"the last line says what to do: {host}")
    tree = variant("no-kprobes", text_file(f"boot/config-{trees.RELEASE}", "CONFIG_KVM_AMD_SEV=y"))
    equal(ctl("check", tree=tree).out.splitlines()[-1], "This host can use rmpopt. Next: rmpoptctl load.", "the last line says what to do: skipped, but not required")
    equal((ctl("check", "--quiet", tree=hosts["waiting"]).out, ctl("check", "--quiet", tree=hosts["waiting"]).code), ("", 1), "check --quiet: fails")
    equal((ctl("check", "--quiet", tree=hosts["ready"]).out, ctl("check", "--quiet", tree=hosts["ready"]).code), ("", 0), "check --quiet: passes")
    equal(ctl("check", "--quiet", "--json", tree=hosts["ready"]).code, 2, "check --quiet: has no columns")


def causes(tree):
    """Failures that no other explains, and by each what it explains."""
    found = [row for row in rows(tree)[1].values() if row["result"] == "FAIL"]
    return {row["name"]: [other["name"] for other in found if other["cause"] == row["name"]] for row in found if not row["cause"]}


def without_snp(line="", **files):
    """No SNP, as the words of a command line, or files, keep it away."""
    def change(host):
        host.files["proc/cmdline"] = line
        for name, text in files.items():
            host.files[name.replace("__", "/").replace("modprobe_d", "modprobe.d").replace("_conf", ".conf")] = text
    return change


IOMMU = {"proc__cpuinfo": "flags : fpu sev"}
CONF = "etc__modprobe_d__x_conf"
SNP = ["kvm_amd", "snp_init", "state"]
RELOAD = "stop all VMs, then: modprobe -r kvm_amd && modprobe kvm_amd sev_snp=1"
CPUS = "sys/devices/system/cpu/"


def cause_tests():
    for what, change, wanted in (
            ("one word of the command line", without_snp("iommu=pt", **IOMMU), {"cmdline": ["snp_host", *SNP]}),
            ("an IOMMU that is off", without_snp("amd_iommu=off", **IOMMU, **{"sys__class__iommu__ivhd0__amd-iommu__features": None}),
             {"cmdline": ["iommu", "snp_host", *SNP]}),
            ("four words at once", without_snp("iommu=pt amd_iommu=pgtbl_v2 rmpopt.disable=1 kvm_amd.sev_snp=0", **IOMMU),
             {"cmdline": ["snp_host", *SNP]}),
            *((f"kvm_amd.{name}=0", without_snp(f"kvm_amd.{name}=0"), {"cmdline": SNP}) for name in ("sev", "sev_es", "npt", "nrips")),
            ("module_blacklist=ccp", without_snp("module_blacklist=nouveau,ccp"), {"cmdline": SNP}),
            ("a word about rmpopt explains nothing of SNP", without_snp("rmpopt.disable=1"), {"cmdline": [], "kvm_amd": SNP[1:]}),
            ("modprobe.d", without_snp(**{CONF: "options kvm_amd sev=0\noptions kvm-amd sev_es=1"}), {"modprobe": SNP}),
            ("modprobe.d and the command line", without_snp("iommu=pt", **IOMMU, **{CONF: "install ccp /bin/true\noptions rmpopt duty=0"}),
             {"cmdline": ["snp_host", *SNP], "modprobe": [], "parameters": []})):
        equal(causes(variant(f"cause-{what}".replace(" ", "-"), change, make=trees.waiting)), wanted, f"causes: {what}")
    equal(causes(variant("cause-vm", cpuid_line("0xb00f50 0x800 0x0", "0xb00f50 0x800 0x80000000"), make=trees.waiting)),
          {"hypervisor": SNP[:2]}, "causes: a VM")


def modprobe_fix_tests():
    tree = variant("all-modprobe", without_snp(**{CONF: "install ccp /bin/false\noptions kvm_amd sev=0 npt=0\noptions rmpopt duty=0 x=1\ninstall rmpopt :"}),
                   make=trees.waiting)
    found = rows(tree)[1]
    equal(found["modprobe"]["read"], "install ccp /bin/false; options kvm_amd npt=0; options kvm_amd sev=0", "modprobe.d: all that prevents SNP at once")
    equal(found["modprobe"]["fix"], "remove this; find it with: grep -rsE '(install|options) (ccp|kvm)' /etc/modprobe.d /run/modprobe.d /usr/local/lib/modprobe.d /usr/lib/modprobe.d; " + RELOAD,
          "modprobe.d: and what to do")
    equal(found["parameters"]["read"], "modprobe.d: duty=0: allowed values are 1-100; unknown parameter x", "modprobe.d: all bad parameters at once")
    row = rows(variant("later-modprobe", text_file("etc/modprobe.d/x.conf", "options kvm_amd sev=0")))[1]["modprobe"]
    equal((row["result"], row["read"]), ("SKIP", "options kvm_amd sev=0; kvm_amd has SNP now, but will not have it after its next load"), "modprobe.d: what only the next load will use")
    equal(failing(variant("good-modprobe", text_file("etc/modprobe.d/x.conf", "options kvm_amd sev=0\noptions kvm_amd sev=1\ninstall kvm /sbin/modprobe -i kvm"))),
          [], "modprobe.d: the last value counts, and commands that load something are none of our business")


def offline(line, smt=None, present="0-15", **more):
    def change(host):
        host.files.update({"proc/cmdline": line, CPUS + "present": present, CPUS + "possible": present, CPUS + "smt/control": smt, **more})
    return change


def cpu_tests():
    online, smt = f"echo 1 | tee /{CPUS}cpu*/online", f"echo on > /{CPUS}smt/control"
    for line, control, words in (("nosmt quiet", "off", "nosmt"), ("mitigations=auto,nosmt", "off", "mitigations=auto,nosmt"),
                                 ("maxcpus=8", "on", "maxcpus=8"), ("maxcpus=8 nosmt", "off", "maxcpus=8 nosmt")):
        tree = variant("offline-" + line.replace(" ", "-"), offline(line, control), make=trees.waiting)
        row = rows(tree)[1]["cpus"]
        equal((row["result"], row["read"]), ("FAIL", f"offline: CPUs 8-15 (kernel command line: {words})"), f"offline CPUs are named: {line}")
        steps = [f"remove {words} from the kernel command line, and reboot; or until the next boot:", *[smt][:control == "off"], online, RELOAD]
        equal(row["fix"], "; ".join(steps), f"offline CPUs: what to do: {line}")
        equal(causes(tree), {"cpus": SNP}, f"offline CPUs explain the rest: {line}")
    equal(rows(variant("offline-force", offline("nosmt=force", "forceoff"), make=trees.waiting))[1]["cpus"]["fix"],
          "remove nosmt=force from the kernel command line, and reboot; " + RELOAD, "offline CPUs: nosmt=force needs a reboot")
    equal(rows(variant("offline-hand", offline("", "on", "0-8"), make=trees.waiting))[1]["cpus"]["fix"], f"{online}; {RELOAD}",
          "offline CPUs: by hand")
    for limit, result in (("nr_cpus=8", "FAIL"), ("nr_cpus=9", "PASS")):
        equal(rows(variant(limit, offline(limit, "on", "0-7"), make=trees.waiting))[1]["cpus"]["result"], result, f"CPUs that may be hidden: {limit}")
    row = rows(variant("offline-later", offline("nosmt", "off"), make=trees.Host))[1]["cpus"]
    equal((row["result"], row["read"]), ("PASS", "offline: CPUs 8-15; SNP was initialised before"), "CPUs that go offline later are no failure")

    def unloaded(host):
        offline("nosmt", "off")(host)
        host.files["sys/module/kvm_amd/parameters/sev_snp"] = None
    like(rows(variant("offline-no-kvm", unloaded, make=trees.waiting))[1]["cpus"]["fix"], r"cpu\*/online; modprobe kvm_amd sev_snp=1\Z",
         "offline CPUs: before kvm_amd is loaded")

    def built_in(host):
        host.files[f"boot/config-{trees.RELEASE}"] += "\nCONFIG_KVM_AMD=y"
    like(rows(variant("kvm-built-in", built_in, make=trees.waiting))[1]["kvm_amd"]["fix"], r"\Aadd kvm_amd.sev_snp=1 to the kernel command line, and reboot;",
         "kvm_amd that is part of the kernel can't be reloaded")


def config_tests():
    """/proc/config.gz, where no file has the configuration."""
    def packed(data):
        def change(host):
            host.files[f"boot/config-{trees.RELEASE}"] = None
            host.files["proc/config.gz"] = data
        return change
    good = gzip.compress(b"CONFIG_KVM_AMD_SEV=y\nCONFIG_KPROBES=y\n")
    found = rows(variant("config-gz", packed(good)))[1]
    equal((found["config_sev"]["result"], found["config_kprobes"]["result"]), ("PASS", "PASS"), "/proc/config.gz is read")
    found = rows(variant("config-gz-cloud", packed(gzip.compress(b"CONFIG_KPROBES=y\n"))))[1]
    equal((found["config_sev"]["result"], found["config_sev"]["read"]), ("FAIL", "CONFIG_KVM_AMD_SEV=y is not in /proc/config.gz"), "and named")
    for what, data in (("cut", good[:-9]), ("not packed", b"CONFIG_KVM_AMD_SEV=y\n"), ("empty", b""), ("too large", gzip.compress(bytes(5 << 20)))):
        equal(rows(variant(f"config-gz-{what}", packed(data)))[1]["config_sev"]["result"], "SKIP", f"/proc/config.gz that makes no sense: {what}")


def stub_tests():
    tree = variant("stub", lambda host: None)
    trees.write_module(tree, None, more=["stub=this kernel is built without CONFIG_KVM_AMD_SEV: run one that has it"])
    row = rows(tree)[1]["built"]
    equal((row["result"], row["read"], row["fix"]), ("FAIL", f"only a stub, as rmpopt could not be built for this kernel: /{trees.MODULE}",
                                                     "this kernel is built without CONFIG_KVM_AMD_SEV: run one that has it"), "a stub is no module")


def advice_tests():
    """What to do is said once, and not before it is of use."""
    def fresh(host):
        host.snp = False
        host.files["sys/module/kvm_amd/parameters/sev_snp"] = None
    found = rows(variant("fresh", fresh))[1]
    equal([name for name, row in found.items() if "modprobe kvm_amd sev_snp=1" in (row["fix"] or "")], ["snp_init"], "how to initialise SNP is said once")

    def blind(host):
        fresh(host)
        host.msrs = lambda: None
    found = rows(variant("fresh-blind", blind))[1]
    equal([name for name, row in found.items() if "modprobe kvm_amd sev_snp=1" in (row["fix"] or "")], ["snp_host", "kvm_amd"],
          "how to initialise SNP is said by what was skipped, if nothing fails")

    def bare(host):
        host.module = False
    found = rows(variant("bare", bare))[1]
    equal(found["built"]["fix"].split("; ", 1), ["install the package rmpopt-dkms (RPM: dkms-rmpopt), or run make install in the sources",
          "if that was done: install the headers of this kernel, then dkms autoinstall; dkms status shows what failed"], "no module: how to get one")
    equal((found["loaded"]["result"], found["loaded"]["fix"]), ("SKIP", None), "nobody is told to load it while something fails")
    equal(rows(hosts["not_loaded"])[1]["loaded"]["fix"], "rmpoptctl load", "nor fails to be told when nothing does")


def dkms_tests():
    """What DKMS has installed it does not build again by itself."""
    again = r"\Adkms build --force rmpopt/(\S+) && dkms install --force rmpopt/\1\Z"
    tree = variant("garbage", lambda host: None)
    (tree / trees.MODULE).write_text("no module")
    like(rows(tree)[1]["built"]["fix"], again, "a file that is no module: how to build it again")

    def other(host):
        host.files["proc/sys/kernel/osrelease"] = "7.2.13"
    tree = variant("other-kernel", other)
    (tree / "lib/modules/7.2.13").symlink_to(trees.RELEASE)
    row = rows(tree)[1]["vermagic"]
    equal((row["result"], row["read"]), ("FAIL", f"it is for {trees.RELEASE}"), "a module for another kernel")
    like(row["fix"], again, "a module for another kernel: how to build it for this one")


def broken_hosts():
    """What is wrong, the host, which conditions have to fail."""
    config = f"boot/config-{trees.RELEASE}"
    yield "an Intel CPU", cpuid_line("0x68747541 0x444d4163 0x69746e65", "0x756e6547 0x6c65746e 0x49656e69"), ["vendor"]
    yield "a hypervisor below", cpuid_line("0x1 0x0 0xb00f50 0x800 0x0", "0x1 0x0 0xb00f50 0x800 0x80000000"), ["hypervisor"]
    yield "no SNP", cpuid_line("0xa0001b", "0xa0000b"), ["snp"]
    yield "no memory encryption", msr_text("0x1800000", "0x1000000"), ["syscfg"]
    yield "no RMP", msr_text("0xc0010132 0x40000000", "0xc0010132 0x0"), ["rmp_base"]
    yield "SnpEn missing on one CPU", msr_text("5 0xc0010010 0x1800000", "5 0xc0010010 0x800000"), ["snp_init"]
    yield "an IOMMU without SNP", text_file("sys/class/iommu/ivhd0/amd-iommu/features", "246577efa2254afa:10"), ["iommu"]
    yield "no IOMMU", text_file("sys/class/iommu/ivhd0/amd-iommu/features", None), ["iommu"]
    yield "a cloud kernel", text_file(config, "CONFIG_KPROBES=y"), ["config_sev"]
    yield "a kernel before 6.9", text_file("proc/sys/kernel/osrelease", "6.8.12"), ["built", "kernel"]
    yield "a kdump kernel", text_file("proc/cmdline", "elfcorehdr=0x1000"), ["kdump"]
    yield "no SNP host", text_file("proc/cpuinfo", "flags : fpu sev sev_snp_not"), ["snp_host"]
    yield "a blocked module", text_file("etc/modprobe.d/x.conf", "install rmpopt /bin/false"), ["blacklist"]
    yield "no modules at all", text_file("proc/sys/kernel/modules_disabled", "1"), ["blacklist"]
    yield "a bad option", text_file("etc/modprobe.d/x.conf", "options rmpopt slice_us=5"), ["parameters"]
    yield "a bad option beside a good one", text_file("etc/modprobe.d/x.conf", "options rmpopt duty=0 duty=3"), ["parameters"]
    for word in ("hooks=maybe", "hooks=o", "hooks=", "auto=on", "auto", "cpus=0-31:3/2", "cpus=0-3:1", "cpus=0-3:1/0", "cpus=,", "cpus=n", "coverage=0-N"):
        yield f"{word}, which the module refuses", text_file("etc/modprobe.d/x.conf", f"options rmpopt {word}"), ["parameters"]
    for word in ("cpus=0-4095", "cpus=all,4095", "cpus=0-4095:1/2"):
        yield f"{word}, which are CPUs that the host lacks", text_file("etc/modprobe.d/x.conf", f"options rmpopt {word}"), ["parameters"]
    yield "disable=1", text_file("etc/modprobe.d/x.conf", "options rmpopt disable=1"), ["parameters"]
    yield "a bad list in quotes", text_file("etc/modprobe.d/x.conf", 'options rmpopt cpus="3-0"'), ["parameters"]
    yield "quotes within a value", text_file("etc/modprobe.d/x.conf", 'options rmpopt cpus=0-"3"'), ["parameters"]
    yield "a bad option on the command line", text_file("proc/cmdline", "rmpopt.slice-us=5"), ["parameters"]
    yield "lockdown and no signature", text_file("sys/kernel/security/lockdown", LOCKED), ["signature"]
    yield "forced signatures", text_file("sys/module/module/parameters/sig_enforce", "Y"), ["signature"]


def broken_tests():
    for number, (what, change, wanted) in enumerate(broken_hosts()):
        found = failing(variant(f"broken-{number}", change))
        if wanted == ["vendor"] or wanted == ["snp"]:
            found = found[-1:] if wanted == ["vendor"] else [n for n in found if n == "snp"]
        equal(found, wanted, f"finds: {what}")
    blacklisted = variant("blacklisted", text_file("etc/modprobe.d/x.conf", "blacklist rmpopt"))
    equal((failing(blacklisted), verdicts(blacklisted)[1]["blacklist"]), ([], "SKIP"), "a blacklist is told")


def view_hosts():
    """What is lacking, the host, the conditions that say so, and what they say. Nothing fails."""
    yield "no RMPREAD", cpuid_line("0xa0001b", "0x80001b"), ["rmpread"], "no RMPREAD, which comes with AMD Zen 5 EPYC"
    yield "no segmented RMP in the CPU", cpuid_line("0xa0001b", "0x20001b"), ["segments"], "no segmented RMP, which comes with AMD Zen 5"
    yield "a contiguous RMP", msr_text("0x2201", "0x2200"), ["rmp_cfg"], "not segmented, which RMPOPT requires: run Linux 6.14 or later, and enable the segmented RMP"
    yield "no RMPOPT", lambda host: setattr(host, "rmpopt", 0), ["rmpopt"], "no RMPOPT, which comes with AMD Zen 6 EPYC"
    drives = "this kernel drives RMPOPT itself"
    for name in ("snp_enable_rmpopt", "do_rmpopt_work", "rmpopt_scan_range", "rmpopt_init", "snp_setup_rmpopt"):
        yield name, text_file("proc/kallsyms", f"0000 t x [rmpopt]\n0000 T {name}"), ["in_kernel"], drives
    yield "a function in parts", text_file("proc/kallsyms", "0000 t do_rmpopt_work.isra.0"), ["in_kernel"], drives
    yield "a function of another module", text_file("proc/kallsyms", "0000 t rmpopt_init\t[rmpopt_driver]"), ["in_kernel"], drives
    yield "a flag of the kernel's own support", text_file("proc/cpuinfo", "flags : fpu sev sev_snp rmpopt"), ["in_kernel"], drives
    for link in ("source", "build"):
        name = f"lib/modules/{trees.RELEASE}/{link}/arch/x86/include/asm/cpufeatures.h"
        yield (f"headers that know RMPOPT ({link})",
               text_file(name, "#define X86_FEATURE_RMPOPT\t\t( 3*32+17) /* RMPOPT */"), ["in_kernel"], drives)


def view_tests():
    for number, (what, change, wanted, why) in enumerate(view_hosts()):
        tree = variant(f"view-{number}", change)
        equal((viewing(tree), failing(tree)), ((0, wanted), []), f"view only, not a failure: {what}")
        like(rows(tree)[1][wanted[0]]["fix"], f"\\Aview only: .*{why}", f"view only: and why: {what}")
    own = variant("own-symbols", text_file("proc/kallsyms", "0000 t rmpopt_init\t[rmpopt]\n0000 t rmpopt_scan_range [rmpopt]\n0000 t rmpopt_initial"))
    equal(viewing(own), (0, []), "symbols of this module are not the kernel's support")
    for name, wanted in (("viewing", ["in_kernel", "state"]), ("zen5", ["rmpopt", "state"]), ("zen4", ["rmpopt", "rmpread", "segments", "state"])):
        equal((viewing(hosts[name]), failing(hosts[name])), ((0, wanted), []), f"{name}: view only")
        equal((rows(hosts[name])[1]["hooks"]["result"], rows(hosts[name])[1]["hooks"]["fix"]), ("SKIP", None), f"{name}: no advice about hooks")
    found = rows(hosts["zen4"])[1]
    equal(found["rmp_cfg"]["result"], "SKIP", "zen4: no MSR of segments")

    def older(host):
        host.loaded = False
        host.files.update({"proc/sys/kernel/osrelease": "6.12.117", "proc/cpuinfo": "flags : fpu sev"})
    found = verdicts(variant("zen4-older", older, make=trees.zen4))[1]
    equal((found["kernel"], found["snp_host"]), ("PASS", "FAIL"), "zen4: a contiguous RMP is no reason for a later kernel")

    def no_parameter(host):
        host.files.update({"sys/module/kvm_amd/parameters/sev_snp": None, "sys/module/kvm_amd/parameters/sev": "Y"})
    for make, version in ((trees.zen4, "6.11"), (trees.Host, "6.14")):
        equal(rows(variant(f"no-parameter-{version}", no_parameter, make=make))[1]["kvm_amd"]["fix"], f"run Linux {version} or later",
              f"a kvm_amd without SNP: Linux {version} has it")
    out = ctl("check", tree=hosts["zen5"]).out
    like(out, r"^\[ VIEW \] CPU has RMPOPT +CPUID Fn8000_0025 EDX\[0\] is 0\n +view only: this CPU has no RMPOPT", "a line says it, and why")
    like(out, r"^\d+ passed, 0 failed, \d+ skipped, 2 view only\.\nView only: rmpopt shows what the RMP and the tables hold, and changes nothing. Next: rmpoptctl forecast\.$", "the verdict says it")
    like(ctl("check", tree=hosts["no_rmpopt"]).out, r"changes nothing\. Next: rmpoptctl load, then rmpoptctl forecast\.\n\Z", "and what to do before the load")
    fixable = 'View only until the RMP is segmented: do what "RMP is segmented" says.'

    def also(change):
        return lambda host: (msr_text("0x2201", "0x2200")(host), change(host))

    def loaded(host):
        host.state, host.reason = "viewing", "view only: the RMP is not segmented"
    for what, change, make, wanted in (("before the load", lambda host: None, trees.not_loaded, True), ("loaded", loaded, trees.Host, True),
                                       ("a CPU without RMPOPT", lambda host: None, trees.no_rmpopt, False),
                                       ("a kernel that drives RMPOPT", text_file("proc/kallsyms", "0000 T snp_enable_rmpopt"), trees.not_loaded, False)):
        out = ctl("check", tree=variant(f"contiguous-{what}".replace(" ", "-"), also(change), make=make)).out
        equal(out.splitlines()[-1] == fixable, wanted, f"the verdict on a contiguous RMP, which can be changed: {what}")
    unlike(ctl("check", tree=hosts["ready"]).out, "(?i)view only", "where it works nothing does")


def cmdline_tests():
    for line in ("sev=debug,nosnp", "sev=debug sev=nosnp", "amd_iommu=off", "amd_iommu=force_isolation,pgtbl_v2", "iommu=pt",
                 "iommu.passthrough=1", "iommu.passthrough=0 iommu.passthrough=1", "kvm_amd.sev_snp=0", "kvm-amd.sev-snp=N",
                 "kvm_amd.sev_snp=1 kvm-amd.sev_snp=0", "quiet rmpopt.disable=1", "rmpopt.disable=0 rmpopt.disable=Y",
                 "module_blacklist=nouveau,rmpopt"):
        equal(failing(variant("cmdline-" + line.replace(" ", "-"), text_file("proc/cmdline", line))), ["cmdline"],
              f"forbidden on the command line: {line}")
    for line in ("rmpopt.disable=0 sev=debug amd_iommu=force_isolation", "rmpopt.disable=1 rmpopt.disable=0", "kvm_amd.sev_snp=0 kvm_amd.sev_snp=1",
                 "iommu.passthrough=1 iommu.passthrough=0", "kvm_amd.sev_snp", "xsev=nosnp sev=nosnp2 module_blacklist=rmpopt2"):
        equal(failing(variant("allowed-" + line.replace(" ", "-"), text_file("proc/cmdline", line))), [],
              f"allowed on the command line: {line}")
    code, found = rows(variant("cmdline-all", text_file("proc/cmdline", "iommu=pt amd_iommu=pgtbl_v2 quiet rmpopt.disable=1 kvm_amd.sev_snp=0")))
    equal((code, found["cmdline"]["read"]), (1, "amd_iommu=pgtbl_v2 iommu=pt kvm_amd.sev_snp=0 rmpopt.disable=1"), "all that forbids is named at once")
    code, found = rows(variant("cmdline-bare", text_file("proc/cmdline", "quiet rmpopt.disable")))
    equal((code, found["cmdline"]["result"]), (0, "SKIP"), "rmpopt.disable without a value forbids nothing")
    equal((found["cmdline"]["read"], found["cmdline"]["fix"]),
          ("rmpopt.disable", "rmpopt.disable without a value does nothing: remove it, or use rmpopt.disable=1"), "and that is told")
    both = rows(variant("cmdline-both", text_file("proc/cmdline", "rmpopt.disable iommu=pt")))[1]["cmdline"]
    equal(both["read"], "iommu=pt; rmpopt.disable", "together with what forbids")


def modprobe_tests():
    odd = b"options rmpopt duty=3 x=\x8a\x1b[2J\ninstall kvm_amd \x1b[2J\ninstall rmpopt \x1b]0;x\x07\n"
    out = ctl("check", tree=variant("odd-bytes", lambda host: host.files.update({"etc/modprobe.d/x.conf": odd}))).out
    ok("duty=3" not in out and "install rmpopt ?]0;x?" in out and out.isascii() and out.replace("\n", "").isprintable(), "what modprobe.d says is made printable", out)
    good = text_file("etc/modprobe.d/x.conf", 'options rmpopt cpus="0-3,7" slice-us=20 "duty=3"\noptions rmpopt coverage=all')
    code, found = rows(variant("quoted", good))
    equal((code, found["parameters"]["result"]), (0, "PASS"), "quotes and dashes in modprobe.d, as the kernel reads them")
    for words in ("hooks=off", "hooks=on", "hooks", "init_check=true", "scan-on-load=No", "cpus=0-31:1/2", "cpus=0-N", "cpus=N", "cpus=ALL", "cpus=all:1/2",
                  "cpus=,0-3,,8,", "disable=Y disable=N", "disable=off", "dyndbg=+p async_probe"):
        tree = variant(f"takes-{words}".replace("/", ""), lambda host, words=words: host.files.update(
            {CPUS + "possible": "0-31", "etc/modprobe.d/x.conf": f"options rmpopt {words}"}))
        row = rows(tree)[1]["parameters"]
        equal((row["result"], row["read"]), ("PASS", f"modprobe.d: {words}"), f"what the module takes is not wrong: {words}")
    row = rows(variant("unknown", text_file("etc/modprobe.d/x.conf", "options rmpopt slices=50")))[1]["parameters"]
    equal((row["result"], row["read"]), ("SKIP", "modprobe.d: unknown parameter slices"), "what the kernel ignores keeps no module from being loaded")
    for line, files, wanted in (("rmpopt.disable=1", "duty=3", ["cmdline"]), ("rmpopt.disable=x", "duty=3", ["parameters"]), ("rmpopt.disable=0", "disable=Y", []),
                                ("rmpopt.disable=1", "disable=Y", ["cmdline", "parameters"])):
        tree = variant(f"disable-{line}-{files}", lambda host, line=line, files=files: host.files.update(
            {"proc/cmdline": line, "etc/modprobe.d/x.conf": f"options rmpopt {files}"}))
        equal(failing(tree), wanted, f"disable: {line} on the command line, {files} in modprobe.d")
    code, found = rows(variant("told", text_file("proc/cmdline", "modprobe.blacklist=x,rmpopt rmpopt.duty=3 rmpopt.auto")))
    equal((code, found["blacklist"]["result"]), (0, "SKIP"), "a blacklist on the command line")
    like(found["parameters"]["read"], r"command line: duty=3\Z", "parameters on the command line, as far as modprobe takes them")
    disabled = text_file("proc/sys/kernel/modules_disabled", "1")
    equal(verdicts(variant("late", disabled, make=trees.Host))[1]["blacklist"], "SKIP", "no modules any more, but it is loaded")


def elsewhere_tests():
    """The live command line is not that of a saved tree."""
    line = pathlib.Path(scratch.name, "cmdline")
    line.write_text("modprobe.blacklist=rmpopt rmpopt.slice_us=5\n")
    prefix = ("unshare", "--mount", "--propagation", "unchanged", "sh", "-euc", f'mount --bind {line} /proc/cmdline; exec "$@"', "sh")
    equal(verdicts(hosts["ready"], prefix=prefix), verdicts(hosts["ready"]), "a saved tree knows nothing of the live command line")
    tree = variant("mine", text_file("etc/modprobe.d/x.conf", "blacklist rmpopt\noptions rmpopt duty=3"))
    equal(rows(tree, prefix=prefix), rows(tree), "and keeps what its own modprobe.d says")


def kernel_tests():
    old = variant("old", text_file("proc/sys/kernel/osrelease", "6.12.117-el10"))
    code, found = rows(old)
    equal((found["kernel"]["result"], found["built"]["result"], code), ("SKIP", "FAIL", 1),
          "6.12 that calls itself an SNP host: the version alone is no reason")
    equal(found["kernel"]["fix"], None, "6.12 that is an SNP host with a segmented RMP: nothing to do")

    def contiguous(host):
        msr_text("0x2201", "0x2200")(host)
        host.files["proc/sys/kernel/osrelease"] = "6.12.117"
    row = rows(variant("old-contiguous", contiguous))[1]["kernel"]
    equal((row["result"], row["fix"]), ("SKIP", "run Linux 6.14 or later before you enable the segmented RMP in the BIOS"),
          "6.12 with a contiguous RMP: a segmented one would end SNP")

    def bare(host):
        host.files.update({"proc/sys/kernel/osrelease": "6.12.117", "proc/cpuinfo": "flags : fpu sev"})
    equal(verdicts(variant("old-bare", bare))[1]["kernel"], "FAIL", "6.12 that does not")


def host_tests():
    """The flag of the CPU stays where the IOMMU keeps the kernel from being a host."""
    def no_proof(host):
        host.snp = False
        host.files["sys/module/kvm_amd/parameters/sev_snp"] = None
    equal(verdicts(variant("no-proof", no_proof))[1]["snp_host"], "SKIP", "the flag sev_snp alone is no proof of a host")

    def refused(host):
        host.files["sys/module/kvm_amd/parameters/sev_snp"] = "N"
    found = verdicts(variant("refused", refused))[1]
    equal((found["snp_host"], found["kvm_amd"]), ("SKIP", "FAIL"), "nor where kvm_amd has found none")

    def by_msr(host):
        host.files["sys/module/kvm_amd/parameters/sev_snp"] = None
    code, found = rows(variant("by-msr", by_msr))
    equal((code, found["snp_host"]["result"], found["kvm_amd"]["result"]), (0, "PASS", "SKIP"), "SnpEn is")
    like(found["snp_init"]["read"], "SNP_INIT .*load", "SnpEn is not yet SNP_INIT, and check says so")
    like(found["kvm_amd"]["fix"], "initialises SNP", "and what does it")
    unlike(rows(hosts["ready"])[1]["snp_init"]["read"], "SNP_INIT", "the state of a loaded module is better proof")


MODULE_ROWS = ["built", "vermagic", "signature", "key", "blacklist", "parameters", "loaded", "state", "hooks", "debugfs"]


def hopeless_tests():
    """Where the module can't be used, nobody is told to install it."""
    for what, change in (("hypervisor", cpuid_line("0xb00f50 0x800 0x0", "0xb00f50 0x800 0x80000000")),):
        def bare(host, change=change):
            change(host)
            host.module = False
        code, found = rows(variant("hopeless-" + what, bare))
        equal((code, [n for n, r in found.items() if r["result"] == "FAIL"]), (1, [what]), f"{what}: nothing else fails")
        equal([n for n in MODULE_ROWS if (found[n]["result"], found[n]["fix"]) != ("SKIP", None)], [],
              f"{what}: no word about the module")
        like(found["built"]["read"], "can't be used here: see \"bare metal\"\\Z", f"{what}: and why")


def blind_tests():
    def change(host):
        host.msrs = lambda: None
        host.files.update({f"boot/config-{trees.RELEASE}": None, "proc/kallsyms": None})
    tree = variant("blind", change)
    code, found = verdicts(tree)
    equal((code, [n for n, r in found.items() if r == "SKIP"]),
          (0, ["syscfg", "rmp_base", "rmp_cfg", "config_sev", "config_kprobes", "in_kernel", "snp_init", "key", "loaded",
               "state", "hooks", "debugfs"]), "what can't be read is skipped")
    like(ctl("check", tree=tree).out, "can't read RMP_CFG.*\n +none were saved: as root, modprobe msr", "and how to fix that")


def key_list_tests(ours, other, stranger):
    """All variables of the list count, and only what is a certificate in them."""
    more, copy = MOK.replace("RT-", "RT1-"), "sys/firmware/efi/mok-variables/MokListRT"

    def result(name, files):
        def change(host):
            host.files.update({"sys/kernel/security/lockdown": LOCKED, "proc/keys": stranger.in_keyring(), **files})
        found = rows(variant("key-" + name, change, ours))[1]["key"]
        return found["result"], found["read"]

    missing = ("FAIL", "no key of DKMS module signing key in /proc/keys or MOK")
    namesake = ("FAIL", "MOK holds another key of the same name (DKMS module signing key)")
    equal(result("second", {MOK: trees.mok_list(stranger), more: trees.mok_list(other, ours)})[0], "PASS", "a key in the second variable")
    equal(result("shim", {copy: trees.mok_list(stranger, ours)[4:]})[0], "PASS", "a key in mok-variables, which have no attributes")
    equal(result("shim-second", {copy: trees.mok_list(stranger)[4:], copy + "1": trees.mok_list(ours)[4:]})[0], "PASS", "and in its second one")
    equal(result("refused", {MOK.replace("RT-", "XRT-"): trees.mok_list(ours)}), missing, "a key that is refused is not enrolled")
    equal(result("hash", {MOK: trees.mok_list(ours).replace(bytes.fromhex("a159c0a5e494a74a"), bytes.fromhex("2616c4c14c509240"))}), missing,
          "bytes of a certificate in a list of something else are none")
    inside = trees.mok_list(other)
    equal(result("behind", {MOK: inside + ours.der}), namesake, "nor are they behind the lists")
    equal(result("cut", {MOK: trees.mok_list(other, ours)[:-1]}), namesake, "nor where the list is cut")
    for name, old, new in (("small", 16, 3), ("empty", 16, 0), ("large", 16, 0xffffffff), ("header", 20, 0xffffffff), ("each", 24, 0), ("huge", 24, 0xffffffff)):
        data = bytearray(trees.mok_list(ours))
        data[4 + old:8 + old] = new.to_bytes(4, "little")
        equal(result("list-" + name, {MOK: bytes(data)}), missing, f"a list that makes no sense holds none: {name}")


def key_tests():
    ours, other = trees.Signer("DKMS module signing key"), trees.Signer("DKMS module signing key")
    stranger = trees.Signer("Debian Secure Boot CA")

    def host(name, keys=(), mok=None, lockdown=LOCKED):
        def change(host):
            host.files["sys/kernel/security/lockdown"] = lockdown
            host.files["proc/keys"] = "\n".join(key.in_keyring() for key in (stranger, *keys))
            host.files[MOK] = trees.mok_list(*mok) if mok else None
        return rows(variant("key-" + name, change, ours))[1]

    found = host("unknown", mok=[stranger])
    equal((found["signature"]["result"], found["key"]["result"]), ("PASS", "FAIL"), "a key that is not enrolled")
    like(found["key"]["fix"], r"\Amokutil --import /var/lib/dkms/mok\.pub, reboot", "a key that is not enrolled: which file has it")

    def ubuntu(host):
        host.files.update({"sys/kernel/security/lockdown": LOCKED, "proc/keys": stranger.in_keyring(), "var/lib/shim-signed/mok/MOK.der": ""})
    like(rows(variant("key-ubuntu", ubuntu, ours))[1]["key"]["fix"], r"\Amokutil --import /var/lib/shim-signed/mok/MOK\.der, reboot", "on Ubuntu another one")
    equal(host("owner", keys=[ours], mok=[stranger, ours])["key"]["result"], "PASS", "a key of the machine's owner")
    found = host("same-name", keys=[other], mok=[stranger, other])["key"]
    equal(found["result"], "FAIL", "another key of the same name is not that key")
    like(found["read"], "another key", "and that is told")
    equal(host("built-in", keys=[ours], mok=[stranger])["key"]["result"], "SKIP", "a key of that name, known by no serial number")
    equal(host("no-mok", keys=[other])["key"]["result"], "SKIP", "nor without a list of the owner's")
    equal(host("both", keys=[other, ours], mok=[other])["key"]["result"], "SKIP", "one of that name is the owner's, one is not")
    key_list_tests(ours, other, stranger)
    equal(host("free", lockdown="[none] integrity confidentiality")["key"]["result"], "SKIP", "where no signature is wanted")


def signature_tests():
    def locked(host):
        host.files["sys/kernel/security/lockdown"] = LOCKED
        host.files["sys/module/module/parameters/sig_enforce"] = "Y"
    code, found = rows(variant("locked-enforced", locked))
    equal((code, found["signature"]["read"]), (1, "not signed, and the kernel is locked down"), "lockdown is named, not what it has set")


def state_tests():
    for state, wanted in (("leaving", ("SKIP", "leaving: because", None)), ("suspended", ("SKIP", "suspended", "check again after resume")),
                          ("waiting", ("FAIL", "waiting: because", "see the reason"))):
        def change(host, state=state):
            host.state, host.reason = state, "because"
        row = rows(variant(f"state-{state}", change, make=trees.Host))[1]["state"]
        equal((row["result"], row["read"], row["fix"]), wanted, f"state {state}: what can be done")


def debugfs_tests():
    def locked(host):
        host.files["sys/kernel/security/lockdown"] = LOCKED
    code, found = rows(variant("locked", locked, trees.Signer("x"), trees.Host))
    equal(found["debugfs"]["result"], "SKIP", "debugfs: lockdown takes a part of it away")
    like(found["debugfs"]["read"], r"locked down \(integrity\)", "debugfs: and is named")
    like(found["debugfs"]["fix"], "why REGION", "debugfs: with what is lacking")

    def gone(host):
        host.debugfs = dict
    code, found = rows(variant("no-debugfs", gone, make=trees.Host))
    equal((code, found["debugfs"]["result"]), (0, "SKIP"), "debugfs: not mounted is no failure")
    like(found["debugfs"]["fix"], "mount", "debugfs: how to mount it")


for test in (check_tests, cause_tests, modprobe_fix_tests, cpu_tests, config_tests, stub_tests, dkms_tests, advice_tests, broken_tests, view_tests, cmdline_tests, modprobe_tests, elsewhere_tests, kernel_tests, host_tests, hopeless_tests,
             blind_tests, key_tests, signature_tests, state_tests, debugfs_tests):
    test()
done()
