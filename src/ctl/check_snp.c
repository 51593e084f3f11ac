// SPDX-License-Identifier: GPL-2.0
/* check: SNP as it is now. */
#include <string.h>

#include "check.h"
#include "hw.h"

/**
 * struct census - SYSCFG.SnpEn of all online CPUs
 * @enabled: how many have it
 * @all: how many there are
 * @without: the first that does not
 * @error: why the MSR can't be read, an errno
 */
struct census {
	u32 enabled;
	u32 all;
	u32 without;
	int error;
};

static void count_cpu(struct census *census, u32 cpu)
{
	u64 value;
	int error = hw_msr(cpu, MSR_SYSCFG, &value);

	if (error) {
		census->error = error;
		return;
	}
	if (value & SYSCFG_SNP_EN)
		census->enabled++;
	else if (census->enabled == census->all)
		census->without = cpu;
	census->all++;
}

static void count_cpus(struct census *census)
{
	struct list online;
	size_t i;
	u32 cpu;

	memset(census, 0, sizeof(*census));
	if (!list_read(&online, CPUS "online"))
		list_parse(&online, "0");
	for (i = 0; i < online.ranges; i++)
		for (cpu = online.range[i].first; cpu <= online.range[i].last; cpu++)
			if (!census->error)
				count_cpu(census, cpu);
}

/* Is it enabled on all CPUs that are online? False also if that can't be read. */
bool check_snp_is_on(void)
{
	struct census census;

	count_cpus(&census);
	return !census.error && census.all && census.enabled == census.all;
}

/* How to initialise SNP: kvm_amd does that, but only when it is loaded. */
const char *check_start_snp(void)
{
	if (!file_exists("/sys/module/kvm_amd"))
		return "modprobe kvm_amd sev_snp=1";
	if (check_config("CONFIG_KVM_AMD=y"))
		return "add kvm_amd.sev_snp=1 to the kernel command line, and reboot";
	return "stop all VMs, then: modprobe -r kvm_amd && modprobe kvm_amd sev_snp=1";
}

/*
 * The flag is also set if the IOMMU prevents SNP. Better evidence: the module is
 * loaded; kvm_amd has SNP; SnpEn is set.
 */
struct answer check_snp_host(void)
{
	const char *kvm = file_text("/sys/module/kvm_amd/parameters/sev_snp");
	u64 syscfg = 0;

	if (!file_exists("/proc/cpuinfo"))
		return skip("no /proc/cpuinfo", NULL);
	if (!check_cpu_flag("sev_snp"))
		return fail("/proc/cpuinfo has no flag sev_snp",
			    "dmesg | grep -i -e SNP -e RMP shows why the kernel does not support it");
	if (check_is_loaded())
		return pass("flag sev_snp is set, and rmpopt is loaded");
	if (kvm && *kvm == 'Y')
		return pass("flag sev_snp is set, and kvm_amd has SNP");
	if (!kvm && !hw_msr(0, MSR_SYSCFG, &syscfg) && (syscfg & SYSCFG_SNP_EN))
		return pass("flag sev_snp is set, and SnpEn is set");
	return skip("/proc/cpuinfo has the flag sev_snp, but the IOMMU may still prevent SNP",
		    format("%s\nthen check again; dmesg | grep SNP shows if the IOMMU prevents it", check_start_snp()));
}

struct answer check_snp_init(void)
{
	struct census census;
	struct cpuid regs;

	if (!hw_cpuid(CPUID_SEV, 0, &regs) || !(regs.eax & CPUID_EAX_SNP))
		return skip("requires a CPU with SEV-SNP", NULL);
	count_cpus(&census);
	if (census.error)
		return skip(format("can't read SYSCFG: %s", strerror(-census.error)),
			    hw_msr_fix(census.error));
	if (census.enabled == census.all)
		return pass(format("SYSCFG.SnpEn is set on %u CPU%s%s", census.all,
				   plural(census.all), check_is_loaded() ? "" :
				   "; whether SNP_INIT is done is known after the load"));
	if (!census.enabled)
		return fail("SYSCFG.SnpEn is not set on any CPU", check_start_snp());
	return fail(format("SYSCFG.SnpEn is set on %u of %u CPUs, not on CPU %u",
			   census.enabled, census.all, census.without),
		    "take it offline and online again, or reboot and initialise SNP with all CPUs online");
}

struct answer check_kvm_amd(void)
{
	char *value = file_text("/sys/module/kvm_amd/parameters/sev_snp");

	if (!file_exists("/sys/module/kvm_amd"))
		return skip("kvm_amd is not loaded", "modprobe kvm_amd sev_snp=1, which initialises SNP");
	if (!value)
		return fail("kvm_amd has no parameter sev_snp",
			    check_has_segments() ? "run Linux 6.14 or later" : "run Linux 6.11 or later");
	if (*value != 'Y')
		return fail("kvm_amd's parameter sev_snp is N",
			    format("%s\nif it is N again: dmesg | grep -i sev shows why", check_start_snp()));
	return pass("kvm_amd's parameter sev_snp is Y");
}
