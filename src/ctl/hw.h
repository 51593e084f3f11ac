/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers of the hardware, as far as programs can read them.
 */
#ifndef RMPOPTCTL_HW_H
#define RMPOPTCTL_HW_H

#include "ctl.h"

struct cpuid {
	u32 eax;
	u32 ebx;
	u32 ecx;
	u32 edx;
};

#define CPUID_BASIC		0x0u
#define CPUID_FEATURES		0x1u
#define CPUID_EXTENDED		0x80000000u
#define CPUID_SEV		0x8000001fu
#define CPUID_RMP		0x80000025u

#define CPUID_ECX_HYPERVISOR	BIT(31)
#define CPUID_EAX_SNP		BIT(4)
#define CPUID_EAX_RMPREAD	BIT(21)
#define CPUID_EAX_SEGMENTED	BIT(23)
#define CPUID_EDX_RMPOPT	BIT(0)

#define MSR_SYSCFG		0xc0010010u
#define SYSCFG_MEM_ENCRYPT	BIT_ULL(23)
#define SYSCFG_SNP_EN		BIT_ULL(24)
#define MSR_RMP_BASE		0xc0010132u
#define MSR_RMP_END		0xc0010133u
#define MSR_RMP_CFG		0xc0010136u
#define RMP_CFG_SEGMENTED	BIT_ULL(0)
#define MSR_RMPOPT_BASE		0xc0010139u
#define RMPOPT_EN		BIT_ULL(0)
/* Its window; what other bits are is not public. */
#define RMPOPT_WINDOW		(BIT_ULL(52) - BIT_ULL(30))

/* What RMPREAD stores, in its second 8 bytes. [S] */
#define RMP_ASSIGNED		BIT_ULL(0)
#define RMP_BLOCK_HAS_SOME	BIT_ULL(9)

/* Of the IOMMU's extended features: it can do SNP. */
#define IOMMU_EFR_SNP		BIT_ULL(63)

bool hw_cpuid(u32 leaf, u32 subleaf, struct cpuid *regs);
bool hw_has_rmpopt(void);
int hw_msr(u32 cpu, u32 msr, u64 *value);
const char *hw_msr_fix(int error);

#endif /* RMPOPTCTL_HW_H */
