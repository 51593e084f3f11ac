// SPDX-License-Identifier: GPL-2.0
/*
 * The host. Three facts are kept apart: capable (constant, checked at load),
 * SNP initialised (comes and goes), armed (arm.c).
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitfield.h>
#include <linux/cc_platform.h>
#include <linux/crash_dump.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/numa.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <asm/cpufeature.h>

#include "coverage.h"
#include "host.h"
#include "hw.h"

/* What the upstream series calls its own set-up. */
#define IN_KERNEL_SYMBOL	"snp_setup_rmpopt"

/* What a segment maps, in GiB; more than its size is cut. [S] */
#define SEGMENT_MAPPED		GENMASK_ULL(19, 0)

#ifdef X86_FEATURE_RMPOPT
#define BUILT_FOR_RMPOPT	true
#else
#define BUILT_FOR_RMPOPT	false
#endif

/* The RMP segment table, and log2 of a segment's size. */
static u64 segments[HW_RST_ENTRIES];
static unsigned int segment_shift;

/*
 * Is there a function of this name? A disabled kprobe patches nothing; it is
 * only a way to ask, as a module can't call kallsyms_lookup_name().
 */
static bool function_exists(const char *name)
{
	struct kprobe probe = {
		.symbol_name = name,
		.flags = KPROBE_FLAG_DISABLED,
	};
	int ret = register_kprobe(&probe);

	if (!ret)
		unregister_kprobe(&probe);
	/* Other errors are of functions that exist and can't be probed. */
	return ret != -ENOENT && ret != -EOPNOTSUPP;
}

static bool kernel_drives_rmpopt(void)
{
	return BUILT_FOR_RMPOPT || function_exists(IN_KERNEL_SYMBOL);
}

static bool rmp_is_segmented(void)
{
	u64 cfg;

	return !hw_read(HW_MSR_RMP_CFG, &cfg) && (cfg & HW_RMP_CFG_SEGMENTED);
}

/**
 * host_check - can and may this host be looked after?
 *
 * At load; may sleep. Says why not in one sentence that names the fix. The
 * order matters: a kdump kernel, for one, does not enable SNP.
 *
 * Return: 0, -ENODEV if it can't, -EBUSY if the kernel does it itself.
 */
int host_check(void)
{
	if (is_kdump_kernel()) {
		pr_err("this is a kdump kernel, which leaves SNP alone: load rmpopt in the normal one\n");
		return -ENODEV;
	}
	if (boot_cpu_has(X86_FEATURE_HYPERVISOR)) {
		pr_err("running under a hypervisor: load rmpopt on the bare-metal SNP host\n");
		return -ENODEV;
	}
	if (!hw_has_rmpopt()) {
		pr_err("this CPU has no RMPOPT (CPUID Fn8000_0025 EDX[0]); it comes with AMD Zen 6 EPYC: remove rmpopt from this host\n");
		return -ENODEV;
	}
	if (kernel_drives_rmpopt()) {
		pr_err("this kernel looks after RMPOPT itself: remove rmpopt\n");
		return -EBUSY;
	}
	if (!cc_platform_has(CC_ATTR_HOST_SEV_SNP)) {
		pr_err("the kernel is not an SNP host: enable SNP, SNP memory coverage and the IOMMU in the BIOS, remove sev=nosnp and all that switches the IOMMU off or to passthrough (iommu=, amd_iommu=) from the kernel command line, run Linux 6.14 or later\n");
		return -ENODEV;
	}
	if (!rmp_is_segmented()) {
		pr_err("the RMP is not segmented, which RMPOPT needs: run Linux 6.14 or later and enable the segmented RMP in the BIOS\n");
		return -ENODEV;
	}
	return 0;
}

static int rmp_base(u64 *base)
{
	return hw_read(HW_MSR_RMP_BASE, base) || !*base ? -ENODEV : 0;
}

/**
 * host_coverage - what the RMP covers
 * @cov: where to put it
 *
 * At load; may sleep. The firmware has written the RST before the kernel
 * booted, and it does not change; reading it is always allowed.
 *
 * Return: 0, or an errno after saying what is wrong.
 */
