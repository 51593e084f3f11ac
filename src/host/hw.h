/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers of the hardware, and the only functions that execute SNP instructions
 * or access the RMPOPT MSR.
 *
 * Marks in comments of the module, which tell the source of a fact:
 *   [S] stated by AMD engineers, kernel reviewers or assembler tests
 *   [I] inferred
 *   [?] not public; the code is right under every answer
 * AMD's document of the instruction is publication 69201, "AMD64 RMPOPT".
 */
#ifndef RMPOPT_HW_H
#define RMPOPT_HW_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/types.h>

/* A region is 1 GiB of system physical address space. [S] */
#define HW_REGION_SHIFT		30

/* A core's table has 2048 bits, for the 2 TiB from its RMPOPT_BASE. [S] */
#define HW_WINDOW_REGIONS	2048u

/* CPUID Fn8000_0025: EDX[0] RMPOPT; EBX[9:0] RST entries if EBX[10]. [S] */
#define HW_CPUID_RMP		0x80000025u
#define HW_CPUID_RMPOPT		BIT(0)
#define HW_CPUID_RST_LIMITED	BIT(10)
#define HW_CPUID_RST_ENTRIES	GENMASK(9, 0)

/* CPUID Fn8000_001F EAX: RMPREAD. [S] */
#define HW_CPUID_SEV		0x8000001fu
#define HW_CPUID_RMPREAD	BIT(21)

/* Not all kernels for which the module builds define these. [S] */
#define HW_MSR_SYSCFG		0xc0010010u
#define HW_SYSCFG_SNP_EN	BIT_ULL(24)
#define HW_MSR_RMP_BASE		0xc0010132u
#define HW_MSR_RMP_END		0xc0010133u
#define HW_MSR_RMP_CFG		0xc0010136u
#define HW_RMP_CFG_SEGMENTED	BIT_ULL(0)
#define HW_RMP_CFG_SHIFT	GENMASK_ULL(13, 8)
#define HW_MSR_RMPOPT_BASE	0xc0010139u
#define HW_RMPOPT_EN		BIT_ULL(0)
#define HW_RMPOPT_WINDOW	GENMASK_ULL(51, 30)

/*
 * An RMP begins with 16 KiB of bookkeeping. After that: the RMP segment table
 * of 4 KiB if it is segmented, otherwise the entries, 16 bytes for each 4 KiB.
 * [S]
 */
#define HW_RMP_BOOKKEEPING	0x4000u
#define HW_RMP_ENTRY_SHIFT	4
#define HW_RST_SIZE		0x1000u
#define HW_RST_ENTRIES		(HW_RST_SIZE / sizeof(u64))
#define HW_RST_SEGMENT_BASE	GENMASK_ULL(51, 20)

/**
 * enum hw_function - function of RMPOPT (its RCX) [S]
 * @HW_VERIFY: read the RMP of the region, set or clear the bit, return it
 * @HW_REPORT: return the bit
 */
enum hw_function {
	HW_VERIFY = 0,
	HW_REPORT = 1,
};

/**
 * struct hw_rmp_entry - what RMPREAD stores [S]
 * @gpa: guest physical address
 * @assigned: bit 0: the page belongs to a guest or to firmware
 * @size: bit 0: a 2 MiB page; bit 1 (2 MiB-aligned address only): some other
 *	page of these 2 MiB is assigned
 * @immutable: bit 0
 * @reserved: ignored
 * @asid: whose page it is; 0 with @assigned: firmware's
 */
struct hw_rmp_entry {
	u64 gpa;
	u8 assigned;
	u8 size;
	u8 immutable;
	u8 reserved;
	u32 asid;
} __packed __aligned(16);
static_assert(sizeof(struct hw_rmp_entry) == 16);

#define HW_RMP_HUGE	BIT(0)
#define HW_RMP_OTHERS	BIT(1)

bool hw_has_rmpopt(void);
bool hw_has_rmpread(void);
unsigned int hw_rst_entries(void);

unsigned int hw_execute_rmpopt(unsigned long *rax, unsigned long rcx, bool *cf);
unsigned int hw_execute_rmpread(unsigned long *rax, struct hw_rmp_entry *entry);
int hw_rmpopt(u32 region, enum hw_function function);
int hw_rmpread(u64 spa, struct hw_rmp_entry *entry);

int hw_read(u32 msr, u64 *value);
bool hw_armed(u64 *base);
int hw_arm(u64 base, u64 *now);
int hw_why_fault(u64 base);
bool hw_snp_enabled(void);

#endif /* RMPOPT_HW_H */
