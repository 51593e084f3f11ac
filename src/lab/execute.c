// SPDX-License-Identifier: GPL-2.0
/*
 * One operation on the current CPU. Any context; the caller disables
 * interrupts, so that only SMIs and NMIs can come between an instruction and
 * its two time stamps.
 */
#include <linux/array_size.h>
#include <linux/string.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/trapnr.h>
#include <asm/tsc.h>

#include "host/compat.h"
#include "host/hw.h"
#include "lab.h"

#define MSR_MICROCODE	0x8bu

/* MSRs that may be read: none of them says anything about guests. */
static const u32 msrs[] = {
	HW_MSR_SYSCFG, HW_MSR_RMP_BASE, HW_MSR_RMP_END, HW_MSR_RMP_CFG,
	HW_MSR_RMPOPT_BASE, MSR_MICROCODE,
};

static bool msr_is_known(u64 msr)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(msrs); i++)
		if (msr == msrs[i])
			return true;
	return false;
}

/**
 * operation_is_known - is it one that may be executed?
 * @op: the operation, as it comes from user space
 */
bool operation_is_known(const struct lab_op *op)
{
	if (!op->times || op->times > LAB_MAX_TIMES ||
	    (op->times > 1 && op->what != LAB_RMPOPT))
		return false;
	switch (op->what) {
	case LAB_READ_MSR:
		return msr_is_known(op->rcx);
	case LAB_WRITE_BASE:
		return !(op->rax & ~(HW_RMPOPT_WINDOW | HW_RMPOPT_EN));
	default:
		return op->what < LAB_WHATS;
	}
}

/**
 * operation_only_reads - is it certain not to change a table or an MSR?
 * @op: the operation
 *
 * What RMPOPT does with an RCX above 1 is not public. [?]
 */
bool operation_only_reads(const struct lab_op *op)
{
	return op->what == LAB_RMPOPT ? op->rcx == HW_REPORT :
					op->what != LAB_WRITE_BASE;
}

static void rmpopt(const struct lab_op *op, struct lab_result *result)
{
	unsigned long rax;
	bool cf = false;

	do {
		rax = op->rax;
		result->vector = hw_execute_rmpopt(&rax, op->rcx, &cf);
		result->times++;
	} while (!result->vector && cf && result->times < op->times);
	result->cf = cf;
	result->rax = rax;
}

static void rmpread(const struct lab_op *op, struct lab_result *result)
{
	struct hw_rmp_entry entry = {};
	unsigned long rax = op->rax;

	result->vector = hw_execute_rmpread(&rax, &entry);
	result->rax = rax;
	memcpy(result->value, &entry, sizeof(entry));
}

static void ask_cpuid(const struct lab_op *op, struct lab_result *result)
{
	u32 eax, ebx, ecx, edx;

	cpuid_count(op->rax, op->rcx, &eax, &ebx, &ecx, &edx);
	result->rax = eax;
	result->value[0] = (u64)ecx << 32 | ebx;
	result->value[1] = edx;
}

/*
 * An MSR that does not exist is #GP, for which the kernel's function returns an
 * errno.
 */
static void read_msr(const struct lab_op *op, struct lab_result *result)
{
	if (hw_read(op->rcx, &result->rax))
		result->vector = X86_TRAP_GP;
}

static void write_base(const struct lab_op *op, struct lab_result *result)
{
	result->rax = op->rax;
	if (wrmsr_safe(HW_MSR_RMPOPT_BASE, (u32)op->rax, (u32)(op->rax >> 32)))
		result->vector = X86_TRAP_GP;
}

static void nothing(const struct lab_op *op, struct lab_result *result)
{
}

static void (* const execute[LAB_WHATS])(const struct lab_op *op,
					 struct lab_result *result) = {
	[LAB_RMPOPT] = rmpopt,
	[LAB_RMPREAD] = rmpread,
	[LAB_READ_MSR] = read_msr,
	[LAB_WRITE_BASE] = write_base,
	[LAB_CPUID] = ask_cpuid,
	[LAB_NOTHING] = nothing,
};

/**
 * operation_execute - execute an operation and store the result
 * @op: the operation, a known one
 * @result: where to store it; all 0 before
 *
 * With interrupts disabled.
 *
 * Return: TSC after it.
 */
u64 operation_execute(const struct lab_op *op, struct lab_result *result)
{
	u64 end;

	result->begin = rdtsc_ordered();
	execute[op->what](op, result);
	end = rdtsc_ordered();

	result->cycles = end - result->begin;
	if (op->what != LAB_RMPOPT)
		result->times = 1;
	result->outcome = result->vector ? LAB_FAULT : LAB_DONE;
	return end;
}
