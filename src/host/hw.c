// SPDX-License-Identifier: GPL-2.0
/*
 * Instructions and MSRs. Everything here can fault, and no fault may crash the
 * host: each access has an exception-table entry, and a fault is an errno. All
 * functions act on the CPU that they run on, and may be called in any context;
 * if the CPU matters, the caller disables preemption.
 */
#include <linux/errno.h>
#include <asm/asm.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/trapnr.h>

#include "compat.h"
#include "hw.h"

/* How often an RMP entry is read before the reader gives up. */
#define TRIES	64u

static bool cpuid_reaches(u32 leaf)
{
	return cpuid_eax(0x80000000u) >= leaf;
}

/**
 * hw_has_rmpopt - does this CPU have the RMPOPT instruction?
 *
 * Source: CPUID Fn8000_0025 EDX[0]. [S]
 */
bool hw_has_rmpopt(void)
{
	return cpuid_reaches(HW_CPUID_RMP) &&
	       (cpuid_edx(HW_CPUID_RMP) & HW_CPUID_RMPOPT);
}

/**
 * hw_has_rmpread - does this CPU have the RMPREAD instruction?
 *
 * Source: CPUID Fn8000_001F EAX[21]. [S]
 */
bool hw_has_rmpread(void)
{
	return cpuid_reaches(HW_CPUID_SEV) &&
	       (cpuid_eax(HW_CPUID_SEV) & HW_CPUID_RMPREAD);
}

/**
 * hw_rst_entries - how many entries of the RMP segment table are in use
 *
 * Source: CPUID Fn8000_0025 EBX[9:0] where EBX[10] says that it counts. [S]
 *
 * Return: 0 ... 512.
 */
unsigned int hw_rst_entries(void)
{
	u32 ebx = cpuid_ebx(HW_CPUID_RMP);

	if (!(ebx & HW_CPUID_RST_LIMITED))
		return HW_RST_ENTRIES;
	return min_t(unsigned int, ebx & HW_CPUID_RST_ENTRIES, HW_RST_ENTRIES);
}

/**
 * hw_execute_rmpopt - execute RMPOPT on this CPU, with any operands
 * @rax: in: RAX; out: RAX behind it
 * @rcx: RCX
 * @cf: where to put CF
 *
 * The exception-table entry of the type used here puts the trap's number in
 * RAX. A verify may take from 60 cycles to more than a million (published
 * figures) and can't be interrupted.
 *
 * Return: 0, or the vector of the exception that it raised.
 */
unsigned int hw_execute_rmpopt(unsigned long *rax, unsigned long rcx, bool *cf)
{
	bool faulted = true;

	asm volatile("1:\t.byte 0xf2, 0x0f, 0x01, 0xfc\n"
		     "\tsetc %[cf]\n"
		     "\tmovb $0, %[faulted]\n"
		     "2:\n"
		     _ASM_EXTABLE_FAULT(1b, 2b)
		     : "+a" (*rax), "+c" (rcx), [cf] "+q" (*cf),
		       [faulted] "+q" (faulted)
		     : : "cc", "memory");
	return faulted ? *rax : 0;
}

/**
 * hw_rmpopt - verify or report a region on this CPU
 * @region: the region, in GiB of system physical address space
 * @function: verify or report
 *
 * RAX holds the region's address and is not modified, RCX the function; both
 * functions answer in CF whether the bit is set now. Without RMPOPT_EN on
 * this core the instruction is #UD. [S] What it does with an address outside of
 * the window: [?], so any other fault has a different errno.
 *
 * Return: 1 the bit is set, 0 it is not, -ENXIO for #UD (RMPOPT is not
 * enabled on this core), -EFAULT for any other fault.
 */
int hw_rmpopt(u32 region, enum hw_function function)
{
	unsigned long rax = (unsigned long)region << HW_REGION_SHIFT;
	bool optimized = false;
	unsigned int vector = hw_execute_rmpopt(&rax, function, &optimized);

	if (!vector)
		return optimized;
	return vector == X86_TRAP_UD ? -ENXIO : -EFAULT;
}

/**
 * hw_execute_rmpread - execute RMPREAD on this CPU, with any address
 * @rax: in: RAX, the address; out: RAX behind it, the instruction's own code
 * @entry: where it shall store the entry, in directly mapped or stack memory
 *
 * Return: 0, or the vector of the exception that it raised.
 */
