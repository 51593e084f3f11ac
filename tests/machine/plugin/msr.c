// SPDX-License-Identifier: GPL-2.0
/*
 * MSRs of an SNP host, and what becomes of them when SNP starts and stops.
 */
#include "machine.h"

#define MSR_TSC			0x10u
#define MSR_LSTAR		0xc0000082u
#define MSR_HWCR		0xc0010015u
#define HWCR_SMM_LOCK		1ull		/* without it the kernel gives SEV up */
#define MSR_VM_HSAVE_PA		0xc0010117u
#define MSR_SEV_STATUS		0xc0010131u
#define MSR_RMP_BASE		0xc0010132u
#define MSR_RMP_END		0xc0010133u
#define MSR_RMP_CFG		0xc0010136u

/* What reads, while the machine itself goes by what it was built with: tests plant values. */
static u64 rmp_base, rmp_end, rmp_cfg;

void msr_reset(void)
{
	rmp_base = machine.rmp_base;
	rmp_end = machine.rmp_end;
	rmp_cfg = machine.rmp_cfg;
}

bool snp_enabled(unsigned int cpu)
{
	return machine.vcpu[cpu].syscfg & SYSCFG_SNP_EN;
}

/* SnpEn on all CPUs, as after the kernel's own preparation or as kexec leaves it. */
void snp_enable(void)
{
	for (unsigned int cpu = 0; cpu < machine.vcpus; cpu++)
		machine.vcpu[cpu].syscfg |= SYSCFG_SNP_EN | SYSCFG_VMPL_EN;
}

/*
 * An x86 SNP shutdown. The firmware clears SnpEn, and RMPOPT_EN goes with it
 * [I]; a knob has the other answer, in which the tables count again only after
 * SNP_INIT, which zeroes them.
 */
void snp_disable(void)
{
	for (unsigned int cpu = 0; cpu < machine.vcpus; cpu++)
		machine.vcpu[cpu].syscfg &= ~(SYSCFG_SNP_EN | SYSCFG_VMPL_EN);
	machine.init_done = false;
	rmp_wipe();
	if (machine.knob[MACHINE_EN_STAYS])
		return;
	table_zero_all();
	for (unsigned int core = 0; core < nr_cores(); core++)
		machine.core[core].base &= ~RMPOPT_EN;
}

/* SNP_INIT: tables zeroed, the RMP protects itself from now on. */
void snp_init(void)
{
	rmp_wipe();
	table_zero_all();
	rmp_assign_own();
	machine.init_done = true;
}

/* What @cpu reads; false: not an MSR of ours. */
bool msr_get(unsigned int cpu, u32 msr, u64 *value)
{
	switch (msr) {
	case MSR_SYSCFG:
		*value = machine.vcpu[cpu].syscfg;
		return true;
	case MSR_HWCR:
		*value = machine.vcpu[cpu].hwcr | HWCR_SMM_LOCK;
		return true;
	case MSR_SEV_STATUS:
		*value = 0;
		return true;
	case MSR_RMP_BASE:
		*value = rmp_base;
		return true;
	case MSR_RMP_END:
		*value = rmp_end;
		return true;
	case MSR_RMP_CFG:
		*value = rmp_cfg;
		return machine.segmented;
	case MSR_RMPOPT_BASE:
		*value = machine.core[core_of(cpu)].base | machine.knob[MACHINE_BASE_BITS];
		return machine.has_rmpopt && machine.segmented;
	}
	return false;
}

/* A test plants a value, past every check. */
bool msr_plant(unsigned int cpu, u32 msr, u64 value)
{
	switch (msr) {
	case MSR_SYSCFG:
		machine.vcpu[cpu].syscfg = value;
		return true;
	case MSR_RMP_BASE:
		rmp_base = value;
		return true;
	case MSR_RMP_END:
		rmp_end = value;
		return true;
	case MSR_RMP_CFG:
		rmp_cfg = value;
		return true;
	case MSR_RMPOPT_BASE:
		machine.core[core_of(cpu)].base = value;
		return true;
	}
	return false;
}

/* Is it one that a test has told to fault? */
static bool faults(u32 msr)
{
	switch (msr) {
	case MSR_SYSCFG:
	case MSR_RMP_BASE:
	case MSR_RMP_END:
	case MSR_RMP_CFG:
	case MSR_RMPOPT_BASE:
		return nth_fault(MACHINE_NTH_MSR);
	}
	return false;
}

enum outcome rdmsr_execute(const struct insn *insn)
{
	u32 msr = reg_read(RCX);
	bool ours, fault;
	u64 value;

	machine_lock();
	fault = faults(msr);
	if (msr == MSR_RMP_CFG && machine.segmented)
		rmp_write_rst();	/* firmware's work; nobody looks before this */
	ours = msr_get(insn->cpu, msr, &value);
	machine_unlock();
	if (fault)
		return GP;
	if (msr == MSR_TSC && machine.costs_allowed) {
		value = clock_read(insn->cpu);
		ours = true;
	}
	if (!ours)
		return msr == MSR_RMPOPT_BASE ? GP : PASS;
	reg_write(RAX, (u32)value);
	reg_write(RDX, value >> 32);
	return NEXT;
}

/* SnpEn and VMPL enable can be set but not cleared by software (APM vol. 2, 15.36). */
static enum outcome write_syscfg(unsigned int cpu, u64 value)
{
	struct vcpu *v = &machine.vcpu[cpu];

	v->syscfg = value | (v->syscfg & (SYSCFG_SNP_EN | SYSCFG_VMPL_EN));
	return NEXT;
}

static enum outcome write_locked(unsigned int cpu, u32 msr, u64 value)
{
	switch (msr) {
	case MSR_LSTAR:
		gadget_text(value);
		return PASS;
	case MSR_SYSCFG:
		return write_syscfg(cpu, value);
	case MSR_HWCR:
		machine.vcpu[cpu].hwcr = value;
		return NEXT;
	case MSR_RMPOPT_BASE:
		if (!machine.has_rmpopt || !machine.segmented)
			return GP;
		count(cpu, MACHINE_BASE_WRITES);
		if (machine.core[core_of(cpu)].base & RMPOPT_EN)
			count(cpu, MACHINE_BASE_WRITES_ARMED);
		count_early(cpu, value ? MACHINE_GAP_BASE_SETS : MACHINE_GAP_BASE_CLEARS);
		return table_write_base(cpu, value);
	case MSR_VM_HSAVE_PA:	/* SNP_INIT wants to know */
		machine.vcpu[cpu].hsave_pa = value;
		return PASS;
	case MSR_SEV_STATUS:	/* these belong to the firmware */
	case MSR_RMP_BASE:
	case MSR_RMP_END:
	case MSR_RMP_CFG:
		return GP;
	}
	return PASS;
}

enum outcome wrmsr_execute(const struct insn *insn)
{
	u32 msr = reg_read(RCX);
	u64 value = (u32)reg_read(RAX) | reg_read(RDX) << 32;
	enum outcome outcome;

	machine_lock();
	outcome = faults(msr) ? GP : write_locked(insn->cpu, msr, value);
	machine_unlock();
	return outcome;
}
