// SPDX-License-Identifier: GPL-2.0
/* check: SNP as it is now, and the module if it is loaded. */
#include <string.h>

#include "check.h"
#include "hw.h"

/**
 * struct census - SYSCFG.SnpEn of all online CPUs
 * @enabled: how many have it
 * @all: how many there are
 * @without: the first that has it not
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
	if (!list_read(&online, "/sys/devices/system/cpu/online"))
		list_parse(&online, "0");
	for (i = 0; i < online.ranges; i++)
		for (cpu = online.range[i].first; cpu <= online.range[i].last; cpu++)
			if (!census->error)
				count_cpu(census, cpu);
}

static bool loaded(void)
{
	return file_exists(SYSFS "state");
}

/*
 * The flag stays where the IOMMU keeps the kernel from being a host. What
 * proves more: the module is loaded; kvm_amd has found a host; SnpEn is set.
 */
struct answer check_snp_host(void)
{
	const char *kvm = file_text("/sys/module/kvm_amd/parameters/sev_snp");
	u64 syscfg = 0;

	if (!file_exists("/proc/cpuinfo"))
		return skip("no /proc/cpuinfo", NULL);
	if (!check_cpu_flag("sev_snp"))
		return fail("/proc/cpuinfo has no flag sev_snp",
			    "fix what failed above; dmesg | grep -i -e SNP -e RMP says what the kernel lacks");
	if (loaded())
		return pass("/proc/cpuinfo has the flag sev_snp, and rmpopt is loaded");
	if (kvm && *kvm == 'Y')
		return pass("/proc/cpuinfo has the flag sev_snp, and kvm_amd has SNP");
	if (!kvm && !hw_msr(0, MSR_SYSCFG, &syscfg) && (syscfg & SYSCFG_SNP_EN))
		return pass("/proc/cpuinfo has the flag sev_snp, and SnpEn is set");
	return skip("/proc/cpuinfo has the flag sev_snp, even if the IOMMU prevents SNP",
		    "modprobe kvm_amd sev_snp=1, and check again; dmesg | grep SNP says what the IOMMU lacks");
}

struct answer check_snp_init(void)
{
	struct census census;
	struct cpuid regs;

	if (!hw_cpuid(CPUID_SEV, 0, &regs) || !(regs.eax & CPUID_EAX_SNP))
		return skip("needs a CPU with SEV-SNP", NULL);
	count_cpus(&census);
	if (census.error)
		return skip(format("can't read SYSCFG: %s", strerror(-census.error)),
			    hw_msr_fix(census.error));
	if (census.enabled == census.all)
		return pass(format("SYSCFG.SnpEn is set on %u CPU%s%s", census.all,
				   plural(census.all), loaded() ? "" :
				   "; SNP_INIT shows after the load only"));
	if (!census.enabled)
		return fail("SYSCFG.SnpEn is set on no CPU",
			    "modprobe kvm_amd sev_snp=1, which initialises SNP");
	return fail(format("SYSCFG.SnpEn is set on %u of %u CPUs, not on CPU %u",
			   census.enabled, census.all, census.without),
		    "take the others offline, or reload kvm_amd with all CPUs online");
}

struct answer check_kvm_amd(void)
{
	char *value = file_text("/sys/module/kvm_amd/parameters/sev_snp");

	if (!file_exists("/sys/module/kvm_amd"))
		return skip("kvm_amd is not loaded", "modprobe kvm_amd sev_snp=1, which initialises SNP");
	if (!value)
		return fail("kvm_amd has no parameter sev_snp", "run Linux 6.14 or later");
	if (*value != 'Y')
		return fail("kvm_amd's parameter sev_snp is N",
			    "fix what failed above, then reload kvm_amd with sev_snp=1; dmesg | grep -i sev says why not");
	return pass("kvm_amd's parameter sev_snp is Y");
}

struct answer check_loaded(void)
{
	const char *version = file_text(MODULE "/version");

	if (!file_exists(MODULE))
		return skip("it is not loaded", "rmpoptctl load");
	if (!loaded())
		return fail("/sys/module/rmpopt exists, " SYSFS " does not",
			    "dmesg | grep rmpopt says what it is doing");
	if (version && strcmp(version, RMPOPT_VERSION))
		return pass(format("version %s; this rmpoptctl is of %s", version, RMPOPT_VERSION));
	return pass(version ? format("version %s", version) : "version not known");
}

struct answer check_state(void)
{
	const char *state = file_text(SYSFS "state");
	const char *reason = file_text(SYSFS "reason") ?: "no reason";

	if (!state)
		return skip("it is not loaded", NULL);
	if (!strcmp(state, "ready") || !strcmp(state, "scanning"))
		return pass(!strcmp(reason, "ok") ? state :
			    format("%s: %s", state, reason));
	if (!strcmp(state, "viewing"))
		return view(state, reason);
	if (!strcmp(state, "suspended") || !strcmp(state, "leaving"))
		return skip(state, "check again when the system is awake");
	return fail(format("%s: %s", state, reason),
		    !strcmp(state, "stopped") ? "echo 1 > " SYSFS "enabled" :
		    "follow the reason");
}

static bool viewing(void)
{
	const char *state = file_text(SYSFS "state");

	return state && !strcmp(state, "viewing");
}

struct answer check_hooks(void)
{
	const char *hooks = file_text(SYSFS "hooks");

	if (!loaded())
		return skip("it is not loaded", NULL);
	if (viewing())
		return skip("not used: the module only looks", NULL);
	if (!hooks)
		return skip("this module has none", "not required: without hooks the watch finds changes");
	if (!strncmp(hooks, "none", 4) || strchr(hooks, ';'))
		return skip(hooks, "not required: without hooks the watch finds changes");
	return pass(hooks);
}

/* Lockdown shuts those files of debugfs that can be written, and only those. */
struct answer check_debugfs(void)
{
	const char *lockdown = check_lockdown();

	if (!loaded())
		return skip("it is not loaded", NULL);
	if (!file_exists(DEBUGFS "rmp"))
		return skip("there is no " DEBUGFS "rmp",
			    "only why and forecast need it: as root, mount -t debugfs none /sys/kernel/debug");
	if (lockdown)
		return skip(format("the kernel is locked down (%s), which shuts rmp_region", lockdown),
			    "why REGION then shows blocks of 2 MiB instead of pages");
	return pass(DEBUGFS " can be read");
}