unsigned int hw_execute_rmpread(unsigned long *rax, struct hw_rmp_entry *entry)
{
	unsigned long rcx = (unsigned long)entry;
	bool faulted = true;

	asm volatile("1:\t.byte 0xf2, 0x0f, 0x01, 0xfd\n"
		     "\tmovb $0, %[faulted]\n"
		     "2:\n"
		     _ASM_EXTABLE_FAULT(1b, 2b)
		     : "+a" (*rax), "+c" (rcx), [faulted] "+q" (faulted)
		     : : "cc", "memory");
	return faulted ? *rax : 0;
}

/* -EINVAL: it returned a code instead of an entry. */
static int rmpread_once(u64 spa, struct hw_rmp_entry *entry)
{
	unsigned long rax = spa;

	if (hw_execute_rmpread(&rax, entry))
		return -EFAULT;
	return rax ? -EINVAL : 0;
}

/**
 * hw_rmpread - read the RMP entry of a page
 * @spa: system physical address of the page, in bytes
 * @entry: where to store it, in directly mapped or stack memory
 *
 * RAX holds the address and returns the instruction's code, RCX points to
 * the result. [S] What it does before SNP_INIT or for an address outside the
 * RMP is not public [?]: both a fault and a code are errors here. Nor are the
 * codes: one of them says that the entry is in use, by RMPUPDATE on another
 * CPU or by firmware [I]. That is temporary, so the entry is read up to %TRIES
 * times.
 *
 * Return: 0, -EFAULT if the instruction faulted, -EINVAL if it always returned
 * a code.
 */
int hw_rmpread(u64 spa, struct hw_rmp_entry *entry)
{
	unsigned int i;
	int ret;

	for (i = 0; i < TRIES; i++) {
		ret = rmpread_once(spa, entry);
		if (ret != -EINVAL)
			break;
		cpu_relax();
	}
	return ret;
}

/**
 * hw_read - read an MSR of this CPU
 * @msr: its number
 * @value: where to store it
 *
 * Return: 0, -EIO if the MSR does not exist.
 */
int hw_read(u32 msr, u64 *value)
{
	u32 low, high;

	if (rdmsr_safe(msr, &low, &high))
		return -EIO;
	*value = (u64)high << 32 | low;
	return 0;
}

/* RMPOPT_BASE on this CPU, without bits that do not concern the window. */
static int read_base(u64 *base)
{
	int ret = hw_read(HW_MSR_RMPOPT_BASE, base);

	if (ret)
		return ret;
	*base &= HW_RMPOPT_WINDOW | HW_RMPOPT_EN;
	return 0;
}

/**
 * hw_armed - is RMPOPT enabled on this core?
 * @base: where to put the current base, as hw_arm() does; not valid if it is
 *	not
 */
bool hw_armed(u64 *base)
{
	return !read_base(base) && (*base & HW_RMPOPT_EN);
}

/**
 * hw_arm - enable RMPOPT on this core, if it is not
 * @base: 1 GiB-aligned start of the window | HW_RMPOPT_EN
 * @now: where to put the current base, in the same form
 *
 * Once set, RMPOPT_EN stays set as long as SNP is enabled. [S] So a core that
 * has it keeps its base, and nothing is written: what a WRMSR would do then is
 * not public. [?] RMPOPT_EN requires SnpEn and a segmented RMP [S]; whether the
 * write faults otherwise, or is ignored, is not public either [?], so it is
 * read back, and what is read counts.
 *
 * Return: 0 if RMPOPT is enabled, with the base in @now; -EIO if it is not, as
 * the write faulted or had no effect.
 */
int hw_arm(u64 base, u64 *now)
{
	if (hw_armed(now))
		return 0;
	if (wrmsr_safe(HW_MSR_RMPOPT_BASE, (u32)base, (u32)(base >> 32)))
		return -EIO;
	return hw_armed(now) ? 0 : -EIO;
}

/**
 * hw_why_fault - does a fault of RMPOPT concern the region or the core?
 * @base: the base that this core should have, as hw_arm() returned it
 *
 * In the same section with preemption disabled as the instruction.
 *
 * Return: 0 the region, as nothing is wrong with the core; -ENODEV SnpEn is
 * clear on this CPU; -ENXIO RMPOPT is not enabled on this core, or it has
 * another base.
 */
int hw_why_fault(u64 base)
{
	u64 now;

	if (!hw_snp_enabled())
		return -ENODEV;
	return hw_armed(&now) && now == base ? 0 : -ENXIO;
}

/**
 * hw_snp_enabled - is SYSCFG.SnpEn set on this CPU?
 */
bool hw_snp_enabled(void)
{
	u64 syscfg;

	return !hw_read(HW_MSR_SYSCFG, &syscfg) && (syscfg & HW_SYSCFG_SNP_EN);
}
