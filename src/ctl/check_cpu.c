// SPDX-License-Identifier: GPL-2.0
/* check: what the CPU can do and the BIOS has set up. */
#include <string.h>

#include "check.h"
#include "hw.h"

static const char amd[] = "AuthenticAMD";
static const char bios_snp[] =
	"enable SNP and its memory coverage in the BIOS (often: SEV-SNP Support, SNP Memory Coverage)";

static const char *vendor(void)
{
	struct cpuid regs;
	char *text = arena_get(13);

	if (!hw_cpuid(CPUID_BASIC, 0, &regs))
		return NULL;
	memcpy(text, &regs.ebx, 4);
	memcpy(text + 4, &regs.edx, 4);
	memcpy(text + 8, &regs.ecx, 4);
	return text;
}

static bool is_amd(void)
{
	const char *text = vendor();

	return text && !strcmp(text, amd);
}

struct answer check_vendor(void)
{
	const char *text = vendor();
	const char *c;

	if (!text)
		return skip("CPUID was not saved", NULL);
	for (c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			return fail("CPUID has no vendor", "use an AMD EPYC host");
	return strcmp(text, amd) ? fail(text, "use an AMD EPYC host") :
	       pass(text);
}

struct answer check_hypervisor(void)
{
	struct cpuid regs;

	if (!hw_cpuid(CPUID_FEATURES, 0, &regs))
		return skip("CPUID was not saved", NULL);
	if (regs.ecx & CPUID_ECX_HYPERVISOR)
		return fail("CPUID Fn1 ECX[31] is 1: this is a VM",
			    "run this on the SNP host itself, not in a VM");
	return pass("CPUID Fn1 ECX[31] is 0");
}

/* A bit of the SEV leaf; if it is 0, @without makes the answer. */
static struct answer sev_bit(u32 mask, unsigned int bit, const char *fix,
			     struct answer (*without)(const char *, const char *))
{
	struct cpuid regs;

	if (!is_amd())
		return skip("requires an AMD CPU", NULL);
	if (!hw_cpuid(CPUID_SEV, 0, &regs))
		return without("no CPUID Fn8000_001F", fix);
	if (!(regs.eax & mask))
		return without(format("CPUID Fn8000_001F EAX[%u] is 0", bit), fix);
	return pass(format("CPUID Fn8000_001F EAX[%u] is 1", bit));
}

struct answer check_snp(void)
{
	return sev_bit(CPUID_EAX_SNP, 4, "enable SME, SEV and SNP in the BIOS; if there are no such options, use a newer CPU",
		       fail);
}

struct answer check_rmpread(void)
{
	return sev_bit(CPUID_EAX_RMPREAD, 21, "view only: this CPU has no RMPREAD, which comes with AMD Zen 5 EPYC; owners of pages are not known",
		       view);
}

struct answer check_segments(void)
{
	return sev_bit(CPUID_EAX_SEGMENTED, 23, "view only: this CPU has no segmented RMP, which comes with AMD Zen 5 EPYC",
		       view);
}

/* Can this CPU have a segmented RMP? */
bool check_has_segments(void)
{
	struct cpuid regs;

	return hw_cpuid(CPUID_SEV, 0, &regs) && (regs.eax & CPUID_EAX_SEGMENTED);
}

struct answer check_rmpopt(void)
{
	static const char why[] = "view only: this CPU has no RMPOPT, which comes with AMD Zen 6 EPYC";
	struct cpuid regs;

	if (!is_amd())
		return skip("requires an AMD CPU", NULL);
	if (!hw_cpuid(CPUID_RMP, 0, &regs))
		return view("no CPUID Fn8000_0025", why);
	if (!(regs.edx & CPUID_EDX_RMPOPT))
		return view("CPUID Fn8000_0025 EDX[0] is 0", why);
	return pass("CPUID Fn8000_0025 EDX[0] is 1");
}

/* Why an MSR of SNP is not read; NULL if it is. */
static const char *no_snp_cpu(void)
{
	struct cpuid regs;

	if (!is_amd())
		return "requires an AMD CPU";
	if (!hw_cpuid(CPUID_SEV, 0, &regs) || !(regs.eax & CPUID_EAX_SNP))
		return "requires a CPU with SEV-SNP";
	return NULL;
}

/* Reads an MSR of CPU 0; false with an answer if that is not possible. */
static bool msr_or_answer(u32 msr, const char *name, u64 *value,
			  struct answer *answer)
{
	const char *why = no_snp_cpu();
	int error;

	if (why) {
		*answer = skip(why, NULL);
		return false;
	}
	error = hw_msr(0, msr, value);
	if (error)
		*answer = skip(format("can't read %s: %s", name, strerror(-error)),
			       hw_msr_fix(error));
	return !error;
}

struct answer check_syscfg(void)
{
	struct answer answer;
	u64 value;

	if (!msr_or_answer(MSR_SYSCFG, "SYSCFG", &value, &answer))
		return answer;
	if (!(value & SYSCFG_MEM_ENCRYPT))
		return fail(format("SYSCFG is 0x%llx: bit 23 (memory encryption) is 0", value),
			    "enable SMEE (SME) in the BIOS");
	return pass(format("SYSCFG is 0x%llx", value));
}

struct answer check_rmp_base(void)
{
	struct answer answer;
	u64 value;

	if (!msr_or_answer(MSR_RMP_BASE, "RMP_BASE", &value, &answer))
		return answer;
	return value ? pass(format("RMP_BASE is 0x%llx", value)) :
	       fail("RMP_BASE is 0", bios_snp);
}

/* Is it, as far as can be read? */
bool check_is_segmented(void)
{
	u64 value;

	return check_has_segments() && !hw_msr(0, MSR_RMP_CFG, &value) && (value & RMP_CFG_SEGMENTED);
}

struct answer check_rmp_cfg(void)
{
	struct answer answer;
	struct cpuid regs;
	u64 value;

	/* A CPU without it has no such MSR. */
	if (is_amd() && hw_cpuid(CPUID_SEV, 0, &regs) && !check_has_segments())
		return skip("requires a CPU with the segmented RMP", NULL);
	if (!msr_or_answer(MSR_RMP_CFG, "RMP_CFG", &value, &answer))
		return answer;
	if (!(value & RMP_CFG_SEGMENTED))
		return view(format("RMP_CFG is 0x%llx: bit 0 (segmented) is 0", value),
			    "view only: the RMP is not segmented, which RMPOPT requires: run Linux 6.14 or later, and enable the segmented RMP in the BIOS");
	return pass(format("RMP_CFG is 0x%llx", value));
}

static bool iommu_has_snp(const char *name, bool *known)
{
	char *text = file_text("/sys/class/iommu/%s/amd-iommu/features", name);
	u64 efr;

	if (!text)
		return true;
	text[strcspn(text, ":")] = '\0';
	*known = true;
	return parse_hex(text, &efr) && (efr & IOMMU_EFR_SNP);
}

struct answer check_iommu(void)
{
	bool known = false;
	size_t count, i;
	char **names = file_names("/sys/class/iommu", &count);

	for (i = 0; i < count; i++)
		if (!iommu_has_snp(names[i], &known))
			return fail(format("%s: bit 63 (SNP) of its features is 0", names[i]),
				    "update the BIOS, or enable SNP support of the IOMMU in it");
	if (!known)
		return fail("no AMD IOMMU in /sys/class/iommu",
			    "enable the IOMMU in the BIOS");
	return pass(format("%zu IOMMU%s with SNP", count, plural(count)));
}
