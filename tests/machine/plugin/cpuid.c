// SPDX-License-Identifier: GPL-2.0
/*
 * CPUID: what an SNP host with RMPOPT says of itself beyond QEMU's CPU model.
 *
 * Bits from AMD's APM vol. 3 appendix E and, for 8000_0025, the figures that
 * AMD's kernel patches and public CPUID databases agree on.
 */
#include "machine.h"

#define MAX_LEAF	0x80000026u

struct leaf {
	u32 eax, ebx, ecx, edx;
};

static unsigned int width(unsigned int n)
{
	unsigned int bits = 0;

	while (1u << bits < n)
		bits++;
	return bits;
}

/* QEMU numbers vCPUs thread first, then core, then socket; an APIC id has bit fields of them. */
static u32 apic_id(unsigned int cpu)
{
	u32 thread = cpu % machine.threads;
	u32 core = cpu / machine.threads % machine.cores;
	u32 node = cpu / machine.threads / machine.cores;
	unsigned int shift = width(machine.threads);

	return thread | core << shift | node << (shift + width(machine.cores));
}

/* "AuthenticAMD" as leaf 0 has it. */
static struct leaf largest_extended(void)
{
	return (struct leaf){ MAX_LEAF, 0x68747541, 0x444d4163, 0x69746e65 };
}

/* SME, SEV, SEV-ES, SEV-SNP, then RMPREAD (21) and segmented RMP (23); C-bit 51, six bits less. */
static struct leaf encryption(void)
{
	struct leaf leaf = { 1u | 1u << 1 | 1u << 3 | 1u << 4, 51 | 6 << 6, 1006, 100 };

	if (machine.has_rmpread)
		leaf.eax |= 1u << 21;
	if (machine.segmented)
		leaf.eax |= 1u << 23;
	return leaf;
}

/* Segment shifts 30 to 46, RST of 512 entries (EBX[9:0], valid by bit 10), RMPOPT in EDX[0]. */
static struct leaf rmp(void)
{
	if (!machine.segmented)
		return (struct leaf){ .edx = machine.has_rmpopt };
	return (struct leaf){ 30 | 46 << 6, 1u << 10 | MAX_SEGMENTS, 0, machine.has_rmpopt };
}

/* Extended topology: level 1 are a core's threads, level 2 stands for all up to the socket. */
static struct leaf topology(unsigned int cpu, u32 subleaf)
{
	unsigned int smt = width(machine.threads);
	struct leaf leaf = { .ecx = subleaf & 0xff, .edx = apic_id(cpu) };

	if (subleaf == 0) {
		leaf.eax = smt;
		leaf.ebx = machine.threads;
		leaf.ecx |= 1 << 8;
	} else if (subleaf == 1) {
		leaf.eax = smt + width(machine.cores);
		leaf.ebx = machine.threads * machine.cores;
		leaf.ecx |= 2 << 8;
	}
	return leaf;
}

/*
 * SVM: 32768 ASIDs; nested paging, LBR virtualization, NRIP save, clean bits,
 * flush by ASID, decode assists, virtual GIF. KVM makes no SNP guests without.
 */
static struct leaf svm(void)
{
	return (struct leaf){ 1, 0x8000, 0, 0x100100eb };
}

static bool answer(unsigned int cpu, u32 leaf, u32 subleaf, struct leaf *out)
{
	switch (leaf) {
	case 0x80000000:
		*out = largest_extended();
		return true;
	case 0x8000000a:
		*out = svm();
		return machine.psp;
	case 0x8000001f:
		*out = encryption();
		return true;
	case 0x80000023:
	case 0x80000024:
		*out = (struct leaf){ 0 };
		return true;
	case 0x80000025:
		*out = rmp();
		return true;
	case 0x80000026:
		*out = topology(cpu, subleaf);
		return true;
	}
	return false;
}

enum outcome cpuid_execute(const struct insn *insn)
{
	u32 number = reg_read(RAX);
	struct leaf leaf;

	if ((number & 0xffff0000u) == MACHINE_LEAF)
		return control_execute(insn);
	if (!answer(insn->cpu, number, reg_read(RCX), &leaf))
		return PASS;
	reg_write(RAX, leaf.eax);
	reg_write(RBX, leaf.ebx);
	reg_write(RCX, leaf.ecx);
	reg_write(RDX, leaf.edx);
	return NEXT;
}
