// SPDX-License-Identifier: GPL-2.0
/*
 * The host. Three facts are kept apart: capable (constant, checked at load),
 * SNP initialised (comes and goes), armed (arm.c).
 *
 * View-only mode works on any SNP host; host_rmp.c has its RMP.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/array_size.h>
#include <linux/cc_platform.h>
#include <linux/crash_dump.h>
#include <linux/errno.h>
#include <linux/kprobes.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/sched/isolation.h>
#include <linux/string.h>
#include <asm/cpufeature.h>
#include <asm/pgtable_types.h>
#include <asm/sev.h>

#include "host.h"
#include "hw.h"

#ifdef X86_FEATURE_RMPOPT
#define BUILT_FOR_RMPOPT	true
#else
#define BUILT_FOR_RMPOPT	false
#endif

/* Functions of kernels that drive RMPOPT themselves, of all versions. */
static const char * const in_kernel[] = {
	"snp_enable_rmpopt", "do_rmpopt_work", "rmpopt_scan_range",
	"rmpopt_init", "snp_setup_rmpopt", "snp_perform_rmp_optimization",
	"configure_and_enable_rmpopt",
};

/* Why the module is in view-only mode, and why SNP is not initialised. */
enum sentence {
	NO_RMPOPT,
	NOT_SEGMENTED,
	IN_KERNEL,
	NO_SNP,
	NO_INIT,
	NO_ANSWER,
};

static const char * const sentences[] = {
	[NO_RMPOPT] =
	"view only: this CPU has no RMPOPT, which comes with AMD Zen 6 EPYC",
	[NOT_SEGMENTED] =
	"view only: the RMP is not segmented, which RMPOPT requires: run Linux 6.14 or later, and enable the segmented RMP in the BIOS",
	[IN_KERNEL] =
	"view only: this kernel drives RMPOPT itself",
	[NO_SNP] =
	"SnpEn is not set: load kvm_amd with sev_snp=1 while all CPUs are online",
	[NO_INIT] =
	"SnpEn is set, but SNP_INIT is not done or has failed: load kvm_amd, and see the kernel log; if SNP is known to be initialised, load rmpopt with init_check=N",
	[NO_ANSWER] =
	"the RMP can't be read to check whether SNP_INIT is done: if SNP is known to be initialised, load rmpopt with init_check=N",
};

/* Set by host_check(), never changed again. */
static const char *only_views;
static bool has_rmpread;

/**
 * host_has_function - does the kernel, or a module, have a function of this name?
 * @name: the name
 *
 * May sleep. A module can't call kallsyms_lookup_name(), but it can register a
 * disabled kprobe, which patches nothing.
 */
bool host_has_function(const char *name)
{
	struct kprobe probe = {
		.symbol_name = name,
		.flags = KPROBE_FLAG_DISABLED,
	};
	int ret = register_kprobe(&probe);

	if (!ret)
		unregister_kprobe(&probe);
	/* With other errors the function exists, but can't be probed. */
	return ret != -ENOENT && ret != -EOPNOTSUPP;
}

static bool kernel_drives_rmpopt(void)
{
	unsigned int i;

	if (BUILT_FOR_RMPOPT)
		return true;
	for (i = 0; i < ARRAY_SIZE(in_kernel); i++)
		if (host_has_function(in_kernel[i]))
			return true;
	return false;
}

static const char *why_only_views(void)
{
	if (!hw_has_rmpopt())
		return sentences[NO_RMPOPT];
	if (!host_rmp_is_segmented())
		return sentences[NOT_SEGMENTED];
	return kernel_drives_rmpopt() ? sentences[IN_KERNEL] : NULL;
}

/**
 * host_check - may the module be loaded on this host?
 *
 * At load; may sleep. If not, logs one sentence that names the fix. The order
 * matters: a kdump kernel, for example, does not enable SNP.
 *
 * Return: 0, -ENODEV if not.
 */
int host_check(void)
{
	if (is_kdump_kernel()) {
		pr_err("this is a kdump kernel, which does not enable SNP: load rmpopt in the normal kernel\n");
		return -ENODEV;
	}
	if (boot_cpu_has(X86_FEATURE_HYPERVISOR)) {
		pr_err("this is a virtual machine: load rmpopt on the SNP host itself\n");
		return -ENODEV;
	}
	/* Then <asm/sev.h> has empty functions, so the module could be built. */
	if (!IS_ENABLED(CONFIG_KVM_AMD_SEV)) {
		pr_err("this kernel is built without CONFIG_KVM_AMD_SEV: run one that has it\n");
		return -ENODEV;
	}
	if (!cc_platform_has(CC_ATTR_HOST_SEV_SNP)) {
		pr_err("the kernel is not an SNP host: enable SNP, SNP memory coverage and the IOMMU in the BIOS; remove sev=nosnp, and what turns the IOMMU off or sets it to passthrough (iommu=, amd_iommu=), from the kernel command line; if the RMP is segmented, run Linux 6.14 or later\n");
		return -ENODEV;
	}
	has_rmpread = hw_has_rmpread();
	only_views = why_only_views();
	return 0;
}