int host_coverage(struct coverage *cov)
{
	u64 base, cfg, *rst;
	int ret;

	if (rmp_base(&base) || hw_read(HW_MSR_RMP_CFG, &cfg)) {
		pr_err("the BIOS has reserved no memory for the RMP: enable SNP memory coverage there\n");
		return -ENODEV;
	}
	rst = memremap(base + HW_RST_OFFSET, HW_RST_SIZE, MEMREMAP_WB);
	if (!rst) {
		pr_err("can't map the RMP segment table at 0x%llx: report this with the whole kernel log\n",
		       base + HW_RST_OFFSET);
		return -ENXIO;
	}
	memcpy(segments, rst, sizeof(segments));
	memunmap(rst);
	segment_shift = FIELD_GET(HW_RMP_CFG_SHIFT, cfg);
	ret = coverage_from_rst(cov, segments, hw_rst_entries(), segment_shift);
	if (ret)
		pr_err("the RMP segment table at 0x%llx makes no sense (RMP_CFG 0x%llx, error %d): report this to the vendor of the BIOS\n",
		       base + HW_RST_OFFSET, cfg, ret);
	return ret;
}

/**
 * host_rmp_address - where the part of the RMP that describes a region lies
 * @region: the region
 *
 * After host_coverage(). An entry has 16 bytes and describes 4 KiB. [S]
 *
 * Return: a system physical address, 0 if it is not known.
 */
u64 host_rmp_address(u32 region)
{
	u32 segment = (u64)region >> (segment_shift - HW_REGION_SHIFT);
	u64 within = region & (BIT_ULL(segment_shift - HW_REGION_SHIFT) - 1);
	u64 base;

	if (segment >= HW_RST_ENTRIES)
		return 0;
	base = segments[segment] & HW_RST_SEGMENT_BASE;
	return base ? base + (within << (HW_REGION_SHIFT - 8)) : 0;
}

/**
 * host_segment - what an entry of the RMP segment table says
 * @i: which
 * @segment: where to put it
 *
 * After host_coverage(), any context.
 *
 * Return: false if the entry is not in use or there is no such one.
 */
bool host_segment(u32 i, struct host_segment *segment)
{
	u64 size = BIT_ULL(segment_shift - HW_REGION_SHIFT);
	u64 mapped;

	if (i >= hw_rst_entries())
		return false;
	mapped = min(segments[i] & SEGMENT_MAPPED, size);
	if (!mapped)
		return false;
	segment->first = i * size;
	segment->regions = mapped;
	segment->rmp = segments[i] & HW_RST_SEGMENT_BASE;
	segment->node = phys_to_target_node(segment->rmp);
	return true;
}

/*
 * SNP_INIT turns the RMP's own pages over to firmware, so its first page being
 * assigned says that it is done. That such regions always fail is stated [S],
 * that this shows right after SNP_INIT is inferred [I]: hence init_check.
 */
static bool rmp_is_firmware(void)
{
	struct hw_rmp_entry entry = {};
	u64 base;

	return !rmp_base(&base) && !hw_rmpread(base, &entry) &&
	       (entry.assigned & 1);
}

static const char no_snp[] =
	"SnpEn is not set: load kvm_amd with sev_snp=1 while all CPUs are online";
static const char no_rmpread[] =
	"there is no RMPREAD to tell whether SNP_INIT is done: if it is, load with init_check=N";
static const char no_init[] =
	"SnpEn is set, but SNP_INIT is not done or has failed: load kvm_amd, see the kernel log";

/**
 * host_waits_for - what SNP on this host still lacks
 * @init_check: look at the RMP as well, not at SnpEn alone
 *
 * Any CPU, any context.
 *
 * Return: a sentence, NULL if SNP is initialised.
 */
const char *host_waits_for(bool init_check)
{
	if (!hw_snp_enabled())
		return no_snp;
	if (!init_check)
		return NULL;
	if (!hw_has_rmpread())
		return no_rmpread;
	return rmp_is_firmware() ? NULL : no_init;
}
