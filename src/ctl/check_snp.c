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
		return pass(format("SYSCFG.SnpEn is set on %u CPU%s", census.all,
				   plural(census.all)));
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
		return skip("kvm_amd is not loaded", "modprobe kvm_amd sev_snp=1, if it is to run SNP guests");
	if (!value)
		return fail("kvm_amd has no parameter sev_snp", "run Linux 6.14 or later");
	if (*value != 'Y')
		return fail("kvm_amd's parameter sev_snp is N",
			    "mend what failed above, then reload kvm_amd with sev_snp=1; dmesg | grep -i sev says why not");
	return pass("kvm_amd's parameter sev_snp is Y");
}

struct answer check_loaded(void)
{
	const char *version = file_text(MODULE "/version");

	if (!file_exists(MODULE))
		return skip("it is not loaded", "rmpoptctl load");
	if (!file_exists(SYSFS "state"))
		return fail("/sys/module/rmpopt is there, " SYSFS " is not",
			    "dmesg | grep rmpopt says what it is doing");
	if (version && strcmp(version, RMPOPT_VERSION))
		return pass(format("version %s; this rmpoptctl is of %s", version, RMPOPT_VERSION));
	return pass(version ? format("version %s", version) : "it is");
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
	if (!strcmp(state, "suspended") || !strcmp(state, "leaving"))
		return skip(state, "check again when the system is awake");
	return fail(format("%s: %s", state, reason),
		    !strcmp(state, "stopped") ? "echo 1 > " SYSFS "enabled" :
		    "do what the reason says");
}

struct answer check_hooks(void)
{
	const char *hooks = file_text(SYSFS "hooks");

	if (!file_exists(SYSFS "state"))
		return skip("it is not loaded", NULL);
	if (!hooks)
		return skip("this module has none", "works without: the watch finds changes");
	if (!strncmp(hooks, "none", 4) || strchr(hooks, ';'))
		return skip(hooks, "works without: the watch finds changes");
	return pass(hooks);
}