/**
 * host_only_views - is the module in view-only mode on this host?
 *
 * Any context, after host_check(); the answer never changes.
 *
 * Return: the reason for the state viewing, as a sentence; NULL if it is not.
 */
const char *host_only_views(void)
{
	return only_views;
}

/**
 * host_tables_may_be_in_use - can RMPOPT be enabled on this host?
 *
 * Any context. RMPOPT_EN needs a segmented RMP. [S]
 */
bool host_tables_may_be_in_use(void)
{
	return hw_has_rmpopt() && host_rmp_is_segmented();
}

/**
 * host_knows_owners - does host_read_page() tell whose an assigned page is?
 *
 * Any context, after host_check().
 */
bool host_knows_owners(void)
{
	return has_rmpread;
}

/**
 * host_read_page - read the RMP entry of a page
 * @spa: system physical address of the page, in bytes
 * @entry: where to store it, as hw_rmpread()
 *
 * Any context, after host_check(). On CPUs without RMPREAD (Zen 3 and 4) the
 * format of entries is not architectural. The kernel knows it, but only tells
 * whether the page is assigned, and its size: so neither the owner is known,
 * nor whether other pages of its 2 MiB are assigned.
 *
 * Return: 0 or an errno, of hw_rmpread() or the kernel's.
 */
int host_read_page(u64 spa, struct hw_rmp_entry *entry)
{
	bool assigned = false;
	int level = PG_LEVEL_4K;
	int ret;

	if (has_rmpread)
		return hw_rmpread(spa, entry);
	ret = snp_lookup_rmpentry(spa >> PAGE_SHIFT, &assigned, &level);
	*entry = (struct hw_rmp_entry){
		.assigned = assigned,
		.size = level > PG_LEVEL_4K ? HW_RMP_HUGE : 0,
	};
	return ret;
}

static enum host_snp snp_by_page(u64 spa)
{
	struct hw_rmp_entry entry = {};

	if (host_read_page(spa, &entry))
		return HOST_SNP_UNKNOWN;
	return entry.assigned & 1 ? HOST_SNP_READY : HOST_SNP_OFF;
}

/*
 * SNP_INIT makes the RMP's own pages firmware pages, so it is done if one of
 * them is assigned. That such regions always fail is stated [S]; that this
 * shows right after SNP_INIT, and in which of the pages, is inferred [I]: hence
 * two pages, and the parameter init_check.
 */
static enum host_snp snp_by_rmp(void)
{
	enum host_snp bookkeeping = HOST_SNP_UNKNOWN, entries;
	u64 base = host_rmp_base(), first = host_first_entry();

	if (base)
		bookkeeping = snp_by_page(base);
	if (bookkeeping == HOST_SNP_READY || !first)
		return bookkeeping;
	entries = snp_by_page(first);
	/* Off only if both say so; if one can't be read, it is not known. */
	if (entries == HOST_SNP_OFF)
		return bookkeeping;
	return entries;
}

/**
 * host_snp - is SNP initialised, as seen from this CPU?
 * @init_check: check the RMP as well, not only SnpEn
 * @lacks: where to put a sentence that says what is missing, or NULL if nothing
 *	is; may be NULL
 *
 * Any CPU, any context.
 *
 * Return: what is known. HOST_SNP_UNKNOWN means neither yes nor no, so work
 * that has begun may go on.
 */
enum host_snp host_snp(bool init_check, const char **lacks)
{
	enum host_snp snp = HOST_SNP_OFF;
	const char *sentence = sentences[NO_SNP];

	if (hw_snp_enabled()) {
		snp = init_check ? snp_by_rmp() : HOST_SNP_READY;
		sentence = snp == HOST_SNP_READY ? NULL :
			   snp == HOST_SNP_OFF ? sentences[NO_INIT] :
						 sentences[NO_ANSWER];
	}
	if (lacks)
		*lacks = sentence;
	return snp;
}

/**
 * host_is_housekeeper - is a CPU neither isolated nor nohz_full?
 * @cpu: the CPU
 *
 * Any context. Isolated and nohz_full CPUs should not be disturbed. The kernel
 * may replace its masks at any time (cpusets), and frees the old ones by RCU.
 * Before Linux 7.0 HK_TYPE_DOMAIN lacks isolated partitions of cpusets, which
 * cpu_is_isolated() knows everywhere; since then it does not ask for nohz_full.
 */
bool host_is_housekeeper(unsigned int cpu)
{
	guard(rcu)();
	return !cpu_is_isolated(cpu) &&
	       housekeeping_test_cpu(cpu, HK_TYPE_TICK);
}
